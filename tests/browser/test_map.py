"""The map: what lies on one another can be reached, other maps come and go, nobody else is asked."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests import pmtiles
from tests.browser.conftest import Complaints, Start
from tests.browser.pages import row, socket_is
from tests.browser.van import Van
from tests.faults.conftest import House
from tests.servers import wait_for

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
        van.send(speed=0, ignition=False)  # other tests expect the fleet in one town
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


def middle(page: Page) -> tuple[float, float]:
    box = page.locator("#map").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def looks(page: Page) -> bytes:
    """What is drawn around the middle of the map, once two pictures of it are alike."""
    x, y = middle(page)
    clip = {"x": x - 40, "y": y - 40, "width": 80, "height": 80}
    before = b""
    for _ in range(40):
        picture = page.screenshot(clip=clip)  # type: ignore[arg-type]
        if picture == before:
            return picture
        before = picture
        page.wait_for_timeout(250)
    raise AssertionError("the map does not come to rest")


def test_pointing_at_one_shows_the_other_and_a_filter_hides_or_dims(start: Start, van: Van) -> None:
    """List row and marker point at each other; a setting says what a filter does to the map."""
    with van:
        van.send(latitude=56.0, longitude=14.5, speed=0, ignition=False)
    page = start(f"/?q={van.name}", who="mia", webgl=True, reduced_motion="reduce")
    expect(row(page, van)).to_have_attribute("data-state", "stopped")
    drawn(page)
    page.get_by_role("button", name="Got it").click()
    page.get_by_role("button", name="Show all vehicles").click()
    page.mouse.move(5, 5)
    alone = looks(page)
    row(page, van).hover()
    wait_for(lambda: looks(page) != alone, "a ring around the marker")
    page.mouse.move(*middle(page))
    expect(row(page, van)).to_have_class(re.compile("row-hovered"))
    page.mouse.move(5, 5)
    expect(row(page, van)).not_to_have_class(re.compile("row-hovered"))

    page.locator("[data-chip=moving]").click()
    page.mouse.move(5, 5)
    wait_for(lambda: looks(page) != alone, "the marker hidden")
    hidden = looks(page)
    page.goto("/profile/")
    page.get_by_label("Dim vehicles on the map").check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".notice")).to_have_text("Saved.")
    page.goto(f"/?q={van.name}")
    expect(row(page, van)).to_have_attribute("data-state", "stopped")
    drawn(page)
    page.get_by_role("button", name="Show all vehicles").click()
    page.locator("[data-chip=moving]").click()
    page.mouse.move(5, 5)
    wait_for(lambda: looks(page) not in (alone, hidden), "the marker dimmed")


def test_a_trail_has_no_hole_where_the_connection_was_lost(start: Start, van: Van, house: House) -> None:
    sockets: list[WebSocketRoute] = []
    away = False

    def network(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if not away:
            socket.connect_to_server()

    with van:
        van.send(latitude=57.1, longitude=12.3, speed=12)
        page = start(f"/?v={van.pk}", webgl=True)
        page.route_web_socket("**/ws/dashboard", network)
        page.reload()
        drawn(page)
        away = True
        sockets[-1].close()
        socket_is(page, "lost")
        for step in range(1, 4):
            van.send(latitude=57.1 + step / 1000, longitude=12.3, speed=12)
        wait_for(house.archived, "the fixes in the archive")
        with page.expect_response(lambda answer: f"/{van.pk}/trail.geojson" in answer.url) as asked:
            away = False
            sockets[-1].close()
        line = json.dumps(asked.value.json())
        assert all(f"57.10{step}" in line for step in range(1, 4))
        socket_is(page, "live")
