"""L0, noise: a sensor whose readings begin to scatter while its partners go on as before.

Idea: per (appliance, metric) the steps from reading to reading within one mode are counted in blocks of :data:`BLOCK`; how
large half of them are is what is usual. A block is odd if far more of its steps exceed four times that than in any block
before. Formula, with m the usual step, a and f the shares of a block's steps above m and above 4 m::

    m ← m exp((a - ½) / 2)          odd: f ≥ 0.4 and f ≥ highest usual f + 0.3

Three odd blocks in a row are a fault of the data, if no partner is odd but one that is known to be at fault: what shakes
several sensors at once is the appliance. It stands until a block of this sensor is usual again. What goes on for :data:`ODD_MAX` blocks is how the sensor is, and is learned.

Nothing is said of power, of speeds, of counts, of what hardly ever moves, and of metrics whose scatter is a sign of a fault of the
appliance. Counts are whole numbers, so where a batch is cut makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Evidence
from detectors.layering.data_standing import DataFault
from detectors.layering.layer import POWER, Layer, Setting
from detectors.layering.piece import Whole
from detectors.state.columns import Axis, Column

BLOCK = 50
FAR = 4.0
FAR_MIN, FAR_MORE = 20, 15
"""How many far steps make a block odd: at least so many, and so many more than in any usual block."""
ODD_BLOCKS, ODD_MAX = 3, 100
LEARN_BLOCKS = 12
STEP_MIN = 1e-3
"""No usual step is less than this share of the metric's range: what is rounded or told on change hardly moves."""
GAIN = 0.5
PAIR_MS_MAX = 1_800_000
SIGNS = frozenset({"jitter", "spread_pct", "std"})
SPEEDS = frozenset({"rpm", "Hz"})
"""Whose speed scatters is at fault itself: a fan, a pump or a compressor, rather than what measures it."""
COUNT_MAX = 250
MODE = "sensor_noisy"

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Blocks:
    """The open blocks of C cells (appliance, metric) as numbers (C,), and what ended: (sample, cell, odd blocks in a row, usual step)."""

    usual: Floats
    counts: dict[str, NDArray[np.int64]]
    odd_before: NDArray[np.int64]
    ended: list[tuple[int, int, int, float]] = field(default_factory=list)


class Noise(Layer):
    """Tells of sensors that scatter."""

    name: ClassVar[str] = "noise"
    data_faults: ClassVar[Mapping[str, Mapping[str, str]]] = {
        MODE: {"en": "A sensor scatters", "zh": "传感器读数波动过大"},
    }

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        metrics = [*setting.profile.metrics.values()]
        signs = {one.metric for one in setting.values.measures if one.statistic in SIGNS}
        self.judged = [
            number
            for number in setting.measured
            if metrics[number].unit
            and metrics[number].unit not in SPEEDS
            and metrics[number].name != POWER
            and number not in signs
        ]
        self.metrics = [metrics[number] for number in self.judged]
        self.least = np.array([STEP_MIN * (metric.high - metric.low) for metric in self.metrics])
        self.faults = [DataFault(MODE, metric.name) for metric in self.metrics]

    def columns(self) -> tuple[Column, ...]:
        """The usual step; of the open block how many steps, above it and far; the most far ones so far; blocks, odd ones in a row."""
        if not self.judged:
            return ()
        axes = (Axis("metric", tuple(metric.name for metric in self.metrics)),)
        names = ("steps", "above", "far", "top", "blocks", "odd")
        return Column("usual", "f2", axes), *(Column(name, "u1", axes) for name in names)

    def prepare(self, whole: Whole) -> None:
        """Count steps, and raise or clear what is said where blocks end."""
        if not self.judged:
            return
        samples = whole.samples
        readings = whole.readings[:, self.judged]
        present = ~np.isnan(readings)
        last = whole.scores()[2][:, [self.setting.measured.index(number) for number in self.judged]]
        before = samples.before(readings, present, last)
        before_mode, before_ts = np.r_[-1, whole.modes[:-1]], np.r_[0, samples.ts[:-1]]
        before_mode[samples.starts], before_ts[samples.starts] = whole.before_mode, whole.before_ts
        stays = (whole.modes == before_mode) & (samples.ts - before_ts <= PAIR_MS_MAX) & (before_ts > 0)
        metric, sample = np.nonzero((present & stays[:, None]).T)
        if not len(sample):
            return
        step = np.abs(readings[sample, metric].astype(float) - before[sample, metric])
        rows = samples.rows[samples.starts]
        blocks = self._held(rows)
        self._count(blocks, samples.group[sample] * len(self.metrics) + metric, step, sample)
        self._keep(rows, blocks)
        self._tell(whole, blocks)

    def _held(self, rows: NDArray[np.intp]) -> Blocks:
        """The open blocks of some appliances."""
        names = ("steps", "above", "far", "top", "blocks", "odd")
        counts = {name: self.own[name][rows].astype(np.int64).ravel() for name in names}
        return Blocks(self.own["usual"][rows].astype(float).ravel(), counts, counts["odd"].copy())

    def _keep(self, rows: NDArray[np.intp], blocks: Blocks) -> None:
        """Keep them."""
        shape = (len(rows), len(self.metrics))
        self.own["usual"][rows] = blocks.usual.reshape(shape)
        for name, values in blocks.counts.items():
            self.own[name][rows] = np.minimum(values, COUNT_MAX).reshape(shape)

    def _count(self, blocks: Blocks, cell: NDArray[Any], step: Floats, sample: NDArray[np.intp]) -> None:
        """Take in steps (P,), sorted by metric and sample: in each turn one block of each cell goes on or ends."""
        order = np.argsort(cell, kind="stable")
        cell, step, sample = cell[order], step[order], sample[order]
        starts = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
        place = np.arange(len(cell)) - np.repeat(starts, np.diff(np.r_[starts, len(cell)]))
        turn = (blocks.counts["steps"][cell] + place) // BLOCK
        order = np.argsort(turn, kind="stable")
        ends = np.cumsum(np.bincount(turn)).tolist()
        for start, stop in zip([0, *ends], ends, strict=False):
            at = order[start:stop]
            self._turn(blocks, cell[at], step[at], sample[at])

    def _turn(self, blocks: Blocks, cell: NDArray[Any], step: Floats, sample: NDArray[np.intp]) -> None:
        """One block of each cell: count its steps, and close it where it is full."""
        starts = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
        mine, length = cell[starts], np.diff(np.r_[starts, len(cell)])
        least = self.least[mine % len(self.metrics)]
        fresh = blocks.usual[mine] == 0
        blocks.usual[mine] = np.where(fresh, np.maximum(step[starts], least), blocks.usual[mine]).astype(np.float16)
        usual = np.repeat(blocks.usual[mine], length)
        counts = blocks.counts
        for name, is_so in (("above", step > usual), ("far", step > FAR * usual)):
            counts[name][mine] += np.add.reduceat(is_so, starts, dtype=np.int64)
        counts["steps"][mine] += length
        full = counts["steps"][mine] == BLOCK
        self._close(blocks, mine[full], least[full], sample[starts + length - 1][full])

    def _close(self, blocks: Blocks, cell: NDArray[Any], least: Floats, sample: NDArray[np.intp]) -> None:
        """End full blocks: which are odd, and what is usual from now on.

        An odd block teaches nothing, so that what scatters does not become usual; and how many steps were far is not kept of the
        first blocks, as the usual step is not found yet.
        """
        counts = blocks.counts
        far, top, odd = (counts[name][cell] for name in ("far", "top", "odd"))
        is_odd = (counts["blocks"][cell] >= LEARN_BLOCKS) & (far >= np.maximum(FAR_MIN, top + FAR_MORE))
        is_odd &= (odd < ODD_MAX) & (blocks.usual[cell] > 1.01 * least)
        usual = blocks.usual[cell]
        learned = usual * np.exp(GAIN * (counts["above"][cell] / BLOCK - 0.5))
        learned = np.maximum(learned, least).astype(np.float16)
        blocks.usual[cell] = np.where(is_odd, usual, learned)
        is_young = counts["blocks"][cell] < LEARN_BLOCKS // 2
        counts["top"][cell] = np.where(is_odd | is_young, top, np.maximum(top, far))
        counts["odd"][cell] = np.where(is_odd, odd + 1, 0)
        counts["blocks"][cell] = np.minimum(counts["blocks"][cell] + 1, COUNT_MAX)
        for name in ("steps", "above", "far"):
            counts[name][cell] = 0
        changed = np.flatnonzero(is_odd | (odd > 0)).tolist()
        blocks.ended += [(int(sample[n]), int(cell[n]), int(counts["odd"][cell[n]]), float(usual[n])) for n in changed]

    def _tell(self, whole: Whole, blocks: Blocks) -> None:
        """Raise and clear in the order of samples; a metric is odd from the end of its block until that of a usual one."""
        if not blocks.ended:
            return
        standing, rows = self.setting.data_standing, whole.samples.rows[whole.samples.starts]
        odd = blocks.odd_before.reshape(len(rows), len(self.metrics))
        for sample, cell, run, usual in sorted(blocks.ended):
            group, metric = divmod(cell, len(self.metrics))
            odd[group, metric] = run
            row, now, fault = int(rows[group]), int(whole.samples.ts[sample]), self.faults[metric]
            if run < ODD_BLOCKS:
                if standing.stands(row, fault):
                    whole.findings.append(standing.clear(row, fault, now))
            elif self._is_alone(row, odd[group], metric) and standing.may_rise(row, fault, now):
                evidence = self._evidence(metric, usual, now)
                whole.findings.append(standing.rise(row, fault, now, evidence, probability=0.9))

    def _is_alone(self, row: int, odd: NDArray[np.int64], metric: int) -> bool:
        """Whether no partner of a sensor is odd, but for those that are known to be at fault."""
        partners = np.flatnonzero(odd > 0).tolist()
        return all(one == metric or self.setting.data_standing.stands(row, self.faults[one]) for one in partners)

    def _evidence(self, number: int, usual: float, now: int) -> Evidence:
        """What two steps in five are beyond now, beside what half of them are below as a rule."""
        metric = self.metrics[number]
        return Evidence(metric.name, FAR * usual, 0.0, usual, metric.unit, now, 1.0)
