"""A kept view of the queue as ``/views`` and the queue show it."""

from __future__ import annotations

from pydantic import Field

from alerts.accounts.account import Role
from api.http.documents import Document

ADDRESS = "view, sort, q and filters of the console's queue, as in `view=mine&kind=oven`"


class SavedViewDocument(Document):
    """A kept view."""

    id: str
    owner: str
    name: str
    address: str = Field(description=ADDRESS)
    shared_with: Role | None = Field(
        description="that role and those above it see it; nobody else but its owner where null"
    )
