"""Vehicles as CSV: what a spreadsheet saves becomes vehicles, and the other way round."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dashboard.forms.drivers import phone_validator
from dashboard.forms.fields import tags_in, uid_validator
from tracking import vehicles
from tracking.history.exports.csv import harmless, quoted
from tracking.models import Device, Driver, Fleet, Vehicle

# What spreadsheets save a CSV file in, that is no Unicode, by the language of their user.
OLD_ENCODINGS = {"zh-hans": "gb18030"}
COLUMNS = ("name", "plate", "tags", "driver", "phone", "device")
LENGTHS = {"name": 100, "plate": 20, "tags": 400, "driver": 100, "phone": 40, "device": vehicles.MAX_UID}
MAX_ROWS = 10_000
MAX_BYTES = 4 * 1024 * 1024
IDS = 900  # what SQLite takes in one statement
EXAMPLE = (
    "name,plate,tags,driver,phone,device\r\n"
    'Van 412,AB-123-C,"cooled, night",Anna Larsen,+45 12 34 56 78,\r\n'
    "Van 413,AB-124-C,,,,357544374597827\r\n"
)


class Unreadable(Exception):
    """The file as a whole cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file as read: its number, its cells by column, and what is wrong with it."""

    number: int
    cells: Mapping[str, str]
    tags: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def vehicle(self) -> vehicles.New:
        cells = self.cells
        return vehicles.New(
            name=cells["name"],
            plate=cells["plate"],
            tags=self.tags,
            driver=cells["driver"],
            phone=cells["phone"],
            uid=cells["device"],
        )


# --- reading ---------------------------------------------------------------------------------


def decode(content: bytes) -> str:
    """The text of a file as spreadsheets save it: UTF-8, UTF-16 with a mark, else an old encoding."""
    if len(content) > MAX_BYTES:
        raise Unreadable(_("The file is larger than %(most)d MB.") % {"most": MAX_BYTES // 1024 // 1024})
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in (
        ("utf-16",) if marked else ("utf-8-sig", OLD_ENCODINGS.get(get_language() or "", "cp1252"))
    ):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(_("This is no text. Save the table as CSV."))


def read(text: str, fleet: Fleet) -> list[Line]:
    """The lines of a CSV text with their errors, judged by what the fleet has. Raise Unreadable."""
    lines = [_line(number, cells) for number, cells in _cells(text.removeprefix("\ufeff"))]
    _twice(lines)
    _known(lines, fleet)
    return lines


def _cells(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line that is not empty: its number in the file, and its cells by column."""
    if "\0" in text:
        raise Unreadable(_("This is no text. Save the table as CSV."))
    head = text.partition("\n")[0]
    # Spreadsheets of half the world separate by semicolons.
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        _check_head(names)
        found = 0
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            found += 1
            if found > MAX_ROWS:
                raise Unreadable(_("More than %(most)d vehicles: split the file.") % {"most": MAX_ROWS})
            if len(cells) > len(names):
                raise Unreadable(
                    _("Line %(line)d has more cells than the first line.") % {"line": reader.line_num}
                )
            named = dict(zip(names, map(_plain, cells), strict=False))
            yield reader.line_num, {column: named.get(column, "") for column in COLUMNS}
    except csv.Error as error:
        raise Unreadable(
            _("Line %(line)d: %(error)s.") % {"line": reader.line_num, "error": error}
        ) from error


def _check_head(names: list[str]) -> None:
    if "name" not in names:
        raise Unreadable(
            _("The first line must name the columns, “name” at least: %(columns)s.")
            % {"columns": ", ".join(COLUMNS)}
        )
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or len(set(names)) < len(names):
        raise Unreadable(
            _("The first line names columns that are not known, or one twice. Known are: %(columns)s.")
            % {"columns": ", ".join(COLUMNS)}
        )


def _plain(cell: str) -> str:
    """A cell without space around it, and without the apostrophe that keeps a spreadsheet from running it."""
    cell = " ".join(cell.split())
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell


def _line(number: int, cells: dict[str, str]) -> Line:
    line = Line(number, cells)
    if not cells["name"]:
        line.errors.append(_("no name"))
    for column, most in LENGTHS.items():
        if len(cells[column]) > most:
            line.errors.append(
                _("%(column)s: longer than %(most)d characters") % {"column": column, "most": most}
            )
    for column, check in (("tags", tags_in), ("device", uid_validator), ("phone", phone_validator)):
        try:
            found = check(cells[column]) if cells[column] else None
        except ValidationError as error:
            line.errors.append(f"{column}: {' '.join(error.messages)}")
        else:
            line.tags.extend(found or [])
    if cells["phone"] and not cells["driver"]:
        line.errors.append(_("a phone without a driver"))
    return line


def _twice(lines: Iterable[Line]) -> None:
    """What may stand in one line only: a device is in one vehicle, a driver drives one."""
    for column, words in (
        ("device", _("device id as in line %(line)d")),
        ("driver", _("driver as in line %(line)d: one drives one vehicle at a time")),
    ):
        first: dict[str, int] = {}
        for line in lines:
            value = line.cells[column]
            if value and first.setdefault(value, line.number) != line.number:
                line.errors.append(words % {"line": first[value]})


def _known(lines: list[Line], fleet: Fleet) -> None:
    """What is there already. Whose a taken device id is, is not told: it may be another fleet's."""
    uids = [line.cells["device"] for line in lines if line.cells["device"]]
    taken: set[str] = set()
    for start in range(0, len(uids), IDS):
        taken.update(Device.objects.filter(uid__in=uids[start : start + IDS]).values_list("uid", flat=True))
    driving = dict(
        Vehicle.objects.filter(fleet=fleet).exclude(driver=None).values_list("driver__name", "name")
    )
    people = set(Driver.objects.filter(fleet=fleet).values_list("name", flat=True))
    for line in lines:
        if line.cells["device"] in taken:
            line.errors.append(_("this device id is taken"))
        driver = line.cells["driver"]
        if driver in driving:
            line.errors.append(_("this driver drives %(vehicle)s now") % {"vehicle": driving[driver]})
        elif driver in people and line.cells["phone"]:
            line.errors.append(_("this driver is known: leave the phone empty"))


# --- writing ---------------------------------------------------------------------------------


def write(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Rows by COLUMNS as CSV (RFC 4180); a cell that a spreadsheet would run is made harmless."""
    yield ",".join(COLUMNS) + "\r\n"
    for row in rows:
        yield ",".join(quoted(harmless(str(row[column]))) for column in COLUMNS) + "\r\n"
