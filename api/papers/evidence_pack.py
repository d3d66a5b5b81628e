"""Evidence pack: all that speaks for an alert and against it, as one JSON document whose bytes follow from what is stored.

It promises: the same alert over the same readings gives the same bytes, whoever asks and when. Readings from
:data:`BEFORE_DAYS` before the onset until the raise are looked at, and nothing later; a sample that comes late into that span
changes the bytes, and ``data_sha256`` says so. What is told again of a standing alert changes what the pack says of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.alerting.alert import Alert
from detectors.finding import UNKNOWN
from ingest.clock import to_ms
from ingest.profiles.definition import Feature, Measure, Profile
from ingest.store import Series

FORMAT = 1
DAY_MS = 86_400_000
BEFORE_DAYS = 14
PEERS_MAX = 20
GAP_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the appliance and of those like it."""

    model: str | None
    firmware: str | None
    interval_s: float
    own: Series
    peers: Mapping[str, Series]
    """Series of like appliances over the same span, by their ids."""
    data_alerts: Sequence[Alert]
    """What was said of the data of this appliance."""
    version: str
    """Of Fettle."""


def span_ms(alert: Alert) -> tuple[int, int]:
    """The readings that are looked at: [start, end) in ms."""
    return to_ms(alert.onset_at) - BEFORE_DAYS * DAY_MS, to_ms(alert.raised_at) + 1


def metrics_behind(alert: Alert, profile: Profile) -> tuple[str, ...]:
    """The metrics from which the evidence was computed, in the profile's order; all of the profile where none is known."""
    features = {one.name: one for one in profile.features}
    named: set[str] = set()
    for item in alert.evidence:
        feature = features.get(item.metric)
        named |= {item.metric} if feature is None else set(_metrics_of(feature, profile))
    return tuple(name for name in profile.metrics if name in named) or tuple(profile.metrics)


def evidence_pack(alert: Alert, profile: Profile, facts: Facts) -> bytes:
    """The document, in UTF-8, with a newline at its end."""
    start_ms, end_ms = span_ms(alert)
    onset_ms = to_ms(alert.onset_at)
    document = {
        "format": FORMAT,
        "alert": {
            "id": alert.id, "appliance_id": alert.appliance_id, "kind": alert.kind, "model": facts.model,
            "firmware": facts.firmware, "component": alert.component, "fault_mode": alert.fault_mode,
            "channel": alert.channel, "error_code": alert.error_code, "onset_at": _time(onset_ms),
            "raised_at": _time(end_ms - 1), "severity": alert.severity, "probability": alert.probability,
            "failure_window": None if alert.failure_window is None else {
                "from": _time(to_ms(alert.failure_window.start)), "to": _time(to_ms(alert.failure_window.end)),
                "coverage": alert.failure_window.coverage,
            },
        },
        "evidence": [
            {
                "metric": item.metric, "observed": item.observed, "expected_low": item.expected_low,
                "expected_high": item.expected_high, "unit": item.unit, "since": _time(to_ms(item.since)),
                "share": item.share,
            }
            for item in alert.evidence
        ],
        "not_seen": _not_seen(alert, profile),
        "causes": [{"fault_mode": mode, "probability": share} for mode, share in _causes(alert)],
        "parts": _parts(alert, profile),
        "confirming_test": _test(alert, profile),
        "own": {"before": _means(facts.own, start_ms, onset_ms), "since": _means(facts.own, onset_ms, end_ms)},
        "peers": _against_peers(facts, onset_ms, end_ms),
        "data_quality": _quality(facts, start_ms, end_ms),
        "versions": {"fettle": facts.version, "profile_sha256": hashlib.sha256(repr(profile).encode()).hexdigest()},
        "data_sha256": _hash({alert.appliance_id: facts.own, **facts.peers}),
    }  # fmt: skip
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _metrics_of(measure: Measure, profile: Profile) -> Iterator[str]:
    """Every metric that a measure is taken from."""
    yield from (name for name in (measure.metric, measure.minus) if name is not None)
    for name in (measure.over, measure.less):
        if name is not None:
            yield from _metrics_of(profile.quantities[name], profile)
    if isinstance(measure, Feature):
        for one in measure.instead:
            yield from _metrics_of(one, profile)


def _causes(alert: Alert) -> list[tuple[str, float]]:
    """What may be behind it, the likeliest first."""
    every = [(alert.fault_mode, alert.probability), *((one.fault_mode, one.probability) for one in alert.alternatives)]
    return sorted(every, key=lambda item: (-item[1], item[0]))


def _parts(alert: Alert, profile: Profile) -> list[dict[str, Any]]:
    """Parts by how likely each is the one that is needed, over all causes."""
    shares: dict[str, float] = {}
    for mode, probability in _causes(alert):
        known = profile.fault_modes.get(mode)
        for part in known.parts if known else ():
            shares[part.sku] = shares.get(part.sku, 0.0) + probability * part.share
    return [{"sku": sku, "probability": round(shares[sku], 4)} for sku in sorted(shares, key=lambda s: (-shares[s], s))]


def _test(alert: Alert, profile: Profile) -> str | None:
    """The test that confirms it or rules it out."""
    mode = profile.fault_modes.get(alert.fault_mode)
    return mode.test if mode else None


def _not_seen(alert: Alert, profile: Profile) -> list[dict[str, str]]:
    """Signs of the fault mode that are not among the evidence: what speaks against it, or was never told."""
    mode = profile.fault_modes.get(alert.fault_mode)
    if mode is None or alert.fault_mode == UNKNOWN:
        return []
    seen = {item.metric for item in alert.evidence}
    return [
        {"feature": name, "expected": "up" if shift > 0 else "down"}
        for name, shift in sorted(mode.signature.items())
        if name not in seen
    ]


def _within(series: Series, start_ms: int, end_ms: int) -> slice:
    first, last = np.searchsorted(series.ts_ms, [start_ms, end_ms]).tolist()
    return slice(first, last)


def _means(series: Series, start_ms: int, end_ms: int) -> dict[str, Any]:
    """Count, mean and ends of each metric's readings in a span."""
    rows = _within(series, start_ms, end_ms)
    return {name: _summary(series.values[name][rows]) for name in sorted(series.values)}


def _summary(values: NDArray[np.float64]) -> dict[str, Any] | None:
    read = values[~np.isnan(values)]
    if not len(read):
        return None
    low, high = float(read.min()), float(read.max())
    return {"n": len(read), "mean": round(float(read.mean()), 6), "min": low, "max": high}


def _against_peers(facts: Facts, start_ms: int, end_ms: int) -> dict[str, Any]:
    """Each metric's mean since the onset beside those of like appliances over the same time."""
    mine = _means(facts.own, start_ms, end_ms)
    compared: dict[str, Any] = {}
    for name, own in mine.items():
        theirs = [
            one["mean"]
            for series in facts.peers.values()
            if (one := _means(series, start_ms, end_ms).get(name)) is not None
        ]
        if own is not None and theirs:
            middle = round(float(np.median(theirs)), 6)
            below = sum(mean < own["mean"] for mean in theirs)
            compared[name] = {"own": own["mean"], "peers": len(theirs), "median": middle, "below_own": below}
    return compared


def _quality(facts: Facts, start_ms: int, end_ms: int) -> dict[str, Any]:
    """How many samples there are of those that there should be, gaps, and what was said of the data."""
    rows = _within(facts.own, start_ms, end_ms)
    ts_ms = facts.own.ts_ms[rows]
    steps = np.diff(ts_ms)
    said = [
        {"fault_mode": one.fault_mode, "metric": one.metric, "raised_at": _time(to_ms(one.raised_at))}
        for one in facts.data_alerts
        if to_ms(one.raised_at) < end_ms and (one.resolved_at is None or to_ms(one.resolved_at) >= start_ms)
    ]
    return {
        "samples": len(ts_ms),
        "usual_interval_s": facts.interval_s,
        "gaps": int((steps > GAP_INTERVALS * facts.interval_s * 1000).sum()),
        "longest_gap_s": round(int(steps.max()) / 1000) if len(steps) else None,
        "data_faults": sorted(said, key=lambda one: (one["raised_at"], one["fault_mode"], one["metric"] or "")),
    }


def _hash(series: Mapping[str, Series]) -> str:
    """Of every reading that was looked at."""
    whole = hashlib.sha256()
    for name in sorted(series):
        whole.update(name.encode() + b"\0" + np.ascontiguousarray(series[name].ts_ms).tobytes())
        for metric in sorted(series[name].values):
            whole.update(metric.encode() + b"\0" + np.ascontiguousarray(series[name].values[metric]).tobytes())
    return whole.hexdigest()


def _time(ms: int) -> str:
    """RFC 3339 with milliseconds."""
    return f"{np.datetime64(ms, 'ms')}Z"
