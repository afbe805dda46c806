"""Installed as an app: its shell is kept, its data never."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Complaints, Start
from tests.faults.conftest import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

KEPT = """async () => {
  const all = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) all.push(new URL(request.url).pathname);
  return all;
}"""
CONTROLLED = """async () => {
  const registration = await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller)
    await new Promise((done) =>
      navigator.serviceWorker.addEventListener('controllerchange', done, {once: true}));
  return registration.scope;
}"""


def test_without_network_a_page_says_so_and_nothing_private_was_kept(
    start: Start, house: House, complaints: Complaints
) -> None:
    complaints.expect(r"net::ERR_", r"WebSocket connection to .* failed")
    page = start("/alerts/", who="olga", service_workers="allow")
    assert page.evaluate(CONTROLLED) == f"{house.url}/"
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-socket", "live")
    kept = page.evaluate(KEPT)
    assert "/offline/" in kept
    assert any(path.startswith("/static/js/live.") for path in kept)
    assert [path for path in kept if not path.startswith("/static/") and path != "/offline/"] == []

    page.context.set_offline(True)
    page.goto("/alerts/")
    expect(page.get_by_role("heading", name="No connection to Fleetline")).to_be_visible()
    style = page.evaluate("getComputedStyle(document.querySelector('.plain-card')).borderRadius")
    assert style == "16px"  # the page has its style sheet
    assert "olga" not in page.content()
    page.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="Alerts")).to_be_visible()


def test_the_manifest_is_complete_and_its_icons_are_there(start: Start, house: House) -> None:
    page = start("/alerts/", who="olga")
    link = page.locator("link[rel=manifest]").get_attribute("href")
    answer = page.request.get(f"{house.url}{link}")
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = json.loads(answer.text())
    assert manifest["display"] == "standalone"
    assert manifest["start_url"] == "/"
    for icon in manifest["icons"]:
        picture = page.request.get(f"{house.url}{icon['src']}")
        assert picture.headers["content-type"].split(";")[0] == icon["type"]
        if icon["sizes"] == "512x512":
            assert int.from_bytes(picture.body()[16:20], "big") == 512
