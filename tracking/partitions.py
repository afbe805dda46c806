"""Months of positions, on PostgreSQL: each is a partition of its own.

A month's index stays small enough to be in memory while it is written, and old months can be
moved or dropped whole. SQLite needs none of it: its table is the primary key's tree.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection, transaction

from tracking.models import Position

TABLE = Position._meta.db_table
# Whatever is older shares one partition: late fixes are welcome, a table for each month since 1970 is not.
FIRST_YEAR = 2020
DAY_MS = 86_400_000
MONTHS_AHEAD = 2

Month = tuple[int, int]
_made: set[Month | None] = set()


def month(time: int) -> Month | None:
    """The month of a time in ms; None before FIRST_YEAR."""
    moment = datetime.fromtimestamp(time / 1000, UTC)
    return None if moment.year < FIRST_YEAR else (moment.year, moment.month)


def after(each: Month, months: int = 1) -> Month:
    year, number = divmod(each[0] * 12 + each[1] - 1 + months, 12)
    return year, number + 1


def start_ms(each: Month) -> int:
    return int(datetime(*each, 1, tzinfo=UTC).timestamp() * 1000)


def ensure(times: Iterable[int]) -> None:
    """Make the partitions that positions of these times (ms) need. Nothing to do on SQLite."""
    if connection.vendor != "postgresql":
        return
    days = {time // DAY_MS for time in times}  # a whole batch is a few days
    missing = {month(day * DAY_MS) for day in days} - _made
    for each in missing:
        _make(each)
    if missing:
        # Only what was committed is there for the next transaction.
        transaction.on_commit(lambda: _made.update(missing))


def ahead(time: int) -> None:
    """Make the partitions of this month and the next MONTHS_AHEAD, before they are needed."""
    now = month(time)
    if now is not None:
        ensure(start_ms(after(now, months)) for months in range(MONTHS_AHEAD + 1))


def _make(each: Month | None) -> None:
    name = f"{TABLE}_{each[0]}_{each[1]:02d}" if each else f"{TABLE}_old"
    low = str(start_ms(each)) if each else "MINVALUE"
    high = start_ms(after(each)) if each else start_ms((FIRST_YEAR, 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is None:  # IF NOT EXISTS alone would lock the table every time
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {TABLE} FOR VALUES FROM ({low}) TO ({high})"
            )
