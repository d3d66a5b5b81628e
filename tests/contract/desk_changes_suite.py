"""What changes by hand, orders of lists and episodes promise on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError, StaleViewError
from alerts.lifecycle import TicketState, TicketStep
from alerts.tickets.reading import Sort, TicketFilter
from alerts.tickets.ticket import NewTicket, StepBody, Ticket, TicketChange, Verdict, VerdictRecord, Visit
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, step_of


def changing(**values: object) -> TicketChange:
    """A change of these fields."""
    return TicketChange(frozenset(values), **values)  # type: ignore[arg-type]  # the test's words are right


def place_of(ticket: Ticket, sort: Sort) -> tuple[object, ...]:
    """Where a ticket stands in an order, as people would say it."""
    priority = ticket.priority if sort is Sort.URGENCY else 0
    return (ticket.status is TicketState.CLOSED, priority, ticket.sla.resolve_by, ticket.number)


class DeskChangesSuite:
    """The promises of :meth:`alerts.tickets.desk.Tickets.change`, of sorted pages and of episodes."""

    def test_what_a_person_changes_stands_with_before_and_after(self, desk: Desk) -> None:
        """Title, priority, assignee and visit are changed together, told once, and null takes each away again."""
        Accounts(desk.unit).add("tess", Role.TECHNICIAN)
        desk.findings.commit(step_of(1, FINDING))
        ours = desk.tickets.read("1")
        visit = Visit(from_ms(NOW_MS + DAY_MS), from_ms(NOW_MS + DAY_MS + HOUR_MS))

        changed = desk.by("dora").tickets.change(
            "1", changing(title=" Pump ", priority=1, assignee="tess", visit=visit), expected_version=ours.version
        )
        cleared = desk.by("dora").tickets.change("1", changing(priority=None, assignee=None, visit=None))

        assert (changed.title, changed.priority, changed.assignee, changed.visit) == ("Pump", 1, "tess", visit)
        assert changed.version == ours.version + 1
        assert (cleared.priority, cleared.assignee, cleared.visit) == (ours.priority, None, None)
        first = cleared.history[-2]
        assert (first.actor, first.event, first.data["priority"]) == (
            "dora",
            "changed",
            {"from": ours.priority, "to": 1},
        )
        audited = desk.audit.page().items[0]
        assert audited.action == "ticket.changed"
        assert audited.data["assignee"] == {"from": "tess", "to": None}

    def test_a_change_that_changes_nothing_leaves_no_trace(self, desk: Desk) -> None:
        """The same title again is neither a version nor a line of history."""
        desk.findings.commit(step_of(1, FINDING))
        before = desk.tickets.read("1")

        assert desk.tickets.change("1", changing(title=before.title, assignee=None)) == before

    def test_what_can_not_be_is_refused_and_changes_nothing(self, desk: Desk) -> None:
        """No title, a priority of five, nobody's name, a visit long ago or of no length, a stale view, a closed ticket."""
        accounts = Accounts(desk.unit)
        accounts.add("gone", Role.TECHNICIAN)
        accounts.change("gone", disabled=True)
        desk.findings.commit(step_of(1, FINDING))
        before = desk.tickets.read("1")
        long_ago = Visit(from_ms(NOW_MS - 400 * DAY_MS), from_ms(NOW_MS - 399 * DAY_MS))
        backwards = Visit(from_ms(NOW_MS + DAY_MS), from_ms(NOW_MS))

        for odd in ({"title": " "}, {"priority": 5}, {"assignee": "nobody-such"}, {"assignee": "gone"}):
            with pytest.raises(InvalidError):
                desk.tickets.change("1", changing(**odd))
        for visit in (long_ago, backwards):
            with pytest.raises(InvalidError):
                desk.tickets.change("1", changing(visit=visit))
        with pytest.raises(StaleViewError):
            desk.tickets.change("1", changing(priority=1), expected_version=before.version + 1)
        assert desk.tickets.read("1") == before
        desk.tickets.step("1", TicketStep.CLOSE)
        with pytest.raises(ConflictError, match="reopen"):
            desk.tickets.change("1", changing(priority=1))

    def test_a_step_takes_assignee_and_visit_away(self, desk: Desk) -> None:
        """Schedule with null clears what stood; a name that nobody has is refused."""
        Accounts(desk.unit).add("tess", Role.TECHNICIAN)
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.TRIAGE)
        planned = StepBody(assignee="tess", visit_from=from_ms(NOW_MS + DAY_MS))
        assert desk.tickets.step("1", TicketStep.SCHEDULE, planned).assignee == "tess"

        nothing = StepBody(clears=frozenset({"assignee", "visit_from"}))
        cleared = desk.tickets.step("1", TicketStep.SCHEDULE, nothing)

        assert (cleared.assignee, cleared.visit) == (None, None)
        with pytest.raises(InvalidError, match="nobody-such"):
            desk.tickets.step("1", TicketStep.SCHEDULE, StepBody(assignee="nobody-such"))

    def test_a_list_of_what_is_somebodys_is_of_somebody_who_was_ever_here(self, desk: Desk) -> None:
        """An account without work, one that is shut out, and a name that only a ticket bears are known; any other is refused."""
        accounts = Accounts(desk.unit)
        for name in ("idle", "gone"):
            accounts.add(name, Role.TECHNICIAN)
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.change("1", changing(assignee="gone"))
        accounts.change("gone", disabled=True)
        desk.findings.commit(step_of(2, replace(FINDING, appliance_id="WM-2")))
        desk.by("left long ago").tickets.step("2", TicketStep.START)

        found = {
            name: [ticket.number for ticket in desk.tickets.page(TicketFilter(assignee=name)).items]
            for name in ("idle", "gone", "left long ago")
        }

        assert found == {"idle": [], "gone": [1], "left long ago": [2]}
        for odd in ("gonE", "nobody-such", " "):
            with pytest.raises(InvalidError, match="assignee: there is no account"):
                desk.tickets.page(TicketFilter(assignee=odd))

    def test_lists_come_in_the_order_of_due_and_of_urgency(self, desk: Desk, clock: ManualClock) -> None:
        """Page by page as all at once, what is over last, and what is held is due later; a cursor of another order is refused."""
        chance = random.Random(4)
        for number in range(1, 24):
            desk.findings.commit(step_of(number, replace(FINDING, appliance_id=f"WM-{number}")))
            desk.tickets.change(str(number), changing(priority=chance.randint(1, 4)))
            clock.advance(chance.randint(0, 3) * HOUR_MS)
        desk.tickets.step("3", TicketStep.HOLD, StepBody(reason="part"))
        desk.tickets.step("1", TicketStep.CLOSE)
        clock.advance(9 * HOUR_MS)

        for sort in (Sort.DUE, Sort.URGENCY):
            wanted = TicketFilter(sort=sort)
            everything = desk.tickets.page(wanted).items
            assert list(everything) == sorted(everything, key=lambda ticket: place_of(ticket, sort))
            paged: list[Ticket] = []
            cursor: str | None = None
            while not paged or cursor is not None:
                page = desk.tickets.page(wanted, cursor=cursor, limit=5)
                paged += page.items
                cursor = page.next
            assert [ticket.number for ticket in paged] == [ticket.number for ticket in everything]
        cursor = desk.tickets.page(TicketFilter(sort=Sort.DUE), limit=1).next
        with pytest.raises(InvalidError, match="cursor"):
            desk.tickets.page(TicketFilter(sort=Sort.URGENCY), cursor=cursor)

    def test_a_ticket_that_is_opened_again_begins_a_new_episode(self, desk: Desk, clock: ManualClock) -> None:
        """Its number grows, its clocks begin anew, and how the one before ended is counted as it was: late, and confirmed."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.START)
        desk.tickets.judge("1", VerdictRecord(Verdict.CONFIRMED))
        clock.advance(4 * DAY_MS)
        desk.tickets.step("1", TicketStep.CLOSE)
        clock.advance(300 * DAY_MS)

        reopened = desk.tickets.step("1", TicketStep.REOPEN)
        between = desk.indicators.over(timedelta(days=365))
        clock.advance(HOUR_MS)
        desk.tickets.step("1", TicketStep.CLOSE)
        figures = desk.indicators.over(timedelta(days=365))

        assert reopened.episode == 2
        [line] = [entry for entry in reopened.history if entry.event == "reopen"]
        assert line.data["former_episode"] == 1
        assert line.data["former_resolve_by_ms"] == NOW_MS + 3 * DAY_MS
        assert (between.closed, between.verdicts["confirmed"], between.solved_within_sla) == (1, 1, 0.0)
        assert (figures.closed, figures.solved_within_sla, figures.median_hours_to_close) == (2, 0.5, (96 + 1) / 2)

    def test_a_verdict_after_the_end_is_counted(self, desk: Desk) -> None:
        """What is found out after closing belongs to the episode that was closed."""
        desk.findings.commit(step_of(1, FINDING))
        desk.tickets.step("1", TicketStep.CLOSE)
        desk.tickets.judge("1", VerdictRecord(Verdict.USAGE))

        assert desk.indicators.over(timedelta(days=1)).verdicts["usage"] == 1

    def test_a_ticket_by_hand_keeps_its_priority(self, desk: Desk) -> None:
        """Who opens a ticket by hand has set its priority."""
        desk.findings.commit(step_of(1, FINDING))

        assert desk.tickets.open(NewTicket("WM-0231", "noise", priority=4)).priority == 4
