"""How soon a ticket deserves attention."""

from __future__ import annotations

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


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


def more_urgent(priority: int, steps: int) -> int:
    """A priority so many steps more urgent; 1 is the highest there is."""
    return max(priority - steps, 1)
