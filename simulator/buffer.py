"""Buffer: the numbered messages that an appliance keeps until the service has them, in the order of their making.

Messages are numbered per boot from 0 without a hole; what an earlier boot has left is kept under its name. Within
``limit_bytes`` nothing goes without an answer; beyond that the oldest go, and are counted by the caller.
An appliance without memory (``limit_bytes`` 0) numbers its messages and keeps none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that the appliance wants to publish at QoS 1; ``boot`` and ``seq`` where it is numbered."""

    topic: str
    payload: bytes
    retain: bool = False
    boot: str | None = None
    seq: int | None = None


@dataclass(slots=True)
class Buffer:
    """What is kept, and how many bytes that is."""

    limit_bytes: int
    kept_bytes: int = 0
    _boots: OrderedDict[str, OrderedDict[int, Outgoing]] = field(default_factory=OrderedDict)

    def __iter__(self) -> Iterator[Outgoing]:
        """All that is kept, oldest first."""
        for messages in self._boots.values():
            yield from messages.values()

    def __contains__(self, message: Outgoing) -> bool:
        """Whether this numbered message still waits for an answer."""
        return message.boot is not None and message.seq in self._boots.get(message.boot, {})

    def keep(self, message: Outgoing, *, boot: str, seq: int) -> int:
        """Add the newest message; how many old ones had to go for it. Without memory it is not kept itself."""
        if not self.limit_bytes:
            return 0
        self._boots.setdefault(boot, OrderedDict())[seq] = message
        self.kept_bytes += len(message.payload)
        gone = 0
        while self.kept_bytes > self.limit_bytes and next(iter(self)) is not message:
            oldest_boot = next(iter(self._boots))
            self._drop(oldest_boot, next(iter(self._boots[oldest_boot])))
            gone += 1
        return gone

    def release(self, boot: str, upto: int) -> int:
        """Let go everything of that boot up to and with ``upto``; how many that were."""
        released = 0
        while boot in self._boots and (oldest := next(iter(self._boots[boot]))) <= upto:
            self._drop(boot, oldest)
            released += 1
        return released

    def refuse(self, boot: str, seq: int) -> bool:
        """Let go one message that the service will never take; whether it was there."""
        is_kept = seq in self._boots.get(boot, {})
        if is_kept:
            self._drop(boot, seq)
        return is_kept

    def _drop(self, boot: str, seq: int) -> None:
        messages = self._boots[boot]
        self.kept_bytes -= len(messages.pop(seq).payload)
        if not messages:
            del self._boots[boot]
