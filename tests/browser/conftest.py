"""A whole Fleetline, real devices, and a real Chromium whose every complaint fails the test."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.van import Van
from tests.faults.conftest import ROOT, House

TIMEOUT_MS = 15_000
# The list has the rows in view in the document, and a few more: all vehicles of the cast.
SCREEN = {"width": 1000, "height": 3000}
MAP_SCREEN = {"width": 1000, "height": 700}  # drawn in software
# What the software renderer says about itself.
CHATTER = re.compile(r"GL Driver Message")
# A violation is an error of the console too, but not for everything.
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""
# Drawing without a graphics card takes seconds of both cores: only tests of the map do.
NO_WEBGL = """const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest);
};"""

# What a server could do differently: sockets, streams, signing in. The rest is the page itself: once.
ON_BOTH = ("test_live", "test_drawer", "test_signin")

# A map that is drawn in other coordinates than GPS has; nobody asks for it who has not chosen it.
CHINESE = {
    "name": "chinese",
    "tiles": "https://tiles.example.test/{z}/{x}/{y}.png",
    "datum": "gcj02",
}

# Playwright keeps an event loop running in this thread: nothing here outlives the package, or the
# asynchronous tests of other packages could not run theirs.
Start = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in list(items):
        elsewhere = item.path.parent != here or item.path.stem in ON_BOTH
        if not elsewhere and "uvicorn" in item.name.rpartition("[")[2]:
            items.remove(item)


@pytest.fixture(scope="package", autouse=True)
def _static_files() -> None:
    """The pages' files, built as `make` builds them when they are missing."""
    if (ROOT / "build" / "static" / "staticfiles.json").exists():
        return
    for command in (["build_assets"], ["collectstatic", "--noinput", "-v", "0"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode:
            pytest.exit(f"manage.py {command[0]} failed, run `make dev`: {done.stderr}", 1)


@pytest.fixture(scope="package", params=["daphne", "uvicorn"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _static_files: None
) -> Iterator[House]:
    styles = json.dumps([CHINESE])
    one = House(tmp_path_factory.mktemp(request.param), request.param, MAP_STYLES=styles)
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="package")
def cast(house: House) -> dict[str, Any]:
    """Links by person, and the vehicles."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.cast"],
        cwd=ROOT, env=house.env, check=True, stdout=subprocess.PIPE, text=True, timeout=60,
    )  # fmt: skip
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@pytest.fixture(scope="package")
def vans(house: House, cast: dict[str, Any]) -> Iterator[Van]:
    """Every vehicle once."""
    return (Van(house.device_url, **van) for van in cast["vans"])


@pytest.fixture
def van(vans: Iterator[Van]) -> Van:
    """A vehicle that no other test has touched; offline until `with van:`."""
    return next(vans)


@pytest.fixture(autouse=True)
def _nothing_of_another_test(house: House) -> None:
    """Vehicles are shared: what one test's drivers were written, another's would read first."""
    house.forget("tracking_alert", "tracking_message", "tracking_broadcast", "tracking_note")


@pytest.fixture
def harbour(house: House, cast: dict[str, Any]) -> list[Van]:
    """The vehicles of the harbour's fleet, which olga manages; each test may use all of them."""
    return [Van(house.device_url, **van) for van in cast["harbour"]]


@pytest.fixture
def one_of_many(house: House, cast: dict[str, Any]) -> Van:
    """The vehicle of the crowd that has a device."""
    return Van(house.device_url, **cast["crowd"])


@pytest.fixture
def evil(house: House, cast: dict[str, Any]) -> Van:
    """A vehicle whose name and driver try to be markup."""
    return Van(house.device_url, **cast["evil"])


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(
            executable_path=chromium.executable(), args=chromium.ARGUMENTS, timeout=60_000
        )
        yield program
        program.close()


@pytest.fixture(scope="package")
def signed_in(browser: Browser, house: House, cast: dict[str, Any]) -> dict[str, Any]:
    """Cookies of those who came in by a link."""
    states = {}
    for name in ("dana", "mia", "nora", "otto", "cleo", "olga", "pia", "vic", "mona"):
        context = browser.new_context()
        context.request.get(f"{house.url}/login/link/{cast['links'][name]}/")
        states[name] = context.storage_state()
        context.close()
    return states


class Complaints:
    """Errors of the console, exceptions, refused policies, dialogs: none is expected unless `expect`ed."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._expected: list[str] = []

    def expect(self, *patterns: str) -> None:
        """From here on and before, these are part of what is tested."""
        self._expected += patterns

    def listen(self, context: BrowserContext) -> None:
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.heard.append(f"exception: {error.error}"))
        context.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        text = f"{message.text} {message.location.get('url', '')}"
        if message.type == "error" and not CHATTER.search(text):
            self.heard.append(text)

    def _dialog(self, dialog: Dialog) -> None:
        self.heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def unexpected(self) -> list[str]:
        return [text for text in self.heard if not any(re.search(p, text) for p in self._expected)]


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def start(
    browser: Browser, house: House, signed_in: dict[str, Any], complaints: Complaints
) -> Iterator[Start]:
    """Open a browser of somebody: `start("/alerts/", who="mia")`; who="" is nobody yet.

    The live page draws its map only with `webgl=True`.
    """
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", *, who: str = "dana", webgl: bool = False, **options: Any) -> Page:
        screen = MAP_SCREEN if webgl else SCREEN
        context = browser.new_context(
            base_url=house.url, storage_state=signed_in.get(who),
            # What a worker answers, page.route() does not see.
            **{"viewport": screen, "locale": "en-GB", "service_workers": "block", **options},
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        complaints.listen(context)
        if not webgl:
            context.add_init_script(NO_WEBGL)
        page = context.new_page()
        page.goto(path)
        if who:
            expect(page.locator("html")).to_have_attribute("data-socket", "live")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints.unexpected() == []
