"""A product with its demo, in a temporary folder, for pictures of it."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium
from tests.house import ROOT, House

PATIENCE_MS = 60_000
SOS_VAN = "demo-303"  # it drives, and its driver answers


class Demo:
    """A product with its demo, and what only its operator can do."""

    def __init__(self, data: Path) -> None:
        self.house = House(data, "daphne")

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT, env=self.house.env, check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.stdout.strip().splitlines()[-1]

    def sos(self, context: BrowserContext) -> None:
        """The vehicle presses its button, where it is."""
        token = self.manage("devicetoken", SOS_VAN)
        fleets = [f"/api/fleets/{slug}/positions.geojson" for slug in ("demo-north", "demo-south")]
        answers = [context.request.get(f"{self.house.url}{fleet}").json()["features"] for fleet in fleets]
        name = f"VAN-{SOS_VAN.removeprefix('demo-')}"
        here = next(f for features in answers for f in features if f["properties"]["name"] == name)
        lon, lat = here["geometry"]["coordinates"][:2]
        body = json.dumps({"latitude": lat, "longitude": lon, "speed": 0, "alarm": "sos"}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.house.url}/gps/positions", body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            response.read()

    def open(self, browser: Browser, state: Any, **options: Any) -> BrowserContext:
        """A browser of the administrator, who has been here before."""
        context = browser.new_context(
            base_url=self.house.url, storage_state=state, service_workers="block", locale="en-GB", **options
        )
        context.add_init_script("localStorage.setItem('fleetline-first-run', 'seen')")
        context.set_default_timeout(PATIENCE_MS)
        return context

    def signed_in(self, browser: Browser) -> Any:
        context = browser.new_context()
        link = self.manage("loginlink", "--base-url", self.house.url)
        context.request.get(link)
        state = context.storage_state()
        context.close()
        return state


@contextmanager
def demo() -> Iterator[tuple[Demo, Browser]]:
    folder = Path(tempfile.mkdtemp(prefix="fleetline-pictures-"))
    one = Demo(folder)
    try:
        one.house.start("--demo", "40")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium.executable(), args=chromium.ARGUMENTS, timeout=PATIENCE_MS
            )
            expect.set_options(timeout=PATIENCE_MS)
            yield one, browser
            browser.close()
    finally:
        one.house.stop()
        shutil.rmtree(folder, ignore_errors=True)


def settled(page: Page) -> None:
    """The page shows what it has to show: the socket is live, the map drawn, the demo driving."""
    page.wait_for_load_state("networkidle")
    if page.locator("#map").count():
        expect(page.locator("html")).to_have_attribute("data-map", "idle")
        expect(page.locator("html")).to_have_attribute("data-vehicles", re.compile(r"\d\d"))
    page.wait_for_timeout(1200)
