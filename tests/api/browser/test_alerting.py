"""Alerts, incidents and notices by keys alone, and what each leads to."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.api.browser.town import Town

pytestmark = pytest.mark.browser


def test_keys_lead_from_incidents_to_alerts_to_tickets(page: Page) -> None:
    """`g i` lists incidents, j and Enter open one; its alerts say what became of them and lead to their ticket."""
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page.get_by_role("heading", name="Incidents", level=1)).to_be_visible()
    expect(page.get_by_text("3 of 11")).to_be_visible()

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("the firmware reads differently"))).to_be_visible()
    expect(page.get_by_text("No ticket is opened for what the appliances show")).to_be_visible()
    page.get_by_role("link", name="Drain pump or filter is clogging").click()

    expect(page.get_by_role("heading", name="Drain pump or filter is clogging")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Time to drain 96"))).to_be_visible()
    page.get_by_role("link", name="To its ticket").click()
    expect(page.locator(".facts")).to_contain_text("#1")


def test_a_notice_that_did_not_arrive_says_why(page: Page, town: Town) -> None:
    """The log has each receiver's own line; the one that refuses says what it said, and the notice leads to its ticket."""
    page.goto(f"{town.address}/notices?state=waiting")

    row = page.get_by_role("row", name=re.compile("erp.example.*422"))
    expect(row).to_contain_text("on its way")
    expect(page.get_by_role("row", name=re.compile("chat.example")).filter(has_text="arrived")).to_have_count(0)
    row.get_by_role("link", name="#5").click()
    expect(page.locator(".facts")).to_contain_text("#5")


def test_mail_without_a_ticket_is_put_to_one(page: Page, town: Town) -> None:
    """It waits with what was written and why; by its number it goes to a ticket, whose timeline has its words then."""
    page.goto(f"{town.address}/notices")
    row = page.get_by_role("row", name=re.compile("js@example.org"))
    expect(row).to_contain_text("It names no ticket.")

    row.get_by_label("Number of the ticket").fill("#5")
    page.keyboard.press("Enter")
    expect(row).to_have_count(0)

    page.goto(f"{town.address}/tickets/5")
    expect(page.locator(".timeline")).to_contain_text("A reply came by mail")
    expect(page.locator(".timeline")).to_contain_text("Sie läuft aus.")


def test_a_ticket_gives_account_of_its_clocks(page: Page, town: Town) -> None:
    """Opened, the account has a row for each clock: when it is due, and what made it rest."""
    page.goto(f"{town.address}/tickets/5")
    page.get_by_text("Clocks", exact=True).click()

    expect(page.get_by_role("row", name=re.compile("First response.*rests.*waiting for the customer"))).to_be_visible()


def test_another_threshold_is_tried_by_a_slider(page: Page, town: Town) -> None:
    """The same cases stand beside each other, as they happened and as they would be; nothing is changed by it."""
    page.goto(f"{town.address}/insights")
    expect(page.get_by_role("row", name=re.compile("As it happened"))).to_be_visible()

    with page.expect_request(lambda asked: asked.url.endswith("/what-if") and "0.9" in (asked.post_data or "")):
        page.get_by_role("slider").first.fill("0.9")

    expect(page.get_by_text("acted on from a probability of 90%")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("As it would be"))).to_be_visible()
