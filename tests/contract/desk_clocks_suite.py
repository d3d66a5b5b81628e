"""Clocks of tickets on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts.appliances.tables import appliances
from alerts.desk import Desk
from alerts.errors import DeskError, InvalidError
from alerts.lifecycle import TicketState, TicketStep
from alerts.notices.tables import outbox
from alerts.rules.calendars import CalendarRules, Policy
from alerts.rules.desk_rules import DeskRules, Telling
from alerts.rules.rung import Rung
from alerts.tickets.ticket import Clock, NewTicket, StepBody, Ticket, TicketChange
from ingest.clock import ManualClock, to_ms
from tests.alerts.made import DAY_MS, HOUR_MS, NOW_MS

MINUTE_MS = 60_000
WITHIN_MS = {
    1: (4 * HOUR_MS, 24 * HOUR_MS),
    2: (8 * HOUR_MS, 48 * HOUR_MS),
    3: (24 * HOUR_MS, 72 * HOUR_MS),
    4: (48 * HOUR_MS, 168 * HOUR_MS),
}


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

        resolve_ms = WITHIN_MS[1][1]
        assert to_ms(urgent.sla.resolve_by) == NOW_MS + resolve_ms + 3 * HOUR_MS
        assert to_ms(urgent.sla.respond_by) == NOW_MS + WITHIN_MS[3][0], (
            "it was answered before, under the terms of then"
        )
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
        waves = ["clock_due", "clock_breached", "escalated"]
        assert events == ["open", *waves, *waves]
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
        """Random histories: it is due when so many minutes have run, and spent is what a minute counter counts."""
        chance = random.Random(8)
        for number in range(1, 7):
            desk.appliances.register(("WM-1", "washing_machine"))
            desk.tickets.open(NewTicket("WM-1", "noise", priority=chance.randint(1, 4)))
            begun_ms, lived, priority = clock.now_ms(), [], desk.tickets.read(str(number)).priority
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
                lived += [ticket.status is not TicketState.ON_HOLD] * minutes

            resolve = clock_of(desk.tickets.read(str(number)), "resolve")
            within_min = WITHIN_MS[priority][1] // MINUTE_MS
            running = [minute for minute, runs in enumerate([*lived, *[True] * within_min]) if runs]
            assert resolve.spent_s == sum(lived) * 60
            assert to_ms(resolve.due_at) == begun_ms + (running[within_min - 1] + 1) * MINUTE_MS

    def test_the_ladder_and_reminders_are_climbed_once_each_over_restarts(self, desk: Desk, clock: ManualClock) -> None:
        """Manager at 4 h, admin at 30 h, reminders each day; asked each hour by a desk that is new each time."""
        ladder = (Rung(after_hours=4, tell="manager"), Rung(after_hours=30, tell="admin", clocks=("resolve",)))
        telling = Telling(remind_every_hours=24, reminders=2)
        rules = DeskRules(escalation=ladder, telling=telling)
        open_one(desk, priority=1)
        for _ in range(120):
            clock.advance(HOUR_MS)
            Desk(replace(desk.unit, rules=rules), desk.profiles).clocks.tell_late()

        with desk.unit.engine.connect() as connection:
            rows = connection.execute(select(outbox.c.type, outbox.c.data, outbox.c.at_ms).order_by(outbox.c.n)).all()
        said = [
            (type_.removeprefix("ticket."), data["clock"], data.get("to"), (at_ms - NOW_MS) // HOUR_MS)
            for type_, data, at_ms in rows
            if type_ != "ticket.opened"
        ]
        assert [one for one in said if one[1] == "respond"] == [
            ("sla_due", "respond", None, 3),
            ("sla_breached", "respond", None, 4),
            ("escalated", "respond", "manager", 8),
            ("reminder", "respond", None, 28),
            ("reminder", "respond", None, 52),
        ]
        assert [one for one in said if one[1] == "resolve"] == [
            ("sla_due", "resolve", None, 20),
            ("sla_breached", "resolve", None, 24),
            ("escalated", "resolve", "manager", 28),
            ("reminder", "resolve", None, 48),
            ("escalated", "resolve", "admin", 54),
            ("reminder", "resolve", None, 72),
        ]

    def test_what_came_due_while_nobody_ran_is_told_then_and_old_reminders_are_not(
        self, desk: Desk, clock: ManualClock
    ) -> None:
        """Three days down: breach and ladder are told at once, in their order; of two reminders only the one of now."""
        desk = under(desk, telling=Telling(remind_every_hours=24, reminders=2))
        open_one(desk, priority=1)
        clock.advance(4 * HOUR_MS + 60 * HOUR_MS)
        desk.tickets.step("1", TicketStep.TRIAGE)

        desk.clocks.tell_late()
        desk.clocks.tell_late()

        events = [entry.event for entry in desk.tickets.read("1").history]
        assert events == ["open", "triage", "clock_breached", "escalated", "reminded"]

    def test_a_policy_by_region_and_contract_counts_in_its_calendar(self, desk: Desk, clock: ManualClock) -> None:
        """Saturday noon in Berlin: eight open hours are due on Monday at 17:00; the contract's four at 12:00 by local time."""
        berlin = CalendarRules(timezone="Europe/Berlin", week="mon-fri 08:00-12:00, 13:00-17:00", holidays="DE-BE")
        gold = Policy(name="gold", contracts=("gold",), respond_hours=4, resolve_hours=16, calendar="berlin")
        local = Policy(name="berlin", regions=("berlin",), respond_hours=8, resolve_hours=40, calendar="berlin")
        desk = under(desk, calendars={"berlin": berlin}, policies=(gold, local))
        open_one(desk)
        desk.unit.write(lambda t: t.connection.execute(update(appliances).values(region="berlin")))
        assert desk.clocks.follow_rules() == 1
        assert desk.clocks.follow_rules() == 0

        respond = clock_of(desk.tickets.read("1"), "respond")
        assert (respond.due_at, respond.policy, respond.calendar) == (
            datetime(2026, 11, 23, 16, 0, tzinfo=UTC),
            "berlin",
            "berlin",
        )
        golden = desk.tickets.change("1", TicketChange(frozenset({"contract"}), contract="gold"))
        assert clock_of(golden, "respond").due_at == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
        assert golden.sla.respond_by == clock_of(golden, "respond").due_at
        clock.advance(4 * DAY_MS)
        assert clock_of(desk.tickets.read("1"), "resolve").spent_s == 20 * 3600

    def test_rules_that_change_keep_what_was_spent(self, desk: Desk, clock: ManualClock) -> None:
        """Ten hours by the clock are spent; under the new calendar the rest of 24 is counted in its hours, behind a restart."""
        open_one(desk, priority=1)
        clock.advance(10 * HOUR_MS)
        nights = CalendarRules(timezone="UTC", week="mon-sun 22:00-24:00")
        policy = Policy(name="nights", respond_hours=4, resolve_hours=24, calendar="nights")
        later = under(desk, calendars={"nights": nights}, policies=(policy,))
        assert later.clocks.follow_rules() == 1

        resolve = clock_of(later.tickets.read("1"), "resolve")
        assert (resolve.spent_s, resolve.policy) == (10 * 3600, "nights")
        assert resolve.due_at == datetime(2026, 11, 28, 0, 0, tzinfo=UTC)
        assert later.tickets.read("1").history[-1].event == "terms_changed"
        clock.advance(DAY_MS)
        assert clock_of(later.tickets.read("1"), "resolve").spent_s == 12 * 3600

    def test_a_pause_stops_the_clocks_that_it_should(self, desk: Desk, clock: ManualClock) -> None:
        """Waiting for a part stops the solution and not the next word, which is told late on time; each account says so."""
        talks = Policy(name="talks", respond_hours=4, resolve_hours=24, update_hours=24)
        stops = {"part": ("resolve",), "hold": ("respond", "resolve", "update")}
        desk = under(desk, pauses=stops, policies=(talks,), escalation=())
        open_one(desk, priority=1)
        with pytest.raises(InvalidError, match="pause: 'parts' is none of hold, part"):
            desk.tickets.step("1", TicketStep.HOLD, StepBody(reason="r", pause="parts"))
        clock.advance(HOUR_MS)
        desk.tickets.step("1", TicketStep.HOLD, StepBody(reason="waits for a pump", pause="part"))
        clock.advance(100 * HOUR_MS)
        desk.clocks.tell_late()

        ticket = desk.tickets.read("1")
        said, resolve = clock_of(ticket, "update"), clock_of(ticket, "resolve")
        assert (said.spent_s, said.pauses, said.is_breached) == (100 * 3600, (), True)
        assert (resolve.spent_s, resolve.paused_reason, resolve.is_breached) == (3600, "waits for a pump", False)
        assert [one.kind for one in resolve.pauses] == ["part"]
        assert told(desk) == [("ticket.sla_breached", "update")]

    def test_the_next_word_has_a_clock_that_each_word_begins_anew(self, desk: Desk, clock: ManualClock) -> None:
        """Where a policy asks for it: due a day after the answer, told once for each silence, gone when it is closed."""
        desk = under(desk, policies=(Policy(name="talks", resolve_hours=500, update_hours=24),), escalation=())
        open_one(desk)
        assert [one.name for one in desk.tickets.read("1").clocks] == ["respond", "resolve"]
        desk.tickets.step("1", TicketStep.TRIAGE)
        for _ in range(2):
            clock.advance(25 * HOUR_MS)
            desk.clocks.tell_late()
            assert clock_of(desk.tickets.read("1"), "update").is_breached
            desk.by("tess").tickets.step("1", TicketStep.COMMENT, StepBody(text="still on it"))
            assert not clock_of(desk.tickets.read("1"), "update").is_breached
        desk.by("tess").tickets.step("1", TicketStep.CLOSE)
        clock.advance(100 * HOUR_MS)
        desk.clocks.tell_late()

        assert told(desk) == [("ticket.sla_breached", "update")] * 2


def under(desk: Desk, **rules: Any) -> Desk:
    """The same desk under other rules."""
    return replace(desk, unit=replace(desk.unit, rules=DeskRules(**rules)))
