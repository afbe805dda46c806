"""The moving picture of the README."""

import io
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import Demo, settled

HERO: Any = {"width": 1120, "height": 700}
FRAME_S = 0.2
LAST_MS = 1500  # the last frame, before it begins again
MOST_BYTES = 3_000_000


class Film:
    """Frames that are shown for FRAME_S each, however long the machine took to draw them."""

    def __init__(self, page: Page) -> None:
        self.page, self.frames = page, list[bytes]()

    def roll(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            start = time.monotonic()
            self.frames.append(self.page.screenshot(type="jpeg", quality=92))
            self.page.wait_for_timeout(max(0, 1000 * (start + FRAME_S - time.monotonic())))

    def save(self, path: Path) -> int:
        """Write the animation, as good as MOST_BYTES allow; return its size in bytes."""
        images = [Image.open(io.BytesIO(frame)) for frame in self.frames]
        durations = [round(1000 * FRAME_S)] * (len(images) - 1) + [LAST_MS]
        for quality in (80, 70, 60, 50, 40, 30, 20):
            images[0].save(
                path, save_all=True, append_images=images[1:], duration=durations, loop=0,
                quality=quality, method=4,
            )  # fmt: skip
            if path.stat().st_size <= MOST_BYTES:
                break
        return path.stat().st_size


def hero(one: Demo, browser: Browser, state: Any, path: Path) -> None:
    """Streets; an alarm, shown and taken on; a message that is read."""
    context = one.open(browser, state, color_scheme="light", viewport=HERO)
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
    box = page.locator("#drawer [data-composer] textarea").first
    for word in ("Take exit 12, ", "road closed."):
        box.press_sequentially(word)
        film.roll(0.6)
    page.locator("#drawer").get_by_role("button", name="Send").click()
    film.roll(2)
    read = page.locator("#drawer .bubble-ours").last
    expect(read).to_have_attribute("data-status", "read")
    film.roll(3)
    size = film.save(path)
    print(f"{path.name}: {len(film.frames)} frames, {size / 1e6:.1f} MB")  # noqa: T201
    context.close()
