"""The past of ten million positions: a month of a vehicle, a fleet at a moment, who was near.

    python -m benchmarks.history [--rows 10000000] [--json]

Uses the database of the settings (DATABASE_URL, else SQLite in DATA). An empty one is filled first: a
vehicle with a month at a fix every 10 s, a fleet of 300, and one of 10 000 with the rest; one that was filled
is measured again. Answers are whole ones of the views: signed in, encoded, compressed.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")  # there is no Redis, and nothing is counted in it
django.setup()

import numpy as np  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks.meter import cpu_s, memory_kib, parents  # noqa: E402
from tracking import partitions, positions  # noqa: E402
from tracking.fixes import iso  # noqa: E402
from tracking.history import segments  # noqa: E402
from tracking.models import Device, Fleet, Vehicle  # noqa: E402

END = 1_763_884_800_000
INTERVAL_MS = 10_000
MONTH = 260_000  # fixes
SMALL, LARGE = 300, 10_000  # vehicles
HOUR_MS = 3_600_000
PLACE = (57.7, 11.97)
TIMES = 7


def drive(count: int, *, seed: int) -> dict[str, Any]:
    """A vehicle that drives and stands half an hour each, in a city of 60 km, with a receiver's noise."""
    chance = np.random.default_rng(seed)
    driving = (np.arange(count) + chance.integers(360)) % 360 < 180
    speed = np.where(
        driving, np.clip(12 + 6 * np.sin(np.arange(count) / 20) + chance.normal(0, 1, count), 2, 30), 0.0
    )
    heading = np.cumsum(chance.normal(0, 0.15, count))
    way = speed * INTERVAL_MS / 1000

    def folded(metres: Any) -> Any:
        return np.abs((metres + chance.uniform(0, 120_000)) % 120_000 - 60_000) - 30_000

    north, east = folded(np.cumsum(way * np.cos(heading))), folded(np.cumsum(way * np.sin(heading)))
    noise = chance.normal(0, 3, (2, count))
    return {
        "time": END - (count - np.arange(count)) * INTERVAL_MS + chance.integers(0, INTERVAL_MS),
        "latitude": PLACE[0] + (north + noise[0]) / 111_195,
        "longitude": PLACE[1] + (east + noise[1]) / (111_195 * np.cos(np.radians(PLACE[0]))),
        "speed": speed,
        "heading": np.degrees(heading) % 360,
    }


def rows(vehicle: int, device: int, count: int) -> Iterator[tuple[Any, ...]]:
    made = drive(count, seed=vehicle)
    columns = [made[name].tolist() for name in ("time", "latitude", "longitude", "speed", "heading")]
    for at, latitude, longitude, speed, heading in zip(*columns, strict=True):
        yield (
            vehicle, at, device, latitude, longitude, speed, heading, 34.5, 4.0, 87.0, True, 182345.2,
            None, None, at + 210,
        )  # fmt: skip


def fill(total: int) -> None:
    """Positions past the archive, then their segments as the migration makes them."""
    fleets = {name: Fleet.objects.create(slug=name, name=name) for name in ("one", "small", "large")}
    one = max(1, min(MONTH, total // 10))
    each = {"one": one, "small": (total - one) // 2 // SMALL, "large": (total - one) // 2 // LARGE}
    counts = {"one": 1, "small": SMALL, "large": LARGE}
    for name, fleet in fleets.items():
        made = [Vehicle(fleet=fleet, name=f"{name} {n}") for n in range(counts[name])]
        Vehicle.objects.bulk_create(made, batch_size=500)
        Device.objects.bulk_create(
            [Device(uid=v.name.replace(" ", "-"), vehicle=v, primary=True) for v in made], batch_size=500
        )
        devices = dict(Device.objects.filter(vehicle__fleet=fleet).values_list("vehicle_id", "pk"))
        partitions.ensure(range(END - (each[name] + 1) * INTERVAL_MS, END + 1, 86_400_000))
        partitions.ensure([END])
        waiting: list[tuple[Any, ...]] = []
        for vehicle, device in sorted(devices.items()):
            waiting += rows(vehicle, device, each[name])
            if len(waiting) > 200_000:
                insert(waiting)
        insert(waiting)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@transaction.atomic
def insert(waiting: list[tuple[Any, ...]]) -> None:
    if waiting:
        positions.insert(waiting)
        segments.add(waiting)
    waiting.clear()


def working() -> list[int]:
    """This process, and PostgreSQL with all of its own."""
    if connection.vendor != "postgresql":
        return [os.getpid()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return [os.getpid(), parents()[cursor.fetchone()[0]]]


def answer(client: Client, url: str) -> dict[str, float]:
    """Milliseconds to the answer: the middle of TIMES after a first one; bytes as they are sent."""
    taken, cpu = [], []
    processes = working()
    for _ in range(TIMES + 1):
        started, before = time.perf_counter(), cpu_s(processes)
        response = client.get(url, SERVER_NAME="localhost", headers={"Accept-Encoding": "gzip"})
        taken.append((time.perf_counter() - started) * 1000)
        cpu.append((cpu_s(processes) - before) * 1000)
        if response.status_code != 200:
            raise RuntimeError(f"{url}: {response.status_code} {response.content[:200]!r}")
    return {
        "ms": statistics.median(taken[1:]), "first_ms": taken[0], "worst_ms": max(taken[1:]),
        "cpu_ms": statistics.median(cpu[1:]), "bytes": float(len(response.content)),
    }  # fmt: skip


def measure() -> dict[str, dict[str, float]]:
    user, _ = User.objects.get_or_create(username="bench", is_superuser=True, is_staff=True)
    client = Client()
    client.force_login(user)
    one = Vehicle.objects.get(name="one 0").pk
    at = iso(END - 30 * 60_000)
    hour = f"from={iso(END - HOUR_MS)}&to={iso(END)}"
    near = f"{hour}&lat={PLACE[0]}&lon={PLACE[1]}&radius=300"
    month = f"from={iso(END - 31 * 86_400_000)}&to={iso(END)}"
    urls = {
        "history month": f"/api/vehicles/{one}/history?{month}",
        "history day": f"/api/vehicles/{one}/history?from={iso(END - 86_400_000)}&to={iso(END)}",
        "state 300": f"/api/past?at={at}&fleets=small",
        "state 10000": f"/api/past?at={at}&fleets=large",
        "within 300": f"/api/within?{near}&fleets=small",
        "within 10000": f"/api/within?{near}&fleets=large",
        "played hour 300": f"/api/past/tracks?{hour}&fleets=small",
    }
    found = {name: answer(client, url) for name, url in urls.items()}
    found["memory"] = {"MiB": memory_kib(os.getpid()) / 1024}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    started = time.perf_counter()
    if not Vehicle.objects.exists():
        fill(options.rows)
        print(f"filled in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    found = measure()
    if options.json:
        return print(json.dumps(found))
    print(f"{connection.vendor}, Python {sys.version.split()[0]}")
    for name, result in found.items():
        print(f"{name:18}" + "".join(f"{key} {value:,.1f}  " for key, value in result.items()))
    return None


if __name__ == "__main__":
    main()
