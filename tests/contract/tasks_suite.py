"""What tasks of other departments promise on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.notices.tables import outbox
from alerts.tasks.task import NewTask, TaskState, TaskStep
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, step_of


class TasksSuite:
    """The promises of :class:`alerts.tasks.desk.Tasks`."""

    def test_a_task_is_asked_told_and_answered_once(self, desk: Desk, clock: ManualClock) -> None:
        """The department is told of it, whoever asked of the answer; the ticket's history has both; late is late."""
        desk.findings.commit(step_of(1, FINDING))
        due = datetime(2026, 11, 22, tzinfo=UTC)

        asked = desk.by("eve").tasks.ask("1", NewTask("quality", "Look at this batch", due))
        clock.advance(3 * DAY_MS)
        late = desk.tasks.of_ticket("1")[0]
        answered = desk.by("qa").tasks.answer(asked.id, TaskStep.DO, "Seal is bad")

        assert (asked.state, asked.is_late, asked.ticket_number) == (TaskState.OPEN, False, 1)
        assert (late.is_late, answered.is_late) == (True, False)
        assert (answered.state, answered.answered_by, answered.answer) == (TaskState.DONE, "qa", "Seal is bad")
        query = select(outbox.c.type, outbox.c.data).where(outbox.c.type.startswith("task.")).order_by(outbox.c.n)
        told = desk.unit.look(lambda t: [(row.type, row.data["to"]) for row in t.connection.execute(query)])
        assert told == [("task.asked", "quality"), ("task.answered", "eve")]
        lines = [(line.event, line.actor, line.note) for line in desk.tickets.read("1").history[-2:]]
        assert lines == [("task_asked", "eve", "Look at this batch"), ("task_done", "qa", "Seal is bad")]
        assert [one.action for one in desk.audit.page().items[:2]] == ["task.answer", "task.ask"]
        with pytest.raises(ConflictError, match="is done already"):
            desk.tasks.answer(asked.id, TaskStep.DECLINE)

    def test_lists_are_narrowed_and_nonsense_is_refused(self, desk: Desk) -> None:
        """By department and state; an empty text, a time without a zone and strangers are refused by name."""
        desk.findings.commit(step_of(1, FINDING))
        first = desk.tasks.ask("1", NewTask("quality", "One"))
        desk.tasks.ask("1", NewTask("sales", "Two"))
        desk.tasks.answer(first.id, TaskStep.DECLINE)

        found = [desk.tasks.page(state=state).items for state in (TaskState.OPEN, TaskState.DECLINED)]
        assert [[one.text for one in some] for some in found] == [["Two"], ["One"]]
        assert [one.text for one in desk.tasks.page(department="sales").items] == ["Two"]
        with pytest.raises(InvalidError, match="text"):
            NewTask("quality", " ")
        with pytest.raises(InvalidError, match="time zone"):
            NewTask("quality", "x", datetime(2026, 1, 1) + timedelta(0))  # noqa: DTZ001 - that is what is refused
        with pytest.raises(UnknownError):
            desk.tasks.answer("ta_0", TaskStep.DO)
        with pytest.raises(UnknownError):
            desk.tasks.ask("99", NewTask("quality", "x"))
