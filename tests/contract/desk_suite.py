"""What the desk promises on every database: the detectors' sink, one ticket per fault, all or nothing.

A subclass provides ``engine``, over a migrated and empty database, and the fixtures ``desk`` and ``clock`` over it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, Table, func, select, text

from alerts.appliances.tables import appliances
from alerts.delivery.wording import words_of
from alerts.desk import Desk
from alerts.errors import AlreadyOpenError, InvalidError, StaleViewError, UnknownError
from alerts.lifecycle import AlertState, TicketState, TicketStep
from alerts.notices.notice import Notice
from alerts.notices.tables import outbox
from alerts.schema import metadata
from alerts.silences.muting import Scope
from alerts.tickets.reading import TicketFilter
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import NewTicket, StepBody
from detectors.finding import FindingChannel
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, NOW_MS, cleared, step_of


def count(engine: Engine, table: Table) -> int:
    """How many rows a table has."""
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def everything(engine: Engine) -> dict[str, list[str]]:
    """All rows of all tables."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all())) for table in metadata.sorted_tables
        }


class DeskSuite:
    """The promises of :class:`alerts.desk.Desk`."""

    def test_new_installation_has_nothing(self, desk: Desk) -> None:
        """The checkpoint of a new installation is position 0 without rows."""
        checkpoint = desk.findings.load()

        assert (checkpoint.position, dict(checkpoint.rows), checkpoint.shared) == (0, {}, None)
        assert [page.items for page in (desk.tickets.page(), desk.alerts.page(), desk.appliances.page())] == [
            (),
            (),
            (),
        ]
        desk.unit.check()

    def test_checkpoint_keeps_rows_that_a_step_does_not_name(self, desk: Desk) -> None:
        """A step writes changed rows only; the others stay; shared state stays where none is given."""
        desk.findings.commit(step_of(1, rows={"a": b"1", "b": b"1"}))
        desk.findings.commit(replace(step_of(2, rows={"b": b"2"}), shared=None))

        checkpoint = desk.findings.load()

        assert (checkpoint.position, dict(checkpoint.rows)) == (2, {"a": b"1", "b": b"2"})
        assert checkpoint.shared == b"shared-1"

    def test_commit_that_is_not_beyond_changes_nothing(self, desk: Desk) -> None:
        """A repeated or older step changes nothing at all."""
        desk.findings.commit(step_of(5, FINDING, rows={"a": b"1"}))
        before = everything(desk.unit.engine)

        desk.findings.commit(step_of(5, replace(FINDING, fault_mode="other"), rows={"a": b"x"}))
        desk.findings.commit(step_of(3, replace(FINDING, fault_mode="other"), rows={"a": b"y"}))

        assert everything(desk.unit.engine) == before

    def test_repeated_finding_opens_no_second_ticket_even_after_the_first_is_closed(self, desk: Desk) -> None:
        """The same (appliance, fault mode, raised_ms) is one episode for ever."""
        desk.findings.commit(step_of(1, FINDING))
        desk.findings.commit(step_of(2, FINDING))
        desk.by("tess").tickets.step("1", TicketStep.CLOSE)
        desk.findings.commit(step_of(3, cleared(FINDING, NOW_MS)))
        desk.findings.commit(step_of(4, FINDING))
        desk.findings.commit(step_of(5, cleared(FINDING, NOW_MS)))

        assert count(desk.unit.engine, tickets) == 1
        assert [alert.state for alert in desk.alerts.page().items] == [AlertState.RESOLVED]

    def test_new_episode_while_the_ticket_stands_joins_it(self, desk: Desk, clock: ManualClock) -> None:
        """A second episode of the fault finds the open ticket, updates its evidence and opens none."""
        desk.findings.commit(step_of(1, FINDING))
        desk.findings.commit(step_of(2, cleared(FINDING, NOW_MS)))
        clock.advance(DAY_MS)
        desk.findings.commit(step_of(3, replace(FINDING, raised_ms=NOW_MS + DAY_MS, severity=0.8)))

        [ticket] = desk.tickets.page().items
        second, first = desk.alerts.page().items
        assert (first.state, second.state) == (AlertState.RESOLVED, AlertState.FIRING)
        assert (second.reason, second.ticket_id) == ("already_open", ticket.id)
        assert ticket.severity == 0.8
        assert [entry.event for entry in ticket.history] == ["open", "finding_cleared", "worsened"]

    def test_echo_of_a_repair_waits_and_is_not_forgotten(self, desk: Desk, clock: ManualClock) -> None:
        """A deviation that began before the repair opens no ticket for three days, and does if it still stands then."""
        desk.findings.commit(step_of(1, FINDING))
        desk.by("tess").tickets.step("1", TicketStep.CLOSE)
        desk.findings.commit(step_of(2, cleared(FINDING, NOW_MS)))
        desk.findings.commit(step_of(3, replace(FINDING, raised_ms=NOW_MS + 1)))

        held = desk.alerts.page().items[0]
        assert (held.state, held.reason) == (AlertState.PENDING, "inhibited_recent_repair")
        desk.alerts.ask_again()
        assert count(desk.unit.engine, tickets) == 1
        clock.advance(3 * DAY_MS)
        desk.alerts.ask_again()

        assert [(ticket.number, ticket.episode) for ticket in desk.tickets.page().items] == [(1, 2)]
        assert desk.alerts.page().items[0].reason == "ticket_reopened"

    def test_new_deviation_after_a_repair_reopens_its_ticket_at_once(self, desk: Desk) -> None:
        """A deviation that began after the repair is no echo: the fault is back, on the ticket that was closed."""
        desk.findings.commit(step_of(1, FINDING))
        desk.by("tess").tickets.step("1", TicketStep.CLOSE)
        desk.findings.commit(step_of(2, cleared(FINDING, NOW_MS)))
        desk.findings.commit(step_of(3, replace(FINDING, raised_ms=NOW_MS + 2, onset_ms=NOW_MS + 1)))

        assert [(ticket.number, ticket.episode) for ticket in desk.tickets.page().items] == [(1, 2)]

    def test_data_fault_is_an_alert_and_never_a_ticket(self, desk: Desk) -> None:
        """A fault of the data alone makes an alert that says so."""
        desk.findings.commit(step_of(1, replace(FINDING, channel=FindingChannel.DATA, fault_mode="stuck")))
        desk.alerts.ask_again()

        [alert] = desk.alerts.page().items
        assert (alert.state, alert.reason, alert.ticket_id) == (AlertState.FIRING, "data_fault_no_ticket", None)
        assert count(desk.unit.engine, tickets) == 0
        assert count(desk.unit.engine, outbox) == 1  # who looks after sensors is told

    def test_a_data_fault_is_told_once_a_week_however_often_it_comes(self, desk: Desk, clock: ManualClock) -> None:
        """Raised, over and raised again on the next day: one notice with kind and appliance; a week later another one."""
        for hours in (0, 24, 24 * 8):
            clock.advance(hours * HOUR_MS)
            raised = replace(FINDING, channel=FindingChannel.DATA, fault_mode="stuck", raised_ms=clock.now_ms())
            for finding in (raised, cleared(raised, clock.now_ms())):
                desk.findings.commit(step_of(desk.findings.load().position + 1, finding))

        query = select(outbox.c.data).where(outbox.c.type == "data_fault.raised")
        found = desk.unit.look(lambda t: t.connection.execute(query).scalars().all())
        assert [(one["appliance_id"], one["kind"], one["fault_mode"]) for one in found] == [
            ("WM-0231", "washing_machine", "stuck")
        ] * 2

    def test_a_silenced_fault_of_the_data_tells_nobody_until_the_silence_is_over(
        self, desk: Desk, clock: ManualClock
    ) -> None:
        """Whoever works on an appliance is not told of its sensors; what still stands behind the window is told then."""
        desk.appliances.register(("WM-0231", "washing_machine"))
        until = from_ms(NOW_MS + DAY_MS)
        desk.by("dora").silences.add(Scope("WM-0231"), until=until, reason="its board is changed")
        told = select(func.count()).select_from(outbox).where(outbox.c.type == "data_fault.raised")
        stuck = replace(FINDING, channel=FindingChannel.DATA, fault_mode="sensor_stuck", metric="inlet_c")

        desk.findings.commit(step_of(1, stuck))
        [held] = desk.alerts.page().items
        before = desk.unit.look(lambda t: t.connection.execute(told).scalar_one())
        clock.advance(DAY_MS)
        desk.alerts.ask_again()

        [alert] = desk.alerts.page().items
        assert (held.state, held.reason, before) == (AlertState.PENDING, "silenced", 0)
        assert (alert.state, alert.reason) == (AlertState.FIRING, "data_fault_no_ticket")
        assert desk.unit.look(lambda t: t.connection.execute(told).scalar_one()) == 1

    def test_each_sensor_has_its_own_standing_alert(self, desk: Desk) -> None:
        """Two sensors stuck since the same moment are two alerts and two notices; the end of one leaves the other standing."""
        stuck = replace(FINDING, channel=FindingChannel.DATA, fault_mode="sensor_stuck", component="data")
        one, other = (replace(stuck, metric=name) for name in ("inlet_c", "drum_c"))
        desk.findings.commit(step_of(1, one, other))
        desk.findings.commit(step_of(2, one, other))
        desk.findings.commit(step_of(3, cleared(one, NOW_MS)))

        found = {alert.metric: (alert.state, alert.fingerprint) for alert in desk.alerts.page().items}
        assert found == {
            "inlet_c": (AlertState.RESOLVED, "WM-0231/sensor_stuck/inlet_c"),
            "drum_c": (AlertState.FIRING, "WM-0231/sensor_stuck/drum_c"),
        }
        query = select(outbox.c.data).where(outbox.c.type == "data_fault.raised")
        told = desk.unit.look(lambda t: t.connection.execute(query).scalars().all())
        assert sorted(
            words_of(Notice("n", from_ms(NOW_MS), "data_fault.raised", "a", one), "en")[0] for one in told
        ) == [
            "Readings at fault: sensor_stuck (drum_c) · WM-0231",
            "Readings at fault: sensor_stuck (inlet_c) · WM-0231",
        ]

    def test_silence_holds_back_and_its_end_lets_go(self, desk: Desk, clock: ManualClock) -> None:
        """A silenced finding waits as a pending alert, visibly, and opens its ticket when the silence is over."""
        desk.appliances.register(("WM-0231", "washing_machine"))
        desk.by("dora").silences.add(
            Scope("WM-0231"),
            until=from_ms(NOW_MS + DAY_MS),
            reason="demonstration in the shop",
        )
        desk.findings.commit(step_of(1, FINDING))
        desk.alerts.ask_again()
        assert desk.alerts.page(state=AlertState.PENDING).items[0].reason == "silenced"
        assert desk.tickets.page().items == ()

        clock.advance(DAY_MS)
        desk.alerts.ask_again()

        assert desk.tickets.read("1").status is TicketState.OPEN
        assert desk.silences.standing() == []

    def test_a_maintenance_window_begins_repeats_and_says_that_it_is_over(self, desk: Desk, clock: ManualClock) -> None:
        """From 14 o'clock, daily until 16: at noon and at 17 findings open their tickets; at its end that is told once."""
        silences, day = desk.by("dora").silences, timedelta(days=1)
        scope = Scope(fault_mode="drain_clog")
        start, until = clock.now() + timedelta(hours=2), clock.now() + 3 * day
        made = silences.add(scope, since=start, until=until, week="mon-sun 14:00-16:00", reason="the line is flushed")
        assert (made.is_on, made.since, made.week) == (False, start, "mon-sun 14:00-16:00")

        def tell(name: str) -> str:
            position = desk.findings.load().position + 1
            desk.findings.commit(step_of(position, replace(FINDING, appliance_id=name)))
            return desk.alerts.page().items[0].reason

        said = [tell("W-12")]
        for hours in (3, 2, 22):
            clock.advance(hours * HOUR_MS)
            said.append(tell(f"W-{hours}"))
        assert said == ["ticket_opened", "silenced", "ticket_opened", "silenced"]
        clock.advance(2 * HOUR_MS)
        desk.alerts.ask_again()
        assert {one.reason for one in desk.alerts.page().items} == {"ticket_opened"}
        assert desk.silences.tell_over() == 0
        clock.advance(3 * DAY_MS)
        assert (desk.silences.tell_over(), desk.silences.tell_over()) == (1, 0)
        with pytest.raises(InvalidError, match="since: a silence begins before it ends"):
            silences.add(scope, since=clock.now() + 2 * day, until=clock.now() + day, reason="r")
        with pytest.raises(InvalidError, match="week:"):
            silences.add(scope, until=clock.now() + day, week="now and then", reason="r")

    def test_silence_covers_what_all_its_words_name(self, desk: Desk) -> None:
        """A silence of a region or a model covers the appliances there, and no other; one for all is refused."""
        desk.findings.commit(step_of(1, replace(FINDING, channel=FindingChannel.DATA, fault_mode="gap")))
        desk.findings.commit(
            step_of(2, replace(FINDING, appliance_id="WM-2", channel=FindingChannel.DATA, fault_mode="gap"))
        )
        with desk.unit.engine.begin() as connection:
            place = {"region": "south", "model": "W900"}
            connection.execute(appliances.update().where(appliances.c.id == "WM-2").values(place))
        until = from_ms(NOW_MS + DAY_MS)
        with pytest.raises(InvalidError):
            desk.silences.add(Scope(), until=until, reason="r")
        for nowhere in (Scope("WM-9"), Scope(region="east"), Scope(model="W1"), Scope(fault_mode="drain_clogg")):
            with pytest.raises(InvalidError):
                desk.silences.add(nowhere, until=until, reason="r")
        silence = desk.by("dora").silences.add(Scope(region="south", model="W900"), until=until, reason="flood")

        desk.findings.commit(step_of(3, FINDING, replace(FINDING, appliance_id="WM-2")))

        assert [ticket.appliance_id for ticket in desk.tickets.page().items] == ["WM-0231"]
        assert [(one.id, one.region, one.created_by) for one in desk.silences.standing()] == [
            (silence.id, "south", "dora")
        ]
        desk.silences.lift(silence.id)
        desk.alerts.ask_again()
        assert len(desk.tickets.page().items) == 2

    def test_error_code_makes_a_ticket_of_that_source(self, desk: Desk) -> None:
        """A finding that the appliance itself reported says so."""
        desk.findings.commit(
            step_of(1, replace(FINDING, channel=FindingChannel.ERROR_CODE, error_code="E18", evidence=()))
        )

        ticket = desk.tickets.read("1")

        assert ticket.source == "error_code"
        assert "error E18" in ticket.summary["en"]

    def test_numbers_that_are_none_leave_the_band_open(self, desk: Desk) -> None:
        """Infinite bounds and NaN are stored as open, on every database."""
        evidence = replace(FINDING.evidence[0], expected_low=float("-inf"), observed=float("nan"))
        desk.findings.commit(step_of(1, replace(FINDING, evidence=(evidence,), score=float("inf"))))

        [item] = desk.tickets.read("1").evidence

        assert (item.expected_low, item.observed, item.expected_high) == (None, None, 64.0)

    def test_stale_view_is_refused(self, desk: Desk) -> None:
        """A step with the version that somebody saw is refused once the ticket has moved on."""
        desk.findings.commit(step_of(1, FINDING))
        seen = desk.tickets.read("1").version
        desk.by("tess").tickets.step("1", TicketStep.TRIAGE, expected_version=seen)

        with pytest.raises(StaleViewError):
            desk.by("tom").tickets.step("1", TicketStep.START, expected_version=seen)

        assert desk.tickets.read("1").status is TicketState.TRIAGED

    def test_reopen_beside_an_open_one_is_refused(self, desk: Desk) -> None:
        """A closed ticket can't be reopened while another for the same fault is open."""
        desk.findings.commit(step_of(1, FINDING))
        desk.by("tess").tickets.step("1", TicketStep.CLOSE)
        second = desk.by("tess").tickets.open(NewTicket("WM-0231", "again", fault_mode="drain_clog"))

        with pytest.raises(AlreadyOpenError) as caught:
            desk.by("tess").tickets.step("1", TicketStep.REOPEN)

        assert caught.value.ticket_id == second.id
        desk.by("tess").tickets.step(second.id, TicketStep.CANCEL, StepBody(note="doubled"))
        assert desk.by("tess").tickets.step("1", TicketStep.REOPEN).status is TicketState.OPEN

    def test_pages_hold_every_ticket_once_newest_first(self, desk: Desk) -> None:
        """Page by page each ticket appears once, also when new ones arrive meanwhile."""
        findings = [replace(FINDING, appliance_id=f"WM-{number}") for number in range(23)]
        desk.findings.commit(step_of(1, *findings))

        first = desk.tickets.page(limit=10)
        desk.findings.commit(step_of(2, FINDING))
        second = desk.tickets.page(limit=10, cursor=first.next)
        third = desk.tickets.page(limit=10, cursor=second.next)

        numbers = [ticket.number for page in (first, second, third) for ticket in page.items]
        assert numbers == list(range(23, 0, -1))
        assert third.next is None

    def test_filters_narrow_the_list(self, desk: Desk) -> None:
        """Status, appliance, assignee and words each narrow the list, and wildcards are plain characters."""
        desk.findings.commit(step_of(1, FINDING, replace(FINDING, appliance_id="WM-2")))
        desk.by("tess").tickets.step("2", TicketStep.START)

        def numbers(**wanted: object) -> list[int]:
            found = desk.tickets.page(TicketFilter(**wanted)).items  # type: ignore[arg-type]  # the test's words are right
            return [ticket.number for ticket in found]

        assert numbers(statuses=(TicketState.OPEN,)) == [1]
        assert numbers(appliance_id="WM-2") == [2]
        assert numbers(assignee="tess") == [2]
        assert numbers(q="DRAIN PUMP") == [2, 1]
        assert numbers(q="#2") == [2]
        assert numbers(q="%") == []

    @pytest.mark.parametrize("bad", ["nul \x00", "half \ud800", "x" * 20_000])
    def test_words_that_a_database_chokes_on_are_refused(self, desk: Desk, bad: str) -> None:
        """NUL, half characters and endless text are refused with a sentence on every database, wherever they stand."""
        desk.findings.commit(step_of(1, FINDING))

        for try_it in (
            lambda: desk.by("tess").tickets.open(NewTicket("WM-0231", bad)),
            lambda: desk.by("tess").tickets.open(NewTicket("WM-0231", "t", fault_mode=bad)),
            lambda: desk.by("tess").tickets.step("1", TicketStep.COMMENT, StepBody(text=bad)),
            lambda: desk.by("tess").tickets.step("1", TicketStep.START, StepBody(note=bad)),
            lambda: desk.by("dora").silences.add(
                Scope("WM-0231"),
                until=from_ms(NOW_MS + 1),
                reason=bad,
            ),
        ):
            with pytest.raises(InvalidError):
                try_it()

        assert [entry.event for entry in desk.tickets.read("1").history] == ["open"]

    @pytest.mark.parametrize("odd", ["nul \x00", "half \ud800", "' OR 1=1 --", "9" * 30, "\u0661"])
    def test_odd_references_find_nothing(self, desk: Desk, odd: str) -> None:
        """Whatever stands in place of an id finds nothing, and breaks nothing."""
        desk.findings.commit(step_of(1, FINDING))

        for look in (desk.tickets.read, desk.alerts.read, desk.appliances.read, desk.sessions.read):
            with pytest.raises((UnknownError, InvalidError)):
                look(odd)
        try:
            assert desk.tickets.page(TicketFilter(q=odd)).items == ()
        except InvalidError:
            assert not odd.isprintable() or "\ud800" in odd

    def test_counts_agree_with_the_lists(self, desk: Desk) -> None:
        """Counts by state are the lengths of the lists."""
        desk.findings.commit(step_of(1, FINDING, replace(FINDING, appliance_id="WM-2")))
        desk.by("tess").tickets.step("2", TicketStep.START)

        counts = desk.tickets.counts()

        assert (counts[TicketState.OPEN], counts[TicketState.IN_PROGRESS], sum(counts.values())) == (1, 1, 2)
        assert desk.alerts.counts()[AlertState.FIRING] == 2

    def test_audit_chain_holds_and_notices_an_edit(self, desk: Desk) -> None:
        """The audit's chain fits until somebody edits an entry; then the first bad one is named."""
        desk.findings.commit(step_of(1, FINDING))
        for step in (TicketStep.TRIAGE, TicketStep.START, TicketStep.FINISH):
            desk.by("tess").tickets.step("1", step)
        assert desk.audit.verify() is None
        with desk.unit.engine.begin() as connection:
            connection.execute(text("UPDATE audit SET actor = 'somebody else' WHERE n = 2"))
        assert desk.audit.verify() == 2
