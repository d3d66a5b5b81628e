"""What guards the desk on every database: races, crashes and conflicts leave one ticket or nothing.

A subclass provides ``desk`` over a migrated and empty database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from alerts.desk import Desk
from alerts.errors import AlreadyOpenError, DeskError
from alerts.notices.tables import outbox
from alerts.tickets.opening import open_from_finding
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import NewTicket
from detectors.finding import FindingChannel
from tests.alerts.made import FINDING, NOW_MS, WASHER, cleared, step_of
from tests.contract.desk_suite import count, everything

RACERS = 16

T = TypeVar("T")


def race(work: Callable[[int], T]) -> list[T | DeskError]:
    """Let threads do the same at once; what each returned or raised."""
    barrier = threading.Barrier(RACERS)

    def run(number: int) -> T | DeskError:
        barrier.wait()
        try:
            return work(number)
        except DeskError as error:
            return error

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


class DeskGuardSuite:
    """The guards of :class:`alerts.desk.Desk`."""

    def test_threads_racing_to_open_one_ticket_open_one(self, desk: Desk) -> None:
        """Sixteen hands open the same ticket at once: one succeeds, and all others are told which one stands."""
        desk.findings.commit(step_of(1, replace(FINDING, channel=FindingChannel.DATA, fault_mode="gap")))
        new = NewTicket("WM-0231", "pumps slowly", fault_mode="drain_clog")

        outcomes = race(lambda number: desk.by(f"t{number}").tickets.open(new))

        refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyOpenError)]
        assert len(refused) == RACERS - 1
        assert {error.ticket_id for error in refused} == {desk.tickets.read("1").id}
        with desk.unit.engine.connect() as connection:
            notices = connection.execute(select(outbox.c.type).where(outbox.c.type.like("ticket.%"))).scalars().all()
        assert count(desk.unit.engine, tickets) == len(notices) == 1

    def test_index_alone_keeps_racing_findings_to_one_ticket(self, desk: Desk) -> None:
        """Also where writers don't take turns, sixteen at once get one ticket, and all learn which."""

        def open_it(_number: int) -> tuple[str, bool]:
            return desk.unit.write(lambda t: open_from_finding(t, FINDING, WASHER, alert_id="al_x"))

        outcomes = [outcome for outcome in race(open_it) if isinstance(outcome, tuple)]

        assert sorted(is_new for _, is_new in outcomes) == [False] * (RACERS - 1) + [True]
        assert len({ticket_id for ticket_id, _ in outcomes}) == 1
        assert count(desk.unit.engine, tickets) == count(desk.unit.engine, outbox) == 1

    def test_threads_racing_without_fault_mode_are_never_refused(self, desk: Desk) -> None:
        """A ticket that names no fault mode stands in nobody's way, and numbers are never given twice."""
        desk.findings.commit(step_of(1, replace(FINDING, channel=FindingChannel.DATA, fault_mode="gap")))

        race(lambda number: desk.by("tess").tickets.open(NewTicket("WM-0231", f"noise {number}")))

        assert sorted(ticket.number for ticket in desk.tickets.page().items) == list(range(1, RACERS + 1))
        changes = desk.changes.page(after=0)
        assert [change.id for change in changes] == sorted({change.id for change in changes})

    def test_it_is_the_index_that_forbids_a_second_ticket(self, desk: Desk) -> None:
        """Whoever writes past all looks is refused by the database; without the index nobody would be."""
        desk.unit.write(lambda t: open_from_finding(t, FINDING, WASHER, alert_id="al_x"))
        engine = desk.unit.engine
        with engine.connect() as connection:
            row = dict(connection.execute(select(tickets)).mappings().one()) | {"id": "tk_second", "number": 2}

        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(insert(tickets).values(row))

        with engine.begin() as connection:
            connection.execute(text("DROP INDEX one_open_ticket"))
            connection.execute(insert(tickets).values(row))
        assert count(engine, tickets) == 2

    def test_who_is_told_of_a_standing_ticket_writes_nothing(self, desk: Desk) -> None:
        """The detectors or a person who come second cost a look each, and no number of a ticket."""
        desk.findings.commit(step_of(1, FINDING))
        wrote: list[str] = []
        event.listen(
            desk.unit.engine,
            "before_cursor_execute",
            lambda _c, _u, statement, *_: wrote.append(statement) if statement.startswith("INSERT") else None,
        )

        told = desk.unit.write(lambda t: open_from_finding(t, FINDING, WASHER, alert_id="al_x"))
        with pytest.raises(AlreadyOpenError) as refused:
            desk.by("tess").tickets.open(NewTicket("WM-0231", "pumps slowly", fault_mode=FINDING.fault_mode))

        assert (told, wrote) == ((refused.value.ticket_id, False), [])

    @pytest.mark.parametrize("statement", range(1, 40, 3))
    def test_crash_at_any_statement_leaves_nothing(self, desk: Desk, statement: int) -> None:
        """Whatever statement of a commit fails, nothing of the step is there; done again, all of it is, once."""
        other = replace(FINDING, appliance_id="WM-2")
        step = step_of(7, FINDING, cleared(FINDING, NOW_MS), other, rows={"WM-0231": b"x"})
        before = everything(desk.unit.engine)
        seen = 0

        def fail(*_args: object) -> None:
            nonlocal seen
            seen += 1
            if seen == statement:
                raise RuntimeError("power cut")

        event.listen(desk.unit.engine, "before_cursor_execute", fail)
        try:
            with pytest.raises(RuntimeError, match="power cut"):
                desk.findings.commit(step)
        finally:
            event.remove(desk.unit.engine, "before_cursor_execute", fail)

        assert everything(desk.unit.engine) == before
        desk.findings.commit(step)
        desk.findings.commit(step)
        assert (count(desk.unit.engine, tickets), count(desk.unit.engine, outbox)) == (2, 3)

    def test_conflict_at_commit_is_tried_again(self, desk: Desk) -> None:
        """A transaction that the database broke off because of another is done again, unseen."""
        broken: list[int] = []

        def fail_once(_connection: object, _cursor: object, statement: str, *_args: object) -> None:
            if statement.startswith("INSERT INTO tickets") and not broken:
                broken.append(1)
                raise DBAPIError.instance(statement, None, Exception("database is locked"), Exception)

        event.listen(desk.unit.engine, "before_cursor_execute", fail_once)
        try:
            desk.findings.commit(step_of(1, FINDING))
        finally:
            event.remove(desk.unit.engine, "before_cursor_execute", fail_once)

        assert broken
        assert count(desk.unit.engine, tickets) == 1
