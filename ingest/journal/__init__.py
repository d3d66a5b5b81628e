"""The journal: raw MQTT messages, made durable before they are acknowledged.

Promises of every implementation, held by tests/contract/journal_suite.py:

- When :meth:`Journal.append` returns, the batch survives the death of the process and of the machine.
- Positions are positive, strictly increasing integers; a batch is never changed.
- :meth:`Journal.read` returns batches in the order of their positions, each checked against its checksum. A damaged
  part is set aside and counted (:attr:`Journal.quarantined_batches`), and the rest is served.
- Storage is bounded: :meth:`Journal.prune` drops whole old parts, or the journal does so by itself.
- Where the journal lives elsewhere it may be away: then everything but ``trouble`` raises :class:`JournalError`, and
  works again afterwards. A batch whose append has failed may be appended again, and stands once.

A batch's ``frames`` are whole MQTT 5 PUBLISH frames as they came from the socket, one after another, so nothing is
spent per message on writing and one parser reads both the socket and the journal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.mqtt.publish_layout import Layout


@dataclass(frozen=True, slots=True)
class JournalBatch:
    """One group commit: ``count`` whole MQTT 5 PUBLISH frames that were received up to ``received_ms``."""

    position: int
    received_ms: int
    count: int
    frames: bytes
    layout: Layout | None = field(default=None, compare=False, repr=False)
    """Where the frames stand, for a batch that has just come; one that was read back doesn't say."""


class JournalError(Exception):
    """The journal can't do what was asked now; what was not acknowledged may be tried again."""


class Journal(Protocol):
    """Appends batches durably and reads them back in order."""

    @property
    def quarantined_batches(self) -> int:
        """Batches set aside because they were damaged, since the journal was opened."""
        ...

    def identity(self) -> str:
        """Who this journal is: another journal has another word, whatever its positions; raises :class:`JournalError`."""
        ...

    def append(self, frames: Sequence[bytes | memoryview], *, count: int, received_ms: int) -> int:
        """Make one batch durable and return its position; raises :class:`JournalError` and keeps nothing otherwise.

        A batch may be empty: it says that until ``received_ms`` nothing more has come.
        """
        ...

    def read(self, after: int, *, limit_bytes: int) -> list[JournalBatch]:
        """The batches behind position ``after``, oldest first, at least one if there is one, about ``limit_bytes``."""
        ...

    def tip(self) -> int:
        """The newest position, 0 for an empty journal."""
        ...

    def count_messages(self, after: int) -> int:
        """How many messages the batches behind position ``after`` hold: how far a reader is behind."""
        ...

    def size_bytes(self) -> int:
        """What the journal takes on disk."""
        ...

    def oldest(self) -> int:
        """The oldest position that may still be there, 0 for an empty journal; no older one is given again."""
        ...

    def prune(self, before: int) -> int:
        """Drop whole parts that hold only positions below ``before``; returns the bytes freed."""
        ...

    def trouble(self) -> str | None:
        """Why the journal can't be used now, as a sentence; ``None`` while nothing is known against it."""
        ...

    def show_cursors(self, cursors: Mapping[str, int]) -> None:
        """Show whoever looks at the journal from outside how far each reader has read for good."""
        ...

    def close(self) -> None:
        """Release files; nothing else may be called afterwards."""
        ...
