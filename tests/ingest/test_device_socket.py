"""The device socket says and does what docs/PROTOCOL.md promises."""

import asyncio
import gc
import json
import time
import tracemalloc
from typing import Any

import jwt
import pytest
from asgiref.sync import sync_to_async

from tracking.ingest.connection import Taken
from tracking.ingest.flush import Flush

FIX = {"type": "position", "latitude": 57.7, "longitude": 11.97, "time": "2025-11-23T08:00:02Z"}


def sign(**claims: Any) -> str:
    from django.conf import settings

    known = {"uid": "van-7", "group_name": "north", "aud": "gps", "exp": time.time() + 60}
    wanted = {key: value for key, value in {**known, **claims}.items() if value is not None}
    return jwt.encode(wanted, next(iter(settings.TOKEN_KEYS.values())), algorithm="HS256")


def stored() -> list[Any]:
    from tracking.models import Position

    return list(Position.objects.order_by("time"))


def quarantined() -> list[Any]:
    from tracking.models import Quarantined

    return list(Quarantined.objects.order_by("received", "raw"))


@pytest.mark.parametrize("header", ["authorization", "token", "subprotocol"])
async def test_the_token_is_taken_three_ways(house, connect, header):
    ways: dict[str, dict[str, Any]] = {
        "authorization": {"headers": [(b"authorization", b"Bearer " + house.token.encode())]},
        "token": {"headers": [(b"token", house.token.encode())]},
        "subprotocol": {"subprotocols": ["gps.v1", f"jwt.{house.token}"]},
    }
    socket, accepted, subprotocol = await connect(**ways[header])
    assert accepted
    assert subprotocol == ("gps.v1" if header == "subprotocol" else None)
    hello = await socket.hears()
    assert (hello["type"], hello["uid"], hello["vehicle"], hello["fleet"], hello["last_time"]) == (
        "hello",
        "van-7",
        "Van 7",
        "north",
        None,
    )


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": 1_763_884_800}, "token expired"),
        ({"exp": None}, "exp"),
        ({"exp": "9999999999"}, "exp must be a number"),
        ({"exp": float("inf")}, "exp must be a number"),
        ({"aud": "other"}, "Audience"),
        ({"aud": ["gps"]}, "strict"),
        ({"aud": None}, "aud"),
        ({"uid": None}, "uid"),
        ({"uid": 7}, "must be words"),
        ({"uid": "nobody"}, "unknown device"),
        ({"group_name": "south"}, "fleet is north, token says south"),
        ({"gen": "1"}, "gen must be"),
        ({"gen": -1}, "gen must be"),
    ],
)
async def test_a_token_that_claims_wrongly_is_refused_in_words(house, connect, caplog, claims, words):
    _, accepted, _ = await connect(sign(**claims))
    assert not accepted
    assert words in caplog.text


async def test_no_token_none_alg_and_a_forged_one_are_refused(house, connect):
    claims = {"uid": "van-7", "group_name": "north", "aud": "gps", "exp": time.time() + 60}
    forged = jwt.encode(claims, "x" * 40, algorithm="HS256")
    unsigned = jwt.encode(claims, "", algorithm="none")
    kid = jwt.encode(claims, "x" * 40, algorithm="HS256", headers={"kid": "../../etc/passwd"})
    for token in ("", forged, unsigned, kid, "a.b.c", "x" * 3000, house.token[:-4]):
        _, accepted, _ = await connect(token)
        assert not accepted


async def test_the_token_is_not_taken_from_the_query(house, sockets):
    from fleet.asgi import application
    from tests.ingest.conftest import Socket

    socket = Socket(application, f"/gps/connect?token={house.token}")
    accepted, _ = await socket.connect()
    assert not accepted


async def until(holds: Any, *, seconds: float = 5) -> None:
    """Wait until `await holds()` is true."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.05)


async def refuses(connect: Any, token: str) -> bool:
    return not (await connect(token))[1]


async def test_a_disabled_device_and_an_older_generation_are_refused(house, connect):
    from tracking import devices

    await sync_to_async(lambda: type(house.device).objects.update(generation=2))()
    assert not (await connect(sign(gen=1)))[1]
    assert (await connect(sign(gen=2)))[1]
    await sync_to_async(devices.disable)(house.device)
    await until(lambda: refuses(connect, sign(gen=2)))


async def test_an_acknowledged_position_is_stored(house, connect, archive):
    socket, *_ = await connect(house.token)
    await socket.say(
        {**FIX, "seq": 41, "speed": 12.5, "heading": 360, "battery": 120, "fuel": 43.2, "ignition": True}
    )
    assert await socket.hears("ack") == {"type": "ack", "seq": 41}
    assert await archive() == 1
    (row,) = await sync_to_async(stored)()
    assert (row.vehicle_id, row.time, row.latitude, row.longitude) == (
        house.van.pk,
        1763884802000,
        57.7,
        11.97,
    )
    assert (row.speed, row.heading, row.battery, row.ignition) == (12.5, 0, None, True)
    assert json.loads(row.attributes) == {"battery": 120, "fuel": 43.2}


async def test_hello_tells_the_newest_fix_of_the_device_archived_or_not(house, connect):
    socket, *_ = await connect(house.token)
    await socket.say(FIX)
    await socket.hears("ack")
    socket, *_ = await connect(house.token)
    assert (await socket.hears("hello"))["last_time"] == "2025-11-23T08:00:02.000Z"


async def test_the_same_fix_twice_is_one_row(house, connect, archive):
    socket, *_ = await connect(house.token)
    await socket.say(FIX)
    await socket.say(FIX)
    while (await socket.hears("ack"))["seq"] < 2:
        pass
    assert await archive() == 1
    assert len(await sync_to_async(stored)()) == 1


async def test_a_bad_position_holds_back_nothing_and_is_quarantined(house, connect, archive):
    socket, *_ = await connect(house.token)
    await socket.hears("hello")
    items = [{"lat": 57.7, "lon": 11.9}, {"lat": 57.7, "lon": 500}, {"lat": 57.8, "lon": 11.9}]
    await socket.say({"type": "positions", "seq": 9, "items": items})
    error = await socket.hears()
    assert (error["type"], error["seq"], error["code"], error["index"]) == ("error", 9, "invalid_position", 1)
    assert "longitude" in error["detail"]
    assert await socket.hears() == {"type": "ack", "seq": 9}
    assert await archive() == 2
    (kept,) = await sync_to_async(quarantined)()
    assert json.loads(kept.raw) == items[1]
    assert kept.code == "invalid_position"


async def test_at_most_20_errors_a_frame_and_the_last_says_how_many_more(house, connect):
    socket, *_ = await connect(house.token)
    await socket.say({"type": "positions", "items": [{"lat": 99, "lon": 0}] * 50})
    errors = [await socket.hears("error") for _ in range(20)]
    assert [e["index"] for e in errors] == list(range(20))
    assert [e.get("more") for e in errors] == [None] * 19 + [30]
    assert (await socket.hears())["type"] == "ack"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("nope", "invalid_json"),
        ('{"type":"position","latitude":NaN,"longitude":1}', "invalid_json"),
        ('{"type":"position","latitude":1e999,"longitude":1}', "invalid_json"),
        ('{"type":"position","latitude":1,"longitude":1,"attributes":{"a":"\\ud800"}}', "invalid_json"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "invalid_json"),
        ('{"type":"teleport","seq":3}', "unknown_type"),
        ('{"type":7}', "unknown_type"),
        ("[]", "unknown_type"),
        ("null", "unknown_type"),
        ('{"type":"position","seq":"7","latitude":1,"longitude":1}', "invalid_position"),
        (json.dumps({"type": "positions", "items": [{"lat": 1, "lon": 1}] * 1001}), "too_many_items"),
    ],
)
async def test_a_frame_refused_whole_is_answered_and_the_socket_lives(house, connect, frame, code):
    socket, *_ = await connect(house.token)
    await socket.say(frame)
    assert (await socket.hears("error"))["code"] == code
    await socket.say({"type": "ping"})
    assert await socket.hears() == {"type": "pong"}


async def test_a_flood_of_malformed_frames_leaves_memory_flat(house, connect):
    socket, *_ = await connect(house.token)
    await socket.hears("hello")
    corpus = [
        "nope",
        "{",
        '{"type":',
        "[" * 5000,
        '"\\ud800"',
        "NaN",
        '{"type":"x"}',
        "{}",
        "[]",
        "1e999",
        "\ufeff{}",
    ]

    async def flood(rounds: int) -> None:
        for _ in range(rounds):
            for text in corpus:
                await socket.say(text)
                assert (await socket.hears("error"))["code"] in ("invalid_json", "unknown_type")
            await socket.say({"type": "ping"})
            await socket.hears("pong")

    await flood(10)
    tracemalloc.start()
    try:
        await flood(20)
        before, _ = tracemalloc.get_traced_memory()
        await flood(200)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 300_000


async def test_nothing_of_a_flush_waits_for_the_collector(house, connect):
    def alive() -> int:
        return sum(isinstance(thing, Flush | Taken) for thing in gc.get_objects())

    socket, *_ = await connect(house.token)
    gc.collect()
    gc.disable()
    try:
        before = alive()
        for second in range(10):
            await socket.say({**FIX, "time": f"2025-11-23T08:00:0{second}Z"})
            await socket.say({**FIX, "latitude": 95})
            await socket.hears("ack")
        left = alive() - before
    finally:
        gc.enable()
    assert left <= 4  # of the last flush and one still open; ten of each would wait


async def test_twenty_bad_frames_in_a_row_end_it_and_a_good_one_starts_anew(house, connect):
    socket, *_ = await connect(house.token)
    for _ in range(19):
        await socket.say("nope")
    await socket.say({"type": "ping"})
    assert await socket.hears("pong")
    for _ in range(19):
        await socket.say("nope")
    await socket.send_to(bytes_data=b"\x00")
    assert await socket.closes() == 4400


async def test_a_frame_over_256_kib_ends_it(house, connect):
    socket, *_ = await connect(house.token)
    await socket.say({"type": "ping", "x": "é" * 140_000})
    assert await socket.closes() == 4413


async def test_too_many_positions_a_second_end_it(house, connect, monkeypatch):
    from tracking.ingest import connection

    monkeypatch.setattr(connection, "RATE_POSITIONS", 100)
    socket, *_ = await connect(house.token)
    items = [{"lat": 1, "lon": 1}] * 1000
    await socket.say({"type": "positions", "items": items})
    await socket.hears("ack")  # the average over 10 s is what counts
    await socket.say({"type": "positions", "items": items})
    assert await socket.closes() == 4429


async def test_a_newer_connection_takes_over(house, connect):
    first, *_ = await connect(house.token)
    second, *_ = await connect(house.token)
    assert await first.closes() == 4409
    await second.say(FIX)
    assert await second.hears("ack")


async def test_a_revoked_device_is_cut_off_within_five_seconds(house, connect):
    socket, *_ = await connect(house.token)
    await sync_to_async(lambda: type(house.device).objects.update(disabled=True))()
    assert await socket.closes(within=5) == 4403


async def test_an_expired_token_ends_the_connection(house, connect):
    socket, *_ = await connect(sign(exp=time.time() + 1))
    assert await socket.closes(within=6) == 4401


async def test_a_token_near_its_end_is_renewed_once(house, connect):
    from tracking import tokens

    old = sign(iat=time.time() - 340 * 86_400, exp=time.time() + 20 * 86_400)
    socket, *_ = await connect(old)
    fresh = tokens.verify((await socket.hears("token"))["token"])
    assert fresh.uid == "van-7"
    assert fresh.expires > time.time() + 355 * 86_400


async def test_an_untimed_fix_gets_the_time_of_arrival_and_no_two_the_same(house, connect, archive):
    socket, *_ = await connect(house.token)
    before = time.time() * 1000 - 1
    await socket.say({"type": "positions", "items": [{"lat": 1, "lon": 1}] * 50})
    await socket.hears("ack")
    assert await archive() == 50
    rows = await sync_to_async(stored)()
    assert before < rows[0].time < rows[-1].time < time.time() * 1000 + 100


async def test_messages_arrive_in_order_once_each_and_their_ladder_only_rises(house, connect, archive):
    from tracking import messages
    from tracking.models import Message

    write = sync_to_async(lambda text: messages.queue(house.van, author=house.bob, text=text))
    first = await write("one")
    socket, *_ = await connect(house.token)
    got = await socket.hears("message")
    assert (got["id"], got["text"], got["from"]) == (first.pk, "one", "bob")
    second = await write("two")
    assert (await socket.hears("message"))["id"] == second.pk
    for status in ("read", "delivered"):
        await socket.say({"type": "receipt", "id": first.pk, "status": status})
    await socket.say({"type": "reply", "id": "r1", "in_reply_to": first.pk, "text": "On my way"})
    await socket.say({"type": "reply", "id": "r1", "in_reply_to": first.pk, "text": "On my way"})
    for _ in range(2):
        assert await socket.hears("receipt") == {"type": "receipt", "id": "r1", "status": "stored"}
    await archive()
    rows = await sync_to_async(lambda: list(Message.objects.all()))()
    assert [(m.text, Message.Status(m.status).label) for m in rows] == [
        ("one", "read"),
        ("two", "sent"),
        ("On my way", "delivered"),
    ]


async def test_a_message_not_receipted_comes_again_at_the_next_connection(house, connect):
    from tracking import messages

    await sync_to_async(lambda: messages.queue(house.van, author=house.bob, text="one"))()
    socket, *_ = await connect(house.token)
    first = await socket.hears("message")
    await socket.disconnect()
    socket, *_ = await connect(house.token)
    assert await socket.hears("message") == first


async def test_another_vehicles_receipt_changes_nothing(house, connect, archive):
    from tracking import messages
    from tracking.models import Message

    message = await sync_to_async(lambda: messages.queue(house.van, author=house.bob, text="one"))()
    socket, *_ = await connect(house.truck_token)
    await socket.say({"type": "receipt", "id": message.pk, "status": "read"})
    await socket.say({"type": "say", "id": "s", "text": "x"})
    await socket.hears("receipt")
    await archive()
    row = await sync_to_async(lambda: Message.objects.get(pk=message.pk))()
    assert row.status == Message.Status.QUEUED


async def test_a_journal_that_is_down_is_said_once_and_what_was_read_is_kept(
    house, connect, archive, settings
):
    """The journal's Redis answers nobody for a while; what was sent before is acknowledged after."""
    import redis

    socket, *_ = await connect(house.token)
    await socket.hears("hello")
    client = redis.Redis.from_url(settings.JOURNAL_URL)
    client.set("journal:{0}:length", 10**12)  # full: no entry is taken until the archive made room
    await socket.say({"type": "positions", "seq": 1, "items": [{**FIX, "type": None} for _ in range(1)]})
    assert await socket.hears() == {
        "type": "error",
        "code": "unavailable",
        "detail": "the journal is down; what was sent is kept and acknowledged later",
        "seq": None,
    }
    many = [{"lat": 1, "lon": 1, "time": 1763884802 + n} for n in range(1000)]
    await socket.say({"type": "positions", "seq": 2, "items": many})
    refused = await socket.hears()
    assert (refused["code"], refused["seq"]) == ("unavailable", 2)
    await socket.say({"type": "ping"})
    assert await socket.hears() == {"type": "pong"}
    await socket.say({"type": "say", "id": "s1", "text": "what has no number changes nothing of it"})
    await socket.say({**FIX, "seq": 3})
    refused = await socket.hears()
    assert (refused["code"], refused["seq"]) == ("unavailable", 3)
    client.set("journal:{0}:length", 0)
    assert await socket.hears() == {"type": "ack", "seq": 1}
    assert await socket.hears() == {"type": "receipt", "id": "s1", "status": "stored"}
    await socket.say({"type": "positions", "seq": 2, "items": many})
    await socket.say({**FIX, "seq": 3})
    while (await socket.hears("ack"))["seq"] < 3:
        pass
    assert await archive() == 1000  # the first fix of the batch is the one sent before and after it


async def test_an_outage_is_no_refusal(house, connect, settings):
    from tracking.ingest.flush import flusher

    flusher().down = True
    socket, accepted, _ = await connect(house.token)
    assert accepted
    busy = await socket.hears()
    assert (busy["type"], busy["code"]) == ("error", "busy")
    assert busy["retry_after"] > 0
    assert await socket.closes() == 4503


@pytest.mark.timeout(90)
async def test_idle_sockets_live_30_seconds(house, connect, watch):
    """redis-py gives up a silent read after 5 s: a socket that waits on the layer would die of it."""
    page, _ = await watch(house.bob)
    socket, *_ = await connect(house.token)
    await page.hears("presence")
    await asyncio.sleep(30)
    await socket.say(FIX)
    assert await socket.hears("ack")
    while not (frame := await page.hears("positions"))["items"]:
        pass
    assert frame["items"][0][1] == 1763884802000
