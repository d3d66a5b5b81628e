"""A technician's own visits on a phone: worked at the door, without network, and what happens when the network is back."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from alerts.visits.lifecycle import VisitStep
from tests.api.browser.people import NAMES, send
from tests.api.browser.test_pages import choose, violations
from tests.api.browser.town import Town

pytestmark = pytest.mark.browser

AT_TWO = datetime.fromisoformat("2026-11-18T14:00:00+01:00")


@pytest.fixture
def phone(page: Page, town: Town) -> tuple[Page, str]:
    """A phone that shows the visits of the day, one of them, whose id stands beside it."""
    anna = next(one for one in town.context.desk.technicians.all() if one.name == NAMES[0])
    visit = send(town.context.desk, 4, anna, AT_TWO)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{town.address}/visits")
    expect(page.get_by_role("button", name="I am there")).to_be_visible()
    return page, visit.id


def fill(page: Page) -> None:
    """The record of a repair, with the likely part."""
    page.get_by_role("button", name="Add a part").click()
    page.get_by_label("Serial").fill("SN-77")
    page.get_by_label("What was done").fill("New inlet valve")
    page.get_by_role("radio", name="Yes").check()
    page.get_by_label("Minutes of work").fill("35")
    page.get_by_label("Signed by").fill("Li Na")


def test_a_visit_is_worked_on_a_phone(phone: tuple[Page, str], town: Town) -> None:
    """On the way, there, record; the desk has it with part, minutes and signature."""
    page, visit_id = phone
    page.get_by_role("button", name="On my way").click()
    page.get_by_role("button", name="I am there").click()
    fill(page)
    assert violations(page) == []
    page.get_by_role("button", name="Finish").click()

    expect(page.get_by_role("heading", name="done")).to_be_visible()
    expect(page.get_by_text("not sent yet")).to_have_count(0)
    record = town.context.desk.visits.read(visit_id).record or {}
    assert (record["work"], record["minutes"], record["signed_by"]) == ("New inlet valve", 35, "Li Na")
    assert record["parts"][0]["serial"] == "SN-77"


def test_visits_are_a_touch_away_on_a_phone_alone(phone: tuple[Page, str], town: Town) -> None:
    """From the queue by the rail of a phone; a desk has its key and the palette, and a short rail."""
    page, _ = phone
    page.goto(f"{town.address}/queue")
    visits = page.get_by_role("navigation", name="Main").get_by_role("link", name="Visits")
    visits.click()
    expect(page.get_by_role("button", name="I am there")).to_be_visible()

    page.set_viewport_size({"width": 1440, "height": 900})

    expect(visits).to_be_hidden()


def test_a_visit_without_network_is_told_once_it_is_back(phone: tuple[Page, str], town: Town) -> None:
    """The page is opened anew in the cellar, its steps wait, and are taken in order when there is a network."""
    page, visit_id = phone
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    expect(page.get_by_role("button", name="I am there")).to_be_visible()
    page.context.set_offline(True)
    page.reload()
    page.get_by_role("button", name="I am there").click()
    fill(page)
    page.reload()
    expect(page.get_by_label("What was done")).to_have_value("New inlet valve")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("2 steps are not sent yet")).to_be_visible()
    assert town.context.desk.visits.read(visit_id).status == "planned"

    page.context.set_offline(False)

    expect(page.get_by_text("not sent yet")).to_have_count(0)
    assert town.context.desk.visits.read(visit_id).status == "done"


def test_what_was_called_off_meanwhile_is_said_and_nothing_is_lost(phone: tuple[Page, str], town: Town) -> None:
    """The record of a visit that the desk had called off goes into the ticket's history instead."""
    page, visit_id = phone
    page.context.set_offline(True)
    page.get_by_role("button", name="I am there").click()
    fill(page)
    page.get_by_role("button", name="Finish").click()
    town.context.desk.visits.step(visit_id, VisitStep.CANCEL)
    page.context.set_offline(False)

    refused = page.get_by_role("alert").filter(has_text="“Finish” of #4 was not taken")
    expect(refused).to_contain_text("New inlet valve")
    refused.get_by_role("button", name="Write it into the ticket's history").click()
    expect(refused).to_have_count(0)
    notes = [one.note or "" for one in town.context.desk.tickets.read("4").history]
    assert any("New inlet valve" in note for note in notes)


def test_the_page_in_chinese(phone: tuple[Page, str], town: Town) -> None:
    """Clean for assistive technology, at 390 px."""
    page, _ = phone
    choose(page, language="zh")
    page.goto(f"{town.address}/visits")

    expect(page.get_by_role("button", name="已到达")).to_be_visible()
    assert violations(page) == []
