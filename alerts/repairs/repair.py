"""Repair: an episode of a ticket that was closed as done, and whether it held, as everyone outside sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.repairs.lifecycle import RepairState


class CallAnswer(StrEnum):
    """What a customer said when they were called back."""

    HELD = "held"
    CAME_BACK = "came_back"
    NOT_REACHED = "not_reached"


class RepairGroup(StrEnum):
    """By what repairs are told apart."""

    TECHNICIAN = "technician"
    PART = "part"
    PROVIDER = "provider"
    FAULT_MODE = "fault_mode"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair. ``proof`` is what decided; ``is_call_owed`` says that somebody is to call the customer."""

    id: str
    ticket_id: str
    number: int
    episode: int
    appliance_id: str
    kind: str
    model: str | None
    fault_mode: str
    state: RepairState
    closed_at: datetime
    watched_until: datetime
    decided_at: datetime | None
    proof: Mapping[str, Any] | None
    technician_id: str | None
    technician: str | None
    provider_id: str | None
    parts: tuple[str, ...]
    is_call_owed: bool
    called_at: datetime | None
    called_by: str | None
    call_answer: CallAnswer | None
    call_note: str | None


@dataclass(frozen=True, slots=True)
class RepairRate:
    """How the repairs of one technician, part or other group held; ``low`` to ``high`` is the 95 % interval of ``share``."""

    key: str
    name: str
    repairs: int
    held: int
    came_back: int
    undecided: int
    share: float | None
    low: float
    high: float
