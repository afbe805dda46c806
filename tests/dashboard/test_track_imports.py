"""A file becomes history: seen first, stored through the journal, undone."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils.timezone import now

from dashboard import track_jobs
from tests.dashboard.conftest import HTMX, T0
from tests.history.rows import drive, row
from tests.history.test_exports import FULL, written
from tests.history.test_imports import TRACCAR_CSV
from tests.history.test_zip import store
from tracking import archive, jobs, journal, live, removal
from tracking.history import segments
from tracking.history.imports import work
from tracking.history.tracks import pages
from tracking.models import Alert, Import, Latest, Position, Quarantined, Segment, Vehicle

pytestmark = [pytest.mark.django_db(transaction=True)]
HOUR = 3_600_000


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path) -> Iterator[None]:
    settings.DATA = tmp_path
    jobs._leaving.clear()
    yield
    jobs._leaving.clear()


@pytest.fixture(autouse=True)
def archiver() -> Iterator[None]:
    """The archive, running as its worker does."""
    over = threading.Event()

    def run() -> None:
        try:
            while not over.wait(0.02):
                archive.run(0)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    over.set()
    thread.join()


def send(client: Client, vehicle: Vehicle, content: bytes | str, name: str = "t.gpx") -> Import:
    data = content if isinstance(content, bytes) else content.encode()
    answer = client.post(f"/vehicles/{vehicle.pk}/import/", {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 302, answer.content.decode()
    found = Import.objects.order_by("-pk")[0]
    assert answer["Location"] == f"/imports/{found.pk}/"
    return found


def do(client: Client, found: Import, what: str, **more: str) -> Import:
    assert client.post(f"/imports/{found.pk}/", {"do": what, **more}).status_code == 302
    found.refresh_from_db()
    return found


def imported(client: Client, vehicle: Vehicle, content: bytes | str) -> Import:
    found = do(client, send(client, vehicle, content), "start")
    assert found.status == "queued"
    assert work.run_next()
    found.refresh_from_db()
    return found


def history(vehicle: Vehicle) -> list[tuple[Any, ...]]:
    found = pages(vehicle.pk, start_ms=0, end_ms=2**60)
    return [fix[:6] for page in found for fix in page]


def page(client: Client, found: Import) -> str:
    return client.get(f"/imports/{found.pk}/").content.decode()


@pytest.mark.parametrize("format", ["gpx", "kml", "geojson", "csv"])
def test_what_was_taken_away_can_be_brought_back(
    format: str, house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    alice, rows = sign_in("alice"), drive(50, **FULL)
    found = send(alice, house.van, written(format, rows), f"t.{format}")
    assert found.status == "preview"
    seen = page(alice, found)
    assert "50 new positions for Van 7" in seen
    assert "Import 50 positions" in seen
    assert "2025-11-23T08:00:00.000Z" in seen
    assert not Position.objects.exists()
    do(alice, found, "start")
    assert "Waiting for the worker" in page(alice, found)
    assert work.run_next()
    found.refresh_from_db()
    assert (found.status, found.stored, found.duplicates, found.bad) == ("done", 50, 0, 0)
    assert history(house.van) == [fix[:6] for fix in rows]
    assert "50 positions are in the history of Van 7" in page(alice, found)
    assert not work.upload_of(found).exists()
    manage = alice.get(f"/manage/vehicles/{house.van.pk}/").content.decode()
    assert f"t.{format}" in manage
    assert "50 positions" in manage


def test_what_is_there_already_is_left_out_and_counted(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    store(house.van.pk, drive(10, **FULL))
    alice = sign_in("alice")
    content = written("gpx", [*drive(30, **FULL), row(T0, **FULL)])
    found = send(alice, house.van, content)
    assert "20 new positions" in page(alice, found)
    do(alice, found, "start")
    assert work.run_next()
    found.refresh_from_db()
    assert (found.stored, found.duplicates, found.rows_total) == (20, 11, 31)
    assert len(history(house.van)) == 30
    again = send(alice, house.van, content)
    assert "Nothing new in this file" in page(alice, again)
    assert 'value="start"' not in page(alice, again)


def test_it_is_history_and_nothing_else(house: SimpleNamespace, sign_in: Callable[[str], Client]) -> None:
    store(house.van.pk, [row(T0 - HOUR)])
    Latest.objects.create(
        vehicle=house.van,
        device=house.van.devices.get(),
        time=T0 - HOUR,
        latitude=1,
        longitude=1,
        received=T0,
    )
    content = written("csv", [row(T0, alarm="sos", **FULL), row(T0 + 1000, **FULL)])
    found = imported(sign_in("alice"), house.van, content)
    assert (found.status, found.stored) == ("done", 2)
    assert Position.objects.filter(alarm="sos").count() == 1
    assert not Alert.objects.exists()
    assert [latest.time for latest in Latest.objects.all()] == [T0 - HOUR]
    with journal.connect() as client:
        assert not client.exists(live._keys(house.north.pk)[0])


def test_bad_rows_are_shown_and_can_be_taken_away(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    alice = sign_in("alice")
    lines = "57.7,11.97,2025-11-23T08:00:00Z\n=1+1,11.97,2025-11-23T08:00:01Z\n57.7,11.97,noon\n"
    found = send(alice, house.van, "lat,lon,time\n" + lines, "t.csv")
    seen = page(alice, found)
    assert "1 new position for Van 7" in seen
    assert "is not a time such as" in seen
    answer = alice.get(f"/imports/{found.pk}/left-out.csv")
    text = b"".join(answer).decode()
    assert text.startswith("line,reason,content\r\n")
    assert "\r\n3,latitude: " in text or "\r\n4,time: " in text
    assert text.count("\r\n") == 3
    assert imported_quarantine(found) == 0


def imported_quarantine(found: Import) -> int:
    return Quarantined.objects.filter(device=found.device).count()


def test_a_file_without_zones_asks_for_one(house: SimpleNamespace, sign_in: Callable[[str], Client]) -> None:
    alice = sign_in("alice")
    found = send(alice, house.van, TRACCAR_CSV, "t.csv")
    seen = page(alice, found)
    assert "2 times have no zone" in seen
    assert "CSV (Traccar), speed in knots" in seen
    assert 'value="start"' not in seen
    assert do(alice, found, "start").status == "preview"
    do(alice, found, "start", zone="Europe/Stockholm")
    assert (found.status, found.time_zone) == ("preview", "Europe/Stockholm")
    assert "2025-11-23T08:00:02.000Z" in page(alice, found)
    assert do(alice, found, "start", zone="Europe/Stockholm").status == "queued"
    assert work.run_next()
    assert [fix[0] for fix in history(house.van)] == [T0 + 2000, T0 + 3000]
    assert do(alice, send(alice, house.van, TRACCAR_CSV), "read", zone="Nowhere/Else").time_zone == ""


def test_a_speed_without_a_unit_is_asked_for(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    alice = sign_in("alice")
    content = "lat,lon,time,speed\n57.7,11.97,2025-11-23T08:00:00Z,36\n"
    found = send(alice, house.van, content, "t.csv")
    assert "Speeds are in" in page(alice, found)
    do(alice, found, "read", unit="km/h")
    assert "speed in km/h" in page(alice, found)
    do(alice, found, "start", unit="km/h")
    assert work.run_next()
    assert history(house.van)[0][4] == 10.0


def test_an_import_is_undone_and_nothing_else(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    store(house.van.pk, drive(5, start=T0 - HOUR))
    before = list(Segment.objects.values_list("start", "count"))
    alice = sign_in("alice")
    first = imported(alice, house.van, written("gpx", drive(20)))
    second = imported(alice, house.van, written("gpx", drive(20, start=T0 + HOUR)))
    do(alice, first, "undo")
    assert (first.status, "Being undone" in page(alice, first)) == ("undoing", True)
    assert work.run_next()
    first.refresh_from_db()
    assert (first.status, first.undone_by_name) == ("undone", "alice")
    assert "Undone by alice" in page(alice, first)
    assert len(history(house.van)) == 25
    assert do(alice, first, "undo").status == "undone"
    do(alice, second, "undo")
    assert work.run_next()
    assert len(history(house.van)) == 5
    assert list(Segment.objects.values_list("start", "count")) == before
    assert segments.count(house.van.pk, 0, 2**60) == 5
    # What was undone can come again.
    assert imported(alice, house.van, written("gpx", drive(20))).stored == 20


def test_one_that_runs_is_stopped_and_undone(
    house: SimpleNamespace, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = sign_in("alice")
    found = do(alice, send(alice, house.van, written("gpx", drive(2500))), "start")
    begun, go_on = threading.Event(), threading.Event()
    append = work._append

    def slowly(*args: Any) -> None:
        append(*args)
        begun.set()
        go_on.wait(20)

    monkeypatch.setattr(work, "_append", slowly)
    monkeypatch.setattr(jobs, "BEAT_S", 0.05)

    def run() -> None:
        work.run_next()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(20)
    assert "Stop and undo" in page(alice, found)
    do(alice, found, "undo")
    assert not work.run_next()  # the one that ran may still be about to write
    go_on.set()
    thread.join(20)
    monkeypatch.setattr(work, "STOPS_WITHIN", timedelta(0))
    assert work.run_next()
    found.refresh_from_db()
    assert found.status == "undone"
    assert history(house.van) == []


def test_an_import_whose_worker_died_begins_again_and_stores_nothing_twice(
    house: SimpleNamespace, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = sign_in("alice")
    found = do(alice, send(alice, house.van, written("gpx", drive(2500))), "start")

    def killed(*_: Any) -> None:
        raise jobs.Stopped

    monkeypatch.setattr(work, "_settle", killed)
    assert work.run_next()
    monkeypatch.undo()
    found.refresh_from_db()
    assert found.status == "running"
    Import.objects.update(beat=now() - 2 * jobs.LEASE)
    assert work.run_next()
    found.refresh_from_db()
    assert (found.status, found.stored, found.duplicates) == ("done", 2500, 0)
    assert len(history(house.van)) == 2500


def test_what_cannot_be_read_is_said_and_leaves_nothing(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    alice = sign_in("alice")
    found = send(alice, house.van, "<gpx><trk>")
    assert found.status == "failed"
    seen = page(alice, found)
    assert "not XML" in seen
    assert "Choose another file" in seen
    assert alice.post(f"/imports/{found.pk}/", {"do": "discard"}).status_code == 302
    assert not Import.objects.exists()
    assert list(work.folder().iterdir()) == []


def test_a_large_file_waits_for_the_worker_and_a_huge_one_is_refused(
    house: SimpleNamespace, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(track_jobs, "AT_ONCE_BYTES", 10)
    alice = sign_in("alice")
    found = send(alice, house.van, written("gpx", drive(5)))
    assert found.status == "reading"
    fragment = alice.get(f"/imports/{found.pk}/", headers=HTMX).content.decode()
    assert "every 2s" in fragment
    assert "<html" not in fragment
    assert work.run_next()
    assert "5 new positions" in page(alice, found)
    settings.IMPORT_MB = 0
    file = io.BytesIO(b"x")
    file.name = "t.gpx"
    answer = alice.post(f"/vehicles/{house.van.pk}/import/", {"file": file})
    assert answer.status_code == 422
    assert "at most 0 MB" in answer.content.decode()


def test_a_full_disk_is_said(
    house: SimpleNamespace, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "upload_of", lambda _: Path("/dev/full"))
    monkeypatch.setattr(work, "forget", lambda row: row.delete())
    file = SimpleUploadedFile("t.gpx", written("gpx", drive(5000)))
    answer = sign_in("alice").post(f"/vehicles/{house.van.pk}/import/", {"file": file})
    assert answer.status_code == 422
    assert "disk is full" in answer.content.decode()
    assert not Import.objects.exists()


def test_only_managers_import(house: SimpleNamespace, sign_in: Callable[[str], Client]) -> None:
    found = send(sign_in("alice"), house.van, written("gpx", drive(2)))
    for who, status in (("bob", 403), ("mallory", 404)):
        for what in ("start", "undo", "discard"):
            assert sign_in(who).post(f"/imports/{found.pk}/", {"do": what}).status_code == status
    found.refresh_from_db()
    assert found.status == "preview"


def test_a_removed_vehicle_takes_its_imports_along(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    imported(sign_in("alice"), house.van, written("gpx", drive(5)))
    removal.remove_vehicles([house.van.pk])
    assert removal.sweep()
    assert not Position.objects.exists()
    assert not Import.objects.exists()
    work.purge()
    assert list(work.folder().iterdir()) == []


def test_what_nobody_started_is_forgotten(house: SimpleNamespace, sign_in: Callable[[str], Client]) -> None:
    alice = sign_in("alice")
    done = imported(alice, house.van, written("gpx", drive(5)))
    waits = send(alice, house.van, written("gpx", drive(5, start=T0 + HOUR)))
    work.purge()
    assert Import.objects.count() == 2
    Import.objects.update(created=now() - timedelta(days=2))
    work.purge()
    assert Import.objects.get().pk == done.pk
    assert not work.upload_of(waits).exists()
    assert json.dumps(Import.objects.get().preview)
