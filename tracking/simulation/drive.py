"""The demo's vehicles on the road: each a device with its own token on the real socket.

They drive at once; what they did in the 8 hours before is sent beside that, so that the map
moves from the first second and history is full soon after.
"""

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import redis.asyncio as redis
from django.conf import settings

from tracking import tokens
from tracking.models import Device as Row
from tracking.simulation import demo, roads
from tracking.simulation.client import Device, Refused
from tracking.simulation.commands import Pace, obey
from tracking.simulation.drivers import Temper, answer, temper
from tracking.simulation.driving import INTERVAL_S, Itinerary

log = logging.getLogger("fleetline.demo")

ROADS = Path("geojson-path-finder/test/large-network.json")
HISTORY_S = 8 * 3600
BATCH = 500
AT_ONCE = 4  # batches of the past on their way
SOS_AFTER_S, SOS_EVERY_S = 180.0, 1200.0
PARKED_INTERVAL_S = 120.0
QUICK_INTERVAL_S = 2.0
OFFLINE_FOR_S = (1500, 5400)
PLACES = 40  # customers of a fleet
PROGRESS_S = 0.5
DRIVING_TTL_S = 15


@dataclass(eq=False)
class Car:
    uid: str
    token: str
    itinerary: Itinerary
    temper: Temper
    offline_s: int = 0  # silent since so long; 0: online
    sos: bool = False
    pace: Pace = field(default_factory=Pace)


def cars() -> list[Car]:
    """The demo's vehicles as they are in the database; none when the demo was removed."""
    rows = list(
        Row.objects.filter(vehicle__fleet__slug__in=demo.FLEETS, disabled=False)
        .select_related("vehicle__fleet")
        .order_by("uid")
    )
    if not rows:
        return []
    streets = roads.load(settings.NODE_MODULES / ROADS)
    depots = _depots(streets, len(rows))
    found = []
    for number, row in enumerate(rows):
        depot, places = depots[row.vehicle.fleet.slug]
        stays = number % 13 == 7
        interval = PARKED_INTERVAL_S if stays else QUICK_INTERVAL_S if number % 10 == 3 else INTERVAL_S
        slug = row.vehicle.fleet.slug
        token = tokens.issue(uid=row.uid, fleet=slug, nickname=row.vehicle.name, generation=row.generation)
        itinerary = Itinerary(
            number, streets, depot=depot[number], places=places, interval_s=interval, stays=stays
        )
        offline_s = random.Random(number).randint(*OFFLINE_FOR_S) if number % 20 == 11 else 0
        found.append(Car(row.uid, token, itinerary, temper(number), offline_s))
    return found


def _depots(streets: roads.Roads, count: int) -> dict[str, tuple[list[int], list[int]]]:
    """Each fleet's yard and its customers: one in the north of the roads, one in the south."""
    stops = sorted(streets.stops(), key=lambda node: streets.points[node][1])
    halves = {"demo-north": stops[len(stops) // 2 :], "demo-south": stops[: len(stops) // 2]}
    found = {}
    for slug, half in halves.items():
        places = random.Random(slug).sample(half, min(PLACES, len(half)))
        points, mine = [streets.points[node] for node in half], set(half)
        middle = sum(point[0] for point in points) / len(half), sum(point[1] for point in points) / len(half)
        near = (node for node in streets.nearest(middle, count=len(half)) if node in mine)
        found[slug] = (list(islice(cycle(near), count)), places)
    return found


class Drive:
    """The event loop's side of the demo."""

    def __init__(self, url: str, found: list[Car], client: "redis.Redis") -> None:
        self.url, self.cars, self.redis = url, found, client
        self.done = self.total = 0
        self.at_work: set[Car] = set()
        self._backlog = asyncio.Semaphore(AT_ONCE)
        self._planning = asyncio.Lock()
        self._unplanned = len(found)
        self._all_drive = asyncio.Event()

    async def run(self) -> None:
        """Drive until every vehicle was sent away (the demo was removed)."""
        marks = await self._marks()
        lives = [asyncio.create_task(self._life(car, marks.get(car.uid, ""))) for car in self.cars]
        others = [asyncio.create_task(work) for work in (self._progress(), self._sos())]
        try:
            await asyncio.gather(*lives)
        finally:
            for task in (*lives, *others):
                task.cancel()
            await asyncio.gather(*lives, *others, return_exceptions=True)
            await self._quietly(self.redis.delete(demo.PROGRESS_KEY))

    async def _marks(self) -> dict[str, str]:
        found: dict[Any, Any] = await self.redis.hgetall(demo.HISTORY_KEY)
        return {uid.decode(): mark.decode() for uid, mark in found.items()}

    async def _life(self, car: Car, mark: str) -> None:
        hello: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        rng = random.Random()
        device = Device(
            self.url,
            car.token,
            on_hello=lambda frame: None if hello.done() else hello.set_result(frame),
            on_message=lambda message: answer(device, message, car.temper, rng),
            on_command=lambda command: obey(
                device, command, pace=car.pace, fix=lambda: car.itinerary.fix(_now_ms())
            ),
        )
        async with self._planning:  # the first fix plans the rounds: a fifth of a second of work
            await asyncio.to_thread(car.itinerary.fix, _now_ms())
        self._unplanned -= 1
        if not self._unplanned:
            self._all_drive.set()
        if car.offline_s and mark == "done":
            return
        life = asyncio.create_task(device.run())
        work = asyncio.create_task(self._work(car, device, hello, mark))
        try:
            await asyncio.wait((life, work), return_when=asyncio.FIRST_COMPLETED)
            if life.done():
                await life
            await work
        except Refused as reason:
            log.info("%s was sent away: %s", car.uid, reason)
        finally:
            self.at_work.discard(car)
            for task in (life, work):
                task.cancel()
            await asyncio.gather(life, work, return_exceptions=True)

    async def _work(self, car: Car, device: Device, hello: "asyncio.Future[Any]", mark: str) -> None:
        last = (await hello)["last_time"]
        now = _now_ms()
        start = now - HISTORY_S * 1000
        if last and mark == "done":
            start = max(start, _milliseconds(last) + 1)
        elif last and mark:
            start = max(start, int(mark))
        past = car.itinerary.times(start, now - car.offline_s * 1000)
        self.total += len(past)
        self.at_work.add(car)
        if car.offline_s:
            await self._send_past(car, device, past)
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_past(car, device, past))
            group.create_task(self._send_live(car, device, now))

    async def _send_past(self, car: Car, device: Device, past: range) -> None:
        """Send the past in batches, a few of all vehicles at once, once all are on the map."""
        await self._all_drive.wait()
        for at in range(0, len(past), BATCH):
            times = past[at : at + BATCH]
            async with self._backlog:
                begin = time.monotonic()
                frame = await device.send([car.itinerary.fix(time_ms) for time_ms in times])
                await frame.settled
                await asyncio.sleep(min(time.monotonic() - begin, 0.5) / 2)  # others have turns too
            self.done += len(times)
            await self._mark(car, str(times[-1]))
        await self._mark(car, "done")
        self.at_work.discard(car)

    async def _mark(self, car: Car, mark: str) -> None:
        await self._quietly(self.redis.hset(demo.HISTORY_KEY, car.uid, mark))

    @staticmethod
    async def _quietly(call: Awaitable[object]) -> None:
        """Try to say something that costs little when it is lost: a percentage, fixes sent twice.

        Shielded, because redis-py loses a cancellation that meets it between command and answer.
        """
        with contextlib.suppress(redis.RedisError, OSError):
            await asyncio.shield(call)

    async def _send_live(self, car: Car, device: Device, time_ms: int) -> None:
        while True:
            # The window bounds what is kept while the server is away; after that it catches up.
            due = car.itinerary.times(time_ms + 1, time_ms + car.itinerary.interval_ms + 1)[0]
            if car.pace.every_ms is not None:
                due = time_ms + car.pace.every_ms
            if not await car.pace.until(due):
                continue
            time_ms = due
            fix = car.itinerary.fix(time_ms)
            if car.sos:
                car.sos, fix["alarm"] = False, "sos"
            await device.send([fix])

    async def _sos(self) -> None:
        await asyncio.sleep(SOS_AFTER_S)
        while True:
            online = [car for car in self.cars if not car.offline_s and not car.itinerary.stays]
            moving = [car for car in online if car.itinerary.state(_now_ms()).speed > 0]
            if online:
                random.choice(moving or online).sos = True
            await asyncio.sleep(SOS_EVERY_S)

    async def _progress(self) -> None:
        while True:
            history = bool(self.at_work) or not self._all_drive.is_set()
            said = {
                "done": self.done,
                "total": self.total,
                "phase": "history" if history else "driving",
                "at": _now_ms(),
            }
            await self._quietly(self.redis.set(demo.PROGRESS_KEY, json.dumps(said), ex=DRIVING_TTL_S))
            await asyncio.sleep(PROGRESS_S if history else DRIVING_TTL_S / 3)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
