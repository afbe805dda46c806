"""A whole Fleetline to measure: started as a user starts it, with devices and browsers that may come."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks.load import Load
from benchmarks.meter import Cpu, memory_kib, parents
from tests import servers
from tests.house import House

SAMPLE_S = 0.5
ARCHIVE_S = 180


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL that keeps its promises (fsync on); gives its DATABASE_URL."""
    with servers.postgres(durable=True) as address:
        yield address


def has_postgres() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        return (servers.postgres_binaries(Path(folder), copy=False) / "initdb").exists()


def own(name: str) -> list[int]:
    """The servers of that name (`postgres`, `valkey`, `redis`) that this process started."""
    mine = [pid for pid, parent in parents().items() if parent == os.getpid()]
    return [pid for pid in mine if Path(f"/proc/{pid}/comm").read_text().startswith(name)]


@dataclass
class Site:
    """A house, its people, and what its processes cost."""

    house: House
    folder: Path
    lag: list[float] = field(default_factory=list)

    def load(self, devices: int = 0, browsers: int = 0, **options: Any) -> Load:
        people = {"tokens": self.folder / "tokens", "cookies": self.folder / "cookies"}
        return Load(port=self.house.port, devices=devices, browsers=browsers, **people, **options)

    def roots(self) -> dict[str, list[int]]:
        """The processes by what they are: web, archive, redis, postgres, other."""
        names: dict[str, list[int]] = {"web": [], "archive": [], "redis": [], "other": []}
        for name, child in self.house.children().items():
            if name.startswith("web"):
                names["web"].append(child["pid"])
            else:
                names[{"worker-archive": "archive", "redis": "redis"}.get(name, "other")].append(child["pid"])
        if self.house.database:
            names["postgres"] = own("postgres")
        return names

    def measure(self, load: Load, seconds: float) -> dict[str, Any]:
        """Run the load until everything is stored; return what happened and what it cost."""
        before, cpu, started = self.stored(), Cpu(self.roots()), time.monotonic()
        with self.watching_lag():
            result = load.run(seconds)
        servers.wait_for(self.house.archived, "the archive", seconds=ARCHIVE_S)
        took, stored = time.monotonic() - started, self.stored() - before
        cost = cpu.per(result["acked"])
        items = result["delivered"] / (load.browsers * result["acked"]) if load.browsers else None
        return {
            **result,
            "acked_per_s": result["acked"] / result["seconds"],
            "stored": stored,
            "stored_per_s": stored / took,
            "cost": cost,
            "cost_all": sum(cost.values()),
            "cost_load": result["cpu_s"] * 1e6 / max(result["acked"], 1),
            "delivered_ratio": items,
            "lag_max": max(self.lag, default=0.0),
        }

    def stored(self) -> int:
        return int(self.house.rows("SELECT count(*) FROM tracking_position")[0][0])

    @contextlib.contextmanager
    def watching_lag(self) -> Iterator[None]:
        """Note the age of the oldest position that is not archived, as /healthz tells it."""
        ended = threading.Event()
        self.lag.clear()

        def look() -> None:
            while not ended.wait(SAMPLE_S):
                _, state = self.house.health()
                self.lag.append(float((state.get("journal") or {}).get("lag_seconds") or 0))

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def web_memory_kib(self) -> int:
        return sum(memory_kib(pid) for pid in self.roots()["web"])

    def serve_by(self, server: str) -> None:
        """The same data again, with the other server."""
        self.house.stop()
        self.house.server = server
        self.house.start()

    def make_people(self, *, devices: int, fleets: int = 1, browsers: int = 1, history: int = 0) -> None:
        """Devices with tokens, sessions with cookies, stored positions; may be called once a site."""
        words = ["--devices", devices, "--fleets", fleets, "--browsers", browsers, "--history", history]
        command = [sys.executable, "-m", "benchmarks.crowd", str(self.folder), *map(str, words)]
        subprocess.run(command, env=self.house.env, check=True)


@contextlib.contextmanager
def site(server: str, *, database: str = "", web: int = 1, **env: str) -> Iterator[Site]:
    """Start one on an empty data folder; `database` is the address of a PostgreSQL server, or empty."""
    with tempfile.TemporaryDirectory(prefix="fleetline-bench-") as name, own_database(database) as address:
        folder = Path(name)
        house = House(folder, server, database=address, LOG_LEVEL="WARNING", **env)
        house.start("--web", str(web))
        try:
            yield Site(house, folder)
        finally:
            house.stop()


def new_database(address: str) -> str:
    """Make an empty database beside the one of `address`; return its address. Empty for SQLite."""
    if not address:
        return ""
    name = f"bench_{time.time_ns()}"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
    return urlsplit(address)._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def own_database(address: str) -> Iterator[str]:
    """The same, gone at the end: nothing is vacuumed while something else is measured."""
    own = new_database(address)
    try:
        yield own
    finally:
        if own:
            name = urlsplit(own).path[1:]
            with psycopg.connect(address, autocommit=True) as server:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
