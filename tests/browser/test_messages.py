"""The desk's conversations: two dispatchers and a driver, live; many drivers at once; in a hand."""

import contextlib
import re

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from tests.browser import pages
from tests.browser.conftest import Complaints, Start
from tests.browser.pages import socket_is
from tests.browser.test_phone import PHONE, TOO_SMALL
from tests.browser.van import HERE, Van
from tests.faults.conftest import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

COUNTS = ("written", "sent", "delivered", "read")


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message to")


def bubble(page: Page, text: str) -> Locator:
    return pages.bubble(page.locator("#conversation"), text)


def row(page: Page, van: Van) -> Locator:
    return page.locator(f"#threads a[data-open-thread='{van.pk}']").first


def open_thread(page: Page, van: Van) -> None:
    """Find a vehicle that nobody has written to yet, and open its conversation."""
    page.get_by_role("searchbox").fill(van.name)
    row(page, van).click()
    expect(page.locator(".conversation-name")).to_have_text(van.name)


def write(page: Page, text: str) -> None:
    composer(page).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_two_dispatchers_and_a_driver_talk_without_a_reload(start: Start, van: Van) -> None:
    dana, mia = start("/messages/"), start("/alerts/", who="mia")
    open_thread(dana, van)
    expect(dana).to_have_url(re.compile(rf"v={van.pk}"))
    badge = mia.locator("#nav-messages")
    expect(badge).to_be_empty()
    write(dana, "Take exit 12, road closed.")
    order = bubble(dana, "Take exit 12, road closed.")
    expect(order).to_contain_text("queued (offline)")
    with van:
        expect(order).to_have_attribute("data-status", "sent")
        message = van.message()
        van.receipt(message, "delivered")
        expect(order).to_have_attribute("data-status", "delivered")

        composer(dana).fill("and then call")
        composer(dana).press("Home")
        dana.evaluate("document.hasFocus = () => false")  # dana has gone for coffee
        van.reply(message, "On my way")
        expect(bubble(dana, "On my way")).to_contain_text("new")
        expect(order).to_have_attribute("data-status", "read")  # who answers has read
        expect(composer(dana)).to_have_value("and then call")
        expect(composer(dana)).to_be_focused()
        composer(dana).press_sequentially("Ok, ")
        expect(composer(dana)).to_have_value("Ok, and then call")
        expect(badge).to_contain_text("1")

        mia.get_by_role("navigation", name="Pages").get_by_role("link", name="Messages").click()
        expect(row(mia, van)).to_contain_text("On my way")
        mia.locator("[data-threads=unread]").click()
        row(mia, van).click()
        expect(bubble(mia, "On my way")).to_contain_text("seen by mia")
        expect(bubble(dana, "On my way")).to_contain_text("seen by mia")
        expect(mia.locator("#nav-messages")).to_be_empty()
        composer(mia).press_sequentially("Gate")
        expect(dana.get_by_text("mia is writing …")).to_be_visible()
        composer(mia).press("Enter")
        expect(bubble(dana, "Gate")).to_contain_text("mia")
        expect(dana.get_by_text("mia is writing …")).to_be_hidden()
    dana.reload()
    expect(composer(dana)).to_have_value("Ok, and then call")
    expect(dana.locator(".bubble")).to_have_count(3)


def test_what_nobody_reads_for_five_minutes_says_so_by_itself(start: Start, van: Van, house: House) -> None:
    page = start(f"/messages/?v={van.pk}")
    with van:
        write(page, "Call the office.")
        message = van.message()
        van.receipt(message, "delivered")
        order = bubble(page, "Call the office.")
        expect(order).to_have_attribute("data-status", "delivered")
        house.manage("shell", "-v", "0", "-c", ALMOST_LATE.format(id=message["id"]))
        page.reload()
        overview = start("/messages/", who="mia")
        for one, shown in ((page, order), (overview, row(overview, van))):
            expect(shown).not_to_contain_text("not read yet")
            one.evaluate("document.body.dataset.same = 'yes'")
        for shown in (order, row(overview, van)):
            expect(shown).to_contain_text("not read yet")
        van.receipt(message, "read")
        for shown in (order, row(overview, van)):
            expect(shown).not_to_contain_text("not read yet")
    for one in (page, overview):
        expect(one.locator("body")).to_have_attribute("data-same", "yes")


# It came five minutes ago but for the time that a page takes to load.
ALMOST_LATE = """
from datetime import timedelta
from django.utils.timezone import now
from tracking.models import Message
from tracking.models.message import LATE
Message.objects.filter(pk="{id}").update(delivered=now() - LATE + timedelta(seconds=8))
"""


def test_write_on_the_map_leads_to_the_conversation_and_the_text_arrives(
    start: Start, harbour: list[Van]
) -> None:
    first, second = harbour[0], harbour[1]
    with first, second:
        first.send(speed=0)
        second.send(speed=0, latitude=HERE["latitude"] + 0.01)
        page = start(f"/?q={first.name}", who="pia", webgl=True)
        expect(page.locator("html")).to_have_attribute("data-map", "idle", timeout=60_000)
        page.get_by_role("button", name="Got it").click()
        page.get_by_role("button", name="Show all vehicles").click()
        page.wait_for_timeout(1000)  # the map goes there
        page.locator("#map canvas").click()
        card = page.locator("#drawer")
        expect(card.locator(".vehicle-name")).to_have_text(first.name)
        card.get_by_role("button", name="Message").click()
        field = card.get_by_role("textbox", name="Message to")
        expect(field).to_be_focused()
        field.fill("Gate 2 is open.")
        card.get_by_role("button", name="Send", exact=True).click()
        first.message("Gate 2 is open.")
        expect(pages.bubble(card, "Gate 2 is open.")).to_have_attribute("data-status", "sent")

        page.get_by_role("searchbox").fill("")
        pages.row(page, second).click(modifiers=["Control"])
        expect(page.locator("#several")).to_contain_text("2 vehicles")
        page.get_by_role("button", name="Write", exact=True).click()
        page.get_by_role("textbox", name="Message").fill("Back to the yard.")
        page.get_by_role("button", name="Send to 2 vehicles").click()
        expect(page.locator("#board")).to_contain_text("Back to the yard.")
        for van in (first, second):
            van.message("Back to the yard.")


def test_nothing_written_is_lost_and_nothing_is_sent_twice(
    start: Start, van: Van, complaints: Complaints
) -> None:
    complaints.expect("net::ERR_FAILED")
    page = start(f"/messages/?v={van.pk}")
    page.route("**/vehicles/*/messages/", lambda route: route.abort())
    write(page, "Where are you?")
    unsent = bubble(page, "Where are you?")
    expect(unsent).to_contain_text("not sent: No connection.")
    page.unroute("**/vehicles/*/messages/")
    page.reload()  # what was not sent goes out by itself
    expect(bubble(page, "Where are you?")).to_have_attribute("data-status", "queued")

    composer(page).fill("once")
    page.get_by_role("button", name="Send", exact=True).dblclick()
    expect(bubble(page, "once")).to_have_attribute("data-status", "queued")
    expect(page.locator(".bubble")).to_have_count(2)

    bubble(page, "once").get_by_role("button", name="Cancel").click()
    expect(bubble(page, "once")).to_contain_text("cancelled")
    bubble(page, "once").get_by_role("button", name="Resend").click()
    expect(bubble(page, "once")).to_have_count(2)
    expect(bubble(page, "once").last).to_have_attribute("data-status", "queued")
    expect(bubble(page, "once").first).to_contain_text("sent again")

    page.get_by_role("combobox", name="Expires after").select_option("1 hour")
    composer(page).fill("x" * 1990)
    expect(page.locator(".composer-count")).to_have_text("1990/2000")
    page.get_by_text("Note for the next shift").click()
    page.get_by_role("textbox", name="for the next shift").fill("Left mirror is loose")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".shift-note-by")).to_contain_text("Note of dana")
    page.get_by_text("Device", exact=True).click()
    page.get_by_role("button", name="Ask for its position now").click()
    expect(page.locator(".bubble-command")).to_contain_text("Where are you now?")
    expect(composer(page)).to_have_value("x" * 1990)


def test_a_reader_who_has_scrolled_up_stays_there(start: Start, van: Van) -> None:
    page, other = start(f"/messages/?v={van.pk}"), start(f"/messages/?v={van.pk}", who="mia")
    for number in range(14):
        write(page, f"line {number}\n" * 3)
        expect(page.locator(".bubble[data-status=queued]")).to_have_count(number + 1)
    third = page.locator(".bubble").nth(2)
    third.scroll_into_view_if_needed()
    before = third.bounding_box()
    write(other, "meanwhile")
    expect(bubble(page, "meanwhile")).to_have_count(1)
    assert third.bounding_box() == pytest.approx(before, abs=1)


def test_a_broadcast_ticks_up_and_goes_again_to_those_who_have_not(start: Start, harbour: list[Van]) -> None:
    page = start("/messages/broadcast/", who="pia")
    expect(page.get_by_role("button", name="Send to 4 vehicles")).to_be_enabled()  # her only fleet
    page.get_by_role("textbox", name="Message").fill("Snow warning")
    page.get_by_role("button", name="Send to 4 vehicles").click()
    board = page.locator("#board")
    expect(board).to_contain_text("Snow warning")

    def counts(**wanted: int) -> None:
        for what, number in wanted.items():
            expect(board.locator(f"[data-count-of={what}]")).to_have_text(str(number))

    counts(sent=0, delivered=0, read=0)
    with harbour[0] as first, harbour[1] as second:
        for van in (first, second):
            message = van.message("Snow warning")
            van.receipt(message, "delivered")
        counts(delivered=2, read=0)
        first.receipt(message | {"id": message["id"]}, "delivered")
        second.reply(message, "OK")
        counts(delivered=2, read=1)
    page.get_by_role("link", name="Not read").click()
    expect(board.locator(".board-row")).to_have_count(3)
    expect(board).not_to_contain_text(second.name)
    page.get_by_role("button", name="Resend to 1 that did not read it").click()
    expect(page.locator("#toast")).to_have_text("Written again to 1 vehicle.")
    page.get_by_role("link", name=harbour[3].name).click()
    expect(bubble(page, "Snow warning")).to_contain_text("To several vehicles")


def test_an_area_is_drawn_or_taken_from_what_the_map_shows(start: Start, harbour: list[Van]) -> None:
    for number, van in enumerate(harbour[:2]):
        with van:
            van.send(speed=0, latitude=HERE["latitude"] + number * 0.02)
    page = start("/messages/broadcast/", who="olga", webgl=True)
    expect(page.locator("html")).to_have_attribute("data-map", "idle", timeout=60_000)
    page.get_by_text("An area").click()
    send = page.locator("#broadcast-send")
    expect(send).to_be_disabled()
    page.get_by_role("button", name="What the map shows").press("Enter")
    expect(send).to_have_text(re.compile(r"Send to [2-4] vehicles"))
    expect(page.locator("#recipients")).to_contain_text(harbour[1].name)
    page.get_by_role("button", name="Clear").click()
    expect(send).to_be_disabled()
    page.get_by_role("button", name="Polygon").click()
    box = page.locator("#map").bounding_box()
    assert box is not None
    for right, down in ((0.2, 0.01), (0.9, 0.01), (0.9, 0.5), (0.2, 0.5)):
        page.mouse.click(box["x"] + box["width"] * right, box["y"] + box["height"] * down)
        page.wait_for_timeout(400)  # two quick ones would be a double click
    page.keyboard.press("Enter")
    expect(send).to_be_enabled()
    expect(page.locator("#recipients")).to_contain_text(harbour[1].name)
    expect(page.locator("#recipients")).not_to_contain_text(harbour[0].name)  # further south
    page.get_by_text("The nearest", exact=True).click()
    page.get_by_role("spinbutton", name="How many").fill("1")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 12)
    expect(page.locator("#recipients")).to_contain_text(harbour[1].name)


def test_in_a_hand_the_list_and_the_conversation_take_turns(start: Start, harbour: list[Van]) -> None:
    van = harbour[2]
    page = start("/messages/", who="olga", **PHONE)
    page.get_by_role("searchbox").fill(van.name)
    row(page, van).tap()
    expect(page.locator(".inbox")).to_be_hidden()
    write(page, "Call me")
    expect(bubble(page, "Call me")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)
    for path in ("/messages/", f"/messages/?v={van.pk}", "/messages/broadcast/"):
        page.goto(path)
        socket_is(page, "live")
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate(TOO_SMALL, 44) == [], path
    page.goto(f"/messages/?v={van.pk}")
    socket_is(page, "live")
    page.get_by_role("link", name="All messages").tap()
    expect(page.locator(".inbox")).to_be_visible()
    expect(page.locator(".conversation")).to_be_hidden()
    page.go_back()
    expect(bubble(page, "Call me")).to_be_visible()


def test_an_empty_pane_that_is_drawn_again_late_hides_no_conversation(
    start: Start, harbour: list[Van]
) -> None:
    page = start("/messages/", who="olga")
    held: list[Route] = []
    page.route("**/messages/", lambda route: held.append(route))  # what the empty pane asks for
    page.evaluate("window.htmx.trigger(document.body, 'messages')")
    while not held:
        page.wait_for_timeout(20)
    row(page, harbour[2]).click()
    name = page.locator("#conversation .conversation-name")
    expect(name).to_have_text(harbour[2].name)
    with contextlib.suppress(Error):  # nobody waits for it any more
        held[0].continue_()
    page.wait_for_timeout(500)
    expect(name).to_have_text(harbour[2].name)


def test_whoever_is_clicked_last_is_shown(start: Start, harbour: list[Van]) -> None:
    page = start("/messages/?q=l", who="pia")
    expect(page.locator("#threads [data-open-thread]")).to_have_count(len(harbour))
    page.evaluate("for (const row of document.querySelectorAll('#threads [data-open-thread]')) row.click()")
    last = page.locator("#threads [data-open-thread]").last
    expect(last).to_have_attribute("aria-current", "true")
    name = next(van.name for van in harbour if str(van.pk) == last.get_attribute("data-open-thread"))
    expect(page.locator(".conversation-name")).to_have_text(name)
    page.go_back()
    expect(page.locator(".conversation-name")).not_to_have_text(name)


def test_a_viewer_reads_along_and_is_told_why_not_more(start: Start, harbour: list[Van]) -> None:
    with harbour[3] as van:
        page = start(f"/messages/?v={van.pk}", who="vic")
        expect(page.get_by_text("you need the role dispatcher")).to_be_visible()
        van.say("Flat tyre")
        expect(bubble(page, "Flat tyre")).to_contain_text("From the driver, to everybody")
        expect(page.locator("#nav-messages")).to_have_text(re.compile(r"\d"))
        expect(page.get_by_role("textbox")).to_have_count(0)
