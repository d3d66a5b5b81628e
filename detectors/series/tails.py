"""Tails: how seldom a channel said as much as now, so that channels and metrics of any scale can be compared.

Idea: a histogram of all that a channel has said, on a scale of octaves that moves along with the values, and beyond its
record the power law that the upper twentieth of it follows (Hill's estimate, drawn towards half an octave). Formula, with n
values before, r of them at least as high, o octaves above the record, m the mean excess in octaves::

    surprise = -log₁₀((1 + r) / (2 + n)) + o log₁₀2 / m

What is said is counted in blocks of :data:`BLOCK` rows of the series, so that many rows cost little more than one, and how a
stream is cut decides nothing. State per channel: :data:`BINS` counts, the scale, the record.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS, BINS_PER_OCTAVE = 96, 4
FIRST_BIN = 64
BLOCK = 32
UPPER_SHARE = 0.05
PRIOR_OCTAVES, PRIOR_COUNT = 0.5, 8.0
COUNT_MIN = 50
SURPRISE_MAX, BEYOND_MAX = 12.0, 6.0
LOG10_2 = 0.30103
LOWEST = -1e6
"""Below every place on a scale."""

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]


def unheard(metrics: int, channels: int) -> Arrays:
    """The state of channels that have said nothing."""
    return {
        "held": np.zeros(metrics),
        "counts": np.zeros((metrics, channels, BINS), np.float32),
        "scale": np.full((metrics, channels), np.nan),
        "record": np.full((metrics, channels), LOWEST),
        "waiting": np.full((metrics, channels, BLOCK), np.nan),
    }


def surprise(state: Arrays, said: Floats, rows_before: int) -> Floats:
    """Judge what is said, (metrics, channels, rows) with NaN where nothing was, then count it."""
    judged = np.zeros_like(said)
    with np.errstate(divide="ignore"):
        places = np.log2(said) * BINS_PER_OCTAVE
    done, rows = 0, said.shape[2]
    while done < rows:
        first = (rows_before + done) % BLOCK
        taken = min(BLOCK - first, rows - done)
        part = slice(done, done + taken)
        judged[..., part] = _judged(state, places[..., part])
        state["waiting"][..., first : first + taken] = places[..., part]
        if first + taken == BLOCK:
            _count(state)
        done += taken
    return judged


def _judged(state: Arrays, places: Floats) -> Floats:
    """The surprise of some rows of one block by all blocks before."""
    _fit_scale(state, places)
    held = state["held"][:, None, None]
    tail = np.zeros((*state["counts"].shape[:2], BINS + 1))
    tail[..., :-1] = np.cumsum(state["counts"][..., ::-1], axis=-1, dtype=float)[..., ::-1]
    finite = np.isfinite(places)
    position = np.where(finite, places, LOWEST)
    place = np.clip(position - np.nan_to_num(state["scale"])[..., None], 0.0, BINS - 1e-9)
    whole = place.astype(np.intp)
    beyond = np.take_along_axis(tail, whole, -1)
    beyond += (place - whole) * (np.take_along_axis(tail, whole + 1, -1) - beyond)
    beyond = np.where(finite, beyond, held)
    rank = -np.log10((1 + beyond) / (2 + held))
    record = state["record"][..., None]
    over = np.where(record > LOWEST, np.maximum(position - record, 0.0), 0.0) / BINS_PER_OCTAVE
    farther = np.minimum(over * LOG10_2 / _mean_excess(tail, held)[..., None], BEYOND_MAX)
    score = np.minimum(rank + np.where(held >= COUNT_MIN, farther, 0.0), SURPRISE_MAX)
    return np.where(np.isnan(places), 0.0, score)


def _mean_excess(tail: Floats, held: Floats) -> Floats:
    """By how many octaves the upper values exceed where they begin."""
    begin = np.minimum((tail > UPPER_SHARE * held).sum(axis=-1), BINS)
    from_here = np.cumsum(tail[..., ::-1], axis=-1)[..., ::-1]
    count = np.take_along_axis(tail, begin[..., None], -1)[..., 0]
    excess = np.take_along_axis(from_here, begin[..., None], -1)[..., 0] - count
    mean: Floats = (excess / BINS_PER_OCTAVE + PRIOR_OCTAVES * PRIOR_COUNT) / (count + PRIOR_COUNT)
    return mean


def _fit_scale(state: Arrays, places: Floats) -> None:
    """Begin the scale at a channel's first value above 0, and move it up where a value lies beyond its end."""
    scale, finite = state["scale"], np.isfinite(places)
    fresh = np.isnan(scale) & finite.any(axis=-1)
    if fresh.any():
        first = np.take_along_axis(places, finite.argmax(axis=-1)[..., None], -1)[..., 0]
        scale[fresh] = np.floor(first[fresh]) - FIRST_BIN
    top = np.where(finite, places, LOWEST).max(axis=-1)
    for metric, channel in np.argwhere(top - scale >= BINS - 1).tolist():
        up = int(np.ceil(top[metric, channel] - scale[metric, channel])) - (BINS - 1) + BINS_PER_OCTAVE
        counts = state["counts"][metric, channel]
        moved = np.zeros_like(counts)
        kept = counts[min(up, BINS) :]
        moved[: len(kept)] = kept
        moved[0] += counts[: min(up, BINS)].sum()
        state["counts"][metric, channel] = moved
        scale[metric, channel] += up


def _count(state: Arrays) -> None:
    """Count a whole block."""
    waiting = state["waiting"]
    given = ~np.isnan(waiting)
    state["held"] += given[:, 0].sum(axis=-1)
    finite = given & np.isfinite(waiting)
    place = np.clip(np.where(finite, waiting, 0.0) - state["scale"][..., None], 0, BINS - 1)
    metric, channel, row = np.nonzero(finite)
    if len(row):
        np.add.at(state["counts"], (metric, channel, place[metric, channel, row].astype(np.intp)), 1)
    state["record"] = np.maximum(state["record"], np.where(finite, waiting, LOWEST).max(axis=-1))
    waiting[...] = np.nan
