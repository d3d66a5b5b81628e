"""Fast sampling: readings more often than usual, while a session wants them and no longer; and traces, denser still.

A reading between two that the fleet tells lies on the line between them, as long as nothing begins or ends meanwhile; beside
a change of mode it is as the last one was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.distribution import is_number


@dataclass(slots=True)
class Capture:
    """A trace that is taken for a command: what was read so far. Its samples have the mode ``test``, so they teach nobody."""

    command_id: str
    interval_ms: int
    begun_ms: int
    until_ms: int
    taken: list[bytes] = field(default_factory=list)

    @property
    def cycle(self) -> str:
        """What its samples name, as those of a test do."""
        return f"test-{self.command_id}"[:64]

    def read(self, before: bytes, after: bytes | None, now_ms: int) -> None:
        """Take what is due by now; ``before`` and ``after`` are the told samples around it."""
        begin_ms, end_ms = self.begun_ms + len(self.taken) * self.interval_ms, min(now_ms + 1, self.until_ms)
        for at_ms in range(begin_ms, end_ms, self.interval_ms):
            sample = msgspec.json.decode(between(before, after, at_ms), type=dict[str, Any])
            self.taken.append(msgspec.json.encode(sample | {"mode": "test", "cycle": self.cycle}))

    def told(self) -> dict[str, Any]:
        """What its result says: how much was taken, of what."""
        metrics = sorted(msgspec.json.decode(self.taken[-1])["metrics"]) if self.taken else []
        return {"samples": len(self.taken), "metrics": metrics, "cycle": self.cycle}


def between(before: bytes, after: bytes | None, at_ms: int) -> bytes:
    """The sample of a moment between two told ones; ``after`` is None where the next is not known."""
    first = msgspec.json.decode(before, type=dict[str, Any])
    following = {} if after is None else msgspec.json.decode(after, type=dict[str, Any])
    metrics = dict(first.get("metrics") or {})
    is_one_stretch = all(first.get(name) == following.get(name) for name in ("mode", "cycle"))
    span_ms = following.get("ts", 0) - first.get("ts", 0)
    if is_one_stretch and span_ms > 0:
        share = min(max((at_ms - first["ts"]) / span_ms, 0.0), 1.0)
        for name, value in (following.get("metrics") or {}).items():
            if is_number(metrics.get(name)) and is_number(value):
                metrics[name] = round(metrics[name] + share * (value - metrics[name]), 4)
    told = {name: first[name] for name in ("mode", "cycle") if name in first}
    return msgspec.json.encode({"ts": at_ms, **told, "metrics": metrics})
