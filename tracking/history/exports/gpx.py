"""GPX 1.1; speed and course in Garmin's TrackPointExtension v2; a `trkseg` a segment."""

from collections.abc import Iterable, Iterator

from tracking.history.exports.text import About, decimal, iso, xml
from tracking.history.tracks import Row, runs

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="Fleetline" xmlns="http://www.topografix.com/GPX/1/1" \
xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
<metadata><name>{name}</name></metadata>
<trk><name>{name}</name><desc>{fleet}</desc><src>{uid}</src>
"""


def write(pages: Iterable[list[Row]], about: About) -> Iterator[bytes]:
    yield _HEAD.format(name=xml(about.name), fleet=xml(about.fleet), uid=xml(about.uid)).encode()
    closing = ""
    for starts, rows in runs(pages):
        opening = f"{closing}<trkseg>\n" if starts else ""
        yield (opening + "".join(map(_point, rows))).encode()
        closing = "</trkseg>\n"
    yield f"{closing}</trk>\n</gpx>\n".encode()


def _point(row: Row) -> str:
    time, latitude, longitude, altitude, speed, heading, *_ = row
    # GPX knows the 180th meridian only as -180.
    east = "-180.0" if longitude == 180 else decimal(longitude)
    ele = "" if altitude is None else f"<ele>{decimal(altitude)}</ele>"
    motion = "" if speed is None else f"<gpxtpx:speed>{decimal(speed)}</gpxtpx:speed>"
    if heading is not None:
        motion += f"<gpxtpx:course>{decimal(heading)}</gpxtpx:course>"
    if motion:
        motion = f"<extensions><gpxtpx:TrackPointExtension>{motion}</gpxtpx:TrackPointExtension></extensions>"
    return f'<trkpt lat="{decimal(latitude)}" lon="{east}">{ele}<time>{iso(time)}</time>{motion}</trkpt>\n'
