"""What the API answers about what customers can do themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from alerts.fix_first.attempt import WhyNot
from alerts.lifecycle import FixFirstState
from api.http.documents import Document, Text


class SelfHelp(Document):
    """What a customer can do against a fault mode."""

    title: Text
    steps: list[Text]
    minutes: float
    settles_days: float = Field(description="by then the readings have said whether it helped")


class Attempt(Document):
    """One time that the customer tried, or said no."""

    state: FixFirstState
    told_by: str
    told_at: datetime
    settle_by: datetime | None
    decided_at: datetime | None
    relapsed_at: datetime | None
    proof: dict[str, Any] | None = Field(description="by: readings, test or time")


class FixFirst(Document):
    """What a ticket has for its customer to do before anybody comes, and what came of it, the newest first."""

    ticket_id: str
    fault_mode: str | None
    steps: SelfHelp | None
    helps: float | None = Field(description="share of such faults that it mends: the profile's, moved by outcomes")
    outcomes: int = Field(description="how many outcomes were counted")
    is_offered: bool
    why_not: WhyNot | None
    attempts: list[Attempt]
