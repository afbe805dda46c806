"""Stored positions to measure with, and what work on them costs.

They are in the database of the settings (DATABASE_URL, else SQLite in DATA), under vehicles that nobody has;
`remove` takes them away again.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks.meter import cpu_s, peak_kib  # noqa: E402
from tracking import partitions, positions  # noqa: E402
from tracking.history import tracks  # noqa: E402
from tracking.models import Position  # noqa: E402

VEHICLE = 2_000_000_001  # the first of them
START, END = 1_763_884_800_000, 2_763_884_800_000  # ms; the end is past any of them
BREAK_EVERY, BREAK_MS = 20_000, 600_000
DAY_ROWS = 86_400
BATCH_ROWS = 100_000


def at(i: int) -> int:
    """Time in ms of a vehicle's fix: one a second, with a break of ten minutes now and then."""
    return START + i * 1000 + i // BREAK_EVERY * BREAK_MS


def row(vehicle: int, i: int) -> positions.Row:
    """A third of them have attributes."""
    latitude, longitude = 57.7 + (i % 7919) * 1.37e-5, 11.97 + (i % 7907) * 1.73e-5
    attributes = '{"fuel":43.2,"satellites":11}' if i % 3 == 0 else None
    return (
        vehicle, at(i), 1, latitude, longitude, (i % 250) / 10, float(i * 7 % 360), 34.5 + i % 9, 4.0, 87.0,
        True, 182345.2 + i, None, attributes, at(i) + 210,
    )  # fmt: skip


def fill(rows: int, vehicles: int = 1) -> None:
    """So many positions altogether."""
    each = rows // vehicles
    partitions.ensure(at(i) for i in (*range(0, each, DAY_ROWS), each))
    for vehicle in range(VEHICLE, VEHICLE + vehicles):
        for first in range(0, each, BATCH_ROWS):
            with transaction.atomic():
                positions.insert([row(vehicle, i) for i in range(first, min(first + BATCH_ROWS, each))])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def remove(vehicles: int = 1) -> None:
    Position.objects.filter(vehicle__gte=VEHICLE, vehicle__lt=VEHICLE + vehicles).delete()


def pages(vehicles: int = 1) -> Iterator[list[tracks.Row]]:
    """All positions as every export reads them."""
    for vehicle in range(VEHICLE, VEHICLE + vehicles):
        yield from tracks.pages(vehicle, start_ms=START, end_ms=END)


def working() -> list[int]:
    """This process, and PostgreSQL's that works for it."""
    connection.ensure_connection()
    if connection.vendor != "postgresql":
        return [os.getpid()]
    return [os.getpid(), connection.connection.info.backend_pid]


def spent(work: Callable[[], int]) -> dict[str, float]:
    """What `work`, which returns its number of rows, takes: CPU µs a row (the database's too), MiB more."""
    processes, before = working(), peak_kib(os.getpid())
    wall, cpu = time.perf_counter(), cpu_s(processes)
    rows = work()
    cpu, wall = cpu_s(processes) - cpu, time.perf_counter() - wall
    more = peak_kib(os.getpid()) - before
    return {"rows": rows, "rows_per_s": rows / wall, "cpu_us": cpu / rows * 1e6, "more_mib": more / 1024}


def each_alone(module: str, kinds: Iterable[str], rows: int) -> dict[str, dict[str, float]]:
    """`python -m module --one KIND` of each: a peak of memory is that of a process that did nothing else."""
    found = {}
    for kind in kinds:
        command = [sys.executable, "-m", module, "--rows", str(rows), "--one", kind]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found[kind] = json.loads(done.stdout)
    return found


def show(found: dict[str, dict[str, float]]) -> None:
    print(f"{connection.vendor}, Python {sys.version.split()[0]}")
    for kind, r in found.items():
        first = f", first after {r['first_ms']:.0f} ms" if "first_ms" in r else ""
        print(
            f"{kind:12}{r['rows']:11,.0f} rows{r['rows_per_s']:10,.0f}/s{r['cpu_us']:8.2f} µs CPU"
            f"{r['bytes']:6.0f} bytes a row, {r['more_mib']:.0f} MiB more{first}"
        )
