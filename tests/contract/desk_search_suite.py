"""What is found by words on every database; a subclass provides ``desk``."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.appliances.directory import ApplianceFilter, ApplianceSort
from alerts.appliances.searching import note_search
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.desk import Desk
from alerts.errors import InvalidError
from alerts.lifecycle import OVER, TicketStep
from alerts.page import Page, all_pages
from alerts.tickets import searching
from alerts.tickets.reading import Sort, TicketFilter
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import NewTicket, StepBody, Ticket, TicketChange
from detectors.finding import Condition, ConditionState, DetectCommit
from detectors.reasons import ReasonCode, reason
from ingest.clock import ManualClock
from tests.alerts.made import HOUR_MS


class DeskSearchSuite:
    """The promises of ``q``."""

    @pytest.fixture
    def told(self, desk: Desk) -> Desk:
        """A desk with two tickets, each told in its own words."""
        Accounts(desk.unit).add("mira.suedost", Role.TECHNICIAN)
        desk.appliances.register(("WM-1", "washing_machine"), ("WM-2", "washing_machine"))

        def say(t: Transaction) -> None:
            told = {"serial": "SN-4711/Ä", "model": "Öko_100%", "region": "İzmir"}
            t.connection.execute(update(appliances).where(appliances.c.id == "WM-1").values(**told))
            note_search(t, ["WM-1"])

        desk.unit.write(say)
        desk.tickets.open(NewTicket("WM-1", "ÜBERHITZT", description="Gro\u0308ßte Hitze; 排水泵漏水"))
        desk.tickets.open(NewTicket("WM-2", "50 % noisy", fault_mode=None))
        desk.tickets.change("2", TicketChange(frozenset({"assignee"}), assignee="mira.suedost"))
        desk.tickets.step("2", TicketStep.COMMENT, StepBody(text="The neighbour's ﬁlter whistles"))
        return desk

    @pytest.mark.parametrize(
        ("q", "numbers"),
        [
            ("überhitzt", [1]),
            ("u\u0308berhitzt", [1]),
            ("UBERHITZT", [1]),
            ("größte hitze", [1]),
            ("GRÖSSTE", [1]),
            ("漏水", [1]),
            ("排水泵", [1]),
            ("泵", [1]),
            ("4711", [1]),
            ("sn-4711/ä", [1]),
            ("öko_100%", [1]),
            ("izmir", [1]),
            ("MIRA.Suedost", [2]),
            ("filter WHISTLES", [2]),
            ("whistles izmir", []),
            ("50 %", [2]),
            ('"', []),
            ("' OR 1", []),
            ("wm-", [2, 1]),
            ("#2", [2]),
            ("2", [2]),
            ("drain AND", []),
        ],
    )
    def test_tickets_are_found_by_what_is_said_of_them(self, told: Desk, q: str, numbers: list[int]) -> None:
        """In any case, composed or not, in every field, in Chinese, and no sign means anything but itself."""
        found = told.tickets.page(TicketFilter(q=q)).items

        assert [ticket.number for ticket in found] == numbers

    @pytest.mark.parametrize(("q", "ids"), [("IZMIR", ["WM-1"]), ("ä", ["WM-1"]), ("wm-2", ["WM-2"]), ("%", ["WM-1"])])
    def test_appliances_are_found_in_any_case(self, told: Desk, q: str, ids: list[str]) -> None:
        """By id, model, serial and region, as the same letters whatever their case."""
        assert [one.id for one in told.appliances.page(ApplianceFilter(q=q)).items] == ids

    def test_words_that_many_have_are_found_as_well(self, told: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where a word is too frequent to name who has it, the list is read through: the answer is the same, in every order."""
        monkeypatch.setattr(searching, "FEW", 0)
        found = {
            (q, sort): [ticket.number for ticket in told.tickets.page(TicketFilter(q=q, sort=sort)).items]
            for q in ("überhitzt", "泵", "izmir", "wm-", "whistles izmir", "öko_100%", "2")
            for sort in Sort
        }

        for sort in Sort:
            assert [found[q, sort] for q in ("überhitzt", "泵", "izmir", "öko_100%")] == [[1]] * 4
            assert sorted(found["wm-", sort]) == [1, 2]
            assert (found["whistles izmir", sort], found["2", sort]) == ([], [2])

    @pytest.mark.parametrize("sort", [Sort.URGENCY, Sort.DUE])
    def test_a_queue_comes_page_by_page_in_its_order(self, desk: Desk, clock: ManualClock, sort: Sort) -> None:
        """What is over last, then by priority where that counts, by due time with what was held, the oldest first; all stand still between pages."""
        now_ms, chance = clock.now_ms(), random.Random(5)
        rows = [
            {
                "number": n,
                "id": f"tk_{n}",
                "appliance_id": f"WM-{n % 7}",
                "kind": "washing_machine",
                "fault_mode": f"mode_{n}",
                "title": "noisy",
                "status": chance.choice(["open", "open", "triaged", "on_hold", "closed", "cancelled"]),
                "priority": chance.randint(1, 3),
                "source": "customer",
                "opened_ms": now_ms,
                "respond_by_ms": now_ms,
                "resolve_by_ms": now_ms + chance.choice([-1, 0, 0, 1, 2]) * HOUR_MS,
                "paused_ms": chance.choice([None, None, now_ms - HOUR_MS, now_ms + HOUR_MS]),
                "stopped": chance.choice(["respond resolve", "respond", ""]),
            }
            for n in range(1, 61)
        ]
        desk.unit.write(lambda t: t.connection.execute(insert(tickets), rows))

        def place(row: dict[str, Any]) -> tuple[int, ...]:
            is_held = row["paused_ms"] is not None and "resolve" in row["stopped"]
            held_ms = max(0, now_ms - row["paused_ms"]) if is_held else 0
            priority = row["priority"] if sort is Sort.URGENCY else 0
            return (row["status"] in OVER, priority, row["resolve_by_ms"] + held_ms, row["number"])

        def page(cursor: str | None) -> Page[Ticket]:
            found = desk.tickets.page(TicketFilter(sort=sort), cursor=cursor, limit=4)
            clock.advance(HOUR_MS)
            return found

        numbers = [ticket.number for ticket in all_pages(page)]

        assert numbers == [row["number"] for row in sorted(rows, key=place)]

    def test_what_is_said_no_more_is_found_no_more(self, told: Desk) -> None:
        """A title that was changed is found by its new words."""
        told.tickets.change("1", TicketChange(frozenset({"title"}), title="Leaks"))

        assert [ticket.number for ticket in told.tickets.page(TicketFilter(q="leaks")).items] == [1]
        assert told.tickets.page(TicketFilter(q="überhitzt")).items == ()

    @pytest.mark.parametrize("q", ["\x00", "a\x07b", "\u200b\u200b"])
    def test_a_question_of_nothing_is_refused(self, told: Desk, q: str) -> None:
        """Control characters and invisible text are no words."""
        with pytest.raises(InvalidError, match="q "):
            told.tickets.page(TicketFilter(q=q))

    @pytest.mark.parametrize(
        ("sort", "ids"),
        [
            (ApplianceSort.NEWEST, "EDCBA"),
            (ApplianceSort.GRAVEST, "BDECA"),
            (ApplianceSort.SEEN, "ADCBE"),
            (ApplianceSort.SILENT, "EDCBA"),
            (ApplianceSort.FAILING, "CDAEB"),
        ],
    )
    def test_appliances_come_in_an_order_page_by_page(self, desk: Desk, sort: ApplianceSort, ids: str) -> None:
        """Each appliance once, also where many are equal; what was never judged is still learning; all are counted."""
        conditions, seen = ("ok", "alert", "learning", "watch", None), (9, 5, 5, 5, None)
        failing = (0.01, None, 0.5, 0.25, None)
        desk.appliances.register(*((name, "dryer") for name in "ABCDE"))

        def say(t: Transaction) -> None:
            for name, condition, seen_ms, fails in zip("ABCDE", conditions, seen, failing, strict=True):
                values = {"condition": condition, "last_seen_ms": seen_ms, "failing_30d": fails}
                t.connection.execute(update(appliances).where(appliances.c.id == name).values(**values))

        desk.unit.write(say)
        wanted = ApplianceFilter(sort=sort)

        found = all_pages(lambda cursor: desk.appliances.page(wanted, cursor=cursor, limit=2))

        assert "".join(one.id for one in found) == ids
        assert desk.appliances.count(wanted) == 5
        assert desk.appliances.count(ApplianceFilter(q="A")) == 1
        assert [one.id for one in desk.appliances.page(ApplianceFilter(failing_30d_min=0.25)).items] == ["D", "C"]
        desk.appliances.retire("C")
        assert desk.appliances.count(ApplianceFilter(failing_30d_min=0.25)) == 1

    def test_what_is_said_of_failing_is_kept_until_something_else_is_said(self, desk: Desk) -> None:
        """An alert between two days leaves it; its end, of which nothing is known yet, takes it away."""
        ok = Condition("A", "dryer", ConditionState.OK, reason(ReasonCode.USUAL, span="day"), 1, {"motor": 1.0}, 0.04)
        alert = replace(ok, state=ConditionState.ALERT, health={}, failing_30d=None)
        said = []
        for position, one in enumerate([ok, alert, replace(alert, state=ConditionState.LEARNING)], start=1):
            desk.appliances.register(("A", "dryer"))
            desk.findings.commit(DetectCommit(position, {}, None, (), (one,)))
            said.append(desk.appliances.read("A").failing_30d)

        assert said == [0.04, 0.04, None]
