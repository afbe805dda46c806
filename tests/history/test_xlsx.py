"""XLSX read back by openpyxl, and compared fix by fix."""

import re
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from tests.history.rows import T0, VAN, drive, row
from tests.history.test_exports import ATTRIBUTES, FULL, NASTY, generated
from tracking.fixes import EPOCH
from tracking.history.exports import xlsx
from tracking.history.exports.text import About, Track, iso
from tracking.history.tracks import Row

BERLIN = ZoneInfo("Europe/Berlin")


def written(path: Path, *rows: list[Row], about: About = VAN, zone: ZoneInfo = BERLIN) -> Path:
    file = path / "tracks.xlsx"
    found = [Track(number, about, [part] if part else []) for number, part in enumerate(rows, start=1)]
    xlsx.write(file, found, zone=zone, head=[("vehicles", about.name)])
    return file


def sheets(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(file, read_only=True)
    return {sheet.title: [tuple(line) for line in sheet.iter_rows(values_only=True)] for sheet in book}


def fixes(file: Path, name: str = "Van 7") -> list[tuple[Any, ...]]:
    """Rows of one sheet as the database would return them; the local time is checked on the way."""
    head, *lines = sheets(file)[name]
    assert head == xlsx.COLUMNS
    found = []
    for line in lines:
        cells: list[Any] = [*line, *[None] * (len(head) - len(line))]
        local, utc, *numbers = cells
        moment = datetime.fromisoformat(utc)
        assert abs(local - moment.astimezone(BERLIN).replace(tzinfo=None)) < timedelta(microseconds=10)
        received = round(datetime.fromisoformat(numbers[10]).timestamp() * 1000)
        found.append((round(moment.timestamp() * 1000), *numbers[:10], received, numbers[11]))
    return found


def to_15_digits(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [tuple(float(f"{v:.15g}") if isinstance(v, float) else v for v in found[:13]) for found in rows]


def at(*when: int, zone: Any = UTC, fold: int = 0) -> int:
    return round(datetime(*when, tzinfo=zone, fold=fold).timestamp() * 1000)  # type: ignore[arg-type,misc]


CASES = {
    "none": [],
    "one": [row(**FULL)],
    "everything": [
        row(**FULL, accuracy=4.0, battery=87.0, ignition=1, odometer=182345.2, alarm="sos 🚚",
            attributes=ATTRIBUTES)
    ],
    "unknown": [row(), row(T0 + 1000, ignition=False), row(T0 + 2000, altitude=0.0)],
    "poles and the antimeridian": [row(T0, 90.0, 180.0), row(T0 + 1, -90.0, -179.9999999)],
    "clocks that go back": [
        row(at(2025, 10, 26, 2, 30, zone=BERLIN)), row(at(2025, 10, 26, 2, 30, zone=BERLIN, fold=1))
    ],
    "clocks that go forward": [
        row(at(2025, 3, 30, 1, 59, 59, zone=BERLIN)), row(at(2025, 3, 30, 3, zone=BERLIN))
    ],
    "1970 and a leap day": [row(0), row(at(2024, 2, 29, 12))],
}  # fmt: skip


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES)
def test_fixes_come_back_as_they_were(rows: list[Row], tmp_path: Path) -> None:
    assert to_15_digits(fixes(written(tmp_path, rows))) == to_15_digits(rows)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "{=1}", "http://example.org", "12", "_x0041_", " a ",
     "<r><t>x</t></r>", "'quoted", "&<>\"'"],
)  # fmt: skip
def test_no_text_is_a_formula_a_link_or_a_number(text: str, tmp_path: Path) -> None:
    file = written(tmp_path, [row(alarm=text)])
    cell = openpyxl.load_workbook(file)["Van 7"].cell(2, 12)
    assert (cell.data_type, unescape(cell.value).removesuffix(" ")) == ("s", text.removesuffix(" "))
    assert cell.hyperlink is None
    content = zipfile.ZipFile(file).read("xl/worksheets/sheet2.xml").decode()
    assert "<f>" not in content


def test_names_of_vehicles_become_names_that_sheets_may_have(tmp_path: Path) -> None:
    names = xlsx.Names({"export"})
    given = ["Van 7", "van 7", "Export", "History", "a/b:c*d?[e]\\f", "'q'", "", "🚚" * 20, "🚚" * 20]
    made = [names.new(name) for name in given]
    assert made[:6] == ["Van 7", "van 7 (2)", "Export (2)", "History (2)", "a b c d  e  f", "q"]
    assert len({name.lower() for name in made}) == len(made)
    assert all(0 < len(name.encode("utf-16-le")) <= 62 for name in made)
    file = written(tmp_path, [row()], [], about=NASTY)
    assert [len(lines) for lines in sheets(file).values()] == [1, 2, 1]


def test_a_full_sheet_goes_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 11)  # the head is one of them
    rows = drive(25)
    file = written(tmp_path, rows)
    read = [fixes(file, name) for name in ("Van 7", "Van 7 (2)", "Van 7 (3)")]
    assert [len(part) for part in read] == [10, 10, 5]
    assert [fix[0] for part in read for fix in part] == [found[0] for found in rows]


def test_the_first_sheet_says_what_it_is(tmp_path: Path) -> None:
    assert sheets(written(tmp_path, [], about=NASTY))["Export"][0][0] == "vehicles"


def test_times_are_exact_to_the_millisecond(tmp_path: Path) -> None:
    found = fixes(written(tmp_path, [row(T0 + 123), row(T0 + 999)]))
    assert [fix[0] for fix in found] == [T0 + 123, T0 + 999]
    assert xlsx.local(T0 + 123, BERLIN) == datetime(2025, 11, 23, 9, 0, 0, 123_000)  # noqa: DTZ001
    assert re.fullmatch(r"2025-11-23T08:00:00\.123Z", iso(T0 + 123))
    assert (EPOCH + timedelta(milliseconds=T0)).year == 2025


def test_memory_is_flat_and_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            track = Track(1, VAN, generated(count))
            xlsx.write(tmp_path / "t.xlsx", [track], zone=BERLIN, head=[])
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(5_000)
    assert peak(30_000) < few + 2_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["t.xlsx"]


def test_giving_up_leaves_nothing_and_writes_nothing_out(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def broken() -> Any:
        yield from islice(generated(100_000), 2)
        raise Enough

    with pytest.raises(Enough):
        xlsx.write(tmp_path / "t.xlsx", [Track(1, VAN, broken())], zone=BERLIN, head=[])
    assert list(tmp_path.iterdir()) == []
