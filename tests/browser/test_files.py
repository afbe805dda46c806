"""Tracks come from a file and leave as one: preview, progress, undo; export, download."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Start
from tests.browser.van import Van

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
JOB_MS = 40_000
FIXES = 500
LINES = [
    "Date;Time;Lat;Lon;Speed;Note",
    *(
        f"2025-06-01;{8 + i // 60:02d}:{i % 60:02d}:00;{57.7 + i * 1e-4};11.9;36;=cmd|{i}"
        for i in range(FIXES)
    ),
    "2025-06-01;20:00:00;north;11.9;36;",
]


def test_a_file_is_seen_imported_exported_and_undone(
    start: Start, harbour: list[Van], tmp_path: Path
) -> None:
    van = harbour[0]
    page = start(f"/manage/vehicles/{van.pk}/", who="olga", timezone_id="Europe/Stockholm")
    page.get_by_role("link", name="Import a track").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "logger <b>.csv", "mimeType": "text/csv", "buffer": "\n".join(LINES).encode()}
    )
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="logger <b>.csv")).to_be_visible()
    expect(page.get_by_text(f"{FIXES + 1} times have no zone. They are of")).to_be_visible()
    expect(page.get_by_role("button", name="Import")).to_have_count(0)
    expect(page.locator(".wrong tbody tr")).to_contain_text([f"{FIXES + 2}latitude"])
    page.get_by_label("times have no zone").select_option("Europe/Stockholm")
    page.get_by_label("Speeds are in").select_option("km/h")
    page.get_by_role("button", name="Read again").click()
    expect(page.get_by_role("cell", name="2025-06-01T06:00:00.000Z")).to_be_visible()
    expect(
        page.locator("#first").locator("..").get_by_role("cell", name="10.0", exact=True).first
    ).to_be_visible()
    page.get_by_role("button", name=f"Import {FIXES} positions").click()
    done = page.get_by_role("heading", name=f"{FIXES} positions are in the history of {van.name}")
    expect(done).to_be_visible(timeout=JOB_MS)
    address = page.url

    page.goto(f"/exports/?v={van.pk}&from=2025-06-01T00:00:00Z&to=2025-06-02T00:00:00Z")
    expect(page.get_by_label("From")).to_have_value("2025-06-01T02:00")
    expect(page.locator("[data-zone]")).to_have_text("Europe/Stockholm")
    page.locator("label.choice", has_text="GPX").click()
    page.get_by_role("button", name="Export", exact=True).click()
    row = page.locator(".export-table tbody tr").first
    expect(row).to_contain_text(van.name)
    expect(row).to_contain_text(f"ready {2 * FIXES:,} rows", timeout=JOB_MS)
    expect(page.locator("#exports")).not_to_have_attribute("hx-trigger", "every 2s")
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        csv, gpx = (archive.read(name).decode() for name in sorted(archive.namelist())[:2])
    assert csv.count("\r\n") == FIXES + 1
    assert gpx.count("<trkpt") == FIXES
    row.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No exports yet.")).to_be_visible()

    page.goto(address)
    page.locator("summary", has_text="Undo").click()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("heading", name="Undone by olga")).to_be_visible(timeout=JOB_MS)
