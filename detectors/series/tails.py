"""Tails: how seldom a channel said as much as now, so that channels and metrics of any scale can be compared.

Idea: a histogram of all that a channel has said, on a scale of octaves that moves along with the values, and beyond its
record the power law that the upper twentieth of it follows (Hill's estimate, drawn towards half an octave). Formula, with n
values before, r of them at least as high, o octaves above the record, m the mean excess in octaves::

    surprise = -log₁₀((1 + r) / (2 + n)) + o log₁₀2 / m

What is said is counted in blocks of :data:`BLOCK` rows of the series, so that many rows cost little more than one, and how a
stream is cut decides nothing. State per channel: :data:`BINS` counts, the scale, the record.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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
    """Judge what is said, (metrics, channels, rows) with NaN where nothing was, then count it.

    All blocks are judged in one go; only where a scale begins or moves they are taken one by one.
    """
    with np.errstate(divide="ignore"):
        places = np.log2(said) * BINS_PER_OCTAVE
    if not _moves_scale(state, places):
        return _judge(state, places, rows_before)
    judged = np.zeros_like(said)
    done, rows = 0, said.shape[2]
    while done < rows:
        taken = min(BLOCK - (rows_before + done) % BLOCK, rows - done)
        part = slice(done, done + taken)
        _fit_scale(state, places[..., part])
        judged[..., part] = _judge(state, places[..., part], rows_before + done)
        done += taken
    return judged


def _judge(state: Arrays, places: Floats, rows_before: int) -> Floats:
    """The surprise of rows that fit the scale, each by all blocks before its own; whole blocks are counted."""
    lead = rows_before % BLOCK
    blocks = -(-(lead + places.shape[2]) // BLOCK)
    every = np.full((*places.shape[:2], blocks * BLOCK), np.nan)
    every[..., :lead] = state["waiting"][..., :lead]
    every[..., lead : lead + places.shape[2]] = places
    every = every.reshape(*places.shape[:2], blocks, BLOCK)
    known = _known_before(state, every)
    scale = np.nan_to_num(state["scale"])[..., None, None]
    score = _judged(every, scale, known).reshape(*places.shape[:2], blocks * BLOCK)
    whole = (lead + places.shape[2]) // BLOCK
    state["held"][:] = known.held[:, whole]
    state["counts"][:] = known.counts[:, :, whole]
    state["record"][:] = known.record[..., whole]
    state["waiting"][...] = every[:, :, whole] if whole < blocks else np.nan
    return score[..., lead : lead + places.shape[2]]


class _Known(NamedTuple):
    """What is known before each of some blocks, and behind the last."""

    held: Floats
    """(metrics, blocks + 1)."""
    counts: Floats
    """(metrics, channels, blocks + 1, BINS)."""
    record: Floats
    """(metrics, channels, blocks + 1)."""


def _known_before(state: Arrays, every: Floats) -> _Known:
    """Count blocks, (metrics, channels, blocks, BLOCK)."""
    metrics, channels, blocks, _ = every.shape
    given, finite = ~np.isnan(every), np.isfinite(every)
    held = np.concatenate([state["held"][:, None], given[:, 0].sum(axis=-1)], axis=1).cumsum(axis=1)
    scale = np.nan_to_num(state["scale"])[..., None, None]
    place = np.clip(np.where(finite, every, 0.0) - scale, 0, BINS - 1).astype(np.intp)
    place += (np.arange(metrics * channels * blocks) * BINS).reshape(metrics, channels, blocks, 1)
    counted = np.bincount(place[finite], minlength=metrics * channels * blocks * BINS)
    counted = counted.reshape(metrics, channels, blocks, BINS)
    counts = np.concatenate([state["counts"][:, :, None].astype(float), counted], axis=2).cumsum(axis=2)
    highest = np.where(finite, every, LOWEST).max(axis=-1)
    record = np.maximum.accumulate(np.concatenate([state["record"][..., None], highest], axis=2), axis=2)
    return _Known(held, counts, record)


def _judged(every: Floats, scale: Floats, known: _Known) -> Floats:
    """The surprise of blocks by what is known before each.

    Within a bin the count is interpolated, so that a score does not jump at a bin's edge. Beyond the highest so far a rank says
    no more, so there the distance counts, in what is usual between the high ones.
    """
    held = known.held[:, None, :-1]
    tail = np.zeros((*every.shape[:3], BINS + 1))
    tail[..., :-1] = np.cumsum(known.counts[:, :, :-1, ::-1], axis=-1)[..., ::-1]
    finite = np.isfinite(every)
    position = np.where(finite, every, LOWEST)
    place = np.clip(position - scale, 0.0, BINS - 1e-9)
    whole = place.astype(np.intp)
    beyond = np.take_along_axis(tail, whole, -1)
    beyond += (place - whole) * (np.take_along_axis(tail, whole + 1, -1) - beyond)
    beyond = np.where(finite, beyond, held[..., None])
    rank = -np.log10((1 + beyond) / (2 + held[..., None]))
    record = known.record[:, :, :-1, None]
    over = np.where(record > LOWEST, np.maximum(position - record, 0.0), 0.0) / BINS_PER_OCTAVE
    farther = np.minimum(over * LOG10_2 / _mean_excess(tail, held)[..., None], BEYOND_MAX)
    score = np.minimum(rank + np.where(held[..., None] >= COUNT_MIN, farther, 0.0), SURPRISE_MAX)
    return np.where(np.isnan(every), 0.0, score)


def _mean_excess(tail: Floats, held: Floats) -> Floats:
    """By how many octaves the upper values exceed where they begin."""
    begin = np.minimum((tail > UPPER_SHARE * held[..., None]).sum(axis=-1), BINS)
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


def _moves_scale(state: Arrays, places: Floats) -> bool:
    """Whether a channel's first value above 0 is among these, or one beyond the end of its scale."""
    top = np.where(np.isfinite(places), places, LOWEST).max(axis=-1, initial=LOWEST)
    return bool(((top > LOWEST) & ~(top - state["scale"] < BINS - 1)).any())
