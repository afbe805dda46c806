"""Which kind of file it is, by its content."""

import re
from pathlib import Path

from tracking.history.imports import objects, table, xml
from tracking.history.imports.raw import Source, Unreadable

HEAD_BYTES = 4096
_REC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\t\S")
_ROOT = re.compile(r"<(?:\w+:)?(gpx|kml)\b", re.IGNORECASE)


def read(path: Path, *, speed_unit: str = "") -> Source:
    """The positions of a file. Unreadable when it is none that is known; `rows` may raise it too."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip():
        raise Unreadable("the file is empty")
    if head.startswith(b"PK"):
        raise Unreadable("a ZIP, KMZ or XLSX file: unpack it first, or save it as CSV")
    text = head.decode(table.encoding(head), "replace").lstrip()
    if text.startswith("<"):
        root = _ROOT.search(text)
        if root is None:
            raise Unreadable("neither GPX nor KML")
        return xml.gpx(path) if root[1].lower() == "gpx" else xml.kml(path)
    if text.startswith(("{", "[")):
        return objects.read(path)
    if _REC.match(text):
        return objects.records(path)
    return table.read(path, speed_unit)
