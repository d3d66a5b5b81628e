"""Stopping: cycles that can't go on end where they are, with a code on the display."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.arrays import FloatArray, IntArray
from simulator.physics.programme import CycleError


def stop(phase_s: FloatArray, reasons_s: Mapping[str, FloatArray]) -> tuple[FloatArray, tuple[CycleError, ...]]:
    """Cut the phases (C, slots), in place, at each cycle's first reason (code → seconds after its start, inf for never).

    Returns when each cycle stopped (inf: it did not) and the codes; a reason without a name ends a cycle in silence.
    """
    codes, times = list(reasons_s), np.stack(list(reasons_s.values()), axis=1)
    first = times.argmin(axis=1)
    at_s = times[np.arange(len(times)), first]
    begins_s = np.cumsum(phase_s, axis=1) - phase_s
    at_s = np.where(at_s < phase_s.sum(axis=1), at_s, np.where(np.isfinite(at_s), phase_s.sum(axis=1), np.inf))
    stopped = np.flatnonzero(np.isfinite(at_s))
    phase_s[stopped] = np.clip(at_s[stopped, None] - begins_s[stopped], 0.0, phase_s[stopped])
    return at_s, told(stopped, at_s[stopped], [codes[first[row]] for row in stopped])


def told(cycle: IntArray, at_s: FloatArray, codes: list[str]) -> tuple[CycleError, ...]:
    """A code each of some cycles; no code, no word."""
    pairs = zip(cycle.tolist(), at_s.tolist(), codes, strict=True)
    return tuple(CycleError(row, when, code) for row, when, code in pairs if code)


def when(condition: object, at_s: FloatArray | float) -> FloatArray:
    """``at_s`` where the condition holds, else never."""
    return np.where(np.asarray(condition, np.bool_), at_s, np.inf)
