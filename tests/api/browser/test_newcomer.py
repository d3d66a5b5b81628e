"""Somebody who has never seen it goes from the queue to a closed case, and the customer says yes on the way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

from alerts.accounts.account import Role
from alerts.lifecycle import TicketState
from alerts.tickets.ticket import Verdict
from ingest.sample import EventType
from tests.api.browser.test_pages import violations
from tests.api.browser.town import WASHER, Town

pytestmark = pytest.mark.browser

NARROW: ViewportSize = {"width": 390, "height": 844}


class Hands:
    """A person's hands: what they do is counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, name: str | re.Pattern[str], role: str = "button") -> None:
        """One click."""
        self.count += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]  # a word of ARIA

    def click(self, what: Locator) -> None:
        """One click on what is already found."""
        self.count += 1
        what.click()

    def write(self, label: str, text: str) -> None:
        """One field filled."""
        self.count += 1
        self.page.get_by_label(label).fill(text)


def test_a_newcomer_closes_a_case_from_afar_in_eight_actions(page: Page, town: Town) -> None:
    """Queue, ticket, test, verdict with before and after, closed: at most eight clicks and fields."""
    hands = Hands(page)
    page.goto(f"{town.address}/queue")
    hands.press("#1 ", role="link")
    hands.press("Run this test")
    expect(page).to_have_url(re.compile("/sessions/"))
    code = town.answer_commands()[WASHER]

    hands.write("Consent code", code)
    hands.press("Enter code")
    steps = page.get_by_role("list", name="Steps")
    expect(steps).to_contain_text("snapshot.read")
    town.answer_commands(mode="idle")
    expect(page.get_by_text("somebody at the appliance presses its key").first).to_be_visible()
    assert violations(page) == []
    town.tell(WASHER, "washing_machine", EventType.PRESENCE_CONFIRMED)
    town.answer_commands(drain_l_min=3.2)

    expect(page.get_by_text("fault confirmed")).to_be_visible()
    moved = page.locator(".moved")
    expect(moved).to_contain_text("before")
    expect(page.get_by_text("Measured 3.2 L/min; sound is 12 to 22 L/min.")).to_be_visible()
    assert violations(page) == []
    hands.press("To ticket #1", role="link")
    hands.click(page.locator(".ticket-steps").get_by_role("button", name="Close", exact=True))
    hands.click(page.get_by_role("dialog").get_by_role("button", name="Confirmed"))

    expect(page.locator(".facts").get_by_text("closed")).to_be_visible()
    expect(page.locator(".present")).to_contain_text("Verdict: Confirmed.")
    ticket = town.context.desk.tickets.read("1")
    assert ticket.status is TicketState.CLOSED
    assert ticket.verdict is not None
    assert ticket.verdict.verdict is Verdict.CONFIRMED
    assert "test_confirmed" in [entry.event for entry in ticket.history]
    assert hands.count <= 8


def test_the_session_page_fits_a_phone_and_says_why_not(page: Page, town: Town) -> None:
    """At 390 px nothing is cut off; the end is there, and what may not run now says its reason, which goes by itself."""
    page.set_viewport_size(NARROW)
    page.goto(f"{town.address}/tickets/1")
    page.get_by_role("button", name="Run this test").click()
    expect(page.get_by_text("needs the customer's consent").first).to_be_visible()
    code = town.answer_commands()[WASHER]
    page.get_by_label("Consent code").fill(code)
    page.get_by_role("button", name="Enter code").click()
    page.get_by_role("list", name="Steps").wait_for()
    town.answer_commands(mode="spin")

    expect(page.get_by_text("a programme runs").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"]
    expect(page.get_by_role("button", name="End session")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Read all values now").click()
    expect(page.locator(".commands").get_by_text("queued")).to_be_visible()
    town.answer_commands(mode="idle")
    expect(page.get_by_role("button", name=re.compile("^Run: Drain"))).to_be_visible()


def test_four_eyes_see_a_test_that_moves_and_heats(page: Page, visitor: BrowserContext, town: Town) -> None:
    """Who asks for a test of class R3 can't approve it; a colleague can, on a page of the same session, and hears of it there."""
    town.context.accounts.add("colleague", Role.TECHNICIAN, password="a second pair of eyes")
    page.goto(f"{town.address}/tickets/1")
    page.get_by_role("button", name="Open remote session").click()
    asked = page.get_by_role("dialog")
    asked.get_by_role("radio").last.check()
    asked.get_by_role("button", name="Open remote session").click()
    expect(page).to_have_url(re.compile("/sessions/"))
    page.get_by_label("Consent code").fill(town.answer_commands()[WASHER])
    page.get_by_role("button", name="Enter code").click()
    page.get_by_role("button", name="Run: Empty spin and coast-down").click()
    expect(page.get_by_role("list", name="Steps")).to_contain_text("snapshot.read")
    town.answer_commands(mode="idle")
    expect(page.get_by_text("a second person approves").first).to_be_visible()
    approve = "Approve as the second person"
    assert page.get_by_role("button", name=approve).count() == 0

    other = visitor.browser.new_context()  # type: ignore[union-attr]  # the fixture has one
    colleague = other.new_page()
    colleague.goto(f"{town.address}/login/{town.context.accounts.login_link('colleague')}")
    colleague.goto(page.url)
    expect(colleague.get_by_role("button", name=approve)).to_be_visible()
    assert violations(colleague) == []
    colleague.get_by_role("button", name=approve).click()

    expect(page.get_by_role("log")).to_contain_text(re.compile(r"Approved\s*motor.spin\s*colleague"))
    expect(page.get_by_text("a second person approves")).to_have_count(0)
    expect(colleague.get_by_role("button", name=approve)).to_have_count(0)
    other.close()
