"""What an export costs: rows a second and CPU a row of each format, beside only reading the rows, gpxpy, and
a file that is read and written whole as OwnTracks Recorder does.

    python -m benchmarks.export [--rows 1000000] [--json]

Uses the database of the settings (DATABASE_URL, else SQLite in DATA): it adds a vehicle with
that many positions under an id nobody has, and takes them away at the end.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from tracking import partitions  # noqa: E402
from tracking.fixes import EPOCH, MILLISECOND  # noqa: E402
from tracking.history import tracks  # noqa: E402
from tracking.history.exports import FORMATS, export  # noqa: E402
from tracking.history.exports.text import About  # noqa: E402
from tracking.models import Position  # noqa: E402

VEHICLE = 2_000_000_001
START, END = 1_763_884_800_000, 2**53
BESIDE_ROWS = 200_000
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


def gpxpy_whole(rows: int) -> Iterator[bytes]:
    """GPX as gpxpy writes it: every point an object, the document one text."""
    from gpxpy.gpx import GPX, GPXTrack, GPXTrackPoint, GPXTrackSegment

    segment = GPXTrackSegment()
    for page in tracks.pages(VEHICLE, start_ms=START, end_ms=END):
        for time_ms, latitude, longitude, altitude, *_ in page:
            moment = EPOCH + time_ms * MILLISECOND
            segment.points.append(GPXTrackPoint(latitude, longitude, elevation=altitude, time=moment))
        if len(segment.points) >= rows:
            break
    track = GPXTrack()
    track.segments.append(segment)
    document = GPX()
    document.tracks.append(track)
    yield document.to_xml().encode()


def owntracks_whole(lines: Path) -> Iterator[bytes]:
    """GeoJSON as OwnTracks Recorder makes it: each line of the day's file parsed, one document in memory."""
    features = []
    with lines.open() as file:
        for line in file:
            known = json.loads(line.split("\t")[2])
            place = {"type": "Point", "coordinates": [known["lon"], known["lat"]]}
            features.append({"type": "Feature", "geometry": place, "properties": known})
    yield json.dumps({"type": "FeatureCollection", "features": features}).encode()


def owntracks_lines(lines: Path, rows: int) -> None:
    """The recorder's own file: time, `*`, what the phone sent."""
    with lines.open("w") as file:
        for number in range(rows):
            at, latitude, longitude, altitude, speed, heading, *_ = fix(number)
            sent = {"_type": "location", "tst": int(at or 0) // 1000, "lat": latitude, "lon": longitude}
            sent |= {"alt": altitude, "vel": speed, "cog": heading, "acc": 4, "batt": 87, "tid": "b7"}
            file.write(f"{at}\t*                 \t{json.dumps(sent)}\n")


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
        f"{name:10}{result['rows_per_s']:10,.0f} rows/s{result['cpu_us']:8.2f} µs CPU"
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
        # Last, and of fewer rows: they hold everything in memory, which is the peak from here on.
        few = min(rows, BESIDE_ROWS)
        found["gpxpy"] = measure(few, gpxpy_whole(few))
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "2025-11.rec"
            owntracks_lines(lines, few)
            found["owntracks"] = measure(few, owntracks_whole(lines))
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
