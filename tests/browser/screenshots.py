"""Every page and state as pictures, and the moving one of the README: `make screenshots`.

Starts the product with its demo in a temporary folder. Pictures go to build/screenshots, those that
the documents show to docs/img. `--only still|hero` and `--look hand-dark` take a part.
"""

import argparse
import re
from collections.abc import Callable
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import PATIENCE_MS, Demo, demo, settled
from tests.browser.film import hero
from tests.browser.pages import cut_off
from tests.house import ROOT
from tracking.simulation.drivers import Temper, temper

LATE_MS = 250_000  # some of the demo's drivers read after minutes
TARGET, DOCS = ROOT / "build" / "screenshots", ROOT / "docs" / "img"
COUNT = 40  # vehicles of the demo
SIZES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1400, "height": 860}},
    "hand": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
# What the documents show: name there → name of the picture.
SHOWN = {
    "live-light": "drawer-desk-light",
    "live-dark": "live-desk-dark",
    "alarm": "alarm-desk-light",
    "messages-light": "conversation-desk-light",
    "history-light": "history-desk-light",
    "past-dark": "past-desk-dark",
    "driver": "driver-hand-light",
    "phone": "half-hand-light",
    "login": "login-desk-light",
}
PAGES = {
    "conversations": "/messages/",
    "broadcast": "/messages/broadcast/",
    "conversations-unread": "/messages/?show=unread",
    "conversations-no-match": "/messages/?q=nobody",
    "alerts": "/alerts/",
    "alerts-empty": "/alerts/?state=closed",
    "alerts-no-match": "/alerts/?vehicle=nobody",
    "exports": "/exports/",
    "import": "/vehicles/1/import/",
    "profile": "/profile/",
    "people": "/manage/people/",
    "members": "/manage/fleets/demo-north/members/",
    "manage": "/manage/",
    "manage-add": "/manage/vehicles/add/",
    "manage-import": "/manage/vehicles/import/",
    "manage-vehicle": "/manage/vehicles/1/",
    "manage-connect": "/manage/vehicles/1/connect/",
    "manage-drivers": "/manage/drivers/",
    "manage-devices": "/manage/devices/",
    "manage-pending": "/manage/pending/",
    "manage-fleets": "/manage/fleets/",
    "manage-fleet": "/manage/fleets/demo-north/",
    "vehicle": "/vehicles/1/",
    "history-none": "/history/",
    "history-empty": "/history/?v=1&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z",
    "history-missing": "/history/?v=999999999",
    "not-found": "/nothing/",
    "offline": "/offline/",
    "login": "/login/",
}

# Of a driver whose phone's browser is the device.
DRIVER = {"uid": "phone-1", "name": "VAN-390"}
MAKE_CODE = f"""
from tracking import drive
from tracking.models import Device
print(drive.issue(Device.objects.get(uid="{DRIVER["uid"]}")))
"""
WRITE = f"""
from tracking import messages
from tracking.models import Vehicle
print(messages.queue(
    Vehicle.objects.get(devices__uid="{DRIVER["uid"]}"), author=None, author_name="Dana",
    text="Road closed, take exit 12.", replies=["OK", "Delayed", "Call me"],
))
"""

Step = Callable[[Page], None]


def _enlarge(page: Page) -> None:
    """The sheet of the list goes to its next stop."""
    page.locator("#side > .sheet-grip").click()


def _first_moving(page: Page) -> None:
    """Open the first vehicle that moves and whose driver answers soon."""
    if page.locator("#side").get_attribute("data-stop") == "peek":
        _enlarge(page)
    prompt = [f"-{300 + number}" for number in range(COUNT) if temper(number) is Temper.PROMPT]
    names = re.compile("|".join(prompt))
    page.locator("#list [data-state=moving]").filter(has_text=names).first.click()
    expect(page.locator("#drawer .vehicle-name")).to_be_visible()


def _messages(page: Page) -> None:
    page.locator("#drawer").get_by_text("Messages", exact=True).first.click()
    page.locator("#drawer [data-composer] textarea").first.fill("Take exit 12, road closed.")
    page.locator("#drawer").get_by_role("button", name="Send").click()
    sent = page.locator("#drawer .bubble-ours").last
    expect(sent).to_have_attribute("data-status", "read", timeout=PATIENCE_MS)


def _close(page: Page) -> None:
    page.locator("#drawer").get_by_role("button", name="Close").click()


def _search(words: str) -> Step:
    return lambda page: page.get_by_role("searchbox").fill(words)


def _past(page: Page) -> None:
    """An hour ago, playing."""
    page.locator("#past-open").click()
    for _ in range(3):
        page.get_by_role("button", name="15 min").click()
        page.wait_for_timeout(1000)
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(4000)


def _live_again(page: Page) -> None:
    page.get_by_role("button", name="Back to live").click()


def _nothing(_: Page) -> None:
    return


# On one live page, one after the other: how to come to each state, and out of it again.
STATES: dict[str, tuple[Step, Step]] = {
    "live": (_nothing, _nothing),
    "past": (_past, _live_again),
    "drawer": (_first_moving, _nothing),
    "messages": (_messages, _close),
    "no-match": (_search("no such vehicle"), _search("")),
    "keys": (lambda page: page.keyboard.press("?"), lambda page: page.keyboard.press("Escape")),
    "menu": (
        lambda page: page.locator("details.menu summary").click(),
        lambda page: page.locator("details.menu summary").click(),
    ),
}
STATES_OF_A_HAND: dict[str, tuple[Step, Step]] = {
    "live": (_nothing, _nothing),
    "past": (_past, _live_again),
    "half": (_enlarge, _nothing),
    "full": (_enlarge, _nothing),
    **{name: steps for name, steps in STATES.items() if name not in ("live", "past", "keys")},
}


def stills(one: Demo, browser: Browser, state: Any, look: str) -> None:
    """Every state and page in one size and scheme."""
    size, scheme = look.split("-")
    context = one.open(browser, state, color_scheme=scheme, **SIZES[size])
    page = context.new_page()
    page.goto("/")
    settled(page)
    states = STATES if size == "desk" else STATES_OF_A_HAND
    for name, (reach, leave) in states.items():
        reach(page)
        picture(page, f"{name}-{look}")
        leave(page)
    _alarm(one, page, look)
    for name in ("lost", "forbidden", "signed-out"):
        with cut_off(page, name) as other:
            picture(other, f"{name}-{look}")
    _conversation(page, look)
    _files(page, look)
    _tracks(page, look)
    if size == "hand":
        _driver(one, browser, scheme)
    for name, path in PAGES.items():
        if name == "login":
            context.clear_cookies()
        page.goto(path)
        page.wait_for_load_state("networkidle")
        if page.locator("#map").count():
            expect(page.locator("html")).to_have_attribute("data-map", "idle", timeout=PATIENCE_MS)
            page.wait_for_timeout(1500)  # the land comes after the vehicles
        picture(page, f"{name}-{look}")
    context.close()


def _conversation(page: Page, look: str) -> None:
    """The newest conversation, after two messages more."""
    page.goto("/messages/")
    page.locator("[data-open-thread]").first.click()
    for text in ("New stop: Depot B, gate 4.", "When will you be there?"):
        page.locator("[data-composer] textarea").fill(text)
        page.get_by_role("button", name="Send", exact=True).click()
        sent = page.locator(".bubble-ours").last
        expect(sent).to_contain_text(text)
        expect(sent).to_have_attribute("data-status", "read", timeout=LATE_MS)
    page.wait_for_timeout(5000)  # the driver writes
    picture(page, f"conversation-{look}")


def _files(page: Page, look: str) -> None:
    """An export that is ready, and a broadcast that some have read."""
    page.goto("/exports/")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.locator("[data-status=ready]").first).to_be_visible(timeout=PATIENCE_MS)
    picture(page, f"exports-ready-{look}")
    page.goto("/messages/broadcast/")
    page.get_by_label("Göteborg North").check()
    page.get_by_role("textbox", name="Message").fill("Snow from 16:00. Chains on the E6.")
    page.get_by_role("button", name=re.compile(r"Send to \d+ vehicles")).click()
    expect(page.locator("[data-count-of=read]")).not_to_have_text("0", timeout=PATIENCE_MS)
    picture(page, f"board-{look}")


def _tracks(page: Page, look: str) -> None:
    """One track, and the replay of three."""
    for name, vehicles in {"history": "1", "replay": "1,3,5"}.items():
        page.goto(f"/history/?v={vehicles}")
        expect(page.locator("html")).to_have_attribute("data-history", "ready", timeout=PATIENCE_MS)
        expect(page.locator("html")).to_have_attribute("data-map", "idle", timeout=PATIENCE_MS)
        page.wait_for_timeout(4000)
        if name == "replay":
            page.locator("[data-do=play]").click()
            page.wait_for_timeout(3000)
        picture(page, f"{name}-{look}")


def _driver(one: Demo, browser: Browser, scheme: Any) -> None:
    """The driver page before it shares, and with a message, upright and sideways."""
    one.manage("devicetoken", DRIVER["uid"], "--fleet", "demo-north", "--create", "--name", DRIVER["name"])
    context = browser.new_context(
        base_url=one.house.url, color_scheme=scheme, locale="en-GB", service_workers="block",
        permissions=["geolocation"], geolocation={"latitude": 57.7066, "longitude": 11.9384}, **SIZES["hand"],
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"/drive/{one.manage('shell', '-v', '0', '-c', MAKE_CODE)}")
    picture(page, f"driver-welcome-hand-{scheme}")
    page.get_by_role("button", name="Start sharing").tap()
    expect(page.locator("html")).to_have_attribute("data-link", "live", timeout=PATIENCE_MS)
    one.manage("shell", "-v", "0", "-c", WRITE)
    expect(page.locator("#message-text")).to_be_visible(timeout=PATIENCE_MS)
    picture(page, f"driver-hand-{scheme}")
    page.set_viewport_size({"width": 844, "height": 390})
    picture(page, f"driver-sideways-{scheme}")
    context.close()


def picture(page: Page, name: str) -> None:
    page.wait_for_timeout(900)  # what glides and fades has come to rest
    page.screenshot(path=TARGET / f"{name}.png")


def _alarm(one: Demo, page: Page, look: str) -> None:
    """An alarm, shown on the map and in the list; taken on at the end."""
    line = page.locator(".alert-row").first
    if not line.is_visible():
        one.sos(page.context)
    expect(line).to_be_visible()
    line.get_by_role("link", name="Show").click()
    page.wait_for_timeout(1500)
    picture(page, f"alarm-{look}")
    page.goto("/alerts/")
    page.wait_for_load_state("networkidle")
    picture(page, f"alerts-open-{look}")
    while line.is_visible():
        line.get_by_role("button", name="Acknowledge").click()
        page.wait_for_timeout(800)
    picture(page, f"alerts-taken-{look}")


def show() -> None:
    """Bring the pictures of the documents to their place, in as few colours as do not show."""
    taken = {name: TARGET / f"{source}.png" for name, source in SHOWN.items()}
    for name, source in taken.items():
        if not source.exists():
            continue
        with Image.open(source) as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
                DOCS / f"{name}.png", optimize=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["still", "hero"])
    looks = [f"{size}-{scheme}" for scheme in ("light", "dark") for size in SIZES]
    parser.add_argument("--look", choices=looks, action="append")
    asked = parser.parse_args()
    for folder in (TARGET, DOCS):
        folder.mkdir(parents=True, exist_ok=True)
    with demo() as (one, browser):
        state = one.signed_in(browser)
        for look in (asked.look or looks) if asked.only != "hero" else ():
            stills(one, browser, state, look)
            show()
        if asked.only != "still":
            hero(one, browser, state, DOCS / "hero.webp")
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET}")  # noqa: T201


if __name__ == "__main__":
    main()
