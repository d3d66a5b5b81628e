"""What repairs promise on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.appliances.tables import appliances
from alerts.desk import Desk
from alerts.errors import ConflictError
from alerts.lifecycle import TicketState, TicketStep
from alerts.notices.tables import outbox
from alerts.people.technician import NewTechnician
from alerts.repairs.lifecycle import RepairState
from alerts.repairs.reading import RepairFilter
from alerts.repairs.repair import CallAnswer, RepairGroup
from alerts.repairs.tables import repairs
from alerts.stock.ledger import NewMovement
from alerts.stock.stock import MovementKind, NewStockPlace, PlaceKind
from alerts.tickets.ticket import Verdict, VerdictRecord
from detectors.finding import ConditionState
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, cleared, step_of


def repaired(desk: Desk, clock: ManualClock, appliance_id: str = "WM-0231", verdict: Verdict | None = None) -> str:
    """Find a fault, repair it, see it no more; the ticket's number. A verdict ends it, else the work does."""
    finding = replace(FINDING, appliance_id=appliance_id, raised_ms=clock.now_ms(), onset_ms=clock.now_ms() - HOUR_MS)
    desk.findings.commit(step_of(desk.findings.load().position + 1, finding))
    number = str(desk.tickets.page().items[0].number)
    desk.tickets.step(number, TicketStep.START)
    clock.advance(HOUR_MS)
    over = cleared(finding, clock.now_ms())
    desk.findings.commit(step_of(desk.findings.load().position + 1, over))
    if verdict is None:
        desk.tickets.step(number, TicketStep.FINISH)
    else:
        desk.tickets.judge(number, VerdictRecord(verdict))
    desk.tickets.step(number, TicketStep.CLOSE)
    desk.repairs.settle()
    return number


def hear(desk: Desk, clock: ManualClock, condition: ConditionState = ConditionState.OK) -> None:
    """All appliances are heard now, and judged."""
    values = {"last_seen_ms": clock.now_ms(), "condition": condition.value}
    desk.unit.write(lambda t: t.connection.execute(update(appliances).values(values)))


def come_back(desk: Desk, clock: ManualClock, appliance_id: str = "WM-0231") -> None:
    """The fault is found again now."""
    now_ms = clock.now_ms()
    again = replace(FINDING, appliance_id=appliance_id, raised_ms=now_ms, onset_ms=now_ms - 1, failure_window_ms=None)
    desk.findings.commit(step_of(desk.findings.load().position + 1, again))


def told(desk: Desk) -> set[str]:
    """The types of all notices."""
    return desk.unit.look(lambda t: set(t.connection.execute(select(outbox.c.type)).scalars()))


class RepairsSuite:
    """The promises of :class:`alerts.repairs.desk.Repairs`."""

    @pytest.mark.parametrize("verdict", [None, Verdict.CONFIRMED])
    def test_a_repair_that_stays_quiet_for_its_modes_time_has_held(
        self, desk: Desk, clock: ManualClock, verdict: Verdict | None
    ) -> None:
        """21 days, as the profile says for this mode: not a day before, and nobody is bothered."""
        number = repaired(desk, clock, verdict=verdict)
        watched = desk.tickets.read(number).watched_until
        clock.advance(21 * DAY_MS - 1)
        hear(desk, clock)
        early = desk.repairs.settle()
        clock.advance(1)

        decided = desk.repairs.settle()

        [repair] = desk.repairs.page().items
        ticket = desk.tickets.read(number)
        assert watched == repair.watched_until
        assert (early, decided, repair.state, repair.is_call_owed) == (0, 1, RepairState.HELD, False)
        assert (repair.proof or {})["by"] == "readings"
        assert (ticket.status, ticket.watched_until, ticket.history[-1].event) == (
            TicketState.CLOSED,
            None,
            "repair_held",
        )
        assert desk.repairs.settle() == 0

    def test_a_fault_that_comes_back_within_the_watch_opens_its_ticket_again_and_owes_a_call(
        self, desk: Desk, clock: ManualClock
    ) -> None:
        """After 20 days, when nothing but the watch opens old tickets again: one ticket, two episodes, a call."""
        number = repaired(desk, clock)
        clock.advance(20 * DAY_MS)
        come_back(desk, clock)

        decided = desk.repairs.settle()

        [repair] = desk.repairs.page(RepairFilter(is_call_owed=True)).items
        ticket = desk.tickets.read(number)
        assert (decided, repair.state, (repair.proof or {})["by"]) == (1, RepairState.CAME_BACK, "reopened")
        assert (ticket.status, ticket.episode, ticket.watched_until) == (TicketState.OPEN, 2, None)
        assert "repair_came_back" in {line.event for line in ticket.history}
        assert "ticket.repair_came_back" in told(desk)
        called = desk.repairs.call(repair.id, CallAnswer.NOT_REACHED)
        assert (called.is_call_owed, called.state) == (True, RepairState.CAME_BACK)
        assert not desk.repairs.call(repair.id, CallAnswer.CAME_BACK, "on Monday").is_call_owed
        with pytest.raises(ConflictError, match="No call is owed"):
            desk.repairs.call(repair.id, CallAnswer.HELD)

    def test_behind_the_watch_it_is_a_new_fault(self, desk: Desk, clock: ManualClock) -> None:
        """A day after its time: another ticket, and the repair has held."""
        repaired(desk, clock)
        clock.advance(21 * DAY_MS)
        hear(desk, clock)
        desk.repairs.settle()
        clock.advance(DAY_MS)
        come_back(desk, clock)
        desk.repairs.settle()

        assert [one.number for one in desk.tickets.page().items] == [2, 1]
        assert desk.repairs.page().items[0].state is RepairState.HELD

    @pytest.mark.parametrize(
        ("condition", "silent_days", "by"),
        [(ConditionState.LEARNING, 0, "cannot_say"), (ConditionState.OK, 4, "not_heard")],
    )
    def test_where_the_readings_cannot_know_the_customer_is_called(
        self, desk: Desk, clock: ManualClock, condition: ConditionState, silent_days: int, by: str
    ) -> None:
        """Silence is no proof; what the customer says decides, and *it came back* opens the ticket again."""
        for appliance_id in ("A", "B"):
            repaired(desk, clock, appliance_id)
        clock.advance((21 - silent_days) * DAY_MS)
        hear(desk, clock, condition)
        clock.advance(silent_days * DAY_MS)
        desk.repairs.settle()
        second, first = desk.repairs.page().items

        held = desk.by("Eve").repairs.call(first.id, CallAnswer.HELD, "runs well")
        back = desk.repairs.call(second.id, CallAnswer.CAME_BACK)

        assert [(one.state, (one.proof or {})["by"]) for one in (first, second)] == [(RepairState.UNKNOWN, by)] * 2
        assert (held.state, held.called_by, held.is_call_owed) == (RepairState.HELD, "Eve", False)
        assert (back.state, back.is_call_owed) == (RepairState.CAME_BACK, False)
        assert [desk.tickets.read(str(one.number)).status for one in (first, second)] == [
            TicketState.CLOSED, TicketState.OPEN,
        ]  # fmt: skip

    def test_what_was_no_repair_is_not_watched(self, desk: Desk, clock: ManualClock) -> None:
        """Nothing found, or closed unworked: no watch; a verdict that is changed later withdraws one."""
        repaired(desk, clock, "A", Verdict.NO_FAULT_FOUND)
        desk.findings.commit(step_of(9, replace(FINDING, appliance_id="B")))
        desk.tickets.step("2", TicketStep.CLOSE)
        number = repaired(desk, clock, "C")
        before = [one.appliance_id for one in desk.repairs.page().items]
        desk.tickets.judge(number, VerdictRecord(Verdict.USAGE))
        desk.repairs.settle()

        assert before == ["C"]
        assert desk.repairs.page().items[0].state is RepairState.WITHDRAWN
        assert desk.tickets.read(number).watched_until is None

    def test_repeats_by_technician_part_and_provider_by_hand(self, desk: Desk, clock: ManualClock) -> None:
        """Three repairs of Ada's with one part: one came back, one held, one is watched; half, of two.

        Asked of the hour before, nothing was known, whenever it is asked.
        """
        Accounts(desk.unit).add("ada", Role.TECHNICIAN)
        ada = desk.technicians.add(NewTechnician("Ada", account="ada"))
        depot = desk.stock.add_place(NewStockPlace("West", PlaceKind.DEPOT))
        desk.stock.move(NewMovement(depot.id, "00145", 9, MovementKind.RECEIVED))
        for appliance_id in ("A", "B", "C"):
            finding = replace(FINDING, appliance_id=appliance_id, raised_ms=clock.now_ms())
            desk.findings.commit(step_of(desk.findings.load().position + 1, finding))
            ticket_id = desk.tickets.page().items[0].id
            desk.by("ada").tickets.step(ticket_id, TicketStep.START)
            desk.stock.move(NewMovement(depot.id, "00145", 1, MovementKind.USED, ticket_id=ticket_id))
            desk.findings.commit(step_of(desk.findings.load().position + 1, cleared(finding, clock.now_ms())))
            desk.tickets.step(ticket_id, TicketStep.FINISH)
            desk.tickets.step(ticket_id, TicketStep.CLOSE)
            desk.repairs.settle()
            clock.advance(10 * DAY_MS)
        at, hour = clock.now(), timedelta(days=60)
        clock.advance(HOUR_MS)
        hear(desk, clock)
        come_back(desk, clock, "B")
        desk.repairs.settle()

        [rate] = desk.indicators.repairs(RepairGroup.TECHNICIAN, hour)
        [then] = desk.indicators.repairs(RepairGroup.TECHNICIAN, hour, at=at)

        assert (rate.key, rate.name, rate.repairs) == (ada.id, "Ada", 3)
        assert (rate.held, rate.came_back, rate.undecided, rate.share) == (1, 1, 1, 0.5)
        assert (rate.low, rate.high) == (0.0945, 0.9055)
        assert (then.held, then.came_back, then.share) == (0, 0, None)
        [part] = desk.indicators.repairs(RepairGroup.PART, hour)
        assert (part.key, part.share) == ("00145", 0.5)
        assert desk.indicators.repairs(RepairGroup.PROVIDER, hour) == ()
        quality = desk.indicators.families(hour)["quality"]["repairs_came_back"]
        assert (quality.value, quality.n) == (0.5, 2)
        assert len(list(desk.repairs.all(RepairFilter(sku="00145", technician_id=ada.id)))) == 3

    def test_what_comes_back_to_one_person_more_than_to_all_others_is_shown_to_them_first(
        self, desk: Desk, clock: ManualClock
    ) -> None:
        """Five of six came back to Ada, one of nine to Ben; she sees it now, her manager in two weeks, Ben has nothing."""
        Accounts(desk.unit).add("ada", Role.TECHNICIAN)
        ada = desk.technicians.add(NewTechnician("Ada", account="ada")).id
        ben = desk.technicians.add(NewTechnician("Ben")).id
        states = [(ada, "came_back")] * 5 + [(ada, "held")] + [(ben, "came_back")] + [(ben, "held")] * 8
        now_ms = clock.now_ms()
        rows = [
            {
                "id": f"re_{at}",
                "ticket_id": f"ti_{at}",
                "appliance_id": "A",
                "kind": "washing_machine",
                "fault_mode": "drain_clog",
                "state": state,
                "technician_id": who,
                "is_call_owed": False,
                "closed_ms": now_ms - DAY_MS,
                "until_ms": now_ms,
                "decided_ms": now_ms,
            }
            for at, (who, state) in enumerate(states)
        ]
        desk.unit.write(lambda t: t.connection.execute(insert(repairs), rows))

        own, others = desk.by("ada").repairs.own_training(), desk.by("ben").repairs.own_training()
        early = desk.repairs.training()
        clock.advance(14 * DAY_MS)
        late = desk.repairs.training()

        assert [(one.technician, one.fault_mode, one.decided, one.came_back) for one in own] == [
            ("Ada", "drain_clog", 6, 5)
        ]
        assert (own[0].others_decided, own[0].others_came_back) == (9, 1)
        assert (list(others), list(early), list(late)) == ([], [], list(own))
