"""What a file made in the background costs: rows a second, size and peak memory of each kind.

    python -m benchmarks.exports [--rows 1000000] [--json]

Uses the database of the settings (DATABASE_URL, else SQLite in DATA): it adds VEHICLES vehicles with
that many positions together, under ids nobody has, and takes them away at the end. Each file is written
by a process of its own, so that its peak is its own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks.export import START, VEHICLE, fix  # noqa: E402
from tracking import partitions  # noqa: E402
from tracking.history import tracks  # noqa: E402
from tracking.history.exports.text import About  # noqa: E402
from tracking.models import Position  # noqa: E402

VEHICLES = 20
END = START + 10**12  # past any of them
KINDS = {"parquet": ("parquet",), "xlsx": ("xlsx",), "zip of csv": ("csv",), "zip of gpx": ("gpx",)}


def fill(rows: int) -> None:
    """A fix a second of each vehicle, as benchmarks/export.py makes them."""
    columns = (*tracks.FIELDS, "vehicle_id", "device_id")
    insert = (
        f"INSERT INTO {Position._meta.db_table} ({', '.join(columns)}) "  # noqa: S608 (our own names)
        f"VALUES ({', '.join(['%s'] * len(columns))})"
    )
    each = rows // VEHICLES
    partitions.ensure(fix(i)[0] for i in (*range(0, each, 86_400), each))  # type: ignore[misc]
    for number in range(VEHICLES):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(insert, [(*fix(i)[:-2], VEHICLE + number, 1) for i in range(each)])


def one(kind: str) -> None:
    """Write one file and print what it took."""
    from tracking.history.exports import files

    names = [About(uid=f"bench-{number}", name=f"Van {number}", fleet="bench") for number in range(VEHICLES)]
    subjects = [files.Subject(VEHICLE + number, about) for number, about in enumerate(names)]
    order = files.Order(subjects, KINDS[kind], START, END, "UTC", "bench", "Fleetline")
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        wall, cpu = time.perf_counter(), time.process_time()
        found = files.write(Path(folder) / "file", order, made="", advance=lambda _: None)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    rows = found["fixes"]
    result = {
        "rows_per_s": rows / wall,
        "cpu_us": cpu / rows * 1e6,
        "bytes": found["bytes"] / rows,
        "before_mib": before,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(result))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    parser.add_argument("--one", choices=KINDS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return one(options.one)
    call_command("migrate", verbosity=0)
    fill(options.rows)
    found = {}
    try:
        for kind in KINDS:
            command = [sys.executable, "-m", "benchmarks.exports", "--one", kind]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found[kind] = json.loads(done.stdout)
    finally:
        Position.objects.filter(vehicle__gte=VEHICLE, vehicle__lt=VEHICLE + VEHICLES).delete()
    if options.json:
        return print(json.dumps(found))
    print(f"{options.rows:,} rows of {VEHICLES} vehicles, {connection.vendor}")
    for kind, r in found.items():
        print(
            f"{kind:12}{r['rows_per_s']:10,.0f} rows/s{r['cpu_us']:8.2f} µs CPU"
            f"{r['bytes']:6.0f} bytes a row, peak {r['peak_mib']:.0f} MiB ({r['before_mib']:.0f} before)"
        )
    return None


if __name__ == "__main__":
    main()
