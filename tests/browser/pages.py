"""Where things are on the pages."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from tests.browser.van import Van


def socket_is(page: Page, state: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-socket", state)


def row(page: Page, van: Van) -> Locator:
    """The vehicle's row in the list."""
    return page.locator(f"#list [role=option]#row-{van.pk}")


def open_drawer(page: Page, van: Van) -> Locator:
    """Click the vehicle's row; return its drawer."""
    row(page, van).click()
    drawer = page.locator("#drawer")
    expect(drawer.locator(".vehicle-name")).to_have_text(van.name)
    return drawer


def tab(drawer: Locator, name: str) -> None:
    """Turn to a tab of the drawer."""
    drawer.get_by_role("tab", name=name).click()
    expect(drawer.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def write(drawer: Locator, text: str) -> None:
    """Write to the driver, as a person does."""
    if not drawer.get_by_role("textbox", name="Message to").is_visible():
        tab(drawer, "Messages")
    drawer.get_by_role("textbox", name="Message to").fill(text)
    drawer.get_by_role("button", name="Send", exact=True).click()


def bubble(drawer: Locator, text: str) -> Locator:
    """The message with this text in the thread."""
    return drawer.locator(".bubble").filter(has=drawer.page.get_by_text(text, exact=True))


def alarm(page: Page, van: Van) -> Locator:
    """The vehicle's line in the bar on top of every page."""
    return page.locator(f"#alert-bar [data-vehicle='{van.pk}']")


@contextmanager
def cut_off(page: Page, state: str) -> Iterator[Page]:
    """Another page of the same browser: its socket is "lost" or "forbidden", or it is "signed-out"."""
    other = page.context.new_page()
    other.route_web_socket("**/ws/dashboard", lambda socket: socket.close())
    if state == "lost":
        other.route("**/api/session", lambda route: route.abort())
    if state == "signed-out":
        other.route("**/api/session", lambda route: route.fulfill(status=401))
    other.goto("/")
    expect(other.locator("html")).to_have_attribute("data-socket", state)
    yield other
    other.close()
