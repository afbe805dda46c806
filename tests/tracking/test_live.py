"""The live hash: newest per vehicle, forward only; the primary device first. And presence."""

import asyncio
import itertools
from typing import Any

import pytest
from channels.layers import get_channel_layer

from tracking import live, presence
from tracking.live import PRIMARY_SILENT_MS, Update
from tracking.loops import journal_redis

FLEET = 5


def update(time: int, *, primary: bool = True, vehicle: int = 7) -> Update:
    return Update(FLEET, vehicle, time, primary, 5.0, f'[{vehicle},{time},"{"p" if primary else "o"}"]')


async def take(*updates: Update) -> list[int]:
    pipe = journal_redis().pipeline(transaction=False)
    live.take(pipe, updates)
    return [vehicle for moved in await pipe.execute() for vehicle in moved]


async def test_the_newest_fix_wins_in_any_order():
    for number, order in enumerate(itertools.permutations([1000, 2000, 3000])):
        for time in order:
            await take(update(time, vehicle=number))
        assert (await live.latest(FLEET))[number] == f'[{number},3000,"p"]'


async def test_only_what_moved_is_told():
    assert await take(update(2000), update(2000, vehicle=8)) == [7, 8]
    assert await take(update(1000), update(3000, vehicle=8)) == [8]


async def test_another_device_moves_the_marker_only_when_the_primary_was_silent():
    await take(update(1_000_000))
    assert await take(update(1_000_000 + PRIMARY_SILENT_MS, primary=False)) == []
    assert await take(update(1_000_001 + PRIMARY_SILENT_MS, primary=False)) == [7]
    assert await take(update(1_000_000 + PRIMARY_SILENT_MS + 500)) == [7]


async def test_a_vehicle_that_has_only_another_device_is_shown():
    assert await take(update(1_000_000, primary=False)) == [7]


async def test_two_devices_of_a_vehicle_together_are_as_one_after_the_other():
    later = 1_000_001 + PRIMARY_SILENT_MS
    assert await take(update(1_000_000), update(later - 1, primary=False), update(later, primary=False)) == [
        7,
        7,
    ]
    assert (await live.latest(FLEET))[7] == f'[7,{later},"o"]'


async def test_a_large_fleet_that_moves_in_one_moment_is_taken_whole():
    vehicles = range(1, 3 * live.TAKEN_AT_ONCE)
    assert await take(*(update(1000, vehicle=vehicle) for vehicle in vehicles)) == list(vehicles)
    assert set(await live.latest(FLEET)) == set(vehicles)


async def test_the_interval_is_kept():
    await take(update(1000))
    assert await live.intervals(FLEET) == {7: 5.0}


async def test_what_moves_in_many_fleets_is_one_event_a_tick():
    sender, receiver = live.Hub(), live.Hub()  # as two processes have them
    told: list[dict[str, Any]] = []
    await receiver.watch(FLEET, told.append)
    await receiver.watch(FLEET + 1, told.append)
    layer = get_channel_layer()
    witness = await layer.new_channel()
    await sender.join(live.group(99), told.append)
    await layer.group_add(live.EVERY_PROCESS, witness)
    for time in (1, 2):
        sender.publish(FLEET, {7: f"[7,{time}]", 8: f"[8,{time}]"})
    sender.publish(FLEET + 1, {9: "[9,1]"})
    sender.publish(FLEET + 2, {10: "[10,1]"})  # nobody watches it
    while (event := await layer.receive(witness))["kind"] == "watch":  # said before, heard late
        pass
    assert [fleet for fleet, _ in event["fleets"]] == [FLEET, FLEET + 1]
    while len(told) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert [(event["kind"], event["fleet"], [tuple(item) for item in event["items"]]) for event in told] == [
        ("positions", FLEET, [(7, "[7,2]"), (8, "[8,2]")]),
        ("positions", FLEET + 1, [(9, "[9,1]")]),
    ]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(layer.receive(witness), 2 * live.TICK_S)


@pytest.fixture
def van() -> presence.Who:
    return presence.Who(fleet=FLEET, vehicle=7, device=70, siblings=(71,))


async def test_only_the_owner_of_the_epoch_says_goodbye(van):
    first = await presence.arrive(van)
    second = await presence.arrive(van)
    assert second > first
    await presence.leave(van, first)
    assert await presence.online(FLEET) == {7}
    await presence.leave(van, second)
    assert await presence.online(FLEET) == set()


async def test_renewing_names_those_whom_a_newer_connection_took_over(van):
    first = await presence.arrive(van)
    assert await presence.renew([(van, first)]) == []
    await presence.arrive(van)
    assert await presence.renew([(van, first)]) == [70]


async def test_a_killed_process_says_no_goodbye_and_its_devices_expire(van, monkeypatch):
    monkeypatch.setattr(presence, "PRESENT_MS", -1)
    await presence.arrive(van)
    assert await presence.online(FLEET) == set()
    await presence.expire(FLEET)
    assert await presence.renew([]) == []


def test_the_interval_is_the_median_of_the_last_five_gaps_within_bounds():
    from tracking.fixes import Fix
    from tracking.ingest.accept import Pace

    pace = Pace()

    def after(seconds: int) -> float | None:
        pace.note([Fix(seconds * 1000, 57.7, 11.9, None, None, None, None, None, None, None, None, None)])
        return pace.interval()

    assert after(0) is None
    assert after(1) == 5  # never below
    for seconds in (11, 21, 31, 41):
        after(seconds)
    assert after(5) == 10  # a late one changes nothing
    assert after(100_000) == 10
    for seconds in (200_000, 300_000, 400_000):
        last = after(seconds)
    assert last == 3600  # never above
