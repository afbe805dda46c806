"""From the tutorial's server to ours, step by step: what each saves.

    python -m benchmarks.steps [--server daphne] [--seconds 4] [tutorial step1 …]

Each runs as it would in production: the ASGI server, a worker or archiver, Redis with AOF always, SQLite.
50 devices report as fast as they are acknowledged while 2 dashboards watch.
"""

import argparse
import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import redis

from benchmarks import results
from benchmarks.bare import served
from benchmarks.load import Load
from benchmarks.meter import Cpu
from benchmarks.site import own
from tests import servers

STEPS = ["tutorial", *(f"step{n}" for n in range(1, 8))]
DEVICES, BROWSERS, WINDOW = 50, 2, 20
KEY = "benchmark-only-0123456789abcdef0123456789"
DRAIN_S = 120


@contextlib.contextmanager
def background(step: str, env: dict[str, str]) -> Iterator[int]:
    """The tutorial's Celery worker, or the step's archiver."""
    celery = ["celery", "-A", "benchmarks.baseline.celery", "worker", "-l", "ERROR"]
    archiver = ["benchmarks.baseline.run_archive", step]
    command = [sys.executable, "-m", *(celery if step == "tutorial" else archiver)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    with servers.stopped_at_end(process):
        yield process.pid


def prepare(folder: Path, env: dict[str, str]) -> None:
    migrate = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v", "0"]
    subprocess.run(migrate, env=env, check=True)
    claims = {"group_name": "fleet", "exp": time.time() + 86_400}
    tokens = [jwt.encode({"uid": f"van-{n}", **claims}, KEY, algorithm="HS256") for n in range(DEVICES)]
    (folder / "tokens").write_text("\n".join(tokens))


def stored(folder: Path) -> int:
    with contextlib.closing(sqlite3.connect(folder / "baseline.sqlite3", timeout=20)) as database:
        return int(database.execute("SELECT count(*) FROM baseline_position").fetchone()[0])


def measure(step: str, server: str, seconds: float) -> dict[str, Any]:
    """CPU a position of one step, all its processes together, when everything is in the database."""
    with tempfile.TemporaryDirectory(prefix="fleetline-steps-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        url = stack.enter_context(servers.redis(folder / "redis"))
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "benchmarks.baseline.settings",
            "DATABASE": str(folder / "baseline.sqlite3"),
            "REDIS_URL": url,
        }
        prepare(folder, env)
        worker = stack.enter_context(background(step, env))
        application = f"benchmarks.baseline.{step}:application"
        port, web = stack.enter_context(served("fleet.servers", server, "{fd}", application, env=env))
        load = stack.enter_context(
            Load(
                port=port,
                devices=DEVICES,
                browsers=BROWSERS,
                window=WINDOW,
                tokens=folder / "tokens",
                cookies=os.devnull,
                no_hello=True,
            )  # fmt: skip
        )
        client = stack.enter_context(redis.Redis.from_url(url))
        warm = load.run(0.5)["acked"]  # Celery's processes have started when these are stored
        all_stored(client, folder, warm)
        cpu = Cpu({"web": [web], "archive": [worker], "redis": own("valkey") + own("redis")})
        started = time.monotonic()
        result = load.run(seconds)
        all_stored(client, folder, warm + result["acked"])
        took = time.monotonic() - started
        cost = cpu.per(result["acked"])
    return {
        **result,
        "acked_per_s": result["acked"] / result["seconds"],
        "stored_per_s": result["acked"] / took,
        "cost": cost,
        "cost_all": sum(cost.values()),
        "cost_load": result["cpu_s"] * 1e6 / max(result["acked"], 1),
        "delivered_ratio": result["delivered"] / (BROWSERS * max(result["acked"], 1)),
    }


def all_stored(client: "redis.Redis[bytes]", folder: Path, count: int) -> None:
    def done() -> bool:
        time.sleep(0.2)
        waiting = int(client.xlen("journal")) + int(client.llen("celery"))
        return not waiting and stored(folder) >= count

    servers.wait_for(done, "everything in the database", seconds=DRAIN_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("steps", nargs="*", default=STEPS)
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    notes = results.Notes()
    for step in options.steps:
        notes.keep("steps", f"{step}/{options.server}", measure(step, options.server, options.seconds))


if __name__ == "__main__":
    main()
