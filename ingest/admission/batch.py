"""Batch: one journal batch on its way through admission, and by what rules it is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingest.books.event_time import AcceptanceWindow
from ingest.books.replays import AskedLetter


@dataclass(frozen=True, slots=True)
class Batch:
    """The messages of one journal batch, as they came."""

    position: int
    received_ms: int
    topics: Sequence[str | bytes]
    payloads: Sequence[bytes]
    retained: Sequence[bool]
    again: Mapping[int, AskedLetter | None] = field(default_factory=dict)
    """Which messages are dead letters that come again, by number; None for a letter that nobody asks for any more."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one batch."""

    window: AcceptanceWindow = field(default_factory=AcceptanceWindow)
    is_auto_registering: bool = True
    waited_ms: int = 0
    """Admission's own time, by which gaps grow old."""
