"""Exports: asked for, made in the background, taken away, and no longer anybody's."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.utils.timezone import now

from dashboard import exports
from dashboard.models import Export, Profile
from tests.dashboard.conftest import HTMX, T0
from tests.history.rows import drive
from tests.history.test_zip import store
from tests.servers import wait_for
from tracking import jobs
from tracking.models import Device, Membership, Vehicle

HOUR = 3_600_000
WANTED = {"from": "2025-11-23T08:00:00Z", "to": "2025-11-23T09:00:00Z", "format": "csv"}
pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path) -> Iterator[None]:
    settings.DATA = tmp_path
    jobs._leaving.clear()
    yield
    jobs._leaving.clear()


@pytest.fixture
def van(house: SimpleNamespace) -> Vehicle:
    store(house.van.pk, drive(100))
    return house.van


def start(house: SimpleNamespace, who: str = "bob", *vehicles: Vehicle, formats: str = "csv") -> Export:
    wanted = vehicles or (house.van,)
    return exports.start(
        getattr(house, who), wanted, formats.split(), first=T0, last=T0 + HOUR, zone="Europe/Berlin"
    )


def state(export: Export) -> str:
    return Export.objects.get(pk=export.pk).status


def leftovers() -> list[str]:
    return sorted(path.name for path in exports.folder().iterdir())


# --- asking for one ----------------------------------------------------------------------------


def test_a_dispatcher_asks_and_gets_the_file(van: Vehicle, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("bob")
    answer = client.post("/exports/", {"vehicles": van.pk, **WANTED})
    assert (answer.status_code, answer["Location"]) == (302, "/exports/")
    page = client.get("/exports/").content.decode()
    assert "waiting" in page
    assert "every 2s" in page
    assert exports.run_next()
    assert not exports.run_next()
    page = client.get("/exports/", headers=HTMX).content.decode()
    assert "<html" not in page
    assert "every 2s" not in page
    assert "100 rows" in page
    export = Export.objects.get()
    assert (export.status, export.rows_done, export.rows_total) == ("ready", 100, 100)
    assert export.file == "van-7_20251123T080000Z_20251123T090000Z.csv"
    content = exports.path_of(export).read_bytes()
    assert content.count(b"\r\n") == 101
    assert export.sha256 == hashlib.sha256(content).hexdigest()
    manifest = client.get(f"/exports/{export.pk}/manifest.json").json()
    assert (manifest["fixes"], manifest["by"], manifest["sha256"]) == (100, "bob", export.sha256)
    assert leftovers() == [f"{export.pk}.csv"]


def test_a_whole_fleet_and_several_formats_come_as_a_zip(
    house: SimpleNamespace, van: Vehicle, sign_in: Callable[[str], Client]
) -> None:
    Vehicle.objects.create(fleet=house.north, name="Van 8")
    sign_in("bob").post("/exports/", {"fleet": "north", **WANTED, "format": ["kml", "xlsx"]})
    assert exports.run_next()
    export = Export.objects.get()
    assert (export.status, export.file.rpartition(".")[2], len(export.vehicles)) == ("ready", "zip", 2)
    assert (export.formats, export.rows_done) == (["kml", "xlsx"], 200)


def test_times_without_a_zone_are_those_of_the_person(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    Profile.objects.create(user=house.bob, time_zone="Asia/Shanghai")
    times = {"from": "2025-11-23T16:00", "to": "2025-11-23T17:00", "zone": "Europe/Berlin"}
    sign_in("bob").post("/exports/", {"vehicles": house.van.pk, "format": "csv", **times})
    export = Export.objects.get()
    assert (export.start, export.end, export.time_zone) == (T0, T0 + HOUR, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vehicles": ""}, "Choose a vehicle first."),
        ({"format": "exe"}, "Choose a format first."),
        ({"to": "2025-11-23T07:00:00Z"}, "The end is before the beginning."),
        ({"from": ""}, "Choose from when to when."),
        ({"from": "noon"}, "is not a time"),
    ],
)
def test_what_cannot_be_done_is_said(
    house: SimpleNamespace, sign_in: Callable[[str], Client], change: dict[str, str], words: str
) -> None:
    answer = sign_in("bob").post("/exports/", {"vehicles": house.van.pk, **WANTED, **change})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("mallory", 404), ("bob", 302), ("root", 302)])
def test_who_may_ask_for_the_van(
    house: SimpleNamespace, sign_in: Callable[[str], Client], who: str, status: int
) -> None:
    for what in ({"vehicles": house.van.pk}, {"fleet": "north"}):
        assert sign_in(who).post("/exports/", {**what, **WANTED}).status_code == status
    assert Export.objects.count() == (2 if status == 302 else 0)


def test_one_vehicle_that_is_not_theirs_refuses_them_all(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    both = f"{house.van.pk},{house.truck.pk}"
    assert sign_in("bob").post("/exports/", {"vehicles": both, **WANTED}).status_code == 404
    assert not Export.objects.exists()


def test_a_person_may_have_so_many_waiting(house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MAX_WAITING", 2)
    start(house)
    start(house)
    with pytest.raises(exports.Refused):
        start(house)
    start(house, "alice")


# --- the queue ---------------------------------------------------------------------------------


def test_one_runs_a_person_and_others_go_on_meanwhile(house: SimpleNamespace) -> None:
    first, second, other = start(house), start(house), start(house, "alice")
    rows = Export.objects.all()
    taken = jobs.take(rows, queued="queued", running="running", where=rows.filter(pk=first.pk))
    assert taken is not None
    assert exports.run_next()
    assert (state(second), state(other)) == ("queued", "ready")
    assert not exports.run_next()
    # Another worker that had not seen it: the database refuses.
    assert jobs.take(rows, queued="queued", running="running", where=rows.filter(pk=second.pk)) is None
    jobs.Run(rows, taken).finish(status="ready")
    assert exports.run_next()
    assert state(second) == "ready"


def test_a_job_whose_worker_died_is_taken_again(van: Vehicle, house: SimpleNamespace) -> None:
    export = start(house)
    rows = Export.objects.all()
    dead = jobs.take(rows, queued="queued", running="running")
    assert dead is not None
    (exports.folder() / f"{export.pk}-{dead.owner}.part").write_bytes(b"half")
    (exports.folder() / f"{export.pk}-{dead.owner}.part.rows-x").mkdir()
    assert not exports.run_next()  # it may still live
    Export.objects.update(beat=now() - jobs.LEASE - timedelta(seconds=1))
    assert exports.run_next()
    assert (state(export), Export.objects.get().rows_done) == ("ready", 100)
    assert leftovers() == [f"{export.pk}.csv"]
    # The one that was only slow finds out, and its file is nobody's.
    assert not jobs.Run(rows, dead).finish(status="ready", file="other.csv")
    assert Export.objects.get().file.startswith("van-7")


def test_a_job_that_takes_its_worker_down_ends(house: SimpleNamespace) -> None:
    export = start(house)
    for _ in range(jobs.MAX_ATTEMPTS):
        assert jobs.take(Export.objects.all(), queued="queued", running="running")
        Export.objects.update(beat=now() - 2 * jobs.LEASE)
    assert exports.run_next()
    assert (state(export), Export.objects.get().detail) == ("failed", "worker")


def slowly(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Writing stops at its first page until the second event."""
    begun, go_on = threading.Event(), threading.Event()
    advance = jobs.Run.advance

    def waiting(run: Any, count: int) -> None:
        begun.set()
        go_on.wait(20)
        advance(run, count)

    monkeypatch.setattr(jobs.Run, "advance", waiting)
    monkeypatch.setattr(jobs, "BEAT_S", 0.05)
    return begun, go_on


def running(work: Callable[[], object]) -> threading.Thread:
    from django.db import connections

    def do() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=do)
    thread.start()
    return thread


def test_a_running_one_is_cancelled(
    van: Vehicle, house: SimpleNamespace, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = slowly(monkeypatch)
    export = start(house)
    thread = running(exports.run_next)
    assert begun.wait(20)
    page = sign_in("bob").get("/exports/").content.decode()
    assert "0 of 100 rows" in page
    assert "Cancel" in page
    assert sign_in("bob").post(f"/exports/{export.pk}/cancel/").status_code == 302
    wait_for(lambda: not any(t.name.startswith("beat") for t in threading.enumerate()), "the beat to notice")
    go_on.set()
    thread.join(20)
    assert state(export) == "cancelled"
    assert leftovers() == []


def test_a_worker_that_is_stopped_gives_its_job_back(
    van: Vehicle, house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = slowly(monkeypatch)
    export = start(house)
    thread = running(exports.run_next)
    assert begun.wait(20)
    jobs.leave()
    go_on.set()
    thread.join(20)
    assert (state(export), Export.objects.get().attempts, leftovers()) == ("queued", 0, [])
    jobs._leaving.clear()
    assert exports.run_next()
    assert state(export) == "ready"


def test_a_full_disk_is_said_and_leaves_nothing(
    van: Vehicle, house: SimpleNamespace, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracking.history.exports import files

    def full(path: Any, *_: Any, **__: Any) -> Any:
        path.write_bytes(b"half")
        with open("/dev/full", "wb") as disk:
            disk.write(b"x" * 100_000)

    monkeypatch.setattr(files, "write", full)
    export = start(house)
    assert exports.run_next()
    assert (state(export), Export.objects.get().detail) == ("failed", "disk")
    assert leftovers() == []
    page = sign_in("bob").get("/exports/").content.decode()
    assert "The server&#x27;s disk is full." in page
    assert "Try again" in page


def test_a_mistake_is_said_and_the_next_one_is_made(
    van: Vehicle, house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, other = start(house), start(house, "alice")
    monkeypatch.setattr(exports, "_count", lambda *_: 1 // 0)
    assert exports.run_next()
    assert (state(export), Export.objects.get(pk=export.pk).detail) == ("failed", "error")
    monkeypatch.undo()
    assert exports.run_next()
    assert state(other) == "ready"


# --- whose it is -------------------------------------------------------------------------------


@pytest.fixture
def ready(van: Vehicle, house: SimpleNamespace) -> Export:
    export = start(house)
    assert exports.run_next()
    return Export.objects.get(pk=export.pk)


def test_who_loses_the_fleet_loses_the_file(
    ready: Export, house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    bob = sign_in("bob")
    for role in ("viewer", None):
        if role is None:
            Membership.objects.filter(user=house.bob).delete()
        else:
            Membership.objects.filter(user=house.bob).update(role=role)
        for part in ("file", "manifest.json"):
            assert bob.get(f"/exports/{ready.pk}/{part}").status_code == 404
        assert bob.post(f"/exports/{ready.pk}/again/").status_code == 404
        page = bob.get("/exports/").content.decode()
        assert "no longer yours" in page
        assert "Van 7" not in page
        assert f"/exports/{ready.pk}/file" not in page
    assert sign_in("root").get(f"/exports/{ready.pk}/file").status_code == 200


def test_an_export_of_somebody_who_lost_the_fleet_is_not_made(house: SimpleNamespace) -> None:
    export = start(house)
    Membership.objects.filter(user=house.bob).delete()
    assert exports.run_next()
    assert (state(export), Export.objects.get().detail) == ("failed", "access")
    assert leftovers() == []


def test_a_vehicle_that_moved_to_another_fleet_takes_the_file_along(
    ready: Export, house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    Vehicle.objects.filter(pk=house.van.pk).update(fleet=house.south)
    assert sign_in("bob").get(f"/exports/{ready.pk}/file").status_code == 404


def test_it_is_nobody_elses(ready: Export, sign_in: Callable[[str], Client]) -> None:
    for who in ("alice", "vera", "mallory"):
        assert sign_in(who).get(f"/exports/{ready.pk}/file").status_code == 404
        assert f"export-{ready.pk}" not in sign_in(who).get("/exports/").content.decode()
    assert "bob" in sign_in("root").get("/exports/").content.decode()


def test_removed_is_gone(ready: Export, sign_in: Callable[[str], Client]) -> None:
    assert sign_in("bob").post(f"/exports/{ready.pk}/remove/").status_code == 302
    assert not Export.objects.exists()
    assert leftovers() == []


def test_files_expire_and_strays_are_swept(
    ready: Export, house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    stray = exports.folder() / "99.csv"
    stray.write_bytes(b"x")
    assert exports.purge() == 0
    assert state(ready) == "ready"
    long_ago = (now() - timedelta(days=2)).timestamp()
    for path in exports.folder().iterdir():
        os.utime(path, (long_ago, long_ago))
    Export.objects.update(expires=now() - timedelta(seconds=1))
    assert exports.purge() == 1
    assert (state(ready), leftovers()) == ("expired", [])
    page = sign_in("bob").get("/exports/").content.decode()
    assert "expired" in page
    assert "Make it again" in page
    assert sign_in("bob").post(f"/exports/{ready.pk}/again/").status_code == 302
    assert exports.run_next()
    Export.objects.filter(pk=ready.pk).update(finished=now() - timedelta(days=31))
    exports.purge()
    assert Export.objects.get().status == "ready"


def test_a_removed_vehicle_takes_files_with_it_away(ready: Export, house: SimpleNamespace) -> None:
    Device.objects.filter(vehicle=house.van).delete()
    Vehicle.objects.filter(pk=house.van.pk).delete()
    assert exports.purge() == 1
    assert leftovers() == []


# --- the download ------------------------------------------------------------------------------


async def got(house: SimpleNamespace, url: str, **headers: str) -> tuple[Any, bytes]:
    client = AsyncClient()
    await client.aforce_login(house.bob)
    answer: Any = await client.get(url, headers=headers)
    if not answer.streaming:
        return answer, answer.content
    return answer, b"".join([chunk async for chunk in answer.streaming_content])


async def test_the_file_comes_whole_and_in_parts(ready: Export, house: SimpleNamespace) -> None:
    content, url = exports.path_of(ready).read_bytes(), f"/exports/{ready.pk}/file"
    size = len(content)
    answer, body = await got(house, url)
    assert (answer.status_code, body) == (200, content)
    assert answer["Content-Disposition"] == f'attachment; filename="{ready.file}"'
    assert (answer["Content-Length"], answer["Accept-Ranges"]) == (str(size), "bytes")
    tag = answer["ETag"]
    for asked, start_, end in [
        ("bytes=0-0", 0, 1),
        ("bytes=10-", 10, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=5-{size + 99}", 5, size),
        (f"bytes=-{size + 99}", 0, size),
    ]:
        answer, body = await got(house, url, Range=asked, **{"If-Range": tag})
        assert body == content[start_:end]
        assert answer["Content-Length"] == str(end - start_)
        if end - start_ < size:
            assert answer.status_code == 206
            assert answer["Content-Range"] == f"bytes {start_}-{end - 1}/{size}"
    for ignored in ("bytes=5-2", "bytes=0-1,3-4", "rows=1-2", "bytes=-"):
        answer, body = await got(house, url, Range=ignored)
        assert (answer.status_code, body) == (200, content)
    answer, body = await got(house, url, Range="bytes=3-", **{"If-Range": '"another"'})
    assert (answer.status_code, body) == (200, content)
    for beyond in (f"bytes={size}-", "bytes=-0"):
        answer, _ = await got(house, url, Range=beyond)
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{size}")


def test_what_is_not_ready_is_not_there(house: SimpleNamespace, sign_in: Callable[[str], Client]) -> None:
    export = start(house)
    for part in ("file", "manifest.json"):
        assert sign_in("bob").get(f"/exports/{export.pk}/{part}").status_code == 404


def test_the_page_is_filled_from_its_address(
    house: SimpleNamespace, sign_in: Callable[[str], Client]
) -> None:
    address = f"/exports/?v={house.van.pk},{house.truck.pk}&from=2025-11-23T08:00:00Z&to=1763888400"
    page = sign_in("bob").get(address).content.decode()
    assert "Van 7" in page
    assert "Truck 1" not in page
    assert 'value="2025-11-23T08:00"' in page
    assert 'value="2025-11-23T09:00"' in page
    assert "dispatchers and managers" in sign_in("vera").get("/exports/").content.decode()
