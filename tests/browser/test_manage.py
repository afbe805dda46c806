"""Managing: a vehicle comes, is connected and turns green; many come from a spreadsheet."""

import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Start
from tests.servers import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def report(address: str) -> None:
    """What Traccar Client 10 sends, to the address that the page shows."""
    body = b"id=phone&lat=57.70887&lon=11.97456&speed=12.0&batt=88&charge=false"
    request = urllib.request.Request(address, data=body, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert answer.status == 200


def add_vehicle(page: Page, name: str) -> None:
    """Two clicks and a name: from the table to the code to be scanned."""
    page.get_by_role("link", name="Add vehicle").first.click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Connect {name}")).to_be_visible()


def test_a_vehicle_is_added_connected_and_turns_green(start: Start) -> None:
    page = start("/manage/", who="mona")
    add_vehicle(page, "Van 412")
    waiting = page.locator("#waiting")
    expect(waiting).to_contain_text("Waiting for the first position")
    page.locator("label.choice", has_text="Traccar Client").click()
    expect(page.locator("[data-door=traccar]")).to_contain_text("No QR code yet")
    address = page.locator("[data-door=traccar] [data-value]").first.inner_text()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/i/[\w-]{32}", address)
    expect(page.locator(".notice-warn")).to_contain_text("A phone cannot reach this address")
    report(address)
    expect(waiting).to_contain_text("It reports.")
    waiting.get_by_role("link", name="Open map").click()
    expect(page.locator("#drawer .vehicle-name")).to_have_text("Van 412")


def test_a_phone_beside_a_tracker_gets_a_device_of_its_own(start: Start) -> None:
    page = start("/manage/", who="mona")
    add_vehicle(page, "Van 416")
    expect(page.locator(".beside")).to_have_count(0)
    report(page.locator("[data-door=other] [data-value]").first.text_content() or "")
    expect(page.locator("#waiting")).to_contain_text("It reports.")
    page.reload()
    expect(page.locator(".beside")).to_contain_text("reports already: a phone beside it needs a device")
    page.get_by_role("button", name="Add a device for a phone").click()
    expect(page.locator("#waiting")).to_contain_text("Waiting for the first position")
    expect(page.get_by_role("navigation", name="Devices").get_by_role("link")).to_have_count(2)
    expect(page.locator(".beside")).to_have_count(0)
    expect(page.locator("[data-door=drive]")).to_be_visible()


def test_each_app_has_its_card_and_its_value_can_be_copied(start: Start) -> None:
    page = start("/manage/", who="mona")
    add_vehicle(page, "Van 413")
    for name, slug in (("OwnTracks", "owntracks"), ("GPSLogger", "gpslogger"), ("Overland", "overland")):
        page.locator("label.choice", has_text=name).click()
        expect(page.locator(f"[data-door={slug}]")).to_be_visible()
        expect(page.locator("[data-door]:visible")).to_have_count(1)
    value = page.locator("[data-door=overland] [data-value]").first.inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("[data-door=overland] [data-copies]").first.click()
    expect(page.locator("[data-door=overland] [data-copies]").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == value
    page.reload()
    expect(page.locator("#secret")).to_contain_text("shown only once")
    assert value not in page.content()


def test_a_spreadsheet_is_previewed_and_added(start: Start) -> None:
    page = start("/manage/vehicles/import/", who="mona")
    lines = ["name;tags;driver", "Bus 1;night, <b>cold;Ann", "Bus 2;;Bo", ";;Cem", "Bus 3;;Ann"]
    page.locator("input[type=file]").set_input_files(
        {"name": "buses.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    )
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="2 vehicles for Depot")).to_be_visible()
    expect(page.locator(".wrong tbody tr")).to_have_text(
        [re.compile("4.*no name"), re.compile("5.*Bus 3.*line 2")]
    )
    page.get_by_role("button", name="Add 2 vehicles").click()
    expect(page.locator(".notice")).to_have_text("2 vehicles added.")
    rows = page.locator("#rows tbody tr")
    expect(rows.filter(has_text="Bus 1")).to_contain_text("<b>cold")

    # Search while typing; the address can be kept.
    page.get_by_role("searchbox").fill("bo")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=bo"))
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox").fill("bus")
    expect(rows).to_have_count(2)

    # Many at once, and back.
    bar = page.locator(".bulk-bar")
    expect(bar).to_be_hidden()
    page.get_by_label("Choose all on this page").check()
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_role("combobox", name="Tag").fill("school")
    bar.get_by_role("button", name="Add tag").click()
    expect(page.locator("#rows .tag", has_text="school")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#rows .tag", has_text="school")).to_have_count(0)

    # Removed only when it is written out.
    page.get_by_label("Choose Bus 2").check()
    page.get_by_role("button", name="Remove …").click()
    page.get_by_label("Type “Bus 2” to confirm").fill("Bus 2")
    page.get_by_role("button", name="Remove for good").click()
    expect(page.locator(".notice")).to_have_text("1 vehicle removed.")
    page.goto("/manage/?q=bus")
    expect(rows).to_have_count(1)


def test_a_driver_is_found_while_typing_and_texts_are_at_hand(start: Start) -> None:
    page = start("/manage/drivers/add/", who="mona")
    page.get_by_label("Name").fill("Dee Dahl")
    page.get_by_role("button", name="Add driver").click()
    page.goto("/manage/fleets/depot/")
    page.get_by_label("Messages").fill("Call the depot\nGate 4 is open")
    page.locator("section", has=page.get_by_role("heading", name="Texts at hand")).get_by_role(
        "button", name="Save"
    ).click()
    expect(page.locator(".notice")).to_have_text("Saved.")
    page.goto("/manage/")
    add_vehicle(page, "Van 414")
    page.get_by_role("link", name="Van 414").click()
    field = page.get_by_role("combobox", name="Driver")
    field.press_sequentially("dee")
    expect(page.locator("#driver-options option[value='Dee Dahl']")).to_have_count(1)
    field.fill("Dee Dahl")
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".now")).to_contain_text("Dee Dahl")

    page.get_by_role("link", name="Show on the map").click()
    drawer = page.locator("#drawer")
    expect(drawer.locator(".vehicle-name")).to_have_text("Van 414")
    drawer.get_by_role("tab", name="Messages").click()
    drawer.locator(".canned summary").click()
    drawer.get_by_role("button", name="Gate 4 is open").click()
    message = drawer.get_by_role("textbox", name="Message to")
    expect(message).to_have_value("Gate 4 is open")
    expect(message).to_be_focused()


def test_the_device_tab_tells_the_contact_but_not_the_address(start: Start) -> None:
    page = start("/manage/", who="mona")
    add_vehicle(page, "Van 415")
    address = page.locator("[data-door=other] [data-value]").first.text_content() or ""
    vehicle = re.search(r"/vehicles/(\d+)/", page.url)
    assert vehicle
    report(address)
    expect(page.locator("#waiting")).to_contain_text("It reports.")

    def tab() -> str:
        return page.request.get(f"/vehicles/{vehicle[1]}/device/", headers={"HX-Request": "true"}).text()

    wait_for(lambda: "1 position stored" in tab(), "the contact in the Device tab")
    assert address not in tab()
