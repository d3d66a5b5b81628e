"""The two deadlines of a ticket, and how soon it deserves attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WITHIN_MS: Mapping[int, tuple[int, int]] = {
    1: (4 * HOUR_MS, 24 * HOUR_MS),
    2: (8 * HOUR_MS, 48 * HOUR_MS),
    3: (24 * HOUR_MS, 72 * HOUR_MS),
    4: (48 * HOUR_MS, 168 * HOUR_MS),
}
"""By priority: within how long to respond, and to resolve."""


def deadlines(begun_ms: int, priority: int) -> dict[str, int]:
    """Until when to respond, and until when to resolve."""
    respond_ms, resolve_ms = WITHIN_MS[priority]
    return {"respond_by_ms": begun_ms + respond_ms, "resolve_by_ms": begun_ms + resolve_ms}


def moved_deadlines(standing: Row[Any], priority: int) -> dict[str, int]:
    """The deadlines under another priority; what was spent and what was paused stay as they are."""
    before, after = WITHIN_MS[standing.priority], WITHIN_MS[priority]
    return {
        "respond_by_ms": standing.respond_by_ms + after[0] - before[0],
        "resolve_by_ms": standing.resolve_by_ms + after[1] - before[1],
    }


def priority_of(*, severity: float, danger: int, fails_by_ms: int | None, now_ms: int) -> int:
    """1 (highest) to 4: from how bad it is if true, how dangerous, and how soon it is expected to fail."""
    days_left = None if fails_by_ms is None else (fails_by_ms - now_ms) / DAY_MS
    if danger >= 3 or (days_left is not None and days_left <= 2):
        return 1
    if danger == 2 or severity >= 0.7 or (days_left is not None and days_left <= 7):
        return 2
    if danger == 0 and severity < 0.3:
        return 4
    return 3
