"""Markup in every text field that a manager has, and in all that a device says, stays text.

A dialog, a refusal by the content security policy or an error of a script fails the test.
"""

import contextlib
import re
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser.cast import PASSWORD
from tests.browser.conftest import Complaints, Start
from tests.browser.van import Van
from tests.faults.conftest import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(480)]

PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(2)</script>',
    "'\"><svg/onload=alert(3)>",
    "</title></textarea><script>alert(4)</script>",
    "{{constructor.constructor('alert(5)')()}}",
    "${alert(6)}",
    "javascript:alert(7)",
    "' onfocus=alert(8) autofocus='",
    "</script><script>alert(9)</script>",
    "&lt;script&gt;alert(10)&lt;/script&gt;",
    "<a href=javascript:alert(11)>x</a>",
    "{% load x %}{{ request }}",
)
# What would end the walk instead of continuing it.
ENDS = re.compile(
    r"logout|/profile/(password|browsers)|remove|suspend|disable|sign-out|revoke|/maps/styles|/demo/"
)
MAX_PAGES = 40
# Fill the text fields of the page's form number n; false when it has none.
FILL = """([n, payloads]) => {
    const form = document.forms[n];
    let used = 0;
    for (const field of form.querySelectorAll("input, textarea")) {
        const kind = field.getAttribute("type") ?? "text";
        if (field.tagName === "INPUT" && !["text", "search", "tel", "email", "url"].includes(kind)) continue;
        if (field.readOnly || field.disabled) continue;
        const room = field.maxLength > 0 ? field.maxLength : 2000;
        field.value = payloads[used++ % payloads.length].slice(0, room);
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (used === 0) return false;
    form.noValidate = true;
    form.requestSubmit();
    return true;
}"""


@pytest.fixture
def eve(house: House) -> dict[str, Any]:
    """A manager of a fleet of her own, with one vehicle."""
    name = house.server
    if name == "uvicorn":
        pytest.skip("what pages do with text is the same on both servers")
    house.env["USER_PASSWORD"] = PASSWORD
    token = house.manage(
        "devicetoken", f"xss-{name}", "--fleet", f"xss-{name}", "--name", PAYLOADS[0], "--create"
    )
    house.manage("grant", f"eve-{name}", f"xss-{name}", "manager")
    (pk,) = house.rows(f"SELECT vehicle_id FROM tracking_device WHERE uid = 'xss-{name}'")[0]  # noqa: S608
    link = house.manage("loginlink", f"eve-{name}", "--base-url", house.url)
    return {
        "link": link,
        "van": {"pk": pk, "name": PAYLOADS[0], "driver": "", "token": token},
        "fleet": f"xss-{name}",
    }


def links(page: Page) -> Iterator[str]:
    """The addresses on this page that lead on within the house."""
    for address in page.eval_on_selector_all("a[href]", "links => links.map((a) => a.href)"):
        parts = urlsplit(address)
        if parts.scheme.startswith("http") and parts.netloc == urlsplit(page.url).netloc:
            yield parts.path


def walk(page: Page, first: list[str]) -> list[str]:
    """Every page that links lead to, of each kind a few."""
    found: list[str] = []
    waiting = list(first)
    kinds: dict[str, int] = {}
    while waiting and len(found) < MAX_PAGES:
        path = waiting.pop(0)
        kind = re.sub(r"\d+", "n", path)
        if path in found or ENDS.search(path) or kinds.get(kind, 0) >= 2 or "." in path.rsplit("/")[-1]:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        page.goto(path)
        found.append(path)
        waiting += links(page)
    return found


def fill_all(page: Page, path: str, payloads: Iterator[str]) -> int:
    """Fill and send each form of a page; return how many."""
    page.goto(path)
    actions = page.eval_on_selector_all(
        "form", "forms => forms.map((f) => f.getAttribute('action') || f.getAttribute('hx-post') || '')"
    )
    sent = 0
    for number, action in enumerate(actions):
        if ENDS.search(action):
            continue
        page.goto(path)
        if page.evaluate("() => document.forms.length") <= number:
            continue
        if page.evaluate(FILL, [number, [next(payloads) for _ in range(len(PAYLOADS))]]):
            sent += 1
            with contextlib.suppress(TimeoutError):  # a page that asks how far an export is does not rest
                page.wait_for_load_state("networkidle", timeout=5000)
    return sent


def test_markup_stays_text_everywhere(start: Start, eve: dict[str, Any], complaints: Complaints) -> None:
    # A form told what is wrong with it, one that asks whether one is sure, a page left while it asked.
    complaints.expect(r"status of 4(00|03|04|09|22)", r"^dialog: (?!\d+$)", r"Failed to fetch")
    page = start(urlsplit(eve["link"]).path, who="")
    expect(page.locator("html")).to_have_attribute("data-socket", "live")
    with Van(page.url.replace("http", "ws").rstrip("/") + "/gps/connect", **eve["van"]) as van:
        van.send(alarm=PAYLOADS[0], attributes={PAYLOADS[1]: PAYLOADS[2]})
        van.reply({"id": None}, PAYLOADS[3])
        first = [
            "/",
            "/alerts/",
            "/profile/",
            "/manage/",
            f"/manage/fleets/{eve['fleet']}/members/",
            f"/vehicles/{van.pk}/",
        ]
        pages = walk(page, first)
        payloads = cycle(PAYLOADS)
        sent = {path: fill_all(page, path, payloads) for path in pages}
        assert sum(sent.values()) >= 10, sent
        # And now everything is looked at with what was written.
        shown = 0
        for path in walk(page, first):
            page.goto(path)
            text = page.locator("body").inner_text()
            shown += any(payload[:16] in text for payload in PAYLOADS)
        assert shown >= 5
    page.goto(f"/?v={van.pk}")
    expect(page.locator("#drawer .vehicle-name")).to_be_visible()
    assert page.evaluate("document.querySelectorAll('script:not([src]):not([type])').length") == 0
