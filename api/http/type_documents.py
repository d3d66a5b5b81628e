"""What a ticket's type asks for, as documents."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.http.document_shape import Document, Text


class ChecklistItem(Document):
    """A step of the ticket's type."""

    name: str
    label: Text
    is_needed: bool = Field(description="before the ticket is finished or closed")
    done_at: datetime | None
    done_by: str | None


class FilledField(Document):
    """A field of the ticket's type, with what was written down."""

    name: str
    label: Text
    kind: str = Field(description="text, number, choice, yes_no")
    choices: list[str]
    is_needed: bool = Field(description="before the ticket is finished or closed")
    value: str | float | bool | None


class TypeWork(Document):
    """What the ticket's type asks for, and how far that is."""

    label: Text
    checklist: list[ChecklistItem]
    form: list[FilledField]
