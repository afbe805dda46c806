"""What the archive costs a row, alone, beside raw COPY and executemany of the same rows.

    python -m benchmarks.archive [--rows 200000]

Uses the database of the settings (DATABASE_URL, else SQLite in DATA), which should be an empty one.
Prints one line of JSON.
"""

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks.meter import cpu_s  # noqa: E402
from benchmarks.stored import working  # noqa: E402
from fleet.processes import collect_seldom  # noqa: E402
from tracking import archive, journal, positions  # noqa: E402
from tracking.fixes import Fix  # noqa: E402
from tracking.models import Fleet, Vehicle  # noqa: E402

VEHICLES = 500
START = 1_763_884_800_000
Row = tuple[Any, ...]


def fix(vehicle: int, moment: int) -> Fix:
    chance = random.Random(vehicle * 1_000_003 + moment)
    latitude, longitude = 57.7 + chance.random() / 10, 11.97 + chance.random() / 10
    return Fix(
        moment, latitude, longitude, chance.random() * 30, 270.0, None, 4.0, 87.0, True, None, None, None
    )


def batches(rows: int, *, start: int, vehicles: list[int]) -> list[list[journal.Entry]]:
    """Every vehicle a fix a second, each in a frame of its own: what a flush of live devices holds."""
    entries: list[journal.Entry] = [
        journal.Fixes(
            vehicles[n % len(vehicles)],
            vehicles[n % len(vehicles)],
            start,
            [fix(n % len(vehicles), start + n // len(vehicles) * 1000)],
        )
        for n in range(rows)
    ]
    return [entries[first : first + archive.BATCH] for first in range(0, rows, archive.BATCH)]


def rows_of(batch: list[journal.Entry]) -> list[Row]:
    return [
        positions.row(entry.vehicle, entry.device, each, entry.received)
        for entry in batch
        if isinstance(entry, journal.Fixes)
        for each in entry.fixes
    ]


def executemany(rows: list[Row]) -> None:
    marks = ", ".join(["%s"] * len(positions.COLUMNS))
    names = ", ".join(positions.COLUMNS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO bench_raw ({names}) VALUES ({marks})", rows)  # noqa: S608 (our names)


def copy(rows: list[Row]) -> None:
    names = ", ".join(positions.COLUMNS)
    statement = f"COPY bench_raw ({names}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as out:
        for row in rows:
            out.write_row(row)


def timed(work: Callable[[Any], object], batches: list[Any], rows: int) -> dict[str, float]:
    """CPU of this process and of the database's for it, and the wall clock, in µs a row."""
    processes = working()
    before, wall = cpu_s(processes), time.perf_counter()
    for batch in batches:
        work(batch)
    cpu, wall = cpu_s(processes) - before, time.perf_counter() - wall
    return {"cpu_us": cpu * 1e6 / rows, "wall_us": wall * 1e6 / rows, "rows_per_s": rows / wall}


def store_block(block: bytes) -> None:
    archive.store(journal.decode(block))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    collect_seldom()  # as its worker does
    call_command("migrate", verbosity=0)
    fleet = Fleet.objects.create(slug=f"bench-{time.time_ns()}", name="Benchmark")
    vehicles = Vehicle.objects.bulk_create(
        [Vehicle(fleet=fleet, name=f"Van {n}") for n in range(VEHICLES)], batch_size=500
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_raw")
        cursor.execute("CREATE TABLE bench_raw AS SELECT * FROM tracking_position WHERE 1 = 0")
    work = batches(rows, start=START, vehicles=[vehicle.pk for vehicle in vehicles])
    raw = [rows_of(batch) for batch in work]
    blocks = [journal.encode(batch) for batch in work]
    method = copy if connection.vendor == "postgresql" else executemany
    result: dict[str, Any] = {"rows": rows, "method": method.__name__, "raw": timed(method, raw, rows)}
    result["archive"] = timed(store_block, blocks, rows)
    result["again"] = timed(store_block, blocks, rows)
    result["ratio"] = result["archive"]["cpu_us"] / result["raw"]["cpu_us"]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_raw")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
