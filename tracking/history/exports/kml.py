"""KML 2.2: one `gx:MultiTrack`, a `gx:Track` a segment, with the columns speed and heading.

The schema wants all times of a track, then all places, then the columns: what is not yet
its turn waits in spools. An unknown altitude is written as 0 and drawn on the ground, as is
every other (`clampToGround`, the default); an unknown speed or heading is an empty value.
"""

from collections.abc import Iterable, Iterator

from tracking.history.exports.spool import Spool
from tracking.history.exports.text import About, decimal, iso, xml
from tracking.history.tracks import Row, runs

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document><name>{name}</name>
<Schema id="fix"><gx:SimpleArrayField name="speed" type="double"><displayName>Speed, m/s</displayName>\
</gx:SimpleArrayField><gx:SimpleArrayField name="heading" type="double">\
<displayName>Heading, degrees</displayName></gx:SimpleArrayField></Schema>
<Placemark><name>{name}</name><ExtendedData><Data name="uid"><value>{uid}</value></Data>\
<Data name="fleet"><value>{fleet}</value></Data></ExtendedData>
<gx:MultiTrack>
"""
_TAIL = b"</gx:MultiTrack>\n</Placemark>\n</Document>\n</kml>\n"


def write(pages: Iterable[list[Row]], about: About) -> Iterator[bytes]:
    yield _HEAD.format(name=xml(about.name), fleet=xml(about.fleet), uid=xml(about.uid)).encode()
    with Spool() as places, Spool() as speeds, Spool() as headings:
        begun = False
        for starts, rows in runs(pages):
            if starts:
                if begun:
                    yield from _rest(places, speeds, headings)
                yield b"<gx:Track>\n"
            begun = True
            yield "".join([f"<when>{iso(row[0])}</when>\n" for row in rows]).encode()
            places.write("".join([_place(row) for row in rows]).encode())
            speeds.write("".join([_value(row[4]) for row in rows]).encode())
            headings.write("".join([_value(row[5]) for row in rows]).encode())
        if begun:
            yield from _rest(places, speeds, headings)
    yield _TAIL


def _place(row: Row) -> str:
    altitude = "0" if row[3] is None else decimal(row[3])
    return f"<gx:coord>{decimal(row[2])} {decimal(row[1])} {altitude}</gx:coord>\n"


def _value(number: float | None) -> str:
    return "<gx:value/>\n" if number is None else f"<gx:value>{decimal(number)}</gx:value>\n"


def _rest(places: Spool, speeds: Spool, headings: Spool) -> Iterator[bytes]:
    yield from places.drain()
    yield b'<ExtendedData><SchemaData schemaUrl="#fix">\n<gx:SimpleArrayData name="speed">\n'
    yield from speeds.drain()
    yield b'</gx:SimpleArrayData>\n<gx:SimpleArrayData name="heading">\n'
    yield from headings.drain()
    yield b"</gx:SimpleArrayData>\n</SchemaData></ExtendedData>\n</gx:Track>\n"
