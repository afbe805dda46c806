"""Who is let in, for how long that is believed, and what open sockets hear of changes."""

import asyncio
import time
from collections import Counter
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.ingest.test_device_socket import FIX, refuses, sign, stored, until

NOW = "2025-11-23T08:00:00Z"


async def contacts_of(who: Any) -> list[str]:
    from tracking import contacts

    await contacts.notebook().write()
    return [contact.words for contact in await sync_to_async(contacts.last)(who)]


def change(name: str, *args: Any, **kwargs: Any) -> Any:
    from tracking import devices

    return sync_to_async(getattr(devices, name))(*args, **kwargs)


# --- open sockets ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (lambda house: change("disable", house.device), 4403),
        (lambda house: change("revoke", house.device), 4403),
        (lambda house: change("remove", house.device), 4403),
        (lambda house: change("suspend", house.north), 4403),
        (lambda house: change("move", house.device, house.depot), 4503),
        (lambda house: change("move", house.device, house.truck), 4403),
    ],
    ids=["disabled", "revoked", "removed", "fleet suspended", "moved", "moved to another fleet"],
)
async def test_an_open_socket_follows_within_5_seconds(house, connect, how, code):
    from tracking.models import Vehicle

    house.depot = await sync_to_async(Vehicle.objects.create)(fleet=house.north, name="Depot")
    socket, *_ = await connect(house.token)
    await socket.hears("hello")
    await how(house)
    assert await socket.closes() == code


async def test_a_change_by_hand_that_nobody_announced_is_followed_too(house, connect):
    socket, *_ = await connect(house.token)
    await socket.hears("hello")
    await sync_to_async(lambda: type(house.device).objects.update(disabled=True))()
    assert await socket.closes(within=5) == 4403


async def test_a_rotated_socket_lives_until_its_grace_ends(house, connect):
    from datetime import timedelta

    socket, *_ = await connect(house.token)
    await socket.hears("hello")
    await change("rotate", house.device, grace=timedelta(seconds=1))
    assert await socket.closes(within=6) == 4403
    assert await refuses(connect, house.token)


async def test_a_token_that_expires_closes_its_socket(house, connect):
    socket, *_ = await connect(sign(exp=time.time() + 0.5))
    assert await socket.closes(within=5) == 4401


async def test_an_open_socket_learns_that_it_is_primary(house, connect):
    from tracking import devices, live, tokens

    phone = await sync_to_async(devices.add)(house.van, "phone-7")
    socket, *_ = await connect(tokens.issue(uid="phone-7", fleet="north"))
    other, *_ = await connect(house.token)
    await socket.hears("hello")
    await other.say({**FIX, "time": "2025-11-23T08:00:00Z"})
    await other.hears("ack")
    await socket.say({**FIX, "time": "2025-11-23T08:01:00Z", "lat": 1})
    await socket.hears("ack")
    assert "57.7" in (await live.latest(house.north.pk))[house.van.pk]
    await sync_to_async(devices.make_primary)(phone)

    async def moved() -> bool:
        await socket.say({**FIX, "latitude": 1, "time": "2025-11-23T08:01:30Z"})
        await socket.hears("ack")
        return ",1.0," in (await live.latest(house.north.pk)).get(house.van.pk, "")

    await until(moved)


async def test_late_fixes_follow_the_vehicle_that_the_device_was_in(house, connect, archive):
    from datetime import UTC, datetime

    from tracking.models import Vehicle

    depot = await sync_to_async(Vehicle.objects.create)(fleet=house.north, name="Depot")
    await change("move", house.device, depot, at=datetime(2025, 11, 23, 8, tzinfo=UTC))
    socket, *_ = await connect(house.token)
    assert (await socket.hears("hello"))["vehicle"] == "Depot"
    items = [{"lat": 57.7, "lon": 11.9, "time": f"2025-11-23T0{hour}:30:00Z"} for hour in (9, 7, 8, 6)]
    await socket.say({"type": "positions", "seq": 1, "items": items})
    assert await socket.hears("ack") == {"type": "ack", "seq": 1}
    assert await archive() == 4
    rows = await sync_to_async(stored)()
    assert [row.vehicle_id for row in rows] == [house.van.pk] * 2 + [depot.pk] * 2


# --- what is believed ------------------------------------------------------------------------


async def test_a_connect_again_asks_the_database_nothing_of_the_credential(house, monkeypatch):
    from tracking.ingest import admission, roster

    asked: list[list[str]] = []

    def read(uids: Any) -> Any:
        asked.append(sorted(uids))
        return roster.read(uids)

    monkeypatch.setattr(roster.roster().devices, "_read", read)
    await asyncio.gather(*(admission.admitted(token) for token in (house.token, house.truck_token) * 50))
    assert sum(len(uids) for uids in asked) <= 4  # what came while the first was read was read together
    asked.clear()
    for _ in range(20):
        await admission.admitted(house.token)
    assert asked == []


async def test_nothing_is_believed_for_longer_than_4_seconds(house, monkeypatch):
    from tracking.ingest import admission, roster

    monkeypatch.setattr(roster, "FRESH_S", 0.2)
    await admission.admitted(house.token)
    await sync_to_async(lambda: type(house.device).objects.update(disabled=True))()
    await asyncio.sleep(0.25)
    with pytest.raises(admission.Refused, match="disabled"):
        await admission.admitted(house.token)
    assert roster.FRESH_S < 5


async def test_a_change_that_announces_itself_is_believed_at_once(house):
    from tracking.ingest import admission

    await admission.admitted(house.token)
    await change("disable", house.device)

    async def refused() -> bool:
        try:
            await admission.admitted(house.token)
        except admission.Refused:
            return True
        return False

    await until(refused, seconds=1)


async def test_a_key_is_remembered_and_revoked_like_a_token(house):
    from tracking import keys
    from tracking.ingest import admission

    key = await sync_to_async(keys.issue)(device=house.device)
    assert (await admission.admitted_by_key(key)).uid == "van-7"
    await sync_to_async(lambda: keys.revoke(house.device.keys.get()))()

    async def refused() -> bool:
        try:
            await admission.admitted_by_key(key)
        except admission.Refused as refused:
            return refused.code == "unknown_key"
        return False

    await until(refused, seconds=1)


# --- the gate --------------------------------------------------------------------------------


async def test_those_who_come_together_are_let_in_in_their_order_and_never_too_many(monkeypatch):
    from tracking.ingest import gate

    monkeypatch.setattr(gate, "MAX_INSIDE", 20)
    one, most, let_in = gate.Gate(), 0, []

    async def come(number: int) -> None:
        nonlocal most
        async with one.way_in() as later:
            assert later == 0
            let_in.append(number)
            most = max(most, one.inside)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(come(number) for number in range(500)))
    assert let_in == list(range(500))
    assert most == 20
    assert one.inside == 0


async def test_no_more_than_a_thousand_a_second():
    from tracking.ingest.gate import BURST_S, CONNECTS_A_SECOND, Gate

    one, loop = Gate(), asyncio.get_running_loop()

    async def come() -> float:
        async with one.way_in() as later:
            assert later == 0
            return loop.time()

    started = loop.time()
    times = sorted(await asyncio.gather(*(come() for _ in range(1000))))
    at_once = round(CONNECTS_A_SECOND * BURST_S)
    assert times[-1] - started >= (1000 - at_once - 1) / CONNECTS_A_SECOND


async def test_who_goes_away_while_he_waits_keeps_nobody_else_out(monkeypatch):
    from tracking.ingest import gate

    monkeypatch.setattr(gate, "MAX_INSIDE", 1)
    one = gate.Gate()

    async def come() -> None:
        async with one.way_in():
            pass

    async with one.way_in():
        first, second = asyncio.create_task(come()), asyncio.create_task(come())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
    await asyncio.wait_for(second, 1)
    assert one.inside == 0


async def test_ten_thousand_at_once_are_called_back_one_by_one():
    from tracking.ingest import gate

    one, told = gate.Gate(), []
    one.inside = gate.MAX_INSIDE  # nobody gets in meanwhile

    async def come() -> None:
        async with one.way_in() as later:
            told.append(later)

    coming = [asyncio.create_task(come()) for _ in range(10_000)]
    await asyncio.sleep(0.1)
    waiting = 10_000 - len(told)
    assert waiting == pytest.approx(gate.HOLD_S * gate.USUAL_A_SECOND, abs=5)
    each_second = Counter(told)
    assert max(each_second) == pytest.approx(gate.FIRST_S + len(told) / gate.USUAL_A_SECOND, abs=1.5)
    # The clock goes on while they come.
    assert max(each_second.values()) <= gate.USUAL_A_SECOND * 1.2
    for task in coming:
        task.cancel()


async def test_who_is_told_to_wait_is_told_how_long(house, connect, monkeypatch):
    from tracking.ingest import gate

    monkeypatch.setattr(gate, "HOLD_S", -1.0)
    socket, accepted, _ = await connect(house.token)
    assert accepted
    busy = await socket.hears()
    assert (busy["code"], busy["retry_after"]) == ("busy", gate.FIRST_S + 1)
    assert await socket.closes() == 4503


async def test_a_stranger_takes_no_place_in_the_queue(house, connect):
    from tracking.ingest.gate import gate

    before = gate()._free
    for token in ("a.b.c", sign(exp=1), house.token[:-2]):
        assert not (await connect(token))[1]
    assert gate()._free == before


# --- the inbox -------------------------------------------------------------------------------


async def test_a_device_waits_in_the_inbox_is_accepted_and_comes_back(house, connect, archive, settings):
    from tracking import devices, tokens
    from tracking.models import PendingDevice, Position, Quarantined

    settings.AUTO_REGISTER = "pending"
    token = tokens.issue(uid="new-1", fleet="north", nickname="Someone")
    socket, accepted, _ = await connect(token)
    assert accepted
    hello = await socket.hears()
    assert (hello["type"], hello["vehicle"], hello["last_time"]) == ("hello", "", None)
    await socket.say({**FIX, "seq": 1})
    error = await socket.hears()
    assert (error["code"], error["seq"], error["index"]) == ("pending", 1, 0)
    assert await socket.hears() == {"type": "ack", "seq": 1}
    assert await archive() == 0
    assert await sync_to_async(Quarantined.objects.filter(code="pending").count)() == 1
    pending = await sync_to_async(PendingDevice.objects.get)(uid="new-1")
    assert "waits to be accepted" in (await contacts_of(pending))[0]
    await sync_to_async(devices.accept)(pending, house.van)
    assert await socket.closes() == 4503
    assert await archive() == 1
    assert await sync_to_async(Position.objects.values_list("vehicle", "time").get)() == (
        house.van.pk,
        1763884802000,
    )
    socket, *_ = await connect(token)
    assert (await socket.hears("hello"))["vehicle"] == "Van 7"


async def test_a_dismissed_device_is_cut_off(house, connect, settings):
    from tracking import devices, tokens
    from tracking.models import PendingDevice

    settings.AUTO_REGISTER = "pending"
    socket, *_ = await connect(tokens.issue(uid="new-1", fleet="north"))
    await socket.hears("hello")
    pending = await sync_to_async(PendingDevice.objects.get)()
    await sync_to_async(devices.dismiss)(pending)
    assert await socket.closes() == 4403


async def test_a_pending_device_is_shown_nowhere(house, connect, watch, settings):
    from tracking import tokens

    settings.AUTO_REGISTER = "pending"
    socket, *_ = await connect(tokens.issue(uid="new-1", fleet="north"))
    page, snapshot = await watch(house.bob)
    await socket.say(FIX)
    await socket.hears("ack")
    assert [vehicle["name"] for vehicle in snapshot["vehicles"]] == ["Van 7"]
    other, *_ = await connect(house.token)
    await other.say(FIX)
    while not (frame := await page.hears("positions"))["items"]:
        pass
    assert [item[0] for item in frame["items"]] == [house.van.pk]


# --- contacts --------------------------------------------------------------------------------


async def test_a_connection_is_a_contact_and_what_it_reported(house, connect):
    socket, *_ = await connect(house.token)
    await socket.hears("hello")
    assert await contacts_of(house.device) == ["connected"]
    await socket.say(FIX)
    await socket.say({"type": "position", "latitude": 91, "longitude": 1})
    while (await socket.hears("ack"))["seq"] < 2:
        pass
    await socket.disconnect()

    async def told() -> bool:
        (words,) = await contacts_of(house.device)
        return words.startswith("left, 1 position stored, 1 refused: latitude")

    await until(told)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": 1}, "token expired"),
        ({"group_name": "south"}, "fleet is north, token says south"),
        ({"nbf": time.time() + 7200}, "token is valid only in"),
        ({"aud": "other"}, "token not valid"),
    ],
)
async def test_a_refused_contact_is_noted_in_words(house, connect, claims, words):
    assert await refuses(connect, sign(**claims))

    async def told() -> bool:
        return any(words in said for said in await contacts_of(house.device))

    await until(told)


async def test_a_stranger_who_names_a_device_is_noted_rarely_and_one_who_names_none_never(house, connect):
    import jwt

    from tracking import contacts

    def forged(uid: str) -> str:
        claims = {"uid": uid, "group_name": "north", "aud": "gps", "exp": time.time() + 60}
        return jwt.encode(claims, "x" * 40, algorithm="HS256")

    for token in (forged("van-7"), forged("van-7"), forged("truck-1"), forged("nobody")):
        assert await refuses(connect, token)

    async def told() -> bool:
        return await contacts_of(house.device) == ["token signed with a key that is not in TOKEN_KEYS"]

    await until(told)
    assert (await sync_to_async(contacts.last)(house.device))[0].count == 1
    assert await contacts_of("nobody") == []


async def test_two_devices_with_one_credential_are_told_of(house, connect):
    """Each takes the connection from the other while that one still speaks."""
    for _ in range(4):
        socket, *_ = await connect(house.token)
        await socket.hears("hello")

    async def told() -> bool:
        return any("two devices use this credential" in said for said in await contacts_of(house.device))

    await until(told)


# --- every kind of token at every door -------------------------------------------------------


async def test_only_a_device_token_opens_the_device_door(house, connect):
    """A session, a sign-in link, a key and a CSRF token are no device token, nor is one of another kind."""
    from django.core import signing
    from django.test import AsyncClient

    from tests.ingest.conftest import session_of
    from tracking import keys

    key = await sync_to_async(keys.issue)(device=house.device)
    session = (await sync_to_async(session_of)(house.bob)).decode().partition("=")[2]
    others = {
        "session": session,
        "key": key,
        "signed": signing.dumps({"uid": "van-7", "group_name": "north", "aud": "gps"}),
        "other audience": sign(aud="dashboard"),
        "sign-in": sign(aud="signin", uid="bob"),
    }
    for kind, token in others.items():
        assert await refuses(connect, token), kind
        answer = await AsyncClient().post(
            "/gps/positions", data="[]", content_type="application/json",
            headers={"authorization": f"Bearer {token}"},
        )  # fmt: skip
        assert answer.status_code in (401, 403), kind


async def test_a_device_token_opens_no_other_door(house):
    from django.test import AsyncClient

    client = AsyncClient()
    client.cookies["sessionid"] = house.token
    answer = await client.get("/", headers={"authorization": f"Bearer {house.token}"})
    assert answer.status_code == 302
    answer = await client.get(f"/i/{house.token}?lat=1&lon=1")
    assert answer.status_code == 404


async def test_a_renewed_token_is_listed_with_its_new_end(house, connect):
    from tracking import tokens

    day = 86_400
    token = sign(iat=time.time() - 360 * day, exp=time.time() + 5 * day)
    socket, *_ = await connect(token)
    fresh = (await socket.hears("token"))["token"]

    async def listed() -> bool:
        await sync_to_async(house.device.refresh_from_db)()
        known = house.device.token_expires
        return known is not None and abs(known.timestamp() - tokens.verify(fresh).expires) < 1

    await until(listed)


async def test_a_pending_device_is_told_that_what_it_says_is_not_kept(house, connect, settings):
    from tracking import tokens

    settings.AUTO_REGISTER = "pending"
    socket, *_ = await connect(tokens.issue(uid="new-1", fleet="north"))
    await socket.hears("hello")
    await socket.say({"type": "say", "id": "1", "text": "Hello?"})
    assert (await socket.hears())["code"] == "pending"
