"""What the live page costs its browser: a real Chromium, the real page, vehicles that move.

    python -m benchmarks.browser [--vehicles 1000 10000 50000] [--moves 8] [--soak 600]

Per number of vehicles: main-thread CPU for one move of all of them (threadTicks of Chromium's own
metrics, from the frames' arrival to the drawn map and list, less what the page does when nothing
comes), the same with gliding, the same on a page as the examples of MapLibre have it
(benchmarks/usual.html), the weight of a first visit, and the time until vehicles are on the screen.
The software renderer draws in a process of its own: no figure here depends on a graphics card.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from tests.browser import chromium
from tests.servers import free_port, wait_for

ROOT = Path(__file__).parent.parent
WINDOW_S = 2.0  # of one move; everything has been drawn by then
SCREEN: ViewportSize = {"width": 1400, "height": 860}
VEHICLES, MOVES = (1000, 10_000, 50_000), 8
# Their trails are full after four minutes; what grows after that is a leak.
SOAK_VEHICLES, SOAK_STEP_S = 1000, 1.0
# The vehicles are the feed's own; the pages only count them.
SIGN_IN = """
import os
from django.contrib.auth.models import User
from django.test import Client
from tracking.models import Fleet, Vehicle
fleet = Fleet.objects.create(slug="bench", name="Bench")
count = int(os.environ["FEED_VEHICLES"])
Vehicle.objects.bulk_create(Vehicle(fleet=fleet, name=f"Van {n + 1}") for n in range(count))
client = Client()
client.force_login(User.objects.create_superuser("bench"))
print(client.cookies["sessionid"].value)
"""
# Vehicles are all that is drawn by the instance.
NOTE_FIRST = """
const draw = WebGL2RenderingContext.prototype.drawArraysInstanced;
WebGL2RenderingContext.prototype.drawArraysInstanced = function (...words) {
  if (words[3] > 0) window.firstVehicles ??= performance.now();
  draw.apply(this, words);
};
"""


@contextlib.contextmanager
def site(vehicles: int) -> Iterator[tuple[str, str]]:
    """The pages on a port; gives address and session cookie."""
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "DATA": data, "FEED_VEHICLES": str(vehicles), "LOG_LEVEL": "ERROR"}
        environment |= {"DJANGO_SETTINGS_MODULE": "fleet.settings", "PYTHONWARNINGS": "ignore"}
        manage = [sys.executable, "manage.py"]
        run = {"cwd": ROOT, "env": environment, "check": True}
        subprocess.run([*manage, "migrate", "-v", "0"], **run)  # type: ignore[call-overload]
        done = subprocess.run(
            [*manage, "shell", "-v", "0", "-c", SIGN_IN], **run, stdout=subprocess.PIPE, text=True
        )  # type: ignore[call-overload]
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "benchmarks.feed:application", "--port", str(port)]
        quiet = ["--log-level", "error", "--ws-per-message-deflate", "false", "--lifespan", "off"]
        server = subprocess.Popen([*command, *quiet], cwd=ROOT, env=environment)
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: _answers(address), "the pages", seconds=30)
            yield address, done.stdout.split()[-1]
        finally:
            server.terminate()
            server.wait(10)


def _answers(address: str) -> bool:
    with contextlib.suppress(OSError):
        return bool(urllib.request.urlopen(f"{address}/login/", timeout=5).status == 200)  # noqa: S310
    return False


def move(address: str) -> None:
    urllib.request.urlopen(f"{address}/feed/move", timeout=60).close()  # noqa: S310


class Meter:
    """CPU of the page's main thread, in milliseconds."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def read(self) -> dict[str, float]:
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}

    def spent(self, seconds: float, action: Any = lambda: None) -> float:
        before = self.read()["TaskDuration"]
        end = time.monotonic() + seconds
        action()
        time.sleep(max(0.0, end - time.monotonic()))
        return 1000 * (self.read()["TaskDuration"] - before)

    def heap(self) -> float:
        """Megabytes that are still used after a collection."""
        self.session.send("HeapProfiler.collectGarbage")
        return self.read()["JSHeapUsedSize"] / 1e6


def opened(
    browser: Browser, address: str, cookie: str, *, vehicles: int, path: str = "/", glides: bool = True
) -> tuple[Page, dict[str, Any]]:
    """The live page (or another) with everything on it, and what it took."""
    context = browser.new_context(viewport=SCREEN, reduced_motion="no-preference" if glides else "reduce")
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.add_init_script(NOTE_FIRST)
    weight = {"requests": 0, "bytes": 0.0}
    session = context.new_cdp_session(page)
    session.send("Network.enable")

    def finished(event: dict[str, Any]) -> None:
        weight["requests"] += 1
        weight["bytes"] += event["encodedDataLength"]

    session.on("Network.loadingFinished", finished)
    start = time.monotonic()
    page.goto(f"{address}{path}")
    page.locator(f"html[data-vehicles='{vehicles}']").wait_for(state="attached")
    listed = time.monotonic() - start
    page.locator("html[data-map=idle]").wait_for(state="attached")
    drawn = time.monotonic() - start
    time.sleep(WINDOW_S)
    session.detach()
    return page, {
        "kilobytes": round(weight["bytes"] / 1000),
        "requests": weight["requests"],
        "in_list_s": round(listed, 2),
        "first_on_map_s": round((page.evaluate("window.firstVehicles") or 0) / 1000, 2),
        "on_map_s": round(drawn, 2),
    }


def update_ms(meter: Meter, address: str, moves: int) -> tuple[float, float]:
    """CPU of one move of all vehicles, and of WINDOW_S in which nothing comes: means, by turns.

    What the page redraws each second falls into either: the middle one of some windows would be chance.
    """
    move(address)
    time.sleep(WINDOW_S)
    idle, moved = [], []
    for _ in range(moves):
        idle.append(meter.spent(WINDOW_S))
        moved.append(meter.spent(WINDOW_S, lambda: move(address)))
    return round(statistics.fmean(moved) - statistics.fmean(idle), 1), statistics.fmean(idle)


# Of each: name of its figure, path, whether vehicles glide. The last is what stands beside ours.
PAGES = (
    ("update_ms", "/", False),
    ("gliding_ms", "/", True),
    ("usual_ms", "/feed/usual", False),
)


def measured(browser: Browser, vehicles: int, moves: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    with site(vehicles) as (address, cookie):
        for name, path, glides in PAGES:
            page, first = opened(browser, address, cookie, path=path, glides=glides, vehicles=vehicles)
            meter = Meter(page)
            result[name], idle = update_ms(meter, address, moves)
            if name == "update_ms":
                result |= first
                result |= {"idle_ms_per_s": round(idle / WINDOW_S, 1), "heap_mb": round(meter.heap(), 1)}
            page.context.close()
    return result


def soaked(browser: Browser, seconds: int) -> dict[str, Any]:
    """Memory while vehicles move every SOAK_STEP_S: a line through the second half, in MB an hour."""
    with site(SOAK_VEHICLES) as (address, cookie):
        page, _ = opened(browser, address, cookie, vehicles=SOAK_VEHICLES)
        meter = Meter(page)
        start = time.monotonic()
        seen: list[tuple[float, float, float]] = []  # seconds, MB, nodes
        while (passed := time.monotonic() - start) < seconds:
            move(address)
            time.sleep(SOAK_STEP_S)
            if not seen or passed - seen[-1][0] >= seconds / 40:
                seen.append((passed, meter.heap(), meter.read()["Nodes"]))
        half = seen[len(seen) // 2 :]
        slope = statistics.linear_regression([t for t, *_ in half], [mb for _, mb, _ in half]).slope
        page.context.close()
    return {
        "seconds": seconds,
        "first_mb": round(seen[0][1], 1),
        "last_mb": round(seen[-1][1], 1),
        "growth_mb_per_h": round(3600 * slope, 1),
        "nodes": [int(seen[0][2]), int(seen[-1][2])],
    }


def run(vehicles: Sequence[int], *, moves: int, soak: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Number of vehicles and figures, then "soak" and its own; NoChromium when there is none."""
    program = chromium.executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=chromium.ARGUMENTS)
        with contextlib.closing(browser):
            for count in vehicles:
                yield str(count), measured(browser, count, moves)
            if soak:
                yield "soak", soaked(browser, soak)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vehicles", type=int, nargs="*", default=VEHICLES)
    parser.add_argument("--moves", type=int, default=MOVES)
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS")
    options = parser.parse_args()
    for name, found in run(options.vehicles, moves=options.moves, soak=options.soak):
        print(name, json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
