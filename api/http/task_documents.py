"""Tasks as the API shows them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from alerts.tasks.task import TaskState
from api.http.documents import Document


class TaskDocument(Document):
    """What a department is asked to do for a ticket, and its answer."""

    id: str
    ticket_id: str
    ticket_number: int
    department: str
    text: str
    state: TaskState
    asked_by: str
    asked_at: datetime
    due_at: datetime | None
    is_late: bool = Field(description="it is open and was due before now")
    answered_by: str | None
    answered_at: datetime | None
    answer: str | None
