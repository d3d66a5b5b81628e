"""Technician and absence as values, and what may stand in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from alerts.customers.access_hours import Hours
from alerts.customers.customer import check_time_zone
from alerts.errors import InvalidError
from alerts.place import Place
from alerts.words import check_words

NAME_MAX = 200
LIST_MAX = 100
LEVEL_MAX = 3
VISITS_PER_DAY_MAX = 40
_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class AbsenceReason(StrEnum):
    """Why a technician is not there."""

    HOLIDAY = "holiday"
    SICK = "sick"
    TRAINING = "training"
    OTHER = "other"


class Wish(StrEnum):
    """Whether a customer wants a technician at the door."""

    PREFERRED = "preferred"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Licence:
    """What somebody may do by law, until and including a day; without one it does not end."""

    name: str
    expires_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is good on a day."""
        return self.expires_on is None or day <= self.expires_on


@dataclass(frozen=True, slots=True)
class NewTechnician:
    """A technician to enter, or written anew.

    ``skills`` names appliance kinds (or components) with a level of 1 (knows it) to 3 (teaches it). ``areas`` are the
    regions that are gone to; none means all. ``shifts`` are the hours of each week day in ``time_zone``.
    """

    name: str
    external_id: str | None = None
    account: str | None = None
    provider_id: str | None = None
    home: Place | None = None
    areas: Sequence[str] = ()
    skills: Mapping[str, int] = field(default_factory=dict)
    licences: Sequence[Licence] = ()
    shifts: Hours = field(default_factory=dict)
    time_zone: str = "UTC"
    visits_per_day: int = 8
    is_active: bool = True

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("name", self.name, longest=NAME_MAX, is_needed=True)
        check_words("external_id", self.external_id, longest=NAME_MAX)
        check_areas(self.areas)
        check_skills(self.skills)
        for licence in self.licences:
            check_name("licences", licence.name)
        check_time_zone(self.time_zone)
        if not 1 <= self.visits_per_day <= VISITS_PER_DAY_MAX:
            raise InvalidError(f"visits_per_day is 1 to {VISITS_PER_DAY_MAX}, not {self.visits_per_day}.")


@dataclass(frozen=True, slots=True)
class Technician:
    """A technician as the desk has them."""

    id: str
    name: str
    external_id: str | None
    account: str | None
    provider_id: str | None
    home: Place | None
    areas: Sequence[str]
    skills: Mapping[str, int]
    licences: Sequence[Licence]
    shifts: Hours
    time_zone: str
    visits_per_day: int
    is_active: bool
    version: int

    def as_new(self) -> NewTechnician:
        """What would enter the same."""
        return NewTechnician(**{name: getattr(self, name) for name in NewTechnician.__dataclass_fields__})

    def may(self, licence: str, day: date) -> bool:
        """Whether a licence is held and good on a day."""
        return any(one.name == licence and one.holds_on(day) for one in self.licences)


@dataclass(frozen=True, slots=True)
class Absence:
    """When a technician is not there."""

    id: str
    technician_id: str
    start: datetime
    end: datetime
    reason: AbsenceReason
    note: str | None
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Preference:
    """Whether a customer wants a technician at the door."""

    customer_id: str
    technician_id: str
    wish: Wish
    note: str | None
    recorded_by: str
    at: datetime


def check_areas(areas: Sequence[str]) -> None:
    """Raise :class:`InvalidError` where a region shows nothing, or there are too many."""
    if len(areas) > LIST_MAX:
        raise InvalidError(f"areas has at most {LIST_MAX} entries.")
    for area in areas:
        check_words("areas", area, longest=NAME_MAX, is_needed=True)


def check_skills(skills: Mapping[str, int]) -> None:
    """Raise :class:`InvalidError` where a skill is no word, or its level none."""
    if len(skills) > LIST_MAX:
        raise InvalidError(f"skills has at most {LIST_MAX} entries.")
    for name, level in skills.items():
        check_name("skills", name)
        if not 1 <= level <= LEVEL_MAX:
            raise InvalidError(f"skills: {name} has a level of 1 to {LEVEL_MAX}, not {level}.")


def check_name(noun: str, name: str) -> None:
    """Raise :class:`InvalidError` where it is no word such as ``washing_machine``."""
    if not _WORD.fullmatch(name):
        raise InvalidError(f"{noun}: {name!r} is none; write it like washing_machine or refrigerant.")
