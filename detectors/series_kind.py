"""The detector of kinds without a profile: each appliance's metrics as series, one standing finding at most.

An alarm means "clearly not as before, cause unknown". It stands while the score stays above :data:`LEAVE` of the
threshold, and is followed by quiet.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.checkpoint import VERSION
from detectors.diagnosis import UNKNOWN
from detectors.finding import Channel, Condition, ConditionState, Evidence, Finding
from detectors.series import CHANNELS, Series, alarm_threshold
from ingest.sample import Event, SampleBlock, SampleFlag

LEARN_ROWS = 400
LEAVE = 0.6
CALM_ROWS = 10
QUIET_ROWS = 300
APPLIANCES_MAX = 20_000
INTERVAL_S_DEFAULT = 60.0
YEAR_S = 365 * 86_400.0

_HEADER = struct.Struct("<BIB")


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
                cleared = self._finding(one, appliance_id, one.raised_ms, (), cleared_ms=ts)
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

    def restore(self, rows: Sequence[tuple[str, bytes]]) -> int:
        """Take over packed appliances; returns how many were refused."""
        refused = 0
        for appliance_id, packed in rows:
            one = _unpack(packed, self.learn_rows)
            if one is None:
                refused += 1
            else:
                self.appliances[appliance_id] = one
        return refused

    def shared(self) -> dict[str, NDArray[Any]]:
        """Nothing is shared between appliances of which nothing is known."""
        return {}

    def restore_shared(self, arrays: dict[str, NDArray[Any]]) -> None:
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
        cleared_ms: int | None = None,
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
            cleared_ms=cleared_ms,
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
    """One appliance as bytes, with the header of checkpoint.py."""
    name = kind.encode()
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
    return _HEADER.pack(VERSION, len(head), len(name)) + name + head + buffer.getvalue()


def _unpack(packed: bytes, learn_rows: int) -> Standing | None:
    """The appliance of :func:`_pack`; None where the bytes are of another layout."""
    version, head_size, name_size = _HEADER.unpack_from(packed)
    if version != VERSION:
        return None
    start = _HEADER.size + name_size
    plain = msgspec.msgpack.decode(packed[start : start + head_size])
    one = Standing(learn_rows)
    for key, value in plain["numbers"].items():
        setattr(one, key, value)
    series, window = one.series, one.series.window
    series.names, series.rows_seen = plain["names"], plain["rows_seen"]
    window.fit_rows, window.level, window.smooth, window.is_fitted = plain["window"]
    with np.load(io.BytesIO(packed[start + head_size :]), allow_pickle=False) as stored:
        series.arrays = {key.removeprefix("series/"): stored[key] for key in stored.files if key.startswith("series/")}
        window.training = [row.astype(float) for row in stored["training"]]
        window.recent = list(stored["recent"])
        window.centre, window.spread, window.basis = stored["centre"], stored["spread"], stored["basis"]
    series.surprise = np.zeros(len(series.names))
    if series.arrays["tail"].shape[1] != len(CHANNELS):
        return None
    return one
