"""GeoJSON by RFC 7946: a Point feature a fix, then the line of them all.

The line's columns wait in spools while the points go out, so that both say the same even
when fixes arrive meanwhile.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import orjson

from tracking.geo import antimeridian_share
from tracking.history.exports.spool import Spool
from tracking.history.exports.text import About, iso
from tracking.history.tracks import Row, runs

# Points encoded in one go: with more of them alive the garbage collector takes half of the time.
TOGETHER = 200
# time in ms, then what stands in `coordinates`
Vertex = tuple[int, Sequence[float]]


def write(pages: Iterable[list[Row]], about: About) -> Iterator[bytes]:
    """One FeatureCollection; no line for fewer than two fixes."""
    yield b'{"type":"FeatureCollection","features":['
    separator = b""
    with Spool() as coordinates, Spool() as times:
        line = Line(coordinates, times)
        for starts, rows in runs(pages):
            for begin in range(0, len(rows), TOGETHER):
                yield separator + orjson.dumps([point(row) for row in rows[begin : begin + TOGETHER]])[1:-1]
                separator = b","
            line.extend([(row[0], position(row)) for row in rows], starts=starts)
        if line.parts:
            yield b","
            yield from line.feature(about)
    yield b"]}"


def position(row: Row) -> Sequence[float]:
    return (row[2], row[1]) if row[3] is None else (row[2], row[1], row[3])


def properties(row: Row) -> dict[str, Any]:
    """The fix under the names of the protocol; `attributes` goes out as it was stored."""
    return {
        "time": iso(row[0]),
        "altitude": row[3],
        "speed": row[4],
        "heading": row[5],
        "accuracy": row[6],
        "battery": row[7],
        "ignition": None if row[8] is None else bool(row[8]),
        "odometer": row[9],
        "alarm": row[10],
        "received": iso(row[11]),
        "attributes": None if row[12] is None else orjson.Fragment(row[12]),
    }


def point(row: Row) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": position(row)},
        "properties": properties(row),
    }


def parts(vertices: list[Vertex]) -> Iterator[list[Vertex]]:
    """Cut at the antimeridian, each side ending on it (RFC 7946 §3.1.9)."""
    begin: list[Vertex] = []
    done = 0
    for index, ((time, a), (later, b)) in enumerate(pairwise(vertices), start=1):
        share = antimeridian_share(a[0], b[0])
        if share is None:
            continue
        edge = 180.0 if a[0] > 0 else -180.0
        between = [u + share * (v - u) for u, v in zip(a[1:], b[1:], strict=False)]
        cut = round(time + share * (later - time))
        end: list[Vertex] = [] if a[0] == edge else [(cut, (edge, *between))]
        yield begin + vertices[done:index] + end
        begin = [] if b[0] == -edge else [(cut, (-edge, *between))]
        done = index
    yield begin + vertices[done:]


class Line:
    """The line feature as it grows. A part that never gets a second vertex is left out."""

    def __init__(self, coordinates: Spool, times: Spool) -> None:
        self.parts = 0
        self._columns = coordinates, times
        self._last: list[Vertex] = []
        self._held: list[Vertex] = []

    def extend(self, vertices: list[Vertex], *, starts: bool) -> None:
        """Add a run of vertices, as a new segment or to the last one."""
        joined = [] if starts else self._last
        for number, part in enumerate(parts(joined + vertices)):
            if number or starts:
                self._held = []
                self._add(part, new=True)
            else:
                # The last vertex was there only to find a cut between the runs.
                self._add(part[1:], new=bool(self._held))
        self._last = vertices[-1:]

    def _add(self, part: list[Vertex], *, new: bool) -> None:
        part = self._held + part
        if new and len(part) < 2:
            self._held = part
            return
        self._held = []
        if not part:
            return
        separator = b"],[" if new and self.parts else b"," if self.parts else b""
        self.parts += new
        for spool, values in zip(
            self._columns, ([at for _, at in part], [iso(time) for time, _ in part]), strict=True
        ):
            spool.write(separator + orjson.dumps(values)[1:-1])

    def feature(self, about: About) -> Iterator[bytes]:
        kind, opening, closing = (
            (b"MultiLineString", b"[[", b"]]") if self.parts > 1 else (b"LineString", b"[", b"]")
        )
        coordinates, times = self._columns
        yield b'{"type":"Feature","geometry":{"type":"%b","coordinates":%b' % (kind, opening)
        yield from coordinates.drain()
        names = orjson.dumps({"uid": about.uid, "name": about.name, "fleet": about.fleet})
        yield b'%b},"properties":%b,"coordTimes":%b' % (closing, names[:-1], opening)
        yield from times.drain()
        yield b"%b}}" % closing
