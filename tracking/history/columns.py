"""A vehicle's fixes as arrays, hundreds of thousands at once: of all its devices, or of the ones shown."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

from tracking.geo import EARTH_M
from tracking.history import segments
from tracking.models import Device, Position

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FLAT_M, FLAT_TO, FLAT_WIDE = 5_000.0, np.radians(80), np.radians(1)  # where the globe is as good as flat
PRIMARY_SILENT_MS = 120_000  # then another device of the vehicle speaks for it, as on the map
TABLE = Position._meta.db_table
WHOLE = {"vehicle_id", "time", "device_id", "start", "first", "last"}


class Scale(NamedTuple):
    """How SQLite sends a float: counted from `least` up, in so many parts of one, in so many bits."""

    least: int
    parts: int
    bits: int


# Decimals that say something: a centimetre, 0.1 mm/s, a centimetre, 0.01 degrees.
DIGITS = {"latitude": 7, "longitude": 7, "speed": 4, "accuracy": 2, "heading": 2}
LATITUDE, LONGITUDE = Scale(-90, 10 ** DIGITS["latitude"], 31), Scale(-180, 10 ** DIGITS["longitude"], 32)
SCALES = {
    "latitude": LATITUDE, "south": LATITUDE, "north": LATITUDE,
    "longitude": LONGITUDE, "west": LONGITUDE, "east": LONGITUDE,
    "speed": Scale(-1, 10 ** DIGITS["speed"], 27),
    "accuracy": Scale(-1, 10 ** DIGITS["accuracy"], 34),
    "heading": Scale(-1, 10 ** DIGITS["heading"], 16),
}  # fmt: skip
BITS = 63  # of a number above zero


@dataclass(frozen=True)
class Columns:
    """Fixes in time order: ms, degrees, m/s (NaN: unknown), metres (0: unknown), device ids."""

    time: Ints
    latitude: Floats
    longitude: Floats
    speed: Floats
    accuracy: Floats
    device: Ints

    def take(self, which: "Mask | Ints | slice") -> "Columns":
        return Columns(*(getattr(self, each.name)[which] for each in fields(self)))

    def without(self, which: Mask) -> "Columns":
        return self.take(~which) if which.any() else self

    @cached_property
    def way(self) -> Floats:
        """Metres from each fix to the next, one fewer than fixes."""
        return steps(self)


def of(rows: Sequence[tuple[Any, ...]]) -> Columns:
    """Columns of rows (time, latitude, longitude, speed, accuracy, device), None where unknown."""
    time, latitude, longitude, speed, accuracy, device = zip(*rows, strict=True) if rows else [()] * 6
    return Columns(
        np.array(time, np.int64),
        np.array(latitude, float),
        np.array(longitude, float),
        np.array([np.nan if v is None else v for v in speed], float),
        np.array([0.0 if v is None else v for v in accuracy], float),
        np.array(device, np.int64),
    )


def read(vehicle: int, *, start_ms: int, end_ms: int) -> Columns:
    """The fixes from `start_ms` (included) to `end_ms` (not) by which a vehicle is shown.

    Those of its primary device, and of another while that one is silent.
    """
    mine = Device.objects.filter(vehicle_id=vehicle, primary=True).values_list("pk", flat=True)
    return shown(read_all(vehicle, start_ms=start_ms, end_ms=end_ms), set(mine))


def read_all(vehicle: int, *, start_ms: int, end_ms: int) -> Columns:
    """Those of all devices."""
    names = ["time", "latitude", "longitude", "speed", "accuracy", "device_id"]
    devices = segments.devices(vehicle, start_ms, end_ms)
    if len(devices) == 1:
        names.pop()  # a sixth of the work
    where = f"{TABLE} WHERE vehicle_id = %s AND time >= %s AND time < %s"
    found = arrays(names, where, [vehicle, start_ms, end_ms], order=["time", "device_id"])
    if len(devices) == 1:
        found.append(np.full(len(found[0]), devices.pop()))
    found[4] = np.nan_to_num(found[4])
    return Columns(*found)


def shown(fixes: Columns, primary: set[int]) -> Columns:
    """The fixes of the primary device, and of another while that one is silent."""
    if len(fixes.time) == 0 or (fixes.device == fixes.device[0]).all():
        return fixes
    is_primary = np.isin(fixes.device, np.array(sorted(primary), np.int64))
    heard = np.maximum.accumulate(np.where(is_primary, fixes.time, np.iinfo(np.int64).min // 2))
    return fixes.take(is_primary | (fixes.time - heard > PRIMARY_SILENT_MS))


def arrays(
    names: Sequence[str], source: str, values: Sequence[Any], *, order: Sequence[str]
) -> list[NDArray[Any]]:
    """Columns of numbers from a table, each an array: integers of WHOLE, else floats with NaN for null.

    `source` is what follows FROM; the rows come in the `order` of those of the columns that were asked for.
    """
    optional = {"speed", "accuracy", "heading"}  # never negative
    select = ", ".join(f"coalesce({name}, -1.0)" if name in optional else name for name in names)
    read = _packed if connection.vendor == "postgresql" else _joined
    columns = read(names, f"SELECT {select} FROM {source}", values)  # noqa: S608 (our own names)
    # Sorted here: they mostly lie in order, and PostgreSQL would sort them on disk all the same.
    sort = np.lexsort([columns[names.index(name)] for name in reversed(order) if name in names])
    if (np.diff(sort) != 1).any():
        columns = [column[sort] for column in columns]
    kinds = (np.int64 if name in WHOLE else np.float64 for name in names)
    found: list[NDArray[Any]] = [
        np.ascontiguousarray(column, kind) for column, kind in zip(columns, kinds, strict=True)
    ]
    for name, column in zip(names, found, strict=True):
        if name in optional:
            column[column < 0] = np.nan
    return found


def _joined(names: Sequence[str], query: str, values: Sequence[Any]) -> Sequence[NDArray[Any]]:
    """One row with texts of numbers, joined: half the work of rows one by one.

    And Python's other threads go on meanwhile. A number costs much the same whatever its length, so
    floats share one where they can, in the steps of SCALES.
    """
    shared: list[list[str]] = []
    room = 0
    for name in names:
        bits = BITS if name in WHOLE else SCALES[name].bits
        if bits > room:
            shared.append([])
            room = BITS
        shared[-1].append(name)
        room -= bits
    texts = ", ".join(f"group_concat({_together(each)})" for each in shared)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH rows ({', '.join(names)}) AS ({query}) SELECT {texts} FROM rows", values)  # noqa: S608
        row = cursor.fetchone()
    found: list[NDArray[Any]] = []
    for each, text in zip(shared, row, strict=True):
        found += _apart(each, np.fromstring(text or "", np.int64, sep=","))
    return found


def _together(names: Sequence[str]) -> str:
    """SQL for a number that holds one column of WHOLE, or some of SCALES: the last in the lowest bits."""
    if names[0] in WHOLE:
        return names[0]
    number = ""
    for name in names:
        least, parts, bits = SCALES[name]
        part = f"CAST(({name} - {least}) * {parts} + 0.5 AS INTEGER)"  # CAST cuts off
        number = f"({number} << {bits}) + {part}" if number else part
    return number


def _apart(names: Sequence[str], numbers: Ints) -> Sequence[NDArray[Any]]:
    """The columns that `_together` put into one."""
    if names[0] in WHOLE:
        return [numbers]
    found = []
    for name in reversed(names):
        least, parts, bits = SCALES[name]
        found.append(((numbers & ((1 << bits) - 1)) + least * parts) / parts)
        numbers = numbers >> bits
    return found[::-1]


def _packed(names: Sequence[str], query: str, values: Sequence[Any]) -> Sequence[NDArray[Any]]:
    """One row with the bytes of each column: rows one by one take five times as long.

    Past Django's cursor, which would have the bytes written out as hexadecimal digits.
    """
    sent = ", ".join(
        f"string_agg({'int8send' if name in WHOLE else 'float8send'}(c{number}), ''::bytea)"
        for number, name in enumerate(names)
    )
    columns = ", ".join(f"c{number}" for number in range(len(names)))
    statement = f"SELECT {sent} FROM ({query}) AS rows ({columns})"  # noqa: S608 (our own names)
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(statement, values, binary=True).fetchone() or [b""] * len(names)
    return [
        np.frombuffer(column or b"", ">i8" if name in WHOLE else ">f8").astype(
            np.int64 if name in WHOLE else float
        )
        for name, column in zip(names, row, strict=True)
    ]


def metres(latitude: Floats, longitude: Floats, latitude2: Floats, longitude2: Floats) -> Floats:
    """How far places are apart, pair by pair: tracking.geo.metres, to a millionth.

    Near ones, which most are, on a plane: a third of the work.
    """
    north, east = np.radians(latitude2 - latitude), np.radians(longitude2 - longitude)
    middle = np.radians(latitude) + north / 2
    distance: Floats = EARTH_M * np.hypot(north, east * np.cos(middle))
    far = (distance > FLAT_M) | (np.abs(middle) > FLAT_TO) | (np.abs(east) > FLAT_WIDE)
    if far.any():
        a = np.sin(north[far] / 2) ** 2
        a += (
            np.cos(np.radians(latitude[far]))
            * np.cos(np.radians(latitude2[far]))
            * np.sin(east[far] / 2) ** 2
        )
        distance[far] = 2 * EARTH_M * np.arcsin(np.minimum(1.0, np.sqrt(a)))
    return distance


def steps(fixes: Columns, ahead: int = 1) -> Floats:
    """Metres from each fix to the one `ahead` places later."""
    a, b = fixes.take(slice(None, -ahead)), fixes.take(slice(ahead, None))
    return metres(a.latitude, a.longitude, b.latitude, b.longitude)
