"""Technicians and stock in the console: entered, away, moved, ordered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.api.browser.test_pages import violations
from tests.api.browser.town import Town

pytestmark = pytest.mark.browser


def test_a_technician_is_entered_and_away(page: Page, town: Town) -> None:
    """With skills and a licence that is over, which says so; an absence is written down and taken back."""
    page.goto(f"{town.address}/people")
    page.get_by_role("button", name="New technician").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Eva Novak")
    dialog.get_by_label("Skills").fill("dryer:3")
    dialog.get_by_label("Licences").fill("gas:2026-01-31")
    assert violations(page) == []
    dialog.get_by_role("button", name="Save").click()

    row = page.get_by_role("row").filter(has_text="Eva Novak")
    expect(row).to_contain_text("is over")
    row.get_by_role("button", name="Away").click()
    page.get_by_label("First day").fill("2026-12-01")
    page.get_by_label("Last day").fill("2026-12-02")
    page.get_by_role("button", name="Write down").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("No absence is written down.")).to_be_visible()


def test_parts_move_and_are_ordered(page: Page, town: Town) -> None:
    """From the depot to the van, a refusal is said, and the ledger has both lines."""
    page.goto(f"{town.address}/stock")
    row = page.get_by_role("group", name="Depot Köln").get_by_role("row").filter(has_text="WM-PUMP-30")
    expect(row).to_contain_text("12")
    row.get_by_role("button", name="Bring elsewhere").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To", exact=True).select_option(label="Van 7")
    dialog.get_by_label("Quantity").fill("99")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Quantity").fill("5")
    dialog.get_by_role("button", name="Save").click()

    expect(row).to_contain_text("7")
    page.get_by_role("button", name="Movements").click()
    expect(page.get_by_role("row").filter(has_text=re.compile("arrived.*Van 7"))).to_be_visible()
    assert violations(page) == []
