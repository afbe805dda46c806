"""What a dispatcher does on the live page besides looking: choose, sort, filter, ask."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser import cast
from tests.browser.conftest import Complaints, Start
from tests.browser.pages import open_drawer, row, socket_is, tab
from tests.browser.van import HERE, Van
from tests.faults.conftest import House
from tests.servers import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

NORTH = len(cast.VANS) + 1
NORTH_OF_HERE_M = 2000


def shown(page: Page) -> list[str]:
    """Names in the list, from top to bottom."""
    tops = page.locator("#list .list-row").evaluate_all(
        """rows => rows.map(row =>
            [row.getBoundingClientRect().top, row.querySelector(".row-name").textContent])"""
    )
    return [name for _, name in sorted(tops)]


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_view_is_in_the_address_and_back_leads_to_the_one_before(start: Start, van: Van) -> None:
    page = start()
    rows = page.locator("#list [role=option]")
    expect(rows).to_have_count(NORTH)
    page.locator("[data-chip=stopped]").click()
    page.locator("[data-chip=offline]").click()
    page.get_by_role("searchbox").fill(van.name)
    page.get_by_label("Sort by").select_option("speed")
    assert query(page) == {"s": ["stopped,offline"], "q": [van.name], "sort": ["speed"]}
    address = page.url
    page.locator("[data-chip=all]").click()
    expect(rows).to_have_count(1)
    open_drawer(page, van)
    assert query(page)["v"] == [str(van.pk)]
    page.go_back()
    expect(page.locator("#drawer")).to_be_hidden()
    page.go_back()
    expect(page.locator("[data-chip=stopped]")).to_have_attribute("aria-pressed", "true")
    assert page.url == address
    page.go_forward()
    page.go_forward()
    expect(page.locator("#drawer .vehicle-name")).to_have_text(van.name)

    other = start(urlsplit(address).path + "?" + urlsplit(address).query)
    expect(other.get_by_role("searchbox")).to_have_value(van.name)
    expect(other.get_by_label("Sort by")).to_have_value("speed")
    expect(other.locator("[data-chip=offline]")).to_have_attribute("aria-pressed", "true")


def test_chips_count_and_filter(start: Start, van: Van) -> None:
    page = start()
    with van:
        van.send(speed=20)
        moving = page.locator("[data-chip=moving]")
        expect(row(page, van)).to_have_attribute("data-state", "moving")
        page.get_by_role("searchbox").fill(van.name)
        expect(moving.locator("b")).to_have_text("1")
        expect(page.locator("[data-chip=all] b")).to_have_text("1")
        page.keyboard.press("Escape")
        page.locator("[data-chip=stopped]").click()
        expect(row(page, van)).to_have_count(0)
        moving.click()
        expect(row(page, van)).to_be_visible()


def test_the_fastest_first_and_the_newest_first(start: Start, van: Van) -> None:
    page = start()
    with van:
        van.send(speed=55)
        expect(row(page, van)).to_contain_text("198 km/h")
        page.get_by_label("Sort by").select_option("speed")
        assert shown(page)[0] == van.name
        van.send(speed=0, ignition=False)
        expect(row(page, van)).to_have_attribute("data-state", "stopped")
        page.get_by_label("Sort by").select_option("age")
        assert shown(page)[0] == van.name


def test_several_are_chosen_by_mouse_and_keyboard_and_copied(start: Start, van: Van) -> None:
    page = start(permissions=["clipboard-read", "clipboard-write"])
    bar = page.get_by_role("group", name="Chosen vehicles")
    rows = page.locator("#list [role=option]")
    expect(rows).to_have_count(NORTH)
    with van:
        van.send(speed=0, ignition=False)
        expect(row(page, van)).to_have_attribute("data-state", "stopped")
        names = shown(page)
        row(page, van).click()
        expect(page.locator("#drawer")).to_be_visible()
        other = rows.nth(0 if names[0] != van.name else 1)
        other.click(modifiers=["Control"])
        expect(bar).to_contain_text("2 vehicles chosen")
        expect(page.locator("#drawer")).to_be_hidden()
        expect(page.locator("#list [aria-selected=true]")).to_have_count(2)
        bar.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("2 vehicles copied").first).to_be_visible()
        lines = page.evaluate("navigator.clipboard.readText()").splitlines()
        mine = next(line for line in lines if line.startswith(van.name))
        assert mine.split("\t") == [van.name, "", van.driver, "Stopped", "57.70887, 11.97456"]
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(bar).to_contain_text("3 vehicles chosen")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_the_nearest_to_a_vehicle_come_first_with_their_distance(
    start: Start, van: Van, vans: Iterator[Van]
) -> None:
    page, other = start(), next(vans)
    with van, other:
        van.send()
        other.send(latitude=HERE["latitude"] + NORTH_OF_HERE_M / 111_195)
        expect(row(page, other)).not_to_have_attribute("data-state", "never")
        drawer = open_drawer(page, other)
        drawer.get_by_role("button", name="Nearest").click()
        card = page.get_by_role("complementary", name="Nearest vehicles")
        expect(card).to_contain_text(other.name)
        expect(row(page, van).locator(".row-age")).to_have_text("2.0 km")
        expect(row(page, other).locator(".row-age")).to_have_text("0 m")
        assert shown(page)[0] == other.name
        page.keyboard.press("Escape")
        expect(card).to_be_hidden()
        expect(row(page, van).locator(".row-age")).not_to_contain_text("km")
        expect(drawer).to_be_visible()


def test_keys_are_told_and_do_what_they_say(start: Start, van: Van) -> None:
    page = start()
    expect(page.locator("#list [role=option]")).to_have_count(NORTH)
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keys")
    expect(help_).to_contain_text("write to its driver")
    expect(help_).to_contain_text("go to: Alerts")
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(f"{van.name}m3")  # typed, not pressed
    page.get_by_role("searchbox").fill(van.name)
    page.keyboard.press("Enter")
    expect(page.locator("#drawer .vehicle-name")).to_have_text(van.name)
    page.get_by_role("searchbox").blur()
    page.keyboard.press("m")
    expect(page.get_by_role("textbox", name="Message to")).to_be_focused()
    page.get_by_role("textbox", name="Message to").blur()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    page.keyboard.press("5")
    expect(page.locator("[data-chip=stopped]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page).to_have_url(re.compile(r"/alerts/$"))


def test_a_reader_abroad_has_miles_their_clock_and_no_single_keys(start: Start, van: Van) -> None:
    page = start(who=cast.ABROAD, timezone_id="Europe/Stockholm")
    with van:
        van.send(speed=13.4112)
        expect(row(page, van)).to_contain_text("30 mph")
        drawer = open_drawer(page, van)
        expect(drawer.locator("[data-live=speed]")).to_contain_text("30 mph")
        tab(drawer, "Today")
        expect(drawer).to_contain_text("Since midnight in America/New_York.")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("turned off in your settings")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()


def test_today_and_the_last_hour_are_in_the_drawer(start: Start, van: Van, house: House) -> None:
    with van:
        van.send(speed=20, latitude=57.70)
        van.send(speed=25, latitude=57.71)
        wait_for(house.archived, "an empty journal")
        page = start(timezone_id="Asia/Shanghai")
        drawer = open_drawer(page, van)
        expect(drawer.locator("[data-most]")).to_have_text("up to 90 km/h")
        expect(drawer.locator(".spark-line")).to_have_attribute("d", re.compile("^M"))
        tab(drawer, "Today")
        expect(drawer).to_contain_text("1.1 km")
        expect(drawer).to_contain_text("90 km/h")
        expect(drawer).to_contain_text("Since midnight in Asia/Shanghai.")
    page.keyboard.press("j")  # the next vehicle opens with the same tab
    expect(drawer.get_by_role("tab", name="Today")).to_have_attribute("aria-selected", "true")
    expect(drawer.locator(".vehicle-name")).not_to_have_text(van.name)


def test_where_a_vehicle_is_stands_in_words(start: Start, van: Van) -> None:
    page = start()
    with van:
        van.send(speed=0, ignition=False)
        at = f"{HERE['latitude']},{HERE['longitude']}"
        [words] = page.request.get(f"/api/places?at={at}").json()["places"]
        expect(row(page, van)).to_contain_text(words)
        drawer = open_drawer(page, van)
        expect(drawer.locator("[data-live=where]")).to_have_text(words)


def test_ten_thousand_vehicles_are_in_the_list_but_few_in_the_document(start: Start) -> None:
    page = start(who=cast.CROWD)
    expect(page.locator("html")).to_have_attribute("data-vehicles", str(cast.CROWD_VEHICLES))
    rows = page.locator("#list [role=option]")
    expect(rows.first).to_have_attribute("aria-setsize", str(cast.CROWD_VEHICLES))
    assert rows.count() < 100
    page.locator("#list").evaluate("list => list.scrollTo(0, list.scrollHeight)")
    last = page.locator(f"#list [aria-posinset='{cast.CROWD_VEHICLES}']")
    expect(last).to_contain_text(f"Vehicle {cast.CROWD_VEHICLES - 1}")
    expect(last).to_be_in_viewport(ratio=0.9)
    assert rows.count() < 100
    page.get_by_role("searchbox").fill("vehicle 4711")
    expect(rows).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#drawer .vehicle-name")).to_have_text("Vehicle 4711")


def test_a_vehicle_that_is_not_there_is_said_to_be_so(start: Start, complaints: Complaints) -> None:
    complaints.expect(r"status of 404")
    page = start("/?v=99999999")
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("There is no such vehicle in your fleets.")
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).to_be_hidden()
    assert "v" not in query(page)


def test_somebody_in_no_fleet_is_told_what_is_missing(start: Start) -> None:
    page = start(who=cast.NOWHERE)
    expect(page.locator("#empty")).to_contain_text("You are in no fleet")
    expect(page.locator("#loading")).to_be_hidden()


class Wire:
    """The page's socket, with a hand on it. For pages that load from now on."""

    def __init__(self, page: Page) -> None:
        self.mute = False
        self.version: str | None = None  # what the server says instead of its own
        page.route_web_socket(re.compile("/ws/dashboard"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.socket, self.mute = socket, False
        self._server = socket.connect_to_server()
        self._server.on_message(self._hear)

    def _hear(self, message: str | bytes) -> None:
        if self.version and isinstance(message, str):
            message = re.sub(r'"version":"[^"]*"', f'"version":"{self.version}"', message)
        if not self.mute:
            self.socket.send(message)

    def cut(self) -> None:
        self.socket.close(code=1011)


NOTE_STATES = """() => {
    window.seen = [];
    const root = document.documentElement;
    new MutationObserver(() => window.seen.push(root.dataset.socket))
        .observe(root, { attributeFilter: ["data-socket"] });
}"""


def test_a_loss_is_a_reconnection_first(start: Start, van: Van) -> None:
    page = start()
    wire = Wire(page)
    page.reload()
    socket_is(page, "live")
    page.evaluate(NOTE_STATES)
    wire.cut()
    with van:
        van.send(speed=10)
        expect(row(page, van)).to_contain_text("36 km/h")
    socket_is(page, "live")
    assert page.evaluate("window.seen")[0] == "reconnecting"


def test_a_page_of_another_version_offers_to_reload(start: Start) -> None:
    page = start("/alerts/")
    wire = Wire(page)
    page.reload()
    socket_is(page, "live")
    banner = page.locator(".banner-newer")
    expect(banner).to_be_hidden()
    wire.version = "of-tomorrow"
    wire.cut()
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("Fleetline was updated.")
    wire.version = None
    banner.get_by_role("button", name="Reload").click()
    expect(banner).to_be_hidden()
    socket_is(page, "live")


def test_a_connection_that_only_seems_open_is_found_out_when_the_network_changes(
    start: Start, van: Van
) -> None:
    page = start()
    wire = Wire(page)
    page.reload()
    socket_is(page, "live")
    page.evaluate(NOTE_STATES)
    wire.mute = True
    page.evaluate("dispatchEvent(new Event('online'))")
    with van:
        van.send(speed=10)
        expect(row(page, van)).to_contain_text("36 km/h")
    assert page.evaluate("window.seen")[0] == "reconnecting"


def test_the_map_says_who_is_nearest_and_offers_to_follow_again(start: Start, van: Van) -> None:
    with van:
        van.send(speed=10, latitude=57.85)  # where no other test has left one
        page = start(f"/?v={van.pk}", webgl=True, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-map", "idle")
        page.get_by_role("button", name="Got it").click()
        page.get_by_role("button", name="Follow").click()
        expect(page.locator("[data-do=follow]")).to_have_attribute("aria-pressed", "true")
        box = page.locator("#map").bounding_box()
        assert box is not None
        x, y = box["x"] + 150, box["y"] + box["height"] - 150
        page.mouse.move(x, y)
        page.mouse.down()
        again = page.get_by_role("button", name=f"Follow {van.name} again")
        for step in range(1, 40):  # a drag begins with the next picture
            page.mouse.move(x + 3 * step, y - step, steps=2)
            if again.is_visible():
                break
        page.mouse.up()
        again.click()
        expect(again).to_be_hidden()
        expect(page.locator("[data-do=follow]")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Escape")
        expect(page.locator("#drawer")).to_be_hidden()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + 60)
        card = page.get_by_role("complementary", name="Nearest vehicles")
        expect(card.get_by_role("button", name=van.name)).to_be_visible()
        expect(page.get_by_label("Sort by")).to_have_value("distance")
        card.get_by_role("button", name=van.name).click()
        expect(page.locator("#drawer .vehicle-name")).to_have_text(van.name)
