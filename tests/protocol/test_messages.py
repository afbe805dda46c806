"""Every message of docs/PROTOCOL.md once, by the examples that JavaScript's tests may read too.

What a device sends is decoded as its example states. What the server sends is heard on the real
application and has exactly its example's keys and types of values.
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from django.utils.timezone import now

from tests.ingest.test_device_socket import sign
from tracking import fixes

HERE = Path(__file__).parent
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
EXACT = ("type", "status", "code", "removed")
DEVICE, BROWSER = "server-to-device", "server-to-browser"
FIX = {
    "type": "position", "latitude": 52.52, "longitude": 13.405, "speed": 12.5, "heading": 270,
    "accuracy": 4, "battery": 87, "ignition": True, "alarm": "sos",
}  # fmt: skip
T0 = 1_763_884_802

produced: set[tuple[str, str]] = set()


def examples(name: str) -> dict[str, dict[str, Any]]:
    document = json.loads((HERE / f"{name}.json").read_text())
    return {message["name"]: message for message in document["messages"]}


def each(name: str) -> Any:
    return pytest.mark.parametrize("message", [pytest.param(m, id=n) for n, m in examples(name).items()])


def shape(value: Any) -> Any:
    """Keys and types of values; what decides the meaning of a frame stays as it is."""
    if isinstance(value, dict):
        return {k: v if k in EXACT and not isinstance(v, dict) else shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    if isinstance(value, int | float):
        return "number"
    return "time" if TIME.fullmatch(value) else "text"


def produces(direction: str, *names: str) -> Callable[[Any], Any]:
    """Mark a test that hears these examples; it returns nothing and calls `hold` for each."""
    produced.update((direction, name) for name in names)
    return pytest.mark.parametrize("direction", [direction], ids=[direction])


def hold(direction: str, name: str, frame: dict[str, Any]) -> None:
    assert (direction, name) in produced, f"{name}: name it in @produces"
    assert shape(frame) == shape(examples(direction)[name]["frame"]), name


def test_every_example_is_heard_by_a_test() -> None:
    known = {(direction, name) for direction in (DEVICE, BROWSER) for name in examples(direction)}
    assert produced == known


# --- what a device says -----------------------------------------------------------------------


@each("device-to-server")
def test_a_device_is_understood(message: dict[str, Any]) -> None:
    received = json.loads((HERE / "device-to-server.json").read_text())["received"]
    text = message["text"] if "text" in message else json.dumps(message["frame"])
    if "refused" in message:
        with pytest.raises(fixes.Refused) as refused:
            fixes.decode(text, clock=fixes.Clock(), received=received)
        assert {"code": refused.value.code, "seq": refused.value.seq} == message["refused"]
        return
    frame = fixes.decode(text, clock=fixes.Clock(), received=received)
    expected = message["decoded"]
    if not isinstance(frame, fixes.Batch):
        fields = {name: getattr(frame, name) for name in frame.__struct_fields__}
        assert {"kind": type(frame).__name__.lower(), **fields} == expected
        return
    assert (expected["kind"], frame.seq) == ("positions", expected["seq"])
    assert [known(fix) for fix in frame.fixes] == expected["fixes"]
    assert [
        {"index": r.index, "names": r.detail.partition(":")[0]} for r in frame.rejections
    ] == expected.get("rejected", [])
    assert {r.code for r in frame.rejections} <= {"invalid_position"}


def known(fix: fixes.Fix) -> dict[str, Any]:
    """What a fix says, without what it does not say."""
    said = {name: getattr(fix, name) for name in fix.__struct_fields__ if getattr(fix, name) is not None}
    return {**said, "attributes": json.loads(said["attributes"])} if "attributes" in said else said


# --- what the server says to a device ---------------------------------------------------------


@produces(DEVICE, "hello to a new device", "hello", "ack", "pong")
async def test_hello_ack_and_pong(house, connect, archive, direction):
    socket, *_ = await connect(house.token)
    hold(direction, "hello to a new device", await socket.hears())
    await socket.say({**FIX, "time": T0})
    hold(direction, "ack", await socket.hears("ack"))
    await socket.say({"type": "ping"})
    hold(direction, "pong", await socket.hears("pong"))
    await archive()
    again, *_ = await connect(house.token)
    hold(direction, "hello", await again.hears())


@produces(DEVICE, "a position rejected", "the last of many rejected", "a frame refused")
async def test_what_was_wrong(house, connect, direction):
    socket, *_ = await connect(house.token)
    await socket.say({**FIX, "longitude": 181})
    hold(direction, "a position rejected", await socket.hears("error"))
    await socket.say({"type": "positions", "items": [{"lat": 99, "lon": 0}] * 50})
    errors = [await socket.hears("error") for _ in range(20)]
    hold(direction, "the last of many rejected", errors[-1])
    await socket.say("nope")
    hold(direction, "a frame refused", await socket.hears("error"))


@produces(DEVICE, "journal down", "no room")
async def test_the_journal_is_down(house, connect, settings, direction):
    socket, *_ = await connect(house.token)
    with redis.Redis.from_url(settings.JOURNAL_URL) as client:
        client.set("journal:{0}:length", 10**12)  # full: no entry is taken until the archive made room
        await socket.say({**FIX, "time": T0})
        hold(direction, "journal down", await socket.hears("error"))
        items = [{"lat": 1, "lon": 1, "time": T0 + n} for n in range(1000)]
        await socket.say({"type": "positions", "seq": 46, "items": items})
        hold(direction, "no room", await socket.hears("error"))
        client.set("journal:{0}:length", 0)
        await socket.hears("ack")


@produces(DEVICE, "busy")
async def test_busy(house, connect, direction):
    from tracking.ingest.flush import flusher

    flusher().down = True
    socket, *_ = await connect(house.token)
    hold(direction, "busy", await socket.hears())


@produces(DEVICE, "token")
async def test_a_token_near_its_end(house, connect, direction):
    socket, *_ = await connect(sign(iat=time.time() - 340 * 86_400, exp=time.time() + 20 * 86_400))
    hold(direction, "token", await socket.hears("token"))


@produces(DEVICE, "message", "receipt", "command", "command without arguments")
async def test_messages_to_and_from_a_device(house, connect, direction):
    from tracking import messages

    await sync_to_async(messages.queue)(
        house.van, author=house.bob, text="Call the depot", replies=["OK", "Delayed"]
    )
    socket, *_ = await connect(house.token)
    message = await socket.hears("message")
    hold(direction, "message", message)
    await socket.say({"type": "reply", "id": "r1", "in_reply_to": message["id"], "text": "On my way"})
    hold(direction, "receipt", await socket.hears("receipt"))
    for name, args, example in (
        ("interval", {"seconds": 10}, "command"),
        ("locate", {}, "command without arguments"),
    ):
        await sync_to_async(messages.command)(house.van, name, args, author=house.bob)
        hold(direction, example, await socket.hears("command"))


# --- what the server says to a browser --------------------------------------------------------


@produces(
    BROWSER, "snapshot of a vehicle that never reported", "presence", "positions", "positions of a place only"
)
async def test_a_page_sees_a_van_arrive(house, connect, watch, direction):
    page, snapshot = await watch(house.bob)
    hold(direction, "snapshot of a vehicle that never reported", snapshot)
    device, *_ = await connect(house.token)
    hold(direction, "presence", await page.hears("presence"))
    await device.say({**FIX, "time": T0})
    hold(direction, "positions", await page.hears("positions"))
    await device.say({"lat": 52.52, "lon": 13.41, "time": T0 + 5})
    hold(direction, "positions of a place only", await page.hears("positions"))


@produces(BROWSER, "snapshot", "alert open", "alert acknowledged")
async def test_an_alarm_and_who_took_it(house, connect, watch, archive, direction):
    from dashboard.browsers import browsers
    from tracking import alerts
    from tracking.models import Vehicle

    await sync_to_async(Vehicle.objects.filter(pk=house.van.pk).update)(plate="VN-7")
    page, _ = await watch(house.bob)
    device, *_ = await connect(house.token)
    for seconds in (0, 5):
        await device.say({**FIX, "time": T0 + seconds, "alarm": "sos" if seconds else None})
    while (await device.hears("ack"))["seq"] < 2:
        pass
    await archive()
    alert = await page.hears("alert")
    hold(direction, "alert open", alert)
    await browsers().refresh(house.north.pk, anyway=True)
    again, snapshot = await watch(house.bob)
    hold(direction, "snapshot", snapshot)
    await sync_to_async(alerts.acknowledge)(alert["id"], user=house.bob, note="called")
    hold(direction, "alert acknowledged", await again.hears("alert"))


@produces(BROWSER, "part of a snapshot")
async def test_a_large_snapshot_comes_in_parts(house, watch, monkeypatch, direction):
    from dashboard import consumers
    from tracking.models import Vehicle

    await sync_to_async(Vehicle.objects.create)(fleet=house.north, name="Van 8")
    monkeypatch.setattr(consumers, "PART", 1)
    _, first = await watch(house.bob)
    hold(direction, "part of a snapshot", first)


@produces(BROWSER, "message queued", "message read", "reply", "say")
async def test_a_conversation(house, connect, watch, archive, direction):
    page, _ = await watch(house.bob)
    await page.say(
        {
            "type": "message",
            "vehicle": house.van.pk,
            "text": "Call the depot",
            "client_id": "c1",
            "replies": ["OK", "Delayed"],
        }
    )
    message = await page.hears("message")
    hold(direction, "message queued", message)
    device, *_ = await connect(house.token)
    await device.hears("message")
    assert (await page.hears("message"))["status"] == "sent"
    await device.say({"type": "receipt", "id": message["id"], "status": "read"})
    await device.say({"type": "reply", "id": "r1", "in_reply_to": message["id"], "text": "On my way"})
    await device.say({"type": "say", "id": "s1", "text": "Accident on the A12"})
    for _ in range(2):
        await device.hears("receipt")
    await archive()
    hold(direction, "message read", await page.hears("message"))
    hold(direction, "reply", await page.hears("reply"))
    hold(direction, "say", await page.hears("say"))


@produces(BROWSER, "command done")
async def test_a_command(house, connect, watch, archive, direction):
    page, _ = await watch(house.bob)
    device, *_ = await connect(house.token)
    args = {"seconds": 10}
    await page.say(
        {"type": "command", "vehicle": house.van.pk, "name": "interval", "args": args, "client_id": "c5"}
    )
    command = await device.hears("command")
    await device.say({"type": "receipt", "id": command["id"], "status": "delivered"})
    await device.say({"type": "receipt", "id": command["id"], "status": "done"})
    await device.say({"type": "say", "id": "s2", "text": "."})
    await device.hears("receipt")
    await archive()
    heard = [await page.hears("command") for _ in range(4)]
    assert [frame["status"] for frame in heard] == ["queued", "sent", "delivered", "done"]
    hold(direction, "command done", heard[-1])


@produces(BROWSER, "broadcast", "opened", "writing", "note")
async def test_a_desk(house, watch, direction):
    from django.contrib.auth.models import User

    from tracking import broadcasts, notes
    from tracking.models import Membership

    alice = await sync_to_async(User.objects.create_user)("alice")
    await sync_to_async(Membership.objects.create)(user=alice, fleet=house.north, role="dispatcher")
    page, _ = await watch(house.bob)
    other, _ = await watch(alice)
    await sync_to_async(broadcasts.send)([house.van], author=house.bob, text="Snow warning")
    hold(direction, "broadcast", await page.hears("broadcast"))
    await other.say({"type": "writing", "vehicle": house.van.pk})
    hold(direction, "writing", await page.hears("writing"))
    await house.van.messages.acreate(
        id="9:r1", number=9, kind="reply", text="OK", created=now(), status=5, device=house.device
    )
    await page.say({"type": "opened", "vehicle": house.van.pk})
    hold(direction, "opened", await page.hears("opened"))
    await sync_to_async(notes.put)(house.van, "Spare key at the depot", by=house.bob)
    hold(direction, "note", await page.hears("note"))


@produces(BROWSER, "vehicle changed", "vehicle removed")
async def test_a_vehicle_changes_and_goes(house, watch, direction):
    from dashboard.browsers import browsers
    from tracking.models import Vehicle

    page, _ = await watch(house.bob)
    van = Vehicle.objects.filter(pk=house.van.pk)
    await sync_to_async(van.update)(name="Van Seven")
    await browsers().refresh(house.north.pk, anyway=True)
    hold(direction, "vehicle changed", await page.hears("vehicle"))
    await sync_to_async(van.delete)()
    await browsers().refresh(house.north.pk, anyway=True)
    hold(direction, "vehicle removed", await page.hears("vehicle"))


@produces(BROWSER, "message refused", "fleet refused", "pong")
async def test_what_a_page_may_not(house, watch, direction):
    page, _ = await watch(house.bob)
    await page.say({"type": "message", "vehicle": house.truck.pk, "text": "x", "client_id": "c2"})
    hold(direction, "message refused", await page.hears("error"))
    await page.say({"type": "subscribe", "fleets": ["south"]})
    hold(direction, "fleet refused", await page.hears("error"))
    await page.say({"type": "ping"})
    hold(direction, "pong", await page.hears("pong"))


# --- what a browser says ------------------------------------------------------------------------


@each("browser-to-server")
async def test_a_page_is_answered(house, watch, message):
    page, _ = await watch(house.bob)
    frame, answer = message["frame"], message["answer"]
    if frame.get("vehicle") == 7:
        frame = {**frame, "vehicle": house.van.pk}
    await page.say(frame)
    if answer is None:  # the next thing said is the answer to the next thing asked
        await page.say({"type": "ping"})
        assert await page.hears() == {"type": "pong"}
        return
    heard = await page.hears(answer["type"])
    assert {key: heard.get(key) for key in answer} == answer
