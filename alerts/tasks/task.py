"""Task: what a department is asked to do for a ticket, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.errors import InvalidError
from alerts.words import check_words

DEPARTMENT_LENGTH_MAX = 64
TEXT_LENGTH_MAX = 2000


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


class TaskStep(StrEnum):
    """What the department says."""

    DO = "do"
    DECLINE = "decline"


TASK: Mapping[TaskState, Mapping[TaskStep, TaskState]] = {
    TaskState.OPEN: {TaskStep.DO: TaskState.DONE, TaskStep.DECLINE: TaskState.DECLINED},
    TaskState.DONE: {},
    TaskState.DECLINED: {},
}
"""The life cycle of a task. Whoever wants more asks again."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is asked of whom, until when."""

    department: str
    text: str
    due_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("department", self.department, longest=DEPARTMENT_LENGTH_MAX, is_needed=True)
        check_words("text", self.text, longest=TEXT_LENGTH_MAX, is_needed=True)
        if self.due_at is not None and self.due_at.tzinfo is None:
            raise InvalidError("due_at: it has no time zone.")


@dataclass(frozen=True, slots=True)
class Task:
    """A task as everyone outside sees it."""

    id: str
    ticket_id: str
    ticket_number: int
    department: str
    text: str
    state: TaskState
    asked_by: str
    asked_at: datetime
    due_at: datetime | None
    is_late: bool
    """Whether it is open and was due before now."""
    answered_by: str | None
    answered_at: datetime | None
    answer: str | None
