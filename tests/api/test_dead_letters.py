"""Dead letters over HTTP and on the command line: counted as listed, judged again when a manager asks, written down."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from alerts.accounts.account import Role
from api.http.app import place
from ingest.books.books import FILE_NAME, Books, Entry
from ingest.books.dead_letters import DeadLetter
from ingest.books.judgement import Judgement
from ingest.wire.dead_letter import RefusalReason
from tests.api.house import NOON_MS, House


@pytest.fixture
def books(house: House) -> Iterator[Books]:
    """Three letters: two that can be judged again, and one that contradicts what is stored."""
    made = Books.open(house.context.settings.data_dir / FILE_NAME)
    reasons = (RefusalReason.UNKNOWN_APPLIANCE, RefusalReason.UNKNOWN_APPLIANCE, RefusalReason.EQUIVOCATION)
    letters = [DeadLetter(n, f"a/{n}", reason, "why", b"{}") for n, reason in enumerate(reasons)]
    made.commit(Entry(Judgement(1, NOON_MS, 3), dead_letters=letters))
    place(house.app, dataclasses.replace(house.context, books=lambda: made))
    yield made
    made.close()


def test_counts_agree_with_the_list(house: House, books: Books) -> None:
    """As many are counted of each reason as its list has."""
    counts = {one["reason"]: one["kept"] for one in house.get("/dead-letters/counts", Role.VIEWER).json()["items"]}

    assert counts == {"unknown_appliance": 2, "equivocation": 1}
    assert len(house.get("/dead-letters?reason=unknown_appliance").json()["items"]) == 2
    assert books.cursor("admit") == 1


def test_a_letter_is_asked_for_once_and_the_audit_says_by_whom(house: House, books: Books) -> None:
    """Asked for again, nothing more is done; the list says that it is under way."""
    first = house.post("/dead-letters/1/replay", role=Role.MANAGER)
    second = house.post("/dead-letters/1/replay", role=Role.MANAGER)

    assert (first.status_code, first.json()) == (202, {"asked": 1, "named": 1})
    assert second.json() == {"asked": 0, "named": 1}
    assert [one.number for one in books.asked_letters(limit=9)] == [1]
    shown = {one["number"]: one["asked_at"] for one in house.get("/dead-letters").json()["items"]}
    assert shown[1] is not None
    assert shown[2] is None
    entry = house.context.desk.audit.page().items[0]
    assert (entry.actor, entry.action, entry.subject_id) == ("manager", "dead_letters.replay", "1")


def test_all_of_a_reason_are_asked_for(house: House, books: Books) -> None:
    """Those that can be judged again, and no others."""
    assert house.post("/dead-letters/replay", {"reason": "unknown_appliance"}).json() == {"asked": 2, "named": 2}
    assert house.post("/dead-letters/replay", {"reason": "equivocation"}).json() == {"asked": 0, "named": 0}
    assert [one.number for one in books.asked_letters(limit=9)] == [1, 2]


@pytest.mark.parametrize(("number", "status", "word"), [(3, 409, "contradicts"), (77, 404, "no dead letter")])
def test_what_can_not_be_judged_again_says_why(house: House, books: Books, number: int, status: int, word: str) -> None:
    """Nothing is asked for and nothing is written down."""
    answer = house.post(f"/dead-letters/{number}/replay")

    assert answer.status_code == status
    assert word in answer.json()["detail"]
    assert books.asked_letters(limit=9) == []
    assert "dead_letters.replay" not in {one.action for one in house.context.desk.audit.page().items}


def test_only_a_manager_asks(house: House, books: Books) -> None:
    """A dispatcher reads and does not judge."""
    assert house.post("/dead-letters/1/replay", role=Role.DISPATCHER).status_code == 403
    assert books.asked_letters(limit=9) == []
