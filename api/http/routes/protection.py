"""``/tickets/{key}/protection``: a gentle mode of the appliance until somebody comes."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from alerts.lifecycle import ProtectionState
from alerts.remote.ending import EndReason
from api.http.access import Technician, Viewer
from api.http.context import Here, Language
from api.http.documents import Document, Text, show
from api.http.problems import CONFLICT
from api.http.session_documents import Session

router = APIRouter(tags=["tickets"])


class GentleMode(Document):
    """A gentle mode as the profile says it."""

    name: str
    title: Text
    loss: Text = Field(description="what the customer does without meanwhile")
    hours: float = Field(description="it lasts so long at a time, and is renewed while it is wanted")
    days_most: float


class Protection(Document):
    """A gentle mode that was asked for."""

    id: str
    mode: str
    state: ProtectionState
    asked_by: str
    asked_at: datetime
    begun_at: datetime | None
    lease_until: datetime | None = Field(description="when it falls back by itself, if it is not renewed")
    until: datetime
    ended_at: datetime | None
    end_reason: EndReason | str | None


class Protected(Document):
    """The gentle mode for a ticket's fault, and what was asked for, the newest first."""

    ticket_id: str
    gentle: GentleMode | None
    is_known: bool = Field(description="whether the appliance told that it knows this mode")
    standing: Protection | None
    records: list[Protection]


@router.get("/tickets/{key}/protection")
def read_protection(here: Here, account: Viewer, language: Language, key: str) -> Protected:
    """What the appliance could do gently for this fault, and how it stands."""
    return show(Protected, here.desk.by(account.name).protections.read(key), language=language)


@router.post("/tickets/{key}/protection/end", responses=CONFLICT)
def end_protection(here: Here, account: Technician, language: Language, key: str) -> Protected:
    """End it now; the appliance works normally again."""
    return show(Protected, here.desk.by(account.name).protections.end(key), language=language)


@router.post("/sessions/{session_id}/protection", status_code=202, responses=CONFLICT)
def begin_protection(here: Here, account: Technician, language: Language, session_id: str) -> Session:
    """Ask for it in a session with consent to *act*; somebody presses the key at the appliance for it."""
    return show(Session, here.desk.by(account.name).protections.begin(session_id), language=language)
