"""The pages of Fleetline with vehicles that a benchmark moves: the real site, and a socket that only sends.

    FEED_VEHICLES=10000 uvicorn benchmarks.feed:application

`GET /feed/move` moves every vehicle once and answers when the frames are handed to the socket;
`/feed/usual` is a page that shows them as the examples of MapLibre do (benchmarks/usual.html).
"""

import asyncio
import math
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from django.templatetags.static import static

from fleet.asgi import http

VEHICLES = int(os.environ.get("FEED_VEHICLES", "1000"))
SNAPSHOT_VEHICLES = 500  # a frame; as the server does
FRAME_ITEMS = 2000  # about 200 kB
MIDDLE = (57.70, 11.97)
SPREAD_DEG = 0.12  # a town and what is around it
STEP_M = 90.0
METRES_PER_DEGREE = 111_195.0
USUAL = Path(__file__).with_name("usual.html")
USUAL_FILES = {"style": "maplibre-gl.css", "maplibre": "maplibre-gl.mjs", "worker": "maplibre-gl-worker.mjs"}

Scope = dict[str, Any]


class Fleet:
    """Vehicles that drive on, mostly; some stand, a few are silent."""

    def __init__(self, count: int) -> None:
        chance = random.Random(7)
        self.chance = chance
        self.at = [
            [MIDDLE[0] + chance.gauss(0, SPREAD_DEG / 2), MIDDLE[1] + chance.gauss(0, SPREAD_DEG)]
            for _ in range(count)
        ]
        self.heading = [chance.uniform(0, 360) for _ in range(count)]
        self.moves = [chance.random() < 0.8 for _ in range(count)]

    def items(self, now: int) -> list[list[Any]]:
        """A position of each, as on the wire."""
        made = []
        for number, (lat, lon) in enumerate(self.at):
            heading, moves = self.heading[number], self.moves[number]
            speed = 18.0 if moves else 0.0
            made.append(
                [
                    number + 1,
                    now,
                    round(lat, 6),
                    round(lon, 6),
                    speed,
                    round(heading),
                    80,
                    None,
                    moves,
                    5,
                    now,
                ]
            )
        return made

    def step(self) -> None:
        for number, place in enumerate(self.at):
            if not self.moves[number]:
                continue
            self.heading[number] = heading = (self.heading[number] + self.chance.uniform(-15, 15)) % 360
            place[0] += STEP_M * math.cos(math.radians(heading)) / METRES_PER_DEGREE
            flat = METRES_PER_DEGREE * math.cos(math.radians(place[0]))
            place[1] += STEP_M * math.sin(math.radians(heading)) / flat


fleet = Fleet(VEHICLES)
sockets: set["Browser"] = set()


class Browser:
    def __init__(self, send: Any) -> None:
        self._send, self._n = send, 0

    async def send(self, frame: dict[str, Any]) -> None:
        frame |= {"n": self._n, "server_time": datetime.now(UTC).isoformat()}
        self._n += 1
        await self._send({"type": "websocket.send", "text": orjson.dumps(frame).decode()})

    async def snapshot(self) -> None:
        items = fleet.items(time.time_ns() // 1_000_000)
        parts = math.ceil(len(items) / SNAPSHOT_VEHICLES)
        for part in range(parts):
            chosen = items[part * SNAPSHOT_VEHICLES : (part + 1) * SNAPSHOT_VEHICLES]
            vehicles = [
                {
                    "id": item[0], "uid": f"v{item[0]}", "name": f"Van {item[0]}", "plate": "", "driver": "",
                    "phone": "", "tags": [], "icon": "van", "colour": "", "fleet": "bench", "online": True,
                    "position": item, "alerts": 0, "interval": 5.0,
                }
                for item in chosen
            ]  # fmt: skip
            await self.send({"type": "snapshot", "part": part + 1, "parts": parts, "vehicles": vehicles})

    async def positions(self, items: list[list[Any]]) -> None:
        for begin in range(0, len(items), FRAME_ITEMS):
            await self.send({"type": "positions", "items": items[begin : begin + FRAME_ITEMS]})


async def socket(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    browser = Browser(send)
    while (message := await receive())["type"] == "websocket.receive":
        said = orjson.loads(message["text"])
        if said["type"] == "subscribe":
            await browser.snapshot()
            sockets.add(browser)
        elif said["type"] == "ping":
            await browser.send({"type": "positions", "items": []})
    sockets.discard(browser)


async def move(send: Any) -> None:
    fleet.step()
    items = fleet.items(time.time_ns() // 1_000_000)
    await asyncio.gather(*(browser.positions(items) for browser in sockets))
    await answer(send, b"")


async def usual(send: Any) -> None:
    page = USUAL.read_text()
    for name, file in USUAL_FILES.items():
        page = page.replace(f"{{{name}}}", static(f"npm/maplibre-gl/{file}"))
    await answer(send, page.encode())


async def answer(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def application(scope: Scope, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await socket(receive, send)
    elif scope["path"] == "/feed/move":
        await move(send)
    elif scope["path"] == "/feed/usual":
        await usual(send)
    else:
        await http(scope, receive, send)
