"""The map: what lies on one another can be reached, other maps come and go, nobody else is asked."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests import pmtiles
from tests.browser.conftest import Complaints, Start
from tests.browser.pages import row
from tests.browser.van import Van
from tests.faults.conftest import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

YARD = {"latitude": 55.605, "longitude": 13.0038}  # nobody else is in Malmö
DRAWN_MS = 60_000  # without a graphics card, on a busy machine
ONLINE = "tiles.openfreemap.org"
STYLE = {
    "version": 8,
    "sources": {},
    "layers": [{"id": "paper", "type": "background", "paint": {"background-color": "#336699"}}],
}


def drawn(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-map", "idle", timeout=DRAWN_MS)


def hosts_asked(page: Page) -> set[str]:
    """Fills up with the hosts that the page asks from here on."""
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    return asked


def choose(page: Page, label: str) -> None:
    page.get_by_role("button", name="Choose the map").click()
    page.get_by_role("radio", name=label).check()
    page.keyboard.press("Escape")


def chosen(page: Page) -> str | None:
    return page.locator("input[name=map-style]:checked").get_attribute("value")


@pytest.fixture
def yard(harbour: list[Van]) -> Iterator[list[Van]]:
    """Three vehicles that stand on the same spot."""
    together = harbour[:3]
    for van in together:
        van.__enter__()
        van.send(**YARD, speed=0, ignition=False)
    yield together
    for van in together:
        van.__exit__()


def test_vehicles_on_one_spot_are_a_count_that_mouse_and_keyboard_open(start: Start, yard: list[Van]) -> None:
    page = start(who="olga", webgl=True)
    for van in yard:
        expect(row(page, van)).to_have_attribute("data-state", "stopped")
    drawn(page)
    for van in yard:
        row(page, van).click(modifiers=["Control"])
    page.get_by_role("button", name="Show on the map").click()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.wait_for_timeout(1500)  # the map goes there; it counts anew each second
    crowd = page.locator("#map-crowd")

    canvas = page.locator("#map canvas")
    canvas.focus()
    page.keyboard.press("Enter")
    expect(crowd).to_be_visible()
    expect(crowd.get_by_text("3 vehicles here")).to_be_visible()
    for van in yard:
        expect(crowd.get_by_role("button", name=van.name)).to_contain_text("Stopped")
    expect(crowd.get_by_role("button").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(crowd.get_by_role("button").nth(1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(crowd).to_be_hidden()
    expect(canvas).to_be_focused()

    box = canvas.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    crowd.get_by_role("button", name=yard[2].name).click()
    expect(page.locator("#drawer .vehicle-name")).to_have_text(yard[2].name)
    expect(crowd).to_be_hidden()


def test_the_map_says_where_the_pointer_is_how_large_it_is_and_whose(start: Start, house: House) -> None:
    page = start(webgl=True)
    asked = hosts_asked(page)
    page.reload()
    drawn(page)
    canvas = page.locator("#map canvas")
    canvas.hover(position={"x": 300, "y": 300})
    expect(page.locator(".map-coordinates")).to_have_text(re.compile(r"^-?\d+\.\d{5}, -?\d+\.\d{5}$"))
    expect(page.locator(".maplibregl-ctrl-scale")).to_have_text(re.compile(r"\d+\s*k?m"))
    for credit in ("Natural Earth", "GeoNames"):
        expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text(credit)
    assert asked - {""} == {urlsplit(house.url).netloc}  # blob: and data: have none


def test_tiles_of_ones_own_are_a_choice_that_is_remembered(
    start: Start, house: House, tmp_path: Path
) -> None:
    file = tmp_path / "aerial.pmtiles"
    file.write_bytes(pmtiles.archive(pmtiles.png(51, 102, 153), pmtiles.PNG, attribution="© Nobody"))
    house.manage("basemap", "add", str(file))
    page = start(webgl=True)
    drawn(page)
    with page.expect_response(re.compile(r"/maps/towns/aerial/\d+/tiles\.pmtiles")) as answer:
        choose(page, "aerial")
    assert answer.value.status == 206
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("© Nobody")
    page.reload()
    drawn(page)
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("© Nobody", timeout=DRAWN_MS)
    assert chosen(page) == "town-aerial"
    choose(page, "Built in")
    expect(page.locator(".maplibregl-ctrl-attrib")).not_to_contain_text("© Nobody")
    house.manage("basemap", "remove", "aerial")


def test_streets_online_by_one_click_that_says_whom_it_asks_and_back_when_they_do_not_answer(
    start: Start, house: House, complaints: Complaints
) -> None:
    page = start(webgl=True, who="olga")
    page.context.route(f"https://{ONLINE}/**", lambda route: route.fulfill(json=STYLE))
    drawn(page)
    page.get_by_role("button", name="Choose the map").click()
    expect(page.locator("#map-styles")).to_contain_text(ONLINE)
    asked = hosts_asked(page)
    page.get_by_role("button", name="Turn on Streets (online)").click()
    expect(page.locator("input[value=streets-online]")).to_be_checked()
    drawn(page)
    assert ONLINE in asked

    complaints.expect(r"net::ERR_", ONLINE)
    page.context.unroute_all()
    page.context.route(f"https://{ONLINE}/**", lambda route: abort(route))
    page.reload()
    expect(page.locator("#map-toast")).to_have_text(
        "Streets (online) does not load. The built-in map is shown."
    )
    drawn(page)
    assert chosen(page) == "built-in"
    page.get_by_role("button", name="Choose the map").click()
    page.get_by_role("button", name="Turn off Streets (online)").click()
    expect(page.locator("html")).to_have_attribute("data-socket", "live")
    expect(page.locator("input[value=streets-online]")).to_have_count(0)


def abort(route: Route) -> None:
    route.abort("connectionrefused")
