"""Soundness: which readings of a kind without a profile can't be, and the findings that say so, one for each sensor.

A reading that its quantity can't have, by the unit behind its name (-327.68 °C of a sensor that is not there), is a fault of
the data: it is not scored and teaches nothing. Three in a row of one metric raise a finding of channel ``data`` that
names it, once; it is cleared by its first sound reading. One that comes and goes is told once a week.
The state is bounded: :data:`detectors.series.scorer.METRICS_MAX` metrics per appliance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Cleared, Evidence, Finding
from detectors.layering.data_standing import DATA_REFRACTORY_MS, DataFault, begun, over
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
        place, now = int(places[row]), int(block.ts_ms[places[row]])
        for column in np.flatnonzero(given[row]).tolist():
            _note(one, metrics[column], is_odd=bool(odd[row, column]))
            told = _told(one, who, metrics[column], float(values[row, column]), now)
            said += [] if told is None else [(place, told)]
    is_scored = (given & ~odd).any(axis=1) | ~given.any(axis=1)
    return places[is_scored], np.where(odd, np.nan, values)[is_scored], said


def faults_over(one: Standing, who: tuple[str, str], *, is_gone: bool) -> list[Finding]:
    """End what stands of all sensors together, from before they stood one by one; of each as well, where its kind ``is_gone``."""
    stood: dict[str | None, int] = {None: one.data_raised_ms} if one.data_raised_ms else {}
    one.data_raised_ms = 0
    if is_gone:
        stood.update(one.data_raised)
        one.data_raised = {}
    because = Cleared.MODE_GONE if is_gone else Cleared.NAMED
    return [
        over(*who, DataFault(OUT_OF_RANGE, metric), raised_ms=ms, cleared_ms=max(ms, one.last_ts), because=because)
        for metric, ms in stood.items()
    ]


def _note(one: Standing, metric: str, *, is_odd: bool) -> None:
    """One more reading of a metric."""
    if not is_odd:
        one.odd.pop(metric, None)
    elif metric in one.odd or len(one.odd) < METRICS_MAX:
        one.odd[metric] = min(one.odd.get(metric, 0) + 1, IN_A_ROW)


def _told(one: Standing, who: tuple[str, str], metric: str, observed: float, now: int) -> Finding | None:
    """What is raised or cleared of a metric with its reading."""
    is_at_fault, fault = one.odd.get(metric, 0) >= IN_A_ROW, DataFault(OUT_OF_RANGE, metric)
    if not is_at_fault and metric in one.data_raised:
        raised_ms = one.data_raised.pop(metric)
        return over(*who, fault, raised_ms=raised_ms, cleared_ms=now, because=Cleared.CALM)
    told_ms = one.data_told.get(metric)
    if not is_at_fault or metric in one.data_raised or (told_ms is not None and now - told_ms < DATA_REFRACTORY_MS):
        return None
    one.data_raised[metric] = one.data_told[metric] = now
    while len(one.data_told) > METRICS_MAX:
        del one.data_told[min(one.data_told, key=one.data_told.__getitem__)]
    return begun(who, fault, now, _evidence(metric, observed, now), probability=0.9)


def _evidence(metric: str, observed: float, now: int) -> Evidence:
    """A metric, and what it can be."""
    low, high, _ = limits(metric)
    return Evidence(metric, observed, low, high, "", now, 1.0)
