"""The detector of kinds without a profile: each appliance's metrics as series, one standing finding at most.

An alarm means "clearly not as before, cause unknown". It stands while the score stays above :data:`LEAVE` of the
threshold, and is followed by quiet.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.finding import UNKNOWN, Channel, Cleared, Condition, ConditionState, Evidence, Finding
from detectors.series import CHANNELS, Series, alarm_threshold
from detectors.standing import gone, stored
from detectors.state import checkpoint
from detectors.state.checkpoint import Layouts, Packed
from detectors.state.columns import Arrays
from detectors.state.layout import Layout
from ingest.sample import Event, SampleBlock, SampleFlag

LEARN_ROWS = 400
LEAVE = 0.6
CALM_ROWS = 10
QUIET_ROWS = 300
APPLIANCES_MAX = 20_000
INTERVAL_S_DEFAULT = 60.0
YEAR_S = 365 * 86_400.0


class Standing:
    """One appliance: its series and whether an alarm stands."""

    def __init__(self, fit_rows: int) -> None:
        self.series = Series(fit_rows)
        self.last_ts = 0
        self.interval_s = INTERVAL_S_DEFAULT
        self.raised_ms = 0
        self.calm_rows = 0
        self.quiet_rows = 0
        self.said = ""
        self.score = 0.0


class SeriesDetector:
    """Folds samples of a kind without features into findings and conditions."""

    def __init__(self, kind: str, *, alarms_per_year: float, learn_rows: int = LEARN_ROWS) -> None:
        self.kind = kind
        self.alarms_per_year = alarms_per_year
        self.learn_rows = learn_rows
        self.appliances: dict[str, Standing] = {}
        self.changed: set[str] = set()

    def fold(self, block: SampleBlock, events: Sequence[Event] = ()) -> tuple[list[Finding], list[Condition]]:
        """Take in one block; late samples are left out, and ``events`` tell a kind without profile nothing."""
        del events
        findings: list[Finding] = []
        conditions: list[Condition] = []
        order = np.argsort(block.ts_ms, kind="stable")
        for place in order[(block.flags[order] & SampleFlag.LATE) == 0].tolist():
            appliance_id = block.appliance_ids[place]
            one = self.appliances.get(appliance_id)
            if one is None:
                if len(self.appliances) >= APPLIANCES_MAX:
                    continue
                one = self.appliances[appliance_id] = Standing(self.learn_rows)
            ts = int(block.ts_ms[place])
            if ts < one.last_ts:
                continue
            self.changed.add(appliance_id)
            found = self.sample(one, appliance_id, ts, block.metrics, block.values[place])
            findings += found
            said = self._condition(one, appliance_id, ts)
            if said is not None:
                conditions.append(said)
        return findings, conditions

    def happen(self, events: Sequence[Event]) -> tuple[list[Finding], list[Condition]]:
        """Events tell a kind without profile nothing."""
        del events
        return [], []

    def sample(
        self, one: Standing, appliance_id: str, ts: int, metrics: tuple[str, ...], values: NDArray[np.float64]
    ) -> list[Finding]:
        """Score one sample and raise or clear."""
        given = ~np.isnan(values)
        names = tuple(name for name, is_given in zip(metrics, given.tolist(), strict=True) if is_given)
        slots = one.series.slots(names)
        row = np.full(len(one.series.names), np.nan)
        row[slots[slots >= 0]] = values[given][slots >= 0]
        if one.last_ts:
            step_s = min(max((ts - one.last_ts) / 1000, 0.0), 86_400.0)
            one.interval_s += 0.01 * (step_s - one.interval_s)
        expected = one.series.arrays["slow"].copy()
        width = 3 * np.sqrt(one.series.arrays["var_slow"])
        one.last_ts = ts
        one.score = one.series.score(ts, row)
        threshold = alarm_threshold(YEAR_S / max(one.interval_s, 0.1) / max(self.alarms_per_year, 1e-6))
        if one.raised_ms:
            one.calm_rows = one.calm_rows + 1 if one.score < LEAVE * threshold else 0
            if one.calm_rows >= CALM_ROWS:
                cleared = replace(
                    self._finding(one, appliance_id, one.raised_ms, ()), cleared_ms=ts, cleared_because=Cleared.CALM
                )
                one.raised_ms = one.calm_rows = 0
                one.quiet_rows = QUIET_ROWS
                return [cleared]
            return []
        one.quiet_rows = max(0, one.quiet_rows - 1)
        if one.score < threshold or one.quiet_rows or one.series.rows_seen < self.learn_rows:
            return []
        one.raised_ms = ts
        return [self._finding(one, appliance_id, ts, self._evidence(one, ts, row, expected, width))]

    def touch(self, appliance_id: str) -> None:
        """Have an appliance among the next changes, where it is known."""
        if appliance_id in self.appliances:
            self.changed.add(appliance_id)

    def packed_changes(self) -> dict[str, bytes]:
        """The appliances changed since the last call, packed."""
        packed = {
            appliance_id: _pack(self.kind, self.appliances[appliance_id]) for appliance_id in sorted(self.changed)
        }
        self.changed.clear()
        return packed

    def restore(self, rows: Sequence[Packed], layouts: Layouts) -> tuple[int, list[Finding]]:
        """Take over packed appliances; returns how many were refused, and the ends of findings that can't stand here.

        Of a row from when the kind had a profile, the finding ``unknown`` stands on, and its appliance learns anew.
        """
        refused, ended = 0, list[Finding]()
        for group in rows:
            layout = layouts.of(group)
            for appliance_id, body in group.bodies():
                if layout is not None and len(body) == layout.size:
                    one = Standing(self.learn_rows)
                    ended += self._from_profile(one, appliance_id, body, layout)
                    self.appliances[appliance_id] = one
                elif (read := unpacked(group, body, self.learn_rows)) is not None:
                    self.appliances[appliance_id] = read
                else:
                    refused += 1
        return refused, ended

    def _from_profile(self, one: Standing, appliance_id: str, body: bytes, layout: Layout) -> list[Finding]:
        """Let ``unknown`` stand on; the ends of all else that stood."""
        records = np.frombuffer(body, np.uint8)[None]
        for _, mode, channel, raised_ms in stored(layout, records):
            if mode == UNKNOWN and channel is Channel.EVIDENCE:
                one.raised_ms = raised_ms
        self.changed.add(appliance_id)
        return gone([appliance_id], self.kind, layout, records, np.zeros(1, np.int64), {UNKNOWN})

    def shared(self) -> Arrays:
        """Nothing is shared between appliances of which nothing is known."""
        return {}

    def restore_shared(self, arrays: Mapping[str, NDArray[Any]], layout: Layout) -> None:
        """Nothing to take over."""

    def _evidence(
        self,
        one: Standing,
        ts: int,
        row: NDArray[np.float64],
        expected: NDArray[np.float64],
        width: NDArray[np.float64],
    ) -> tuple[Evidence, ...]:
        """The metrics that surprise most, against their recent band."""
        surprise = one.series.surprise
        total = float(surprise.sum())
        worst = [
            n for n in np.argsort(-surprise, kind="stable")[:3].tolist() if surprise[n] > 0 and not np.isnan(row[n])
        ]
        return tuple(
            Evidence(
                one.series.names[n],
                float(row[n]),
                float(expected[n] - width[n]),
                float(expected[n] + width[n]),
                "",
                ts,
                float(surprise[n]) / total,
            )
            for n in worst
        )

    def _finding(
        self,
        one: Standing,
        appliance_id: str,
        raised_ms: int,
        evidence: tuple[Evidence, ...],
    ) -> Finding:
        """A finding of unknown cause."""
        return Finding(
            appliance_id,
            self.kind,
            UNKNOWN,
            "appliance",
            Channel.EVIDENCE,
            raised_ms=raised_ms,
            onset_ms=raised_ms,
            score=one.score,
            severity=min(1.0, one.score / 10),
            probability=0.5,
            evidence=evidence,
        )

    def _condition(self, one: Standing, appliance_id: str, ts: int) -> Condition | None:
        """The condition, where it is another than before."""
        seen = one.series.rows_seen
        if one.raised_ms:
            state, reason = ConditionState.ALERT, "clearly not as before, cause unknown"
        elif seen < self.learn_rows:
            tenth = 10 * seen // self.learn_rows
            state, reason = ConditionState.LEARNING, f"learning, {10 * tenth} % of {self.learn_rows} samples"
        else:
            state, reason = ConditionState.OK, "as before"
        if reason == one.said:
            return None
        one.said = reason
        return Condition(appliance_id, self.kind, state, reason, ts)


def _pack(kind: str, one: Standing) -> bytes:
    """One appliance as bytes: head and arrays, the size of the head in place of a layout's number."""
    window = one.series.window
    numbers = {
        key: getattr(one, key)
        for key in ("last_ts", "interval_s", "raised_ms", "calm_rows", "quiet_rows", "said", "score")
    }
    plain = {
        "numbers": numbers,
        "names": one.series.names,
        "rows_seen": one.series.rows_seen,
        "window": [window.fit_rows, window.level, window.smooth, window.is_fitted],
    }
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {f"series/{key}": array for key, array in one.series.arrays.items()}
    np.savez(
        buffer,
        training=np.array(window.training if len({len(r) for r in window.training}) == 1 else [], np.float32),
        recent=np.array(window.recent),
        centre=window.centre,
        spread=window.spread,
        basis=window.basis,
        **arrays,
    )
    head = msgspec.msgpack.encode(plain)
    return checkpoint.head(checkpoint.SERIES, len(head), kind) + head + buffer.getvalue()


def unpacked(group: Packed, body: bytes, learn_rows: int) -> Standing | None:
    """The appliance of a packed row of ``group``; None where the bytes are none of a series.

    With other channels than now the series learns anew, and what stands stands on.
    """
    if group.form not in (checkpoint.FIRST, checkpoint.SERIES):
        return None
    try:
        plain = msgspec.msgpack.decode(body[: group.number], type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    one = Standing(learn_rows)
    for key, value in plain["numbers"].items():
        setattr(one, key, value)
    series, window = one.series, one.series.window
    with np.load(io.BytesIO(body[group.number :]), allow_pickle=False) as stored_arrays:
        arrays = {name: stored_arrays[name] for name in stored_arrays.files}
    if arrays["series/tail"].shape[1] != len(CHANNELS):
        return one
    series.names, series.rows_seen = plain["names"], plain["rows_seen"]
    window.fit_rows, window.level, window.smooth, window.is_fitted = plain["window"]
    series.arrays = {key.removeprefix("series/"): array for key, array in arrays.items() if key.startswith("series/")}
    window.training = [one_row.astype(float) for one_row in arrays["training"]]
    window.recent = list(arrays["recent"])
    window.centre, window.spread, window.basis = arrays["centre"], arrays["spread"], arrays["basis"]
    series.surprise = np.zeros(len(series.names))
    return one
