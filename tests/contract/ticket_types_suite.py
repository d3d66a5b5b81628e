"""What types of tickets promise on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError
from alerts.lifecycle import TicketState, TicketStep
from alerts.rules.calendars import Policy
from alerts.rules.desk_rules import DeskRules
from alerts.tickets.reading import TicketFilter
from alerts.tickets.ticket import NewTicket, StepBody, TicketSource
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, step_of

COMPLAINT = NewTicket("WM-1", "Nobody came", type="complaint")
STEPS = {"heard": True, "result_told": True}
FORM = {"about": "manner", "result": "We said sorry"}


class TicketTypesSuite:
    """The promises of :mod:`alerts.tickets.typed`."""

    def test_a_type_says_how_tickets_come_in(self, desk: Desk) -> None:
        """Its first source where nobody says; another is refused, an unknown type too; lists are narrowed to one."""
        desk.appliances.register(("WM-1", "washing_machine"))
        complaint = desk.tickets.open(COMPLAINT)
        desk.tickets.open(NewTicket("WM-1", "It hums"))

        assert (complaint.type, complaint.source) == ("complaint", TicketSource.CUSTOMER)
        with pytest.raises(InvalidError, match="comes in by customer, hotline, store, not by technician"):
            desk.tickets.open(replace(COMPLAINT, source=TicketSource.TECHNICIAN))
        for ask in (
            lambda: desk.tickets.open(replace(COMPLAINT, type="party")),
            lambda: desk.tickets.page(TicketFilter(type="party")),
        ):
            with pytest.raises(InvalidError, match="type: 'party' is none of complaint, inspection"):
                ask()
        assert [one.number for one in desk.tickets.page(TicketFilter(type="complaint")).items] == [complaint.number]
        assert [one.type for one in desk.tickets.page().items] == ["repair", "complaint"]

    def test_it_ends_when_all_is_done_that_its_type_needs(self, desk: Desk) -> None:
        """Steps ticked off by whom, fields checked; cancelled is it without; opened again it begins anew."""
        desk.appliances.register(("WM-1", "washing_machine"))
        number = str(desk.tickets.open(COMPLAINT).number)
        desk.tickets.step(number, TicketStep.START)
        desk.by("Eve").tickets.fill(number, steps={"heard": True})
        with pytest.raises(InvalidError, match="has no 'dance'"):
            desk.tickets.fill(number, steps={"dance": True})
        for name, value, said in (("about", "weather", "one of quality, speed"), ("compensation", "much", "a number")):
            with pytest.raises(InvalidError, match=f"{name} is {said}"):
                desk.tickets.fill(number, form={name: value})
        with pytest.raises(ConflictError, match="result_told, about, result is missing"):
            desk.tickets.step(number, TicketStep.CLOSE)

        filled = desk.tickets.fill(number, steps=STEPS, form=FORM)
        closed = desk.tickets.step(number, TicketStep.CLOSE)

        assert [one.done_by for one in filled.work.checklist] == ["Eve", "fettle"]
        assert {one.name: one.value for one in filled.work.form} == {**FORM, "compensation": None}
        assert closed.status is TicketState.CLOSED
        with pytest.raises(ConflictError, match="reopen it"):
            desk.tickets.fill(number, form={"result": "?"})
        again = desk.tickets.step(number, TicketStep.REOPEN)
        assert [one.done_at for one in again.work.checklist] == [None, None]
        assert desk.tickets.step(number, TicketStep.CANCEL, StepBody(note="no")).status is TicketState.CANCELLED

    def test_a_complaint_has_a_clock_and_a_ladder_of_its_own(self, desk: Desk, clock: ManualClock) -> None:
        """72 hours whatever its priority; at once to the manager, a day later to the admin; a repair climbs the desk's own."""
        desk.appliances.register(("WM-1", "washing_machine"))
        complaint = desk.tickets.open(replace(COMPLAINT, priority=1))
        desk.findings.commit(step_of(1, FINDING))
        repair = desk.tickets.page().items[0]
        assert (complaint.clocks[1].within_s, complaint.clocks[1].policy) == (72 * 3600, "type complaint")
        assert (repair.clocks[1].policy or "").startswith("priority")

        for after_ms in (73 * HOUR_MS, DAY_MS, 30 * DAY_MS):
            clock.advance(after_ms)
            while desk.clocks.tell_late():
                pass

        def told(ref: str) -> list[tuple[int, str]]:
            lines = desk.tickets.read(ref).history
            return [
                (line.data["rung"], line.data["to"])
                for line in lines
                if line.event == "escalated" and line.data["clock"] == "resolve"
            ]

        assert told(complaint.id) == [(1, "manager"), (2, "admin")]
        assert told(repair.id) == [(1, "manager")]
        assert desk.clocks.follow_rules() == 0

    def test_a_policy_that_names_the_type_stands_before_its_hours(self, desk: Desk) -> None:
        """And one that names no type does not."""
        policies = (
            Policy(name="all", respond_hours=1, resolve_hours=2),
            Policy(name="angry", types=("complaint",), respond_hours=3, resolve_hours=48),
        )
        desk.appliances.register(("WM-1", "washing_machine"))

        def policy_of(*named: Policy) -> str | None:
            unit = replace(desk.unit, rules=DeskRules(policies=named))
            return replace(desk, unit=unit).tickets.open(COMPLAINT).clocks[1].policy

        assert policy_of(*policies) == "angry"
        assert policy_of(policies[0]) == "type complaint"
