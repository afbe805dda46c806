"""GPX and KML as streams. Whoever declares an entity is refused before it can expand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from xml.parsers import expat

from tracking.history.imports.raw import Bad, Item, Raw, Source, Unreadable
from tracking.ingest.clients.report import numeric

CHUNK = 256 * 1024
MAX_TEXT = 10_000
POINT = {"ele": "altitude", "time": "time", "speed": "speed", "course": "heading"}


class Handler(Protocol):
    """Collects in `found` what has been read since it was taken."""

    found: list[Raw | Bad]
    text: str

    def start(self, name: str, attributes: dict[str, str], line: int) -> None: ...
    def end(self, name: str, line: int) -> None: ...


def gpx(path: Path) -> Source:
    columns = [("trkpt lat, lon", "latitude, longitude"), *POINT.items()]
    return Source(kind="GPX", rows=_stream(path, Gpx()), columns=columns, speed_unit="m/s")


def kml(path: Path) -> Source:
    columns = [
        ("when", "time"),
        ("gx:coord", "longitude, latitude, altitude"),
        ("TimeStamp, Point", "time, place"),
    ]
    return Source(kind="KML", rows=_stream(path, Kml()), columns=columns, speed_unit="m/s")


def _stream(path: Path, handler: Handler) -> Iterator[Raw | Bad]:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = _refuse_entity

    def start(name: str, attributes: dict[str, str]) -> None:
        handler.text = ""
        handler.start(_local(name), attributes, parser.CurrentLineNumber)

    def characters(text: str) -> None:
        if len(handler.text) < MAX_TEXT:
            handler.text += text

    def end(name: str) -> None:
        handler.end(_local(name), parser.CurrentLineNumber)
        handler.text = ""

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                raise Unreadable(f"not XML: {error}") from error
            yield from handler.found
            handler.found = []
            if not chunk:
                return


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_entity(name: str, *_: Any) -> None:
    raise Unreadable(f"declares an entity ({name}): no track needs one")


class Gpx:
    """Points of tracks; `1.2` is the second segment of the first track."""

    def __init__(self) -> None:
        self.found: list[Raw | Bad] = []
        self.text = ""
        self._track = self._segment = self._line = 0
        self._point: Item | None = None

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        match name:
            case "trk":
                self._track, self._segment = self._track + 1, 0
            case "trkseg":
                self._segment += 1
            case "trkpt":
                places = {"lat": "latitude", "lon": "longitude"}
                self._point = {to: numeric(attributes[of]) for of, to in places.items() if of in attributes}
                self._line = line

    def end(self, name: str, line: int) -> None:
        if self._point is None:
            return
        if name == "trkpt":
            self.found.append(Raw(self._line, self._point, f"{self._track}.{self._segment}"))
            self._point = None
        elif (field := POINT.get(name)) and (text := self.text.strip()):
            self._point[field] = text if field == "time" else numeric(text)


class Kml:
    """Tracks of `gx:Track`, and points with a time of their own."""

    def __init__(self) -> None:
        self.found: list[Raw | Bad] = []
        self.text = ""
        self._tracks = 0
        self._placemark: Item | None = None
        self._whens: list[str] | None = None
        self._places: list[tuple[int, str]] = []
        self._columns: dict[str, list[str]] = {}
        self._column = ""

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        match name:
            case "Track":
                self._tracks += 1
                self._whens, self._places, self._columns = [], [], {}
            case "SimpleArrayData":
                self._column = attributes.get("name", "")
                self._columns[self._column] = []
            case "Placemark":
                self._placemark = {}

    def end(self, name: str, line: int) -> None:
        text = self.text.strip()
        match name:
            case "when" if self._whens is not None:
                self._whens.append(text)
            case "when" if self._placemark is not None:
                self._placemark["time"] = text
            case "coord":
                self._places.append((line, text))
            case "value" if self._column in self._columns:
                self._columns[self._column].append(text)
            case "SimpleArrayData":
                self._column = ""
            case "coordinates" if self._placemark is not None:
                self._placemark["place"] = text
            case "LineString":
                self.found.append(Bad(line, "a line without times: when was it driven?"))
                self._placemark = None
            case "Track":
                self._track()
            case "Placemark":
                self._point(line)

    def _track(self) -> None:
        whens = self._whens or []
        self._whens = None
        for index, (line, text) in enumerate(self._places):
            item = _place(text.split())
            if index < len(whens):
                item["time"] = whens[index]
            for field in ("speed", "heading"):
                values = self._columns.get(field, [])
                if index < len(values) and values[index]:
                    item[field] = numeric(values[index])
            self.found.append(Raw(line, item, str(self._tracks)))

    def _point(self, line: int) -> None:
        found, self._placemark = self._placemark, None
        if found and "time" in found and "place" in found:
            self.found.append(Raw(line, {"time": found["time"], **_place(found["place"].split(","))}))


def _place(parts: list[str]) -> Item:
    return dict(zip(("longitude", "latitude", "altitude"), map(numeric, parts), strict=False))
