"""`make chaos`: processes die and hang at random under load, and nothing acknowledged is lost.

    python -m benchmarks.chaos [--seconds 60] [--seed 7] [--server daphne] [--database sqlite]

Prints a line a second: positions sent, acknowledged, stored, lost. The seed decides who dies when and how,
so a failure can be run again. At the end the oracle compares every position with the database: what was
acknowledged is there, nothing twice, nothing that was not sent, and each vehicle's latest is its newest.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import redis

from benchmarks.site import new_database, postgres
from fleet import embedded
from tests.faults.load import Load
from tests.house import House
from tests.servers import wait_for

VICTIMS = ("web", "worker-archive", "worker-jobs", "beat", "redis")
COUNTS_KEY = "chaos:counts"  # dashboard/views/demo.py shows it
PAUSE_S, HANG_S = (1.0, 5.0), (0.5, 4.0)  # between two strikes, and of one that stops a process
HEAL_S = 60
DEVICES = 20


class Chaos:
    """Strikes random children of the house until the time is over; the seed decides all of it."""

    def __init__(self, house: House, *, seconds: float, seed: int) -> None:
        self.house, self.seconds = house, seconds
        self.chance = random.Random(seed)
        self.said: list[str] = []
        self.killed = self.stopped = 0

    def run(self) -> None:
        end = time.monotonic() + self.seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(self.chance.uniform(*PAUSE_S), left))
            self.strike(self.chance.choice(VICTIMS), kill=self.chance.random() < 0.6)
        wait_for(self.everybody_runs, "all processes again", seconds=HEAL_S)

    def strike(self, name: str, *, kill: bool) -> None:
        """Kill a process, or let it hang for a while; one that is away at the moment is left alone."""
        hang = self.chance.uniform(*HANG_S)
        pid = self.house.children().get(name, {}).get("pid")
        if not pid:
            return
        with contextlib.suppress(ProcessLookupError):
            if kill:
                self.killed += 1
                self.said.append(f"kill -9 {name}")
                os.kill(pid, signal.SIGKILL)
            else:
                self.stopped += 1
                self.said.append(f"{name} hangs for {hang:.1f} s")
                os.kill(pid, signal.SIGSTOP)
                time.sleep(hang)
                os.kill(pid, signal.SIGCONT)

    def everybody_runs(self) -> bool:
        children = self.house.children()
        return all(children.get(name, {}).get("pid") for name in VICTIMS) and self.house.health()[0] == 200


class Counter:
    """A line a second: what was sent, acknowledged and stored so far, and what is missing."""

    def __init__(self, load: Load, chaos: Chaos) -> None:
        self.load, self.chaos = load, chaos
        self.ended = threading.Event()
        self.client = redis.Redis(unix_socket_path=str(embedded.socket_path(load.house.data)))
        self.thread = threading.Thread(target=self.run)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def run(self) -> None:
        started = 0.0
        while not self.ended.wait(1):
            if not self.load.counts()[0]:
                continue
            started = started or time.monotonic() - 1
            said, self.chaos.said = self.chaos.said, []
            online = sum(device.online.is_set() for device in self.load.devices.values())
            print(
                f"{time.monotonic() - started:4.0f} s  online {online:2}/{len(self.load.devices)}  "
                f"{self.figures()}  {', '.join(said)}",
                flush=True,
            )

    def figures(self) -> str:
        """Lost: acknowledged, and neither stored nor waiting; read in the order in which positions travel."""
        sent, acked = self.load.counts()
        try:
            waiting = int(self.client.get("journal:{0}:length") or 0)
            stored = int(self.load.house.rows("SELECT count(*) FROM tracking_position")[0][0])
            lost = max(acked - stored - waiting, 0)
            # The live page shows it too, for as long as this goes on.
            self.client.set(COUNTS_KEY, json.dumps({"acked": acked, "stored": stored, "lost": lost}), ex=5)
        except (redis.RedisError, OSError, sqlite3.Error, psycopg.Error):
            return f"sent {sent:7}  acked {acked:7}  stored       ?  lost ?"
        return f"sent {sent:7}  acked {acked:7}  stored {stored:7}  lost {lost}"


def wreak(house: House, *, seconds: float, seed: int, devices: int = DEVICES) -> str:
    """Load and chaos for so many seconds, then the oracle (AssertionError); return the last words."""
    load = Load(house, devices=devices, seconds=seconds, seed=seed)
    chaos = Chaos(house, seconds=seconds - 2, seed=seed)
    with Counter(load, chaos):
        asyncio.run(load.run(chaos.run))
        wait_for(house.archived, "an empty journal", seconds=HEAL_S)
    load.check()
    sent, acked = load.counts()
    stored = house.rows("SELECT count(*) FROM tracking_position")[0][0]
    connections = sum(device.connections for device in load.devices.values())
    return (
        f"seed {seed}: {chaos.killed} killed, {chaos.stopped} hung, {connections - devices} reconnections; "
        f"sent {sent}, acked {acked}, stored {stored}, lost 0, doubled 0"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    options = parser.parse_args()
    logging.getLogger("fleetline.device").setLevel(logging.ERROR)  # every outage, said by every device
    with tempfile.TemporaryDirectory(prefix="fleetline-chaos-") as folder, contextlib.ExitStack() as stack:
        address = stack.enter_context(postgres()) if options.database == "postgres" else ""
        house = House(Path(folder), options.server, database=new_database(address))
        house.start()
        stack.callback(house.stop)
        print(f"seed {options.seed}, {options.server}, {options.database}, {options.seconds:g} s")
        print(f"To watch it: {house.manage('loginlink', '--base-url', house.url)}", flush=True)
        try:
            print(wreak(house, seconds=options.seconds, seed=options.seed))
        except (AssertionError, TimeoutError) as error:
            again = f"make chaos SEED={options.seed} SERVER={options.server} DATABASE={options.database}"
            sys.exit(f"FAILED: {error}\nThe same again: {again}")


if __name__ == "__main__":
    main()
