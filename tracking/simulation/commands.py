"""A device that does what it is told: `locate` and `interval` (docs/PROTOCOL.md)."""

import asyncio
import time
from collections.abc import Callable

from tracking.simulation.client import Device, Item, Unable


class Pace:
    """The time between two fixes, which a command may change while the device waits for the next."""

    def __init__(self) -> None:
        self.every_ms: int | None = None  # None: the device's own
        self._changed = asyncio.Event()

    def change(self, seconds: int) -> None:
        self.every_ms = seconds * 1000
        self._changed.set()

    async def until(self, time_ms: int) -> bool:
        """Wait for that moment; False when the pace changed before it."""
        self._changed.clear()
        try:
            async with asyncio.timeout(max(time_ms - time.time_ns() // 1_000_000, 0) / 1000):
                await self._changed.wait()
        except TimeoutError:
            return True
        return False


async def obey(device: Device, command: Item, *, pace: Pace, fix: Callable[[], Item]) -> None:
    """Do it; `fix` says where the device is now. Raise Unable for what is no command."""
    match command:
        case {"name": "locate"}:
            frame = await device.send([fix()])
            await frame.settled
        case {"name": "interval", "args": {"seconds": int(seconds)}} if seconds > 0:
            pace.change(seconds)
        case _:
            raise Unable(f"unknown command {str(command.get('name'))[:40]!r}")
