"""The live page: what devices report is on the screen, and stays there whatever happens."""

import time

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import cast
from tests.browser.conftest import Complaints, Start
from tests.browser.pages import alarm, row, socket_is
from tests.browser.van import Van
from tests.faults.conftest import House
from tests.servers import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

VEHICLES = str(len(cast.VANS) + 1)
ON_SCREEN_S = 2.0


def seconds_until(element: Locator, text: str) -> float:
    """How long until the element says so; at most ON_SCREEN_S."""
    start = time.monotonic()
    wait_for(lambda: text in element.inner_text(), f"{text!r} on the screen", seconds=ON_SCREEN_S)
    return time.monotonic() - start


def test_a_vehicle_moves_on_the_page_within_two_seconds(start: Start, van: Van, house: House) -> None:
    page = start(f"/?q={van.name}", webgl=True)
    expect(page.locator("html")).to_have_attribute("data-vehicles", VEHICLES)
    expect(page.locator("html")).to_have_attribute("data-map", "idle")
    here = row(page, van)
    expect(here).to_contain_text("No position yet")
    with van:
        van.send(speed=0, ignition=False)
        expect(here).to_have_attribute("data-state", "stopped")
        expect(here).to_contain_text(f"Stopped · {van.driver}")
        delays = []
        for speed, said in ((10, "36 km/h"), (20, "72 km/h"), (25, "90 km/h")):
            van.send(speed=speed, heading=90, ignition=True)
            delays.append(seconds_until(here, said))
        assert max(delays) < ON_SCREEN_S
        expect(here).to_have_attribute("data-state", "moving")
        van.send(speed=0, ignition=False)
        seconds_until(here, "Stopped")


def test_without_webgl_everything_but_the_map_works(start: Start, van: Van) -> None:
    page = start(f"/?v={van.pk}")
    expect(page.get_by_text("This browser cannot draw the map.")).to_be_visible()
    expect(page.locator("#drawer .vehicle-name")).to_have_text(van.name)
    expect(row(page, van)).to_have_attribute("aria-selected", "true")


def test_search_filters_the_list_and_says_when_nothing_matches(start: Start, van: Van) -> None:
    page = start()
    rows = page.locator("#list [role=option]")
    expect(rows).to_have_count(int(VEHICLES))
    search = page.get_by_role("searchbox")
    for query in (van.name, van.name.upper()[:5], van.driver):
        search.fill(query)
        expect(rows).to_have_count(1)
        expect(row(page, van)).to_be_visible()
    search.fill("no such vehicle")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("No vehicle matches.")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(rows).to_have_count(int(VEHICLES))
    expect(search).to_have_value("")


def test_a_killed_web_process_is_told_and_healed_without_a_reload(
    start: Start, van: Van, house: House, complaints: Complaints
) -> None:
    # What a browser writes down while there is nobody at the other end.
    complaints.expect(r"WebSocket connection to .* failed", r"net::ERR_", r"status of 50[0-9]")
    page = start()
    page.evaluate("window.sameDocument = true")
    here = row(page, van)
    with van:
        van.send(speed=10)
        expect(here).to_contain_text("36 km/h")
        house.kill("web")
        socket_is(page, "lost")
        expect(page.locator(".banner-lost")).to_be_visible()
        expect(page.locator(".banner-lost")).to_contain_text("Connection lost at")
        socket_is(page, "live")
        expect(page.locator(".banner-lost")).to_be_hidden()
        van.send(speed=20)
        expect(here).to_contain_text("72 km/h")
    assert page.evaluate("window.sameDocument") is True
    expect(page.locator("html")).to_have_attribute("data-vehicles", VEHICLES)
    expect(page.locator("#list [role=option]")).to_have_count(int(VEHICLES))
    names = page.locator("#list .row-name").all_inner_texts()
    assert sorted(names) == sorted({*cast.VANS, cast.EVIL_NAME})


def test_the_socket_of_a_large_fleet_lives_in_a_worker(
    start: Start, one_of_many: Van, house: House, complaints: Complaints
) -> None:
    complaints.expect(r"WebSocket connection to .* failed", r"net::ERR_", r"status of 50[0-9]")
    page = start(f"/?q={one_of_many.name}", who=cast.CROWD)
    expect(page.locator("html")).to_have_attribute("data-vehicles", str(cast.CROWD_VEHICLES))
    assert any("/packing." in worker.url for worker in page.workers)
    here = row(page, one_of_many)
    with one_of_many as van:
        van.send(speed=10)
        expect(here).to_contain_text("36 km/h")
        house.kill("web")
        socket_is(page, "lost")
        socket_is(page, "live")
        van.send(speed=20)
        expect(here).to_contain_text("72 km/h")


def test_an_sos_is_on_top_until_somebody_takes_it_on(start: Start, van: Van) -> None:
    page, other = start(), start("/alerts/", who="mia")
    here = row(page, van)
    with van:
        van.send(speed=10, alarm="sos")
        line = alarm(page, van)
        expect(line).to_be_visible()
        expect(line).to_contain_text("SOS")
        expect(line).to_contain_text(van.name)
        expect(line).to_contain_text(van.driver)
        expect(alarm(other, van)).to_be_visible()
        expect(here).to_have_attribute("data-state", "alarm")
        expect(page.locator("#nav-alerts")).not_to_have_text("")
        van.send(speed=20)  # the next fix clears nothing
        expect(here).to_contain_text("72 km/h")
        expect(here).to_have_attribute("data-state", "alarm")

        line.get_by_role("button", name="Acknowledge").click()
        expect(line).to_have_count(0)
        expect(alarm(other, van)).to_have_count(0)
        expect(here).to_have_attribute("data-state", "moving")
    done = other.locator(".alert-card[id^=done-]", has_text=van.name)
    expect(done).to_contain_text("SOS")
    expect(done).to_contain_text("dana")
