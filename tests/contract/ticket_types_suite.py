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
from alerts.tickets.ticket import NewTicket, StepBody, TicketChange, TicketSource
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

    def test_a_type_that_is_changed_takes_form_and_clocks_along(self, desk: Desk) -> None:
        """A repair becomes a complaint with its hours and its form; changed back, what was ticked off is there again."""
        desk.appliances.register(("WM-1", "washing_machine"))
        before = desk.tickets.open(NewTicket("WM-1", "Nobody came"))
        number = str(before.number)
        change = TicketChange(frozenset({"type"}), type="complaint")

        changed = desk.by("Eve").tickets.change(number, change)
        desk.tickets.fill(number, steps={"heard": True})
        back = desk.tickets.change(number, TicketChange(frozenset({"type"})))
        again = desk.tickets.change(number, change)

        assert (changed.type, changed.version) == ("complaint", before.version + 1)
        assert changed.history[-1].data == {"type": {"from": "repair", "to": "complaint"}}
        assert [one.within_s for one in changed.clocks if one.name == "resolve"] == [72 * 3600]
        assert [one.name for one in changed.work.checklist if one.is_needed] == list(STEPS)
        assert (back.type, back.clocks[1].within_s) == ("repair", before.clocks[1].within_s)
        assert back.work.checklist == before.work.checklist
        assert [one.done_at is not None for one in again.work.checklist if one.name == "heard"] == [True]
        assert desk.audit.page().items[0].action == "ticket.changed"
        with pytest.raises(InvalidError, match="type: 'party' is none of complaint"):
            desk.tickets.change(number, replace(change, type="party"))

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
