"""Tracks and live positions as programs get them."""

import asyncio
import gc
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.db import connections
from django.test import AsyncClient
from django.urls import reverse

from dashboard import limits
from dashboard.views import tracks
from tests.dashboard.conftest import T0
from tracking import live
from tracking.fixes import now_ms
from tracking.history.exports import FORMATS
from tracking.history.tracks import in_threads
from tracking.loops import journal_redis
from tracking.models import Device, Latest, Position

pytestmark = pytest.mark.django_db(transaction=True)
DAY = "?from=2025-11-23T08:00:00Z&to=2025-11-24T08:00:00Z"


@pytest.fixture(autouse=True)
async def _no_connection_is_left(transactional_db) -> AsyncIterator[None]:
    """The test client keeps Django from closing its thread's own: PostgreSQL would not drop the database."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def client(house) -> Callable[..., AsyncClient]:
    sessions = {}
    for name in ("alice", "bob", "vera", "mallory", "root"):
        browser = AsyncClient()
        browser.force_login(getattr(house, name))
        sessions[name] = browser.cookies

    def enter(name: str | None = "bob") -> AsyncClient:
        client = AsyncClient()
        if name:
            client.cookies.update(sessions[name])
        return client

    return enter


@pytest.fixture
def fixes(house) -> list[int]:
    """The times of three fixes of the van, and one of the truck that nobody of north may see."""
    times = [T0, T0 + 1000, T0 + 2000]
    for vehicle, when in ((house.van, times), (house.truck, times[:1])):
        Position.objects.bulk_create(
            Position(
                vehicle=vehicle,
                device=vehicle.devices.get(),
                time=time,
                latitude=57.7,
                longitude=11.97,
                received=time + 50,
            )
            for time in when
        )
    return times


async def body(response: Any) -> bytes:
    assert response.streaming
    content = b"".join([chunk async for chunk in response])
    response.close()
    return content


async def lines(client: AsyncClient, house: Any, query: str) -> list[str]:
    """The times in the CSV of the van."""
    response = await client.get(reverse("track", args=[house.van.pk, "csv"]) + query)
    assert response.status_code == 200, response.content
    return [line.split(",")[0] for line in (await body(response)).decode().split("\r\n")[1:-1]]


def error(response: Any) -> tuple[int, str]:
    said = json.loads(response.content)["error"]
    assert set(said) == {"code", "detail"}
    assert said["detail"]
    return response.status_code, said["code"]


@pytest.mark.parametrize("format", FORMATS)
async def test_a_dispatcher_takes_a_track_in_each_format(house, client, fixes, format: str) -> None:
    response = await client().get(reverse("track", args=[house.van.pk, format]) + DAY)
    assert response.status_code == 200
    assert response["Content-Type"] == FORMATS[format].content_type
    name = f'"van-7_20251123T080000Z_20251124T080000Z.{format}"'
    assert response["Content-Disposition"] == f"attachment; filename={name}"
    assert response["Cache-Control"] == "private, no-store"
    content = (await body(response)).decode()
    times = ["2025-11-23T08:00:00.000Z", "2025-11-23T08:00:01.000Z", "2025-11-23T08:00:02.000Z"]
    counts = {"geojson": 2, "csv": 1, "gpx": 1, "kml": 1}
    assert [content.count(time) for time in times] == [counts[format]] * 3


@pytest.mark.parametrize("name", ["alice", "bob", "root"])
async def test_dispatchers_and_above_may(house, client, fixes, name: str) -> None:
    assert len(await lines(client(name), house, DAY)) == 3


async def test_a_viewer_sees_the_trail_of_a_day_and_takes_nothing_away(house, client, fixes) -> None:
    vera = client("vera")
    assert error(await vera.get(reverse("track", args=[house.van.pk, "csv"]) + DAY)) == (403, "forbidden")
    trail = reverse("trail", args=[house.van.pk])
    response = await vera.get(trail + DAY)
    assert response.status_code == 200
    assert (await body(response)).decode().count("2025-11-23T08:00:01.000Z") == 2
    longer = DAY.replace("2025-11-24", "2025-11-25")
    assert error(await vera.get(trail + longer)) == (400, "invalid_time")
    assert error(await client("mallory").get(trail + DAY)) == (404, "not_found")
    assert error(await client(None).get(trail + DAY)) == (401, "unauthenticated")


async def test_who_takes_too_many_tracks_away_waits(house, client, fixes, monkeypatch) -> None:
    monkeypatch.setattr("dashboard.limits.EXPORT", limits.Limit("export", 2, 600))
    bob, address = client(), reverse("track", args=[house.van.pk, "csv"]) + DAY
    for _ in range(2):
        await body(await bob.get(address))
    refused = await bob.get(address)
    assert error(refused) == (429, "too_many_requests")
    assert 0 < int(refused["Retry-After"]) <= 601
    # Others are not made to wait.
    assert (await client("alice").get(address)).status_code == 200


async def test_an_outsider_learns_no_more_than_of_a_vehicle_that_never_was(house, client, fixes) -> None:
    for format in FORMATS:
        here = await client("mallory").get(reverse("track", args=[house.van.pk, format]) + DAY)
        nowhere = await client("mallory").get(reverse("track", args=[10**17, format]) + DAY)
        assert error(here) == error(nowhere) == (404, "not_found")
        assert here.content == nowhere.content
        # Not even by what is said of a wrong time.
        asked = await client("mallory").get(reverse("track", args=[house.van.pk, format]) + "?from=x")
        assert asked.content == nowhere.content


async def test_who_is_signed_out_gets_401_and_words(house, client, fixes) -> None:
    for address in (reverse("track", args=[house.van.pk, "csv"]), reverse("fleet_positions", args=["north"])):
        assert error(await client(None).get(address)) == (401, "unauthenticated")


async def test_only_get(house, client) -> None:
    response = await client().post(reverse("track", args=[house.van.pk, "csv"]) + DAY)
    assert response.status_code == 405


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2025-11-23T08:00:01Z", "2025-11-23T08:00:02Z"),
        ("2025-11-23T09:00:01+01:00", "2025-11-23T03:00:02-05:00"),
        ("2025-11-23T08:00:00.001Z", "2025-11-23T08:00:01.001Z"),
        ("1763884801", "1763884802"),
        ("1763884801.000", "1763884802000"),
    ],
)
async def test_from_is_included_and_to_is_not(house, client, fixes, start: str, end: str) -> None:
    query = f"?from={quote(start)}&to={quote(end)}"
    assert await lines(client(), house, query) == ["2025-11-23T08:00:01.000Z"]


async def test_a_plus_that_nobody_escaped_is_a_plus(house, client, fixes) -> None:
    query = "?from=2025-11-23T09:00:01+01:00&to=2025-11-23T09:00:02+0100"
    assert await lines(client(), house, query) == ["2025-11-23T08:00:01.000Z"]


@pytest.mark.parametrize(
    "query",
    [
        "?from=2025-11-23T08:00:00",
        "?from=2025-11-23",
        "?to=2025-11-23T08:00:00",
        "?from=yesterday",
        "?from=nan",
        "?from=1e400",
        "?from=-99999999999999",
        "?to=999999999999999",
        "?from=%00",
        "?from=2025-11-23T08:00:00Z&to=2025-11-23T07:59:59Z",
    ],
)
async def test_a_wrong_time_is_refused_in_words(house, client, query: str) -> None:
    assert error(await client().get(reverse("track", args=[house.van.pk, "csv"]) + query)) == (
        400,
        "invalid_time",
    )


async def test_without_a_range_it_is_the_last_24_hours_and_all_that_has_arrived(house, client) -> None:
    now = now_ms()
    ages = {"too old": 86_400_000 + 60_000, "old": 86_400_000 - 60_000, "now": 0, "of a fast clock": -500_000}
    for age in ages.values():
        await Position.objects.acreate(
            vehicle=house.van, device_id=1, time=now - age, latitude=1, longitude=1, received=now
        )
    assert len(await lines(client(), house, "")) == 3
    assert len(await lines(client(), house, "?from=&to=")) == 3
    assert len(await lines(client(), house, "?from=0")) == 4


async def test_a_uid_of_any_text_makes_a_harmless_file_name(house, client, fixes) -> None:
    await Device.objects.filter(vehicle=house.van).aupdate(uid='../ü"\r\nX: y\\')
    response = await client().get(reverse("track", args=[house.van.pk, "csv"]) + DAY)
    assert response["Content-Disposition"] == (
        'attachment; filename="X_y_20251123T080000Z_20251124T080000Z.csv"'
    )
    await Device.objects.filter(vehicle=house.van).adelete()
    response = await client().get(reverse("track", args=[house.van.pk, "csv"]) + DAY)
    assert f'"vehicle-{house.van.pk}_2025' in response["Content-Disposition"]


# --- how many at once -----------------------------------------------------------------------------


@pytest.fixture
def two_slots(monkeypatch) -> threading.BoundedSemaphore:
    slots = threading.BoundedSemaphore(2)
    monkeypatch.setattr(tracks, "_slots", slots)
    return slots


async def test_one_too_many_is_told_to_come_back(house, client, fixes, two_slots) -> None:
    address = reverse("track", args=[house.van.pk, "csv"]) + DAY
    running = [await client().get(address) for _ in range(2)]
    refused = await client().get(address)
    assert error(refused) == (429, "busy")
    assert int(refused["Retry-After"]) > 0
    await body(running[0])
    assert (await client().get(address)).status_code == 200


async def test_a_response_that_nobody_reads_or_closes_gives_its_slot_back(
    house, client, fixes, two_slots
) -> None:
    address = reverse("track", args=[house.van.pk, "csv"]) + DAY
    for _ in range(5):
        response = await client().get(address)
        assert response.status_code == 200
        del response
        gc.collect()


async def test_a_client_that_goes_away_frees_the_slot_and_the_reader(
    house, fixes, two_slots, client, monkeypatch
) -> None:
    closed = threading.Event()

    def endless(*_: object, **__: object) -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
        finally:
            closed.set()

    monkeypatch.setattr(tracks, "export", endless)
    session = client().cookies["sessionid"].value
    path = reverse("track", args=[house.van.pk, "csv"])
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"cookie", f"sessionid={session}".encode())],
    }
    browser = ApplicationCommunicator(get_asgi_application(), scope)
    await browser.send_input({"type": "http.request", "body": b"", "more_body": False})
    assert (await browser.receive_output(5))["status"] == 200
    assert (await browser.receive_output(5))["body"]
    await browser.send_input({"type": "http.disconnect"})
    await browser.wait(5)
    assert await asyncio.to_thread(closed.wait, 5)
    assert two_slots.acquire(blocking=False)
    assert two_slots.acquire(blocking=False)


async def test_an_error_in_the_middle_is_no_end_that_looks_whole(two_slots) -> None:
    def fails() -> Iterator[bytes]:
        yield b"time\r\n"
        raise OSError("the database went away")

    download = tracks.Download(in_threads(fails()), two_slots)
    with pytest.raises(OSError, match="went away"):
        [chunk async for chunk in download]


# --- where everybody is ------------------------------------------------------------------------


async def positions(client: AsyncClient, slug: str = "north") -> list[Any]:
    response = await client.get(reverse("fleet_positions", args=[slug]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/geo+json"
    collection = json.loads(response.content)
    assert collection["type"] == "FeatureCollection"
    return list(collection["features"])


@pytest.fixture
def parked(house) -> Latest:
    return Latest.objects.create(
        vehicle=house.van,
        device=house.van.devices.get(),
        time=T0,
        latitude=57.123456789,
        longitude=11.123456789,
        altitude=3.5,
        ignition=False,
        attributes='{"fuel":43.2}',
        received=T0 + 50,
    )


async def put_live(house: Any, time: int) -> None:
    array = [house.van.pk, time, 57.9, 11.9, 12.5, 270.0, 87.0, None, True, 4.0, time + 210]
    await journal_redis().hset(live._keys(house.north.pk)[0], str(house.van.pk), orjson.dumps(array))


async def test_a_vehicle_is_where_the_database_says_and_one_without_a_position_is_left_out(
    house, client, parked
) -> None:
    assert await positions(client()) == [
        {
            "type": "Feature",
            "id": house.van.pk,
            "geometry": {"type": "Point", "coordinates": [11.123456789, 57.123456789, 3.5]},
            "properties": {
                "uid": "van-7",
                "name": "Van 7",
                "fleet": "north",
                "time": "2025-11-23T08:00:00.000Z",
                "altitude": 3.5,
                "speed": None,
                "heading": None,
                "accuracy": None,
                "battery": None,
                "ignition": False,
                "odometer": None,
                "alarm": None,
                "received": "2025-11-23T08:00:00.050Z",
                "attributes": {"fuel": 43.2},
            },
        }
    ]
    assert await positions(client("mallory"), "south") == []


async def test_what_is_live_is_newer_than_the_archive_or_gives_way_to_it(house, client, parked) -> None:
    await put_live(house, T0 + 1)
    found = (await positions(client()))[0]
    assert found["geometry"]["coordinates"] == [11.9, 57.9]
    known = found["properties"]
    assert (known["time"], known["received"]) == ("2025-11-23T08:00:00.001Z", "2025-11-23T08:00:00.211Z")
    assert (known["speed"], known["heading"], known["battery"]) == (12.5, 270.0, 87.0)
    assert (known["accuracy"], known["ignition"], known["alarm"]) == (4.0, True, None)
    await put_live(house, T0 - 1)
    assert (await positions(client()))[0]["properties"]["altitude"] == 3.5


async def test_without_redis_the_database_answers(house, client, parked, settings) -> None:
    settings.JOURNAL_URL = "unix:///nowhere/redis.sock"
    assert len(await positions(client())) == 1


async def test_another_fleet_does_not_exist(house, client, parked) -> None:
    there = await client("mallory").get(reverse("fleet_positions", args=["north"]))
    nowhere = await client("mallory").get(reverse("fleet_positions", args=["never-was"]))
    assert error(there) == error(nowhere) == (404, "not_found")
    assert there.content == nowhere.content


async def test_a_superuser_sees_every_fleet(house, client, parked) -> None:
    assert len(await positions(client("root"))) == 1
