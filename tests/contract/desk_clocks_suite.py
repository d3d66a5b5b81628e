"""Clocks of tickets on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

import random

from sqlalchemy import select

from alerts.desk import Desk
from alerts.errors import DeskError
from alerts.lifecycle import TicketState, TicketStep
from alerts.notices.tables import outbox
from alerts.tickets.sla import WITHIN_MS
from alerts.tickets.ticket import Clock, NewTicket, StepBody, Ticket, TicketChange
from ingest.clock import ManualClock, to_ms
from tests.alerts.made import HOUR_MS, NOW_MS

MINUTE_MS = 60_000


def open_one(desk: Desk, priority: int = 3) -> None:
    """Ticket 1, by hand."""
    desk.appliances.register(("WM-1", "washing_machine"))
    desk.tickets.open(NewTicket("WM-1", "noise", priority=priority))


def clock_of(ticket: Ticket, name: str) -> Clock:
    """One clock of a ticket."""
    [found] = [one for one in ticket.clocks if one.name == name]
    return found


def told(desk: Desk) -> list[tuple[str, str]]:
    """What was told of clocks: kind of notice, and clock."""
    with desk.unit.engine.connect() as connection:
        rows = connection.execute(select(outbox.c.type, outbox.c.data).order_by(outbox.c.n)).all()
    return [(type_, data["clock"]) for type_, data in rows if type_.startswith("ticket.sla_")]


class DeskClocksSuite:
    """The promises of :mod:`alerts.clocks` and of a ticket's account."""

    def test_deadlines_follow_the_priority_and_keep_what_was_spent(self, desk: Desk, clock: ManualClock) -> None:
        """Each priority has its own; a change keeps the time that was spent and the time that stood still."""
        open_one(desk, priority=3)
        clock.advance(5 * HOUR_MS)
        desk.tickets.step("1", TicketStep.HOLD, StepBody(reason="part"))
        clock.advance(3 * HOUR_MS)
        desk.tickets.step("1", TicketStep.RESUME)

        urgent = desk.tickets.change("1", TicketChange(frozenset({"priority"}), priority=1))

        respond_ms, resolve_ms = WITHIN_MS[1]
        assert to_ms(urgent.sla.resolve_by) == NOW_MS + resolve_ms + 3 * HOUR_MS
        assert to_ms(urgent.sla.respond_by) == NOW_MS + respond_ms + 3 * HOUR_MS
        resolve = clock_of(urgent, "resolve")
        assert (resolve.spent_s, resolve.is_breached) == (5 * 3600, False)
        assert [(to_ms(one.start), one.reason) for one in resolve.pauses] == [(NOW_MS + 5 * HOUR_MS, "part")]

    def test_a_breach_is_told_once_and_survives_a_restart(self, desk: Desk, clock: ManualClock) -> None:
        """Due, then breached, for each clock: a line, a notice with who has it, and never again, whoever asks."""
        open_one(desk, priority=3)
        assert desk.clocks.tell_late() == 0
        for hours in (23, 1, 44, 4, 100):
            clock.advance(hours * HOUR_MS)
            desk.clocks.tell_late()
            Desk(desk.unit, desk.profiles).clocks.tell_late()

        assert told(desk) == [
            ("ticket.sla_due", "respond"),
            ("ticket.sla_breached", "respond"),
            ("ticket.sla_due", "resolve"),
            ("ticket.sla_breached", "resolve"),
        ]
        events = [entry.event for entry in desk.tickets.read("1").history]
        assert events == ["open", "clock_due", "clock_breached", "clock_due", "clock_breached"]
        assert clock_of(desk.tickets.read("1"), "resolve").is_breached

    def test_what_stands_still_or_is_done_is_not_late(self, desk: Desk, clock: ManualClock) -> None:
        """On hold nothing is told, whatever the time; a repair that waits for the customer's word is solved."""
        open_one(desk)
        desk.tickets.step("1", TicketStep.HOLD, StepBody(reason="customer away"))
        clock.advance(500 * HOUR_MS)
        assert desk.clocks.tell_late() == 0
        held = clock_of(desk.tickets.read("1"), "resolve")
        assert (held.spent_s, held.paused_reason, held.is_breached) == (0, "customer away", False)

        desk.tickets.step("1", TicketStep.RESUME)
        desk.tickets.step("1", TicketStep.START)
        desk.tickets.step("1", TicketStep.FINISH)
        clock.advance(500 * HOUR_MS)

        assert desk.clocks.tell_late() == 0

    def test_a_new_episode_is_told_anew(self, desk: Desk, clock: ManualClock) -> None:
        """A ticket that is opened again has clocks of its own."""
        open_one(desk, priority=1)
        clock.advance(30 * HOUR_MS)
        desk.clocks.tell_late()
        desk.tickets.step("1", TicketStep.CLOSE)
        desk.tickets.step("1", TicketStep.REOPEN)
        assert desk.clocks.tell_late() == 0
        assert clock_of(desk.tickets.read("1"), "resolve").spent_s == 0
        clock.advance(30 * HOUR_MS)

        desk.clocks.tell_late()

        assert told(desk).count(("ticket.sla_breached", "resolve")) == 2

    def test_the_kept_deadlines_agree_with_the_account(self, desk: Desk, clock: ManualClock) -> None:
        """Random histories: deadline = begin + target + pauses, and what was spent = what a minute counter counts."""
        chance = random.Random(8)
        for number in range(1, 7):
            desk.appliances.register(("WM-1", "washing_machine"))
            desk.tickets.open(NewTicket("WM-1", "noise", priority=chance.randint(1, 4)))
            begun_ms, run_min, paused_min, priority = clock.now_ms(), 0, 0, desk.tickets.read(str(number)).priority
            for _ in range(12):
                step = chance.choice([TicketStep.HOLD, TicketStep.RESUME, TicketStep.COMMENT, TicketStep.TRIAGE])
                try:
                    desk.tickets.step(str(number), step, StepBody(reason="r", text="t"))
                    if chance.random() < 0.3:
                        priority = chance.randint(1, 4)
                        desk.tickets.change(str(number), TicketChange(frozenset({"priority"}), priority=priority))
                except DeskError:
                    pass
                ticket, minutes = desk.tickets.read(str(number)), chance.randint(0, 900)
                clock.advance(minutes * MINUTE_MS)
                if ticket.status is TicketState.ON_HOLD:
                    paused_min += minutes
                else:
                    run_min += minutes

            resolve = clock_of(desk.tickets.read(str(number)), "resolve")
            assert resolve.spent_s == run_min * 60
            assert to_ms(resolve.due_at) == begun_ms + WITHIN_MS[priority][1] + paused_min * MINUTE_MS
