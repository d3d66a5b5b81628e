"""Fast sampling: readings more often than usual, while a session wants them and no longer.

A reading between two that the fleet tells lies on the line between them, as long as nothing begins or ends meanwhile; beside
a change of mode it is as the last one was.
"""

from __future__ import annotations

from typing import Any

import msgspec

from simulator.distribution import is_number


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
