"""What would be read from files, for people who look before they run: metrics, times, gaps, what can't be, first rows, proposed kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ingest.profiles.definition import Profile
from ingest.recordings.marks import marks_of
from ingest.recordings.recording import Recording

FIRST_ROWS = 5
GAPS_SHOWN = 5
GAP_INTERVALS = 3
KNOWN_MIN = 2
GENERIC = "generic"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """A silence longer than three usual intervals."""

    start_ms: int
    end_ms: int


def inspect_recording(recording: Recording, profiles: Mapping[str, Profile], *, zone: str) -> Json:
    """Everything that a person wants to know before a backtest, as JSON."""
    steps = np.diff(recording.ts_ms)
    forward = steps[steps > 0]
    interval_ms = float(np.median(forward)) if len(forward) else 0.0
    gaps = [
        Gap(int(recording.ts_ms[at]), int(recording.ts_ms[at + 1]))
        for at in np.flatnonzero(steps > GAP_INTERVALS * max(interval_ms, 1.0)).tolist()
    ]
    longest = sorted(gaps, key=lambda gap: gap.start_ms - gap.end_ms)[:GAPS_SHOWN]
    return {
        "samples": len(recording),
        "first": _text(int(recording.ts_ms.min())) if len(recording) else None,
        "last": _text(int(recording.ts_ms.max())) if len(recording) else None,
        "interval_s": interval_ms / 1000,
        "zone": f"{zone}, for times without their own",
        "back_in_time": int((steps < 0).sum()),
        "gaps": len(gaps),
        "longest_gaps": [{"start": _text(gap.start_ms), "end": _text(gap.end_ms)} for gap in longest],
        "metrics": [_metric(recording, number) for number in range(len(recording.metrics))],
        "modes": sorted({mode for mode in recording.modes if mode}),
        "cycles": len({cycle for cycle in recording.cycles if cycle}),
        "left_out": list(recording.left_out),
        "notes": list(recording.notes),
        "doubts": _doubts(recording),
        "kind": propose_kind(recording.metrics, recording.modes, profiles),
        "first_rows": [_row(recording, row) for row in range(min(FIRST_ROWS, len(recording)))],
    }


def _metric(recording: Recording, number: int) -> Json:
    """One metric: where it comes from, and what its readings look like."""
    origin = recording.origins[number]
    values = recording.values[:, number]
    marked = marks_of(origin.metric, values)
    known = values[~np.isnan(values) & ~marked]
    return {
        "metric": origin.metric,
        "column": origin.column,
        "unit": origin.unit or None,
        "readings": len(known),
        "not_reported": int(np.isnan(values).sum()),
        "impossible": int(marked.sum()),
        "min": float(known.min()) if len(known) else None,
        "median": float(np.median(known)) if len(known) else None,
        "max": float(known.max()) if len(known) else None,
    }


def _doubts(recording: Recording) -> list[str]:
    """What to do with readings that can't be, a sentence for each metric that has some."""
    found = []
    for number, metric in enumerate(recording.metrics):
        values = recording.values[:, number]
        rows = np.flatnonzero(marks_of(metric, values))
        if len(rows):
            told = " and ".join(f"{value:g}" for value in np.unique(values[rows])[:2])
            column = recording.origins[number].column
            found.append(
                f"Column {column!r}: {len(rows)} readings can't be ({told}; the first at {recording.ts_text[rows[0]]}); where "
                "no sensor is, that is how it is told. They are a fault of the data; --missing VALUE leaves such cells out."
            )
    return found


def _row(recording: Recording, row: int) -> Json:
    """One sample as it would be taken."""
    values = recording.values[row].tolist()
    told = {name: value for name, value in zip(recording.metrics, values, strict=True) if value == value}  # noqa: PLR0124  (NaN is not itself)
    return {"ts": _text(int(recording.ts_ms[row])), "written": recording.ts_text[row], "metrics": told}


def _text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def propose_kind(metrics: Sequence[str], modes: Sequence[str | None], profiles: Mapping[str, Profile]) -> str:
    """The kind whose profile knows most of these metrics, where it knows several; where two know as many, the modes decide."""
    known = {
        kind: (len(set(metrics) & set(profile.metrics)), len(set(modes) & set(profile.modes)))
        for kind, profile in profiles.items()
        if profile.features
    }
    best = max(known.values(), default=(0, 0))
    leading = [kind for kind, count in known.items() if count == best]
    return leading[0] if best[0] >= KNOWN_MIN and len(leading) == 1 else GENERIC
