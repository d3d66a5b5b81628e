"""Long lists: in the order that is wanted, all of them counted, only what is in sight in the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.api.browser.test_pages import violations
from tests.api.browser.town import build_town

pytestmark = pytest.mark.browser


def test_hundreds_of_appliances_are_sorted_counted_and_scrolled_through(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    """The header asks for the gravest first; the rows out of sight are not drawn, and the last one comes on the way down."""
    town = build_town(tmp_path, others=448)
    try:
        page = visitor.new_page()
        page.goto(town.login_link())
        page.goto(f"{town.address}/appliances")
        expect(page.get_by_text("450 appliances")).to_be_visible()
        rows = page.locator("[data-at]")

        page.get_by_role("button", name="Condition").click()
        expect(page).to_have_url(re.compile("sort=gravest"))
        expect(page.get_by_role("columnheader", name="Condition")).to_have_attribute("aria-sort", "descending")
        expect(rows.first).to_contain_text("alert")
        assert rows.count() < 80
        assert violations(page) == []

        for _ in range(40):
            page.get_by_role("region", name="Appliances").evaluate("box => box.scrollTo(0, box.scrollHeight)")
            page.wait_for_timeout(150)
            if page.locator("[data-at='449']").count():
                break
        expect(page.locator("[data-at='449']")).to_contain_text("ok")
        assert rows.count() < 80
    finally:
        town.stop()
