"""Speaker: what admission remembers of one appliance while it speaks.

Bounded: the ledgers of at most :data:`BOOTS_MAX` boots, the newest :data:`WINDOW_MAX` messages without boot, and a flag or
two; about 1 kB, plus 4 bytes per remembered checksum. What is left out stands on disk and is read back when needed.
What its next ordinary message carries stands in :class:`ingest.admission.expectations.Expectations`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from ingest.admission.expectations import NOT_ARMED, UNSETTLED_MAX, Expectations
from ingest.books.books import Registered, WindowEntry
from ingest.books.ledger import CHECKSUMS_MAX, BootLedger
from ingest.wire.strict_json import SEQ_MAX

BOOTS_MAX = 4
WINDOW_MAX = 1024


class Speaker:
    """One appliance id. ``expected`` is the seq of its next ordinary message, :data:`NOT_ARMED` for none."""

    __slots__ = (
        "_all", "acked_ms", "arrival_ms", "has_boots", "id", "is_retired", "is_whole", "kind", "ledger", "ledgers",
        "place", "slot", "window",
    )  # fmt: skip

    def __init__(self, appliance_id: str, expectations: Expectations) -> None:
        self.id = appliance_id
        self.kind: str | None = None
        """The kind under which it is registered, ``None`` while it is not."""
        self.is_retired = False
        self.has_boots = False
        self.is_whole = True
        """Whether every boot that the books know of is in memory."""
        self.ledger: BootLedger | None = None
        """The account of the boot that the next ordinary message belongs to."""
        self.ledgers: dict[str, BootLedger] = {}
        """By boot, the one last used at the end."""
        self.window: OrderedDict[tuple[str, int], int] | None = None
        self.slot = 0
        self.arrival_ms = -1
        self.acked_ms = -1
        self._all = expectations
        self.place = expectations.add()

    @property
    def expected(self) -> int:
        """The seq of the next ordinary message."""
        return int(self._all.expected[self.place])

    @property
    def row(self) -> int:
        """The ledger row that the next ordinary message belongs to."""
        return int(self._all.row[self.place])

    @property
    def is_buffered(self) -> bool:
        """Whether the appliance keeps its messages until our ack."""
        return bool(self._all.is_buffered[self.place])

    def register(self, kind: str) -> None:
        """It is known from now on, as one of this kind."""
        self.kind = kind

    def take_registered(self, known: Registered) -> None:
        """Take over what the registry says."""
        self.kind, self.is_retired = known.kind, known.is_retired
        self.deliver(is_buffered=known.is_buffered)

    def deliver(self, *, is_buffered: bool) -> None:
        """Note whether it keeps its messages until our ack."""
        self._all.is_buffered[self.place] = is_buffered

    def take_ledgers(self, ledgers: Sequence[BootLedger], *, is_whole: bool) -> None:
        """Take over the boots used last, oldest first."""
        self.is_whole = is_whole
        for ledger in ledgers:
            self.has_boots = self.has_boots or bool(ledger.boot)
            self.ledgers[ledger.boot] = ledger

    def note_acked(self, now_ms: int) -> None:
        """Remember when it was last told."""
        self.acked_ms = now_ms

    def arrive(self, received_ms: int) -> int:
        """An arrival time of its own: its arrivals are kept at least a millisecond apart."""
        self.arrival_ms = max(received_ms, self.arrival_ms + 1)
        return self.arrival_ms

    def hear(self, position: int) -> bool:
        """Note that it is heard in the batch at a position; True where that is new."""
        if self._all.seen[self.place] == position:
            return False
        self._all.seen[self.place] = position
        self._all.has_moved[self.place] = True
        return True

    def begin(self, ledger: BootLedger, position: int) -> None:
        """Take up the account of the first boot; its next message is ordinary."""
        self.has_boots = True
        self.ledgers[ledger.boot] = ledger
        self.hear(position)
        self.arm(ledger, is_armed=True)

    def settle(self) -> None:
        """Bring the ledger up to what was accounted for as ordinary."""
        ledger, expected = self.ledger, self.expected
        if ledger is None or expected <= ledger.next:
            return
        contents = self._all.contents[self.place]
        ledger.checksums.frombytes(contents[np.arange(ledger.next, expected) % UNSETTLED_MAX].tobytes())
        ledger.extend_to(expected)
        ledger.trim(CHECKSUMS_MAX)
        self._all.settle_at[self.place] = _settle_at(expected)

    def arm(self, ledger: BootLedger, *, is_armed: bool) -> None:
        """Let the next message of this boot be ordinary, or not."""
        ledger.trim(CHECKSUMS_MAX)
        self.ledger = ledger
        is_contiguous = ledger.checksum_base + len(ledger.checksums) == ledger.next
        columns, place = self._all, self.place
        columns.row[place] = ledger.row
        columns.boot[place] = ledger.boot.encode()
        columns.expected[place] = ledger.next if is_armed and is_contiguous and not self.is_retired else NOT_ARMED
        columns.settle_at[place] = _settle_at(ledger.next)

    def disarm(self) -> BootLedger | None:
        """Have the next message looked at; returns the ledger that ordinary messages have moved."""
        moved = self.ledger if self.ledger is not None and self.expected > self.ledger.next else None
        self.settle()
        self._all.expected[self.place] = NOT_ARMED
        return moved

    def keep(self, ledger: BootLedger) -> BootLedger | None:
        """Hold a boot's ledger in memory; returns the one that must go to disk for it."""
        self.has_boots = self.has_boots or bool(ledger.boot)
        self.ledgers.pop(ledger.boot, None)
        self.ledgers[ledger.boot] = ledger
        if len(self.ledgers) <= BOOTS_MAX:
            return None
        self.is_whole = False
        return self.ledgers.pop(next(iter(self.ledgers)))

    def take_window(self, entries: Sequence[WindowEntry]) -> None:
        """Take over the remembered messages without boot."""
        self.window = OrderedDict(((one.stream, one.ts_ms), one.checksum) for one in entries)
        self.slot = max((one.slot for one in entries), default=-1)

    def note_window(self, stream: str, ts_ms: int, checksum: int) -> int:
        """Remember a message without boot; returns the slot in which it is kept."""
        if self.window is None:
            self.window = OrderedDict()
        self.window[stream, ts_ms] = checksum
        if len(self.window) > WINDOW_MAX:
            self.window.popitem(last=False)
        self.slot = (self.slot + 1) % WINDOW_MAX
        return self.slot


def _settle_at(expected: int) -> int:
    """From which seq on a ledger that is settled now must be settled again."""
    return min(expected + UNSETTLED_MAX, SEQ_MAX + 1)
