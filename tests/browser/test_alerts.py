"""An alarm on several screens: heard, taken on, closed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Start
from tests.browser.pages import alarm
from tests.browser.van import HERE, Van
from tests.servers import wait_for
from tracking import places

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Counts the tones that the page really starts.
COUNT_TONES = """window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...rest) { window.tones++; return start.apply(this, rest); };"""


def tones(page: Page) -> int:
    number: int = page.evaluate("window.tones")
    return number


def siren_is(page: Page, state: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-siren", state)


@pytest.fixture
def alarmed(harbour: list[Van]) -> Iterator[Van]:
    """A vehicle that has just sent an SOS."""
    van = harbour[0]
    with van:
        van.send(speed=3, alarm="sos")
        yield van


def screen(start: Start, who: str, path: str = "/alerts/") -> Page:
    first = start(path, who=who)
    page = first.context.new_page()  # nobody has clicked on it yet
    first.close()
    page.add_init_script(COUNT_TONES)
    page.goto(path)
    expect(page.locator("html")).to_have_attribute("data-socket", "live")
    return page


def test_it_is_heard_after_the_first_click_until_somebody_on_any_screen_takes_it_on(
    start: Start, alarmed: Van
) -> None:
    olga, pia = screen(start, "olga"), screen(start, "pia", "/")
    line = alarm(olga, alarmed)
    for words in ("SOS", alarmed.name, alarmed.driver, places.words(HERE["latitude"], HERE["longitude"])):
        expect(line).to_contain_text(words)
    expect(line.get_by_role("link", name="Call")).to_have_attribute("href", "tel:+46313900600")
    expect(olga.locator("#alarms")).to_contain_text(f"SOS {alarmed.name}")
    siren_is(olga, "blocked")
    expect(olga.locator(".alert-blocked")).to_be_visible()
    assert tones(olga) == 0

    olga.get_by_role("heading", name="Alerts").click()
    siren_is(olga, "sounding")
    expect(olga.locator(".alert-blocked")).to_be_hidden()
    wait_for(lambda: tones(olga) >= 4, "the tones twice", seconds=10)

    theirs = alarm(pia, alarmed)
    theirs.get_by_role("textbox", name="Note on SOS").fill("Calling her")
    theirs.get_by_role("button", name="Acknowledge").click()
    for page in (olga, pia):
        expect(alarm(page, alarmed)).to_have_count(0)
        expect(page.locator(".alert-taken")).to_contain_text(f"pia took on SOS of {alarmed.name} at")
        expect(page.locator(".alert-taken")).to_contain_text("Calling her")
        expect(page.locator("#announcements")).to_contain_text("pia took on SOS")
        siren_is(page, "quiet")
    before = tones(olga)
    card = olga.locator(".alert-card", has_text=alarmed.name)
    expect(card).to_contain_text("Taken on by pia")
    card.get_by_role("textbox").fill("A wrong button")
    card.get_by_role("button", name="Close").click()
    expect(card).to_have_count(0)
    assert tones(olga) == before
    olga.get_by_role("link", name="Closed", exact=True).click()
    expect(olga.locator(".alert-card", has_text=alarmed.name).first).to_contain_text("A wrong button")


def test_the_sound_is_off_for_who_wants_none(start: Start, alarmed: Van) -> None:
    page = screen(start, "pia")
    alarm(page, alarmed).get_by_role("button", name="Sound off").click()
    siren_is(page, "quiet")
    expect(page.get_by_role("button", name="Sound on")).to_be_focused()
    page.reload()
    page.get_by_role("heading", name="Alerts").click()
    expect(alarm(page, alarmed)).to_be_visible()
    siren_is(page, "quiet")
    assert tones(page) == 0
    page.get_by_role("button", name="Sound on").click()
    siren_is(page, "sounding")
    alarm(page, alarmed).get_by_role("button", name="Acknowledge").click()
    siren_is(page, "quiet")


def test_who_may_only_look_sees_it_without_sound_or_buttons(start: Start, alarmed: Van) -> None:
    page = screen(start, "vic")
    expect(alarm(page, alarmed)).to_be_visible()
    page.get_by_role("heading", name="Alerts").click()
    siren_is(page, "quiet")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_a_half_written_note_outlives_the_next_alarm_and_the_keyboard_keeps_its_place(
    start: Start, harbour: list[Van]
) -> None:
    first, second = harbour[1], harbour[2]
    page = screen(start, "olga", "/")
    with first, second:
        first.send(speed=3, alarm="sos")
        note = alarm(page, first).get_by_role("textbox")
        note.press_sequentially("Asking ")
        second.send(speed=3, alarm="crash")
        expect(alarm(page, second)).to_be_visible()
        expect(note).to_be_focused()
        expect(note).to_have_value("Asking ")
        note.press("Enter")
        expect(alarm(page, first)).to_have_count(0)
        # What had the focus is gone: the next alarm has it, not the top of the page.
        focused = page.evaluate("document.activeElement.closest('[data-alert]')?.dataset.vehicle")
        assert focused == str(second.pk)
        alarm(page, second).get_by_role("button", name="Acknowledge").click()
        expect(alarm(page, second)).to_have_count(0)


def test_a_stale_tab_learns_who_was_faster(start: Start, alarmed: Van) -> None:
    page, other = screen(start, "olga"), screen(start, "pia")
    expect(alarm(page, alarmed)).to_be_visible()
    # A tab that hears nothing: it still shows what was open.
    page.context.set_offline(True)
    alarm(other, alarmed).get_by_role("button", name="Acknowledge").click()
    expect(alarm(other, alarmed)).to_have_count(0)
    page.context.set_offline(False)
    expect(alarm(page, alarmed)).to_have_count(0)
    expect(page.locator(".alert-card", has_text="Taken on by pia").first).to_be_visible()
