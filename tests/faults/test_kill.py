"""Whatever single process is killed with kill -9 under load: acked ⊆ stored, and nothing twice."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.load import Load
from tests.house import House
from tests.servers import wait_for
from tracking.simulation.client import Device

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]


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
