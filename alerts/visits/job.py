"""Job: what is to be done at one home, and what it takes; one visit for all tickets of a site that come together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from alerts.customers.access_hours import Hours
from alerts.place import Place
from alerts.visits.hours import Span

FURTHER_TICKET_SAVES_MIN = 10
"""Unloading, greeting and paper are done once for all tickets of a visit."""
MINUTES_MIN = 15


@dataclass(frozen=True, slots=True)
class Needs:
    """What a ticket takes: minutes at the door, a skill (kind or component) at a level, licences by law."""

    kind: str
    component: str | None
    minutes: int
    level: int
    licences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """Where an appliance stands, as far as planning needs it; a kilometre exactly."""

    site_id: str | None
    customer_id: str | None
    place: Place | None
    region: str | None
    time_zone: str
    hours: Hours


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done at one home; ``visit_id`` where it is planned already.

    ``spans`` limit when it may begin and end beyond the home's hours: what the customer was promised. ``technician_id``
    and ``starts_ms`` hold what must not move.
    """

    key: str
    ticket_ids: tuple[str, ...]
    home: Home
    needs: tuple[Needs, ...]
    priority: int = 3
    due_ms: int | None = None
    excluded: Collection[str] = ()
    preferred: Collection[str] = ()
    visit_id: str | None = None
    spans: Sequence[Span] = field(default_factory=tuple)
    technician_id: str | None = None
    starts_ms: int | None = None

    @property
    def minutes(self) -> int:
        """How long it takes at the door."""
        saved = FURTHER_TICKET_SAVES_MIN * (len(self.needs) - 1)
        return max(MINUTES_MIN, sum(one.minutes for one in self.needs) - saved)

    @property
    def licences(self) -> frozenset[str]:
        """All licences that it takes."""
        return frozenset(name for one in self.needs for name in one.licences)
