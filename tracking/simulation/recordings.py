"""Recorded tracks from files: GPX, CSV and GeoJSON become lists of positions by track."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.parsers import expat

Item = dict[str, Any]  # a position as it goes over the wire; `time` in ms since the epoch

COLUMNS = {
    "time": ("time", "timestamp", "datetime", "date_time", "time_utc", "utc", "ts"),
    "latitude": ("latitude", "lat", "y"),
    "longitude": ("longitude", "lon", "lng", "long", "x"),
    "altitude": ("altitude", "alt", "ele", "elevation"),
    "speed": ("speed",),
    "heading": ("heading", "course", "bearing"),
    "accuracy": ("accuracy",),
    "track": ("track", "track_id", "trackid", "name_id", "segment", "trip", "trip_id"),
}
SECONDS_BELOW = 1e11


class Unreadable(Exception):
    """The file is not what its name says; the message names the place."""


class Recording:
    """The positions of a file by track, and what had to be assumed to read them."""

    def __init__(self) -> None:
        self.tracks: dict[str, list[Item]] = {}
        self.without_zone = self.without_time = 0

    def add(self, track: str, time: Any, latitude: Any, longitude: Any, **more: Any) -> None:
        """Add a position; one without a time is counted and left out. Raise ValueError when unreadable."""
        if time in (None, ""):
            self.without_time += 1
            return
        item: Item = {
            "time": self._milliseconds(time),
            "latitude": float(latitude),
            "longitude": float(longitude),
        }
        item |= {key: float(value) for key, value in more.items() if value not in (None, "")}
        self.tracks.setdefault(track, []).append(item)

    def _milliseconds(self, time: Any) -> int:
        """Epoch seconds or milliseconds, or ISO 8601; a time without zone is taken as UTC and counted."""
        text = str(time).strip()
        try:
            number = float(text)
        except ValueError:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                self.without_zone += 1
                moment = moment.replace(tzinfo=UTC)
            return round(moment.timestamp() * 1000)
        return round(number * 1000) if abs(number) < SECONDS_BELOW else int(number)


def read(path: Path) -> Recording:
    """Read a .gpx, .csv, .geojson or .json file. Raise Unreadable, or OSError when it cannot be opened."""
    readers = {".gpx": _gpx, ".csv": _csv, ".geojson": _geojson, ".json": _geojson}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise Unreadable(f"{path.name}: a file of {', '.join(readers)} can be played")
    recording = Recording()
    try:
        reader(path, recording)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise Unreadable(f"{path.name}: {error}") from error
    return recording


# --- CSV -----------------------------------------------------------------------------------


def _csv(path: Path, recording: Recording) -> None:
    with path.open(newline="", encoding="utf-8-sig") as file:
        start = file.read(4096)
        file.seek(0)
        delimiter = max(",;\t", key=start.partition("\n")[0].count)
        rows = csv.reader(file, delimiter=delimiter)
        columns = _columns(next(rows, []))
        for row in rows:
            if not row:
                continue
            try:
                values = {name: row[at].strip() for name, at in columns.items() if at < len(row)}
                recording.add(values.pop("track", ""), values.pop("time"), **values)
            except (ValueError, KeyError, TypeError) as error:
                raise Unreadable(f"{path.name}, line {rows.line_num}: {error}") from error


def _columns(header: list[str]) -> dict[str, int]:
    """Where each known field stands. Raise ValueError when a needed one is missing."""
    names = {name.strip().lower(): at for at, name in enumerate(header)}
    found = {
        field: names[alias]
        for field, aliases in COLUMNS.items()
        for alias in reversed(aliases)
        if alias in names
    }
    missing = [field for field in ("time", "latitude", "longitude") if field not in found]
    if missing:
        raise ValueError(f"line 1: no column for {', '.join(missing)} among {', '.join(header) or 'nothing'}")
    return found


# --- GeoJSON -------------------------------------------------------------------------------


def _geojson(path: Path, recording: Recording) -> None:
    data = json.loads(path.read_bytes())
    features = data["features"] if data.get("type") == "FeatureCollection" else [data]
    lines = [feature for feature in features if feature["geometry"]["type"].endswith("LineString")]
    points = [feature for feature in features if feature["geometry"]["type"] == "Point"]
    for feature in points:
        properties = {key.lower(): value for key, value in (feature.get("properties") or {}).items()}
        longitude, latitude, *height = feature["geometry"]["coordinates"]
        fields = {
            name: _first(properties, COLUMNS[name]) for name in ("speed", "heading", "accuracy", "altitude")
        }
        fields["altitude"] = (
            fields["altitude"] if fields["altitude"] is not None else next(iter(height), None)
        )
        track = _first(properties, COLUMNS["track"])
        time = _first(properties, COLUMNS["time"])
        recording.add("" if track is None else str(track), time, latitude, longitude, **fields)
    # A file with both repeats itself: the line is drawn through the points.
    for number, feature in enumerate(() if points else lines):
        properties = feature.get("properties") or {}
        times = properties.get("coordTimes") or properties.get("times") or []
        if isinstance(times, dict):
            times = times["coordTimes"]
        coordinates, several = (
            feature["geometry"]["coordinates"],
            feature["geometry"]["type"] == "MultiLineString",
        )
        for part, (line, moments) in enumerate(_pairs(coordinates, times, several=several)):
            for (longitude, latitude, *height), time in zip(line, moments, strict=True):
                recording.add(
                    f"{number}.{part}", time, latitude, longitude, altitude=next(iter(height), None)
                )


def _pairs(
    coordinates: list[Any], times: list[Any], *, several: bool
) -> Iterable[tuple[list[Any], list[Any]]]:
    if not times:
        raise ValueError("a line without coordTimes: when was it driven?")
    return zip(coordinates, times, strict=True) if several else [(coordinates, times)]


def _first(properties: Item, names: Iterable[str]) -> Any:
    return next((properties[name] for name in names if properties.get(name) is not None), None)


# --- GPX -----------------------------------------------------------------------------------


class _Gpx:
    """Collects track points. Entities are refused before they can expand."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.track = self.segment = 0
        self.point: dict[str, str] | None = None
        self.text = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.text = ""
        match name.rpartition(":")[2]:
            case "trk":
                self.track, self.segment = self.track + 1, 0
            case "trkseg":
                self.segment += 1
            case "trkpt":
                self.point = {"latitude": attributes["lat"], "longitude": attributes["lon"]}

    def characters(self, text: str) -> None:
        self.text += text

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if self.point is None:
            return
        field = {"ele": "altitude", "time": "time", "speed": "speed", "course": "heading"}.get(name)
        if field:
            self.point[field] = self.text.strip()
        if name == "trkpt":
            time = self.point.pop("time", None)
            self.recording.add(f"{self.track}.{self.segment}", time, **self.point)
            self.point = None


def _gpx(path: Path, recording: Recording) -> None:
    reader = _Gpx(recording)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.EntityDeclHandler = _refuse_entity
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise ValueError(f"not XML: {error}") from error


def _refuse_entity(name: str, *_: Any) -> None:
    raise ValueError(f"declares an entity ({name}): no GPX needs one")


# --- playing -------------------------------------------------------------------------------


def played(
    tracks: dict[str, list[Item]], *, speed: float, max_pause_s: float
) -> Iterator[tuple[float, Item]]:
    """Yield (seconds to wait before it, position): tracks one after another by their first time, each
    in order of time. Recorded pauses are cut to `max_pause_s`, then everything goes `speed` times as fast."""
    before: int | None = None
    for track in sorted(tracks.values(), key=lambda items: min(item["time"] for item in items)):
        for item in sorted(track, key=lambda item: item["time"]):
            pause = 0.0 if before is None else abs(item["time"] - before) / 1000
            before = item["time"]
            yield min(pause, max_pause_s) / speed, item
