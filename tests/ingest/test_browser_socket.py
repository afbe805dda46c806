"""The browser socket says and does what docs/PROTOCOL.md promises."""

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.ingest.conftest import ORIGIN, Socket, session_of


def fix(seconds: int, **more: Any) -> dict[str, Any]:
    return {"type": "position", "latitude": 57.7, "longitude": 11.9, "time": 1_763_884_800 + seconds, **more}


async def silent(socket: Socket, seconds: float = 0.5) -> bool:
    return await socket.receive_nothing(timeout=seconds)


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://testserver", "http://testserver:81", "", None],
)
async def test_a_page_from_elsewhere_is_refused(house, origin):
    from fleet.asgi import application

    headers = [(b"cookie", await sync_to_async(session_of)(house.bob)), (b"host", b"testserver")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    accepted, _ = await Socket(application, "/ws/dashboard", headers=headers).connect()
    assert not accepted


async def test_without_a_session_it_is_refused(house):
    from fleet.asgi import application

    headers = [(b"origin", ORIGIN.encode()), (b"host", b"testserver")]
    accepted, _ = await Socket(application, "/ws/dashboard", headers=headers).connect()
    assert not accepted


async def test_a_snapshot_then_changes(house, connect, watch):
    device, *_ = await connect(house.token)
    await device.say(fix(0))
    await device.hears("ack")
    page, snapshot = await watch(house.bob)
    (van,) = snapshot["vehicles"]
    assert (van["id"], van["uid"], van["name"], van["fleet"], van["online"], van["alerts"]) == (
        house.van.pk,
        "van-7",
        "Van 7",
        "north",
        True,
        0,
    )
    assert van["position"][:4] == [house.van.pk, 1_763_884_800_000, 57.7, 11.9]
    started = time.monotonic()
    await device.say(fix(5, speed=12.5, alarm="sos"))
    frame = await page.hears("positions")
    assert frame["items"][0][:5] == [house.van.pk, 1_763_884_805_000, 57.7, 11.9, 12.5]
    assert time.monotonic() - started < 1


async def test_the_live_position_only_moves_forward(house, connect, watch):
    page, _ = await watch(house.bob)
    device, *_ = await connect(house.token)
    await device.say(fix(60))
    assert (await page.hears("positions"))["items"][0][1] == 1_763_884_860_000
    await device.say(fix(0))
    await device.hears("ack")
    await device.say(fix(61))
    assert (await page.hears("positions"))["items"][0][1] == 1_763_884_861_000


async def test_an_outsider_sees_nothing_of_another_fleet(house, connect, watch, archive):
    page, snapshot = await watch(house.mallory)
    assert [v["name"] for v in snapshot["vehicles"]] == ["Truck 1"]
    device, *_ = await connect(house.token)
    await device.say(fix(0, alarm="sos"))
    await device.say({"type": "say", "id": "1", "text": "hello"})
    await device.hears("receipt")
    await archive()
    await page.say({"type": "message", "vehicle": house.van.pk, "text": "x", "client_id": "c"})
    answer = await page.hears()
    assert (answer["type"], answer["code"], answer["client_id"]) == ("error", "unknown_vehicle", "c")
    await page.say({"type": "message", "vehicle": 10**6, "text": "x", "client_id": "c"})
    assert await page.hears() == answer
    assert await silent(page)


async def test_naming_another_fleet_never_tells_whether_it_exists(house, watch):
    _, there = await watch(house.mallory, ["north"])
    _, nowhere = await watch(house.mallory, ["atlantis"])
    assert there == nowhere
    assert (there["type"], there["code"]) == ("error", "forbidden")


async def test_every_rung_of_a_message_is_shown_as_it_happens(house, connect, watch, archive):
    page, _ = await watch(house.bob)
    device, *_ = await connect(house.token)
    await page.say({"type": "message", "vehicle": house.van.pk, "text": "Call", "client_id": "c1"})
    queued = await page.hears("message")
    assert (queued["status"], queued["client_id"]) == ("queued", "c1")
    got = await device.hears("message")
    assert (await page.hears("message"))["status"] == "sent"
    await device.say({"type": "receipt", "id": got["id"], "status": "delivered"})
    await device.say({"type": "receipt", "id": got["id"], "status": "read"})
    await device.say({"type": "reply", "id": "r1", "in_reply_to": got["id"], "text": "On my way"})
    await device.hears("receipt")
    await archive()
    assert [(await page.hears("message"))["status"] for _ in range(2)] == ["delivered", "read"]
    assert (await page.hears("reply"))["text"] == "On my way"


async def test_the_same_client_id_twice_is_one_message(house, watch):
    from tracking.models import Message

    page, _ = await watch(house.bob)
    for _ in range(2):
        await page.say({"type": "message", "vehicle": house.van.pk, "text": "Call", "client_id": "c1"})
    await page.hears("message")
    await page.say({"type": "ping"})
    await page.hears("pong")
    assert await sync_to_async(Message.objects.count)() == 1


async def test_an_sos_reaches_a_page_whose_window_is_full(house, connect, watch, archive):
    page, _ = await watch(house.bob)
    device, *_ = await connect(house.token)
    await page.hears("presence")
    for n in range(4):  # not acknowledged from here on
        await device.say(fix(n))
        await page.hears("positions")
    for n in range(4, 10):
        await device.say(fix(n))
        await device.hears("ack")
    assert await silent(page, 0.3)
    items: list[dict[str, Any]] = [{"lat": 57.7, "lon": 11.9, "time": 1_763_882_400 + n} for n in range(500)]
    items[2]["alarm"] = "sos"
    await device.say({"type": "positions", "items": items})
    await device.hears("ack")
    await archive()
    alert = await page.hears()
    assert (alert["type"], alert["kind"], alert["status"]) == ("alert", "sos", "open")
    await page.say({"type": "ack", "n": 4})
    newest = await page.hears("positions")
    assert [item[1] for item in newest["items"]] == [1_763_884_809_000]


async def test_an_alert_stays_until_somebody_acknowledges_it(house, connect, watch, archive):
    from tracking import alerts

    device, *_ = await connect(house.token)
    await device.say(fix(0, alarm="sos"))
    await device.say(fix(5))
    while (await device.hears("ack"))["seq"] < 2:
        pass
    await archive()
    page, snapshot = await watch(house.bob)
    assert snapshot["vehicles"][0]["alerts"] == 1
    from tracking.models import Alert

    pk = await sync_to_async(lambda: Alert.objects.get().pk)()
    await sync_to_async(lambda: alerts.acknowledge(pk, user=house.bob, note="called"))()
    frame = await page.hears("alert")
    assert (frame["status"], frame["by"], frame["note"]) == ("acknowledged", "bob", "called")
    await device.say(fix(0, alarm="sos"))  # the same fix again opens none
    await device.hears("ack")
    await archive()
    assert await sync_to_async(Alert.objects.filter(status="open").count)() == 0


async def test_a_page_that_joins_right_after_an_alarm_is_told_of_it(house, connect, watch, archive):
    """The second page is shown the picture that the first one's events kept up to date."""
    await watch(house.bob)
    device, *_ = await connect(house.token)
    await device.say(fix(0, alarm="sos"))
    await device.hears("ack")
    await archive()
    await asyncio.sleep(0.1)
    _, snapshot = await watch(house.bob)
    assert snapshot["vehicles"][0]["alerts"] == 1


@pytest.mark.parametrize("how", ["membership", "session", "user", "password"])
async def test_who_may_no_longer_look_is_cut_off_within_five_seconds(house, watch, how):
    from dashboard.models import Session
    from tracking.models import Membership

    page, _ = await watch(house.bob)

    def revoke() -> None:
        if how == "membership":
            Membership.objects.filter(user=house.bob).delete()
        elif how == "session":
            Session.objects.all().delete()
        elif how == "user":
            type(house.bob).objects.filter(pk=house.bob.pk).update(is_active=False)
        else:
            house.bob.set_password("another one")
            house.bob.save()

    await sync_to_async(revoke)()
    assert await page.closes(within=5) == 4403


async def test_what_a_lost_hint_would_have_said_comes_with_the_re_sync(house, connect, watch):
    """Redis and the database are changed behind everybody's back, as when every hint was lost."""
    from dashboard.browsers import browsers
    from tracking.models import Alert, Latest, Vehicle

    page, _ = await watch(house.bob)

    def change() -> None:
        Latest.objects.create(
            vehicle_id=house.van.pk,
            device_id=house.device.pk,
            time=1_763_884_800_000,
            latitude=57.7,
            longitude=11.9,
            received=1,
        )
        Alert.objects.create(
            vehicle=house.van, kind="sos", time=1, last_time=1, received=1, latitude=57.7, longitude=11.9
        )
        Vehicle.objects.create(fleet=house.north, name="Van 8")
        Vehicle.objects.filter(pk=house.van.pk).update(name="Van Seven")

    await sync_to_async(change)()
    await browsers().refresh(house.north.pk, anyway=True)
    heard = [await page.hears() for _ in range(4)]
    assert [(f["type"], f.get("name")) for f in heard if f["type"] == "vehicle"] == [
        ("vehicle", "Van 8"),
        ("vehicle", "Van Seven"),
    ] or {f.get("name") for f in heard if f["type"] == "vehicle"} == {"Van 8", "Van Seven"}
    assert next(f for f in heard if f["type"] == "alert")["kind"] == "sos"
    assert next(f for f in heard if f["type"] == "positions")["items"][0][1] == 1_763_884_800_000


async def test_a_large_snapshot_comes_in_parts_within_the_window(house, watch):
    from tracking.models import Vehicle

    await sync_to_async(
        lambda: Vehicle.objects.bulk_create(Vehicle(fleet=house.north, name=f"Van {n}") for n in range(2600))
    )()
    page, first = await watch(house.bob)
    parts = [first]
    for _ in range(3):
        parts.append(await page.hears("snapshot"))
    while len(parts) < first["parts"]:
        await page.say({"type": "ack", "n": parts[-1]["n"]})
        parts.append(await page.hears("snapshot"))
    assert [p["part"] for p in parts] == list(range(1, first["parts"] + 1))
    assert [p["n"] for p in parts] == list(range(len(parts)))
    assert len({v["id"] for p in parts for v in p["vehicles"]}) == 2601


async def test_a_page_hears_something_at_least_every_15_seconds(house, watch, monkeypatch):
    from dashboard import consumers

    monkeypatch.setattr(consumers, "HEARTBEAT_S", 0.2)
    page, _ = await watch(house.bob)
    await asyncio.sleep(0.1)
    frame = await page.hears("positions", within=2)
    assert frame["items"] == []


async def test_a_page_that_never_acknowledges_is_closed(house, watch, monkeypatch):
    from dashboard import consumers

    monkeypatch.setattr(consumers, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(consumers, "UNACKED_S", 1)
    page, _ = await watch(house.bob)
    assert await page.closes(within=8) == 4408


@pytest.mark.parametrize(
    "frame", ["nope", "[]", '{"type":"x"}', '{"type":"subscribe","fleets":7}', '{"type":"message"}']
)
async def test_bad_frames_are_answered_and_the_page_lives(house, watch, frame):
    page, _ = await watch(house.bob)
    await page.say(frame)
    assert (await page.hears("error"))["code"]
    await page.say({"type": "ping"})
    assert await page.hears("pong")
