import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tracking.simulation import roads

HELLO = {"type": "hello", "uid": "van-7", "vehicle": "Van 7", "fleet": "north", "last_time": None}
# A square with a one-way street across it, a motorway link in one direction, and a dead end
# that can be entered but not left.
TOWN = {
    "a-b": ([[12.00, 57.70], [12.01, 57.70]], {}),
    "b-c": ([[12.01, 57.70], [12.01, 57.71]], {"name": "High Street", "maxspeed": "30"}),
    "c-d": ([[12.01, 57.71], [12.00, 57.71]], {}),
    "d-a": ([[12.00, 57.71], [12.00, 57.705], [12.00, 57.70]], {}),
    "a-c": ([[12.00, 57.70], [12.01, 57.71]], {"oneway": "yes"}),
    "trap": ([[12.01, 57.71], [12.02, 57.71]], {"oneway": "yes"}),
    "path": ([[12.00, 57.70], [12.03, 57.73]], {"highway": "footway"}),
    "yard": ([[12.00, 57.70], [12.04, 57.74]], {"access": "private"}),
}


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> roads.Roads:
    path: Path = tmp_path_factory.mktemp("roads") / "town.json"
    features = [
        {
            "type": "Feature",
            "properties": {"highway": "residential", **tags},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for line, tags in TOWN.values()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return roads.load(path)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Peer:
    """The other end of a device's socket, played by the test: it says what the test says."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.tokens: list[str] = []
        self.connected: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.greeting: list[dict[str, Any]] = [HELLO]
        self.close_code = 0
        self.busy = 0  # so many connections are sent away first

    async def handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.tokens.append(socket.request.headers["Authorization"].removeprefix("Bearer "))
        if self.busy:
            self.busy -= 1
            await socket.send(json.dumps({"type": "error", "code": "busy", "retry_after": 0.3}))
            return await socket.close(4503)
        for frame in self.greeting:
            await socket.send(json.dumps(frame))
        if self.close_code:
            return await socket.close(self.close_code)
        await self.connected.put(socket)
        try:
            async for text in socket:
                await self.heard.put(json.loads(text))
        except ConnectionClosed:
            pass
        return None

    async def accept(self) -> ServerConnection:
        return await asyncio.wait_for(self.connected.get(), 5)

    async def hear(self, count: int = 1) -> list[dict[str, Any]]:
        return [await asyncio.wait_for(self.heard.get(), 5) for _ in range(count)]


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    async with serve(peer.handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        peer.url = f"ws://127.0.0.1:{port}/gps/connect"
        yield peer
