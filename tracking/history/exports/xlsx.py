"""XLSX: a sheet a vehicle, more where a sheet is full; rows go to disk as they come.

Every text is written as text, so no cell is ever run as a formula. Excel keeps 15 digits of a number,
and its times have no zone: `time` is on the clocks of the zone that the first sheet names, and
`time UTC` says the same moment beyond doubt.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from tracking.fixes import EPOCH
from tracking.history.exports.text import NOT_XML, About, Track, iso
from tracking.history.tracks import Row

SHEET_ROWS = 1_048_576
CELL_CHARS = 32_767
NAME_CHARS = 31
COLUMNS = (
    "time", "time UTC", "latitude", "longitude", "altitude, m", "speed, m/s", "heading, °", "accuracy, m",
    "battery, %", "ignition", "odometer, m", "alarm", "received UTC", "attributes",
)  # fmt: skip
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss.000"
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def write(path: Path, tracks: Iterable[Track], *, zone: ZoneInfo, head: Iterable[tuple[str, str]]) -> None:
    """Write a sheet `Export` of `head` (what, value), then the tracks. OSError when there is no room."""
    with _book(path) as book:
        _cover(book, head)
        names = Names({"export"})
        for track in tracks:
            _track(book, names, track.about, track.pages, zone)


@contextmanager
def _book(path: Path) -> Iterator[Any]:
    """A workbook whose rows wait in a folder beside it, which goes away whatever happens."""
    with TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.rows-") as folder:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_date_format": TIME_FORMAT,
        }
        book = xlsxwriter.Workbook(str(path), options)
        book.use_zip64()
        try:
            yield book
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise error.args[0] from error  # the OSError that it hides
        finally:
            book.fileclosed = True  # given up: it must not write everything out when it is collected
            for sheet in book.worksheets():
                sheet._opt_close()


def _cover(book: Any, head: Iterable[tuple[str, str]]) -> None:
    sheet = book.add_worksheet("Export")
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 60)
    bold = book.add_format({"bold": True})
    for number, (what, value) in enumerate(head):
        sheet.write_string(number, 0, what, bold)
        sheet.write_string(number, 1, _text(value))


def _track(book: Any, names: "Names", about: About, pages: Iterable[list[Row]], zone: ZoneInfo) -> None:
    sheet, at = _sheet(book, names.new(about.name)), 1
    for page in pages:
        for row in page:
            if at == SHEET_ROWS:
                sheet, at = _sheet(book, names.new(about.name)), 1
            _row(sheet, at, row, zone)
            at += 1


def _sheet(book: Any, name: str) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 1, 23)
    sheet.set_column(2, 3, 12)
    sheet.set_column(12, 12, 23)
    bold = book.add_format({"bold": True})
    for number, title in enumerate(COLUMNS):
        sheet.write_string(0, number, title, bold)
    return sheet


def _row(sheet: Any, at: int, row: Row, zone: ZoneInfo) -> None:
    sheet.write_datetime(at, 0, local(row[0], zone))
    sheet.write_string(at, 1, iso(row[0]))
    for column, value in zip(range(2, 9), row[1:8], strict=True):
        if value is not None:
            sheet.write_number(at, column, value)
    if row[8] is not None:
        sheet.write_boolean(at, 9, bool(row[8]))
    if row[9] is not None:
        sheet.write_number(at, 10, row[9])
    if row[10] is not None:
        sheet.write_string(at, 11, _text(row[10]))
    sheet.write_string(at, 12, iso(row[11]))
    if row[12] is not None:
        sheet.write_string(at, 13, _text(row[12]))


def _text(text: str) -> str:
    """The text as a cell takes it. The library would write one that looks like its own tags as tags."""
    text = NOT_XML.sub("", text)[:CELL_CHARS]
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def local(ms: int, zone: ZoneInfo) -> datetime:
    """What the clocks of the zone show, without it."""
    return (EPOCH + timedelta(milliseconds=ms)).astimezone(zone).replace(tzinfo=None)


class Names:
    """Names that Excel takes for sheets: 31 characters, none of []:*?/\\, none twice, none `History`."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = {*taken, "history"}

    def new(self, name: str) -> str:
        plain = _NOT_IN_NAMES.sub(" ", NOT_XML.sub("", name)).strip(" '") or "Vehicle"
        number = 1
        while True:
            tail = f" ({number})" if number > 1 else ""
            found = _cut(plain, NAME_CHARS - len(tail)) + tail
            if found.lower() not in self._taken:
                self._taken.add(found.lower())
                return found
            number += 1


def _cut(text: str, units: int) -> str:
    """Excel counts UTF-16 units."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore").rstrip(" '")
