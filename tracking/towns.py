"""Maps of the user's own towns, in the data folder: streets as GeoJSON, or tiles as PMTiles.

`manage.py basemap` keeps them, the live page draws them, and street names come from them too.
Each is a folder TOWNS/<name> with `about.json` beside its files; it appears and goes whole.
"""

import gzip
import html
import json
import logging
import re
import secrets
import shutil
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.text import slugify

from tracking import basemap

log = logging.getLogger("fleetline.towns")

OSM_CREDIT = '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap contributors</a>'
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
FILES = ("roads.json", "town.json", "tiles.pmtiles")
HEADER_BYTES = 127  # of PMTiles 3, https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
TILE_TYPES = {1: "mvt", 2: "png", 3: "jpeg", 4: "webp", 5: "avif"}
METADATA_LIMIT = 16 * 1024 * 1024
# The layers by which the two usual kinds of vector tiles are told apart.
SCHEMAS = {"protomaps": {"roads", "earth"}, "openmaptiles": {"transportation", "water"}}


class Refused(Exception):
    """A file that cannot be a map; the text says why and what to do."""


@dataclass(frozen=True)
class Town:
    """What the live page has to know of one. Bounds: west, south, east, north in degrees."""

    name: str
    kind: str  # "streets", "vector" or "raster"
    bounds: list[float]
    credit: str  # HTML
    schema: str = ""  # of vector tiles
    detail: str = ""  # for people: how much there is

    @property
    def folder(self) -> Path:
        return Path(settings.TOWNS) / self.name

    @property
    def files(self) -> dict[str, str]:
        """What browsers ask for, by what static/js/basemap.js calls it."""
        if self.kind == "streets":
            return {"roads": "roads.json", "town": "town.json"}
        return {"tiles": "tiles.pmtiles"}


def known() -> list[Town]:
    """Every town, by name; one that is damaged is left out, and said in the log."""
    found = []
    for path in sorted(Path(settings.TOWNS).glob("*/about.json")):
        if not NAME.fullmatch(path.parent.name):
            continue  # being added or removed
        try:
            town = Town(**json.loads(path.read_bytes()))
            for file in town.files.values():
                (town.folder / file).stat()
        except (OSError, ValueError, TypeError) as error:
            log.warning("map %s cannot be used: %s: %s", path.parent.name, type(error).__name__, error)
        else:
            found.append(town)
    return found


def street_files() -> list[Path]:
    """GeoJSON of streets, `n` for a name: what came with the packages, and what was added."""
    return [Path(settings.BASEMAP) / "roads.json", *sorted(Path(settings.TOWNS).glob("*/roads.json"))]


def add(source: Path, *, name: str = "", credit: str = "") -> Town:
    """Take a file in, instead of one of the same name; Refused when it is no map."""
    name = name or slugify(source.name.split(".")[0])
    if not NAME.fullmatch(name):
        raise Refused(f"--name: {name!r} has to be small letters, digits and hyphens, at most 40.")
    if not source.is_file():
        raise Refused(f"{source}: there is no such file.")
    folder = Path(settings.TOWNS)
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{secrets.token_hex(4)}"
    aside.mkdir()
    try:
        with source.open("rb") as file:
            packed = file.read(7) == b"PMTiles"
        town = (_tiles if packed else _streets)(source, aside, name, html.escape(credit))
        (aside / "about.json").write_text(json.dumps(asdict(town)))
        remove(name, missing_ok=True)
        aside.rename(folder / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return town


def remove(name: str, *, missing_ok: bool = False) -> None:
    folder = Path(settings.TOWNS) / name
    if not NAME.fullmatch(name) or not folder.is_dir():
        if missing_ok:
            return
        raise Refused(f"There is no map {name!r}.")
    gone = folder.with_name(f".{secrets.token_hex(4)}")
    folder.rename(gone)
    shutil.rmtree(gone)


# --- streets --------------------------------------------------------------------------------


def _streets(source: Path, target: Path, name: str, credit: str) -> Town:
    network = read_streets(source)
    drawn = basemap.roads(network)
    if not drawn["features"]:
        raise Refused(f"{source.name}: none of its streets is open to cars.")
    for file, content in (("roads", drawn), ("town", basemap.town(drawn))):
        (target / f"{file}.json").write_bytes(json.dumps(content, ensure_ascii=False).encode())
    named = {feature["properties"].get("n") for feature in drawn["features"]} - {None}
    detail = f"{len(network['features'])} ways, {len(named)} street names"
    return Town(name, "streets", drawn["bbox"], credit or OSM_CREDIT, detail=detail)


def read_streets(source: Path) -> dict[str, Any]:
    """The drivable lines of a GeoJSON; Refused in words when it is something else."""
    try:
        said = json.loads(source.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Refused(f"{source.name} is neither GeoJSON nor PMTiles: {error}.") from error
    if not isinstance(said, dict) or said.get("type") != "FeatureCollection":
        raise Refused(f"{source.name}: a GeoJSON file begins with a FeatureCollection.")
    features = said.get("features")
    if not isinstance(features, list):
        raise Refused(f"{source.name}: its features are not a list.")
    streets = [
        feature
        for number, feature in enumerate(features, start=1)
        if _is_street(source.name, number, feature)
    ]
    if not streets:
        raise Refused(
            f"{source.name} has no streets: a street is a LineString whose property `highway` says "
            "what it is, as OpenStreetMap exports have it."
        )
    return {"features": streets}


def _is_street(file: str, number: int, feature: Any) -> bool:
    """Whether cars may drive there; Refused when it is a street that cannot be drawn."""
    try:
        said, shape = feature["properties"] or {}, feature["geometry"] or {}
        if said.get("highway") not in basemap.ROAD_CLASSES:
            return False
        coordinates = shape.get("coordinates") or []
        lines = {"LineString": [coordinates], "MultiLineString": coordinates}.get(str(shape.get("type")), [])
        for line in lines:
            _check_line([(float(point[0]), float(point[1])) for point in line])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Refused(f"{file}, feature {number}: {error}.") from error
    return bool(lines)


def _check_line(points: list[tuple[float, float]]) -> None:
    if len(points) < 2:
        raise ValueError("a line of fewer than two points")
    wrong = next((p for p in points if not (-180 <= p[0] <= 180 and -90 <= p[1] <= 90)), None)
    if wrong:
        raise ValueError(f"{wrong} is no longitude, latitude in degrees. Export it as WGS 84 (EPSG:4326)")


# --- tiles ----------------------------------------------------------------------------------


def _tiles(source: Path, target: Path, name: str, credit: str) -> Town:
    with source.open("rb") as file:
        header = read_header(file, source.name)
        metadata = _metadata(file, header)
    kind, schema = ("raster", "") if header["type"] != "mvt" else ("vector", _schema(metadata, source.name))
    shutil.copyfile(source, target / "tiles.pmtiles")
    said = re.sub(r"<[^>]*>", "", str(metadata.get("attribution") or ""))
    credit = credit or html.escape(html.unescape(said)) or OSM_CREDIT
    detail = f"{header['type']} tiles, zoom {header['minzoom']} to {header['maxzoom']}"
    return Town(name, kind, header["bounds"], credit, schema=schema, detail=detail)


def read_header(file: BinaryIO, name: str) -> dict[str, Any]:
    """What a PMTiles file says of itself; Refused when it is none that a browser could read."""
    file.seek(0)
    head = file.read(HEADER_BYTES)
    if len(head) < HEADER_BYTES or head[:7] != b"PMTiles":
        raise Refused(f"{name} is no PMTiles file.")
    if head[7] != 3:
        raise Refused(f"{name} is PMTiles version {head[7]}; convert it: pmtiles convert OLD NEW.")
    lengths = struct.unpack_from("<8Q", head, 8)
    end = max(lengths[i] + lengths[i + 1] for i in range(0, 8, 2))
    file.seek(0, 2)
    if file.tell() < end:
        raise Refused(f"{name} is cut off: {file.tell()} bytes of {end}.")
    kind = TILE_TYPES.get(head[99])
    if kind is None:
        raise Refused(
            f"{name}: tiles of type {head[99]} are not known; there are {', '.join(TILE_TYPES.values())}."
        )
    west, south, east, north = (degrees / 1e7 for degrees in struct.unpack_from("<4i", head, 102))
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Refused(f"{name}: its bounds {west}, {south}, {east}, {north} are not on Earth.")
    return {
        "metadata": lengths[2:4],
        "compression": head[97],
        "type": kind,
        "minzoom": head[100],
        "maxzoom": head[101],
        "bounds": [west, south, east, north],
    }


def _metadata(file: BinaryIO, header: dict[str, Any]) -> dict[str, Any]:
    offset, length = header["metadata"]
    if not 0 < length <= METADATA_LIMIT or header["compression"] not in (1, 2):
        return {}
    file.seek(offset)
    packed = file.read(length)
    try:
        said = json.loads(gzip.decompress(packed) if header["compression"] == 2 else packed)
    except (ValueError, OSError, EOFError):
        return {}
    return said if isinstance(said, dict) else {}


def _schema(metadata: dict[str, Any], name: str) -> str:
    layers = {
        str(layer.get("id")) for layer in metadata.get("vector_layers") or [] if isinstance(layer, dict)
    }
    for schema, needed in SCHEMAS.items():
        if needed <= layers:
            return schema
    raise Refused(
        f"{name}: its layers ({', '.join(sorted(layers)) or 'none'}) are neither those of Protomaps "
        "(roads, earth …) nor of OpenMapTiles (transportation, water …)."
    )
