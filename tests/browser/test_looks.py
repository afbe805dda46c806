"""On a phone, in the dark, and nothing half done on any page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Start
from tests.browser.pages import open_drawer, row, tab
from tests.browser.van import Van

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PHONE = {"width": 390, "height": 844}
RAW = re.compile(r"\{\{|\{%|\{#|\[object |\bundefined\b|\bNaN\b|\bNone\b(?! yet)|Invalid Date")


def background(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def too_wide(page: Page) -> int:
    pixels: int = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    return pixels


def test_everything_is_in_reach_on_a_phone(start: Start, van: Van) -> None:
    page = start(webgl=True, viewport=PHONE, has_touch=True, is_mobile=True)
    assert too_wide(page) <= 0
    page.get_by_role("button", name="Size of the list").tap()
    page.get_by_role("searchbox").fill(van.name)  # the list has only the rows in view
    expect(row(page, van)).to_be_in_viewport(ratio=0.9)
    drawer = open_drawer(page, van)
    box = drawer.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, PHONE["width"])
    assert too_wide(page) <= 0
    tab(drawer, "Messages")
    send = drawer.get_by_role("button", name="Send")
    send.scroll_into_view_if_needed()
    expect(send).to_be_in_viewport(ratio=0.9)  # pixels are not whole
    drawer.get_by_role("button", name="Close").tap()
    expect(drawer).to_be_hidden()
    for path in ("/alerts/", f"/vehicles/{van.pk}/"):
        page.goto(path)
        assert too_wide(page) <= 0


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_switch_changes_the_colours_and_is_remembered(start: Start, system: str) -> None:
    page = start("/alerts/", color_scheme=system)
    html, switch = page.locator("html"), page.locator("[data-scheme-switch]")
    seen = {"auto": background(page)}
    for scheme in ("light", "dark"):
        switch.click()
        expect(html).to_have_attribute("data-scheme", scheme)
        seen[scheme] = background(page)
    assert seen["light"] != seen["dark"]
    assert seen["auto"] == seen[system]
    page.reload()
    expect(html).to_have_attribute("data-scheme", "dark")
    assert background(page) == seen["dark"]
    page.goto("/")
    assert background(page) == seen["dark"]


def test_no_page_shows_what_is_behind_it(start: Start, van: Van) -> None:
    """Neither templates nor values that nobody put into words; and every picture is there."""
    pages = [start(path, webgl=True) for path in ("/", f"/?v={van.pk}", "/alerts/", f"/vehicles/{van.pk}/")]
    pages += [start("/login/", who="")]
    for page in pages:
        page.wait_for_load_state("networkidle")
        assert not RAW.search(re.sub(r".*onerror=.*", "", page.locator("body").inner_text())), page.url
        assert RAW.search(page.title()) is None
        for picture in page.locator("img").all():
            assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
