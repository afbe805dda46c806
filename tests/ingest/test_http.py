"""The HTTP door: the same promise as the socket's."""

import asyncio
import json
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient


async def post(token: str, body: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return await AsyncClient().post(
        "/gps/positions", data=content, content_type="application/json", headers=headers
    )


@pytest.mark.parametrize("shape", ["one", "array", "items"])
async def test_positions_are_taken_and_stored(house, archive, shape):
    from tracking.models import Position

    fix = {"lat": 57.7, "lon": 11.9, "time": 1_763_884_800}
    body = {"one": fix, "array": [fix], "items": {"items": [fix]}}[shape]
    answer = await post(house.token, body)
    assert answer.status_code == 200
    assert answer.json() == {"acked": 1, "rejected": [], "messages": []}
    assert await archive() == 1
    assert await sync_to_async(Position.objects.count)() == 1


async def test_a_bad_position_is_named_and_the_rest_taken(house, archive):
    answer = await post(house.token, [{"lat": 1, "lon": 1}, {"lat": "1", "lon": 1}, 7])
    assert answer.json()["acked"] == 1
    assert [(r["index"], r["code"]) for r in answer.json()["rejected"]] == [
        (1, "invalid_position"),
        (2, "invalid_position"),
    ]
    assert await archive() == 1


async def test_a_device_without_a_socket_takes_part_in_the_conversation(house, archive):
    from tracking import messages
    from tracking.models import Message

    written = await sync_to_async(lambda: messages.queue(house.van, author=house.bob, text="Call"))()
    answer = await post(house.token, {"items": []})
    assert [m["id"] for m in answer.json()["messages"]] == [written.pk]
    body = {
        "receipts": [{"id": written.pk, "status": "read"}],
        "replies": [{"id": "r1", "text": "OK", "in_reply_to": written.pk}],
    }
    assert (await post(house.token, body)).status_code == 200
    await archive()
    rows = await sync_to_async(lambda: list(Message.objects.values_list("text", "status")))()
    assert rows == [("Call", Message.Status.READ), ("OK", Message.Status.DELIVERED)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("nope", 400, "invalid_json"),
        ("[" * 100_000, 400, "invalid_json"),
        ("7", 400, "invalid_position"),
        ({"items": 7}, 400, "invalid_position"),
        ({"lng": 11.9}, 400, "invalid_position"),
        ({"items": [], "replies": [{"id": 1}]}, 400, "invalid_json"),
        ({"items": [], "replies": [{"id": "1", "text": "a\0"}]}, 400, "invalid_json"),
        ([{"lat": 1, "lon": 1}] * 10_001, 413, "too_many_items"),
        (b"[" + b" " * (8 * 1024 * 1024) + b"]", 413, "too_large"),
    ],
)
async def test_a_bad_body_is_refused_in_words(house, body, status, code):
    answer = await post(house.token, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_no_token_401_and_another_fleets_403(house):
    from tracking import tokens

    assert (await post("", {})).status_code == 401
    assert (await post("x.y.z", {})).status_code == 401
    assert (await post(tokens.issue(uid="van-7", fleet="south"), {})).status_code == 403
    assert (await AsyncClient().get("/gps/positions")).status_code == 405


async def test_a_device_that_posts_is_connected_and_its_contacts_are_noted(house):
    from tracking import contacts, presence, tokens

    await post(house.token, [{"lat": 1, "lon": 1}, {"lat": 91, "lon": 1}])
    assert await presence.online(house.north.pk) == {house.van.pk}
    await post(tokens.issue(uid="van-7", fleet="south"), {})
    said: dict[str, str] = {}
    until = time.monotonic() + 5
    while len(said) < 2 and time.monotonic() < until:  # the refused one is looked up first
        await contacts.notebook().write()
        found = await sync_to_async(contacts.last)(house.device)
        said = {contact.code: contact.words for contact in found}
        await asyncio.sleep(0.01)
    assert said["stored"].startswith("1 position stored, 1 refused: latitude")
    assert said["other_fleet"] == "fleet is north, token says south"


async def test_too_many_requests_are_429(house, monkeypatch):
    from tracking.ingest import http

    monkeypatch.setattr(http, "REQUESTS_PER_S", 0.01)
    monkeypatch.setattr(http, "REQUEST_WINDOW_S", 200)  # two at once
    answers = [await post(house.token, {"lat": 1, "lon": 1}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "5"


async def test_a_fix_without_a_time_is_later_than_the_one_before_it(house, archive):
    for _ in range(3):
        await post(house.token, {"lat": 1, "lon": 1})
    assert await archive() == 3


async def test_deep_nesting_is_answered(house):
    answer = await post(house.token, '{"lat":1,"lon":2,"x":' + "[" * 900 + "]" * 900 + "}")
    assert answer.status_code in (200, 400)


async def test_a_journal_that_is_down_is_503(house):
    from tracking.ingest.flush import flusher

    flusher().down = True
    answer = await post(house.token, {"lat": 1, "lon": 1})
    assert answer.status_code == 503
    assert answer["Retry-After"]


async def test_healthz_tells_how_it_is(house, settings):
    answer = await AsyncClient().get("/healthz")
    assert answer.status_code == 200
    state = answer.json()
    assert state["status"] == state["redis"] == state["database"] == "ok"
    assert state["journal"] == {"length": 0, "lag_seconds": 0.0}
    settings.JOURNAL_URL = "redis://127.0.0.1:1/0"
    answer = await AsyncClient().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "failing"
