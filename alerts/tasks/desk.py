"""Tasks, asked and answered: in the ticket's history, in the audit, and told to whom they are for.

The notice ``task.asked`` is for the department, ``task.answered`` for whoever asked: a rule of notices with ``addressed`` carries
them there. A ticket may end while a task of it is open; the task stays in the department's list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, insert, select, update

from alerts.audit.chain import record_audit
from alerts.database import Transaction, UnitOfWork
from alerts.errors import ConflictError, UnknownError
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.page import LIMIT_DEFAULT, Page, moment, select_page
from alerts.tasks.tables import tasks
from alerts.tasks.task import TASK, TEXT_LENGTH_MAX, NewTask, Task, TaskState, TaskStep
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from alerts.words import check_words
from ingest.clock import from_ms, to_ms

ON_A_TICKET = 50


@dataclass(frozen=True, slots=True)
class Tasks:
    """What other departments are asked to do; one method, one transaction."""

    unit: UnitOfWork

    def ask(self, ref: str, new: NewTask) -> Task:
        """Ask a department for something on a ticket."""
        return self.unit.write(lambda t: _read(t, _ask(t, ref, new)))

    def answer(self, task_id: str, step: TaskStep, answer: str | None = None) -> Task:
        """Say that it is done, or that it won't be; a task that was answered is not answered again."""
        return self.unit.write(lambda t: _read(t, _answer(t, task_id, step, answer)))

    def of_ticket(self, ref: str) -> Sequence[Task]:
        """The tasks of a ticket, the newest first."""

        def work(t: Transaction) -> Sequence[Task]:
            query = _query().where(tasks.c.ticket_id == find_row(t, ref).id).order_by(tasks.c.n.desc())
            return [_task(t, row) for row in t.connection.execute(query.limit(ON_A_TICKET))]

        return self.unit.look(work)

    def page(
        self,
        *,
        department: str | None = None,
        state: TaskState | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Task]:
        """One page of tasks of all tickets, the newest first."""

        def work(t: Transaction) -> Page[Task]:
            query = _query()
            if department is not None:
                query = query.where(tasks.c.department == department)
            if state is not None:
                query = query.where(tasks.c.state == state.value)
            rows, after = select_page(t.connection, query, tasks.c.n, cursor=cursor, limit=limit)
            return Page(tuple(_task(t, row) for row in rows), after)

        return self.unit.look(work)


def _ask(t: Transaction, ref: str, new: NewTask) -> str:
    ticket = find_row(t, ref)
    task_id = t.new_id("ta")
    due_ms = None if new.due_at is None else to_ms(new.due_at)
    values = {"department": new.department.strip(), "text": new.text.strip(), "due_ms": due_ms}
    times = {"asked_by": t.who, "asked_ms": t.now_ms, "state": TaskState.OPEN.value}
    t.connection.execute(insert(tasks).values(id=task_id, ticket_id=ticket.id, **values, **times))
    _tell(t, ticket, "task_asked", task_id, {**values, "to": new.department.strip()}, note=new.text.strip())
    record_audit(t, "task.ask", task_id, before=None, after=values, about={"ticket": ticket.number})
    return task_id


def _answer(t: Transaction, task_id: str, step: TaskStep, answer: str | None) -> str:
    check_words("answer", answer, longest=TEXT_LENGTH_MAX)
    row = _row(t, task_id)
    state = TASK[TaskState(row.state)].get(step)
    if state is None:
        raise ConflictError(f"This task is {row.state} already.")
    values = {"state": state.value, "answer": answer, "answered_by": t.who, "answered_ms": t.now_ms}
    t.connection.execute(update(tasks).where(tasks.c.id == task_id).values(**values))
    told = {"department": row.department, "text": row.text, "state": state.value, "to": row.asked_by}
    _tell(t, find_row(t, row.ticket_id), f"task_{state.value}", task_id, told, note=answer)
    was = {"state": row.state, "answer": row.answer}
    record_audit(t, "task.answer", task_id, before=was, after={"state": state.value, "answer": answer})
    return task_id


def _tell(t: Transaction, ticket: Any, event: str, task_id: str, told: dict[str, Any], *, note: str | None) -> None:
    line = {"task_id": task_id, "department": told["department"]}
    states = {"from_status": ticket.status, "to_status": ticket.status}
    add_history(t, ticket.id, event=event, **states, note=note, data=line)
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})
    notice = {"id": task_id, "ticket_id": ticket.id, "number": ticket.number, "by": t.who, **told}
    type_ = "task.asked" if event == "task_asked" else "task.answered"
    put_notice(t, type_, task_id, notice, dedupe_key=f"{task_id}:{event}")


def _query() -> Select[Any]:
    return select(tasks, tickets.c.number).join(tickets, tickets.c.id == tasks.c.ticket_id)


def _row(t: Transaction, task_id: str) -> Row[Any]:
    row = t.connection.execute(_query().where(tasks.c.id == task_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no task {task_id!r}.")
    return row


def _read(t: Transaction, task_id: str) -> Task:
    return _task(t, _row(t, task_id))


def _task(t: Transaction, row: Row[Any]) -> Task:
    state = TaskState(row.state)
    return Task(
        id=row.id,
        ticket_id=row.ticket_id,
        ticket_number=row.number,
        department=row.department,
        text=row.text,
        state=state,
        asked_by=row.asked_by,
        asked_at=from_ms(row.asked_ms),
        due_at=moment(row.due_ms),
        is_late=state is TaskState.OPEN and row.due_ms is not None and row.due_ms < t.now_ms,
        answered_by=row.answered_by,
        answered_at=moment(row.answered_ms),
        answer=row.answer,
    )
