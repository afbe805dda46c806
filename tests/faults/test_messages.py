"""Whatever process is killed with kill -9 while people and drivers talk: each message is shown once, in its
order, its state never goes backwards, and none is lost.
"""

import asyncio
import contextlib
import itertools
import time
import urllib.request
import uuid
from collections.abc import Callable
from http.cookiejar import CookieJar
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.house import House
from tests.servers import wait_for
from tracking.simulation.client import Device

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

VICTIMS = ("web", "worker-archive", "redis")
DRIVERS = 4
EVERY_S = 0.1
ANSWER_S = 5.0
SETTLE_S = 90
PER_KILL = 8  # messages before each
READ = 6


class Driver:
    """A device that reports now and then, and a person who reads each message and answers."""

    def __init__(self, house: House, uid: str, token: str) -> None:
        self.uid, self.shown, self.said = uid, list[str](), set[str]()
        self.device = Device(house.device_url, token, on_message=self.read, backoff_s=(0.1, 1.0))

    async def read(self, message: dict[str, Any]) -> None:
        self.shown.append(message["id"])
        self.device.receipt(message["id"], "delivered")
        await asyncio.sleep(0.05)
        self.device.receipt(message["id"], "read")
        reply = str(uuid.uuid4())
        self.said.add(reply)
        self.device.reply(reply, "On my way", in_reply_to=message["id"])

    async def drive(self) -> None:
        life = asyncio.create_task(self.device.run())
        try:
            while True:
                await self.device.send([{"latitude": 57.7, "longitude": 11.9}])
                await asyncio.sleep(EVERY_S)
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)


class Desk:
    """A page that writes to each vehicle in turn, and asks again with the same id when it is not answered."""

    def __init__(self, house: House, vehicles: list[int]) -> None:
        self.house, self.vehicles = house, vehicles
        self.written: dict[str, str] = {}  # the id of each client_id
        self.closed = False
        jar = CookieJar()
        link = house.manage("loginlink", "--base-url", house.url).split()[-1]
        urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(link, timeout=10)
        self._headers = {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)}

    async def work(self) -> None:
        numbers = (f"c{n}" for n in itertools.count())
        vehicles = itertools.cycle(self.vehicles)
        asked: dict[str, Any] = {
            "type": "message",
            "vehicle": next(vehicles),
            "text": "Call",
            "client_id": next(numbers),
        }
        while not self.closed:
            with contextlib.suppress(OSError, TimeoutError, ConnectionClosed, InvalidHandshake):
                async with self._page() as page:
                    await page.send('{"type":"subscribe"}')
                    while not self.closed:
                        await page.send(orjson.dumps(asked), text=True)
                        await self._answer(page, asked["client_id"])
                        asked |= {"vehicle": next(vehicles), "client_id": next(numbers)}
                        await asyncio.sleep(EVERY_S)
            await asyncio.sleep(0.2)

    async def more(self, count: int) -> None:
        """Wait until so many more were written."""
        count += len(self.written)
        async with asyncio.timeout(SETTLE_S):
            while len(self.written) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _page(self) -> Any:
        url = f"ws://127.0.0.1:{self.house.port}/ws/dashboard"
        return connect(url, additional_headers=self._headers, origin=self.house.url, proxy=None)  # type: ignore[arg-type]

    async def _answer(self, page: Any, client_id: str) -> None:
        """Acknowledge what comes until the message is there; TimeoutError when that takes too long."""
        async with asyncio.timeout(ANSWER_S):
            while client_id not in self.written:
                frame = orjson.loads(await page.recv())
                if "n" in frame:
                    await page.send(orjson.dumps({"type": "ack", "n": frame["n"]}), text=True)
                if frame["type"] == "message" and frame["client_id"]:
                    self.written.setdefault(frame["client_id"], frame["id"])
                assert frame["type"] != "error", frame


def statuses(house: House) -> dict[str, int]:
    return dict(house.rows("SELECT id, status FROM tracking_message WHERE kind = 'message'"))


async def talk(house: House, drivers: list[Driver], desk: Desk) -> None:
    """Let them talk while one process after the other is killed, then until all is read."""
    tasks = [asyncio.create_task(work) for work in (*(driver.drive() for driver in drivers), desk.work())]
    ranks: dict[str, int] = {}

    def look() -> bool:
        """Whether all is read; nothing may ever have fallen."""
        found = statuses(house)
        assert all(found[pk] >= rank for pk, rank in ranks.items())
        ranks.update(found)
        return set(found.values()) == {READ}

    try:
        for victim in VICTIMS:
            await desk.more(PER_KILL)
            await asyncio.to_thread(house.kill, victim)
            await asyncio.to_thread(look)
        await desk.more(PER_KILL)
        desk.closed = True
        await asyncio.wait_for(tasks[-1], SETTLE_S)
        until = time.monotonic() + SETTLE_S
        while not await asyncio.to_thread(look):
            assert time.monotonic() < until, ranks
            await asyncio.sleep(0.5)
        stored = {pk for (pk,) in house.rows("SELECT id FROM tracking_message WHERE kind = 'reply'")}
        said = {reply for driver in drivers for reply in driver.said}
        assert {pk.partition(":")[2] for pk in stored} == said
        assert len(stored) == len(said)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_a_conversation_survives_the_death_of_any_process(house: Callable[..., House]) -> None:
    here = house("daphne")
    script = (
        "from tracking import devices\n"
        f"for n in range({DRIVERS}):\n"
        "    device = devices.register(f'van-{n}', fleet='north')\n"
        "    print(device.uid, device.vehicle_id, devices.issue(device))\n"
    )
    lines = [line.split() for line in here.manage("shell", "-v", "0", "-c", script).splitlines()]
    drivers = [Driver(here, uid, token) for uid, _, token in lines]
    desk = Desk(here, [int(vehicle) for _, vehicle, _ in lines])
    asyncio.run(talk(here, drivers, desk))
    wait_for(here.archived, "an empty journal", seconds=60)
    rows = here.rows(
        "SELECT client_id, m.id, number, d.uid FROM tracking_message m "
        "JOIN tracking_device d ON d.vehicle_id = m.vehicle_id WHERE kind = 'message'"
    )
    found = {client_id: pk for client_id, pk, *_ in rows}
    assert len(found) == len(rows)  # asked for again after a kill, and written once
    assert found.items() >= desk.written.items()
    for driver in drivers:
        mine = sorted((number, pk) for _, pk, number, uid in rows if uid == driver.uid)
        assert driver.shown == [pk for _, pk in mine]
