"""Coming in, being kept out, and being told that one is out."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.cast import PASSWORD
from tests.browser.conftest import Complaints, Start
from tests.browser.pages import socket_is

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def sign_in(page: Page, password: str) -> None:
    page.get_by_label("User name").fill("tom")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_link_signs_in_once(start: Start, cast: dict[str, Any], complaints: Complaints) -> None:
    link = f"/login/link/{cast['links']['tom']}/"
    page = start(link, who="")
    socket_is(page, "live")
    expect(page.locator("details.menu summary")).to_have_attribute("title", "tom")

    complaints.expect(r"status of 410")
    again = start(link, who="")
    expect(again.get_by_role("heading")).to_have_text("This link no longer works")
    again.goto("/")
    expect(again).to_have_url(re.compile(r"/login/(\?|$)"))


def test_a_wrong_password_is_told_in_words_and_the_right_one_signs_in(start: Start) -> None:
    page = start("/login/?next=/alerts/", who="")
    sign_in(page, "not " + PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("User name and password do not match")
    sign_in(page, PASSWORD)
    expect(page.get_by_role("heading", name="Alerts")).to_be_visible()
    socket_is(page, "live")


def test_signed_out_in_another_tab(start: Start, complaints: Complaints) -> None:
    # The browser writes down the refusals by which the page finds out.
    complaints.expect(r"status of 40[13]", r"WebSocket connection to .* failed")
    page = start("/login/", who="")
    sign_in(page, PASSWORD)
    socket_is(page, "live")
    other = page.context.new_page()
    other.goto("/alerts/")
    socket_is(other, "live")
    other.locator("details.menu summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()

    socket_is(page, "signed-out")
    banner = page.locator(".banner-signed-out")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("You are signed out")
    expect(page.locator("#status-word")).to_have_text("signed out")

    sign_in(other, PASSWORD)
    socket_is(other, "live")
    banner.get_by_role("button", name="Go on here").click()
    socket_is(page, "live")
    expect(banner).to_be_hidden()
