"""What scripts and fragments say to a browser that asks for Chinese."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Start
from tests.browser.pages import bubble, row
from tests.browser.van import Van
from tests.dashboard.test_languages import english

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_list_drawer_and_help_are_chinese(start: Start, van: Van) -> None:
    page = start(locale="zh-CN")
    expect(page.locator("#status-word")).to_contain_text("实时")
    with van:
        van.send(speed=15)
        expect(row(page, van)).to_contain_text("行驶")
        expect(row(page, van)).to_contain_text("54 km/h")
        expect(row(page, van)).to_contain_text("秒")
        row(page, van).click()
        drawer = page.locator("#drawer")
        expect(drawer.locator(".vehicle-actions")).to_contain_text("附近车辆")
        assert english(drawer.locator(".vehicle-actions").inner_html()) == []
        drawer.get_by_role("tab", name="消息").click()
        drawer.get_by_role("textbox", name=f"给 {van.name} 的消息").fill("请走 12 号出口")
        drawer.get_by_role("button", name="发送").click()
        van.receipt(van.message(), "delivered")
        expect(bubble(drawer, "请走 12 号出口").locator(".receipt")).to_contain_text("已送达")
    page.locator("#list").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_contain_text("给司机发消息")
    assert english(page.locator("#help").inner_html()) == []
    assert english(page.locator(".chips").first.inner_html()) == []
