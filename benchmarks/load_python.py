"""benchmarks/load.c for machines without a C compiler: the same options, commands and answers, with picows.

It costs several times as much, and the load shares the machine with the server: the figures say so. One
difference: `cut` does not count who was told to wait.
"""

import argparse
import asyncio
import json
import random
import resource
import sys
import time
from collections import deque
from typing import Any

import msgspec
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

DRAIN_S, CONNECT_S, TICK_S = 20, 180, 0.001


class Frame(msgspec.Struct):
    type: str = ""
    seq: int | None = None
    n: int | None = None
    retry_after: float = 0
    items: list[list[Any]] = []
    received: int | None = None


decode = msgspec.json.Decoder(Frame).decode


class Tally:
    """What happened since the last `run`."""

    def __init__(self) -> None:
        self.sent = self.acked = self.lost = self.stalled = self.errors = self.closed = self.refused = 0
        self.delivered = self.frames = self.bytes = 0
        self.ack: list[float] = []
        self.seen: list[float] = []


class Client(WSListener):
    """One device or browser, connected or away."""

    def __init__(self, load: "Load", number: int, secret: str, *, browser: bool) -> None:
        self.load, self.number, self.secret, self.browser = load, number, secret, browser
        self.transport: WSTransport | None = None
        self.online = False
        self.seq = self.acked = self.count = 0
        self.sent_at: deque[float] = deque()
        self.last_ms = int(time.time() * 1000 - load.options.age * 1000)
        self.retry_after = 0.0

    async def live(self) -> None:
        """Connect, and come back after every loss."""
        failures = 0
        o = self.load.options
        path = o.browser_path if self.browser else o.path
        headers = {"Authorization": f"Bearer {self.secret}"}
        if self.browser:
            headers = {"Cookie": self.secret, "Origin": f"http://{o.host}:{o.port}"}
        while True:
            self.retry_after = 0
            try:
                async with self.load.gate:
                    transport, _ = await ws_connect(
                        lambda: self, f"ws://{o.host}:{o.port}{path}", extra_headers=headers
                    )
                await transport.wait_disconnected()
                failures = 0
            except (OSError, WSError, TimeoutError):
                self.load.tally.refused += 1
                failures += 1
            pause = 0.5 * 2 ** min(failures, 6) * random.uniform(0.5, 1)
            await asyncio.sleep(max(pause, self.retry_after * random.uniform(1, 1.5)))

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.seq = self.acked = 0
        self.sent_at.clear()
        if self.browser:
            fleets = {"fleets": [self.load.options.fleet]} if self.load.options.fleet else {}
            transport.send(WSMsgType.TEXT, msgspec.json.encode({"type": "subscribe", **fleets}))
        self.online = self.load.options.no_hello

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.load.tally.lost += (self.seq - self.acked) * self.load.options.batch
        self.transport, self.online = None, False

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            self.load.tally.closed += 1
            return transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return None
        body = frame.get_payload_as_bytes()
        self.load.tally.bytes += len(body)
        message = decode(body)
        return self._from_browser(message) if self.browser else self._from_device(message)

    def _from_device(self, message: Frame) -> None:
        if message.type == "ack":
            now = time.monotonic()
            while self.acked < (message.seq or 0):
                self.acked += 1
                self.load.tally.ack.append((now - self.sent_at.popleft()) * 1000)
                self.load.tally.acked += self.load.options.batch
            self.fill_window()
        elif message.type == "hello":
            self.online = True
            self.fill_window()
        elif message.type == "error":
            self.retry_after = message.retry_after
            self.load.tally.errors += 1

    def _from_browser(self, message: Frame) -> None:
        tally = self.load.tally
        tally.frames += 1
        self.online = self.online or message.type == "snapshot"
        if message.n is not None and self.transport:
            self.transport.send(WSMsgType.TEXT, b'{"type":"ack","n":%d}' % message.n)
        now, field = time.time() * 1000, 1 if self.load.options.rate > 0 else 10
        times = [item[field] for item in message.items] + ([message.received] if message.received else [])
        tally.delivered += len(times)
        tally.seen += [now - each for each in times]

    def fill_window(self) -> None:
        o = self.load.options
        while self.load.sending and not o.rate and not self.browser and self.seq - self.acked < o.window:
            self.report()

    def report(self) -> None:
        """Send one frame, unless the window is full or nobody is there."""
        o = self.load.options
        if not self.online or self.transport is None or self.seq - self.acked >= o.window:
            self.load.tally.stalled += o.batch
            return
        self.seq += 1
        self.sent_at.append(time.monotonic())
        self.load.tally.sent += o.batch
        items = [self._fix() for _ in range(o.batch)]
        one = o.batch == 1
        content = {"type": "position", **items[0]} if one else {"type": "positions", "items": items}
        self.transport.send(WSMsgType.TEXT, msgspec.json.encode({**content, "seq": self.seq}))

    def _fix(self) -> dict[str, Any]:
        now = int(time.time() * 1000) if self.load.options.rate else 0
        self.last_ms = max(now, self.last_ms + 1)
        self.count += 1
        place = (self.number * 7919 + self.count * 37) % 1_000_000 / 1e6
        return {
            "time": self.last_ms, "latitude": 57 + place, "longitude": 11 + place, "speed": 12.5,
            "heading": self.count * 7 % 360, "battery": 87, "ignition": True,
        }  # fmt: skip


class Load:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.tally, self.sending = options, Tally(), False
        self.gate = asyncio.Semaphore(options.at_once or 100_000)
        self.clients = [
            Client(self, n, secret, browser=browser)
            for browser, count, name in (
                (False, options.devices, options.tokens),
                (True, options.browsers, options.cookies),
            )
            for n, secret in enumerate(secrets(name, count))
        ]

    async def connect(self) -> dict[str, Any]:
        """Wait until everybody is there."""
        started = time.monotonic()
        while not all(c.online for c in self.clients) and time.monotonic() - started < CONNECT_S:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        online = sum(c.online for c in self.clients)
        seconds = time.monotonic() - started
        told = {"busy": 0, "refused": self.tally.refused}
        return {"online": online, "of": len(self.clients), "seconds": seconds, **told}

    async def cut(self) -> dict[str, Any]:
        for client in self.clients:
            client.online = False
            if client.transport:
                client.transport.disconnect(graceful=False)
        return await self.connect()

    async def run(self, seconds: float) -> dict[str, Any]:
        self.tally, cpu, start = Tally(), cpu_s(), time.monotonic()
        devices, o = self.clients[: self.options.devices], self.options
        self.sending, turns = True, 0
        for device in devices:
            device.fill_window()
        while (now := time.monotonic()) < start + seconds:
            while o.rate and devices and start + turns * o.batch / o.rate / len(devices) <= now:
                devices[turns % len(devices)].report()
                turns += 1
            await asyncio.sleep(TICK_S)
        self.sending, end = False, time.monotonic() + DRAIN_S
        while sum(d.seq - d.acked for d in devices) and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(TICK_S)
        left = sum(d.seq - d.acked for d in devices)
        spent, cpu = time.monotonic() - start, cpu_s() - cpu
        await asyncio.sleep(1 if o.browsers else 0)
        t = self.tally
        return {
            "seconds": spent, "sent": t.sent, "acked": t.acked, "unacked": left * o.batch, "lost": t.lost,
            "stalled": t.stalled, "errors": t.errors, "closed": t.closed, "refused": t.refused,
            "online": sum(c.online for c in self.clients), "cpu_s": cpu, "bytes": t.bytes,
            "ack_ms": quantiles(t.ack), "delivered": t.delivered, "frames": t.frames,
            "browser_ms": quantiles(t.seen),
        }  # fmt: skip


def secrets(name: str | None, count: int) -> list[str]:
    """The first lines of the file; an empty one is for servers that ask for nothing."""
    if not name or not count:
        return []
    with open(name) as file:
        lines = file.read().splitlines()
    return lines[:count] if lines else ["-"] * count


def quantiles(values: list[float]) -> dict[str, float]:
    values.sort()
    last = len(values) - 1
    return {
        "p50": values[last // 2] if values else 0,
        "p99": values[last * 99 // 100] if values else 0,
        "max": values[-1] if values else 0,
    }


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def obey(options: argparse.Namespace) -> None:
    load = Load(options)
    tasks = [asyncio.create_task(client.live()) for client in load.clients]
    print(json.dumps(await load.connect()), flush=True)
    while words := (await asyncio.to_thread(sys.stdin.readline)).split():
        if words[0] == "quit":
            break
        answer = await (load.run(float(words[1])) if words[0] == "run" else load.cut())
        print(json.dumps(answer), flush=True)
    for task in tasks:
        task.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words = {"host": "127.0.0.1", "path": "/gps/connect", "browser-path": "/ws/dashboard"}
    for name in ("host", "path", "browser-path", "fleet", "tokens", "cookies"):
        parser.add_argument(f"--{name}", default=words.get(name))
    numbers = {"port": 8000, "devices": 0, "browsers": 0, "batch": 1, "window": 100, "at-once": 0}
    for name, number in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--age", type=float, default=86_400)
    parser.add_argument("--no-hello", action="store_true")
    asyncio.run(obey(parser.parse_args()))


if __name__ == "__main__":
    main()
