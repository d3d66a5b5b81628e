"""Operations and settings as an operator uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from ingest.books.books import FILE_NAME, Books, Entry
from ingest.books.dead_letters import DeadLetter
from ingest.books.judgement import Judgement
from ingest.books.replays import Replayed
from ingest.wire.dead_letter import RefusalReason
from tests.api.browser.test_pages import choose, violations
from tests.api.browser.town import NOW_MS, Town

REFUSED = DeadLetter(
    0, "fettle/v1/dryer/D-7/telemetry", RefusalReason.UNKNOWN_APPLIANCE, "not registered", b'{"metrics": {}}'
)

pytestmark = pytest.mark.browser


def test_an_account_is_made_and_shut_out(page: Page, town: Town) -> None:
    """Name, role and password; what was wrong is said; a key is shown once."""
    page.goto(f"{town.address}/settings")
    page.get_by_role("button", name="New account").click()
    dialog = page.get_by_role("dialog", name="New account")
    dialog.get_by_label("Name").fill("otto")
    dialog.get_by_label("Role").select_option("dispatcher")
    dialog.get_by_label("with an API key").check()
    assert violations(page) == []
    dialog.get_by_role("button", name="New account").click()
    expect(dialog).to_contain_text("shown this once")
    dialog.get_by_role("button", name="Close").last.click()

    row = page.get_by_role("row", name="otto")
    row.get_by_role("button", name="Shut out").click()

    expect(row).to_contain_text("shut out")
    otto = next(one for one in town.context.accounts.all() if one.name == "otto")
    assert (otto.role, otto.disabled, len(otto.keys)) == ("dispatcher", True, 1)


def test_a_silence_is_made_and_lifted(page: Page, town: Town) -> None:
    """What is muted names its scope, its end and its reason."""
    page.goto(f"{town.address}/settings?tab=silences")
    page.get_by_role("button", name="Mute").click()
    dialog = page.get_by_role("dialog", name="Mute")
    expect(dialog.get_by_role("button", name="Mute")).to_be_disabled()
    dialog.get_by_label("Region").fill("north")
    dialog.get_by_label("Reason").fill("power works")
    dialog.get_by_role("button", name="Mute").click()

    row = page.get_by_role("row", name="power works")
    expect(row).to_contain_text("North")
    assert [one.reason for one in town.context.desk.silences.standing()] == ["power works"]
    row.get_by_role("button", name="Lift").click()
    expect(page.get_by_text("Nothing is muted.")).to_be_visible()


def test_the_audit_is_verified_by_a_button(page: Page, town: Town) -> None:
    """Who did what stands there, and whether the record is whole."""
    page.goto(f"{town.address}/settings?tab=audit")
    page.get_by_role("button", name="Verify").click()

    expect(page.get_by_text("Every entry fits the one before it.")).to_be_visible()
    expect(page.get_by_role("row", name="Account: added")).not_to_have_count(0)


def test_a_dead_letter_is_judged_again(page: Page, town: Town) -> None:
    """One or all of a reason; what is under way says so, and what was accepted leaves list and counts by itself."""
    books = Books.open(town.context.settings.data_dir / FILE_NAME)
    town.kept.append(books)
    books.commit(Entry(Judgement(1, NOW_MS, 2), dead_letters=[REFUSED, REFUSED]))
    page.goto(f"{town.address}/operations")
    page.get_by_text("D-7/telemetry").first.click()
    page.get_by_role("button", name="Judge again").click()

    expect(page.get_by_role("status").filter(has_text="1 is being judged again")).to_be_visible()
    assert [one.number for one in books.asked_letters(limit=9)] == [2]
    page.get_by_role("button", name="unknown appliance").click()
    page.get_by_role("button", name="Judge all of them again").click()
    expect(page.get_by_role("status").filter(has_text="2 are being judged again")).to_be_visible()
    assert violations(page) == []
    books.settle_replays([Replayed(1), Replayed(2)])
    expect(page.get_by_text("Every message could be accepted.")).to_be_visible()
    expect(page.get_by_role("button", name="unknown appliance")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "button", "title"), [("en", "last week", "The days ahead"), ("zh", "上周", "未来几天")]
)
def test_rules_are_tried_and_calendars_show_the_days_ahead(
    page: Page, town: Town, language: str, button: str, title: str
) -> None:
    """Who would have been told stands there after one press; both tabs fit a phone."""
    choose(page, language=language)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{town.address}/settings?tab=notices")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status").filter(has_text="0" if language == "zh" else "reach nobody")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.goto(f"{town.address}/settings?tab=calendars")
    expect(page.get_by_role("group", name=title)).to_contain_text("08:00–12:00 · 13:00–17:00")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
