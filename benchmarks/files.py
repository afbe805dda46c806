"""What a file made in the background costs: rows a second, CPU a row, size and memory of each kind, beside
only reading the rows, and openpyxl and pyarrow as they are used by hand.

    python -m benchmarks.files [--rows 1000000] [--json]

Uses the database of the settings (DATABASE_URL, else SQLite in DATA): it adds VEHICLES vehicles with
that many positions together, under ids nobody has, and takes them away at the end. Each kind has a process
of its own.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.core.management import call_command

from benchmarks import stored
from tracking.history.exports.text import About
from tracking.history.tracks import FIELDS

VEHICLES = 20
BESIDE_VEHICLES = 4  # they hold everything in memory


def written(format: str, path: Path) -> int:
    from tracking.history.exports import files

    names = [About(uid=f"bench-{number}", name=f"Van {number}", fleet="bench") for number in range(VEHICLES)]
    subjects = [files.Subject(stored.VEHICLE + number, about) for number, about in enumerate(names)]
    order = files.Order(subjects, [format], stored.START, stored.END, "UTC", "bench", "Fleetline")
    return int(files.write(path, order, made="", advance=lambda _: None)["fixes"])


def read(path: Path) -> int:
    path.touch()
    return sum(map(len, stored.pages(VEHICLES)))


def openpyxl_sheet(path: Path) -> int:
    """Values as they are in the database, in one sheet, by openpyxl's quickest way."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    rows = 0
    for page in stored.pages(BESIDE_VEHICLES):
        for row in page:
            sheet.append(row)
        rows += len(page)
    book.save(path)
    return rows


def pyarrow_whole(path: Path) -> int:
    """All rows as one table in memory."""
    import pyarrow
    from pyarrow import parquet

    rows = [row for page in stored.pages(BESIDE_VEHICLES) for row in page]
    columns = zip((*FIELDS, "device"), zip(*rows, strict=True), strict=True)
    parquet.write_table(pyarrow.table({name: list(column) for name, column in columns}), path)
    return len(rows)


KINDS: dict[str, Callable[[Path], int]] = {
    "read": read,
    "parquet": partial(written, "parquet"),
    "xlsx": partial(written, "xlsx"),
    "zip of csv": partial(written, "csv"),
    "zip of gpx": partial(written, "gpx"),
    "pyarrow": pyarrow_whole,
    "openpyxl": openpyxl_sheet,
}


def one(kind: str) -> dict[str, float]:
    """Write one file; what it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        result = stored.spent(lambda: KINDS[kind](path))
        return {**result, "bytes": path.stat().st_size / result["rows"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    parser.add_argument("--one", choices=KINDS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return print(json.dumps(one(options.one)))
    call_command("migrate", verbosity=0)
    stored.fill(options.rows, VEHICLES)
    try:
        found = stored.each_alone("benchmarks.files", KINDS, options.rows)
    finally:
        stored.remove(VEHICLES)
    return print(json.dumps(found)) if options.json else stored.show(found)


if __name__ == "__main__":
    main()
