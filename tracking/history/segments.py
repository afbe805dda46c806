"""Segments: what ten minutes of a device in a vehicle hold, without reading their positions.

The archive adds to them in its own transaction; whoever takes positions away or moves them calls
`recount`. At every commit they are exactly what a count over the positions gives.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from tracking.models import Position, Repeat, Segment

SLOT_MS = 600_000
LATE_MS = 120_000  # arrived so much after it was made
EVER = 2**62
LOCK = 0x5E6  # "segments" among PostgreSQL's advisory locks
IDS = 900  # what SQLite takes in one statement
COLUMNS = {
    "start": "int8",
    "vehicle_id": "int8",
    "device_id": "int8",
    "count": "int4",
    "late": "int4",
    "first": "int8",
    "last": "int8",
    "south": "float8",
    "north": "float8",
    "west": "float8",
    "east": "float8",
}
Row = tuple[Any, ...]  # of tracking_position, in the order of tracking/positions.py


class Slot(NamedTuple):
    """A row of the table. Times in ms, degrees."""

    start: int
    vehicle: int
    device: int
    fixes: int
    late: int
    first: int
    last: int
    south: float
    north: float
    west: float
    east: float


_table = Segment._meta.db_table
_names = ", ".join(COLUMNS)
_marks = ", ".join(["%s"] * len(COLUMNS))
_arrays = ", ".join(f"%s::{kind}[]" for kind in COLUMNS.values())
# SQLite's min and max of two values are PostgreSQL's least and greatest.
_GROW = """
ON CONFLICT (start, vehicle_id, device_id) DO UPDATE SET
count = {t}.count + excluded.count, late = {t}.late + excluded.late,
first = {least}({t}.first, excluded.first), last = {most}({t}.last, excluded.last),
south = {least}({t}.south, excluded.south), north = {most}({t}.north, excluded.north),
west = {least}({t}.west, excluded.west), east = {most}({t}.east, excluded.east)
"""
_whole = f"time - ((time %% {SLOT_MS}) + {SLOT_MS}) %% {SLOT_MS}"
_RECOUNT = f"""
INSERT INTO {_table} ({_names})
SELECT {_whole}, vehicle_id, device_id, count(*),
    sum(CASE WHEN received - time > {LATE_MS} THEN 1 ELSE 0 END), min(time), max(time),
    min(latitude), max(latitude), min(longitude), max(longitude)
FROM {Position._meta.db_table} WHERE vehicle_id = %s AND time >= %s AND time < %s
GROUP BY {_whole}, vehicle_id, device_id
"""  # noqa: S608 (our own names)


def start_of(time: int) -> int:
    """The start (ms) of the ten minutes that a time is in."""
    return time - time % SLOT_MS


# --- keeping them ----------------------------------------------------------------------------


def alone(vehicles: Iterable[int]) -> None:
    """Until this transaction ends nobody else changes segments of these vehicles' shards.

    Call it before positions change. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        shards = sorted({vehicle % settings.JOURNAL_SHARDS for vehicle in vehicles})
        with connection.cursor() as cursor:
            for shard in shards:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, shard])


def add(rows: Sequence[Row]) -> None:
    """Count newly stored positions. Inside the transaction that stores them, after `alone`."""
    if not rows:
        return
    slots = sorted(summed(rows))  # always in one order: two writers do not wait for each other
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            grow = _GROW.format(t=_table, least="least", most="greatest")
            # Written by Python itself: psycopg takes ten times as long for a list.
            columns = ["{" + str(column)[1:-1] + "}" for column in map(list, zip(*slots, strict=True))]
            cursor.execute(
                f"INSERT INTO {_table} ({_names}) SELECT * FROM unnest({_arrays}) {grow}",  # noqa: S608
                columns,
            )
        else:
            grow = _GROW.format(t=_table, least="min", most="max")
            cursor.executemany(f"INSERT INTO {_table} ({_names}) VALUES ({_marks}) {grow}", slots)  # noqa: S608


def summed(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows of the table, one a slot, of positions in any order, best in the table's. Pure."""
    groups: dict[tuple[int, int, int], list[Row]] = {}
    vehicle = device = start = end = 0
    for row in rows:
        # Neighbours are mostly of one slot: most rows cost three comparisons.
        if not (start <= row[1] < end and row[0] == vehicle and row[2] == device):
            vehicle, time, device = row[:3]
            start = start_of(time)
            end = start + SLOT_MS
            mine = groups.setdefault((start, vehicle, device), [])
        mine.append(row)
    for key, mine in groups.items():
        _, times, _, latitudes, longitudes, *_, arrivals = zip(*mine, strict=True)
        first, last = min(times), max(times)
        late = 0
        if max(arrivals) - first > LATE_MS:
            late = sum([arrived - time > LATE_MS for arrived, time in zip(arrivals, times, strict=True)])
        yield (
            *key, len(mine), late, first, last,
            min(latitudes), max(latitudes), min(longitudes), max(longitudes),
        )  # fmt: skip


@transaction.atomic
def recount(vehicle: int, start_ms: int = -EVER, end_ms: int = EVER) -> None:
    """Make the vehicle's segments of a time (ms, all of it when not told) anew from its positions.

    In the transaction that took positions away or moved them, after `alone`.
    """
    start, end = start_of(start_ms), -start_of(-end_ms)
    Segment.objects.filter(vehicle=vehicle, start__gte=start, start__lt=end).delete()
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, [vehicle, start, end])


def repeated(rows: Iterable[Row]) -> None:
    """Count fixes that were known already. Those that arrived no later than the last counted one are
    the archive's own second look at a block, not the device's.
    """
    slots: dict[tuple[int, int, int], list[int]] = {}
    for row in rows:
        slots.setdefault((row[0], start_of(row[1]), row[2]), []).append(row[-1])
    for (vehicle, start, device), arrivals in sorted(slots.items()):
        known = Repeat.objects.filter(vehicle=vehicle, start=start, device=device).first()
        fresh = [received for received in arrivals if known is None or received > known.received]
        if known is None:
            Repeat.objects.create(
                vehicle_id=vehicle, start=start, device_id=device, count=len(fresh), received=max(fresh)
            )
        elif fresh:
            Repeat.objects.filter(pk=known.pk).update(count=known.count + len(fresh), received=max(fresh))


def move_repeats(device: int, start_ms: int, end_ms: int, *, old: int, new: int) -> None:
    """Give what came again from a device in a time to the vehicle that it was in then."""
    for repeat in Repeat.objects.filter(
        vehicle=old, device=device, start__gte=start_of(start_ms), start__lt=end_ms
    ):
        there, made = Repeat.objects.get_or_create(
            vehicle_id=new, start=repeat.start, device_id=device,
            defaults={"count": repeat.count, "received": repeat.received},
        )  # fmt: skip
        if not made:
            received = max(there.received, repeat.received)
            Repeat.objects.filter(pk=there.pk).update(count=there.count + repeat.count, received=received)
        Repeat.objects.filter(pk=repeat.pk).delete()


# --- asking them -----------------------------------------------------------------------------


def between(vehicles: Iterable[int], start_ms: int, end_ms: int) -> Iterator[Slot]:
    """The segments that overlap a time (ms, the end not included), by vehicle, then by time."""
    wanted = sorted(set(vehicles))
    fields = [name.removesuffix("_id") for name in COLUMNS]
    for first in range(0, len(wanted), IDS):
        found = Segment.objects.filter(
            vehicle__in=wanted[first : first + IDS], start__gt=start_ms - SLOT_MS, start__lt=end_ms
        )
        rows = found.filter(first__lt=end_ms, last__gte=start_ms).order_by("vehicle", "start", "device")
        for row in rows.values_list(*fields):
            yield Slot(*row)


def devices(vehicle: int, start_ms: int, end_ms: int) -> set[int]:
    """The devices that have positions in the vehicle in a time."""
    rows = Segment.objects.filter(vehicle=vehicle, start__gt=start_ms - SLOT_MS, start__lt=end_ms)
    return set(rows.order_by().values_list("device_id", flat=True).distinct())


def count(vehicle: int, start_ms: int, end_ms: int) -> int:
    """How many positions a vehicle has from `start_ms` (included) to `end_ms` (not), exactly and quickly."""
    start, end = -start_of(-start_ms), start_of(end_ms)
    if start >= end:
        return _counted(vehicle, start_ms, end_ms)
    inside = Segment.objects.filter(vehicle=vehicle, start__gte=start, start__lt=end)
    whole: int = inside.aggregate(total=Sum("count"))["total"] or 0
    return _counted(vehicle, start_ms, start) + whole + _counted(vehicle, end, end_ms)


def _counted(vehicle: int, start_ms: int, end_ms: int) -> int:
    if start_ms >= end_ms:
        return 0
    return Position.objects.filter(vehicle=vehicle, time__gte=start_ms, time__lt=end_ms).count()
