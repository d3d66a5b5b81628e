"""Visit: who is at which door when, as everyone outside sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.visits.crew import Hindrance
from alerts.visits.lifecycle import VisitState


@dataclass(frozen=True, slots=True)
class UsedPart:
    """A part that was put in."""

    sku: str
    quantity: int = 1
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """What was done at the door: checks, values, work, parts, minutes, photos by reference, who signed."""

    is_repaired: bool
    work: str
    checks: Mapping[str, bool] | None = None
    measured: Mapping[str, float] | None = None
    parts: Sequence[UsedPart] = ()
    minutes: int | None = None
    photos: Sequence[str] = ()
    signed_by: str | None = None


@dataclass(frozen=True, slots=True)
class VisitedTicket:
    """A ticket that a visit is for."""

    id: str
    number: int
    title: str
    appliance_id: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is at which door when. ``start`` to ``end`` is planned, ``promised_*`` is what the customer was told."""

    id: str
    technician_id: str
    technician: str
    customer_id: str | None
    site_id: str | None
    region: str | None
    time_zone: str
    tickets: tuple[VisitedTicket, ...]
    status: VisitState
    start: datetime
    end: datetime
    promised_from: datetime | None
    promised_to: datetime | None
    travel_min: int
    is_locked: bool
    override_reason: str | None
    record: Mapping[str, Any] | None
    departed_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None
    created_by: str
    version: int
    legal_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who could go when, and what speaks for it; the lower ``score`` (in minutes) the better."""

    technician_id: str
    technician: str
    start: datetime
    end: datetime
    score: float
    travel_min: int
    added_travel_min: int
    visits_that_day: int
    level: int
    is_preferred: bool
    is_before_due: bool
    is_before_failure: bool | None
    """None where no failure is foreseen."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """The best ways to send somebody to a ticket; ``left_out`` counts who can't, by the first reason why not."""

    minutes: int
    items: Sequence[Proposal]
    left_out: Mapping[Hindrance, int]


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that a customer can choose."""

    start: datetime
    end: datetime
