"""Random processes die and hang under load, by a seed: `make chaos` in short."""

from collections.abc import Callable

import pytest

from benchmarks.chaos import wreak
from tests.house import House

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_nothing_is_lost_in_chaos(house: Callable[..., House], server: str) -> None:
    said = wreak(house(server), seconds=15, seed=4711, devices=6)
    assert "lost 0, doubled 0" in said
