"""A whole Fleetline under load: flat out, quiet, with browsers, for a minute; idle devices; two processes."""

import resource
import time
from collections.abc import Callable
from typing import Any

from benchmarks import steps
from benchmarks.plan import Plan
from benchmarks.site import Site, site

DEVICES, RATE, BROWSERS = 1000, 5, 20
SUSTAINED = {"daphne": 10_000, "uvicorn": 16_000}  # positions a second
IDLE_CONNECTIONS = 10_000
DAY_S = 86_400


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
        return here.measure(load, plan.seconds(10, 3))


def live(plan: Plan, here: Site) -> dict[str, Any]:
    with here.load(DEVICES, BROWSERS, rate=RATE, at_once=100) as load:
        time.sleep(3)
        return here.measure(load, plan.seconds(20, 5))


def ingest(plan: Plan, here: Site) -> dict[str, Any]:
    with here.load(50, window=100, age=DAY_S) as load:
        return here.measure(load, plan.seconds(10, 3))


def alone(plan: Plan, here: Site) -> dict[str, Any]:
    with here.load(50, window=1, age=3 * DAY_S) as load:
        return here.measure(load, plan.seconds(10, 3))


def as_the_steps(plan: Plan, here: Site) -> dict[str, Any]:
    """The load of the steps (docs/FROM_TUTORIAL.md): with two browsers."""
    with here.load(steps.DEVICES, steps.BROWSERS, window=steps.WINDOW, age=2 * DAY_S) as load:
        return here.measure(load, plan.seconds(4, 2))


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
