"""Stage: how far a ticket is with what can be tried from afar, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class RemoteExit(StrEnum):
    """How the stage ends."""

    SOLVED = "solved_remotely"
    NEEDS_VISIT = "needs_visit"
    """With the kit that is to come along."""
    REFUSED = "customer_refused"
    NOT_REACHABLE = "not_reachable"
    SKIPPED = "skipped"
    """Nobody tried: it counts for nobody's skill."""


@dataclass(frozen=True, slots=True)
class RemoteStage:
    """The stage of a ticket's present episode; ``can_try`` is what there is to try: ``fix_first``, ``test``.

    ``kit`` is what a visit brings along: ``component``, ``parts``, and what was ``tested``.
    """

    ticket_id: str
    can_try: tuple[str, ...]
    begun_at: datetime
    due_at: datetime
    is_late: bool
    ended_at: datetime | None = None
    exit: RemoteExit | None = None
    ended_by: str | None = None
    note: str | None = None
    kit: Mapping[str, Any] | None = None
    relapsed_at: datetime | None = None
