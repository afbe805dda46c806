"""Who counts as connected, and for how long."""

import asyncio
import time
from typing import Any

import pytest

from tracking import live, presence
from tracking.presence import CONTACT_MS, LONGEST_MS, Who

PHONE = Who(fleet=1, vehicle=7, device=70)


@pytest.fixture
def clock(monkeypatch) -> Any:
    """Time in ms that stands still until it is set."""

    class Clock:
        now = 1_763_884_800_000

    monkeypatch.setattr(presence, "now_ms", lambda: Clock.now)
    return Clock


class Told:
    """What the fleet's pages were told: (vehicle, online)."""

    def __init__(self) -> None:
        self.said: list[tuple[int, bool]] = []

    def listen(self, event: dict[str, Any]) -> None:
        self.said.append((event["frame"]["id"], event["frame"]["online"]))

    async def becomes(self, *expected: tuple[int, bool], within: float = 5) -> None:
        until = time.monotonic() + within
        while self.said != list(expected) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert self.said == list(expected)


@pytest.fixture
async def told() -> Told:
    told = Told()
    await live.hub().join(live.group(1), told.listen)
    return told


async def test_a_phone_that_reports_every_quarter_of_an_hour_does_not_flicker(clock, told):
    for _ in range(4):
        await presence.contact(PHONE, pause_ms=900_000)
        clock.now += 900_000
        await presence.expire(1)
        assert await presence.online(1) == {7}
    await told.becomes((7, True))


async def test_one_that_stops_is_gone_after_a_while_and_said_once(clock, told):
    await presence.contact(PHONE)
    clock.now += CONTACT_MS - 1
    assert await presence.online(1) == {7}
    clock.now += 2
    assert await presence.online(1) == set()
    await presence.expire(1)
    await presence.expire(1)
    await told.becomes((7, True), (7, False))


async def test_a_long_pause_does_not_make_a_long_presence(clock):
    await presence.contact(PHONE, pause_ms=86_400_000)
    clock.now += LONGEST_MS + 1
    assert await presence.online(1) == set()


async def test_a_later_contact_never_shortens_the_presence(clock):
    await presence.contact(PHONE, pause_ms=900_000)
    await presence.contact(PHONE, pause_ms=10)
    clock.now += 2_000_000
    assert await presence.online(1) == {7}


async def test_a_vehicle_is_connected_while_one_of_its_devices_is(clock, told):
    await presence.contact(PHONE, pause_ms=900_000)
    await presence.contact(Who(fleet=1, vehicle=7, device=71))
    clock.now += CONTACT_MS + 1
    await presence.expire(1)
    assert await presence.online(1) == {7}
    await told.becomes((7, True), (7, True))


async def test_what_is_forgotten_is_connected_no_more(clock):
    from asgiref.sync import sync_to_async

    await presence.contact(PHONE)
    assert await sync_to_async(presence.connected)([1, 2]) == 1
    await sync_to_async(presence.forget)(fleets=[1], devices=[70])
    assert await sync_to_async(presence.connected)([1]) == 0
