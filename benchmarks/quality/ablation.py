"""What each layer contributes: recall, names and false alarms with one of them off, on fleets that nothing was tuned on.

The fleets have many faults (:func:`benchmarks.quality.replay.dense`), and only sensors are read. ``all`` is the pipeline as it
is; ``none`` is what chance reaches with as many findings, standing as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from benchmarks.quality.replay import FIRST, REST, Recorded, dense, recorded, replayed
from detectors.evaluation import figures, intervals
from detectors.finding import FindingChannel
from detectors.layering.layer import Layer
from detectors.layering.piece import Piece
from detectors.layers.context import Context
from detectors.layers.cusum import Cusum
from detectors.layers.diagnosis import Diagnoses
from detectors.layers.hygiene import Hygiene
from simulator.fleet_file import read_fleet

FLEETS = (("household", 80_201), ("hard", 80_202))
APPLIANCES, DAYS = 70, 150
NEVER = 1e9
"""A threshold that nothing reaches."""

Floats = NDArray[np.float64]


class WithoutContext(Context):
    """Nothing explains a feature."""

    def _pick(self, x: Floats) -> tuple[Floats, Floats]:
        first, second = super()._pick(x)
        return np.full_like(first, np.nan), np.full_like(second, np.nan)


class WithoutCuts(Context):
    """An event changes nothing of what is usual."""

    def take(self, piece: Piece) -> None:
        """Hold units against what was usual, whatever has happened."""
        event, piece.event = piece.event, None
        super().take(piece)
        piece.event = event


class WithoutFleet(Context):
    """An appliance learns from itself alone."""

    def take_over(self) -> None:
        """Leave the fleet as it began."""
        for told in self.told.values():
            told[:] = 0


class WithoutWhitening(Cusum):
    """Each row is new."""

    def autocorrelation(self) -> Floats:
        """None."""
        return np.zeros_like(super().autocorrelation())


class WithoutSlow(Cusum):
    """Nothing accumulates."""

    def __init__(self, *setting: Any) -> None:
        super().__init__(*setting)
        self.slow_mode = self.slow_single = NEVER


class WithoutFast(Cusum):
    """Two rows in a row say no more than others."""

    def __init__(self, *setting: Any) -> None:
        super().__init__(*setting)
        self.fast_mode = self.fast_single = NEVER


class WithoutSignatures(Cusum):
    """Each feature by itself."""

    def _modes(self, *given: Any) -> Floats:
        return np.zeros_like(super()._modes(*given))


class WithoutSingles(Cusum):
    """Fault modes alone."""

    def _singles(self, *given: Any) -> Floats:
        return np.zeros_like(super()._singles(*given))


class WithoutCounting(Cusum):
    """Thresholds as they are believed before anything was seen."""

    def take_over(self) -> None:
        """Forget what was counted."""
        super().take_over()
        for name in ("peaks", "rows", "alarms"):
            self.fleet[name] = np.zeros_like(self.fleet[name])


class WithoutDiagnosis(Diagnoses):
    """Every deviation is unknown."""

    def take(self, piece: Piece) -> None:
        """Say that nothing is known."""
        super().take(piece)
        if piece.diagnosis is not None:
            piece.diagnosis.posterior[:] = 0.0
            piece.diagnosis.posterior[:, -1] = 1.0


OTHERS: dict[str, tuple[type[Layer], type[Layer]]] = {
    "context": (Context, WithoutContext),
    "cuts after events": (Context, WithoutCuts),
    "the fleet's slopes and widths": (Context, WithoutFleet),
    "whitening": (Cusum, WithoutWhitening),
    "slow channel": (Cusum, WithoutSlow),
    "fast channel": (Cusum, WithoutFast),
    "signatures": (Cusum, WithoutSignatures),
    "single features": (Cusum, WithoutSingles),
    "counting of excursions": (Cusum, WithoutCounting),
    "diagnosis": (Diagnoses, WithoutDiagnosis),
}
"""What is off → the layer, and what stands in its place."""
CHANNELS = {"rules": FindingChannel.RULE, "error codes": FindingChannel.ERROR_CODE, "evidence": FindingChannel.EVIDENCE}


@dataclass(frozen=True, slots=True)
class Sum:
    """Hits of so many: (hits, n), and false alarms in so many years, over fleets."""

    slow: tuple[int, int]
    ahead: tuple[int, int]
    abrupt: tuple[int, int]
    top1: tuple[int, int]
    false: tuple[int, float]
    data_false: tuple[int, float]

    @classmethod
    def of(cls, rows: Sequence[figures.Row]) -> Sum:
        """The sum of rows."""

        def added(pairs: Sequence[tuple[int, float]]) -> tuple[int, Any]:
            return sum(hits for hits, _ in pairs), sum(n for _, n in pairs)

        return cls(
            added([(row.slow.raised, row.slow.n) for row in rows]),
            added([(row.slow.ahead_7d, row.slow.failed) for row in rows]),
            added([(row.abrupt.raised, row.abrupt.n) for row in rows]),
            added([(row.top1, row.raised) for row in rows]),
            added([(row.false, row.healthy_years) for row in rows]),
            added([(row.data_false, row.sound_sensor_years) for row in rows]),
        )


def measure() -> Iterator[Figure]:
    """The figures of all layers, then of each way in which one is off."""
    fleets = [_fleet(name, seed, FIRST) for name, seed in FLEETS]
    yield from _figures("all", [_row(fleet, replayed(fleet)) for fleet in fleets])
    for off, (layer, instead) in OTHERS.items():
        rest = tuple(instead if one is layer else one for one in REST)
        yield from _figures(off, [_row(fleet, replayed(fleet, rest=rest)) for fleet in fleets])
    for off, channel in CHANNELS.items():
        yield from _figures(off, [_row(fleet, replayed(fleet, without=channel)) for fleet in fleets])
    first = tuple(layer for layer in FIRST if layer is not Hygiene)
    fleets = [_fleet(name, seed, first) for name, seed in FLEETS]
    yield from _figures("hygiene", [_row(fleet, replayed(fleet)) for fleet in fleets])


def _fleet(name: str, seed: int, first: Sequence[type[Layer]]) -> Recorded:
    return recorded(dense(read_fleet(name)), seed, appliances=APPLIANCES, days=DAYS, first=first)


def _row(fleet: Recorded, raised: Sequence[Any]) -> figures.Row:
    return figures.figures(fleet.truth, raised)[0]


def _figures(off: str, rows: Sequence[figures.Row]) -> Iterator[Figure]:
    """One line per figure, with its 95 % interval."""
    total = Sum.of(rows)
    shares = {"slow_recall": total.slow, "ahead_7d": total.ahead, "abrupt_recall": total.abrupt, "top1": total.top1}
    about = "all layers" if off == "all" else f"without {off}"
    for name, (hits, n) in shares.items():
        if n:
            yield Figure(f"ablation_{name}", hits / n, f"{about}, 95 % {_ends(intervals.of_share(hits, n))}", n)
    for name, (count, years) in {"false_per_year": total.false, "data_false_per_year": total.data_false}.items():
        ends = _ends(intervals.of_rate(count, years))
        yield Figure(f"ablation_{name}", count / years, f"{about}, 95 % {ends}", count)
    if off == "all":
        chance = sum(row.slow.expected for row in rows) / max(total.slow[1], 1)
        yield Figure("ablation_slow_recall", chance, "no skill", total.slow[1])


def _ends(interval: intervals.Interval | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
