"""How the cost of a position grows with devices, fleets, browsers and stored history.

    python -m benchmarks.growth [devices fleets browsers history] [--server uvicorn] [--seconds 10]
                                [--history 0 1000000 10000000]

Each point is a Fleetline of its own; nothing may grow faster than the work. 100 million rows
(`history --history 100000000`) take about 8 GB of disk and some ten minutes to fill.
"""

import argparse
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import results
from benchmarks.site import Site, postgres, site

DEVICES = (1000, 2000, 4000, 8000)
FLEETS = (1, 100, 1000)
BROWSERS = (1, 20, 200)
HISTORY = (0, 1_000_000, 10_000_000)
SETTLE_S = 3
READS = 5


def measured(here: Site, seconds: float, *, devices: int, browsers: int, rate: float) -> dict[str, Any]:
    with here.load(devices, browsers, rate=rate, at_once=100) as load:
        time.sleep(SETTLE_S)
        return here.measure(load, seconds)


def devices(count: int, server: str, seconds: float, database: str) -> dict[str, Any]:
    """Each reports once a second; one browser watches."""
    with site(server, database=database) as here:
        here.make_people(devices=count)
        return measured(here, seconds, devices=count, browsers=1, rate=1)


def fleets(count: int, server: str, seconds: float, database: str) -> dict[str, Any]:
    """1000 devices, five times a second, spread over the fleets; one browser watches all of them."""
    with site(server, database=database) as here:
        here.make_people(devices=1000, fleets=count)
        return measured(here, seconds, devices=1000, browsers=1, rate=5)


def browsers(count: int, server: str, seconds: float, database: str) -> dict[str, Any]:
    """200 devices, five times a second; each browser gets all of them."""
    with site(server, database=database) as here:
        here.make_people(devices=200, browsers=count)
        result = measured(here, seconds, devices=200, browsers=count, rate=5)
    result["cost_delivery"] = result["cost_all"] * result["acked"] / max(result["delivered"], 1)
    return result


def history(rows: int, server: str, seconds: float, database: str) -> dict[str, Any]:
    """1000 devices, five times a second, on top of so many stored positions; and reading a day of one."""
    with site(server, database=database) as here:
        here.make_people(devices=1000, history=rows)
        result = measured(here, seconds, devices=1000, browsers=1, rate=5)
        result["read_ms"] = read_ms(here) if rows else None
    return result


def read_ms(here: Site) -> float:
    """Milliseconds for a day of one vehicle as GeoJSON; the median."""
    cookie = (here.folder / "cookies").read_text().splitlines()[0]
    vehicle = here.house.rows("SELECT vehicle_id FROM tracking_device WHERE uid = 'bench-7'")[0][0]
    end = datetime.now(UTC) - timedelta(days=1)
    span = f"from={end - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"
    address = f"{here.house.url}/api/vehicles/{vehicle}/track.geojson?{span}"
    took = []
    for _ in range(READS):
        started = time.perf_counter()
        request = urllib.request.Request(address, headers={"Cookie": cookie})  # noqa: S310 (our own server)
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            answer.read()
        took.append((time.perf_counter() - started) * 1000)
    return sorted(took)[READS // 2]


PARTS = {
    "devices": (devices, DEVICES),
    "fleets": (fleets, FLEETS),
    "browsers": (browsers, BROWSERS),
    "history": (history, HISTORY),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="uvicorn")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--history", type=int, nargs="*", default=HISTORY)
    options = parser.parse_args()
    if options.database == "postgres":
        with postgres() as address:
            run(options, address)
    else:
        run(options, "")


def run(options: argparse.Namespace, address: str) -> None:
    notes = results.Notes()
    for part in options.parts:
        measure, points = PARTS[part]
        for count in options.history if part == "history" else points:
            result = measure(count, options.server, options.seconds, address)
            notes.keep(f"growth {part}", f"{options.server}/{options.database}/{count}", result)


if __name__ == "__main__":
    main()
