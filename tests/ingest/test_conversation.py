"""Devices without a socket take part: POST /gps/positions, and our own shape on /i/<key>."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.ingest.test_http import post
from tests.ingest.test_phones import post as post_to_key

Rows = list[tuple[Any, ...]]


@sync_to_async
def queue(house: Any, text: str) -> str:
    from tracking import messages

    return messages.queue(house.van, author=house.bob, text=text).pk


@sync_to_async
def rows(*fields: str) -> Rows:
    from tracking.models import Message

    return list(Message.objects.order_by("number").values_list(*fields))


@pytest.fixture
def send(house: Any) -> dict[str, Any]:
    from tracking import keys, tokens

    key = keys.issue(device=house.device)
    token = tokens.issue(uid="van-7", fleet="north")
    return {
        "/gps/positions": lambda body: post(token, body),
        "/i/": lambda body: post_to_key(key, body),
    }


@pytest.mark.parametrize("door", ["/gps/positions", "/i/"])
async def test_messages_in_the_answer_and_what_is_said_in_the_request(house, send, archive, door):
    first, second = [await queue(house, text) for text in ("one", "two")]
    answer = (await send[door]({"items": []})).json()
    assert [message["id"] for message in answer["messages"]] == [first, second]
    said = {
        "receipts": [{"id": first, "status": "delivered"}, {"id": first, "status": "read"}],
        "replies": [{"id": "r1", "text": "OK", "in_reply_to": first}],
        "says": [{"id": "s1", "text": "Road closed"}],
    }
    for _ in range(2):  # what is sent again is stored once
        answer = (await send[door](said)).json()
    assert [message["id"] for message in answer["messages"]][-1] == second
    await archive()
    assert await rows("kind", "text", "status") == [
        ("message", "one", 6),
        ("message", "two", 1),
        ("reply", "OK", 5),
        ("say", "Road closed", 5),
    ]
    answer = (await send[door]({"items": []})).json()
    assert [message["id"] for message in answer["messages"]] == [second]


@pytest.mark.parametrize("door", ["/gps/positions", "/i/"])
async def test_a_command_comes_like_a_message(house, send, archive, door):
    from tracking import messages

    args = {"seconds": 10}
    command = await sync_to_async(messages.command)(house.van, "interval", args, author=house.bob)
    answer = (await send[door]({"items": []})).json()
    expected = {"type": "command", "id": command.pk, "name": "interval", "args": args}
    assert answer["messages"] == [expected]
    failed = {"id": command.pk, "status": "failed", "detail": "locked"}
    await send[door]({"receipts": [failed]})
    await archive()
    assert await rows("status", "detail") == [(7, "locked")]


@pytest.mark.parametrize("door", ["/gps/positions", "/i/"])
async def test_a_wrong_receipt_is_refused_in_words(send, door):
    answer = await send[door]({"receipts": [{"id": 7}]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


async def test_what_a_waiting_device_says_is_refused_by_name(house, archive, settings):
    from tracking import tokens

    settings.AUTO_REGISTER = "pending"
    body = {
        "items": [{"lat": 1, "lon": 1}],
        "receipts": [{"id": "01J", "status": "read"}],
        "replies": [{"id": "r1", "text": "OK"}],
    }
    answer = (await post(tokens.issue(uid="new", fleet="north"), body)).json()
    rejected = [(r.get("list"), r["index"], r.get("id"), r["code"]) for r in answer["rejected"]]
    assert rejected == [
        (None, 0, None, "pending"),
        ("receipts", 0, "01J", "pending"),
        ("replies", 0, "r1", "pending"),
    ]
    assert (answer["acked"], answer["messages"]) == (0, [])
    await archive()
    assert await rows("pk") == []


async def test_a_broadcast_reaches_every_connection_in_one_step(house, connect, watch, archive, monkeypatch):
    from tracking import broadcasts, devices, messages, tokens

    asked: list[int] = []
    read = messages.waiting_for

    def counted(many: Any) -> Any:
        asked.append(len(many))
        return read(many)

    monkeypatch.setattr(messages, "waiting_for", counted)
    vans = [house.van]
    for number in range(8):
        vans.append((await sync_to_async(devices.register)(f"more-{number}", fleet="north")).vehicle)
    uids = ["van-7", *(f"more-{number}" for number in range(8))]
    devices_ = [(await connect(tokens.issue(uid=uid, fleet="north")))[0] for uid in uids]
    page, _ = await watch(house.bob)
    await sync_to_async(broadcasts.send)(vans, author=house.bob, text="Snow")
    heard = [await device.hears("message") for device in devices_]
    assert [frame["text"] for frame in heard] == ["Snow"] * 9
    assert sum(asked) >= 9
    assert len(asked) < 9
    for device, frame in zip(devices_, heard, strict=True):
        await device.say({"type": "receipt", "id": frame["id"], "status": "read"})
        await device.say({"type": "say", "id": "s", "text": "."})
        await device.hears("receipt")
    await archive()
    told: dict[str, int] = {}
    while told.get("read", 0) < 9:
        for change in (await page.hears("broadcast"))["changes"]:
            told[change["status"]] = told.get(change["status"], 0) + 1
    assert told == {"queued": 9, "sent": 9, "read": 9}
