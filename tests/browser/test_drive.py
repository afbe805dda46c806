"""The driver page and the console, side by side: a phone's browser is the device."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Start
from tests.browser.pages import alarm, bubble, open_drawer, row, tab, write
from tests.browser.test_pwa import CONTROLLED
from tests.browser.van import Van
from tests.faults.conftest import House
from tests.servers import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

HERE = {"latitude": 57.70887, "longitude": 11.97456, "accuracy": 4}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "permissions": ["geolocation"],
    "geolocation": HERE,
}
# The times of what the phone still keeps.
KEPT = """() => new Promise((resolve, reject) => {
  const opened = indexedDB.open("fleetline-drive");
  opened.onerror = () => reject(opened.error);
  opened.onsuccess = () => {
    const asked = opened.result.transaction("fixes").objectStore("fixes").getAllKeys();
    asked.onsuccess = () => { opened.result.close(); resolve(asked.result); };
  };
})"""


class Phone:
    """A driver's phone: it is somewhere, and its page is looked at."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._north = 0.0

    def drive(self, metres: float) -> None:
        """Be so much further north."""
        self._north += metres
        latitude = HERE["latitude"] + self._north / 111_195
        self.page.context.set_geolocation(
            {"latitude": latitude, "longitude": HERE["longitude"], "accuracy": HERE["accuracy"]}
        )

    def is_(self, **state: str) -> None:
        for name, value in state.items():
            expect(self.page.locator("html")).to_have_attribute(f"data-{name}", value)

    def says(self, text: str) -> None:
        expect(self.page.locator("#connection")).to_contain_text(text)

    def hold_sos(self) -> None:
        """With a finger, long enough."""
        box = self.page.locator("#sos").bounding_box()
        assert box
        self.page.mouse.move(box["x"] + 40, box["y"] + 30)
        self.page.mouse.down()
        expect(self.page.locator("#sos-state")).not_to_be_empty()
        self.page.mouse.up()


def code(console: Page, van: Van) -> str:
    """Where the QR code for a phone's browser leads; nothing scans on the loopback, the link is the same."""
    console.goto(f"/manage/vehicles/{van.pk}/connect/")
    make = console.get_by_role("button", name="Make a new address")
    if make.count():
        make.click()
    link = console.locator("[data-door=drive] [data-door-link]")
    expect(link).to_be_visible()
    expect(console.locator("[data-door=drive]")).to_contain_text("No QR code yet")
    return str(link.get_attribute("href"))


def begin(start: Start, console: Page, van: Van, **options: Any) -> Phone:
    """Scan, read, tap, share."""
    address = code(console, van)
    page = start(address, who="", **{**PHONE, **options})
    expect(page.get_by_role("heading", name=f"Share where {van.name} is")).to_be_visible()
    page.get_by_role("button", name="Start sharing").tap()
    phone = Phone(page)
    phone.is_(phase="driving", link="live")
    assert page.evaluate("location.pathname") == "/drive/"
    return phone


def times(house: House, van: Van) -> set[int]:
    query = f"SELECT time FROM tracking_position WHERE vehicle_id = {van.pk}"  # noqa: S608 (a number)
    return {row[0] for row in house.rows(query)}


def test_a_conversation_with_a_driver_an_sos_and_the_end_of_sharing(
    start: Start, house: House, harbour: list[Van]
) -> None:
    van = harbour[3]
    desk, console = start("/", who="olga"), start("/", who="pia")
    phone = begin(start, desk, van)
    page = phone.page
    desk.goto("/")
    phone.says("live · all sent")
    drawer = open_drawer(console, van)
    expect(drawer.locator("[data-live=state]")).not_to_have_text("No position yet")

    # The driver reads it, and only then it is read.
    write(drawer, "Gate 4 is closed, take gate 6.")
    expect(page.locator("#message-text")).to_have_text("Gate 4 is closed, take gate 6.")
    order = bubble(drawer, "Gate 4 is closed, take gate 6.")
    expect(order).to_have_attribute("data-status", "delivered")
    write(drawer, "And call the office.")
    expect(page.locator("#more")).to_have_text("1 more message")
    expect(order).to_have_attribute("data-status", "delivered")
    size = page.locator("#message-text").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size >= 24
    for answer in page.locator(".answer").all():
        box = answer.bounding_box()
        assert box
        assert box["height"] >= 72
    page.locator(".answer").first.tap()
    expect(order).to_have_attribute("data-status", "read")
    expect(page.locator("#message-text")).to_have_text("And call the office.")

    # Fast: nothing but answers, stop and SOS; still again: the driver may write.
    fast(phone)
    expect(page.locator("#write-part")).to_be_hidden()
    expect(page.locator(".answer").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop sharing")).to_be_visible()
    page.get_by_role("button", name="Got it").tap()
    expect(bubble(drawer, "And call the office.")).to_have_attribute("data-status", "read")
    still(phone)
    page.get_by_text("Write …").tap()
    page.get_by_label("To your dispatcher").fill("Tyre is flat, 20 min late")
    page.get_by_role("button", name="Send").tap()
    expect(bubble(drawer, "Tyre is flat, 20 min late")).to_be_visible()

    # An alarm, and how the driver learns that somebody saw it.
    phone.hold_sos()
    expect(page.locator("#sos-state")).to_contain_text("SOS: received")
    line = alarm(desk, van)
    expect(line).to_contain_text("SOS")
    line.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#sos-state")).to_contain_text("SOS: seen by olga")

    # One tap ends it, and the console says that it was the driver.
    page.get_by_role("button", name="Stop sharing").tap()
    expect(page.get_by_role("heading", name="Sharing is stopped")).to_be_visible()
    phone.is_(link="off", waiting="0")
    expect(row(console, van)).to_contain_text("driver stopped sharing")
    expect(drawer.locator("[data-live=state]")).to_contain_text("driver stopped sharing")
    wait_for(house.archived, "all is in the database")
    before = times(house, van)
    phone.drive(100)
    page.reload()
    phone.is_(phase="stopped")
    assert times(house, van) == before

    page.get_by_role("button", name="Start sharing").tap()
    phone.is_(phase="driving", link="live")
    expect(row(console, van)).not_to_contain_text("driver stopped sharing")


@pytest.mark.parametrize("size", [(844, 390), (568, 320)], ids=str)
def test_sideways_nothing_is_out_of_reach(start: Start, harbour: list[Van], size: tuple[int, int]) -> None:
    van = harbour[2]
    desk = start("/", who="olga")
    screen = {"width": size[0], "height": size[1]}
    page = begin(start, desk, van, viewport=screen, is_mobile=True).page
    desk.goto("/")
    write(open_drawer(desk, van), "Road closed at exit 12, turn round. " * 12)
    expect(page.locator("#message-text")).to_be_visible()
    stop, sos = (page.get_by_role("button", name=name) for name in ("Stop sharing", "Hold: SOS"))
    for button in (stop, sos):
        expect(button).to_be_in_viewport(ratio=1)
    for answer in page.locator(".answer").all():
        answer.tap(trial=True)  # it comes into view, and nothing lies over it
        box = answer.bounding_box()
        assert box
        assert box["height"] >= 72
    page.locator("#sos").press("Enter")
    for name in ("Send SOS", "Cancel"):
        page.get_by_role("button", name=name).tap(trial=True)
    page.get_by_role("button", name="Send SOS").tap()
    expect(page.locator("#sos-state")).to_contain_text("SOS: received")
    for part in (stop, sos, page.locator("#sos-state"), page.locator("#connection")):
        expect(part).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("button", name="Got it").tap()
    expect(page.locator("#message")).to_be_hidden()
    stop.tap()
    page.get_by_role("button", name="Start sharing").tap(trial=True)


def fast(phone: Phone) -> None:
    """Go at some 20 m/s until the page knows."""
    for _ in range(20):
        phone.drive(20)
        phone.page.wait_for_timeout(500)
        if phone.page.locator("html").get_attribute("data-pace") == "fast":
            return
    raise AssertionError("the page never noticed")


def still(phone: Phone) -> None:
    for _ in range(30):
        phone.drive(0.01)
        phone.page.wait_for_timeout(500)
        if phone.page.locator("html").get_attribute("data-pace") == "still":
            return
    raise AssertionError("the page never noticed")


def test_without_network_everything_is_kept_and_arrives_once(
    start: Start, house: House, harbour: list[Van], complaints: Complaints
) -> None:
    complaints.expect(r"net::ERR_", r"WebSocket connection to .* failed")
    van = harbour[2]
    desk = start("/", who="olga")
    phone = begin(start, desk, van, service_workers="allow")
    page = phone.page
    assert page.evaluate(CONTROLLED) == f"{house.url}/drive/"
    desk.goto("/")
    drawer = open_drawer(desk, van)
    house.manage("shell", "-v", "0", "-c", ASK_EVERY_SECOND.format(vehicle=van.pk))
    expect(page.locator("html")).to_have_attribute("data-interval", "1")
    write(drawer, "Where are you?")
    expect(page.locator("#message-text")).to_have_text("Where are you?")
    wait_for(lambda: page.evaluate(KEPT) == [], "all sent")

    page.context.set_offline(True)
    phone.is_(link="lost")
    phone.says("no network")
    collect(phone, 3)
    page.locator(".answer").first.tap()
    expect(page.locator("#message")).to_be_hidden()
    page.reload()  # from what the worker kept
    phone.is_(phase="driving")
    expect(page.get_by_role("heading", name=van.name)).to_be_visible()
    collect(phone, 5)
    expect(page.locator("#connection")).to_contain_text(
        re.compile(r"no network · \d+ waiting since \d\d:\d\d")
    )
    write(drawer, "Still there?")
    kept = set(page.evaluate(KEPT))
    assert not kept & times(house, van)

    page.context.set_offline(False)
    phone.says("live · all sent")
    expect(page.locator("#message-text")).to_have_text("Still there?")
    expect(bubble(drawer, "Where are you?")).to_have_attribute("data-status", "read")
    wait_for(lambda: kept <= times(house, van), "what was kept is in the database")
    query = f"SELECT COUNT(*), COUNT(DISTINCT time) FROM tracking_position WHERE vehicle_id = {van.pk}"  # noqa: S608
    all_rows, distinct = house.rows(query)[0]
    assert all_rows == distinct >= len(kept)
    tab(drawer, "Messages")
    answers = drawer.locator(".bubble-theirs")
    expect(answers).to_have_count(1)


ASK_EVERY_SECOND = """
from tracking import messages
from tracking.models import Vehicle
messages.command(Vehicle.objects.get(pk={vehicle}), "interval", {{"seconds": 1}}, author=None)
"""


def collect(phone: Phone, most: int) -> None:
    """Drive until the phone keeps so many fixes."""
    deadline = time.monotonic() + 20
    while len(phone.page.evaluate(KEPT)) < most:
        assert time.monotonic() < deadline, "the phone keeps nothing"
        phone.drive(15)
        phone.page.wait_for_timeout(400)


def test_the_page_without_a_code_or_with_an_old_one_says_what_to_do(
    start: Start, complaints: Complaints
) -> None:
    complaints.expect(r"404 \(Not Found\)")
    page = start("/drive/", who="", **PHONE)
    expect(page.get_by_role("heading", name="This phone is not connected to a vehicle")).to_be_visible()
    page.goto("/drive/no-such-code")
    expect(page.get_by_role("heading", name="This code does not work")).to_be_visible()
    expect(page.get_by_text("Ask whoever gave you the code for a new one.")).to_be_visible()
