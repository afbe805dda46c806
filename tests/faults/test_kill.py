"""Whatever single process is killed with kill -9 under load: acked ⊆ stored, and nothing twice."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.house import House
from tests.servers import wait_for
from tracking.simulation.client import Device

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

DEVICES = 6
LOAD_S = 8


class Load:
    """Devices that report as fast as they are acknowledged, and remember what was acknowledged."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.sent: dict[str, set[int]] = {}
        self.acked: dict[str, set[int]] = {}

    async def run(self, meanwhile: Callable[[], None]) -> None:
        tokens = {
            f"van-{n}": self.house.manage("devicetoken", f"van-{n}", "--fleet", "north", "--create")
            for n in range(DEVICES)
        }
        lives = [asyncio.create_task(self._live(uid, token)) for uid, token in tokens.items()]
        await asyncio.sleep(1.5)
        await asyncio.to_thread(meanwhile)
        await asyncio.gather(*lives)

    async def _live(self, uid: str, token: str) -> None:
        sent, acked = self.sent.setdefault(uid, set()), self.acked.setdefault(uid, set())
        device = Device(self.house.device_url, token, window=8, on_ack=acked.update, backoff_s=(0.1, 1.0))
        life = asyncio.create_task(device.run())
        moment = int(time.time() * 1000) - 86_400_000
        end = time.monotonic() + LOAD_S
        while time.monotonic() < end:
            times = [moment + n for n in range(random.randint(1, 20))]
            moment += len(times)
            sent.update(times)
            await device.send([{"latitude": 57.7, "longitude": 11.9, "time": t} for t in times])
            await asyncio.sleep(0.02)
        async with asyncio.timeout(60):
            await device.drain()
        life.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await life

    def check(self) -> None:
        stored: dict[str, list[int]] = {}
        for uid, moment in self.house.rows(
            "SELECT d.uid, p.time FROM tracking_position p JOIN tracking_device d ON d.id = p.device_id"
        ):
            stored.setdefault(uid, []).append(moment)
        for uid in self.sent:
            assert self.acked[uid] == self.sent[uid]  # all of it in the end: the client resends
            assert self.acked[uid] <= set(stored[uid])
            assert set(stored[uid]) <= self.sent[uid]
            assert len(stored[uid]) == len(set(stored[uid]))
        latest = self.house.rows(
            "SELECT d.uid, l.time FROM tracking_latest l JOIN tracking_device d ON d.id = l.device_id"
        )
        assert dict(latest) == {uid: max(times) for uid, times in stored.items()}


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
@pytest.mark.parametrize("victim", ["web", "worker-archive", "redis"])
def test_nothing_acknowledged_is_lost(house: Callable[..., House], victim: str, server: str) -> None:
    here = house(server)
    load = Load(here)

    def kill_twice() -> None:
        for _ in range(2):
            here.kill(victim)
            time.sleep(1)

    asyncio.run(load.run(kill_twice))
    wait_for(here.archived, "an empty journal", seconds=60)
    load.check()
    assert sum(map(len, load.acked.values())) > 1000


def test_an_sos_survives_the_web_process_that_acknowledged_it(house: Callable[..., House]) -> None:
    here = house("daphne")
    token = here.manage("devicetoken", "van-1", "--fleet", "north", "--create")

    async def report() -> None:
        device = Device(here.device_url, token)
        life = asyncio.create_task(device.run())
        items: list[dict[str, Any]] = [{"latitude": 57.7, "longitude": 11.9} for _ in range(500)]
        items[2]["alarm"] = "sos"
        frame = await device.send(items)
        await frame.settled
        here.kill("web")
        life.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await life

    asyncio.run(report())
    wait_for(lambda: bool(here.rows("SELECT 1 FROM tracking_alert WHERE kind = 'sos'")), "the alert")
    wait_for(here.archived, "an empty journal")
    assert here.rows("SELECT count(*) FROM tracking_position") == [(500,)]


def test_a_stop_and_a_start_keep_everything(house: Callable[..., House]) -> None:
    here = house("daphne")
    load = Load(here)
    asyncio.run(load.run(lambda: None))
    started = time.monotonic()
    here.stop()
    assert time.monotonic() - started < 10
    here.start()
    wait_for(here.archived, "an empty journal")
    load.check()
