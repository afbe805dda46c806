"""Tracks: the positions of a vehicle in time order, all of its devices together.

Read page by page with short queries: memory stays flat at any length, and no transaction
stays open while a slow client reads.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from statistics import median_low
from typing import TypeAlias, TypeVar

from django.db import connection, connections

from tracking.models import Position

PAGE_ROWS = 5000
FIRST_ROWS = 500  # so that the first bytes go out at once
# A gap is longer than five minutes and than five times the usual interval, which is the
# median of the fifteen intervals before it: a tracker that reports every ten minutes has a line too.
GAP_MS = 300_000
GAP_TIMES = 5
USUAL_INTERVALS = 15
THREADS = 4

FIELDS = (
    "time",
    "latitude",
    "longitude",
    "altitude",
    "speed",
    "heading",
    "accuracy",
    "battery",
    "ignition",
    "odometer",
    "alarm",
    "received",
    "attributes",
)
# The values of FIELDS as the database returns them (SQLite has 0 and 1 for booleans), then device_id.
Row: TypeAlias = tuple[
    int,
    float,
    float,
    float | None,
    float | None,
    float | None,
    float | None,
    float | None,
    bool | int | None,
    float | None,
    str | None,
    int,
    str | None,
    int,
]
T = TypeVar("T")

_PAGE = f"""
SELECT {", ".join(FIELDS)}, device_id FROM {Position._meta.db_table}
WHERE vehicle_id = %s AND time >= %s AND (time, device_id) > (%s, %s) AND time < %s
ORDER BY time, device_id LIMIT %s
"""  # noqa: S608 (our own names)

_executor = ThreadPoolExecutor(THREADS, thread_name_prefix="tracks")


def pages(vehicle_id: int, *, start_ms: int, end_ms: int) -> Iterator[list[Row]]:
    """The rows from `start_ms` (included) to `end_ms` (not), at most PAGE_ROWS at a time, one query each."""
    time, device, most = start_ms, -1, min(FIRST_ROWS, PAGE_ROWS)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_PAGE, [vehicle_id, time, time, device, end_ms, most])
            rows: list[Row] = cursor.fetchall()
        if rows:
            yield rows
        if len(rows) < most:
            return
        time, device, most = rows[-1][0], rows[-1][-1], PAGE_ROWS


def rows(vehicle_id: int, *, start_ms: int, end_ms: int) -> AsyncGenerator[list[Row], None]:
    """The same for the event loop."""
    return in_threads(pages(vehicle_id, start_ms=start_ms, end_ms=end_ms))


def runs(pages: Iterable[list[Row]]) -> Iterator[tuple[bool, list[Row]]]:
    """Split pages at gaps: (whether a new segment starts here, rows of one segment). Pure."""
    usual: deque[int] | None = None
    last: int | None = None
    for page in pages:
        if usual is None:
            usual = deque((b[0] - a[0] for a, b in pairwise(page[: USUAL_INTERVALS + 1])), USUAL_INTERVALS)
        begin, starts = 0, last is None
        for index, row in enumerate(page):
            if last is not None:
                interval = row[0] - last
                if interval > GAP_MS and interval > GAP_TIMES * median_low(usual or (0,)):
                    if index > begin:
                        yield starts, page[begin:index]
                    begin, starts = index, True
                usual.append(interval)
            last = row[0]
        yield starts, page[begin:]


async def in_threads(iterator: Iterator[T]) -> AsyncGenerator[T, None]:
    """Take the items of a synchronous iterator one by one in a thread, which then gives its connection back.

    When the reader leaves, the iterator is closed as soon as the step under way has ended.
    """
    step: Future[T | None] | None = None
    try:
        while True:
            step = _executor.submit(_next, iterator)
            item = await asyncio.wrap_future(step)
            if item is None:
                return
            yield item
    finally:
        if step is not None:
            step.add_done_callback(lambda _: _close(iterator))


def _next(iterator: Iterator[T]) -> T | None:
    try:
        return next(iterator, None)
    finally:
        connections.close_all()


def _close(iterator: Iterator[object]) -> None:
    close = getattr(iterator, "close", None)
    if close is not None:
        close()
