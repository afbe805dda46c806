"""On a map in GCJ-02 everything that was somewhere is drawn where that map has the place."""

import io
import re
import time

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests import pmtiles
from tests.browser.conftest import CHINESE, Start
from tests.browser.pages import row
from tests.browser.test_history import MINUTE_MS, STEP, iso, ready, shown
from tests.browser.test_map import drawn
from tests.browser.test_time_machine import past
from tests.browser.van import Van

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PAPER = (51, 102, 153)
BEIJING = (39.9, 116.4)  # 550 m away on its maps
APART_PX = 60
SCREEN = {"width": 1200, "height": 900}


def chinese(start: Start) -> Page:
    """A page of somebody who has chosen that map, before any map is drawn."""
    page = start("/alerts/", webgl=True, viewport=SCREEN, reduced_motion="reduce")
    tile = pmtiles.png(*PAPER)
    page.context.route("https://tiles.example.test/**", lambda route: route.fulfill(body=tile))
    page.evaluate("name => localStorage.setItem('map-style', name)", CHINESE["name"])
    return page


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """What the map says is under a pixel: latitude, longitude in WGS 84."""
    page.mouse.move(x, y)
    words = page.locator(".map-coordinates")
    expect(words).to_have_text(re.compile(r"^-?\d+\.\d+, -?\d+\.\d+$"))
    north, east = words.inner_text().split(", ")
    return float(north), float(east)


def pixel(page: Page, north: float, east: float) -> tuple[float, float]:
    """Where a place of the real world is on the page."""
    box = page.locator("#map canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    (north1, east1), (north2, east2) = place(page, x, y), place(page, x + APART_PX, y + APART_PX)
    found = (
        x + APART_PX * (east - east1) / (east2 - east1),
        y + APART_PX * (north - north1) / (north2 - north1),
    )
    assert place(page, *found) == pytest.approx((north, east), abs=1e-4)
    return found


def around(page: Page, x: float, y: float) -> Image.Image:
    picture = page.screenshot(clip={"x": x - 8, "y": y - 8, "width": 16, "height": 16})
    return Image.open(io.BytesIO(picture)).convert("RGB")


def colour(page: Page, x: float, y: float) -> tuple[int, ...]:
    found = around(page, x, y).getpixel((8, 8))
    assert isinstance(found, tuple)
    return found


def test_track_stops_replay_and_time_machine_are_where_the_map_has_them(start: Start, van: Van) -> None:
    north, east = BEIJING
    begin = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS - 60 * MINUTE_MS
    stop = north + 9 * STEP
    with van:
        for number in range(10):
            at = begin + 10_000 * number
            van.send(time=at, latitude=north + STEP * number, longitude=east, speed=11.1, heading=0)
        for number in range(1, 13):
            van.send(time=at + 30_000 * number, latitude=stop, longitude=east, speed=0)
        page = chinese(start)
        page.goto(f"/history/?v={van.pk}&from={iso(begin)}&to={iso(begin + 10 * MINUTE_MS)}")
        shown(page, van, "22")
        van.send(speed=0)  # other tests expect the fleet in one town
    ready(page)
    drawn(page)
    page.get_by_role("button", name="Show the whole track").click()

    x, y = pixel(page, north + 4 * STEP, east)
    expect(page.locator("#fix .fix-time")).to_contain_text(
        time.strftime("%H:%M:%S", time.gmtime(begin / 1000 + 40))
    )
    page.mouse.move(5, 5)
    assert colour(page, *pixel(page, north + 4.5 * STEP, east)) != PAPER  # the line
    assert colour(page, x + APART_PX, y) == PAPER

    page.mouse.move(5, 5)
    before = around(page, x, y)
    for _ in range(4):
        page.keyboard.press(".")
    page.wait_for_timeout(500)
    assert around(page, x, y) != before  # the marker has come

    page.mouse.click(*pixel(page, stop, east))
    expect(page.locator(".stop-chosen")).to_have_count(1)

    page.goto(f"/?at={iso(begin + 5 * MINUTE_MS)}&q={van.name}")
    past(page)
    drawn(page)
    page.get_by_role("button", name="Show all vehicles").click()
    page.wait_for_timeout(500)
    pixel(page, stop, east)  # leaves the pointer there
    expect(row(page, van)).to_have_class(re.compile("row-hovered"))
