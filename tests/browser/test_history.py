"""The history page: whose track, when, what it says of it, replay, and the ways out of every state."""

import re
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Start
from tests.browser.van import HERE, Van

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

MINUTE_MS, DAY_MS = 60_000, 86_400_000
STEP = 0.001  # degrees north: 111 m


def drive(van: Van, begin: int, fixes: int, *, first: int = 0, **more: Any) -> int:
    """North at 40 km/h, a fix each 10 s; the time of the last one."""
    at = begin
    for number in range(fixes):
        at = begin + 10_000 * number
        van.send(time=at, latitude=HERE["latitude"] + STEP * (first + number), speed=11.1, heading=0, **more)
    return at


def morning(van: Van) -> int:
    """Drive, stand for six minutes, be silent for forty, drive on; one fix is impossible. When it began."""
    begin = int(time.time() * 1000) // MINUTE_MS * MINUTE_MS - 180 * MINUTE_MS
    at = drive(van, begin, 10, altitude=20)
    van.send(time=at - 5000, latitude=52.5, longitude=4.9, speed=11)
    for number in range(1, 13):
        van.send(time=at + 30_000 * number, latitude=HERE["latitude"] + 9 * STEP, speed=0)
    drive(van, at + 46 * MINUTE_MS, 6, first=10)
    return begin


def ready(page: Page, state: str = "ready") -> None:
    expect(page.locator("html")).to_have_attribute("data-history", state)


def shown(page: Page, van: Van, least: str) -> None:
    """The archive is half a second behind: ask until it has so many positions."""
    positions = page.locator(f'[data-card="{van.pk}"] .figures div', has_text="Positions").locator("dd")
    expect(page.locator("html")).not_to_have_attribute("data-history", "loading")
    for _ in range(20):
        if positions.count() and positions.inner_text() == least:
            return
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_timeout(300)
        expect(page.locator("html")).not_to_have_attribute("data-history", "loading")
    expect(positions).to_have_text(least)


def address(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_track_is_shown_summed_up_replayed_and_taken_away(start: Start, van: Van) -> None:
    with van:
        begin = morning(van)
        page = start(f"/history/?v={van.pk}&from={iso(begin - MINUTE_MS)}&to={iso(begin + 120 * MINUTE_MS)}")
        shown(page, van, "29")
    ready(page)
    card = page.locator(f'[data-card="{van.pk}"]')
    expect(card.locator("h2")).to_have_text(van.name)
    expect(card).to_contain_text(van.driver)
    for term, value in {"Distance": "1.7 km", "Stops": "1", "Top speed": "40 km/h"}.items():
        expect(card.locator(".figures div", has_text=term).locator("dd")).to_have_text(value)
    expect(card.locator("summary")).to_have_text("1 position that cannot be is left out")
    expect(card.locator(".complete")).to_contain_text("29 stored")
    expect(card.locator(".complete")).to_contain_text(re.compile(r"Longest silence 40 min"))

    # keys show each fix; the address follows
    expect(page.locator("#fix")).to_contain_text("40 km/h")
    page.keyboard.press(".")
    expect.soft(page.locator("#fix")).to_contain_text("20 m high")
    assert address(page)["t"] == iso(begin + 10_000)
    page.keyboard.press(",")
    assert "t" not in address(page)

    # the replay leaves out what nobody waits for
    page.get_by_role("combobox", name="Speed of the replay").select_option("600")
    page.locator("body").press(" ")
    expect(page.locator("#skipped")).to_have_text(re.compile("left out"))
    play = page.locator("[data-do=play]")
    expect(play).to_have_attribute("aria-pressed", "false")  # it came to the end
    slider = page.get_by_role("slider", name="Time of the replay")
    assert slider.input_value() == slider.get_attribute("max")

    # a stop leads to its time
    card.locator("[data-stop]").click()
    expect(page.locator("#fix")).to_contain_text("0 km/h")

    for name in ("CSV", "GPX", "GeoJSON", "KML"):
        link = card.get_by_role("link", name=name, exact=True).get_attribute("href")
        answer = page.request.get(str(link))
        assert answer.ok
        assert len(answer.body()) > 500, name
    expect(card.get_by_role("link", name="Large files")).to_be_visible()


def test_chart_presets_and_picker_change_what_is_shown(start: Start, van: Van, vans: Any) -> None:
    other = next(vans)
    with van, other:
        begin = int(time.time() * 1000) - 3 * DAY_MS  # neither today nor yesterday, whatever the time is
        drive(van, begin, 12)
        drive(other, begin, 4)
        page = start(f"/history/?v={van.pk}&from={iso(begin)}&to={iso(begin + 10 * MINUTE_MS)}")
        shown(page, van, "12")
    before = address(page)

    # looking along the chart shows the fix there; dragging is a shorter time, and back leads out again
    box = page.locator(".chart .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 30)
    expect(page.locator("#fix")).to_contain_text("40 km/h")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 30, steps=4)
    page.mouse.up()
    page.wait_for_url(lambda url: f"to={before['to']}" not in url)
    ready(page)
    assert before["from"] < address(page)["from"] < address(page)["to"] < before["to"]
    page.get_by_role("button", name="Zoom out").click()
    page.wait_for_url(lambda url: f"to={before['to']}" in url)

    # another vehicle, found by name and taken by keys
    page.keyboard.press("/")
    search = page.get_by_role("combobox", name="Add a vehicle")
    expect(search).to_be_focused()
    search.fill(other.name.lower())
    expect(page.locator("#picker-list [role=option]")).to_have_count(1)
    search.press("Enter")
    shown(page, other, "4")
    assert address(page)["v"] == f"{van.pk},{other.pk}"
    page.get_by_role("button", name=f"Take {van.name} away").click()
    expect(page.locator(".card")).to_have_count(1)

    # a day without positions says so, and leads to where there are some
    page.get_by_role("button", name="Yesterday").click()
    ready(page, "empty")
    expect(page.locator("#history-state")).to_contain_text("It sent no positions in this time.")
    page.get_by_role("button", name="Look at 7 days").click()
    ready(page)
    expect(page.get_by_role("button", name="7 days", exact=True)).to_have_attribute("aria-pressed", "true")


def test_every_state_says_what_to_do(start: Start, van: Van, complaints: Complaints) -> None:
    complaints.expect(r"status of (404|500)", r"net::ERR_FAILED")
    page = start("/history/")
    ready(page, "none")
    page.get_by_role("button", name="Choose a vehicle").click()
    expect(page.get_by_role("combobox", name="Add a vehicle")).to_be_focused()

    page.goto("/history/?v=999999999")
    ready(page, "missing")
    expect(page.get_by_role("button", name="Choose another vehicle")).to_be_visible()

    page.route("**/api/vehicles/*/history*", lambda route: route.abort())
    page.goto(f"/history/?v={van.pk}")
    ready(page, "error")
    expect(page.locator("#history-state")).to_contain_text("The server does not answer.")
    page.unroute("**/api/vehicles/*/history*")
    page.get_by_role("button", name="Try again").click()
    ready(page, "empty")

    begin = page.get_by_label("From")
    begin.fill("2026-01-02T08:00")
    page.get_by_label("to", exact=True).fill("2026-01-01T08:00")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#range-wrong")).to_have_text("The end must be after the beginning.")


def test_clock_and_units_are_the_readers(start: Start, van: Van) -> None:
    with van:
        begin = int(datetime(2026, 3, 8, 6, 30, tzinfo=UTC).timestamp() * 1000)  # clocks go on
        drive(van, begin, 2)
        page = start(f"/history/?v={van.pk}&from={iso(begin)}&to={iso(begin + 90 * MINUTE_MS)}", who="nora")
        shown(page, van, "2")
        drive(van, begin, 6)  # what the device had kept
        shown(page, van, "6")
    expect(page.get_by_label("From")).to_have_value("2026-03-08T01:30")
    expect(page.get_by_label("to", exact=True)).to_have_value("2026-03-08T04:00")
    expect(page.locator("#fix")).to_contain_text("25 mph")
    expect(page.locator("#fix")).to_contain_text("01:30:00")
    page.locator("body").press(" ")  # keys of one character are off
    expect(page.locator("[data-do=play]")).to_have_attribute("aria-pressed", "false")


def test_who_only_looks_takes_nothing_away(start: Start, harbour: list[Van]) -> None:
    van = harbour[2]
    with van:
        van.send(speed=0)
        page = start(f"/history/?v={van.pk}", who="vic")
        expect(page.locator(".card h2")).to_have_text(van.name)
    expect(page.locator(".card-links a")).to_have_count(0)


def test_the_map_shows_the_track(start: Start, van: Van) -> None:
    with van:
        begin = int(time.time() * 1000) - 20 * MINUTE_MS
        drive(van, begin, 12)
        page = start(
            f"/history/?v={van.pk}&from={iso(begin)}&to={iso(begin + 10 * MINUTE_MS)}",
            webgl=True, reduced_motion="reduce",
        )  # fmt: skip
        shown(page, van, "12")
    expect(page.locator("html")).to_have_attribute("data-map", "idle", timeout=60_000)
    expect(page.locator("#legend")).to_contain_text("30 – 50")
    frame = page.locator("#map canvas").bounding_box()
    assert frame
    pointed = page.locator("#fix .fix-time")
    expect(pointed).to_be_visible()
    rests = pointed.inner_text()
    page.wait_for_timeout(1500)  # the map goes to the track
    for share in (0.35, 0.45, 0.55, 0.65):  # the track runs north in the middle of what is free
        for across in (0.38, 0.4, 0.42, 0.44, 0.46, 0.48, 0.5):
            page.mouse.move(frame["x"] + frame["width"] * across, frame["y"] + frame["height"] * share)
            if pointed.inner_text() != rests:
                return
    raise AssertionError("nothing on the map showed a fix")
