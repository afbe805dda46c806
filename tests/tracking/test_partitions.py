"""Positions by month on PostgreSQL; on SQLite there is nothing to do."""

import pytest
from django.db import connection

from tests.tracking.conftest import T0
from tracking import archive, journal, partitions
from tracking.fixes import Fix
from tracking.models import Position

postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no partitions")
HOUR_MS = 3_600_000


def fix(time: int) -> Fix:
    return Fix(time, 57.7, 11.9, None, None, None, None, None, None, None, None, None)


def names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tracking_position'::regclass"
        )
        return {row[0] for row in cursor.fetchall()}


def test_a_time_is_in_its_month_of_utc() -> None:
    first = partitions.start_ms((2026, 1))
    assert partitions.month(first) == (2026, 1)
    assert partitions.month(first - 1) == (2025, 12)
    assert partitions.month(partitions.start_ms((2020, 1)) - 1) is None
    assert partitions.after((2025, 12)) == (2026, 1)
    assert partitions.after((2025, 11), 14) == (2027, 1)


@pytest.mark.django_db
def test_positions_of_any_time_are_stored_and_read_in_order(van) -> None:
    """Before all partitions, on both sides of a month's end, and of now."""
    edge = partitions.start_ms((2024, 3))
    times = [0, edge - 1, edge, T0]
    archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, T0, [fix(time) for time in reversed(times)])])
    stored = Position.objects.filter(vehicle=van.vehicle).order_by("time").values_list("time", flat=True)
    assert list(stored) == times


@postgres
@pytest.mark.django_db
def test_each_month_is_made_when_it_is_needed_and_before(van) -> None:
    partitions.ensure([0, partitions.start_ms((2024, 3))])
    assert {"tracking_position_old", "tracking_position_2024_03"} <= names()
    partitions.ahead(partitions.start_ms((2031, 11)) + HOUR_MS)
    assert {f"tracking_position_{month}" for month in ("2031_11", "2031_12", "2032_01")} <= names()
    partitions.ensure([0])  # again: nothing happens


@postgres
@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_month_is_made_again(van) -> None:
    from django.db import transaction

    time = partitions.start_ms((2033, 5))
    with transaction.atomic():
        partitions.ensure([time])
        transaction.set_rollback(True)
    archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, T0, [fix(time)])])
    assert Position.objects.filter(vehicle=van.vehicle, time=time).exists()
