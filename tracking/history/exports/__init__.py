"""Tracks to take away: one writer a file, each a generator that holds one page at a time."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from tracking.history.exports import csv, geojson, gpx, kml
from tracking.history.exports.text import About, gathered
from tracking.history.tracks import Row, pages


class Format(Struct, frozen=True):
    content_type: str
    write: Callable[[Iterable[list[Row]], About], Iterator[bytes]]


FORMATS = {
    "csv": Format("text/csv; charset=utf-8; header=present", csv.write),
    "geojson": Format("application/geo+json", geojson.write),
    "gpx": Format("application/gpx+xml", gpx.write),
    "kml": Format("application/vnd.google-earth.kml+xml", kml.write),
}


def export(format: str, about: About, *, vehicle_id: int, start_ms: int, end_ms: int) -> Iterator[bytes]:
    """A vehicle's track from `start_ms` (included) to `end_ms` (not) as the bytes of a file."""
    return gathered(FORMATS[format].write(pages(vehicle_id, start_ms=start_ms, end_ms=end_ms), about))
