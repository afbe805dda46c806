"""Plays recorded positions through a device's socket, and counts what became of them."""

import asyncio
import time
from collections.abc import Iterable
from typing import NamedTuple

from tracking.simulation.client import Device, Refused
from tracking.simulation.recordings import Item

BATCH, GATHER_S = 100, 0.05  # positions closer together than this travel in one frame
MOST_PER_S = 4000.0  # below what the server takes from one device
CONNECT_WITHIN_S = 15.0


class Played(NamedTuple):
    times: list[int]  # of the positions sent, ms since the epoch
    acked: int
    rejected: int


async def play(url: str, token: str, positions: Iterable[tuple[float, Item]], *, now: bool = False) -> Played:
    """Send them at their pace; return when all are settled. With `now` each gets the time at which it goes.

    Raise Refused when the server does not want this device, TimeoutError when it cannot be reached.
    """
    device = Device(url, token)
    life = asyncio.create_task(device.run())
    work = asyncio.create_task(_send(device, positions, now=now))
    try:
        done, _ = await asyncio.wait((life, work), return_when=asyncio.FIRST_COMPLETED)
        if work not in done:
            await life
            raise Refused("the connection ended")
        return Played(await work, device.acked, device.rejected)
    finally:
        for task in (life, work):
            task.cancel()
        await asyncio.gather(life, work, return_exceptions=True)


async def _send(device: Device, positions: Iterable[tuple[float, Item]], *, now: bool) -> list[int]:
    await asyncio.wait_for(device.online.wait(), CONNECT_WITHIN_S)
    times: list[int] = []
    batch: list[Item] = []
    due = time.monotonic()
    for wait, item in positions:
        due += max(wait, 1 / MOST_PER_S)
        ahead = due - time.monotonic()
        if batch and (ahead > GATHER_S or len(batch) == BATCH):
            await device.send(batch)
            batch = []
            await asyncio.sleep(max(due - time.monotonic(), 0))
        if now:
            item = {**item, "time": max(time.time_ns() // 1_000_000, times[-1] + 1 if times else 0)}
        batch.append(item)
        times.append(item["time"])
    if batch:
        await device.send(batch)
    await device.drain()
    return times
