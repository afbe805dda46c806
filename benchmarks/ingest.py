"""What a position costs on its way to the database: `python -m benchmarks.ingest`.

Starts Fleetline as `manage.py up` does, on an empty data folder, and lets devices send one
position a frame as fast as they are acknowledged. Prints the CPU microseconds a position of each
process, beside a server that only decodes and acknowledges (benchmarks/bare.py). Wall clocks of a
busy machine are noise; CPU time is not.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from websockets.asyncio.client import connect

from tests.house import House
from tests.servers import free_port, wait_for

WINDOW = 100


def cpu_seconds(pid: int) -> float:
    """CPU time of a process with all its threads, from the scheduler (ns)."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


async def drive(url: str, token: str, seconds: float, latencies: list[float]) -> int:
    """One device, WINDOW frames unacknowledged at most; return the positions acknowledged."""
    async with connect(
        url, additional_headers={"Authorization": f"Bearer {token}"}, compression=None
    ) as socket:
        await socket.recv()
        sent = acked = 0
        sent_at: dict[int, float] = {}
        moment = int(time.time() * 1000) - 86_400_000
        end = time.monotonic() + seconds
        while time.monotonic() < end or acked < sent:
            while sent - acked < WINDOW and time.monotonic() < end:
                sent += 1
                sent_at[sent] = time.monotonic()
                fix = {"type": "position", "seq": sent, "time": moment + sent, "latitude": 57.7}
                fix |= {"longitude": 11.97, "speed": 12.5, "heading": 270, "battery": 87, "ignition": True}
                await socket.send(orjson.dumps(fix), text=True)
            frame = orjson.loads(await socket.recv())
            if frame["type"] == "ack":
                latencies.append(time.monotonic() - sent_at[frame["seq"]])
                acked = frame["seq"]
        return acked


async def load(url: str, tokens: list[str], seconds: float) -> tuple[int, list[float]]:
    latencies: list[float] = []
    counts = await asyncio.gather(*(drive(url, token, seconds, latencies) for token in tokens))
    return sum(counts), latencies


@contextlib.contextmanager
def bare(server: str) -> Iterator[tuple[str, int]]:
    import socket

    with socket.create_server(("127.0.0.1", free_port())) as listening:
        command = [sys.executable, "-m", "fleet.servers", server, str(listening.fileno())]
        process = subprocess.Popen([*command, "benchmarks.bare:application"], pass_fds=(listening.fileno(),))
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/", process.pid
        finally:
            process.terminate()
            process.wait()


def measure(url: str, pids: dict[str, int], tokens: list[str], seconds: float, settle: Any) -> dict[str, Any]:
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    started = time.monotonic()
    acked, latencies = asyncio.run(load(url, tokens, seconds))
    took = time.monotonic() - started
    settle()
    cost = {name: (cpu_seconds(pid) - before[name]) * 1e6 / acked for name, pid in pids.items()}
    ms = statistics.quantiles([1000 * each for each in latencies], n=100)
    return {"acked/s": acked / took, "cost": cost, "all": sum(cost.values()), "p50": ms[49], "p99": ms[98]}


def show(name: str, result: dict[str, Any]) -> None:
    parts = "  ".join(f"{process} {cost:.1f}" for process, cost in result["cost"].items() if cost >= 0.05)
    print(f"{name:10} {result['all']:6.1f} µs a position ({parts})")
    rate, p50, p99 = result["acked/s"], result["p50"], result["p99"]
    print(f"{'':10} {rate:6.0f} acked/s, ack p50 {p50:.1f} ms, p99 {p99:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with bare(options.server) as (url, pid):
        time.sleep(2)
        floor = measure(url, {"server": pid}, [""] * options.devices, options.seconds, lambda: None)
    show("bare", floor)
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), options.server)
        house.start()
        try:
            names = [f"van-{n}" for n in range(options.devices)]
            tokens = issue(house, names)
            pids = {name: child["pid"] for name, child in house.children().items()}
            result = measure(
                house.device_url, pids, tokens, options.seconds,
                lambda: wait_for(house.archived, "the archive", seconds=120),
            )  # fmt: skip
            stored = house.rows("SELECT count(*) FROM tracking_position")[0][0]
        finally:
            house.stop()
    show("fleetline", result)
    print(f"{'':10} {result['all'] / floor['all']:.1f} times the bare server; {stored} stored")


def issue(house: House, names: list[str]) -> list[str]:
    """Make the devices and their tokens, all in one process."""
    code = (
        "import sys; from tracking import tokens; from tracking.devices import register\n"
        "for uid in sys.stdin.read().split():\n"
        "    register(uid, fleet='north'); print(tokens.issue(uid=uid, fleet='north'))\n"
    )
    setup = f"import django; django.setup()\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", setup],
        env={**house.env, "DJANGO_SETTINGS_MODULE": "fleet.settings"},
        input=" ".join(names), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
    main()
