"""/i/<key>: every client is answered as it needs to be, and what was answered is kept."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.ingest.clients.captures import CAPTURES
from tracking.fixes import now_ms
from tracking.ingest.clients import Call

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def keyed(house) -> SimpleNamespace:
    """The house with a key of its van, and keys of gateways of both fleets."""
    from tracking import keys

    house.key = keys.issue(device=house.device)
    house.gateway = keys.issue(fleet=house.north)
    house.southern = keys.issue(fleet=house.south)
    return house


def stored(key: str) -> Any:
    from tracking import keys

    found = keys.find(key)
    assert found is not None
    return found


async def send(key: str, call: Call) -> Any:
    address = f"/i/{key}" + (f"?{call.query}" if call.query else "")
    named = {"User-Agent": call.agent, "X-Limit-D": call.phone}
    headers = {name: value for name, value in named.items() if value}
    if call.method == "GET":
        return await AsyncClient().get(address, headers=headers)
    kind = call.content_type or "text/plain"
    return await AsyncClient().post(address, data=call.body, content_type=kind, headers=headers)


async def get(key: str, query: str) -> Any:
    return await send(key, Call("GET", query=query))


async def post(key: str, body: Any, **more: str) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await send(key, Call("POST", content_type="application/json", body=text, **more))


async def form(key: str, text: str) -> Any:
    return await send(key, Call("POST", content_type=FORM, body=text.encode()))


def seconds(ago: float = 0) -> int:
    return int(now_ms() / 1000 - ago)


@sync_to_async
def rows(model: str = "Position", *fields: str) -> list[Any]:
    from django.apps import apps

    found = apps.get_model("tracking", model).objects.order_by("received")
    return list(found.values_list(*fields, flat=len(fields) == 1) if fields else found.values())


ANSWERS = {
    "OwnTracks": b"[]",
    "GPSLogger": b"[]",
    "Overland": b'{"result":"ok"}',
    "Fleetline": b'{"acked":1,"rejected":[],"messages":[]}',
}


@pytest.mark.parametrize(
    ("client", "call", "expected"), [c[1:] for c in CAPTURES], ids=[c[0] for c in CAPTURES]
)
async def test_every_capture_is_answered_as_its_client_needs_and_stored(
    keyed, archive, client, call, expected
):
    answer = await send(keyed.key, call)
    assert (answer.status_code, answer.content) == (200, ANSWERS.get(client, b""))
    items = [item for _, item in expected if item is not None]
    nowhere = [item for item in items if item.get("latitude") == 0 == item.get("longitude")]
    await archive()
    stored = await rows("Position", "device__uid", "latitude", "longitude")
    assert len(stored) == len(items) - len(nowhere)
    assert {uid for uid, *_ in stored} <= {"van-7"}
    assert len(await rows("Quarantined", "detail")) == len(nowhere)


async def test_what_is_stored_is_in_our_units(keyed, archive):
    await get(keyed.key, "lat=57.7&lon=11.9&timestamp=1763884800&speed=10&bearing=270&batt=87&charge=true")
    await archive()
    (row,) = await rows()
    assert row["time"] == 1_763_884_800_000
    assert row["speed"] == pytest.approx(5.144444)
    assert (row["heading"], row["battery"]) == (270, 87)
    assert json.loads(row["attributes"]) == {"charging": True}


async def test_a_slash_at_the_end_is_the_same_address(keyed, archive):
    answer = await AsyncClient().post(f"/i/{keyed.key}/?lat=1&lon=2&timestamp=1763884800")
    assert answer.status_code == 200
    assert await archive() == 1


# --- who may ---------------------------------------------------------------------------------


async def test_an_unknown_key_is_404_to_get_and_401_to_post(keyed):
    from tracking import keys

    assert (await get("nobodys", "lat=1&lon=2")).status_code == 404
    assert (await form("nobodys", "lat=1&lon=2")).status_code == 401
    assert (await post("nobodys", {"locations": []})).status_code == 401
    assert (await post("nobodys", b"")).status_code == 401
    answer = await post("nobodys", {"_type": "location", "lat": 1, "lon": 2, "tst": 1})
    assert (answer.status_code, bool(answer["Retry-After"])) == (503, True)
    assert (await post("nobodys", b"", phone="nexus")).status_code == 503
    await sync_to_async(lambda: keys.revoke(stored(keyed.key)))()
    await answers_soon(keyed.key, 404)


async def answers_soon(key: str, status: int, *, within: float = 5) -> None:
    import asyncio
    import time

    until = time.monotonic() + within
    while (answer := await get(key, "id=1")).status_code != status:
        assert time.monotonic() < until, answer.status_code
        await asyncio.sleep(0.1)


async def test_no_log_line_holds_a_key(keyed, caplog):
    from tracking.ingest.flush import flusher

    caplog.set_level("DEBUG")
    await get("nobodys-secret", "lat=1&lon=2")
    await get(keyed.key, "lat=1&lon=2")
    await post(keyed.key, b"hello")
    flusher().down = True
    await get(keyed.key, "lat=1&lon=2")
    assert "refused" in caplog.text
    assert keyed.key not in caplog.text
    assert "nobodys-secret" not in caplog.text


async def test_other_methods_are_405(keyed):
    answer = await AsyncClient().put(f"/i/{keyed.key}", data=b"{}")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")


async def test_a_disabled_device_is_403_and_owntracks_keeps_what_it_has(keyed):
    from tracking.models import Device

    await Device.objects.filter(pk=keyed.device.pk).aupdate(disabled=True)
    assert (await get(keyed.key, "lat=1&lon=2")).status_code == 403
    assert (await post(keyed.key, {"_type": "location", "lat": 1, "lon": 2})).status_code == 503


async def test_a_key_in_its_grace_still_opens_and_an_expired_one_does_not(keyed):
    from tracking import keys

    fresh = await sync_to_async(lambda: keys.rotate(stored(keyed.key)))()
    assert (await get(keyed.key, "id=1")).status_code == 200
    assert (await get(fresh, "id=1")).status_code == 200
    await sync_to_async(lambda: keys.rotate(stored(keyed.gateway), grace=timedelta(seconds=-1)))()
    body = {"position": {"latitude": 1, "longitude": 2}, "device": {"uniqueId": "van-7"}}
    assert (await post(keyed.gateway, body)).status_code == 401


# --- nothing blocks a phone's queue, and nothing it forgets is lost ----------------------------


@pytest.mark.parametrize(
    "call",
    [
        Call("POST", content_type=FORM, body=b"id=9&lat=95&lon=1&timestamp=1763884800"),
        Call("POST", content_type=FORM, body=b"id=9&lat=abc&lon=1"),
        Call("GET", query="lat=1&lon=2&timestamp=4102444800"),
        Call("POST", body=b'{"_type":"location","lat":95,"lon":1,"tst":1763884800}'),
        Call("POST", body=b'{"_type":"location","tst":1763884800}'),
        Call("POST", body=b'{"_type":"encrypted","data":"b64"}'),
        Call("POST", body=b'{"_type":"location","lat":1', agent="Owntracks-Android/24.2"),
        Call("POST", body=b'{"locations":[{"type":"Feature"}]}'),
        Call("POST", body=b'{"location":{"coords":{"latitude":95,"longitude":1}},"device_id":"9"}'),
        Call("POST", body=b'[{"ident":"9","position.latitude":95,"position.longitude":1}]'),
    ],
    ids=lambda call: (call.query or call.body.decode())[:50],
)
async def test_a_bad_fix_is_200_and_in_quarantine(keyed, archive, call):
    answer = await send(keyed.key, call)
    assert answer.status_code == 200
    assert await archive() == 0
    ((device, raw, detail),) = await rows("Quarantined", "device_id", "raw", "detail")
    assert device == keyed.device.pk
    assert raw
    assert detail


async def test_a_bad_fix_does_not_hold_back_its_batch(keyed, archive):
    def feature(latitude):
        properties = {"timestamp": "2025-11-23T08:00:00Z"}
        return {"geometry": {"type": "Point", "coordinates": [11.9, latitude]}, "properties": properties}

    answer = await post(keyed.key, {"locations": [feature(95), feature(57.7)]})
    assert answer.json() == {"result": "ok"}
    assert await archive() == 1


@pytest.mark.parametrize("body", [b"hello", b'{"a":1}', b"{", b"\xff\xfe", b'{"lat":1,"x":' + b"[" * 90_000])
async def test_what_no_client_sends_is_400_and_in_quarantine(keyed, archive, body):
    answer = await send(keyed.key, Call("POST", body=body))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_format")
    await archive()
    assert await rows("Quarantined", "code") == ["unknown_format"]


async def test_a_deep_nesting_is_in_quarantine(keyed, archive):
    body = b'{"_type":"location","lat":1,"lon":2,"x":' + b"[" * 900 + b"]" * 900 + b"}"
    assert (await post(keyed.key, body)).status_code == 200
    await archive()
    assert len(await rows("Quarantined", "code")) + len(await rows("Position", "time")) == 1


async def test_a_journal_that_is_down_is_503_for_everybody(keyed):
    from tracking.ingest.flush import flusher

    await get(keyed.key, "id=1")
    flusher().down = True
    for _, _, call, _ in CAPTURES:
        answer = await send(keyed.key, call)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("query", ["lat=1&lon=2", "lat=1&lon=2&alarm=sos", "alarm=sos", "batt=50"])
async def test_a_redis_that_is_not_there_is_503(keyed, monkeypatch, settings, query):
    from tracking.ingest import phones

    monkeypatch.setattr(phones, "JOURNAL_WAIT_S", 0.3)
    settings.REDIS_URL = settings.JOURNAL_URL = "redis://127.0.0.1:1/0"
    answer = await form(keyed.key, query)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


async def test_a_body_that_is_too_big_is_413(keyed):
    answer = await post(keyed.key, b" " * (8 * 1024 * 1024 + 1))
    assert answer.status_code == 413


async def test_too_many_requests_are_429_but_no_alarm_is(keyed, archive, monkeypatch):
    from tracking.ingest import http

    monkeypatch.setattr(http, "REQUESTS_PER_S", 0.01)
    monkeypatch.setattr(http, "REQUEST_WINDOW_S", 200)  # two at once
    answers = [await get(keyed.key, f"lat=1&lon=2&timestamp={seconds(n)}") for n in range(6)]
    assert [a.status_code for a in answers][-1] == 429
    assert answers[-1]["Retry-After"] == "5"
    answer = await get(keyed.key, f"lat=1&lon=2&timestamp={seconds(60)}&alarm=sos")
    assert answer.status_code == 200
    answer = await post(keyed.key, {"_type": "location", "lat": 1, "lon": 2})
    assert answer.status_code == 503
    await archive()
    assert await rows("Alert", "kind") == ["sos"]


# --- gateways --------------------------------------------------------------------------------


def forwarded(uid: str, **more: Any) -> dict[str, Any]:
    position = {"fixTime": "2025-11-23T08:00:00Z", "latitude": 57.7, "longitude": 11.9, "attributes": {}}
    return {"position": {**position, **more}, "device": {"uniqueId": uid, "name": uid}}


async def test_a_gateways_key_speaks_for_the_devices_of_its_fleet_only(keyed, archive):
    assert (await post(keyed.gateway, forwarded("van-7"))).status_code == 200
    assert (await post(keyed.southern, forwarded("truck-1"))).status_code == 200
    unknown = await post(keyed.gateway, forwarded("van-8"))
    others = await post(keyed.gateway, forwarded("truck-1"))
    assert unknown.status_code == others.status_code == 404
    assert unknown.content == others.content
    assert await archive() == 2
    assert sorted(await rows("Position", "device__uid")) == ["truck-1", "van-7"]


async def test_one_portion_of_a_gateway_may_hold_several_devices(keyed, archive):
    def message(uid):
        return {"ident": uid, "timestamp": 1763884800, "position.latitude": 57.7, "position.longitude": 11.9}

    portion = [message("van-7"), message("van-8"), message("truck-1")]
    assert (await post(keyed.gateway, portion)).status_code == 200
    assert await archive() == 1
    assert (await post(keyed.gateway, [message("van-8")])).status_code == 200  # a stream must not stand still
    assert (await post(keyed.key, portion)).status_code == 403  # these are not all one van
    assert await archive() == 0


async def test_a_gateways_unknown_device_waits_in_the_inbox_or_is_made(keyed, archive, settings):
    from tracking.models import Device

    settings.AUTO_REGISTER = "pending"
    assert (await post(keyed.gateway, forwarded("van-9"))).status_code == 200
    assert await archive() == 0
    assert await rows("Quarantined", "pending__uid", "pending__fleet__slug") == [("van-9", "north")]
    settings.AUTO_REGISTER = "on"
    assert (await post(keyed.gateway, forwarded("van-10"))).status_code == 200
    assert await archive() == 1
    made = await Device.objects.select_related("vehicle__fleet").aget(uid="van-10")
    assert made.vehicle.fleet.slug == "north"


async def test_phones_can_share_a_gateways_key(keyed, archive):
    assert (await form(keyed.gateway, f"id=van-7&lat=1&lon=2&timestamp={seconds()}")).status_code == 200
    location = {"_type": "location", "lat": 1, "lon": 2, "tst": seconds(9), "topic": "owntracks/x/van-7"}
    assert (await post(keyed.gateway, location)).status_code == 200
    assert (await form(keyed.gateway, "lat=1&lon=2")).status_code == 400
    assert (await post(keyed.gateway, {"_type": "lwt"})).content == b"[]"
    assert (await get(keyed.gateway, "id=a%00b&lat=1&lon=2")).status_code in (400, 404)
    assert await archive() == 2


# --- heartbeats, presence, the live picture ----------------------------------------------------


async def test_a_heartbeat_refreshes_battery_and_presence_live_and_in_the_database(keyed, archive, watch):
    page, snapshot = await watch(keyed.bob)
    (shown,) = snapshot["vehicles"]
    assert (shown["online"], shown["position"]) == (False, None)
    await form(keyed.key, f"id=9&lat=57.7&lon=11.9&timestamp={seconds(60)}&batt=95")
    came = [await page.hears(), await page.hears()]
    while not {"presence", "positions"} <= {frame["type"] for frame in came}:
        came.append(await page.hears())
    assert [frame["online"] for frame in came if frame["type"] == "presence"] == [True]
    shown = [item for frame in came if frame["type"] == "positions" for item in frame["items"]]
    assert [item[6] for item in shown] == [95]
    await archive()
    assert (await form(keyed.key, f"id=9&timestamp={seconds(30)}&batt=41&charge=false")).status_code == 200
    assert (await positioned(page))[6] == 41
    await archive()
    assert await rows("Latest", "battery") == [41]
    assert await rows("Position", "battery") == [95]
    _, again = await watch(keyed.bob)
    assert again["vehicles"][0]["online"] is True
    assert again["vehicles"][0]["position"][6] == 41


async def positioned(page: Any) -> list[Any]:
    """The next position on a page; empty frames are passed over."""
    while True:
        frame = await page.hears("positions")
        await page.say({"type": "ack", "n": frame["n"]})
        if frame["items"]:
            return frame["items"][0]


async def test_a_heartbeat_that_comes_late_does_not_undo_what_is_newer(keyed, archive):
    await form(keyed.key, f"id=9&lat=57.7&lon=11.9&timestamp={seconds(60)}&batt=50")
    await form(keyed.key, f"id=9&timestamp={seconds(600)}&batt=90")
    await archive()
    assert await rows("Latest", "battery") == [50]


async def test_a_heartbeat_before_any_position_is_only_a_contact(keyed, archive):
    from tracking import presence

    assert (await form(keyed.key, "id=9&batt=90")).status_code == 200
    assert await archive() == 0
    assert await rows("Latest") == []
    assert await presence.online(keyed.north.pk) == {keyed.van.pk}


@pytest.mark.parametrize(
    "call",
    [
        Call("POST", content_type=FORM, body=b"id=9&alarm=sos&batt=50"),
        Call("POST", body=b'{"location":{"alarm":"sos","battery":{"level":0.5}},"device_id":"9"}'),
        Call("POST", body=b'[{"ident":"9","sos.event.trigger":true,"battery.level":50}]'),
        Call("POST", body=b'{"position":{"attributes":{"alarm":"sos"}},"device":{"uniqueId":"9"}}'),
    ],
    ids=["Traccar Client 10", "Traccar Client 9", "flespi", "Traccar server"],
)
async def test_an_sos_without_a_position_is_raised_where_the_vehicle_was_last(keyed, archive, call):
    await send(keyed.key, call)
    await archive()
    assert await rows("Alert", "kind") == []
    missing = "Object missing required field `latitude`"
    assert await rows("Quarantined", "detail") == [missing]
    await form(keyed.key, f"id=9&lat=57.7&lon=11.9&timestamp={seconds(60)}")
    await send(keyed.key, call)
    await archive()
    assert await rows("Alert", "kind") == ["sos"]
    *_, row = await rows()
    assert (row["latitude"], row["longitude"]) == (57.7, 11.9)
    assert json.loads(row["attributes"]) == {"place": "last known", "refused": missing}
    assert await rows("Quarantined", "detail") == [
        missing,
        f"{missing}; its alarm was raised all the same",
    ]


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ("lat=0&lon=0", (57.7, 11.9)),
        ("lat=95&lon=11", (57.7, 11.9)),
        ("lat=57.5&lon=11.5&timestamp=4102444800", (57.5, 11.5)),
        ("lat=57.5&lon=11.5&timestamp=yesterday", (57.5, 11.5)),
    ],
)
async def test_an_sos_in_a_bad_fix_is_raised_all_the_same(keyed, archive, values, place):
    await form(keyed.key, f"id=9&lat=57.7&lon=11.9&timestamp={seconds(60)}")
    assert (await form(keyed.key, f"id=9&alarm=sos&{values}")).status_code == 200
    await archive()
    assert await rows("Alert", "kind") == ["sos"]
    *_, row = await rows()
    assert (row["latitude"], row["longitude"]) == place
    assert len(await rows("Quarantined", "detail")) == 1


async def test_a_last_will_is_no_sign_of_life(keyed):
    from tracking import presence

    assert (await post(keyed.key, {"_type": "lwt", "tst": 1})).content == b"[]"
    assert await presence.online(keyed.north.pk) == set()


async def test_owntracks_is_told_where_its_mates_are(keyed, archive):
    from tracking import keys
    from tracking.models import Device, Vehicle

    def mate():
        vehicle = Vehicle.objects.create(fleet=keyed.north, name="Van 8")
        return vehicle, keys.issue(device=Device.objects.create(uid="van-8", vehicle=vehicle))

    _, other = await sync_to_async(mate)()
    southern = await sync_to_async(lambda: keys.issue(device=keyed.truck.devices.get()))()
    moment = seconds()
    await get(other, f"lat=57.7&lon=11.9&timestamp={moment}&spd=10&bearing=90")
    await get(southern, f"lat=57.7&lon=11.9&timestamp={moment}")
    mine = {"_type": "location", "lat": 57.6, "lon": 11.8, "tst": moment}
    answer = await post(keyed.key, mine)
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == [
        {"_type": "card", "topic": "owntracks/north/van-8", "tid": "V8", "name": "Van 8"},
        {
            "_type": "location",
            "topic": "owntracks/north/van-8",
            "tid": "V8",
            "tst": moment,
            "lat": 57.7,
            "lon": 11.9,
            "vel": 36,
            "cog": 90,
        },
    ]
    assert (await post(keyed.key, {"_type": "status"})).json() == []


async def test_mates_can_be_kept_to_ourselves(keyed, settings):
    from tracking import keys
    from tracking.models import Device, Vehicle

    def mate():
        vehicle = Vehicle.objects.create(fleet=keyed.north, name="Van 8")
        return keys.issue(device=Device.objects.create(uid="van-8", vehicle=vehicle))

    settings.OWNTRACKS_MATES = False
    await get(await sync_to_async(mate)(), f"lat=57.7&lon=11.9&timestamp={seconds()}")
    assert (await post(keyed.key, {"_type": "location", "lat": 57.6, "lon": 11.8})).json() == []


async def test_each_call_is_a_contact_in_words(keyed):
    from tracking import contacts

    async def words() -> list[tuple[str, str, str]]:
        await contacts.notebook().write()
        found = await sync_to_async(contacts.last)(keyed.device)
        return [(contact.door, contact.client, contact.words) for contact in found]

    ahead = seconds(-2 * 3600 - 30)
    await form(keyed.key, f"id=9&lat=1&lon=2&timestamp={ahead}")
    ((door, client, said),) = await words()
    assert (door, client) == ("/i/", "Traccar Client")
    assert "check its clock" in said
    await form(keyed.key, "id=9&batt=50")
    assert ("/i/", "Traccar Client", "heartbeat") in await words()


async def test_untimed_fixes_of_one_moment_are_two(keyed, archive):
    for latitude in (1, 2):
        await get(keyed.key, f"lat={latitude}&lon=2")
    assert await archive() == 2


async def test_the_same_fix_again_changes_nothing(keyed, archive):
    for _ in range(2):
        await get(keyed.key, "lat=1&lon=2&timestamp=1763884800&alarm=sos")
    assert await archive() == 1
    assert await rows("Alert", "count") == [1]


# --- any bytes ---------------------------------------------------------------------------------


@hypothesis_settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    key=st.one_of(st.none(), st.text(max_size=8)),
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT"]),
    query=st.text(max_size=60),
    body=st.one_of(
        st.binary(max_size=120),
        st.sampled_from([call.body[:n] for _, _, call, _ in CAPTURES for n in (20, 90, None)]),
    ),
    content_type=st.sampled_from(["application/json", FORM, "multipart/form-data; boundary=x", "x"]),
    length=st.one_of(st.none(), st.text("0123456789x-", max_size=3)),
)
def test_any_bytes_never_give_a_500(keyed, key, method, query, body, content_type, length):
    from urllib.parse import quote

    from asgiref.sync import async_to_sync

    async def call() -> int:
        address = f"/i/{quote(keyed.key if key is None else key, safe='')}"
        headers = {} if length is None else {"content-length": length}
        answer = await AsyncClient().generic(
            method, address, data=body, content_type=content_type, query_params=None, headers=headers,
            QUERY_STRING=quote(query, safe="=&%+"),
        )  # fmt: skip
        return answer.status_code

    assert async_to_sync(call)() in (200, 400, 401, 404, 405, 503)
