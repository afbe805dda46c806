"""Every page and state as pictures, and the moving one of the README: `make screenshots`.

Starts the product with its demo in a temporary folder. Pictures go to build/screenshots, those that
the documents show to docs/img. `--only still|hero` takes a part.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium
from tests.house import ROOT, House

TARGET, DOCS = ROOT / "build" / "screenshots", ROOT / "docs" / "img"
SIZES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1400, "height": 860}},
    "hand": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
PATIENCE_MS = 60_000
SOS_VAN = "demo-303"  # it drives, and its driver answers
# What the documents show: name there → name of the picture.
SHOWN = {
    "live-light": "drawer-desk-light",
    "live-dark": "live-desk-dark",
    "alarm": "alarm-desk-light",
    "alerts": "alerts-desk-light",
    "thread-light": "messages-desk-light",
    "phone": "half-hand-light",
    "phone-card": "drawer-hand-dark",
    "login": "login-desk-light",
    "manage": "manage-desk-light",
}

# --- the product ----------------------------------------------------------------------------


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


# --- the pictures ---------------------------------------------------------------------------


def _first_moving(page: Page) -> None:
    if page.locator("#side > .sheet-grip").is_visible():
        page.locator("#side > .sheet-grip").click()
    page.locator("#list [data-state=moving]").first.click()
    expect(page.locator("#drawer .vehicle-name")).to_be_visible()


def _messages(page: Page) -> None:
    _first_moving(page)
    page.keyboard.press("Escape") if page.get_by_role("dialog").count() else None
    page.locator("#drawer").get_by_text("Messages", exact=True).first.click()
    page.locator("#drawer textarea").first.fill("Take exit 12, road closed.")
    page.locator("#drawer").get_by_role("button", name="Send").click()
    expect(page.locator("#drawer .bubble-ours").first).to_be_visible()


def _grip(times: int) -> Callable[[Page], None]:
    def tap(page: Page) -> None:
        for _ in range(times if page.locator("#side > .sheet-grip").is_visible() else 0):
            page.locator("#side > .sheet-grip").click()
            page.wait_for_timeout(400)

    return tap


def _socket(state: str) -> Callable[[Page], None]:
    return lambda page: page.evaluate("state => document.documentElement.dataset.socket = state", state)


def _no_match(page: Page) -> None:
    page.get_by_role("searchbox").fill("no such vehicle")


def _nothing(_: Page) -> None:
    return


STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "live": ("/", _nothing),
    "half": ("/", _grip(1)),
    "full": ("/", _grip(2)),
    "drawer": ("/", _first_moving),
    "messages": ("/", _messages),
    "no-match": ("/", _no_match),
    "lost": ("/", _socket("lost")),
    "signed-out": ("/", _socket("signed-out")),
    "keys": ("/", lambda page: page.keyboard.press("?")),
    "menu": ("/alerts/", lambda page: page.locator("details.menu summary").click()),
    "alerts": ("/alerts/", _nothing),
    "alerts-empty": ("/alerts/?state=closed", _nothing),
    "alerts-no-match": ("/alerts/?vehicle=nobody", _nothing),
    "profile": ("/profile/", _nothing),
    "people": ("/manage/people/", _nothing),
    "members": ("/manage/fleets/demo-north/members/", _nothing),
    "manage": ("/manage/", _nothing),
    "manage-add": ("/manage/vehicles/add/", _nothing),
    "manage-import": ("/manage/vehicles/import/", _nothing),
    "manage-vehicle": ("/manage/vehicles/1/", _nothing),
    "manage-connect": ("/manage/vehicles/1/connect/", _nothing),
    "manage-drivers": ("/manage/drivers/", _nothing),
    "manage-devices": ("/manage/devices/", _nothing),
    "manage-pending": ("/manage/pending/", _nothing),
    "manage-fleets": ("/manage/fleets/", _nothing),
    "manage-fleet": ("/manage/fleets/demo-north/", _nothing),
    "vehicle": ("/vehicles/1/", _nothing),
    "not-found": ("/nothing/", _nothing),
    "offline": ("/offline/", _nothing),
}
ONLY_HAND = {"half", "full"}


def picture(page: Page, name: str) -> None:
    page.screenshot(path=TARGET / f"{name}.png")


def stills(one: Demo, browser: Browser, state: Any) -> None:
    for size, options in SIZES.items():
        for scheme in ("light", "dark"):
            common = {"base_url": one.house.url, "color_scheme": scheme, "locale": "en-GB", **options}
            context = browser.new_context(storage_state=state, service_workers="block", **common)
            context.add_init_script("localStorage.setItem('fleetline-first-run', 'seen')")
            page = context.new_page()
            for name, (path, reach) in STATES.items():
                if name in ONLY_HAND and size != "hand":
                    continue
                page.goto(path)
                settled(page)
                try:
                    reach(page)
                except AssertionError as error:
                    print(f"{name}-{size}-{scheme}: {str(error).splitlines()[0]}")  # noqa: T201
                page.wait_for_timeout(900)
                picture(page, f"{name}-{size}-{scheme}")
            context.close()
            nobody = browser.new_context(**common)
            page = nobody.new_page()
            page.goto("/login/")
            settled(page)
            picture(page, f"login-{size}-{scheme}")
            nobody.close()
    _alarm(one, browser, state)


def _alarm(one: Demo, browser: Browser, state: Any) -> None:
    """An alarm, on each size and in each scheme; taken on at the end."""
    for size, options in SIZES.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                base_url=one.house.url, storage_state=state, service_workers="block",
                color_scheme=scheme, locale="en-GB", **options,
            )  # fmt: skip
            context.add_init_script("localStorage.setItem('fleetline-first-run', 'seen')")
            page = context.new_page()
            page.goto("/")
            settled(page)
            if not page.locator(".alert-row").count():
                one.sos(context)
            line = page.locator(".alert-row").first
            expect(line).to_be_visible()
            line.get_by_role("link", name="Show").click()
            page.wait_for_timeout(2500)
            picture(page, f"alarm-{size}-{scheme}")
            page.goto("/alerts/")
            settled(page)
            picture(page, f"alerts-open-{size}-{scheme}")
            line.get_by_role("button", name="Acknowledge").click()
            expect(page.locator(".alert-taken")).to_be_visible()
            page.wait_for_timeout(600)
            picture(page, f"alerts-taken-{size}-{scheme}")
            context.close()


def show() -> None:
    """Bring the pictures of the documents to their place, in as few colours as do not show."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for name, source in SHOWN.items():
        with Image.open(TARGET / f"{source}.png") as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
                DOCS / f"{name}.png", optimize=True
            )


# --- the moving one -------------------------------------------------------------------------

HERO: Any = {"width": 1120, "height": 700}
HERO_S = 20.0
HERO_BYTES = 3_000_000
FRAME_S = 0.25


class Film:
    """Frames with the moments at which they were taken."""

    def __init__(self, page: Page) -> None:
        self.page, self.frames = page, list[tuple[float, bytes]]()

    def roll(self, seconds: float) -> None:
        """Take a frame every FRAME_S, or as often as the machine can."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self.frames.append((now, self.page.screenshot(type="jpeg", quality=92)))
            self.page.wait_for_timeout(max(0, 1000 * (now + FRAME_S - time.monotonic())))

    def save(self, path: Path) -> int:
        """Write an animation of HERO_S, as good as HERO_BYTES allow; return its size in bytes."""
        images = [Image.open(_file(data)) for _, data in self.frames]
        moments = [at for at, _ in self.frames]
        factor = 1000 * HERO_S / (moments[-1] - moments[0])
        durations = [round((b - a) * factor) for a, b in zip(moments, moments[1:], strict=False)] + [1500]
        for quality in (80, 70, 60, 50, 40, 30):
            images[0].save(
                path, save_all=True, append_images=images[1:], duration=durations, loop=0,
                quality=quality, method=4, minimize_size=False,
            )  # fmt: skip
            if path.stat().st_size <= HERO_BYTES:
                break
        return path.stat().st_size


def _file(data: bytes) -> Any:
    import io

    return io.BytesIO(data)


def hero(one: Demo, browser: Browser, state: Any) -> None:
    """Streets; an alarm, shown and taken on; a message that is read."""
    context = browser.new_context(
        base_url=one.house.url, storage_state=state, service_workers="block",
        color_scheme="light", locale="en-GB", viewport=HERO,
    )  # fmt: skip
    context.add_init_script("localStorage.setItem('fleetline-first-run', 'seen')")
    page = context.new_page()
    page.goto("/")
    settled(page)
    while page.locator(".alert-row").count():
        page.get_by_role("button", name="Acknowledge").first.click()
        page.wait_for_timeout(800)
    page.reload()
    settled(page)
    film = Film(page)
    film.roll(3)
    one.sos(context)
    line = page.locator(".alert-row").first
    expect(line).to_be_visible()
    film.roll(2)
    line.get_by_role("link", name="Show").click()
    film.roll(3)
    line.get_by_role("textbox").fill("Calling him")
    film.roll(1)
    line.get_by_role("button", name="Acknowledge").click()
    film.roll(3)
    page.locator("#drawer").get_by_text("Messages", exact=True).first.click()
    film.roll(1)
    box = page.locator("#drawer textarea").first
    for word in ("Take exit 12, ", "road closed."):
        box.press_sequentially(word)
        film.roll(0.6)
    page.locator("#drawer").get_by_role("button", name="Send").click()
    film.roll(2)
    read = page.locator("#drawer .bubble-ours").last
    expect(read).to_have_attribute("data-status", "read")
    film.roll(3)
    DOCS.mkdir(parents=True, exist_ok=True)
    size = film.save(DOCS / "hero.webp")
    print(f"hero.webp: {len(film.frames)} frames, {size / 1e6:.1f} MB")  # noqa: T201
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["still", "hero"])
    only = parser.parse_args().only
    TARGET.mkdir(parents=True, exist_ok=True)
    with demo() as (one, browser):
        state = one.signed_in(browser)
        if only != "hero":
            stills(one, browser, state)
            show()
        if only != "still":
            hero(one, browser, state)
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET}")  # noqa: T201


if __name__ == "__main__":
    main()
