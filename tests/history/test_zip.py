"""Files of several vehicles and formats: opened by programs that are not ours, with their manifest."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fastkml
import pyarrow.parquet as pq
import pytest

from tests.history.rows import T0, drive, row
from tests.history.test_exports import FULL, from_csv, from_geojson, from_gpx, from_kml, motion
from tests.history.test_xlsx import sheets
from tracking.history.exports import export, files
from tracking.history.exports.text import About
from tracking.history.tracks import Row

pytestmark = pytest.mark.django_db
HOUR = 3_600_000
VAN, TRUCK = About(uid="van/7", name="Van 7", fleet="north"), About(uid="van 7", name="Truck", fleet="north")
READERS: dict[str, Callable[[bytes], Any]] = {
    "csv": lambda content: [from_csv(content)],
    "geojson": lambda content: [from_geojson(content)],
    "gpx": from_gpx,
    "kml": from_kml,
}


def store(vehicle: int, rows: list[Row]) -> None:
    from tracking.history import segments
    from tracking.history.tracks import FIELDS
    from tracking.models import Position

    Position.objects.bulk_create(
        Position(vehicle_id=vehicle, device_id=found[-1], **dict(zip(FIELDS, found, strict=False)))
        for found in rows
    )
    segments.recount(vehicle)


def order(*formats: str, subjects: int = 2) -> files.Order:
    both = [files.Subject(7, VAN), files.Subject(9, TRUCK)][:subjects]
    return files.Order(both, formats, T0, T0 + 6 * HOUR, "Europe/Berlin", "dana", "Fleetline 0.1.0")


def write(path: Path, wanted: files.Order) -> tuple[dict[str, Any], list[int]]:
    steps: list[int] = []
    manifest = files.write(path, wanted, made="2025-11-24T00:00:00.000Z", advance=steps.append)
    assert manifest["bytes"] == path.stat().st_size
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    return manifest, steps


@pytest.fixture
def tracks() -> SimpleNamespace:
    """Two vehicles; one was silent for an hour, the other has a single fix. Others are not asked for."""
    long = drive(40, **FULL) + drive(30, start=T0 + HOUR, **FULL)
    store(7, [row(T0 - 1, **FULL), *long, row(T0 + 6 * HOUR, **FULL)])
    store(9, [row(T0, 52.5, 13.4, **FULL)])
    store(8, drive(3))
    return SimpleNamespace(long=long, one=[row(T0, 52.5, 13.4, **FULL)])


@pytest.mark.parametrize("format", READERS)
def test_a_file_a_vehicle_with_every_fix_of_it(format: str, tracks: SimpleNamespace, tmp_path: Path) -> None:
    manifest, steps = write(tmp_path / "t.zip", order(format))
    assert manifest["file"] == "2-vehicles_20251123T080000Z_20251123T140000Z.zip"
    archive = zipfile.ZipFile(tmp_path / "t.zip")
    assert archive.testzip() is None
    names = [f"{uid}_20251123T080000Z_20251123T140000Z.{format}" for uid in ("van_7", "van_7-2")]
    assert archive.namelist() == [*names, "manifest.json"]
    found = [[fix for part in READERS[format](archive.read(name)) for fix in part] for name in names]
    assert found == [motion(tracks.long), motion(tracks.one)]
    assert sum(steps) == 71
    for name, said in zip(names, manifest["files"], strict=True):
        content = archive.read(name)
        sums = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        assert said == {"file": name, **sums}
    inside = json.loads(archive.read("manifest.json"))
    assert inside == {key: value for key, value in manifest.items() if key not in ("file", "bytes", "sha256")}


def test_kml_is_read_by_a_kml_library(tracks: SimpleNamespace, tmp_path: Path) -> None:
    write(tmp_path / "t.kml", order("kml", subjects=1))
    document: Any = fastkml.KML.parse(tmp_path / "t.kml", strict=False).features[0]
    placemark = document.features[0]
    found = [
        (round(item.when.dt.timestamp() * 1000), item.coord.y, item.coord.x, item.coord.z)
        for track in placemark.kml_geometry.tracks
        for item in track.track_items
    ]
    assert found == [fix[:4] for fix in motion(tracks.long)]
    assert [len(track.track_items) for track in placemark.kml_geometry.tracks] == [40, 30]


def test_the_manifest_says_what_is_in_it(tracks: SimpleNamespace, tmp_path: Path) -> None:
    manifest, _ = write(tmp_path / "t.zip", order("gpx"))
    assert manifest["from"] == "2025-11-23T08:00:00.000Z"
    assert manifest["to"] == "2025-11-23T14:00:00.000Z"
    assert (manifest["time_zone"], manifest["by"]) == ("Europe/Berlin", "dana")
    assert (manifest["software"], manifest["formats"]) == ("Fleetline 0.1.0", ["gpx"])
    assert manifest["fixes"] == 71
    van, truck = manifest["vehicles"]
    assert van == {
        "id": 7,
        "uid": "van/7",
        "name": "Van 7",
        "fleet": "north",
        "fixes": 70,
        "first": "2025-11-23T08:00:00.000Z",
        "last": "2025-11-23T09:00:29.000Z",
        "gaps": [["2025-11-23T08:00:39.000Z", "2025-11-23T09:00:00.000Z"]],
        "more_gaps": 0,
    }
    assert (truck["fixes"], truck["gaps"]) == (1, [])


@pytest.mark.parametrize("format", READERS)
def test_one_vehicle_is_the_plain_file_that_is_streamed_too(
    format: str, tracks: SimpleNamespace, tmp_path: Path
) -> None:
    manifest, _ = write(tmp_path / "t", order(format, subjects=1))
    assert manifest["file"].endswith(f".{format}")
    streamed = export(format, VAN, vehicle_id=7, start_ms=T0, end_ms=T0 + 6 * HOUR)
    assert (tmp_path / "t").read_bytes() == b"".join(streamed)


def test_all_vehicles_are_in_the_one_file_of_parquet_and_xlsx(
    tracks: SimpleNamespace, tmp_path: Path
) -> None:
    manifest, _ = write(tmp_path / "t.parquet", order("parquet"))
    assert manifest["file"].endswith(".parquet")
    assert pq.read_table(tmp_path / "t.parquet")["vehicle"].to_pylist() == [7] * 70 + [9]
    manifest, _ = write(tmp_path / "t.xlsx", order("xlsx"))
    found = sheets(tmp_path / "t.xlsx")
    assert {name: len(lines) for name, lines in found.items()} == {"Export": 7, "Van 7": 71, "Truck": 2}
    assert ("time zone", "Europe/Berlin") in found["Export"]


def test_several_formats_come_together(tracks: SimpleNamespace, tmp_path: Path) -> None:
    _, steps = write(tmp_path / "t.zip", order("csv", "parquet", "xlsx"))
    archive = zipfile.ZipFile(tmp_path / "t.zip")
    assert [name.rpartition(".")[2] for name in archive.namelist()] == [
        "csv", "csv", "parquet", "xlsx", "json",
    ]  # fmt: skip
    table = pq.read_table(io.BytesIO(archive.read(archive.namelist()[2])))
    assert table.num_rows == 71
    assert sum(steps) == 3 * 71
    assert [path.name for path in tmp_path.iterdir()] == ["t.zip"]


def test_nothing_in_the_range_is_a_file_without_fixes(tmp_path: Path) -> None:
    for format in files.FORMATS:
        manifest, steps = write(tmp_path / "t", order(format))
        assert (manifest["fixes"], steps) == (0, [])
        assert manifest["vehicles"][0]["first"] is None


def test_the_names_of_formats_are_those_of_the_page() -> None:
    from dashboard import exports

    assert tuple(exports.FORMATS) == files.FORMATS
