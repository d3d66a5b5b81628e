"""What an appliance measured during a session, as charts: the metrics of the tests that ran, with their limits drawn in."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from alerts.remote.session import DiagnosisSession
from api.papers.paper import Chart
from api.papers.session_paper import Reader
from ingest.clock import Clock, from_ms, to_ms
from ingest.profiles.definition import RemoteTest
from ingest.store import TelemetryStore
from ingest.store.downsample import downsample

CHARTS_MOST = 8
POINTS = 600
BEFORE_MS = 120_000
"""So much of what was before the session is drawn, too."""


def charts_of(session: DiagnosisSession, reader: Reader, store: TelemetryStore, clock: Clock) -> Sequence[Chart]:
    """One chart for each metric that a test of the session watched; raises what the store raises."""
    watched = _watched(session, reader)
    if session.granted_at is None or not watched:
        return ()
    start_ms = to_ms(session.granted_at) - BEFORE_MS
    end_ms = to_ms(session.ended_at) + 1 if session.ended_at else clock.now_ms() + 1
    series = store.read(session.kind, session.appliance_id, tuple(watched), start_ms=start_ms, end_ms=end_ms)
    interval_s = 60.0 if reader.profile is None else reader.profile.usual_interval_s
    columns = downsample(
        series, start_ms=start_ms, end_ms=end_ms, points=POINTS, usual_interval_ms=round(interval_s * 1000)
    )
    spans = tuple(
        (to_ms(one.started_at), to_ms(one.ended_at)) for one in session.procedures if one.ended_at is not None
    )
    return [
        _chart(name, test, columns.ts_ms, columns.values[name], reader, spans)
        for name, test in watched.items()
        if name in columns.values and not np.isnan(columns.values[name]).all()
    ]


def _watched(session: DiagnosisSession, reader: Reader) -> dict[str, RemoteTest]:
    tests = [test for one in session.procedures if (test := reader.test(one.test)) is not None]
    return dict(list({name: test for test in tests for name in (test.measure, *test.watch)}.items())[:CHARTS_MOST])


def _chart(
    name: str,
    test: RemoteTest,
    ts_ms: np.ndarray,
    values: np.ndarray,
    reader: Reader,
    spans: tuple[tuple[int, int], ...],
) -> Chart:
    metric = None if reader.profile is None else reader.profile.metrics.get(name)
    unit = "" if metric is None else metric.unit
    label = reader.label(None if metric is None else metric.label, name)
    known = values[~np.isnan(values)]
    told = {"n": len(known), "unit": unit}
    summary = reader.words["chart"].format(**told, low=f"{known.min():.4g}", high=f"{known.max():.4g}")
    first_ms, last_ms = int(ts_ms[0]), int(ts_ms[-1])
    is_measured = name == test.measure
    return Chart(
        f"{label} ({unit})" if unit else label,
        [(at, None if math.isnan(value) else value) for at, value in zip(ts_ms.tolist(), values.tolist(), strict=True)],
        low=test.healthy[0] if is_measured else None,
        high=test.healthy[1] if is_measured else None,
        spans=spans,
        ends=(reader.time(from_ms(first_ms)), reader.time(from_ms(last_ms))),
        summary=summary,
    )
