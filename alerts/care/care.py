"""Care of one appliance as values: how it is used, what is advised, what is soon used up; as everyone outside sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from alerts.care.lifecycle import AdviceState
from ingest.profiles.care import Advice, Consumable, Use


class Quiet(StrEnum):
    """Why nothing is advised about an appliance."""

    TICKET_OPEN = "ticket_open"
    NO_OWNER = "no_owner"
    NO_CONSENT = "no_consent"
    NOTHING_KNOWN = "nothing_known"
    """Its kind has no advice, or nothing was counted yet."""


@dataclass(frozen=True, slots=True)
class Change:
    """By how much a use has changed, a day, with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GivenAdvice:
    """A piece of advice that was given. ``before`` and ``after`` are the number that it goes by; ``text`` is its data, None where the profile has it no more."""

    id: str
    appliance_id: str
    kind: str
    name: str
    text: Advice | Consumable | None
    use: Use | None
    state: AdviceState
    given_at: datetime
    before: float
    told_by: str | None
    told_at: datetime | None
    settles_at: datetime
    measured_at: datetime | None
    after: float | None
    change: Change | None


@dataclass(frozen=True, slots=True)
class UsedUp:
    """A consumable of one appliance: the share of its life that remains, and when it will be over as it is used now."""

    consumable: Consumable
    since: date
    is_since_known: bool
    """Whether somebody has renewed it; else it is counted from the first day that we know."""
    used: float
    remaining: float
    due_on: date


@dataclass(frozen=True, slots=True)
class UseSeen:
    """How an appliance is used: the mean of the last four weeks of days with a number, and of the four before."""

    use: Use
    days: int
    mean: float
    mean_before: float | None
    newest: float


@dataclass(frozen=True, slots=True)
class Care:
    """All of one appliance. Where ``quiet`` says why, nothing is shown to its customer."""

    appliance_id: str
    quiet: Quiet | None
    counted_until: date | None
    uses: Sequence[UseSeen]
    advice: Sequence[GivenAdvice]
    consumables: Sequence[UsedUp]


@dataclass(frozen=True, slots=True)
class AdviceEffect:
    """What one piece of advice has come to over all appliances.

    ``change`` is of those who followed, ``change_else`` of those who did not over the same time; by chance and season
    alone both would be alike.
    """

    kind: str
    name: str
    given: int
    followed: int
    declined: int
    helped: int
    not_helped: int
    unknown: int
    change: Change | None
    change_else: Change | None
