"""Incidents on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.desk import Desk
from alerts.errors import UnknownError
from alerts.incidents.incident import IncidentKind, IncidentState
from alerts.incidents.rules import STANDS_AT_LEAST_MS, WAIT_MS
from alerts.lifecycle import AlertState, TicketState, TicketStep
from alerts.notices.tables import outbox
from detectors.finding import FindingChannel, FleetFinding
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, cleared, step_of

MINUTE_MS = 60_000


def settle(desk: Desk, number: int, **facts: Any) -> None:
    """Put online appliances into the directory; facts may depend on the number."""
    rows = [
        {"id": f"A-{n}", "kind": "washing_machine", "registered_ms": NOW_MS, "last_seen_ms": NOW_MS}
        | {name: value(n) if callable(value) else value for name, value in facts.items()}
        for n in range(number)
    ]
    names = {name for row in rows for name in row}
    desk.unit.write(lambda t: run(t, insert(appliances), [dict.fromkeys(names) | row for row in rows]))


def run(t: Transaction, statement: Any, *options: Any) -> None:
    """Execute."""
    t.connection.execute(statement, *options)


def drop(desk: Desk, clock: ManualClock, *numbers: int) -> None:
    """Let the broker say that these are gone."""
    gone = {"status": "offline", "status_ms": clock.now_ms() + 1}
    which = appliances.c.id.in_([f"A-{n}" for n in numbers])
    desk.unit.write(lambda t: run(t, update(appliances).where(which).values(gone)))


def come_back(desk: Desk, clock: ManualClock) -> None:
    """Let all be heard again."""
    desk.unit.write(lambda t: run(t, update(appliances).values(last_seen_ms=clock.now_ms() + 2, status=None)))


def kinds(desk: Desk, state: IncidentState | None = IncidentState.OPEN) -> list[tuple[str, str]]:
    """Kind and scope of incidents, the newest first."""
    return [(one.kind.value, one.scope) for one in desk.incidents.page(state=state).items]


def notices(desk: Desk) -> list[str]:
    """What others were told of incidents."""
    with desk.unit.engine.connect() as connection:
        types = connection.execute(select(outbox.c.type).order_by(outbox.c.n)).scalars().all()
    return [type_ for type_ in types if type_.startswith("incident.")]


class DeskIncidentsSuite:
    """The promises of :class:`alerts.incidents.desk.Incidents`."""

    def test_a_whole_fleet_that_drops_is_one_incident_and_one_notice(self, desk: Desk, clock: ManualClock) -> None:
        """Region by region within two minutes: one incident for all, one notice; all back: it is over, one notice."""
        settle(desk, 400, region=lambda n: f"r{n % 8}", home=lambda n: f"h{n // 3}")
        for minute in range(4):
            drop(desk, clock, *range(minute * 100, minute * 100 + 100))
            desk.incidents.look()
            clock.advance(MINUTE_MS // 2)
        clock.advance(WAIT_MS)
        desk.incidents.look()
        [incident] = desk.incidents.page(state=IncidentState.OPEN).items
        assert (incident.kind, incident.affected, incident.exposed) == (IncidentKind.BROKER, 400, 400)
        assert len(desk.incidents.read(incident.id).appliances) == 400

        come_back(desk, clock)
        for _ in range(3):
            clock.advance(STANDS_AT_LEAST_MS)
            come_back(desk, clock)
            desk.incidents.look()

        assert kinds(desk) == []
        assert len(kinds(desk, None)) <= 3
        assert len(notices(desk)) <= 6
        assert notices(desk).count("incident.opened") == notices(desk).count("incident.closed")

    def test_a_silence_stands_until_they_are_heard_again(self, desk: Desk, clock: ManualClock) -> None:
        """Hours and days later it is no less silent: it is over when they are back, and not because nobody was heard for long."""
        settle(desk, 40, region=lambda n: f"r{n % 4}", home=lambda n: f"h{n}")
        drop(desk, clock, *range(40))
        clock.advance(WAIT_MS + 1)
        desk.incidents.look()

        for _ in range(3):
            clock.advance(DAY_MS)
            desk.incidents.look()
        assert kinds(desk) == [("broker", "")]

        come_back(desk, clock)
        for _ in range(2):
            clock.advance(STANDS_AT_LEAST_MS)
            come_back(desk, clock)
            desk.incidents.look()
        assert kinds(desk) == []

    def test_a_region_and_a_home_are_incidents_of_their_own(self, desk: Desk, clock: ManualClock) -> None:
        """Where only one region, or one home, is silent and the others are not."""
        settle(desk, 120, region=lambda n: f"r{n % 4}", home=lambda n: f"h{n // 2}")
        drop(desk, clock, *range(0, 120, 4), 1, 2, 3)
        clock.advance(WAIT_MS + 1)

        desk.incidents.look()
        desk.incidents.look()

        assert sorted(kinds(desk)) == [("home", "h0"), ("home", "h1"), ("region", "r0")]

    def test_what_is_silent_since_yesterday_or_alone_is_no_incident(self, desk: Desk, clock: ManualClock) -> None:
        """A few here and there, and those that were switched off long ago, have nothing in common."""
        settle(desk, 200, region=lambda n: f"r{n % 4}", home=lambda n: f"h{n}")
        drop(desk, clock, *range(0, 200, 25))
        clock.advance(WAIT_MS + 1)
        desk.incidents.look()
        clock.advance(DAY_MS)
        desk.incidents.look()

        assert kinds(desk, None) == []

    def test_a_firmware_that_reads_high_is_one_incident_and_no_visit(self, desk: Desk, clock: ManualClock) -> None:
        """The cohort's untouched tickets are withdrawn, its alerts wait; what stands when it is over opens its ticket."""
        settle(desk, 100, model="X1", firmware=lambda n: "2.1" if n % 2 else "2.0")
        deviating = [replace(FINDING, appliance_id=f"A-{n}") for n in range(1, 60, 2)]
        desk.findings.commit(step_of(1, *deviating[:20], replace(FINDING, appliance_id="A-0")))
        desk.by("tess").tickets.step("1", TicketStep.START)

        desk.incidents.look()
        desk.findings.commit(step_of(2, *deviating[20:]))

        assert kinds(desk) == [("firmware", "X1 · 2.1")]
        states = {ticket.number: ticket.status for ticket in desk.tickets.page(limit=100).items}
        assert states.pop(1) is TicketState.IN_PROGRESS
        assert states.pop(21) is TicketState.OPEN
        assert set(states.values()) == {TicketState.CANCELLED}
        reasons = [alert.reason for alert in desk.alerts.page(limit=100).items]
        assert reasons.count("part_of_incident") == 29
        incident = desk.incidents.read("1")
        behind = {alert.id for alert in desk.alerts.page(incident_id=incident.id, limit=100).items}
        assert behind == set(incident.alerts)
        assert len(behind) == 20
        assert incident.low < 0.4 < incident.high
        assert "2.1" in incident.cause["en"]

        over = [cleared(finding, NOW_MS + HOUR_MS) for finding in deviating[1:-1]]
        desk.findings.commit(step_of(3, *over))
        clock.advance(STANDS_AT_LEAST_MS)
        desk.incidents.look()
        clock.advance(4 * DAY_MS)
        desk.alerts.ask_again()
        assert kinds(desk) == []
        assert len([t for t in desk.tickets.page(limit=100).items if t.appliance_id == "A-59"]) == 1

    def test_what_detectors_say_of_many_is_one_incident_until_they_take_it_back(
        self, desk: Desk, clock: ManualClock
    ) -> None:
        """Told again it grows; no visit, and none for what a member shows meanwhile; looks in between close nothing."""
        settle(desk, 100, model="X1", firmware=lambda n: "2.1" if n % 2 else "2.0")
        first = FleetFinding(
            "washing_machine", NOW_MS - DAY_MS, NOW_MS - 2 * DAY_MS, model="X1", firmware="2.1", feature="drain_time",
            exposed=50, appliances=("A-1", "A-3", "A-5"),
        )  # fmt: skip
        more = replace(first, appliances=(*first.appliances, "A-7"))
        desk.findings.commit(replace(step_of(1), fleet_findings=(first,)))
        desk.findings.commit(replace(step_of(2, replace(FINDING, appliance_id="A-9")), fleet_findings=(more,)))
        clock.advance(STANDS_AT_LEAST_MS)
        desk.incidents.look()

        [incident] = desk.incidents.page(state=IncidentState.OPEN).items
        assert (incident.kind, incident.scope) == (IncidentKind.FIRMWARE, "X1 · 2.1")
        assert (incident.affected, incident.exposed) == (4, 50)
        assert set(more.appliances) <= set(desk.incidents.read(incident.id).appliances)
        assert incident.cause["en"].startswith("X1 with firmware 2.1 read high at once (Drain time): 4 of 50.")
        assert desk.tickets.page().items == ()
        assert [alert.reason for alert in desk.alerts.page().items] == ["part_of_incident"]
        assert notices(desk) == ["incident.opened"]

        over = replace(more, cleared_ms=NOW_MS)
        desk.findings.commit(
            replace(step_of(3, cleared(replace(FINDING, appliance_id="A-9"), NOW_MS)), fleet_findings=(over,))
        )
        clock.advance(STANDS_AT_LEAST_MS)
        come_back(desk, clock)
        desk.incidents.look()
        assert kinds(desk) == []
        assert notices(desk) == ["incident.opened", "incident.closed"]

    def test_what_detectors_say_of_many_feeds_what_stands(self, desk: Desk) -> None:
        """A firmware that was seen by its alerts has no second incident."""
        settle(desk, 100, model="X1", firmware=lambda n: "2.1" if n % 2 else "2.0")
        desk.findings.commit(step_of(1, *(replace(FINDING, appliance_id=f"A-{n}") for n in range(1, 40, 2))))
        desk.incidents.look()
        many = FleetFinding("washing_machine", NOW_MS, NOW_MS, model="X1", firmware="2.1", appliances=("A-99",))
        desk.findings.commit(replace(step_of(2), fleet_findings=(many,)))

        [incident] = desk.incidents.page().items
        assert "A-99" in desk.incidents.read(incident.id).appliances
        assert desk.appliances.read("A-99").id == "A-99"

    def test_a_batch_that_fails_often_is_a_quality_case_and_holds_nothing(self, desk: Desk) -> None:
        """Its appliances keep their tickets: the fault is theirs."""
        settle(desk, 100, model="X1", batch=lambda n: f"b{n // 20}")
        desk.findings.commit(step_of(1, *(replace(FINDING, appliance_id=f"A-{n}") for n in range(6))))

        desk.incidents.look()

        assert kinds(desk) == [("batch", "X1 · b0")]
        assert {ticket.status for ticket in desk.tickets.page().items} == {TicketState.OPEN}
        [incident] = desk.incidents.page().items
        assert (incident.affected, incident.exposed, len(incident.alerts)) == (6, 20, 6)

    def test_a_dot_in_a_name_is_part_of_the_name(self, desk: Desk, clock: ManualClock) -> None:
        """A scope's text joins names by dots; a region or a model with one of its own has its incident like any other."""
        settle(desk, 120, model="X · 1", region=lambda n: f"r · {n % 4}", batch=lambda n: f"b{n // 20}")
        desk.findings.commit(step_of(1, *(replace(FINDING, appliance_id=f"A-{n}") for n in range(6))))
        drop(desk, clock, *range(0, 120, 4))
        clock.advance(WAIT_MS + 1)

        desk.incidents.look()

        assert sorted(kinds(desk)) == [("batch", "X · 1 · b0"), ("region", "r · 0")]
        read = {one.scope: one.affected for one in desk.incidents.page().items}
        assert read == {"r · 0": 30, "X · 1 · b0": 6}

    def test_what_a_rule_says_is_never_held(self, desk: Desk) -> None:
        """Only the detectors' evidence is explained by an incident; without the stage a ticket is opened."""
        settle(desk, 60, model="X1", firmware=lambda n: "2.1" if n % 2 else "2.0")
        desk.findings.commit(step_of(1, *(replace(FINDING, appliance_id=f"A-{n}") for n in range(1, 40, 2))))
        desk.incidents.look()
        desk.findings.commit(step_of(2, replace(FINDING, appliance_id="A-41", channel=FindingChannel.ERROR_CODE)))

        [alert] = desk.alerts.page(appliance_id="A-41").items
        assert (alert.state, alert.reason) == (AlertState.FIRING, "ticket_opened")

    def test_an_incident_that_is_none_is_unknown(self, desk: Desk) -> None:
        """404 by id and by number."""
        for ref in ("1", "in_x"):
            with pytest.raises(UnknownError):
                desk.incidents.read(ref)
