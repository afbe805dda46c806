"""The live page at a past instant: list, chips and drawer as of then; what is for now only is off."""

import re
import time
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Start
from tests.browser.pages import open_drawer, row, tab
from tests.browser.test_history import MINUTE_MS, drive, iso
from tests.browser.van import HERE, Van

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def past(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-past", "shown")


def then(page: Page, at: int, *, until: re.Pattern[str], van: Van) -> None:
    """Open the page at a past instant, as soon as the archive knows it."""
    for _ in range(20):
        page.goto(f"/?at={iso(at)}&q={van.name}")
        past(page)
        expect(row(page, van)).to_be_visible()
        if until.search(row(page, van).inner_text()):
            return
        page.wait_for_timeout(300)
    expect(row(page, van)).to_have_text(until)


def test_the_whole_page_is_as_of_then_and_live_again_by_a_key(start: Start, van: Van) -> None:
    with van:
        begin = int(time.time()) * 1000 - 120 * MINUTE_MS
        last = drive(van, begin, 6)
        van.send(speed=0, latitude=HERE["latitude"] + 0.2)
        page = start("/")
        expect(row(page, van)).to_contain_text("Stopped")
        then(page, last + 2000, until=re.compile("Moving"), van=van)

        assert page.title().startswith("PAST ")
        expect(page.locator("#past-time")).to_have_text(
            re.compile(datetime.fromtimestamp((last + 2000) // 1000, UTC).strftime(":%M:%S"))
        )
        expect(page.locator("[data-chip=moving] b")).to_have_text("1")
        expect(page.locator("[data-chip=stopped] b")).to_have_text("0")
        drawer = open_drawer(page, van)
        expect(drawer.locator("[data-live=state]")).to_have_text("Moving")
        expect(drawer.locator("[data-live=age]")).to_have_text("2 s ago")
        expect(drawer.get_by_text("Messages and alarms wait until you are back to live.")).to_be_visible()
        expect(drawer.get_by_role("button", name="Message")).to_be_disabled()
        tab(drawer, "Messages")
        expect(drawer.locator("form[data-composer]")).to_have_js_property("inert", True)

        # what comes in meanwhile is kept, not shown
        van.send(speed=0, latitude=HERE["latitude"] + 0.3, battery=41)
        page.wait_for_timeout(500)
        expect(row(page, van)).to_contain_text("Moving")

        # before it was ever heard there is no position, and that is said too
        page.evaluate("document.activeElement.blur()")
        page.get_by_label("Day", exact=True).fill("2026-01-05")
        expect(row(page, van)).to_contain_text("No position yet")

        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("l")
        expect(row(page, van)).to_contain_text("Stopped")
        assert "at=" not in page.url
        expect(page.locator("#past-bar")).to_be_hidden()
        expect(drawer.locator("form[data-composer]")).to_have_js_property("inert", False)
        tab(drawer, "Overview")
        expect(drawer.locator("[data-live=battery]")).to_have_text("41 %")


def test_it_plays_on_until_now(start: Start, van: Van) -> None:
    with van:
        now = int(time.time() * 1000)
        drive(van, now - 9 * MINUTE_MS, 6)
        van.send(time=now - 8 * MINUTE_MS + 5000, latitude=HERE["latitude"] + 0.006, speed=0)
        van.send(speed=0, latitude=HERE["latitude"] + 0.006)
        page = start("/")
        then(page, now - 9 * MINUTE_MS + 15_000, until=re.compile("40 km/h"), van=van)
        page.get_by_role("combobox", name="Speed of the replay").select_option("10")
        page.get_by_role("button", name="Play").click()
        expect(row(page, van)).not_to_contain_text("40 km/h")  # it came to its stop
        page.get_by_role("combobox", name="Speed of the replay").select_option("600")
        expect(page.locator("#past-bar")).to_be_hidden()
        expect(page.locator("html")).not_to_have_attribute("data-past", re.compile("."))
        expect(row(page, van)).to_contain_text("Stopped")


def test_who_was_here_leads_to_the_track(start: Start, van: Van) -> None:
    place = {"latitude": 64.1, "longitude": 27.7}
    with van:
        at = int(time.time() * 1000) - 10 * MINUTE_MS
        van.send(time=at, speed=8, **place)
        van.send(time=at + 20_000, speed=0, latitude=64.1005, longitude=27.7)
        van.send(speed=0, **place)
        page = start("/")
        open_drawer(page, van).get_by_role("button", name="Nearest").click()
        page.get_by_text("Who was here?").click()
        found = page.locator(".within-found a")
        for _ in range(20):
            page.get_by_role("button", name="Find").click()
            expect(page.locator(".within-said")).to_have_text(re.compile("here"))
            if found.count():
                break
            page.wait_for_timeout(300)
        expect(found).to_have_count(1)
        expect(found).to_contain_text(van.name)
        found.click()
        page.wait_for_url("**/history/**")
        expect(page.locator(".card h2")).to_have_text(van.name)


def test_r_leads_to_the_track(start: Start, van: Van) -> None:
    with van:
        van.send(speed=0)
        page = start("/")
        open_drawer(page, van)
        page.locator("body").press("r")
        page.wait_for_url(f"**/history/?v={van.pk}*")
        expect(page.locator(".card h2")).to_have_text(van.name)
