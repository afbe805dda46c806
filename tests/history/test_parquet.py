"""GeoParquet read back by pyarrow and shapely, and compared fix by fix."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings

from tests.history.rows import T0, VAN, drive, row
from tests.history.test_exports import ATTRIBUTES, FULL, NASTY, drawn, generated, tracks
from tracking.history.exports import parquet
from tracking.history.exports.text import About, Track
from tracking.history.tracks import FIELDS, Row

TRUCK = About(uid="truck-1", name="Truck 1", fleet="south")


def written(path: Path, *rows: list[Row], about: About = VAN, page: int = 3) -> Path:
    """The tracks of vehicles 1, 2, … in pages."""
    parts = [[part[i : i + page] for i in range(0, len(part), page)] for part in rows]
    file = path / "tracks.parquet"
    parquet.write(file, [Track(number, about, pages) for number, pages in enumerate(parts, start=1)])
    return file


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def fixes(file: Path) -> list[tuple[Any, ...]]:
    """FIELDS of each row, as the database would return them."""
    found = pq.read_table(file).to_pylist()
    for known in found:
        point = shapely.from_wkb(known["geometry"])
        assert (point.x, point.y) == (known["longitude"], known["latitude"])
        assert not point.has_z
    return [
        (
            ms(known["time"]),
            *(known[name] for name in FIELDS[1:11]),
            ms(known["received"]),
            known["attributes"],
        )
        for known in found
    ]


def geo(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(pq.read_metadata(file).metadata[b"geo"])
    return content


CASES = {
    "one": [row(**FULL)],
    "everything": [
        row(**FULL, accuracy=4.0, battery=87.0, ignition=1, odometer=182345.2, alarm="=sos 🚚",
            attributes=ATTRIBUTES)
    ],
    "unknown": [row(), row(T0 + 1000, ignition=False), row(T0 + 2000, altitude=0.0)],
    "poles": [row(T0, 90.0, 0.0), row(T0 + 1000, -90.0, -180.0), row(T0 + 2000, -0.0, 180.0)],
    "two devices at a time": [row(T0, device=1), row(T0, device=2)],
    "around 1970 and a leap day": [row(-1), row(0), row(ms(datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)))],
}  # fmt: skip


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES)
def test_fixes_come_back_as_they_were(rows: list[Row], tmp_path: Path) -> None:
    assert fixes(written(tmp_path, rows)) == [found[:13] for found in rows]


@given(tracks)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_track_comes_back(tmp_path: Path, steps: list[tuple[Any, ...]]) -> None:
    rows = drawn(steps)
    assert fixes(written(tmp_path, rows)) == [found[:13] for found in rows]


def test_the_metadata_are_those_of_geoparquet_1_1(tmp_path: Path) -> None:
    rows = [row(T0, -10.5, 179.0), row(T0 + 1, 57.7, -179.0), row(T0 + 2, 0.5, 11.0)]
    assert geo(written(tmp_path, rows, page=1)) == {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": ["Point"],
                "bbox": [-179.0, -10.5, 179.0, 57.7],
            }
        },
    }


def test_no_fixes_are_a_whole_file_without_any(tmp_path: Path) -> None:
    file = written(tmp_path, [])
    assert fixes(file) == []
    assert geo(file)["columns"]["geometry"] == {"encoding": "WKB", "geometry_types": []}


def test_each_row_says_whose_it_is(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    both = [(7, NASTY, drive(4)), (9, TRUCK, drive(3))]
    parquet.write(file, [Track(number, about, [rows[:2], rows[2:]]) for number, about, rows in both])
    found = pq.read_table(file).select(["vehicle", "uid", "name", "fleet"]).to_pylist()
    expected = [
        {"vehicle": number, "uid": about.uid, "name": about.name, "fleet": about.fleet}
        for number, about, rows in both
        for _ in rows
    ]
    assert found == expected


def test_rows_go_out_in_groups_and_memory_stays_flat(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            parquet.write(tmp_path / "t.parquet", [Track(1, VAN, counted(count))])
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    read: list[int] = []

    def counted(count: int) -> Iterator[list[Row]]:
        for page in generated(count):
            read.append(len(page))
            yield page

    few = peak(70_000)
    assert peak(300_000) < few + 4_000_000  # kept rows would be 60 MB
    found = pq.read_metadata(tmp_path / "t.parquet")
    assert found.num_rows == 300_000
    assert {found.row_group(i).num_rows for i in range(found.num_row_groups)} == {70_000, 20_000}


def test_the_web_processes_do_not_load_what_writes_files() -> None:
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'fleet.settings'; django.setup();"
        "import fleet.asgi, dashboard.urls, dashboard.tasks, tracking.tasks;"
        "print({'pyarrow', 'xlsxwriter', 'ijson'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
