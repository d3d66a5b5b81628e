"""L2, the point bank: what is usual for each metric of each appliance, learned and judged reading by reading.

Idea: for each (appliance, metric) a robust running mean and variance, and the last reading, in one contiguous record, so
that a block of readings costs one gather, a dozen array operations and one scatter.

Formula, with x the reading, μ and v the running mean and variance, a the gain::

    z = clip((x - μ) / √v, ±4)      μ += a z √v       v += a (z² v - v)

The score of a reading is |z| against the mean and variance from before it: score first, then learn.

>>> import numpy as np
>>> bank = np.zeros((1, 3, 1), np.float32); seen = np.zeros(1, np.uint32)
>>> for x in [5.0, 5.1, 4.9, 5.0, 5.1, 4.9, 5.0] * 20 + [9.0]:
...     z, sigma = update(bank, seen, np.array([0]), np.array([[x]], np.float32))
>>> bool(z[0, 0] > 8)
True

Reference: Huber 1981, Robust Statistics, for clipping the residual that moves the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, starmap
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layering.layer import Layer
from detectors.layering.piece import Whole
from detectors.state.columns import Axis, Column

FIELDS = ("mean", "variance", "last")
MEAN, VARIANCE, LAST = range(len(FIELDS))
MEMORY_READINGS = 500
"""The running mean forgets over this many readings."""
CLIP_SIGMA = 4.0
ROWS_AT_ONCE = 2048
"""Appliances that go through their turns together, so that the working set stays in the processor's cache."""

Floats = NDArray[np.float32]


class PointBank(Layer):
    """Scores every reading of a measured metric; hygiene looks at the scores."""

    name: ClassVar[str] = "point_bank"

    def columns(self) -> tuple[Column, ...]:
        """A record per metric, and how many samples there were."""
        return Column("bank", "f4", (Axis("field", FIELDS), self.setting.measured_axis)), Column("seen", "u4")

    def prepare(self, whole: Whole) -> None:
        """Score, then learn."""
        rows = whole.samples.rows
        first = rows[whole.samples.starts]
        bank, seen = self.own["bank"], self.own["seen"]
        last, seen_before = bank[first, LAST], seen[first].astype(np.int64)
        z, sigma = update(bank, seen, rows, whole.readings[:, self.setting.measured])
        whole.scored = z, sigma, last, seen_before


def update(bank: Floats, seen: NDArray[np.uint32], rows: NDArray[np.intp], values: Floats) -> tuple[Floats, Floats]:
    """Score readings ``values`` (B, M) of ``rows`` (B,), then learn them; returns z and the σ it was scored with, (B, M) each.

    ``bank`` is (N, 3, M), each metric in its unit (the variance in its square); ``seen`` (N,) counts the samples of each
    appliance. Those of one appliance stand together, the earliest first. z is not clipped, and NaN where nothing was read.
    """
    scores, sigmas = np.empty(values.shape, np.float32), np.empty(values.shape, np.float32)
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]]) if len(rows) else np.empty(0, np.intp)
    for part in starmap(slice, pairwise([*starts[::ROWS_AT_ONCE].tolist(), len(rows)])):
        turns = Turns.of(rows[part])
        if turns.place is None:
            _update(bank, seen, turns, values[part], (scores[part], sigmas[part]))
            continue
        readings = values[part][turns.place]
        told = np.empty_like(readings), np.empty_like(readings)
        _update(bank, seen, turns, readings, told)
        scores[part][turns.place], sigmas[part][turns.place] = told
    return scores, sigmas


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Samples in turns, in each of which an appliance has one at most; who has most comes first, so each turn is of the first few.

    ``rows`` (G,) are the appliances, ``place`` (B,) is where the samples of all turns stand (None: there is one turn), ``step`` (B,) the turn of each,
    ``counts`` (G,) how many samples an appliance has.
    """

    rows: NDArray[np.intp]
    place: NDArray[np.intp] | None
    step: NDArray[np.intp]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, rows: NDArray[np.intp]) -> Turns:
        """The turns of ``rows`` (B,), in which those of one appliance stand together."""
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        if len(starts) == len(rows):
            return cls(rows, None, np.zeros_like(starts), np.ones_like(starts))
        counts = np.diff(np.r_[starts, len(rows)])
        order = np.argsort(-counts, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        step = np.arange(len(rows)) - np.repeat(starts, counts)
        place = np.argsort(step * len(starts) + np.repeat(rank, counts), kind="stable")
        return cls(rows[starts[order]], place, step[place], counts[order])

    def ends(self) -> NDArray[np.intp]:
        """Where each turn ends (turns,)."""
        return np.cumsum(np.bincount(self.step))


def _update(bank: Floats, seen: NDArray[np.uint32], turns: Turns, values: Floats, told: tuple[Floats, Floats]) -> None:
    """Gather, go through the turns on contiguous arrays, scatter; ``told`` (B, M) take z and σ.

    In turns, as no appliance may stand twice in one: each reading is scored by what those before it have left. The longest turn
    is the first, so each is a slice from the front of what was gathered once.
    """
    record, count = bank[turns.rows], seen[turns.rows]
    mean, variance, last = (np.ascontiguousarray(record[:, field]) for field in range(len(FIELDS)))
    ends = turns.ends().tolist()
    absent = np.isnan(values)
    has_absent = bool(absent.any())
    of = np.arange(len(turns.step)) - np.r_[0, ends][turns.step]
    gains = np.maximum(np.float32(1 / MEMORY_READINGS), 1 / (count[of] + turns.step + 1.0), dtype=np.float32)[:, None]
    silent = variance == 0
    is_fresh = bool(silent.any())
    if is_fresh:  # what nobody reads here stays as it is
        read = (turns.counts[:, None] > 0) & ~absent.all(axis=0)
        for metric in np.flatnonzero((silent & read).any(axis=0)).tolist():
            read[:, metric] = np.bincount(of[~absent[:, metric]], minlength=len(read)) > 0
        silent &= ~read
        mean[silent] = 0
    buffers = np.empty_like(mean), np.empty_like(mean)
    for start, stop in pairwise([0, *ends]):
        part, first = slice(start, stop), slice(stop - start)
        reading, missing = values[part], absent[part] if has_absent else None
        if is_fresh:
            _begin(reading, mean[first], variance[first])
        _learn(
            reading, missing, gains[part], (mean[first], variance[first]), (told[0][part], told[1][part]),
            (buffers[0][first], buffers[1][first]),
        )  # fmt: skip
        is_fresh = is_fresh and bool(((variance == 0) & ~silent).any())
        np.copyto(last[first], reading, where=True if missing is None else ~missing)
    record[:, MEAN], record[:, VARIANCE], record[:, LAST] = mean, variance, last
    bank[turns.rows] = record
    seen[turns.rows] = count + turns.counts.astype(np.uint32)


def _begin(values: Floats, mean: Floats, variance: Floats) -> None:
    """Begin with the metrics that were never read before.

    Each begins at its first reading, with a variance far too small, and is soon put right: the residual is clipped, so a false start
    costs some readings, and a wild reading moves the mean no further than a large one.
    """
    fresh = variance == 0
    absent = np.isnan(values)
    start = np.where(absent, np.float32(0), values)
    np.copyto(mean, start, where=fresh)
    np.copyto(variance, np.square(start * np.float32(0.01)) + np.float32(1e-6), where=fresh & ~absent)


def _learn(
    values: Floats,
    absent: NDArray[np.bool_] | None,
    gain: Floats,
    usual: tuple[Floats, Floats],
    told: tuple[Floats, Floats],
    buffers: tuple[Floats, Floats],
) -> None:
    """One turn: score, then move mean and variance (``usual``) by the clipped residual; ``absent`` is None where all was read.

    In place, in the arrays and ``buffers`` that are there: this runs for every reading, and most of its time would go for new
    arrays. Clipped, so that one wild reading moves the usual no further than a large one.
    """
    (mean, variance), (score, sigma), (z, step) = usual, told, buffers
    np.sqrt(variance, out=sigma)
    sigma += np.float32(1e-9)
    np.subtract(values, mean, out=score)
    score /= sigma
    np.minimum(score, np.float32(CLIP_SIGMA), out=z)
    np.maximum(z, np.float32(-CLIP_SIGMA), out=z)
    if absent is not None:
        np.copyto(z, np.float32(0), where=absent)
    np.multiply(z, gain, out=step)
    z *= step
    z -= gain
    if absent is not None:
        np.copyto(z, np.float32(0), where=absent)
    z += np.float32(1)
    variance *= z
    step *= sigma
    mean += step
