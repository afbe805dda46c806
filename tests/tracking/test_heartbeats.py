"""Heartbeats: the battery of the newest position, in the order in which things were said."""

from itertools import pairwise
from typing import Any

import pytest

from tests.tracking.conftest import T0
from tracking.fixes import Fix
from tracking.models import Latest, Position


def fix(van: Any, seconds: int, battery: float | None = 90) -> Any:
    from tracking import journal

    content = Fix(T0 + seconds * 1000, 57.7, 11.9, 5.0, None, None, None, battery, True, None, None, None)
    return journal.Fixes(van.vehicle.pk, van.device.pk, T0, [content])


def beat(van: Any, seconds: int, battery: float) -> Any:
    from tracking import journal

    return journal.Heartbeat(van.vehicle.pk, van.device.pk, T0, T0 + seconds * 1000, battery)


def battery() -> float | None:
    return Latest.objects.get().battery


@pytest.mark.parametrize("split", [0, 1, 2, 3])
def test_the_newest_said_counts_in_one_batch_or_in_several(van, split):
    from tracking import archive

    said = [fix(van, 10), beat(van, 20, 80), beat(van, 30, 70)]
    for start, end in pairwise([0, split, 3]):
        archive.store(said[start:end])
    assert battery() == 70
    archive.store(said)  # archived again after a crash
    assert battery() == 70
    assert Position.objects.get().battery == 90


def test_an_older_heartbeat_changes_nothing(van):
    from tracking import archive

    archive.store([fix(van, 10), beat(van, 5, 20)])
    assert battery() == 90


def test_a_newer_position_takes_over_even_when_it_says_nothing(van):
    from tracking import archive

    archive.store([fix(van, 10), beat(van, 20, 80)])
    archive.store([fix(van, 30, None)])
    assert battery() is None


def test_a_heartbeat_without_a_position_is_stored_nowhere(van):
    from tracking import archive

    archive.store([beat(van, 20, 80)])
    assert not Latest.objects.exists()


def test_a_heartbeat_survives_the_journal(van):
    from tracking import journal

    said = [fix(van, 10), beat(van, 20, 80)]
    assert journal.decode(journal.encode(said)) == said
