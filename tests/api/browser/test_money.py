"""Money in the console: entered, given back, claimed; and the companies and places that are entered beside it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.api.browser.test_pages import violations
from tests.api.browser.town import Town

pytestmark = pytest.mark.browser


def test_a_tax_rate_and_an_outcome_are_entered(page: Page, town: Town) -> None:
    """What is refused says why and keeps what was typed; what is taken stands in its list."""
    page.goto(f"{town.address}/money?tab=taxes")
    page.get_by_role("button", name="New tax rate").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number").fill("de-2026")
    dialog.get_by_label("Percent").fill("190")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("percent")
    assert violations(page) == []
    dialog.get_by_label("Percent").fill("19")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="de-2026")).to_contain_text("19 %")

    page.get_by_role("button", name="Trade-in and recycling").click()
    expect(page.get_by_text("No appliance was traded in or recycled.")).to_be_visible()
    page.get_by_role("button", name="New trade-in or recycling").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Ticket").fill("#1")
    dialog.get_by_label("What").select_option(label="recycled")
    dialog.get_by_label("Proof").fill("WEEE-5")
    dialog.get_by_label("Fee").fill("15")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="WEEE-5")).to_contain_text("€15.00")
    assert violations(page) == []


def test_a_provider_and_a_depot_are_entered(page: Page, town: Town) -> None:
    """The provider is written anew as it was seen; the depot is there to move parts to."""
    page.goto(f"{town.address}/people")
    page.get_by_role("button", name="New provider").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Frost & Sons")
    dialog.get_by_label("Fees").fill("visit:45.00, drain_clog:12.50")
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text="Frost & Sons")
    expect(row).to_contain_text("45.00 EUR")
    row.get_by_role("button", name="Change").click()
    page.get_by_role("dialog").get_by_label("Answers within, hours").fill("8")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(row).to_contain_text("within 8 h")
    expect(page.get_by_role("heading", name="What could be learnt")).to_be_visible()
    assert violations(page) == []

    page.goto(f"{town.address}/stock")
    page.get_by_role("button", name="New depot or van").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Depot Bonn")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Depot Bonn")).to_be_visible()
    assert violations(page) == []
