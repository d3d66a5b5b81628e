"""The help as somebody reads it: found by words, followed by its links, in both languages, on a phone as well."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.api.browser.test_pages import choose, violations
from tests.api.browser.town import Town

pytestmark = pytest.mark.browser


def test_a_word_is_found_and_a_link_followed(page: Page, town: Town) -> None:
    """From the keys to the help, from a word to its page, from there by a link; the API describes itself."""
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", name="Start here")).to_be_visible()
    page.get_by_role("article").get_by_role("link", name="technician").click()
    expect(page.get_by_role("heading", name="For technicians")).to_be_visible()
    assert violations(page) == []

    page.get_by_role("searchbox", name="Search the help").fill("refrigerant leak")
    expect(page.get_by_role("status").filter(has_text="page")).to_be_visible()
    page.get_by_role("link", name="What to do about an alert?").click()
    expect(page.get_by_role("heading", name="Refrigerant is leaking").first).to_be_visible()

    page.goto(f"{town.address}/help/api")
    expect(page.get_by_text("POST /api/v1/dead-letters/{number}/replay")).to_be_visible()
    assert violations(page) == []


def test_the_help_fits_a_phone_in_chinese(page: Page, town: Town) -> None:
    """What technicians read is Chinese, another page says that it is not; nothing is off screen."""
    choose(page, language="zh")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{town.address}/help/technician")
    expect(page.get_by_role("heading", name="技术员指南")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    page.goto(f"{town.address}/help/glossary")
    expect(page.get_by_text("本页为英文。")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
