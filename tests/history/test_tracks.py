"""Reading tracks: pages, borders, gaps, threads."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.history.rows import T0, drive, row
from tracking.history import tracks
from tracking.models import Device, Fleet, Position, Vehicle

MINUTE = 60_000


def starts(times: list[int], *, page: int = 1000) -> list[list[int]]:
    """The times of each segment."""
    rows = [row(T0 + time) for time in times]
    segments: list[list[int]] = []
    for new, part in tracks.runs(rows[i : i + page] for i in range(0, len(rows), page)):
        if new:
            segments.append([])
        segments[-1] += [found[0] - T0 for found in part]
    return segments


def test_no_fixes_make_no_segment() -> None:
    assert starts([]) == []


def test_five_minutes_are_no_gap_and_one_millisecond_more_is() -> None:
    steady = [0, 1000, 2000]
    assert starts([*steady, 2000 + 5 * MINUTE]) == [[*steady, 2000 + 5 * MINUTE]]
    assert starts([*steady, 2001 + 5 * MINUTE]) == [steady, [2001 + 5 * MINUTE]]


def test_a_tracker_that_reports_every_ten_minutes_has_one_line_until_it_misses_five() -> None:
    slow = [i * 10 * MINUTE for i in range(20)]
    assert starts(slow) == [slow]
    late = slow[-1] + 50 * MINUTE
    assert starts([*slow, late]) == [[*slow, late]]
    assert starts([*slow, late + 1]) == [slow, [late + 1]]


def test_a_gap_at_the_first_interval_is_one() -> None:
    assert starts([0, 60 * MINUTE, 60 * MINUTE + 1000]) == [[0], [60 * MINUTE, 60 * MINUTE + 1000]]


def test_two_fixes_of_the_same_time_are_no_trouble() -> None:
    assert starts([0, 0, 0, 6 * MINUTE]) == [[0, 0, 0], [6 * MINUTE]]


@given(
    st.lists(st.integers(0, 20 * MINUTE), max_size=60),
    # The usual interval is first taken from the first page.
    st.integers(tracks.USUAL_INTERVALS + 1, 40),
)
def test_page_borders_are_no_gaps(intervals: list[int], page: int) -> None:
    times = [sum(intervals[:i]) for i in range(len(intervals))]
    assert starts(times, page=page) == starts(times)


# --- from the database -------------------------------------------------------------------------


@pytest.fixture
def van(transactional_db) -> Vehicle:
    fleet = Fleet.objects.create(slug="north", name="North")
    other = Vehicle.objects.create(fleet=fleet, name="Van 8")
    vehicle = Vehicle.objects.create(fleet=fleet, name="Van 7")
    for uid, of in (("van-7", vehicle), ("phone", vehicle), ("van-8", other)):
        Device.objects.create(uid=uid, vehicle=of)
    insert(other, drive(3))
    return vehicle


def insert(vehicle: Vehicle, rows: list[tracks.Row]) -> None:
    Position.objects.bulk_create(
        Position(vehicle=vehicle, device_id=values[-1], **dict(zip(tracks.FIELDS, values, strict=False)))
        for values in rows
    )


async def read(vehicle: Vehicle, start_ms: int = T0, end_ms: int = T0 + 86_400_000) -> list[list[tracks.Row]]:
    return [page async for page in tracks.rows(vehicle.pk, start_ms=start_ms, end_ms=end_ms)]


def read_now(vehicle: Vehicle, *borders: int) -> list[list[tracks.Row]]:
    return asyncio.run(read(vehicle, *borders))


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []), (1, [1]), (499, [499]), (500, [500]), (501, [500, 1]),
        (5499, [500, 4999]), (5500, [500, 5000]), (5501, [500, 5000, 1]),
    ],
)  # fmt: skip
def test_pages_hold_every_row_once_in_time_order_the_first_fewer(
    van: Vehicle, count: int, sizes: list[int]
) -> None:
    rows = drive(count)
    insert(van, rows[::-1])
    pages = read_now(van)
    assert [len(page) for page in pages] == sizes
    assert [found for page in pages for found in page] == rows


def test_every_field_comes_back(van: Vehicle) -> None:
    full = row(
        altitude=-3.5,
        speed=12.5,
        heading=0.0,
        accuracy=4.0,
        battery=87.0,
        ignition=True,
        odometer=182345.2,
        alarm="sos",
        attributes='{"fuel":43.2,"note":"💶 <&>"}',
    )
    insert(van, [full, row(T0 + 1)])
    assert read_now(van) == [[full, row(T0 + 1)]]


def test_from_is_included_and_to_is_not(van: Vehicle) -> None:
    rows = drive(4)
    insert(van, rows)
    assert read_now(van, T0 + 1000, T0 + 3000) == [rows[1:3]]
    assert read_now(van, T0 + 1000, T0 + 1000) == []


def test_two_devices_at_the_same_time_both_count_also_across_pages(van: Vehicle, monkeypatch) -> None:
    both = [row(T0 + i // 2 * 1000, device=1 + i % 2) for i in range(10)]
    insert(van, both)
    for size in range(1, 12):
        monkeypatch.setattr(tracks, "PAGE_ROWS", size)
        assert [found for page in read_now(van) for found in page] == both


def test_a_page_is_found_by_the_key_and_never_sorted(van: Vehicle) -> None:
    insert(van, drive(2000))
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            explain, key = "EXPLAIN QUERY PLAN ", "vehicle_id=? AND time>? AND time<?"
        else:
            explain, key = "EXPLAIN ", "Index Cond: ((vehicle_id"
            cursor.execute("SET LOCAL enable_seqscan = off")  # this table is too small for its index
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(explain + tracks._PAGE, [van.pk, T0, T0, -1, T0 + 10**9, 10])
        plan = str(cursor.fetchall())
    assert key in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_the_connection_is_given_back_after_each_page(van: Vehicle, monkeypatch) -> None:
    monkeypatch.setattr(tracks, "PAGE_ROWS", 2)
    insert(van, drive(5))
    left: list[object] = []

    def look() -> Iterator[int]:
        for page in tracks.pages(van.pk, start_ms=T0, end_ms=T0 + 10_000):
            yield len(page)
            # Here the next step begins, in the thread of some earlier one or a new one.
            left.append(connection.connection)

    async def run() -> list[int]:
        return [count async for count in tracks.in_threads(look())]

    assert asyncio.run(run()) == [2, 2, 1]
    assert left == [None, None, None]


# --- threads ----------------------------------------------------------------------------------


class Endless:
    """Steps that say where they run, until they are closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.inside = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def __iter__(self) -> Iterator[str]:
        try:
            while True:
                self.inside.set()
                self.go.wait(10)
                yield threading.current_thread().name
        finally:
            self.closed.set()


async def test_steps_run_off_the_event_loop() -> None:
    steps = tracks.in_threads(iter(Endless()))
    assert (await anext(steps)).startswith("tracks")
    await steps.aclose()


async def test_a_reader_that_leaves_closes_the_iterator() -> None:
    endless = Endless()
    steps = tracks.in_threads(iter(endless))
    await anext(steps)
    await steps.aclose()
    assert endless.closed.wait(5)


async def test_a_reader_cancelled_in_the_middle_of_a_step_closes_it_when_the_step_ends() -> None:
    endless = Endless()
    endless.go.clear()

    async def read() -> None:
        async for _ in tracks.in_threads(iter(endless)):
            pass

    task = asyncio.create_task(read())
    assert await asyncio.to_thread(endless.inside.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not endless.closed.is_set()
    endless.go.set()
    assert endless.closed.wait(5)


async def test_an_error_of_a_step_reaches_the_reader() -> None:
    def fails() -> Iterator[int]:
        yield 1
        raise OSError("disk full")

    steps = tracks.in_threads(fails())
    assert await anext(steps) == 1
    with pytest.raises(OSError, match="disk full"):
        await anext(steps)
