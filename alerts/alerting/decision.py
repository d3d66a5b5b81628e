"""Decision: what a stage of the alert pipeline answers, and what follows from it; never a bare yes or no.

What follows is one table, :data:`FOLLOWS`: a stage can't forget to hold an alert, to ask again or to show it, because it
does none of this itself. An alert that is neither settled nor asked again can't be written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row

from alerts.database import Transaction
from ingest.profiles.definition import Profile


class Action(StrEnum):
    """What is done with an alert."""

    OPEN = "open"
    """It gets a ticket, or joins the one that stands for its fault mode."""
    HOLD = "hold"
    """Nothing for now: it waits, and is asked again."""
    NOTE = "note"
    """It stands and is shown, without a ticket of its own for now, and is asked again."""
    NEVER = "never"
    """It stands and is shown, and no ticket comes of it."""


@dataclass(frozen=True, slots=True)
class DecisionReason:
    """Why; the word is logged and stored, the sentences are shown."""

    word: str
    en: str
    zh: str
    notice: str | None = None
    """The notice of an alert that fires for it: work that is told although no ticket comes of it."""

    @property
    def label(self) -> Mapping[str, str]:
        """The sentence in every language that we speak."""
        return {"en": self.en, "zh": self.zh}


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with an alert, and why; where it is noted on a ticket, on which."""

    action: Action
    reason: DecisionReason
    ticket_id: str | None = None


@dataclass(frozen=True, slots=True)
class Follows:
    """What follows from an action, by itself."""

    fires: bool
    """Whether the alert leaves pending."""
    is_asked_again: bool
    """Whether the pipeline is asked again: as time passes, and when the finding brings news."""


FOLLOWS: Mapping[Action, Follows] = {
    Action.OPEN: Follows(fires=True, is_asked_again=False),
    Action.HOLD: Follows(fires=False, is_asked_again=True),
    Action.NOTE: Follows(fires=True, is_asked_again=True),
    Action.NEVER: Follows(fires=True, is_asked_again=False),
}

Decide = Callable[[Transaction, Row[Any], Profile | None], Decision | None]
"""Decides about one alert as it stands in the database, with its kind's profile; ``None`` leaves it to the next stage."""


StillHolds = Callable[[Transaction], ColumnElement[bool]]
"""Which alerts, by a condition on their rows, would surely be held for the same reason again: they need not be asked one by one."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pipeline: how it decides, and every reason that it may give.

    ``still_holds`` may leave an alert out that it would hold, never the other way round: who is not asked is not let go.
    """

    decide: Decide
    reasons: tuple[DecisionReason, ...]
    still_holds: StillHolds | None = None
