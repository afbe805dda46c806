"""What an export costs: rows a second and CPU a row of each format, beside only reading the rows.

    python -m benchmarks.export [--rows 1000000] [--json]

Uses the database of the settings (DATABASE_URL, else SQLite in DATA): it adds a vehicle with
that many positions under an id nobody has, and takes them away at the end.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from tracking import partitions  # noqa: E402
from tracking.history import tracks  # noqa: E402
from tracking.history.exports import FORMATS, export  # noqa: E402
from tracking.history.exports.text import About  # noqa: E402
from tracking.models import Position  # noqa: E402

VEHICLE = 2_000_000_001
START, END = 1_763_884_800_000, 2**53
ABOUT = About(uid="bench", name="Benchmark", fleet="bench")


def fill(rows: int) -> None:
    """A fix a second, a break of ten minutes every 20 000; a third of them with attributes."""
    columns = (*tracks.FIELDS, "vehicle_id", "device_id")
    insert = (
        f"INSERT INTO {Position._meta.db_table} ({', '.join(columns)}) "  # noqa: S608 (our own names)
        f"VALUES ({', '.join(['%s'] * len(columns))})"
    )
    days = range(0, rows, 86_400)
    partitions.ensure(START + i * 1000 + i // 20_000 * 600_000 for i in (*days, rows))
    with transaction.atomic(), connection.cursor() as cursor:
        for first in range(0, rows, 20_000):
            cursor.executemany(insert, [fix(i) for i in range(first, min(first + 20_000, rows))])


def fix(i: int) -> tuple[int | float | str | None, ...]:
    at = START + i * 1000 + i // 20_000 * 600_000
    latitude, longitude = 57.7 + (i % 7919) * 1.37e-5, 11.97 + (i % 7907) * 1.73e-5
    motion = 34.5 + i % 9, (i % 250) / 10, float(i * 7 % 360)
    attributes = '{"fuel":43.2,"satellites":11}' if i % 3 == 0 else None
    return (
        at,
        latitude,
        longitude,
        *motion,
        4.0,
        87.0,
        True,
        182345.2 + i,
        None,
        at + 210,
        attributes,
        VEHICLE,
        1,
    )


def read() -> Iterator[bytes]:
    for _ in tracks.pages(VEHICLE, start_ms=START, end_ms=END):
        yield b""


def take(format: str) -> Iterator[bytes]:
    return export(format, ABOUT, vehicle_id=VEHICLE, start_ms=START, end_ms=END)


def measure(rows: int, chunks: Iterator[bytes]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    first = len(next(chunks))
    first_ms = (time.perf_counter() - wall) * 1000
    size = first + sum(map(len, chunks))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        "rows_per_s": rows / wall, "cpu_us": cpu / rows * 1e6, "bytes": size / rows, "first_ms": first_ms,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def show(name: str, result: dict[str, float]) -> None:
    print(
        f"{name:8}{result['rows_per_s']:10,.0f} rows/s{result['cpu_us']:8.2f} µs CPU"
        f"{result['bytes']:6.0f} bytes a row, first after {result['first_ms']:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    options = parser.parse_args()
    rows = options.rows
    call_command("migrate", verbosity=0)
    fill(rows)
    try:
        found = {"read": measure(rows, read())}
        found |= {format: measure(rows, take(format)) for format in FORMATS}
    finally:
        Position.objects.filter(vehicle_id=VEHICLE).delete()
    if options.json:
        return print(json.dumps(found))
    print(f"{rows:,} rows, {connection.vendor}, Python {sys.version.split()[0]}")
    for name, result in found.items():
        show(name, result)
    return print(f"peak memory {found[name]['peak_mib']:.0f} MiB")


if __name__ == "__main__":
    main()
