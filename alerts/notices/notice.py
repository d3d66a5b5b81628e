"""Notice and delivery as values, what a receiver is, and what it may answer instead of taking a notice.

::

    DeliveryError            not taken: the receiver is left in peace for a while, and asked again
    ├ NoticeRefusedError     this notice alone; others may go on
    └ ReceiverGoneError      the receiver wants no more notices
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

DIGEST = "digest"
"""The type of a notice that is several at once."""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that others must be told; ``id`` is the same at every repeat."""

    id: str
    at: datetime
    type: str
    subject_id: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> Sequence[tuple[str, str, Mapping[str, Any]]] | None:
        """Of a digest the type, the subject and the data of each notice in it; nothing of any other."""
        found = self.data.get("notices") if self.type == DIGEST else None
        return None if found is None else [(one["type"], one["subject_id"], one["data"]) for one in found]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on its way to one receiver."""

    number: int
    notice: Notice
    target: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    last_error: str | None
    tried_at: datetime | None = None
    delivered_at: datetime | None = None
    rule: str | None = None
    """By which rule; receivers of the settings are told everything."""


class DeliveryError(Exception):
    """The receiver did not take the notice; ``retry_after_s`` is how long it asked to be left in peace, if it did."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        """Say what it answered."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoticeRefusedError(DeliveryError):
    """The receiver does not want this notice; it may well take another."""


class ReceiverGoneError(DeliveryError):
    """The receiver says that it wants no more notices."""


def takes_records(target: Target) -> bool:
    """Whether a receiver is a system that keeps a copy of our records, and says so."""
    return bool(getattr(target, "takes_records", False))


class Target(Protocol):
    """A receiver; ``name`` stays the same over restarts."""

    @property
    def name(self) -> str:
        """The receiver's name, at most 200 characters."""
        ...

    def deliver(self, notice: Notice) -> None:
        """Hand the notice over within bounded time; raises :class:`DeliveryError` where it was not taken."""
        ...
