"""What an export costs: rows a second, CPU a row and memory of each format, beside only reading the rows,
gpxpy, and a file that is read and written whole as OwnTracks Recorder does.

    python -m benchmarks.export [--rows 1000000] [--json]

Uses the database of the settings (DATABASE_URL, else SQLite in DATA): it adds a vehicle with that many
positions under an id nobody has, and takes them away at the end. Each kind has a process of its own.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from django.core.management import call_command

from benchmarks import stored
from tracking.fixes import EPOCH, MILLISECOND
from tracking.history.exports import FORMATS, export
from tracking.history.exports.text import About

BESIDE_ROWS = 200_000  # they hold everything in memory
FIRST_TIMES = 7
ABOUT = About(uid="bench", name="Benchmark", fleet="bench")

Chunks = Iterator[tuple[int, bytes]]  # rows of each, as far as they are known


def read(_: int) -> Chunks:
    for page in stored.pages():
        yield len(page), b""


def take(format: str, rows: int) -> Chunks:
    found = export(format, ABOUT, vehicle_id=stored.VEHICLE, start_ms=stored.START, end_ms=stored.END)
    for chunk in found:
        yield 0, chunk
    yield rows, b""


def gpxpy_whole(rows: int) -> Chunks:
    """GPX as gpxpy writes it: every point an object, the document one text."""
    from gpxpy.gpx import GPX, GPXTrack, GPXTrackPoint, GPXTrackSegment

    segment = GPXTrackSegment()
    for page in stored.pages():
        for time_ms, latitude, longitude, altitude, *_ in page:
            moment = EPOCH + time_ms * MILLISECOND
            segment.points.append(GPXTrackPoint(latitude, longitude, elevation=altitude, time=moment))
        if len(segment.points) >= min(rows, BESIDE_ROWS):
            break
    track = GPXTrack()
    track.segments.append(segment)
    document = GPX()
    document.tracks.append(track)
    yield len(segment.points), document.to_xml().encode()


def owntracks_whole(lines: Path) -> Chunks:
    """GeoJSON as OwnTracks Recorder makes it: each line of the day's file parsed, one document in memory."""
    features = []
    with lines.open() as file:
        for line in file:
            known = json.loads(line.split("\t")[2])
            place = {"type": "Point", "coordinates": [known["lon"], known["lat"]]}
            features.append({"type": "Feature", "geometry": place, "properties": known})
    yield len(features), json.dumps({"type": "FeatureCollection", "features": features}).encode()


def owntracks_lines(lines: Path, rows: int) -> None:
    """The recorder's own file: time, `*`, what the phone sent."""
    with lines.open("w") as file:
        for number in range(rows):
            _, at, _, latitude, longitude, speed, heading, altitude, *_ = stored.row(stored.VEHICLE, number)
            sent = {"_type": "location", "tst": at // 1000, "lat": latitude, "lon": longitude}
            sent |= {"alt": altitude, "vel": speed, "cog": heading, "acc": 4, "batt": 87, "tid": "b7"}
            file.write(f"{at}\t*                 \t{json.dumps(sent)}\n")


def measure(chunks: Chunks) -> dict[str, float]:
    size = 0

    def drain() -> int:
        nonlocal size
        rows = 0
        for more, chunk in chunks:
            rows, size = rows + more, size + len(chunk)
        return rows

    result = stored.spent(drain)
    return {**result, "bytes": size / result["rows"]}


def first_ms(chunks: Chunks) -> float:
    """Milliseconds to the first bytes."""
    started = time.perf_counter()
    next(chunks)
    return (time.perf_counter() - started) * 1000


KINDS: dict[str, Callable[[int], Chunks]] = {
    "read": read,
    **{format: partial(take, format) for format in FORMATS},
    "gpxpy": gpxpy_whole,
}
OWNTRACKS = "owntracks"  # reads a file, not the database


def one(kind: str, rows: int) -> dict[str, float]:
    if kind in FORMATS:  # the first bytes again, of a process that has made some before
        found = measure(take(kind, rows))
        return {
            **found,
            "first_ms": statistics.median(first_ms(take(kind, rows)) for _ in range(FIRST_TIMES)),
        }
    if kind != OWNTRACKS:
        return measure(KINDS[kind](rows))
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "2025-11.rec"
        owntracks_lines(lines, min(rows, BESIDE_ROWS))
        return measure(owntracks_whole(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    parser.add_argument("--one", choices=[*KINDS, OWNTRACKS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return print(json.dumps(one(options.one, options.rows)))
    call_command("migrate", verbosity=0)
    stored.fill(options.rows)
    try:
        found = stored.each_alone("benchmarks.export", [*KINDS, OWNTRACKS], options.rows)
    finally:
        stored.remove()
    return print(json.dumps(found)) if options.json else stored.show(found)


if __name__ == "__main__":
    main()
