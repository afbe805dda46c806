"""How positions get into their tables: SQL of our own, one way a database.

SQLite: executemany, in the order of the table. PostgreSQL: COPY, straight into the table as long as
everything is new. On both, what is known already changes nothing.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.db import IntegrityError, connection, transaction

from tracking.fixes import Fix
from tracking.models.imports import FIRST_DEVICE

Row = tuple[Any, ...]
# As written below, whatever the order of the model's fields; with PostgreSQL's type of each.
COLUMNS = {
    "vehicle_id": "int8",
    "time": "int8",
    "device_id": "int8",
    "latitude": "float8",
    "longitude": "float8",
    "speed": "float8",
    "heading": "float8",
    "altitude": "float8",
    "accuracy": "float8",
    "battery": "float8",
    "ignition": "bool",
    "odometer": "float8",
    "alarm": "text",
    "attributes": "text",
    "received": "int8",
}
# After a fix came twice, PostgreSQL looks for known ones first for so long.
LOOK_FIRST_S = 60
_known_again_until = 0.0


def row(vehicle: int, device: int, fix: Fix, received: int) -> Row:
    return (
        vehicle, fix.time, device, fix.latitude, fix.longitude, fix.speed, fix.heading, fix.altitude,
        fix.accuracy, fix.battery, fix.ignition, fix.odometer, fix.alarm, fix.attributes, received,
    )  # fmt: skip


_names = ", ".join(COLUMNS)
_marks = ", ".join(["%s"] * len(COLUMNS))
_arrays = ", ".join(f"%s::{kind}[]" for kind in COLUMNS.values())
_KEEP_FIRST = "ON CONFLICT (vehicle_id, time, device_id) DO NOTHING"


_INSERT = f"INSERT INTO tracking_position ({_names}) VALUES ({_marks}) {_KEEP_FIRST}"  # noqa: S608


def insert(rows: Sequence[Row]) -> Sequence[Row]:
    """Insert positions that are not known yet, inside a transaction; return the new ones."""
    if len(rows) == 1:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, rows[0])
            return rows if cursor.rowcount > 0 else ()
    return _copy_in(rows) if connection.vendor == "postgresql" else _execute(rows)


def again(rows: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Those of `rows` that the device sent again: `new` are the ones that were stored now.

    What has the same arrival as the stored one is that one itself, archived twice.
    """
    kept = set(map(id, new))
    fresh = {line[:3] for line in new}
    known = [line for line in rows if id(line) not in kept]
    source, values = listed({line[:3] for line in known})
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT a, b, c, received FROM {source} CROSS JOIN tracking_position "  # noqa: S608
            "WHERE vehicle_id = a AND time = b AND device_id = c",
            values,
        )
        arrived = {row[:3]: row[3] for row in cursor.fetchall()}
    return [line for line in known if line[:3] in fresh or line[-1] > arrived.get(line[:3], line[-1])]


def listed(triples: Iterable[Sequence[int]]) -> tuple[str, list[Any]]:
    """Whole numbers in threes as a table `k (a, b, c)`: what to write after FROM, and its values."""
    if connection.vendor == "postgresql":
        columns = [list(column) for column in zip(*triples, strict=True)] or [[], [], []]
        return "unnest(%s::int8[], %s::int8[], %s::int8[]) AS k (a, b, c)", columns
    parts = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate("abc"))
    return f"(SELECT {parts} FROM json_each(%s)) AS k", [orjson.dumps(list(triples)).decode()]  # noqa: S608


def numbers(values: Iterable[int]) -> tuple[str, Any]:
    """Many whole numbers as a table `numbers (number)`: what to write after FROM, and its value."""
    if connection.vendor == "postgresql":
        return "unnest(%s::int8[]) AS numbers (number)", list(values)
    return "(SELECT value AS number FROM json_each(%s)) AS numbers", orjson.dumps(list(values)).decode()


def among(numbers: Iterable[int]) -> tuple[str, Any]:
    """Any of many whole numbers: what to write after a column, and its value."""
    if connection.vendor == "postgresql":
        return "= ANY(%s::int8[])", list(numbers)
    return "IN (SELECT value FROM json_each(%s))", orjson.dumps(list(numbers)).decode()


_latest_set = ", ".join(f"{c} = excluded.{c}" for c in COLUMNS if c not in ("vehicle_id", "device_id"))
_MOVE_FORWARD = (
    f"ON CONFLICT (vehicle_id, device_id) DO UPDATE SET {_latest_set} "
    "WHERE excluded.time > tracking_latest.time"
)


def move_latest(rows: Iterable[Row]) -> None:
    """Move the latest position of each device in its vehicle forward; never back. Imports are history."""
    newest: dict[tuple[int, int], Row] = {}
    for line in rows:
        key = (line[0], line[2])
        if line[2] >= FIRST_DEVICE:
            continue
        if key not in newest or line[1] > newest[key][1]:
            newest[key] = line
    lines = [newest[key] for key in sorted(newest)]
    if not lines:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns = [list(column) for column in zip(*lines, strict=True)]
            cursor.execute(
                f"INSERT INTO tracking_latest ({_names}) SELECT * FROM unnest({_arrays}) {_MOVE_FORWARD}",  # noqa: S608
                columns,
            )
        else:
            statement = f"INSERT INTO tracking_latest ({_names}) VALUES ({_marks}) {_MOVE_FORWARD}"  # noqa: S608
            cursor.executemany(statement, lines)


# --- SQLite: all at once, and one by one when something is known already -----------------------


def _execute(rows: Sequence[Row]) -> Sequence[Row]:
    mark = transaction.savepoint()
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
        taken = cursor.rowcount
    if taken == len(rows):
        transaction.savepoint_commit(mark)
        return rows
    transaction.savepoint_rollback(mark)
    statement, new = _INSERT.replace("%s", "?"), []
    with connection.wrap_database_errors:
        # Django's own cursor costs more than the insert.
        plain = connection.connection.cursor()
        for line in rows:
            if plain.execute(statement, line).rowcount > 0:
                new.append(line)
    return new


# --- PostgreSQL: COPY, straight into the table as long as everything is new -------------------


def _copy_in(rows: Sequence[Row]) -> Sequence[Row]:
    global _known_again_until
    if time.monotonic() > _known_again_until:
        try:
            with transaction.atomic():
                _copy("tracking_position", rows)
            return rows
        except IntegrityError:
            # Something was sent again; what is aborted leaves dead rows, so for a while look first.
            _known_again_until = time.monotonic() + LOOK_FIRST_S
    return _copy_unknown(rows)


def _copy(table: str, rows: Iterable[Row]) -> None:
    # COPY goes past Django's cursor: without this its errors would not be Django's.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({_names}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(list(COLUMNS.values()))
        for line in rows:
            copy.write_row(line)


def _copy_unknown(rows: Sequence[Row]) -> Sequence[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS incoming (LIKE tracking_position) ON COMMIT DELETE ROWS"
        )
        cursor.execute("TRUNCATE incoming")
        _copy("incoming", rows)
        cursor.execute(
            f"INSERT INTO tracking_position ({_names}) SELECT {_names} FROM incoming {_KEEP_FIRST} "  # noqa: S608
            "RETURNING vehicle_id, time, device_id"
        )
        keys = set(cursor.fetchall())
    new = []
    for line in rows:
        if line[:3] in keys:
            keys.remove(line[:3])
            new.append(line)
    return new
