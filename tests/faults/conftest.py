"""A whole Fleetline for each test that wants one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house import ROOT, House

__all__ = ["ROOT", "House"]


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., House]]:
    """Start one: `house("uvicorn", "--demo", "3")`."""
    started: list[House] = []

    def start(server: str, *options: str) -> House:
        started.append(House(tmp_path, server))
        started[-1].start(*options)
        return started[-1]

    yield start
    for one in started:
        one.stop()
