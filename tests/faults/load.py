"""Devices that report while processes die, and the oracle that says whether anything was lost."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable

from tests.house import House
from tracking.simulation.client import Device

SETTLE_S = 90


class Load:
    """Devices that report as fast as they are acknowledged, and remember what was acknowledged."""

    def __init__(self, house: House, *, devices: int = 6, seconds: float = 8, seed: int = 0) -> None:
        self.house, self.seconds, self.seed = house, seconds, seed
        self.sent: dict[str, set[int]] = {}
        self.acked: dict[str, set[int]] = {}
        self.devices: dict[str, Device] = {}
        self._count = devices

    async def run(self, meanwhile: Callable[[], None]) -> None:
        """Report for so many seconds while `meanwhile` runs in a thread; return when all is acknowledged."""
        for uid, token in self._tokens().items():
            acked = self.acked.setdefault(uid, set())
            self.devices[uid] = Device(
                self.house.device_url, token, window=8, on_ack=acked.update, backoff_s=(0.1, 1.0)
            )
        lives = [asyncio.create_task(self._live(uid, device)) for uid, device in self.devices.items()]
        await asyncio.sleep(1.5)
        await asyncio.to_thread(meanwhile)
        await asyncio.gather(*lives)

    def _tokens(self) -> dict[str, str]:
        """Make the devices and their tokens, all in one process."""
        uids = [f"van-{n}" for n in range(self._count)]
        code = "from django.core.management import call_command\n" + "\n".join(
            f"call_command('devicetoken', {uid!r}, fleet='north', create=True)" for uid in uids
        )
        return dict(zip(uids, self.house.manage("shell", "-v", "0", "-c", code).split(), strict=True))

    async def _live(self, uid: str, device: Device) -> None:
        sent, chance = self.sent.setdefault(uid, set()), random.Random(f"{self.seed} {uid}")
        life = asyncio.create_task(device.run())
        moment = int(time.time() * 1000) - 86_400_000
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            times = [moment + n for n in range(chance.randint(1, 20))]
            moment += len(times)
            sent.update(times)
            await device.send(
                [{"latitude": 57.7 + t % 9973 / 1e5, "longitude": 11.9, "time": t} for t in times]
            )
            await asyncio.sleep(0.02)
        async with asyncio.timeout(SETTLE_S):
            await device.drain()
            await device.online.wait()
        life.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await life

    def counts(self) -> tuple[int, int]:
        """(sent, acknowledged) so far."""
        return sum(map(len, self.sent.values())), sum(map(len, self.acked.values()))

    def check(self) -> None:
        """acknowledged ⊆ stored ⊆ sent, nothing twice, the latest is the newest; AssertionError if not."""
        stored: dict[str, list[int]] = {}
        for uid, moment in self.house.rows(
            "SELECT d.uid, p.time FROM tracking_position p JOIN tracking_device d ON d.id = p.device_id"
        ):
            stored.setdefault(uid, []).append(moment)
        for uid in self.sent:
            kept = stored.get(uid, [])
            assert self.acked[uid] == self.sent[uid], uid  # all of it in the end: the client resends
            assert self.acked[uid] <= set(kept), uid
            assert set(kept) <= self.sent[uid], uid
            assert len(kept) == len(set(kept)), uid
        latest = self.house.rows(
            "SELECT d.uid, l.time FROM tracking_latest l JOIN tracking_device d ON d.id = l.device_id"
        )
        assert dict(latest) == {uid: max(times) for uid, times in stored.items()}
