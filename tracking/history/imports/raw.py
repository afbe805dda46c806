"""What every reader hands on: positions as a file says them, under our names. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from tracking.ingest.clients.report import KMH, KNOT, alarms, boolean, numeric, scaled

Item = dict[str, Any]
MPH = 0.44704
UNITS = {"m/s": 1.0, "km/h": KMH, "mph": MPH, "knots": KNOT}
# Names of columns, small and without a unit. The first that a file has is taken.
COLUMNS: dict[str, tuple[str, ...]] = {
    "time": ("fixtime", "time", "timestamp", "datetime", "date_time", "date time", "time_utc", "time utc",
             "utc", "ts", "isotst", "tst", "gps_time", "gpstime", "date"),
    "latitude": ("latitude", "lat", "y"),
    "longitude": ("longitude", "lon", "lng", "long", "x"),
    "altitude": ("altitude", "alt", "ele", "elevation", "height"),
    "speed": ("speed", "vel", "velocity"),
    "heading": ("heading", "course", "bearing", "cog", "direction"),
    "accuracy": ("accuracy", "acc", "horizontal_accuracy", "hacc"),
    "battery": ("battery", "batt", "batterylevel"),
    "ignition": ("ignition", "ign"),
    "odometer": ("odometer", "totaldistance"),
    "alarm": ("alarm",),
    "attributes": ("attributes",),
    "track": ("track", "track_id", "trackid", "name_id", "segment", "trip", "trip_id"),
}  # fmt: skip
# Ours: when it arrived there says nothing here. Traccar's: its own numbers.
DROPPED = {"received", "id", "deviceid", "servertime", "devicetime"}
NUMBERS = ("latitude", "longitude", "altitude", "speed", "heading", "accuracy", "battery", "odometer")
_SPEED_UNITS = (
    (re.compile(r"km[\s_/]*h|kph|kmh"), "km/h"),
    (re.compile(r"mph|mi[\s_/]*h"), "mph"),
    (re.compile(r"knots?|kn\b|kts?\b"), "knots"),
    (re.compile(r"m[\s_/]*s\b|mps|m\.s"), "m/s"),
)
_UNIT = re.compile(r"\s*[\[(,].*|_(kmh|kph|mph|mps|knots|kts|ms|m|deg|pct|percent)$")
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Raw(Struct, frozen=True):
    """A position of a file. `where`: its line, or its number among the file's positions.

    `item` is a position of the protocol, but for `time`, which is as the file writes it, or missing.
    """

    where: int
    item: Item
    track: str = ""


class Bad(Struct, frozen=True):
    """What is no position, and why, in words."""

    where: int
    reason: str
    content: str = ""


class Unreadable(Exception):
    """The file is none of those that can be read, or broken; the message says where."""


class Source(Struct):
    """A file that was understood. `columns`: (its name for a field, ours); a unit is of its speeds."""

    kind: str
    rows: Iterator[Raw | Bad]
    columns: list[tuple[str, str]] = []
    speed_unit: str = ""
    ask_unit: bool = False
    utc: bool = False
    """Its times without a zone are UTC: a column says so."""


class Names:
    """The columns of a table, or the keys of its objects, under our names."""

    def __init__(self, names: Iterable[str], *, speed_unit: str = "", known: str = "") -> None:
        """`known`: the unit of this kind of file; `speed_unit`: what somebody chose."""
        self.names = list(names)
        plain = {name: _plain(name) for name in self.names}
        self.fields: dict[str, str] = {}
        for field, aliases in COLUMNS.items():
            for alias in aliases:
                found = next((name for name, word in plain.items() if word == alias), None)
                if found is not None and found not in self.fields:
                    self.fields[found] = field
                    break
        speed = next((name for name, field in self.fields.items() if field == "speed"), None)
        said = known or (_unit_of(speed) if speed else "")
        self.speed_unit = speed_unit or said or ("m/s" if speed else "")
        self.ask_unit = bool(speed) and not said
        self._factor = UNITS.get(self.speed_unit, 1.0)
        time = next((name for name, field in self.fields.items() if field == "time"), "")
        self.utc = "utc" in plain.get(time, "")
        # A column for the day and one for the clock.
        self._date = next((name for name, word in plain.items() if word == "date" and name != time), None)
        self._dropped = {name for name, word in plain.items() if word in DROPPED}

    @property
    def missing(self) -> list[str]:
        found = set(self.fields.values())
        return [name for name in ("time", "latitude", "longitude") if name not in found]

    def item(self, values: Mapping[str, Any]) -> tuple[Item, str]:
        """A position, and the track it is of. Values that are no numbers stay: the decoder names them."""
        item: Item = {}
        extra: Item = {}
        track = ""
        for name, value in values.items():
            if value is None or value == "":
                continue
            field = self.fields.get(name)
            if field == "track":
                track = str(value)
            elif field is not None:
                item[field] = value
            elif name and name not in self._dropped:
                extra[name] = _small(value)
        if self._date in extra and isinstance(item.get("time"), str) and ":" in item["time"][:3]:
            item["time"] = f"{values[self._date]} {item['time']}"
            del extra[self._date]
        self._convert(item, extra)
        return item, track

    def _convert(self, item: Item, extra: Item) -> None:
        for field in NUMBERS:
            if field in item:
                item[field] = numeric(item[field])
        if "speed" in item and self._factor != 1.0:
            item["speed"] = scaled(item["speed"], self._factor)
        if "ignition" in item:
            item["ignition"] = boolean(item["ignition"])
        if "alarm" in item:
            item["alarm"] = _alarm(item["alarm"])
        told = item.pop("attributes", None)
        if isinstance(told, str):
            told = _object(told)
        kept = {**extra, **(told or {})} if isinstance(told, dict | None) else {**extra, "attributes": told}
        if kept:
            item["attributes"] = kept


def _plain(name: str) -> str:
    return _UNIT.sub("", name.strip().lower())


def _unit_of(name: str) -> str:
    rest = name.lower()
    rest = rest[rest.find("speed") + 5 :] if "speed" in rest else rest
    return next((unit for form, unit in _SPEED_UNITS if form.search(rest)), "")


def _small(value: Any) -> Any:
    return numeric(value) if isinstance(value, str) else value


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _alarm(value: Any) -> Any:
    """The word, without the apostrophe that keeps a spreadsheet from running it."""
    if not isinstance(value, str):
        return value
    if value.startswith("'") and value[1:].lstrip().startswith(_RUN):
        return value[1:]
    return alarms(value)[0]
