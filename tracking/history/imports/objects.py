"""JSON, item by item: GeoJSON, OwnTracks (its recorder's answers and .rec files), positions as our own
protocol and Traccar's interface write them, and the records of Google's location history.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tracking.history.imports.raw import Bad, Item, Names, Raw, Source, Unreadable
from tracking.ingest.clients import owntracks

# Where a file keeps its positions when it is not an array itself.
LISTS = ("features", "data", "locations", "items", "positions")
MAX_LINE = 1_000_000
E7 = 1e-7


def read(path: Path) -> Source:
    """Unreadable when it is not JSON."""
    prefix = _prefix(path)
    kind = {"features.item": "GeoJSON"}.get(prefix, "JSON")
    return Source(kind=kind, rows=_rows(path, prefix), speed_unit="m/s")


def records(path: Path) -> Source:
    """A .rec file of OwnTracks' recorder: a time, a kind and a payload a line, tabs between them."""
    return Source(kind="OwnTracks .rec", rows=_lines(path), speed_unit="km/h")


def _prefix(path: Path) -> str:
    """Where the items are, as ijson says it; empty: the whole file is one."""
    import ijson

    try:
        with path.open("rb") as file:
            for prefix, event, _ in ijson.parse(file):
                if event == "start_array" and prefix in ("", *LISTS):
                    return f"{prefix}.item" if prefix else "item"
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise Unreadable(f"not JSON: {_first_line(error)}") from error
    return ""


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else "it ends too early"


def _rows(path: Path, prefix: str) -> Iterator[Raw | Bad]:
    import ijson

    drawn = False
    try:
        with path.open("rb") as file:
            for number, found in enumerate(ijson.items(file, prefix), start=1):
                content = _plain(found)
                kind = _kind(content)
                # A file with both repeats itself: the line is drawn through the points.
                if kind == "line" and drawn:
                    continue
                drawn = drawn or kind == "point"
                yield from _item(number, kind, content)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise Unreadable(f"not JSON: {_first_line(error)}") from error


def _plain(value: Any) -> Any:
    """The same with floats for decimals."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _kind(content: Any) -> str:
    if not isinstance(content, dict):
        return ""
    geometry = content.get("geometry")
    if content.get("type") == "Feature" and isinstance(geometry, dict):
        return "point" if geometry.get("type") == "Point" else "line"
    for key, kind in (("_type", "owntracks"), ("latitudeE7", "google")):
        if key in content:
            return kind
    return "plain" if "latitude" in content or "lat" in content else ""


def _item(number: int, kind: str, content: Any) -> Iterator[Raw | Bad]:
    match kind:
        case "point":
            yield _feature(number, content)
        case "line":
            yield from _line(number, content)
        case "owntracks":
            yield from _owntracks(number, content)
        case "google":
            yield Raw(number, _google(content))
        case "plain":
            yield _named(number, content)
        case _:
            yield Bad(number, "no position", str(content)[:500])


def _named(number: int, content: Item) -> Raw:
    names = Names(content, known="knots" if "fixTime" in content else "m/s")
    item, track = names.item(content)
    return Raw(number, item, track)


def _feature(number: int, content: Item) -> Raw | Bad:
    place = content["geometry"].get("coordinates")
    if not isinstance(place, list) or len(place) < 2:
        return Bad(number, "a point without coordinates", str(content)[:500])
    found = _named(number, content.get("properties") or {})
    item = {**found.item, "longitude": place[0], "latitude": place[1]}
    if len(place) > 2:
        item.setdefault("altitude", place[2])
    return Raw(number, item, found.track)


def _line(number: int, content: Item) -> Iterator[Raw | Bad]:
    """A line whose vertices have times: `coordTimes` or `times` among its properties."""
    properties = content.get("properties") or {}
    times = properties.get("coordTimes") or properties.get("times") or []
    if isinstance(times, dict):
        times = times.get("coordTimes") or []
    places = content["geometry"].get("coordinates")
    several = content["geometry"].get("type") == "MultiLineString"
    if content["geometry"].get("type") not in ("LineString", "MultiLineString"):
        yield Bad(number, f"{str(content['geometry'].get('type'))[:40]}: only points and lines are tracks")
        return
    if not times:
        yield Bad(number, "a line without coordTimes: when was it driven?")
        return
    pairs = list(zip(places, times, strict=False)) if several else [(places, times)]
    for part, (line, moments) in enumerate(pairs):
        if len(line) != len(moments):
            yield Bad(number, f"{len(line)} places, but {len(moments)} times")
            continue
        for place, time in zip(line, moments, strict=True):
            item = dict(zip(("longitude", "latitude", "altitude"), place, strict=False))
            yield Raw(number, {**item, "time": time}, f"{number - 1}.{part}")


def _owntracks(number: int, content: Item) -> Iterator[Raw | Bad]:
    """What is no location (a waypoint, a status) says nothing about where the phone was."""
    report = owntracks.read(content)
    for record in report.records:
        if record.item is not None and content["_type"] != "encrypted":
            item = dict(record.item)
            yield Raw(number, item)
        elif content["_type"] == "encrypted":
            yield Bad(number, "encrypted: nobody here has the key")


def _google(content: Item) -> Item:
    """https://support.google.com/accounts/answer/3024190: degrees times ten million, velocity in m/s."""
    item: Item = {
        "time": content.get("timestamp"),
        "latitude": content["latitudeE7"],
        "longitude": content.get("longitudeE7"),
    }
    if item["time"] is None and "timestampMs" in content:
        item["time"] = str(content["timestampMs"])
    for name in ("latitude", "longitude"):
        if isinstance(item[name], int | float):
            item[name] = round(item[name] * E7, 7)
    for name in ("altitude", "heading", "accuracy"):
        item[name] = content.get(name)
    item["speed"] = content.get("velocity")
    return {name: value for name, value in item.items() if value is not None}


def _lines(path: Path) -> Iterator[Raw | Bad]:
    import json

    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE):
            number += 1
            parts = line.decode("utf-8", "replace").strip().split("\t", 2)
            if len(parts) < 3 or parts[1].strip() != "*":
                continue  # its own notes: lwt, card, encrypted, …
            try:
                content = json.loads(parts[2])
            except (ValueError, RecursionError):
                yield Bad(number, "not JSON", parts[2][:500])
                continue
            if isinstance(content, dict) and isinstance(content.get("_type"), str):
                yield from _owntracks(number, content)
            else:
                yield Bad(number, "no payload of OwnTracks", parts[2][:500])
