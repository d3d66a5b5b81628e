"""The life cycles: the contract's table, step by step and in every order."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from alerts.accounts.account import Role
from alerts.accounts.desk import Accounts
from alerts.database import UnitOfWork, open_database
from alerts.desk import Desk
from alerts.errors import AlreadyOpenError, ConflictError, IllegalStepError, InvalidError, StaleViewError
from alerts.lifecycle import (
    ALERT,
    COMMAND,
    OVER,
    SESSION,
    TICKET,
    AlertEvent,
    CommandEvent,
    SessionEvent,
    SessionState,
    TicketState,
    TicketStep,
    next_state,
    next_ticket_state,
)
from alerts.remote.policy import Scope
from alerts.tickets.ticket import NewTicket, StepBody, Ticket, Verdict, VerdictRecord
from detectors.finding import DetectCommit
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, PROFILES, step_of
from tests.examples import tries

CONTRACT = """
open: triage triaged, start in_progress, close closed
triaged: schedule scheduled, start in_progress, close closed
scheduled: schedule scheduled, start in_progress
in_progress: finish repaired, schedule scheduled, close closed
repaired: accept closed, reject in_progress, close closed
closed: reopen open
"""
BODY = StepBody(note="n", reason="waiting for the part", text="hello")


def contract_table() -> dict[str, dict[str, str]]:
    """The contract's table, with what holds for any state."""
    table: dict[str, dict[str, str]] = {"on_hold": {"resume": "before_hold"}, "cancelled": {}}
    for line in CONTRACT.strip().splitlines():
        state, _, steps = line.partition(": ")
        table[state] = dict(step.split() for step in steps.split(", "))
    for state, row in table.items():
        row["comment"] = state
        if state not in {"closed", "cancelled"}:
            row |= {"hold": "on_hold", "cancel": "cancelled"}
        if state in {"in_progress", "repaired", "closed"}:
            row["verdict"] = state
    return table


def test_ticket_table_is_the_contracts() -> None:
    """The table of the code and the table of the contract are one."""
    table = {state.value: {step.value: after.value for step, after in row.items()} for state, row in TICKET.items()}

    assert table == contract_table()


@pytest.mark.parametrize(
    ("noun", "table", "events"),
    [("alert", ALERT, AlertEvent), ("session", SESSION, SessionEvent), ("command", COMMAND, CommandEvent)],
)
def test_every_step_is_in_the_table_or_raises(noun: str, table: Any, events: Any) -> None:
    """Every pair of state and event leads where the table says, or raises and names what is legal."""
    for state, row in table.items():
        for event in events:
            if event in row:
                assert next_state(noun, table, state, event) is row[event]
            else:
                with pytest.raises(IllegalStepError) as caught:
                    next_state(noun, table, state, event)
                assert caught.value.legal == tuple(sorted(row))


def test_ticket_on_hold_must_know_where_it_came_from() -> None:
    """A ticket on hold without a state before it is an error of ours, not a step."""
    with pytest.raises(LookupError):
        next_ticket_state(TicketState.ON_HOLD, TicketStep.RESUME, before_hold=None)


class TicketLife(RuleBasedStateMachine):
    """Tickets of two appliances, stepped at random, against a model of three lines."""

    open_desk: Callable[[], tuple[Desk, ManualClock]]

    @initialize()
    def begin(self) -> None:
        """A desk with one ticket."""
        self.desk, self.clock = self.open_desk()
        self.desk.findings.commit(step_of(1, FINDING))
        self.position = 1
        self.model: dict[str, tuple[str, str | None]] = {self.desk.tickets.read("1").id: ("open", None)}

    def any_ticket(self, choice: int) -> Ticket:
        """One of the tickets."""
        return self.desk.tickets.read(sorted(self.model)[choice % len(self.model)])

    def expected(self, ticket_id: str, step: TicketStep) -> str | None:
        """Where the contract leads, or nothing."""
        state, before = self.model[ticket_id]
        after = contract_table()[state].get(step.value)
        return before if after == "before_hold" else after

    @rule(choice=st.integers(0, 9), step=st.sampled_from([step for step in TicketStep if step != TicketStep.VERDICT]))
    def take(self, choice: int, step: TicketStep) -> None:
        """A step leads where the contract says, or is refused and changes nothing."""
        ticket = self.any_ticket(choice)
        after = self.expected(ticket.id, step)
        others_open = any(state not in OVER for ticket_id, (state, _) in self.model.items() if ticket_id != ticket.id)
        try:
            changed = self.desk.by("tess").tickets.step(ticket.id, step, BODY, expected_version=ticket.version)
        except AlreadyOpenError:
            assert step is TicketStep.REOPEN
            assert others_open
            assert self.desk.tickets.read(ticket.id) == ticket
            return
        except IllegalStepError:
            assert after is None
            assert self.desk.tickets.read(ticket.id) == ticket
            return
        assert changed.status == after
        assert changed.version == ticket.version + 1
        state, before = self.model[ticket.id]
        if step is TicketStep.HOLD and state != "on_hold":
            before = state
        self.model[ticket.id] = (changed.status.value, before if changed.status == "on_hold" else None)

    @rule(choice=st.integers(0, 9), verdict=st.sampled_from(Verdict))
    def judge(self, choice: int, verdict: Verdict) -> None:
        """A verdict is taken from in_progress on, and never moves the ticket."""
        ticket = self.any_ticket(choice)
        is_legal = "verdict" in contract_table()[ticket.status.value]
        said = VerdictRecord(verdict, "drain_clog" if verdict is Verdict.OTHER_FAULT else None)
        try:
            changed = self.desk.by("tess").tickets.judge(ticket.id, said)
        except IllegalStepError:
            assert not is_legal
            assert self.desk.tickets.read(ticket.id) == ticket
            return
        assert is_legal
        assert changed.verdict == said
        assert changed.status is ticket.status

    @rule(choice=st.integers(0, 9))
    def look_stale(self, choice: int) -> None:
        """A step on a version that is no more changes nothing."""
        ticket = self.any_ticket(choice)
        with pytest.raises(StaleViewError):
            self.desk.by("tess").tickets.step(ticket.id, TicketStep.COMMENT, BODY, expected_version=ticket.version + 1)
        assert self.desk.tickets.read(ticket.id) == ticket

    @rule()
    def open_by_hand(self) -> None:
        """A ticket by hand is opened exactly if none stands."""
        stands = any(state not in OVER for state, _ in self.model.values())
        try:
            ticket = self.desk.by("dora").tickets.open(NewTicket("WM-0231", "t", fault_mode="drain_clog"))
        except AlreadyOpenError:
            assert stands
        else:
            assert not stands
            self.model[ticket.id] = ("open", None)

    @rule(hours=st.integers(1, 100))
    def wait(self, hours: int) -> None:
        """Time passes."""
        self.clock.advance(hours * HOUR_MS)

    @invariant()
    def at_most_one_stands(self) -> None:
        """Never two tickets that are neither closed nor cancelled for one appliance and fault mode."""
        if hasattr(self, "desk"):
            assert sum(ticket.status not in OVER for ticket in self.desk.tickets.page().items) <= 1


@pytest.mark.hypothesis
def test_ticket_life_follows_the_table_in_every_order(template: Path) -> None:
    """Whatever is tried in whatever order, tickets move as the contract says and an illegal step changes nothing."""
    folder = Path(tempfile.mkdtemp())
    engines: list[Any] = []

    def open_desk() -> tuple[Desk, ManualClock]:
        while engines:
            engines.pop().dispose()
        for old in folder.iterdir():
            old.unlink()
        shutil.copy(template, folder / "desk.db")
        engine = open_database(f"sqlite:///{folder / 'desk.db'}")
        engines.append(engine)
        clock = ManualClock(NOW_MS)
        return Desk(UnitOfWork(engine, clock, random.Random(1)), PROFILES), clock

    class Life(TicketLife):
        """The machine over this test's folder."""

    Life.open_desk = staticmethod(open_desk)
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=tries(10),
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for engine in engines:
        engine.dispose()
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("step", "body"),
    [
        (TicketStep.HOLD, StepBody(note="no reason")),
        (TicketStep.CANCEL, StepBody()),
        (TicketStep.CANCEL, StepBody(note="  ")),
        (TicketStep.COMMENT, StepBody(note="no text")),
        (TicketStep.TRIAGE, StepBody(note="x" * 10_001)),
    ],
)
def test_incomplete_step_is_refused(desk: Desk, step: TicketStep, body: StepBody) -> None:
    """A step without what it needs is refused with a sentence and changes nothing."""
    desk.findings.commit(step_of(1, FINDING))
    before = desk.tickets.read("1")

    with pytest.raises(InvalidError):
        desk.by("tess").tickets.step("1", step, body)

    assert desk.tickets.read("1") == before


def test_visit_must_end_after_it_begins(desk: Desk) -> None:
    """A visit that ends before it begins is refused; a good one stands on the ticket with its technician."""
    Accounts(desk.unit).add("tom", Role.TECHNICIAN)
    desk.findings.commit(step_of(1, FINDING))
    desk.by("dora").tickets.step("1", TicketStep.TRIAGE)
    start, end = from_ms(NOW_MS + DAY_MS), from_ms(NOW_MS + DAY_MS + 2 * HOUR_MS)

    with pytest.raises(InvalidError):
        desk.by("dora").tickets.step("1", TicketStep.SCHEDULE, StepBody(visit_from=end, visit_to=start))
    body = StepBody(assignee="tom", visit_from=start, visit_to=end)
    ticket = desk.by("dora").tickets.step("1", TicketStep.SCHEDULE, body)

    assert ticket.assignee == "tom"
    assert ticket.visit is not None
    assert (ticket.visit.start, ticket.visit.end) == (start, end)


def test_hold_stops_the_clock_and_resume_gives_the_time_back(desk: Desk, clock: ManualClock) -> None:
    """While a ticket is on hold its deadlines stand still, with the reason; a second hold keeps the first's start."""
    desk.findings.commit(step_of(1, FINDING))
    desk.by("tess").tickets.step("1", TicketStep.START)
    before = desk.tickets.read("1").sla

    held = desk.by("tess").tickets.step("1", TicketStep.HOLD, StepBody(reason="waiting for the part"))
    clock.advance(5 * HOUR_MS)
    desk.by("tess").tickets.step("1", TicketStep.HOLD, StepBody(reason="part is back-ordered"))
    clock.advance(5 * HOUR_MS)
    resumed = desk.by("tess").tickets.step("1", TicketStep.RESUME)

    assert held.sla.paused_reason == "waiting for the part"
    assert (resumed.status, resumed.sla.paused_reason) == (TicketState.IN_PROGRESS, None)
    assert (resumed.sla.resolve_by - before.resolve_by).total_seconds() == 10 * 3600


def test_history_tells_every_step(desk: Desk) -> None:
    """Each step stands in the history with who, from where, to where and the note, and is a change and a notice."""
    desk.findings.commit(step_of(1, FINDING))
    desk.by("tess").tickets.step("1", TicketStep.START, StepBody(note="on my way"))
    ticket = desk.by("tess").tickets.step("1", TicketStep.COMMENT, StepBody(text="rings twice"))

    start = ticket.history[1]

    assert [entry.event for entry in ticket.history] == ["open", "start", "comment"]
    assert (start.actor, start.from_status, start.to_status, start.note) == ("tess", "open", "in_progress", "on my way")
    assert ticket.history[2].note == "rings twice"
    assert ticket.assignee == "tess"
    assert [change.data["status"] for change in desk.changes.page(after=0) if change.subject == "ticket"] == [
        "open",
        "in_progress",
        "in_progress",
    ]


def test_unknown_appliance_takes_no_ticket(desk: Desk) -> None:
    """A ticket is opened for an appliance that we know."""
    with pytest.raises(InvalidError):
        desk.by("dora").tickets.open(NewTicket("nobody", "t"))


def test_retired_appliance_gets_alerts_and_no_tickets(desk: Desk) -> None:
    """An appliance out of service gets no ticket, also none by hand; its sessions end, and it takes none."""
    desk.findings.commit(DetectCommit(1, {}, None, (), ()))
    desk.by("dora").appliances.register(("WM-0231", "washing_machine"))
    ticket = desk.by("dora").tickets.open(NewTicket("WM-0231", "collect it"))
    session = desk.by("tess").sessions.request(ticket.id, Scope.READ)
    desk.by("dora").appliances.retire("WM-0231")
    desk.findings.commit(step_of(2, FINDING))

    assert desk.alerts.page().items[0].reason == "appliance_retired"
    assert len(desk.tickets.page().items) == 1
    assert desk.sessions.read(session.id).state is SessionState.ENDED
    with pytest.raises(ConflictError):
        desk.by("dora").tickets.open(NewTicket("WM-0231", "collect it again"))
    with pytest.raises(ConflictError):
        desk.by("tess").sessions.request(ticket.id, Scope.READ)
