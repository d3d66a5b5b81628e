"""Tickets that stay true on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sqlalchemy import select

from alerts.desk import Desk
from alerts.lifecycle import TicketStep
from alerts.notices.tables import outbox
from alerts.tickets.staying_true import severity_class
from alerts.tickets.ticket import StepBody, TicketChange
from detectors.finding import Finding
from ingest.clock import ManualClock, to_ms
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, cleared, step_of

MILD = replace(FINDING, severity=0.2, failure_window_ms=None)


def told(desk: Desk, *findings: Finding) -> None:
    """Let the detectors state these, one step each."""
    for finding in findings:
        desk.findings.commit(step_of(desk.findings.load().position + 1, finding))


def events(desk: Desk) -> list[str]:
    """What stands in the history of ticket 1."""
    return [entry.event for entry in desk.tickets.read("1").history]


class DeskStandingSuite:
    """The promises of :mod:`alerts.tickets.staying_true`."""

    def test_what_rises_on_a_standing_ticket_is_told(self, desk: Desk, clock: ManualClock) -> None:
        """From mild to a failure within the hour: priority, severity, window, one line, one notice, and the sentence."""
        told(desk, MILD)
        before = desk.tickets.read("1")
        clock.advance(DAY_MS)
        window = (NOW_MS + DAY_MS, NOW_MS + DAY_MS + HOUR_MS, 0.8)

        told(desk, replace(MILD, severity=1.0, failure_window_ms=window))

        ticket = desk.tickets.read("1")
        assert (before.priority, ticket.priority, ticket.severity) == (3, 1, 1.0)
        assert ticket.failure_window is not None
        assert to_ms(ticket.failure_window.end) == window[1]
        assert ticket.version == before.version + 1
        line = ticket.history[-1]
        assert (line.event, line.actor) == ("worsened", "detector")
        assert line.data == {"priority": {"from": 3, "to": 1}, "severity": {"from": 0.2, "to": 1.0}}
        with desk.unit.engine.connect() as connection:
            types = connection.execute(select(outbox.c.type).order_by(outbox.c.n)).scalars().all()
        assert types == ["ticket.opened", "ticket.changed"]

    def test_a_season_of_news_is_a_line_a_week_and_guards_nobodys_view(self, desk: Desk, clock: ManualClock) -> None:
        """A hundred daily refreshes: no version moves, and the history stays short; the newest values stand."""
        told(desk, FINDING)
        before = desk.tickets.read("1")
        chance = random.Random(3)
        for day in range(1, 101):
            clock.advance(DAY_MS)
            evidence = (replace(FINDING.evidence[0], observed=96.0 + day), *FINDING.evidence[1:])
            wobble = FINDING.severity + chance.uniform(-0.08, 0.08)
            told(desk, replace(FINDING, evidence=evidence, severity=wobble, failure_window_ms=None))

        ticket = desk.tickets.read("1")
        lines = [entry for entry in ticket.history if entry.event == "evidence_updated"]
        assert ticket.version - before.version <= 1
        assert len(lines) <= 100 / 7 + 1
        assert ticket.severity == FINDING.severity
        assert ticket.evidence[0].observed == 196.0
        assert (ticket.raised and ticket.raised.observed, ticket.now and ticket.now.observed) == (96.0, 196.0)
        assert lines[-1].at == clock.now()

    def test_severity_falls_under_the_same_identity_when_it_has_fallen_for_good(self, desk: Desk) -> None:
        """A class is left a step below its edge, and not at it: trembling around the edge is told once."""
        told(desk, replace(MILD, severity=0.72))
        told(desk, *(replace(MILD, severity=0.69 if n % 2 else 0.71) for n in range(20)))
        trembling = events(desk)

        told(desk, replace(MILD, severity=0.5))

        assert trembling in (["open"], ["open", "evidence_updated"])
        ticket = desk.tickets.read("1")
        assert events(desk)[-1] == "eased"
        assert (ticket.severity, ticket.priority) == (0.5, 3)
        assert len(desk.tickets.page().items) == len(desk.alerts.page().items) == 1

    def test_a_persons_priority_is_raised_and_never_lowered(self, desk: Desk) -> None:
        """What a dispatcher has set stands until the finding asks for more."""
        told(desk, replace(MILD, severity=0.8))
        desk.by("dora").tickets.change("1", TicketChange(frozenset({"priority"}), priority=3))
        told(desk, replace(MILD, severity=0.1))
        kept = desk.tickets.read("1").priority

        told(desk, replace(MILD, severity=0.9))

        assert (kept, desk.tickets.read("1").priority) == (3, 2)

    def test_a_ticket_leads_to_the_alert_that_stands(self, desk: Desk) -> None:
        """Cleared and raised again while the ticket is open: it names the new alert, not the one that is over."""
        told(desk, FINDING, cleared(FINDING, NOW_MS), replace(FINDING, raised_ms=NOW_MS + HOUR_MS))

        standing, over = desk.alerts.page().items
        ticket = desk.tickets.read("1")
        assert ticket.alert_id == standing.id != over.id
        assert ticket.cleared_at is None

    def test_a_finding_that_is_over_asks_for_a_verdict(self, desk: Desk) -> None:
        """The ticket says since when it is no longer seen, and its history what is wanted; nobody's view is stale by it."""
        told(desk, FINDING)
        before = desk.tickets.read("1")
        told(desk, cleared(FINDING, NOW_MS + HOUR_MS))

        ticket = desk.tickets.read("1")
        assert ticket.cleared_at is not None
        assert to_ms(ticket.cleared_at) == NOW_MS + HOUR_MS
        assert ticket.history[-1].data["asks_for"] == "verdict"
        assert ticket.version == before.version

    def test_a_ticket_that_is_over_is_left_alone(self, desk: Desk) -> None:
        """News of a fault whose ticket is closed changes the alert and not the ticket."""
        told(desk, FINDING)
        closed = desk.tickets.step("1", TicketStep.CLOSE, StepBody(note="done"))
        told(desk, replace(FINDING, severity=1.0))

        assert desk.tickets.read("1") == closed

    @pytest.mark.parametrize(("severity", "number"), [(None, 0), (0.29, 0), (0.3, 1), (0.69, 1), (0.7, 2), (1.0, 2)])
    def test_the_classes_of_severity(self, severity: float | None, number: int) -> None:
        """Low below 0.3, high from 0.7."""
        assert severity_class(severity) == number
