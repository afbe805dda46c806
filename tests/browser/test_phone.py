"""The product in a hand: sheets over the map, tabs at the foot, targets for a finger."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Start
from tests.browser.pages import row
from tests.browser.van import Van

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LEAST_PX = 44
# Everything that can be pressed and is not a link inside a sentence.
TOO_SMALL = """(least) => [...document.querySelectorAll('a[href], button, summary, select, input:not([type=hidden])')]
    .filter((e) => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !e.closest('p, li, dd, h2, h3, td, .maplibregl-ctrl-attrib, .skip, .visually-hidden'))
    .map((e) => [e.closest('label') ?? e, e])
    .map(([box, e]) => [box.getBoundingClientRect(), e])
    .filter(([box]) => box.width > 1 && box.height > 1)
    .filter(([box]) => box.height < least - 0.5 || box.width < least - 0.5)
    .filter(([box, e]) => getComputedStyle(e, '::before').position !== 'absolute')
    .map(([box, e]) => `${e.outerHTML.slice(0, 90)} ${Math.round(box.width)}x${Math.round(box.height)}`)"""  # noqa: E501


def stop_is(sheet: Locator, stop: str) -> None:
    expect(sheet).to_have_attribute("data-stop", stop)


def drag(page: Page, grip: Locator, to: float) -> None:
    box = grip.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 9):
        page.mouse.move(x, y + (to - y) * part / 8)
    page.wait_for_timeout(300)  # let go at rest: not a fling
    page.mouse.move(x, to)
    page.mouse.up()


def height(sheet: Locator) -> float:
    box = sheet.bounding_box()
    assert box is not None
    return box["height"]


def test_the_list_is_a_sheet_that_fingers_and_keys_move(start: Start, harbour: list[Van]) -> None:
    page = start("/", who="olga", **PHONE)
    sheet, grip = page.locator("#side"), page.locator("#side > .sheet-grip")
    stop_is(sheet, "peek")
    expect(page.get_by_role("searchbox")).to_be_in_viewport(ratio=1)
    expect(page.locator("[data-chip=all]")).to_be_in_viewport(ratio=0.95)
    expect(row(page, harbour[0])).not_to_be_in_viewport()

    drag(page, grip, 420)
    stop_is(sheet, "half")
    expect(row(page, harbour[0])).to_be_in_viewport()
    drag(page, grip, 90)
    stop_is(sheet, "full")
    drag(page, grip, 800)
    stop_is(sheet, "peek")

    grip.tap()
    stop_is(sheet, "half")
    grip.press("ArrowUp")
    stop_is(sheet, "full")
    grip.press("ArrowUp")
    stop_is(sheet, "full")
    grip.press("Enter")
    stop_is(sheet, "peek")
    expect(grip).to_have_attribute("aria-expanded", "false")
    page.get_by_role("searchbox").tap()
    stop_is(sheet, "full")


def test_a_vehicle_is_a_card_over_the_map(start: Start, harbour: list[Van]) -> None:
    page = start("/", who="olga", **PHONE)
    page.locator("#side > .sheet-grip").tap()
    row(page, harbour[0]).tap()
    card = page.locator("#drawer")
    expect(card.locator(".vehicle-name")).to_have_text(harbour[0].name)
    stop_is(card, "half")
    expect(page.locator("#side")).to_be_hidden()
    card.locator(".sheet-grip").tap()
    stop_is(card, "full")
    card.locator(".sheet-grip").press("ArrowDown")
    card.locator(".sheet-grip").press("ArrowDown")
    stop_is(card, "peek")
    expect(card.locator(".vehicle-name")).to_be_in_viewport(ratio=1)
    card.get_by_role("button", name="Close").tap()
    expect(card).to_be_hidden()
    expect(page.locator("#side")).to_be_visible()


def test_the_tabs_lead_to_every_page(start: Start) -> None:
    page = start("/", who="olga", **PHONE)
    tabs = page.get_by_role("navigation", name="Pages")
    box = tabs.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
    tabs.get_by_role("link", name="Alerts").tap()
    expect(page.get_by_role("heading", name="Alerts")).to_be_visible()
    expect(tabs.get_by_role("link", name="Alerts")).to_have_attribute("aria-current", "page")
    page.locator("details.menu summary").tap()
    expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)
    tabs.get_by_role("link", name="Live").tap()
    expect(page.locator("#side")).to_be_visible()


@pytest.mark.parametrize("size", [(390, 844), (320, 640), (740, 360)], ids=str)
def test_no_page_is_wider_than_the_phone_and_a_finger_hits_everything(
    start: Start, harbour: list[Van], size: tuple[int, int]
) -> None:
    options = {**PHONE, "viewport": {"width": size[0], "height": size[1]}}
    with harbour[3] as van:
        van.send(speed=3, alarm="tow")
        for path in ("/", f"/?v={van.pk}", "/alerts/", "/alerts/?state=all", f"/vehicles/{van.pk}/"):
            page = start(path, who="olga", **options)
            expect(page.locator("#alert-bar")).to_be_visible()
            assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0, path
            assert page.evaluate(TOO_SMALL, LEAST_PX) == [], path
            page.context.close()


def test_a_wide_screen_has_no_sheets(start: Start) -> None:
    page = start("/", who="olga")
    expect(page.locator(".sheet-grip").first).to_be_hidden()
    assert page.locator("#side").get_attribute("data-stop") is None
    page.set_viewport_size({"width": 390, "height": 844})
    stop_is(page.locator("#side"), "peek")
