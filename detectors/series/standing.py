"""Standing: whether an alarm stands of one appliance without a profile, row by row.

An alarm is raised where a row's score reaches the threshold that its budget gives at the usual distance of its samples. It
stands while rows stay unusual, and at most for :data:`STANDING_ROWS_MAX` rows: by then it is how things are. Then nothing is
raised for the window of all metrics for a while, a tenth of all rows seen, within bounds; and for a metric by itself only
what exceeds the last alarm, the memory of which fades as long.
"""

from __future__ import annotations

from math import log10, nan
from typing import Literal, NamedTuple

from detectors.series.scorer import GROWN_ROWS, MARGIN, Scored, Scorer, alarm_threshold, fading, memory_rows

LEAVE = 0.6
STRICTER = 2.0
"""After an alarm of the window the next one takes a row several hundred times as rare, until the budget allows another."""
CALM_ROWS = 10
STANDING_ROWS_MAX = 500
INTERVAL_S_DEFAULT = 60.0
INTERVAL_GAIN = 0.01
DAY_S, YEAR_S = 86_400.0, 365 * 86_400.0


class Turn(NamedTuple):
    """An alarm that begins or ends with a row of a block."""

    place: int
    what: Literal["raised", "cleared", "became_usual"]
    since_ms: int
    """When rows began to be unusual; of an end: when it was raised."""


class Standing:
    """One appliance: its series, and whether an alarm stands."""

    def __init__(self, fit_rows: int) -> None:
        self.scorer = Scorer(fit_rows)
        self.last_ts = 0
        self.interval_s = INTERVAL_S_DEFAULT
        self.raised_ms = 0
        self.since_ms = 0
        self.calm_rows = 0
        self.stood_rows = 0
        self.quiet_rows = 0
        self.told = 0.0
        """What the last alarm of a metric was for; it fades."""
        self.is_by_window = False
        self.stricter = 0.0
        """By how much the window must say more than the threshold; it grows with each alarm of the window."""
        self.said = ""
        self.score = 0.0
        self.odd: dict[str, int] = {}
        """Metrics whose last readings could not be, and how many in a row, up to where that is said."""
        self.data_raised: dict[str, int] = {}
        """By metric, when the fault of its sensor that stands was raised (ms)."""
        self.data_told: dict[str, int] = {}
        """By metric, when it was raised last."""
        self.data_raised_ms = 0
        """When the fault of all its sensors together was raised that stands from before they stood one by one; 0 for none."""

    def turns(
        self, ts_ms: list[int], scored: Scored, *, rows_before: int, learn_rows: int, alarms_per_year: float
    ) -> tuple[list[Turn], list[bool]]:
        """Where alarms begin and end in some rows, and of each row whether it was calm.

        Row by row, as what an alarm takes depends on what was said in the rows before: how strict, how lately, how high.
        """
        turns: list[Turn] = []
        calm: list[bool] = []
        spread = log10(max(1, len(self.scorer.names)))
        scale = YEAR_S / max(alarms_per_year, 1e-6)
        interval_s, threshold, fade = nan, 0.0, fading(rows_before)
        rows = zip(ts_ms, scored.worst.tolist(), scored.together.tolist(), strict=True)
        for place, (ts, worst, together) in enumerate(rows):
            if self.last_ts:
                step_s = min(max((ts - self.last_ts) / 1000, 0.0), DAY_S)
                seen = rows_before + place
                self.stricter = max(0.0, self.stricter - STRICTER * step_s / scale)
                self.interval_s += max(INTERVAL_GAIN, 1 / seen if seen else 1.0) * (step_s - self.interval_s)
            self.last_ts = ts
            if self.interval_s != interval_s:
                interval_s = self.interval_s
                threshold = alarm_threshold(scale / max(interval_s, 0.1) * 10**spread)
            strict = threshold + self.stricter
            unusual = max(worst / threshold, together / strict)
            self.quiet_rows = max(0, self.quiet_rows - 1)
            if rows_before + place <= GROWN_ROWS:
                fade = fading(rows_before + place)
            self.told *= fade
            if unusual < LEAVE:
                self.since_ms = 0
            elif not self.since_ms:
                self.since_ms = ts
            if self.raised_ms:
                self.stood_rows += 1
                self.calm_rows = self.calm_rows + 1 if unusual < LEAVE else 0
                if self.calm_rows >= CALM_ROWS or self.stood_rows >= STANDING_ROWS_MAX:
                    what: Literal["cleared", "became_usual"] = (
                        "cleared" if self.calm_rows >= CALM_ROWS else "became_usual"
                    )
                    turns.append(Turn(place, what, self.raised_ms))
                    self._clear(rows_before + place)
            elif rows_before + place >= learn_rows and (
                threshold <= worst > self.told + MARGIN or (together >= strict and not self.quiet_rows)
            ):
                self.is_by_window = worst < threshold
                self.told = worst
                self.raised_ms = ts
                turns.append(Turn(place, "raised", self.since_ms or ts))
            calm.append(not self.raised_ms and unusual < LEAVE)
        self.score = float(scored.score[-1])
        return turns, calm

    def _clear(self, seen: int) -> None:
        """End the alarm."""
        self.stricter += STRICTER if self.is_by_window else 0.0
        self.raised_ms = self.calm_rows = self.stood_rows = 0
        self.quiet_rows = int(memory_rows(seen))
