"""CSV by RFC 4180, UTF-8 without a byte order mark."""

import csv
import io
from collections.abc import Iterable, Iterator

from tracking.history.exports.text import About, iso
from tracking.history.tracks import FIELDS, Row

# What makes a spreadsheet run a cell; the wide forms count in Excel too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_IGNITION = {None: None, 0: "false", 1: "true"}


def write(pages: Iterable[list[Row]], about: About) -> Iterator[bytes]:
    """A head of FIELDS, then a line a fix. `attributes` is JSON; unknown is empty."""
    yield _lines([FIELDS])
    for page in pages:
        yield _lines(map(_cells, page))


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


def _cells(row: Row) -> tuple[object, ...]:
    return (
        iso(row[0]),
        *row[1:8],
        _IGNITION[row[8]],
        row[9],
        None if row[10] is None else harmless(row[10]),
        iso(row[11]),
        # A spreadsheet whose separator is the semicolon would start a cell at each.
        None if row[12] is None else row[12].replace(";", "\\u003b"),
    )


def harmless(text: str) -> str:
    """Text that a spreadsheet would run gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
