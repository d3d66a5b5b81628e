"""Speaker: what admission remembers of one appliance while it speaks.

Bounded: the ledgers of at most :data:`BOOTS_MAX` boots, the newest :data:`WINDOW_MAX` messages without boot, and a flag or
two; about 1 kB, plus 4 bytes per remembered checksum. What is left out stands on disk and is read back when needed.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict

from ingest.ledger import BootLedger

BOOTS_MAX = 4
WINDOW_MAX = 1024
REARM_EVERY = 512
NOT_ARMED = -2

_NO_CHECKSUMS = array("I")  # stands in until a ledger is armed; nothing is ever added to it


class Speaker:
    """One appliance id. ``boot`` and ``expected`` belong to the fast path: what the next ordinary message carries.

    ``expected`` is :data:`NOT_ARMED` where the next message must be looked at; else the ledger's ``next`` lags behind it
    until :meth:`settle`.
    """

    __slots__ = (
        "acked_ms", "arrival_ms", "boot", "checksums", "expected", "has_boots", "id", "is_buffered",
        "is_retired", "is_whole", "kind", "ledger", "ledgers", "rearm_at", "row", "seen", "slot", "window",
    )  # fmt: skip

    def __init__(self, appliance_id: str) -> None:
        self.id = appliance_id
        self.kind: str | None = None
        """The kind under which it is registered, ``None`` while it is not."""
        self.is_retired = False
        self.is_buffered = False
        self.has_boots = False
        self.is_whole = True
        """Whether every boot that the books know of is in memory."""
        self.boot: str | None = None
        self.expected = NOT_ARMED
        self.rearm_at = 0
        self.row = 0
        self.ledger: BootLedger | None = None
        self.ledgers: dict[str, BootLedger] = {}
        """By boot, the one last used at the end."""
        self.checksums = _NO_CHECKSUMS
        self.seen = 0
        self.window: OrderedDict[tuple[str, int], int] | None = None
        self.slot = 0
        self.arrival_ms = -1
        self.acked_ms = -1

    def settle(self) -> None:
        """Bring the ledger up to what the fast path has let through."""
        if self.ledger is not None and self.expected > self.ledger.next:
            self.ledger.extend_to(self.expected)

    def arm(self, ledger: BootLedger, *, is_armed: bool) -> None:
        """Let the fast path take the next message of this boot, or not."""
        ledger.trim(2 * REARM_EVERY)
        self.ledger = ledger
        self.row = ledger.row
        self.boot = ledger.boot
        self.checksums = ledger.checksums
        is_contiguous = ledger.checksum_base + len(ledger.checksums) == ledger.next
        self.expected = ledger.next if is_armed and is_contiguous and not self.is_retired else NOT_ARMED
        self.rearm_at = ledger.next + REARM_EVERY

    def disarm(self) -> BootLedger | None:
        """Have the next message looked at; returns the ledger that the fast path has moved."""
        moved = self.ledger if self.ledger is not None and self.expected > self.ledger.next else None
        self.settle()
        self.expected = NOT_ARMED
        return moved

    def keep(self, ledger: BootLedger) -> BootLedger | None:
        """Hold a boot's ledger in memory; returns the one that must go to disk for it."""
        self.ledgers.pop(ledger.boot, None)
        self.ledgers[ledger.boot] = ledger
        if len(self.ledgers) <= BOOTS_MAX:
            return None
        self.is_whole = False
        return self.ledgers.pop(next(iter(self.ledgers)))

    def note_window(self, stream: str, ts_ms: int, checksum: int) -> int:
        """Remember a message without boot; returns the slot in which it is kept."""
        if self.window is None:
            self.window = OrderedDict()
        self.window[stream, ts_ms] = checksum
        if len(self.window) > WINDOW_MAX:
            self.window.popitem(last=False)
        self.slot = (self.slot + 1) % WINDOW_MAX
        return self.slot
