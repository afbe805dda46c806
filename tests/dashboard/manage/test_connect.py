"""From "Add vehicle" to the first position: each address that the page shows takes its client's fixes."""

import base64
import html
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient, Client, RequestFactory

from dashboard import doors
from tests.dashboard.conftest import HTMX
from tracking import archive, contacts, devices, journal, keys, tokens
from tracking.fixes import now_ms
from tracking.models import Device, IngestKey, Position, Vehicle

LAT, LON = 57.7089, 11.9746


def store() -> None:
    """Put what the journal holds into the database, as the worker does."""
    reader = journal.Reader(journal.connect(), 0, owner="test")
    blocks = reader.read(100_000)
    archive.archive(blocks)
    reader.delete(blocks)


def cards(page: str) -> dict[str, dict[str, Any]]:
    """What the page shows of each door: its values by label, and its deep link."""
    found = {}
    for part in page.split('data-door="')[1:]:
        slug = part.partition('"')[0]
        values = re.findall(r"<dt>(.*?)</dt><dd><code data-value>(.*?)</code>", part, re.DOTALL)
        link = re.search(r'href="([^"]+)" data-door-link', part)
        found[slug] = {html.unescape(label): html.unescape(value) for label, value in values}
        found[slug]["link"] = html.unescape(link[1]) if link else ""
    return found


def path(address: str) -> str:
    assert address.startswith("http://testserver/")
    return address.removeprefix("http://testserver")


def seconds(ago: int) -> int:
    return now_ms() // 1000 - ago


async def posted(address: str, content: Any) -> Any:
    return await AsyncClient().post(path(address), data=content, content_type="application/json")


async def traccar(card: dict[str, str], time: int) -> Any:
    link = urlsplit(card["link"])
    assert link._replace(query="").geturl() == card["Server URL"]
    settings = {name: value[0] for name, value in parse_qs(link.query).items()}
    body = f"id={settings['id']}&lat={LAT}&lon={LON}&timestamp={time}&speed=1.5&batt=88&charge=false"
    form = "application/x-www-form-urlencoded"
    return await AsyncClient().post(path(card["Server URL"]), data=body.encode(), content_type=form)


async def owntracks(card: dict[str, str], time: int) -> Any:
    inline = parse_qs(urlsplit(card["link"]).query)["inline"][0]
    settings = json.loads(base64.b64decode(inline))
    assert (settings["_type"], settings["mode"], settings["url"]) == ("configuration", 3, card["URL"])
    fix = {"_type": "location", "lat": LAT, "lon": LON, "tst": time, "tid": settings["tid"], "vel": 50}
    return await posted(settings["url"], fix)


def batch(time: int) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [LON, LAT]}
    return {
        "locations": [{"type": "Feature", "geometry": point, "properties": {"timestamp": time, "speed": 4}}]
    }


async def overland(card: dict[str, str], time: int) -> Any:
    settings = parse_qs(urlsplit(card["link"]).query)
    assert settings["url"] == [card["Receiver endpoint"]]
    return await posted(settings["url"][0], batch(time))


async def colota(card: dict[str, str], time: int) -> Any:
    settings = json.loads(base64.b64decode(parse_qs(urlsplit(card["link"]).query)["config"][0]))
    assert settings["apiTemplate"] == "overland"
    return await posted(settings["endpoint"], batch(time))


async def gpslogger(card: dict[str, str], time: int) -> Any:
    assert card["HTTP method"] == "GET"
    known = {"%LAT": LAT, "%LON": LON, "%TIMESTAMP": time, "%ACC": 5, "%SPD": 3.5, "%DIR": 90, "%ALT": 12}
    address = card["URL"]
    for name, value in {**known, "%BATT": 80, "%SAT": 9}.items():
        address = address.replace(name, str(value))
    assert "%" not in address
    return await AsyncClient().get(path(address))


async def other(card: dict[str, str], time: int) -> Any:
    example = re.fullmatch(r"curl '(.*)'", card["Example"])
    assert example
    return await AsyncClient().get(path(example[1]) + f"&timestamp={time}")


APPS = {
    "traccar": traccar,
    "owntracks": owntracks,
    "overland": overland,
    "colota": colota,
    "gpslogger": gpslogger,
    "other": other,
}


def provision(client: Client, house: Any) -> tuple[Device, dict[str, dict[str, str]]]:
    """Add a vehicle as a person does; return its device, and what the page shows of each door."""
    form = {"name": "Van 412", "fleet": house.north.pk, "icon": "van"}
    page = client.get(client.post("/manage/vehicles/add/", form)["Location"]).content.decode()
    assert "Waiting for the first position" in page
    device = Device.objects.get(vehicle__name="Van 412")
    assert f'hx-post="/manage/devices/{device.pk}/secret/" hx-trigger="load, submit"' in page
    secret = client.post(f"/manage/devices/{device.pk}/secret/", {"what": "address"}, headers=HTMX)
    return device, cards(secret.content.decode())


@pytest.mark.django_db(transaction=True)
async def test_each_address_that_the_page_shows_takes_a_position(house, sign_in) -> None:
    alice = await sync_to_async(sign_in)("alice")
    device, shown = await sync_to_async(provision)(alice, house)
    assert set(shown) == {"drive", *APPS}  # the page of a phone's browser: tests/dashboard/test_drive.py
    times = {}
    for ago, (slug, send) in enumerate(APPS.items(), start=1):
        times[slug] = seconds(60 * ago)
        answer = await send(shown[slug], times[slug])
        assert answer.status_code == 200, slug
    await sync_to_async(store)()
    stored = {row.time: row async for row in Position.objects.filter(device=device.pk)}
    assert {slug for slug, time in times.items() if time * 1000 in stored} == set(APPS)
    assert stored[times["owntracks"] * 1000].speed == pytest.approx(50 / 3.6)
    url = f"/manage/devices/{device.pk}/waiting/"
    green = (await sync_to_async(alice.get)(url, headers=HTMX)).content.decode()
    assert "It reports." in green
    assert "hx-trigger" not in green


@pytest.mark.django_db(transaction=True)
async def test_the_token_that_the_page_shows_opens_socket_and_http(house, sign_in) -> None:
    from fleet.asgi import application

    device = await Device.objects.aget(uid="van-7")
    alice = await sync_to_async(sign_in)("alice")
    url = f"/manage/devices/{device.pk}/secret/"
    page = (await sync_to_async(alice.post)(url, {"what": "token"}, headers=HTMX)).content.decode()
    values = re.findall(r"<dt>(.*?)</dt><dd><code data-value>(.*?)</code>", page)
    card = {label: html.unescape(value) for label, value in values}
    assert card["WebSocket"] == "ws://testserver/gps/connect"
    assert tokens.verify(card["Token"]).uid == "van-7"
    headers = [(b"authorization", f"Bearer {card['Token']}".encode())]
    socket = WebsocketCommunicator(application, urlsplit(card["WebSocket"]).path, headers=headers)
    assert (await socket.connect(timeout=5))[0]
    await socket.disconnect()
    curl = re.fullmatch(
        r"curl -H 'Authorization: Bearer (\S+)' -H 'Content-Type: application/json' -d '(\{.*\})' (\S+)",
        card["Try it"],
    )
    assert curl
    answer = await AsyncClient().post(
        path(curl[3]),
        data=curl[2],
        content_type="application/json",
        headers={"Authorization": f"Bearer {curl[1]}"},
    )
    assert answer.status_code == 200
    await sync_to_async(store)()
    assert await Position.objects.filter(device=device.pk, latitude=LAT).aexists()


@pytest.mark.django_db(transaction=True)
async def test_a_gateway_speaks_for_the_fleet(house, sign_in) -> None:
    alice = await sync_to_async(sign_in)("alice")
    page = (await sync_to_async(alice.post)("/manage/fleets/north/gateway/")).content.decode()
    shown = cards(page)
    assert set(shown) == {"traccar-server", "flespi"}
    lines = dict(re.findall(r"<entry key='([\w.]+)'>(.*?)</entry>", shown["traccar-server"]["traccar.xml"]))
    assert lines["forward.type"] == "json"
    time = datetime.fromtimestamp(seconds(30), UTC).isoformat(timespec="milliseconds")
    fix = {"fixTime": time, "latitude": LAT, "longitude": LON, "attributes": {}}
    forwarded = {"position": fix, "device": {"uniqueId": "van-7", "name": "Van 7"}}
    assert (await posted(lines["forward.url"], forwarded)).status_code == 200
    record = {"ident": "van-7", "timestamp": seconds(9), "position.latitude": LAT, "position.longitude": LON}
    assert (await posted(shown["flespi"]["URI"], [record])).status_code == 200
    await sync_to_async(store)()
    assert await Position.objects.filter(device__uid="van-7").acount() == 2


# --- secrets --------------------------------------------------------------------------------------


def test_an_address_is_shown_once_and_stored_hashed(house, alice) -> None:
    device = house.van.devices.get()
    secret = f"/manage/devices/{device.pk}/secret/"
    shown = cards(alice.post(secret, {"what": "address"}, headers=HTMX).content.decode())
    key = shown["other"]["Address"].rpartition("/")[2]
    assert IngestKey.objects.get().digest == keys.digest(key)
    page = alice.get(f"/manage/vehicles/{house.van.pk}/connect/").content.decode()
    assert key not in page
    assert f"…{key[-4:]}" in page
    assert 'hx-trigger="load, submit"' not in page
    again = alice.post(secret, {"what": "address"}).content.decode()
    assert "<html" in again
    assert "The old one works for another 7 days" in again
    assert IngestKey.objects.filter(expires=None).count() == 1
    assert keys.find(key) is not None


def test_looking_makes_no_secret(house, alice) -> None:
    alice.get(f"/manage/vehicles/{house.van.pk}/connect/")
    assert alice.get(f"/manage/devices/{house.van.devices.get().pk}/secret/").status_code == 405
    assert not IngestKey.objects.exists()


def test_a_token_made_again_leaves_the_old_one_a_week(house, alice) -> None:
    device = house.van.devices.get()
    url = f"/manage/devices/{device.pk}/secret/"
    first = alice.post(url, {"what": "token"}, headers=HTMX).content.decode()
    assert "taken for another 7 days" not in first
    second = alice.post(url, {"what": "token"}, headers=HTMX).content.decode()
    assert "The one before is taken for another 7 days" in second
    device.refresh_from_db()
    assert device.generation == 1
    assert device.grace_until is not None


def test_a_key_is_revoked(house, alice, sign_in) -> None:
    device = house.van.devices.get()
    of_device, of_fleet = keys.issue(device=device), keys.issue(fleet=house.north)
    for key, back in ((of_device, f"/manage/devices/{device.pk}/"), (of_fleet, "/manage/fleets/north/")):
        found = keys.find(key)
        assert found
        url = f"/manage/keys/{found.pk}/revoke/"
        assert sign_in("mallory").post(url).status_code == 404
        assert sign_in("bob").post(url).status_code == 403
        assert keys.find(key)
        assert alice.post(url)["Location"] == back
        assert keys.find(key) is None


# --- the page -------------------------------------------------------------------------------------


def test_several_devices_are_connected_one_by_one(house, alice) -> None:
    phone = devices.add(house.van, "phone-7")
    url = f"/manage/vehicles/{house.van.pk}/connect/"
    assert "van-7</code></span>" in alice.get(url).content.decode()
    assert "phone-7</code></span>" in alice.get(url, {"device": phone.pk}).content.decode()
    truck = Device.objects.get(uid="truck-1")
    assert alice.get(url, {"device": truck.pk}).status_code == 404
    assert alice.get(url, {"device": "9" * 30}).status_code == 404


def test_a_vehicle_without_a_device_is_given_one_first(house, alice) -> None:
    bare = Vehicle.objects.create(fleet=house.north, name="Bare")
    answer = alice.get(f"/manage/vehicles/{bare.pk}/connect/")
    assert answer["Location"] == f"/manage/vehicles/{bare.pk}/"
    made = alice.post(f"/manage/vehicles/{bare.pk}/devices/add/", {"uid": ""})
    device = bare.devices.get()
    assert made["Location"] == f"/manage/vehicles/{bare.pk}/connect/?device={device.pk}"
    assert device.primary


@pytest.mark.parametrize(
    ("host", "secure", "found"),
    [
        ("localhost:8000", False, "loopback"),
        ("127.0.0.1", True, "loopback"),
        ("[::1]:8000", False, "loopback"),
        ("192.168.1.20:8000", False, "http"),
        ("fleet.example.org", False, "http"),
        ("fleet.example.org", True, ""),
    ],
)
def test_an_address_that_a_phone_cannot_use_is_known(settings, host, secure, found) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    request = RequestFactory().get("/", headers={"host": host}, secure=secure)
    assert doors.reach(request) == found
    scheme = "https" if secure else "http"
    assert doors.address(request, "k") == f"{scheme}://{host}/i/k"
    assert doors.socket_address(request).startswith("wss://" if secure else "ws://")


def test_the_page_says_that_a_phone_cannot_reach_it(house, alice) -> None:
    url = f"/manage/vehicles/{house.van.pk}/connect/"
    loopback = alice.get(url, headers={"host": "localhost"}).content.decode()
    assert "A phone cannot reach this address" in loopback
    assert "This address has no HTTPS" in alice.get(url).content.decode()
    assert "notice-warn" not in alice.get(url, secure=True).content.decode()


def test_a_contact_that_was_refused_is_said_while_waiting(house, alice) -> None:
    device = house.van.devices.get()

    async def refuse() -> None:
        contacts.note(device.pk, door="/i/", client="OwnTracks", code="disabled")
        await contacts.notebook().write()

    async_to_sync(refuse)()
    page = alice.get(f"/manage/devices/{device.pk}/waiting/", headers=HTMX).content.decode()
    assert "It came, but was refused:" in page
    assert "disabled" in page
    assert 'hx-trigger="every 2s' in page


def test_a_qr_code_is_a_picture_without_scripts_or_styles() -> None:
    svg = doors.qr("https://fleet.example.org/i/secret?id=van-7")
    assert svg.startswith("<svg ")
    assert "style=" not in svg
    assert "secret" not in svg
