"""Letter: one piece of mail that came in, what it says, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec


class Attached(msgspec.Struct, frozen=True):
    """A file that hung at a letter: told by name, type and size, and never kept, opened or run."""

    name: str
    type: str
    bytes: int


class Content(msgspec.Struct, frozen=True):
    """What lies sealed of a letter."""

    sender: str
    subject: str
    text: str
    attached: tuple[Attached, ...] = ()


class Ignored(StrEnum):
    """Why a letter is nobody's word, and not kept."""

    AUTOMATIC = "automatic"
    BOUNCE = "bounce"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A letter as it was read; ``identity`` is the same each time that it comes."""

    identity: str
    content: Content
    references: tuple[str, ...]
    """What may be references of ours, wherever they stood, in the order in which they count."""
    ignored: Ignored | None = None


class LetterState(StrEnum):
    """Where a letter is."""

    WAITING = "waiting"
    JOINED = "joined"
    DISMISSED = "dismissed"


class LetterReason(StrEnum):
    """Why a letter joined no ticket by itself."""

    NO_REFERENCE = "no_reference"
    WRONG_REFERENCE = "wrong_reference"
    OF_A_NOTICE = "of_a_notice"
    TOO_MANY = "too_many"


class Taken(StrEnum):
    """What became of a letter when it came."""

    JOINED = "joined"
    WAITING = "waiting"
    REPEATED = "repeated"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is kept."""

    number: int
    at: datetime
    state: LetterState
    reason: LetterReason | None
    ticket_id: str | None
    ticket_number: int | None
    appliance_id: str | None
    customer_id: str | None
    """Whose address it came from, where the customer file has it; an address can be forged."""
    content: Content
