"""CSV: ours, Traccar's, OwnTracks' and any other whose first line names its columns."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from tracking.history.imports.raw import Bad, Names, Raw, Source, Unreadable

TRACCAR = {"deviceid", "protocol", "fixtime"}
HEAD_CHARS = 4096


def read(path: Path, speed_unit: str = "") -> Source:
    """Unreadable when the first line does not name time, latitude and longitude."""
    with _open(path) as file:
        start = file.read(HEAD_CHARS).partition("\n")[0]
        delimiter = max(",;\t|", key=start.count)
        file.seek(0)
        try:
            head = [name.strip() for name in next(csv.reader(file, delimiter=delimiter), [])]
        except csv.Error as error:
            raise Unreadable(f"line 1: {error}") from error
    traccar = {name.lower() for name in head} >= TRACCAR
    names = Names(head, speed_unit=speed_unit, known="knots" if traccar else "")
    if names.missing:
        among = ", ".join(head)[:200] or "nothing"
        raise Unreadable(f"line 1: no column for {', '.join(names.missing)} among {among}")
    return Source(
        kind="CSV (Traccar)" if traccar else "CSV",
        rows=_rows(path, delimiter, names, traccar=traccar),
        columns=[(name, names.fields.get(name, "")) for name in head],
        speed_unit=names.speed_unit,
        ask_unit=names.ask_unit,
        utc=names.utc,
    )


def encoding(head: bytes) -> str:
    """By the byte order mark: spreadsheets also save UTF-16."""
    return "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _open(path: Path) -> TextIO:
    with path.open("rb") as file:
        head = file.read(2)
    return path.open(newline="", encoding=encoding(head), errors="replace")


def _rows(path: Path, delimiter: str, names: Names, *, traccar: bool) -> Iterator[Raw | Bad]:
    with _open(path) as file:
        rows = csv.reader(file, delimiter=delimiter)
        next(rows)
        while True:
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Bad(rows.line_num, str(error))
                continue
            if any(cell.strip() for cell in cells):
                yield _row(rows.line_num, cells, names, traccar=traccar)


def _row(line: int, cells: list[str], names: Names, *, traccar: bool) -> Raw | Bad:
    count = len(names.names)
    if len(cells) > count:
        if not traccar:
            return Bad(line, f"{len(cells)} cells, but {count} columns", ",".join(cells))
        # Traccar writes no quotes: an address with commas moves what comes after it.
        cells = cells[: names.names.index("address")] if "address" in names.names else cells[:count]
    values: dict[str, Any] = dict(zip(names.names, (cell.strip() for cell in cells), strict=False))
    item, track = names.item(values)
    return Raw(line, item, track)
