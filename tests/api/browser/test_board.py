"""The dispatch board in a real browser: seen, weighed, planned and moved, by mouse and by keys alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from alerts.people.technician import Technician
from alerts.visits.reading import VisitFilter
from tests.api.browser.people import NAMES, send
from tests.api.browser.test_pages import choose, violations
from tests.api.browser.town import Town

pytestmark = pytest.mark.browser

TOMORROW = datetime.fromisoformat("2026-11-19T09:00:00+01:00")


def person(town: Town, name: str) -> Technician:
    """A technician of the town."""
    return next(one for one in town.context.desk.technicians.all() if one.name == name)


def cell(name: str, day: str) -> str:
    """Where a technician's day is on the board."""
    return f'[role=gridcell][aria-label^="{name}"][aria-label*="{day}"]'


def visits(town: Town) -> list[tuple[str, str]]:
    """Who goes when, in order."""
    found = town.context.desk.visits.all(VisitFilter())
    return sorted((one.technician, one.start.isoformat()) for one in found if one.status != "cancelled")


def test_a_ticket_is_given_a_day_by_keys_alone(page: Page, town: Town) -> None:
    """From the queue to a booked visit without a mouse, with what it costs shown before it is done."""
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Waiting for a visit")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_text("Who could go")).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator(".board-carried")).to_contain_text("choose a day")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("min of travel in all")
    expect(dialog).to_contain_text("Anna Weber")
    assert visits(town) == []
    assert violations(page) == []
    page.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    assert [who for who, _ in visits(town)] == ["Anna Weber"]
    expect(page.locator(".board-bar")).to_have_count(1)


def test_a_visit_is_dragged_to_somebody_else(page: Page, town: Town) -> None:
    """What it adds is shown first; the visit is moved once that is accepted, and not before."""
    send(town.context.desk, 4, person(town, NAMES[0]), TOMORROW)
    page.goto(f"{town.address}/board")

    page.locator(".board-bar").drag_to(page.locator(cell(NAMES[1], "20 Nov")))
    dialog = page.get_by_role("dialog", name="Move the visit of #4")
    expect(dialog).to_contain_text("Ben Okafor")
    expect(dialog).to_contain_text("min of travel in all")
    assert visits(town) == [(NAMES[0], "2026-11-19T08:00:00+00:00")]
    dialog.get_by_role("button", name="Move").click()

    expect(dialog).to_be_hidden()
    [(who, when)] = visits(town)
    assert (who, when[:10]) == (NAMES[1], "2026-11-20")


def test_what_speaks_against_a_change_is_said_before_it_is_made(page: Page, town: Town) -> None:
    """A day off needs a reason in words; without one the button stays closed."""
    page.goto(f"{town.address}/board?job=3")
    page.get_by_role("button", name="Choose a day on the board").click()
    page.locator(cell(NAMES[2], "18 Nov")).click()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")

    expect(dialog.get_by_role("alert")).to_contain_text("does not fit their day")
    expect(dialog.get_by_role("button", name="Book")).to_be_disabled()
    dialog.get_by_label(re.compile("Starts at")).fill("18:00")
    dialog.get_by_label("Why all the same").fill("She lives next door")
    dialog.get_by_role("button", name="Book").click()

    expect(dialog).to_be_hidden()
    expect(page.locator(".board-bar.amiss")).to_have_count(1)
    assert visits(town) == [(NAMES[2], "2026-11-18T17:00:00+00:00")]


def test_somebody_falls_ill_and_the_visits_go_elsewhere(page: Page, town: Town) -> None:
    """Shown first with what moves; kept, the absence is written down and the day's visits are with others."""
    anna = person(town, NAMES[0])
    send(town.context.desk, 4, anna, TOMORROW)
    send(town.context.desk, 3, anna, TOMORROW + timedelta(hours=3, minutes=30))
    page.goto(f"{town.address}/board")
    page.locator(cell(NAMES[0], "19 Nov")).click()
    page.keyboard.press("x")
    dialog = page.get_by_role("dialog", name=re.compile("Anna Weber is not there"))
    expect(dialog).to_contain_text("2 of 2")
    dialog.get_by_role("button", name="Write it down and move the visits").click()

    expect(dialog).to_contain_text("Done.")
    assert all(who != NAMES[0] for who, _ in visits(town))
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.locator(cell(NAMES[0], "19 Nov"))).to_have_attribute("aria-label", re.compile("sick"))


def test_a_day_is_planned_looked_at_and_kept(page: Page, town: Town) -> None:
    """What the plan books stands in the dialog before anything is booked."""
    page.goto(f"{town.address}/board?start=2026-11-19")
    expect(page.get_by_role("grid")).to_be_visible()
    page.keyboard.press("p")
    dialog = page.get_by_role("dialog", name=re.compile("The plan of"))
    expect(dialog.get_by_role("listitem").first).to_be_visible()
    assert visits(town) == []
    dialog.get_by_role("button", name="Keep this plan").click()

    expect(dialog).to_contain_text("Done.")
    assert len(visits(town)) == 2


def test_two_dispatchers_on_one_board(page: Page, town: Town) -> None:
    """A visit that somebody else moved meanwhile is not moved over their change; the board says so."""
    desk = town.context.desk
    ben, anna = person(town, NAMES[1]), person(town, NAMES[0])
    visit = send(desk, 4, anna, TOMORROW)
    page.goto(f"{town.address}/board")
    page.locator(cell(NAMES[0], "19 Nov")).click()
    page.get_by_role("button", name="Move").click()
    page.locator(cell(NAMES[1], "20 Nov")).click()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Move")).to_be_enabled()
    desk.visits.move(visit.id, ben.id, TOMORROW + timedelta(hours=2))
    dialog.get_by_role("button", name="Move").click()

    expect(dialog.get_by_role("alert")).to_be_visible()
    assert visits(town) == [(NAMES[1], "2026-11-19T10:00:00+00:00")]


def test_a_locked_visit_says_so(page: Page, town: Town) -> None:
    """By a key; and it is let go by the same."""
    send(town.context.desk, 4, person(town, NAMES[0]), TOMORROW)
    page.goto(f"{town.address}/board")
    page.locator(cell(NAMES[0], "19 Nov")).click()
    expect(page.locator(".board-visits > li")).to_contain_text("planned")

    page.keyboard.press("l")
    expect(page.locator(".board-visits > li")).to_contain_text("locked")
    page.keyboard.press("l")
    expect(page.locator(".board-visits > li")).not_to_contain_text("locked")


def test_the_board_on_its_first_day_says_what_is_needed(visitor: BrowserContext, empty_town: Town) -> None:
    """Nobody goes to homes yet: enter technicians first."""
    page = visitor.new_page()
    page.goto(empty_town.login_link())
    page.goto(f"{empty_town.address}/board")

    expect(page.get_by_role("heading", name="Nobody goes to homes yet")).to_be_visible()
    assert violations(page) == []


def test_the_board_in_chinese(page: Page, town: Town) -> None:
    """With visits and a panel open, clean for assistive technology."""
    send(town.context.desk, 4, person(town, NAMES[0]), TOMORROW)
    choose(page, language="zh")
    page.goto(f"{town.address}/board?at={person(town, NAMES[0]).id}~2026-11-19")

    expect(page.get_by_role("button", name="改约")).to_be_visible()
    assert violations(page) == []
