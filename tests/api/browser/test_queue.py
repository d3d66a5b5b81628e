"""The queue as a dispatcher works it: what is next, what is left by a filter, several at once, and what a role may do."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from alerts.accounts.account import Role
from alerts.lifecycle import TicketStep
from alerts.tickets.ticket import StepBody, Verdict
from tests.api.browser.town import FRIDGE, TECHNICIAN, Town

pytestmark = pytest.mark.browser


def priorities(page: Page) -> list[int]:
    """The priorities of the rows in sight, from above."""
    return [
        int(text.removeprefix("P")) for text in page.locator("a.row .row-top:first-child .mark").all_text_contents()
    ]


def test_what_weighs_more_stands_above_what_is_older(page: Page, town: Town) -> None:
    """The first order is by priority and then by the nearer clock; the order is a choice that the address keeps."""
    page.goto(f"{town.address}/queue")
    page.locator("a.row").first.wait_for()
    running = page.locator("a.row").filter(has_not_text="on hold")
    texts = running.locator(".row-top:first-child .mark").all_text_contents()

    assert len(texts) > 5
    assert texts == sorted(texts)

    page.get_by_label("Order").select_option("newest")
    expect(page).to_have_url(re.compile("sort=newest"))
    page.wait_for_function(
        """() => {
          const numbers = [...document.querySelectorAll("a.row")].map((row) => Number(row.dataset.ticket));
          return numbers.length > 5 && numbers.every((number, at) => at === 0 || numbers[at - 1] >= number);
        }"""
    )


def test_counts_are_those_of_the_lists_behind_them(page: Page, town: Town) -> None:
    """Each chip says how many rows it shows, also where a filter leaves fewer; filters live in the address."""
    page.set_viewport_size({"width": 1440, "height": 2400})
    page.goto(f"{town.address}/queue?kind=refrigerator")
    page.locator("a.row").first.wait_for()
    for view in ("Open", "Unassigned", "Remote first", "Waiting for customer", "On hold", "Due today"):
        chip = page.locator(".chips .chip", has_text=view)
        chip.click()
        count = int((chip.locator(".count").text_content() or "").strip())
        expect(page.locator("a.row")).to_have_count(count)

    page.goto(f"{town.address}/queue")
    page.get_by_role("button", name="Narrow the list").click()
    page.get_by_label("Kind").select_option("washing_machine")
    expect(page).to_have_url(re.compile("kind=washing_machine"))
    expect(page.locator("a.row").filter(has_not_text="Washing machine")).to_have_count(0)


def test_several_are_held_at_once_and_taken_back(page: Page, town: Town) -> None:
    """Key x picks, also faster than the page is drawn; a bar says what may be done with all; ten seconds to take it back."""
    page.goto(f"{town.address}/queue?sort=newest&view=unassigned")
    page.locator(".list .pick").first.wait_for(state="attached")
    page.evaluate("for (const key of 'xjxj') window.dispatchEvent(new KeyboardEvent('keydown', { key }))")
    expect(page.locator(".list input:checked")).to_have_count(2)
    picked = [
        int(text)
        for text in page.locator(".list li:has(input:checked) a.row").evaluate_all(
            "rows => rows.map((row) => row.dataset.ticket)"
        )
    ]

    bar = page.get_by_role("group", name="2 picked")
    bar.get_by_role("button", name="Hold").click()
    page.get_by_label("Reason").fill("the line is down")
    page.get_by_role("dialog").get_by_role("button", name="Hold").click()
    expect(page.get_by_text("2 tickets are on hold")).to_be_visible()
    assert {town.context.desk.tickets.read(str(number)).status for number in picked} == {"on_hold"}

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 tickets are as they were")).to_be_visible()
    assert "on_hold" not in {town.context.desk.tickets.read(str(number)).status for number in picked}


def test_closing_asks_what_it_was_and_one_key_answers(page: Page, town: Town) -> None:
    """The digit gives the verdict and closes, also where the verdict can only be taken afterwards."""
    page.goto(f"{town.address}/tickets/1")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Close without a verdict")

    page.keyboard.press("4")

    expect(page.locator(".facts").get_by_text("closed")).to_be_visible()
    expect(page.locator(".present")).to_contain_text("Verdict: Usage.")
    ticket = town.context.desk.tickets.read("1")
    assert ticket.status == "closed"
    assert ticket.verdict is not None
    assert ticket.verdict.verdict is Verdict.USAGE


def test_a_ticket_is_assigned_by_key_and_by_control(page: Page, town: Town) -> None:
    """Key i takes it, the control gives it back or to another one."""
    town.context.accounts.add("otto", Role.TECHNICIAN)
    page.goto(f"{town.address}/tickets/2")
    control = page.get_by_label("Assigned to")
    expect(control).to_have_value("")

    page.keyboard.press("i")
    expect(control).to_have_value(TECHNICIAN)
    assert town.context.desk.tickets.read("2").assignee == TECHNICIAN
    control.focus()
    control.select_option("otto")
    expect(control).to_have_value("otto")
    assert town.context.desk.tickets.read("2").assignee == "otto"


def test_a_new_ticket_is_opened_from_anywhere(page: Page, town: Town) -> None:
    """Key c asks for appliance and words, and leads to the ticket."""
    page.goto(f"{town.address}/appliances")
    page.get_by_role("heading", level=1).wait_for()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="New ticket")
    dialog.get_by_label("Appliance").fill(FRIDGE)
    dialog.get_by_label("What is wrong").fill("The light stays on")
    dialog.get_by_role("button", name="Open the ticket").click()

    expect(page).to_have_url(re.compile(r"/tickets/\d+"))
    expect(page.get_by_role("heading", name=re.compile("The light stays on"))).to_be_visible()


def test_a_viewer_is_offered_nothing_that_would_be_refused(visitor: BrowserContext, town: Town) -> None:
    """No step, no comment, no session, no picking, no new ticket: only what may be read."""
    town.context.accounts.add("guest", Role.VIEWER)
    page = visitor.new_page()
    page.goto(f"{town.address}/login/{town.context.accounts.login_link('guest')}")
    page.goto(f"{town.address}/tickets/1")
    page.get_by_role("heading", level=1).first.wait_for()

    expect(page.locator(".ticket-steps button")).to_have_count(0)
    expect(page.get_by_label("Comment")).to_have_count(0)
    expect(page.get_by_role("button", name="Open remote session")).to_have_count(0)
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_is_no_longer_seen_is_said_in_heading_and_list(page: Page, town: Town) -> None:
    """A cleared finding is marked, and a verdict is asked for; a visit stands in the heading."""
    desk = town.context.desk
    desk.by("otto").tickets.step("3", TicketStep.COMMENT, StepBody(text="looked at it"))
    page.goto(f"{town.address}/tickets/2")

    expect(page.locator(".raise-now")).to_contain_text(re.compile(r"at raise · .* now"))


def test_a_view_is_kept_renamed_and_deleted_with_a_way_back(page: Page, town: Town) -> None:
    """What the address shows gets a name and a chip with its count; another way to the same list presses the same chip."""
    page.set_viewport_size({"width": 1440, "height": 2400})
    page.goto(f"{town.address}/queue?kind=refrigerator&view=unassigned")
    page.locator("a.row").first.wait_for()
    rows = page.locator("a.row").count()
    page.get_by_role("button", name="Keep this view").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Cold and nobody's")
    dialog.get_by_label("Shared with").select_option("technician")
    dialog.get_by_role("button", name="Save").click()
    chip = page.locator(".chips .chip", has_text="Cold and nobody's")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(chip.locator(".count")).to_have_text(str(rows))

    page.goto(f"{town.address}/queue")
    expect(chip).to_have_attribute("aria-pressed", "false")
    expect(chip.locator(".count")).to_have_text(str(rows))
    chip.click()
    expect(page).to_have_url(re.compile(r"view=unassigned&kind=refrigerator"))
    expect(page.locator("a.row")).to_have_count(rows)

    page.get_by_role("button", name="Change this view").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(chip).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(chip).to_have_attribute("aria-pressed", "true")
