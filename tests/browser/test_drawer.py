"""The drawer of one vehicle: its messages and its track."""

import csv
import json
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Start
from tests.browser.pages import alarm, bubble, open_drawer, row, tab, write
from tests.browser.van import HERE, Van
from tests.faults.conftest import House
from tests.servers import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SLOW_S = 1.0


def status_is(message: Locator, status: str) -> None:
    expect(message).to_have_attribute("data-status", status)
    expect(message.locator(".receipt")).to_contain_text(status)


def test_a_message_is_followed_until_it_is_read_and_answered(start: Start, van: Van) -> None:
    drawer = open_drawer(start(), van)
    write(drawer, "Take exit 12, road closed.")
    order = bubble(drawer, "Take exit 12, road closed.")
    status_is(order, "queued")
    with van:
        status_is(order, "sent")
        message = van.message()
        assert message["text"] == "Take exit 12, road closed."
        van.receipt(message, "delivered")
        status_is(order, "delivered")
        van.receipt(message, "read")
        status_is(order, "read")

        half = drawer.get_by_role("textbox", name="Message to")
        half.fill("and then call")
        half.press("Home")
        van.reply(message, "On my way")
        expect(bubble(drawer, "On my way")).to_be_visible()
        expect(bubble(drawer, "On my way")).to_contain_text(van.driver)
        expect(half).to_have_value("and then call")
        expect(half).to_be_focused()
        half.press_sequentially("Ok, ")
        expect(half).to_have_value("Ok, and then call")
    expect(drawer.locator(".bubble")).to_have_count(2)


def test_an_answer_that_overtakes_the_own_message_is_shown(start: Start, van: Van) -> None:
    page = start()
    drawer = open_drawer(page, van)

    def slow_network(route: Route) -> None:
        response = route.fetch()
        message = van.message()
        van.receipt(message, "read")
        van.reply(message, "At gate 4")
        time.sleep(SLOW_S)
        route.fulfill(response=response)

    tab(drawer, "Messages")
    expect(drawer.get_by_role("textbox", name="Message to")).to_be_visible()
    page.route("**/messages/", slow_network)
    with van:
        write(drawer, "Where are you?")
        status_is(bubble(drawer, "Where are you?"), "read")
        expect(bubble(drawer, "At gate 4")).to_be_visible()


def test_what_one_dispatcher_writes_the_other_sees(start: Start, van: Van) -> None:
    ours, theirs = open_drawer(start(), van), open_drawer(start(who="mia"), van)
    tab(theirs, "Messages")
    write(ours, "Gate 4 is open")
    expect(bubble(theirs, "Gate 4 is open")).to_contain_text("dana")
    write(theirs, "I called them already")
    expect(bubble(ours, "I called them already")).to_contain_text("mia")
    expect(ours.locator(".bubble")).to_have_count(2)
    expect(theirs.locator(".bubble")).to_have_count(2)


def test_whoever_is_clicked_last_is_in_the_drawer(start: Start, harbour: list[Van]) -> None:
    page = start(who="pia")
    expect(page.locator("#list [role=option]")).to_have_count(len(harbour))
    page.evaluate("for (const row of document.querySelectorAll('#list [role=option]')) row.click()")
    last = max(harbour, key=lambda van: van.name)
    expect(page.locator("#drawer .vehicle-name")).to_have_text(last.name)


def points(path: Path, form: str) -> set[tuple[float, float]]:
    """Read latitudes and longitudes with other people's readers."""
    if form == "csv":
        with path.open(newline="", encoding="utf-8-sig") as file:
            return {(float(line["latitude"]), float(line["longitude"])) for line in csv.DictReader(file)}
    if form == "geojson":
        features = json.loads(path.read_text())["features"]
        return {
            (lat, lon) for f in features if f["geometry"]["type"] == "Point"
            for lon, lat, *_ in [f["geometry"]["coordinates"]]
        }  # fmt: skip
    tree = ElementTree.parse(path)  # noqa: S314 (our own file)
    if form == "gpx":
        return {(float(p.get("lat", 0)), float(p.get("lon", 0))) for p in tree.iterfind(".//{*}trkpt")}
    coords = [c.text or "" for c in tree.iterfind(".//{*}Track/{*}coord")]
    return {(float(lat), float(lon)) for lon, lat, *_ in map(str.split, coords)}


def test_the_last_hour_is_taken_in_every_format(start: Start, van: Van, house: House, tmp_path: Path) -> None:
    with van:
        van.send(speed=10)
    wait_for(house.archived, "an empty journal")
    drawer = open_drawer(start(), van)
    drawer.get_by_text("Take its track").click()
    expect(drawer.get_by_role("radio", name="1 h", exact=True)).to_be_checked()
    for form in ("geojson", "gpx", "kml", "csv"):
        with drawer.page.expect_download() as downloading:
            drawer.locator(f"button[name=format][value={form}]").click()
        download = downloading.value
        assert download.suggested_filename.endswith(f".{form}")
        path = tmp_path / download.suggested_filename
        download.save_as(path)
        assert points(path, form) == {(HERE["latitude"], HERE["longitude"])}
    expect(drawer.locator(".vehicle-name")).to_have_text(van.name)
    drawer.get_by_role("link", name="Excel, large files, several vehicles …").click()
    expect(drawer.page.get_by_role("heading", name="Exports")).to_be_visible()
    expect(drawer.page.locator(".export-chosen")).to_contain_text(van.name)


def test_markup_in_names_and_messages_is_text(start: Start, evil: Van) -> None:
    page = start()
    markup = "<script>alert('text')</script><b onclick=alert(2)>bold</b>"
    drawer = open_drawer(page, evil)  # its name is compared there
    expect(row(page, evil)).to_contain_text(evil.name)
    expect(row(page, evil)).to_contain_text(evil.driver)
    expect(drawer.locator(".facts")).to_contain_text(evil.driver)
    with evil:
        evil.send(speed=10, alarm="sos")
        expect(alarm(page, evil)).to_contain_text(evil.name)
        expect(alarm(page, evil)).to_contain_text(evil.driver)
        write(drawer, markup)
        message = evil.message()
        assert message["text"] == markup
        evil.reply(message, markup + "!")
        expect(bubble(drawer, markup)).to_be_visible()
        expect(bubble(drawer, markup + "!")).to_be_visible()
    for path in ("/alerts/", f"/vehicles/{evil.pk}/"):
        page.goto(path)
        expect(page.locator("#main")).to_contain_text(evil.name)
    expect(page.locator("img[src=x], [onclick], [onerror]")).to_have_count(0)
