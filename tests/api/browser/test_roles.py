"""Each role begins where its work is, and does its main job from there without being told how."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from alerts.accounts.account import Role
from alerts.tickets.ticket import TicketChange
from ingest.books.books import FILE_NAME, Books, Entry
from ingest.books.judgement import Judgement
from tests.api.browser.test_pages import choose, violations
from tests.api.browser.test_settings import REFUSED
from tests.api.browser.town import NOW_MS, Town

pytestmark = pytest.mark.browser


def enter(visitor: BrowserContext, town: Town, role: Role) -> Page:
    """Somebody of this role, on the page that they begin with."""
    town.context.accounts.add("otto", role)
    page = visitor.new_page()
    page.goto(f"{town.address}/login/{town.context.accounts.login_link('otto')}")
    page.locator("main h1").first.wait_for(state="attached")
    return page


def test_a_technician_begins_with_what_is_theirs(visitor: BrowserContext, town: Town) -> None:
    """Where nothing is, what waits for somebody is one step away; what they take stands there from then on."""
    page = enter(visitor, town, Role.TECHNICIAN)
    expect(page).to_have_url(re.compile(r"/queue\?view=mine$"))
    page.get_by_role("link", name=re.compile(r"\d+ tickets wait for somebody")).click()
    page.locator("a.row[data-ticket='2']").click()
    page.get_by_role("heading", name=re.compile("Condenser is fouled")).wait_for()

    page.keyboard.press("i")

    expect(page.get_by_label("Assigned to")).to_have_value("otto")
    page.get_by_role("button", name=re.compile("^Mine")).click()
    expect(page.locator("a.row")).to_have_count(1)
    assert town.context.desk.tickets.read("2").assignee == "otto"


def test_a_dispatcher_hands_out_and_plans(visitor: BrowserContext, town: Town) -> None:
    """From all that is unassigned two go to a technician at once, and one gets its visit; all of it from the queue."""
    town.context.accounts.add("tess", Role.TECHNICIAN)
    page = enter(visitor, town, Role.DISPATCHER)
    expect(page).to_have_url(re.compile("/queue$"))
    page.get_by_role("button", name=re.compile("^Unassigned")).click()
    page.locator(".list .pick").first.wait_for(state="attached")
    for key in "xjxj":
        page.keyboard.press(key)
    bar = page.get_by_role("group", name="2 picked")
    bar.get_by_label("Assign").focus()
    bar.get_by_label("Assign").select_option("tess")
    expect(page.get_by_text("2 tickets are assigned")).to_be_visible()

    page.goto(f"{town.address}/tickets/3")
    page.get_by_role("button", name="Schedule").click()
    dialog = page.get_by_role("dialog", name="Schedule")
    dialog.get_by_label("Technician").fill("tess")
    dialog.get_by_label("From", exact=True).fill("2026-11-19T09:00")
    dialog.get_by_label("To", exact=True).fill("2026-11-19T11:00")
    assert violations(page) == []
    dialog.get_by_role("button", name="Schedule").click()

    expect(page.locator(".facts").get_by_text("scheduled", exact=True)).to_be_visible()
    ticket = town.context.desk.tickets.read("3")
    assert (ticket.assignee, ticket.status) == ("tess", "scheduled")
    assert sum(row == "tess" for row in town.context.desk.tickets.queue().columns["assignee"]) == 3


def test_a_manager_reads_what_it_comes_to_and_tries_another_rule(visitor: BrowserContext, town: Town) -> None:
    """A figure is as many tickets as the list behind it holds; another threshold is tried; the record is proved whole."""
    page = enter(visitor, town, Role.MANAGER)
    expect(page).to_have_url(re.compile("/insights$"))
    figure = page.get_by_role("listitem").filter(has_text="Open now").get_by_role("link")
    count = figure.text_content() or ""
    page.get_by_label("A finding is acted on").fill("0.9")
    expect(page.get_by_label("A finding is acted on")).to_have_attribute("aria-valuetext", "90%")

    figure.click()
    expect(page.get_by_role("button", name=f"Open {count}")).to_be_visible()
    page.goto(f"{town.address}/settings?tab=notices")
    page.get_by_role("button", name="Who would have been told last week?").click()
    expect(page.get_by_role("heading", name="The last seven days")).to_be_visible()
    page.goto(f"{town.address}/settings?tab=audit")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("Every entry fits the one before it.")).to_be_visible()


def test_an_operator_sees_what_is_not_well_and_mends_it(visitor: BrowserContext, town: Town) -> None:
    """What keeps the service from its work stands on the first page; what was refused is judged again from there."""
    books = Books.open(town.context.settings.data_dir / FILE_NAME)
    town.kept.append(books)
    books.commit(Entry(Judgement(1, NOW_MS, 2), dead_letters=[REFUSED, REFUSED]))
    town.troubles.append("broker: no broker at mqtt://b:1883")
    page = enter(visitor, town, Role.ADMIN)
    expect(page).to_have_url(re.compile("/operations$"))
    expect(page.get_by_text("no broker at mqtt://b:1883")).to_be_visible()
    expect(page.get_by_text("All is well")).to_have_count(0)

    page.get_by_role("button", name=re.compile("unknown appliance")).click()
    page.get_by_role("button", name="Judge all of them again").click()

    expect(page.get_by_role("status").filter(has_text="2 are being judged again")).to_be_visible()
    assert len(books.asked_letters(limit=9)) == 2


def test_what_stands_in_the_rules_is_said_in_chinese(page: Page, town: Town) -> None:
    """Roles and kinds of notices by their names, as the settings call them elsewhere."""
    choose(page, language="zh")
    page.goto(f"{town.address}/settings?tab=notices")
    row = page.get_by_role("row", name="breaches")

    expect(row).to_contain_text("经理")
    expect(page.get_by_role("row", name="mira")).to_contain_text("经理")
    expect(page.get_by_text("manager")).to_have_count(0)


def test_what_the_filter_is_told_in_chinese_is_found(page: Page, town: Town) -> None:
    """The words that the list shows are the words that are looked for."""
    choose(page, language="zh")
    page.goto(f"{town.address}/queue?q=冷凝器")

    expect(page.locator("a.row")).not_to_have_count(0)
    expect(page.locator("a.row").filter(has_not_text="冷凝器")).to_have_count(0)


def test_news_of_other_tickets_asks_for_nothing(page: Page, town: Town) -> None:
    """Rows come with the news; the queue as a whole is asked for once."""
    town.context.accounts.add("tess", Role.TECHNICIAN)
    page.goto(f"{town.address}/queue?t=1")
    page.get_by_role("heading", name=re.compile("Drain pump")).wait_for()
    page.wait_for_load_state("load")
    page.wait_for_timeout(500)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for number in ("3", "4", "5"):
        town.context.desk.by("somebody").tickets.change(number, TicketChange(frozenset({"assignee"}), assignee="tess"))
        expect(page.locator(f"a.row[data-ticket='{number}']").get_by_text("tess")).to_be_visible()

    assert asked == []
