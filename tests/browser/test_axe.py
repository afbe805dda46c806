"""axe-core over every page and state, in both themes, on a desk and in a hand: nothing serious or critical.

No rule is switched off.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Start
from tests.browser.pages import cut_off, open_drawer, write
from tests.browser.test_drive import PHONE, Phone, code, still
from tests.browser.van import Van
from tests.house import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}"""
SIZES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1400, "height": 860}},
    "hand": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
PATHS = (
    "/messages/",
    "/messages/?v={pk}",
    "/messages/?q=nothing",
    "/messages/broadcast/",
    "/alerts/",
    "/alerts/?state=all",
    "/alerts/?kind=none&from=x",
    "/vehicles/{pk}/",
    "/history/",
    "/history/?v={pk}",
    "/history/?v={pk}&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z",
    "/history/?v=999999999",
    "/?at=2026-01-01T00:00:00Z&v={pk}",
    "/exports/",
    "/exports/?v={pk}",
    "/vehicles/{pk}/import/",
    "/profile/",
    "/manage/",
    "/manage/vehicles/add/",
    "/manage/vehicles/import/",
    "/manage/vehicles/{pk}/",
    "/manage/vehicles/{pk}/connect/",
    "/manage/drivers/",
    "/manage/drivers/add/",
    "/manage/devices/",
    "/manage/pending/",
    "/manage/fleets/",
    "/manage/fleets/harbour/",
    "/manage/fleets/harbour/members/",
    "/offline/",
    "/nothing/",
)
PATHS_OF_NOBODY = ("/login/", "/password/", "/login/link/used/")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found: list[str] = page.evaluate(RUN)
    return found


def _drawer(page: Page) -> None:
    grip = page.locator("#side > .sheet-grip")
    if grip.is_visible():
        grip.click()
    page.locator("#list [role=option]").first.click()
    expect(page.locator("#drawer .vehicle-name")).to_be_visible()


def _no_match(page: Page) -> None:
    page.get_by_role("searchbox").fill("no such vehicle")
    expect(page.get_by_text("No vehicle matches.")).to_be_visible()


def _help(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def _menu(page: Page) -> None:
    page.locator("details.menu summary").click()


STATES: dict[str, Callable[[Page], None]] = {
    "list": lambda page: None,
    "drawer": _drawer,
    "no match": _no_match,
    "keys": _help,
    "menu": _menu,
}


@pytest.fixture
def alarms(harbour: list[Van]) -> Iterator[Van]:
    with harbour[0] as first, harbour[1] as second:
        first.send(speed=12, alarm="sos", heading=90)
        second.send(speed=0, alarm="power_cut")
        yield first


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("hand", "dark")])
def test_nothing_serious_on_any_page(
    start: Start, alarms: Van, complaints: Complaints, size: str, scheme: str
) -> None:
    complaints.expect(r"status of 4\d\d", r"WebSocket connection to .* failed", r"net::ERR_")
    found: dict[str, list[str]] = {}
    page = start("/", who="olga", color_scheme=scheme, reduced_motion="reduce", **SIZES[size])
    expect(page.locator("#alert-bar .alert-row").first).to_be_visible()
    for name, reach in STATES.items():
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("data-vehicles", "4")
        reach(page)
        found[name] = violations(page)
    for name in ("lost", "forbidden", "signed-out"):
        with cut_off(page, name) as other:
            found[name] = violations(other)
    for path in (path.format(pk=alarms.pk) for path in PATHS):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        found[path] = violations(page)
    nobody = start("/login/", who="", color_scheme=scheme, **SIZES[size])
    for path in PATHS_OF_NOBODY:
        nobody.goto(path)
        found[path] = violations(nobody)
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_on_the_driver_page(
    start: Start, harbour: list[Van], complaints: Complaints, scheme: str
) -> None:
    complaints.expect(r"404 \(Not Found\)")
    van = harbour[2]
    desk = start("/", who="olga")
    options = {**PHONE, "is_mobile": True, "color_scheme": scheme}
    nobody = start("/drive/", who="", **options)
    found = {"none": violations(nobody)}
    nobody.goto("/drive/no-such-code")
    found["refused"] = violations(nobody)
    page = start(code(desk, van), who="", **options)
    found["welcome"] = violations(page)
    page.get_by_role("button", name="Start sharing").tap()
    expect(page.locator("html")).to_have_attribute("data-link", "live")
    desk.goto("/")
    write(open_drawer(desk, van), "Road closed, take exit 12.")
    expect(page.locator("#message-text")).to_be_visible()
    found["message"] = violations(page)
    page.get_by_role("button", name="Got it").tap()
    expect(page.locator("#message")).to_be_hidden()
    still(Phone(page))
    found["no message"] = violations(page)
    page.get_by_text("Write …").tap()
    page.get_by_text("What this page cannot do").tap()
    found["write"] = violations(page)
    page.locator("#sos").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    found["sos?"] = violations(page)
    page.get_by_role("button", name="Send SOS").tap()
    expect(page.locator("#sos-state")).to_contain_text("SOS: received")
    found["sos"] = violations(page)
    page.get_by_role("button", name="Stop sharing").tap()
    expect(page.get_by_role("heading", name="Sharing is stopped")).to_be_visible()
    found["stopped"] = violations(page)
    assert {where: what for where, what in found.items() if what} == {}


def test_the_map_too(start: Start, alarms: Van) -> None:
    page = start("/", who="olga", webgl=True)
    expect(page.locator("html")).to_have_attribute("data-map", "idle", timeout=60_000)
    assert violations(page) == []
