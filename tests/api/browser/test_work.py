"""A technician at work: keys, steps, the session with the customer, and what happens when the service is away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from alerts.lifecycle import TicketStep
from alerts.tickets.ticket import StepBody
from tests.api.browser.test_pages import violations
from tests.api.browser.town import WASHER, Town

pytestmark = pytest.mark.browser


def test_the_queue_is_worked_by_keys_alone(page: Page, town: Town) -> None:
    """The keys j and k choose, Enter opens, Escape returns, / filters, ? tells all keys, g a leads to the appliances."""
    page.goto(f"{town.address}/queue")
    rows = page.locator("a.row")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")

    page.keyboard.press("j")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    chosen = rows.nth(1).get_attribute("data-ticket")
    expect(page).to_have_url(re.compile(rf"[?&]t={chosen}\b"))
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{town.address}/tickets/{chosen}")
    page.locator("main > article").wait_for()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{town.address}/queue?t={chosen}")

    rows.nth(0).wait_for()
    page.keyboard.press("/")
    page.keyboard.type("condenser")
    expect(page).to_have_url(re.compile("q=condenser"))
    expect(rows.filter(has_not_text="Condenser")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page).to_have_url(f"{town.address}/appliances")


def test_a_ticket_changes_its_type_and_changes_back(page: Page, town: Town) -> None:
    """Its form comes with it; the word that says so takes it back."""
    page.goto(f"{town.address}/tickets/1")
    kind = page.get_by_role("combobox", name="Type")
    kind.hover()
    kind.select_option(label="Inspection")
    expect(page.get_by_text("#1 is now: Inspection")).to_be_visible()
    expect(page.locator("#work-title")).to_be_visible()
    assert violations(page) == []

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back")).to_be_visible()
    expect(kind).to_have_value("repair")


def test_another_department_is_asked_and_answers(page: Page, town: Town) -> None:
    """Folded while nothing is asked; asked, it stands there with its answer."""
    page.goto(f"{town.address}/tickets/1")
    fold = page.locator("details", has_text="Tasks for other departments")
    fold.locator("summary").click()
    fold.get_by_label("Department").fill("Quality")
    fold.get_by_label("What is to be done").fill("Look at this batch")
    fold.get_by_role("button", name="Ask").click()
    expect(fold.locator("summary")).to_contain_text("1 open")
    assert violations(page) == []

    fold.get_by_role("button", name="Done").click()
    expect(fold.locator("li")).to_contain_text("done")


def test_the_palette_finds_tickets_and_appliances(page: Page, town: Town) -> None:
    """Ctrl-K and a few letters lead anywhere."""
    page.goto(f"{town.address}/queue")

    page.get_by_role("link", name=re.compile("#1 ")).first.wait_for()
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Page, ticket number").fill("0231")
    found = page.get_by_role("dialog").locator("button", has_text=f"{WASHER}Aqua")
    expect(found).to_be_visible()
    assert violations(page) == []
    found.click()

    expect(page).to_have_url(f"{town.address}/appliances/{WASHER}")


def test_only_legal_steps_are_offered_and_the_likely_one_comes_first(page: Page, town: Town) -> None:
    """A triaged ticket starts; what its state forbids is absent, not grey."""
    page.goto(f"{town.address}/tickets/3")
    expect(page.locator(".ticket-steps button").first).to_have_text(re.compile("Start work"))
    expect(page.get_by_role("button", name="Finish repair")).to_have_count(0)
    expect(page.get_by_role("button", name="Triage")).to_have_count(0)

    page.keyboard.press("n")

    expect(page.locator(".facts").get_by_text("in progress")).to_be_visible()
    expect(page.locator(".ticket-steps button").first).to_have_text(re.compile("Finish repair"))
    assert town.context.desk.tickets.read("3").status == "in_progress"


def test_a_hold_can_be_taken_back(page: Page, town: Town) -> None:
    """Nothing has left the house: for ten seconds the notice takes the step back."""
    page.goto(f"{town.address}/tickets/1")
    page.get_by_role("button", name="Hold").click()
    page.get_by_label("Reason").fill("waiting for the customer")
    page.get_by_role("dialog").get_by_role("button", name="Hold").click()
    expect(page.locator(".facts").get_by_text("on hold")).to_be_visible()

    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".facts").get_by_text("open", exact=True)).to_be_visible()
    assert town.context.desk.tickets.read("1").status == "open"


def test_a_hold_names_what_this_installation_waits_for(page: Page, town: Town) -> None:
    """The pauses of the rules stand beside the usual ones; a word that no catalogue knows is made readable."""
    found = {
        "items": [{"name": name, "stops": ["resolve"]} for name in ("part", "hold", "insurers_word")],
        "next": None,
    }
    page.route("**/api/v1/pauses", lambda route: route.fulfill(json=found))
    page.goto(f"{town.address}/tickets/1")
    page.get_by_role("button", name="Hold").click()

    options = page.get_by_label("Waits for").locator("option")

    expect(options).to_have_text(["Something else", "A part", "Insurers word"])


def test_comments_and_verdicts_are_given_by_key(page: Page, town: Town) -> None:
    """The key m comments, v judges; both stand in the timeline at once."""
    page.goto(f"{town.address}/tickets/4")
    page.get_by_role("heading", level=1).first.wait_for()

    page.keyboard.press("m")
    page.keyboard.type("Customer cleans the filter tonight.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline")).to_contain_text("Customer cleans the filter tonight.")
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    page.get_by_label("Usage").check()
    assert violations(page) == []
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert town.context.desk.tickets.read("4").verdict is not None


def test_a_step_on_a_stale_view_says_who_changed_what(page: Page, town: Town) -> None:
    """Whoever acts on what is no longer so changes nothing, reads who was faster, and gets the ticket as it is now."""
    page.route("**/api/v1/events", lambda route: route.abort())
    page.goto(f"{town.address}/tickets/1")
    page.get_by_role("button", name="Triage").wait_for()
    town.context.desk.by("somebody").tickets.step("1", TicketStep.START, StepBody(note="on my way"))

    page.get_by_role("button", name="Triage").click()

    notice = page.get_by_role("alert").filter(has_text="Someone was faster")
    expect(notice).to_contain_text("somebody: Start work → in progress")
    expect(notice).to_contain_text("on my way")
    assert town.context.desk.tickets.read("1").status == "in_progress"
    notice.get_by_role("button", name="Show it as it is now").click()
    expect(page.locator(".facts").get_by_text("in progress")).to_be_visible()
    expect(notice).to_have_count(0)


def test_changes_by_others_appear_by_themselves(page: Page, town: Town) -> None:
    """The event stream renews lists and the open ticket without a reload."""
    page.goto(f"{town.address}/queue?t=1")
    expect(page.locator(".facts").get_by_text("open", exact=True)).to_be_visible()

    town.context.desk.by("somebody").tickets.step("1", TicketStep.TRIAGE, StepBody())

    expect(page.locator(".facts").get_by_text("triaged")).to_be_visible()
    expect(page.locator("a.row[data-ticket='1']").get_by_text("triaged")).to_be_visible()


def test_a_session_goes_from_consent_to_values_to_its_end(page: Page, town: Town) -> None:
    """The customer's code opens it, a reading comes back with its proof, and End ends it; the transcript has it all."""
    page.goto(f"{town.address}/tickets/1")
    page.get_by_role("heading", level=1).first.wait_for()
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_role("button", name="Open remote session").click()
    expect(page).to_have_url(re.compile("/sessions/"))
    expect(page.get_by_text("needs the customer's consent").first).to_be_visible()
    assert violations(page) == []

    code = town.answer_commands()[WASHER]
    page.get_by_label("Consent code").fill("not it")
    page.get_by_role("button", name="Enter code").click()
    expect(page.get_by_text("That is not the code.")).to_be_visible()
    page.get_by_label("Consent code").fill(code)
    page.get_by_role("button", name="Enter code").click()
    page.get_by_role("button", name="Read all values now").click()
    expect(page.locator(".commands").get_by_text("snapshot.read")).to_be_visible()
    town.answer_commands()

    values = page.locator(".values")
    expect(values).to_contain_text("Duration of the last drain")
    log = page.get_by_role("log")
    for words in ("Session requested", "Wrong code", "Consent given", "Succeeded"):
        expect(log).to_contain_text(words)
    assert violations(page) == []
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_text("This session is over.")).to_be_visible()
    expect(page.get_by_role("button", name="Read all values now")).to_have_count(0)


def test_a_lost_connection_is_said_and_heals(browser: Browser, town: Town) -> None:
    """While the service can't be heard the pages keep what they have and say so; afterwards they are as before."""
    page = browser.new_page()  # with a clock that runs
    page.goto(town.login_link())
    page.goto(f"{town.address}/queue?t=1")
    expect(page.get_by_role("heading", name=re.compile("Drain pump"))).to_be_visible()

    town.hang_up()
    expect(page.get_by_text("No connection to Fettle")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("Drain pump"))).to_be_visible()
    assert violations(page) == []
    town.serve()

    expect(page.get_by_text("No connection to Fettle")).to_have_count(0)
    page.close()


def test_appliance_filters_live_in_the_address(page: Page, town: Town) -> None:
    """A filtered list can be shared as a link, and its rows are those that match."""
    page.goto(f"{town.address}/appliances?condition=alert&q=0231")
    expect(page.locator("[data-at]")).to_have_count(1)
    expect(page.locator("[data-at]")).to_contain_text(WASHER)

    page.goto(f"{town.address}/appliances")
    page.get_by_role("link", name="WM-1042").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("FR-0107")
    expect(page).to_have_url(re.compile("q=FR-0107"))
    expect(page.locator("[data-at]")).to_have_count(1)
