"""``/tasks``: what other departments are asked to do for a ticket, and their answers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from alerts.tasks.task import DEPARTMENT_LENGTH_MAX, TEXT_LENGTH_MAX, NewTask, TaskState, TaskStep
from api.http.access import Technician
from api.http.context import Here
from api.http.documents import show
from api.http.moments import Moment
from api.http.paging import Page, PageQuery
from api.http.problems import CONFLICT
from api.http.request import Request
from api.http.task_documents import TaskDocument

router = APIRouter(tags=["tasks"])


class TaskRequest(Request):
    """What is asked of a department, until when."""

    department: str = Field(min_length=1, max_length=DEPARTMENT_LENGTH_MAX)
    text: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)
    due_at: Moment | None = None


class TaskAnswerRequest(Request):
    """What the department says."""

    step: Literal["do", "decline"]
    answer: str | None = Field(default=None, max_length=TEXT_LENGTH_MAX)


@router.get("/tasks")
def list_tasks(
    here: Here,
    account: Technician,
    page: PageQuery,
    department: Annotated[str | None, Query(max_length=DEPARTMENT_LENGTH_MAX)] = None,
    state: TaskState | None = None,
) -> Page[TaskDocument]:
    """One page of tasks of all tickets, the newest first."""
    tasks = here.desk.by(account.name).tasks
    found = tasks.page(department=department, state=state, cursor=page.cursor, limit=page.limit)
    return Page(items=[show(TaskDocument, one) for one in found.items], next=found.next)


@router.get("/tickets/{key}/tasks")
def list_tasks_of_ticket(here: Here, account: Technician, key: str) -> Page[TaskDocument]:
    """The tasks of a ticket, the newest first; all on one page."""
    return Page(items=[show(TaskDocument, one) for one in here.desk.by(account.name).tasks.of_ticket(key)])


@router.post("/tickets/{key}/tasks", status_code=201)
def ask(here: Here, account: Technician, key: str, body: TaskRequest) -> TaskDocument:
    """Ask a department for something on a ticket."""
    new = NewTask(body.department, body.text, body.due_at)
    return show(TaskDocument, here.desk.by(account.name).tasks.ask(key, new))


@router.post("/tasks/{task_id}/answer", responses=CONFLICT)
def answer(here: Here, account: Technician, task_id: str, body: TaskAnswerRequest) -> TaskDocument:
    """It is done, or it won't be; 409 where it was answered already."""
    return show(TaskDocument, here.desk.by(account.name).tasks.answer(task_id, TaskStep(body.step), body.answer))
