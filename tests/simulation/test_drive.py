"""The demo's driver against a peer that acknowledges everything."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis
from django.conf import settings
from websockets.asyncio.server import ServerConnection, serve

from tests.simulation.conftest import HELLO, until
from tracking.simulation import demo, drive, roads
from tracking.simulation.client import Item
from tracking.simulation.drivers import Temper
from tracking.simulation.driving import Itinerary

STREETS = roads.load(Path("/nonexistent"))
HISTORY_S = 600


class Server:
    """Keeps what each token sent."""

    def __init__(self) -> None:
        self.url = ""
        self.fixes: dict[str, list[Item]] = {}
        self.last_time: str | None = None
        self.sockets: list[ServerConnection] = []
        self.receipts: list[tuple[str, str]] = []

    async def handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        fixes = self.fixes.setdefault(socket.request.headers["Authorization"].split()[1], [])
        self.sockets.append(socket)
        await socket.send(json.dumps({**HELLO, "last_time": self.last_time}))
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "receipt":
                self.receipts.append((frame["id"], frame["status"]))
                continue
            fixes += frame.get("items", [frame])
            await socket.send(json.dumps({"type": "ack", "seq": frame["seq"]}))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    peer = Server()
    async with serve(peer.handle, "127.0.0.1", 0) as listening:
        peer.url = f"ws://127.0.0.1:{next(iter(listening.sockets)).getsockname()[1]}"
        yield peer


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[redis.Redis]:
    monkeypatch.setattr(drive, "HISTORY_S", HISTORY_S)
    async with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


def car(uid: str, **options: Any) -> drive.Car:
    trip = Itinerary(1, STREETS, depot=3, places=list(range(100, 400, 9)), interval_s=0.5)
    return drive.Car(uid, uid, trip, Temper.SILENT, **options)


async def stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_past_and_present_meet_without_a_gap(server: Server, client: redis.Redis) -> None:
    van = car("van-1")
    begin = time.time() * 1000
    work = asyncio.create_task(drive.Drive(server.url, [van], client).run())
    await until(lambda: len(server.fixes.get("van-1", [])) > HISTORY_S * 2 + 2)
    await stop(work)
    times = sorted(fix["time"] for fix in server.fixes["van-1"])
    assert times == list(van.itinerary.times(times[0], times[-1] + 1))
    assert abs(times[0] - (begin - HISTORY_S * 1000)) < 3000
    assert await client.hget(demo.HISTORY_KEY, "van-1") == b"done"


async def test_a_restart_fills_the_gap_only(server: Server, client: redis.Redis) -> None:
    await client.hset(demo.HISTORY_KEY, "van-1", "done")
    server.last_time = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(time.time() - 60))}.000Z"
    work = asyncio.create_task(drive.Drive(server.url, [car("van-1")], client).run())
    await until(lambda: len(server.fixes.get("van-1", [])) > 120)
    await stop(work)
    assert min(fix["time"] for fix in server.fixes["van-1"]) > time.time() * 1000 - 70_000


async def test_an_sos_is_pressed_once(
    server: Server, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "SOS_AFTER_S", 0.2)
    work = asyncio.create_task(drive.Drive(server.url, [car("van-1")], client).run())
    await until(lambda: any("alarm" in fix for fix in server.fixes.get("van-1", [])))
    await stop(work)
    assert [fix["alarm"] for fix in server.fixes["van-1"] if "alarm" in fix] == ["sos"]


async def test_an_offline_vehicle_sends_its_past_and_goes(server: Server, client: redis.Redis) -> None:
    work = drive.Drive(server.url, [car("van-1", offline_s=300)], client).run()
    await asyncio.wait_for(work, 10)
    assert max(fix["time"] for fix in server.fixes["van-1"]) < time.time() * 1000 - 299_000


async def test_vehicles_that_are_sent_away_end_the_drive(server: Server, client: redis.Redis) -> None:
    work = asyncio.create_task(drive.Drive(server.url, [car("van-1"), car("van-2")], client).run())
    await until(lambda: len(server.sockets) == 2)
    assert (await client.get(demo.PROGRESS_KEY)) is not None
    for socket in server.sockets:
        await socket.close(4403)
    await asyncio.wait_for(work, 10)
    assert await client.get(demo.PROGRESS_KEY) is None


async def test_it_does_what_it_is_told(server: Server, client: redis.Redis) -> None:
    van = drive.Car(
        "van-1", "van-1", Itinerary(1, STREETS, depot=3, places=[100], interval_s=600), Temper.SILENT
    )
    work = asyncio.create_task(drive.Drive(server.url, [van], client).run())
    await until(lambda: server.fixes.get("van-1"))
    before = int(time.time() * 1000)
    command = {"type": "command", "id": "01A", "name": "locate", "args": {}}
    await server.sockets[0].send(json.dumps(command))
    await until(lambda: ("01A", "done") in server.receipts)
    located = [fix["time"] for fix in server.fixes["van-1"] if fix["time"] >= before]
    assert len(located) == 1
    await server.sockets[0].send(
        json.dumps({**command, "id": "01B", "name": "interval", "args": {"seconds": 1}})
    )
    await until(lambda: len([fix for fix in server.fixes["van-1"] if fix["time"] > located[0]]) >= 2)
    await server.sockets[0].send(json.dumps({**command, "id": "01C", "name": "explode"}))
    await until(lambda: ("01C", "failed") in server.receipts)
    await stop(work)
    assert server.receipts[:2] == [("01A", "delivered"), ("01A", "done")]
