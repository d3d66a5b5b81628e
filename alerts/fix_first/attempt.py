"""Attempt: what a customer did, or would not do, against a fault, and what the readings said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.lifecycle import FixFirstState
from ingest.profiles.definition import SelfHelp


class WhyNot(StrEnum):
    """Why nothing is offered."""

    NO_STEPS = "no_steps"
    """The fault mode has nothing that a customer can do."""
    OVER = "over"
    WATCHING = "watching"
    """It was done; the readings are watched."""
    DECLINED = "declined"
    DID_NOT_HELP = "did_not_help"
    RELAPSED = "relapsed"
    """It helped on this appliance, and the fault came back."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a customer tried, or said no. ``proof`` is what decided: the readings, or a test."""

    id: str
    ticket_id: str
    state: FixFirstState
    told_by: str
    told_at: datetime
    settle_by: datetime | None
    decided_at: datetime | None
    relapsed_at: datetime | None
    proof: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class FixFirst:
    """What a ticket has for its customer to do. ``helps`` is what outcomes have made of the profile's share.

    ``outcomes`` is how many have been counted; ``is_offered`` or ``why_not``, one of them holds.
    """

    ticket_id: str
    fault_mode: str | None
    steps: SelfHelp | None
    helps: float | None
    outcomes: int
    why_not: WhyNot | None
    attempts: tuple[Attempt, ...] = ()

    @property
    def is_offered(self) -> bool:
        """Whether the customer is asked to do it now."""
        return self.why_not is None
