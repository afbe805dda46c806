"""Streets to drive on: a graph of junctions from GeoJSON, shortest routes by time.

The default file is the OpenStreetMap extract of Göteborg inside the npm package
`geojson-path-finder` (© OpenStreetMap contributors, ODbL). Any GeoJSON of LineStrings
with OSM's `highway`, `oneway` and `maxspeed` works; without a file a made-up grid does.
"""

import heapq
import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

Point = tuple[float, float]  # longitude, latitude: the order of GeoJSON

KMH = 1 / 3.6
# Metres/second that traffic does on an empty road of this class when no limit is signed.
SPEEDS = {
    "motorway": 90 * KMH,
    "motorway_link": 60 * KMH,
    "trunk": 70 * KMH,
    "trunk_link": 50 * KMH,
    "primary": 60 * KMH,
    "primary_link": 45 * KMH,
    "secondary": 50 * KMH,
    "secondary_link": 40 * KMH,
    "tertiary": 45 * KMH,
    "tertiary_link": 35 * KMH,
    "unclassified": 40 * KMH,
    "residential": 32 * KMH,
    "road": 32 * KMH,
    "living_street": 12 * KMH,
    "service": 18 * KMH,
}
BIG = ("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link")
CLOSED = ("no", "private", "psv")
METRES_PER_DEGREE = 111_195.0
GRID_ORIGIN, GRID_SIDE, GRID_STEP_M = (12.02, 57.715), 24, 260.0


class Edge(NamedTuple):
    """A stretch of road from one junction to the next, in the direction it may be driven."""

    start: int
    end: int
    metres: float
    speed: float  # m/s
    kind: str
    line: tuple[Point, ...]


def metres(a: Point, b: Point) -> float:
    """Distance of two near points: a flat Earth is right to 0.1 % within a city."""
    x = (b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return math.hypot(x, b[1] - a[1]) * METRES_PER_DEGREE


class Roads:
    """Junctions that can all be reached from one another, and the edges between them."""

    def __init__(self, points: list[Point], edges: Iterable[Edge]) -> None:
        self.points = points
        self.out: list[list[Edge]] = [[] for _ in points]
        for edge in edges:
            self.out[edge.start].append(edge)
        self._trees: dict[int, list[Edge | None]] = {}

    def nearest(self, place: Point, *, count: int = 1) -> list[int]:
        """Return the `count` junctions nearest to a place, nearest first."""
        return heapq.nsmallest(
            count, range(len(self.points)), key=lambda node: metres(self.points[node], place)
        )

    def stops(self) -> list[int]:
        """Junctions where a van may stand: none of a motorway or another fast road."""
        return [node for node, edges in enumerate(self.out) if not any(edge.kind in BIG for edge in edges)]

    def crossing(self, node: int) -> bool:
        return len({edge.end for edge in self.out[node]}) >= 3

    def route(self, start: int, end: int) -> list[Edge]:
        """Return the quickest way; empty when start is end."""
        tree = self._trees.get(start)
        if tree is None:
            tree = self._trees[start] = self._tree(start)
        way: list[Edge] = []
        while end != start:
            edge = tree[end]
            assert edge is not None, "junctions are strongly connected"  # noqa: S101
            way.append(edge)
            end = edge.start
        return way[::-1]

    def _tree(self, start: int) -> list[Edge | None]:
        """Dijkstra: the last edge of the quickest way to each junction."""
        best = [math.inf] * len(self.points)
        best[start] = 0.0
        last: list[Edge | None] = [None] * len(self.points)
        queue = [(0.0, start)]
        while queue:
            seconds, node = heapq.heappop(queue)
            if seconds > best[node]:
                continue
            for edge in self.out[node]:
                there = seconds + edge.metres / edge.speed
                if there < best[edge.end]:
                    best[edge.end] = there
                    last[edge.end] = edge
                    heapq.heappush(queue, (there, edge.end))
        return last


def load(path: Path) -> Roads:
    """Read roads from GeoJSON, or make a grid when there is no such file."""
    if not path.exists():
        return grid()
    ways = list(_ways(json.loads(path.read_bytes())))
    seen = Counter(point for line, _ in ways for point in line)
    seen.update(point for line, _ in ways for point in (line[0], line[-1]))
    index: dict[Point, int] = {}
    edges: list[Edge] = []
    for line, tags in ways:
        edges.extend(_edges(line, tags, seen, index))
    return _connected(list(index), edges)


def grid() -> Roads:
    """Return made-up streets over land: a crooked grid, each point off its place a little."""
    rng = random.Random(1)
    step = GRID_STEP_M / METRES_PER_DEGREE
    points = [
        (
            GRID_ORIGIN[0] + (x + rng.uniform(-0.25, 0.25)) * step * 1.87,
            GRID_ORIGIN[1] + (y + rng.uniform(-0.25, 0.25)) * step,
        )
        for y in range(GRID_SIDE)
        for x in range(GRID_SIDE)
    ]
    edges: list[Edge] = []
    for node, point in enumerate(points):
        for right, other in ((True, node + 1), (False, node + GRID_SIDE)):
            if other >= len(points) or (right and other % GRID_SIDE == 0):
                continue
            place = node // GRID_SIDE if right else node % GRID_SIDE
            kind = "secondary" if place % 6 == 3 else "residential"
            length, line = metres(point, points[other]), (point, points[other])
            edges.append(Edge(node, other, length, SPEEDS[kind], kind, line))
            edges.append(Edge(other, node, length, SPEEDS[kind], kind, line[::-1]))
    return _connected(points, edges)


def _ways(data: dict[str, Any]) -> Iterator[tuple[list[Point], dict[str, str]]]:
    for feature in data["features"]:
        tags, geometry = feature.get("properties") or {}, feature["geometry"]
        if geometry["type"] != "LineString" or tags.get("highway") not in SPEEDS:
            continue
        if any(tags.get(key) in CLOSED for key in ("access", "motor_vehicle", "motorcar", "vehicle")):
            continue
        if tags.get("service") in ("parking_aisle", "bus", "drive-through"):
            continue
        yield [(point[0], point[1]) for point in geometry["coordinates"]], tags


def _edges(
    line: list[Point], tags: dict[str, str], seen: Counter[Point], index: dict[Point, int]
) -> Iterator[Edge]:
    """Cut a way at its junctions: its ends, and the points that other ways share."""
    kind = tags["highway"]
    limit = tags.get("maxspeed", "")
    speed = min(float(limit) * KMH, SPEEDS["motorway"]) if limit.isdecimal() and int(limit) else SPEEDS[kind]
    oneway = tags.get("oneway") or (
        "yes" if tags.get("junction") == "roundabout" or kind == "motorway" else "no"
    )
    if oneway == "-1":
        line, oneway = line[::-1], "yes"
    begin = 0
    for at in range(1, len(line)):
        if seen[line[at]] < 2:
            continue
        part = tuple(line[begin : at + 1])
        start, end = (index.setdefault(point, len(index)) for point in (part[0], part[-1]))
        length = sum(map(metres, part, part[1:]))
        begin = at
        if not length:
            continue
        yield Edge(start, end, length, speed, kind, part)
        if oneway not in ("yes", "true", "1"):
            yield Edge(end, start, length, speed, kind, part[::-1])


def _reach(neighbours: list[list[int]], start: int) -> set[int]:
    found, todo = {start}, [start]
    while todo:
        for node in neighbours[todo.pop()]:
            if node not in found:
                found.add(node)
                todo.append(node)
    return found


def _connected(points: list[Point], edges: list[Edge]) -> Roads:
    """Keep the largest part in which every junction can be reached from every other."""
    ahead: list[list[int]] = [[] for _ in points]
    back: list[list[int]] = [[] for _ in points]
    for edge in edges:
        ahead[edge.start].append(edge.end)
        back[edge.end].append(edge.start)
    left, largest = set(range(len(points))), set[int]()
    for node in range(len(points)):
        if len(left) <= len(largest):
            break
        if node in left:
            part = _reach(ahead, node) & _reach(back, node)
            left -= part
            largest = max(largest, part, key=len)
    number = {node: new for new, node in enumerate(sorted(largest))}
    return Roads(
        [points[node] for node in number],
        (
            edge._replace(start=number[edge.start], end=number[edge.end])
            for edge in edges
            if edge.start in number and edge.end in number
        ),
    )
