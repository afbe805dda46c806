"""Load: many vehicles at a fixed rate, and what the server makes of it, second by second."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

from tracking.simulation.client import Device, Item
from tracking.simulation.commands import Pace, obey
from tracking.simulation.driving import Itinerary
from tracking.simulation.roads import Roads

PLACES = 40
TRIPS = 16  # different ones; vehicles on the same one are SPREAD_MS behind one another
SPREAD_MS = 97_000


class Second(NamedTuple):
    """What happened in one second: positions, and milliseconds from a frame to its ack."""

    at: int
    online: int
    sent: int
    acked: int
    rejected: int
    p50_ms: float
    p99_ms: float


async def run(
    url: str,
    vehicles: list[str],
    streets: Roads,
    *,
    rate: float,
    batch: int = 1,
    seconds: float | None = None,
) -> AsyncIterator[Second]:
    """Drive a vehicle for each token at `rate` positions a second in frames of `batch`; yield each second."""
    rng = random.Random(0)
    places = rng.sample(streets.stops(), min(PLACES, len(streets.stops())))
    trips = [
        Itinerary(number, streets, depot=places[number % len(places)], places=places)
        for number in range(min(TRIPS, len(vehicles)))
    ]
    for trip in trips:
        trip.fix(round(time.time() * 1000))  # plans it: not during the measurement
    devices = [Device(url, token) for token in vehicles]
    tasks: list[asyncio.Task[None]] = []
    for number, device in enumerate(devices):
        tasks.append(asyncio.create_task(device.run()))
        turn = number // len(trips) * SPREAD_MS, rng.random()
        tasks.append(
            asyncio.create_task(_drive(device, trips[number % len(trips)], turn, rate=rate, batch=batch))
        )
    try:
        at = before_sent = before_acked = 0
        while seconds is None or at < seconds:
            await asyncio.sleep(1)
            at += 1
            for task in tasks:
                if task.done():
                    await task  # a device that was refused ends the run with its reason
            sent, acked = sum(d.sent for d in devices), sum(d.acked for d in devices)
            rejected, online = sum(d.rejected for d in devices), sum(d.online.is_set() for d in devices)
            p50, p99 = _quantiles(devices)
            yield Second(at, online, sent - before_sent, acked - before_acked, rejected, p50, p99)
            before_sent, before_acked = sent, acked
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _drive(
    device: Device, trip: Itinerary, turn: tuple[int, float], *, rate: float, batch: int
) -> None:
    """Send a frame each batch / rate seconds. Its fixes are spread over that time, ending now."""
    behind_ms, share = turn
    every_ms, pace = batch * 1000 / rate, Pace()

    def fix(time_ms: int) -> Item:
        return trip.fix(time_ms - behind_ms) | {"time": time_ms}

    device.on_command = lambda command: obey(
        device, command, pace=pace, fix=lambda: fix(round(time.time() * 1000))
    )
    await device.online.wait()
    last = time.time() * 1000 - every_ms * (1 - share)
    while True:
        step = every_ms if pace.every_ms is None else pace.every_ms * batch
        if not await pace.until(round(last + step)):
            continue
        last += step
        times = [round(last - back * step / batch) for back in range(batch - 1, -1, -1)]
        await device.send([fix(time_ms) for time_ms in times])


def _quantiles(devices: list[Device]) -> tuple[float, float]:
    """p50 and p99 of the acks since the last call, in milliseconds; zeros when there were none."""
    times = sorted(latency for device in devices for latency in device.latencies)
    for device in devices:
        device.latencies.clear()
    if not times:
        return 0.0, 0.0
    return times[len(times) // 2] * 1000, times[min(len(times) * 99 // 100, len(times) - 1)] * 1000
