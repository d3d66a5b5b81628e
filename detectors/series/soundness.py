"""Soundness: which readings of a kind without a profile can't be, and the one standing finding that says so.

A reading that its quantity can't have, by the unit behind its name (-327.68 °C of a sensor that is not there), is a fault of
the data: it is not scored and teaches nothing. Three in a row of one metric raise a finding of channel ``data`` that names
the metrics, once; it is cleared by the first sound reading of each of them. One that comes and goes is told once a week.
The state is bounded: :data:`detectors.series.scorer.METRICS_MAX` metrics per appliance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Cleared, Evidence, Finding, FindingChannel
from detectors.layering.standing import DATA_REFRACTORY_MS
from detectors.series.scorer import METRICS_MAX
from detectors.series.standing import Standing
from ingest.plausible import limits
from ingest.sample import SampleBlock

IN_A_ROW = 3
OUT_OF_RANGE = "sensor_out_of_range"
"""As hygiene calls it for kinds with a profile."""


def look(
    one: Standing, who: tuple[str, str], block: SampleBlock, places: NDArray[np.intp], odd: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.float64], list[tuple[int, Finding]]]:
    """The rows of an appliance (its id and kind) that are to be scored, and by place what is raised or cleared.

    ``places`` (N,) are its rows in the block, ``odd`` (N, M) says which of their readings can't be. Answers the places of those
    that have a sound reading or none at all, and their sound readings, each in its metric's unit.
    """
    values = block.values[places]
    if not odd.any() and not one.odd:
        return places, values, []
    said: list[tuple[int, Finding]] = []
    metrics, given = block.metrics, ~np.isnan(values)
    for row in np.flatnonzero(given.any(axis=1)).tolist():
        for column in np.flatnonzero(given[row]).tolist():
            _note(one, metrics[column], is_odd=bool(odd[row, column]))
        place, now = int(places[row]), int(block.ts_ms[places[row]])
        bad = [column for column in np.flatnonzero(odd[row]).tolist() if one.odd.get(metrics[column], 0) >= IN_A_ROW]
        if bad and not one.data_raised_ms and (not one.data_told_ms or now - one.data_told_ms >= DATA_REFRACTORY_MS):
            one.data_raised_ms = one.data_told_ms = now
            evidence = tuple(_evidence(metrics[c], float(values[row, c]), now, len(bad)) for c in bad[:4])
            said.append((place, _finding(who, now, evidence)))
        elif one.data_raised_ms and max(one.odd.values(), default=0) < IN_A_ROW:
            over = replace(_finding(who, one.data_raised_ms), cleared_ms=now, cleared_because=Cleared.CALM)
            said.append((place, over))
            one.data_raised_ms = 0
    is_scored = (given & ~odd).any(axis=1) | ~given.any(axis=1)
    return places[is_scored], np.where(odd, np.nan, values)[is_scored], said


def _note(one: Standing, metric: str, *, is_odd: bool) -> None:
    """One more reading of a metric."""
    if not is_odd:
        one.odd.pop(metric, None)
    elif metric in one.odd or len(one.odd) < METRICS_MAX:
        one.odd[metric] = min(one.odd.get(metric, 0) + 1, IN_A_ROW)


def _finding(who: tuple[str, str], raised_ms: int, evidence: tuple[Evidence, ...] = ()) -> Finding:
    """The finding that stands since then."""
    return Finding(
        *who, OUT_OF_RANGE, "data", FindingChannel.DATA,
        raised_ms=raised_ms, onset_ms=raised_ms, score=1.0, severity=0.3, probability=0.9, evidence=evidence,
    )  # fmt: skip


def _evidence(metric: str, observed: float, now: int, among: int) -> Evidence:
    """A metric, and what it can be."""
    low, high, _ = limits(metric)
    return Evidence(metric, observed, low, high, "", now, 1 / among)
