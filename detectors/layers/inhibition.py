"""L9, fleet inhibition: where many like appliances become conspicuous at once, none of them is at fault; their alarms wait.

Idea: a heat wave or new firmware moves a group on one day, and what its peers show (peers.py) is known the day after; but by then
evidence has grown by a day of it in each. So it is counted how many of a group (the kind, a model, one firmware and region) come over
their thresholds. With n units of a group on one UTC day, the newest or the one before, and C that crossed on both::

    C > max(:data:`SHARE` n, :data:`CROSSED_MIN`)        →  the group waits until :data:`LASTS_DAYS` later

While it waits nothing is raised by evidence of its members, and of those that crossed evidence begins anew, now without what the group
shows. So a fault among them is told some days later, as it crosses once more; rules, error codes and faults of the data never wait. A
group of fewer than :data:`GROUP_MIN` units a day decides nothing. What a portion showed is known in the next (kinds/portions.py), so
neither batches nor the order of appliances matter.

Reference: ANSI/ISA-18.2, Management of Alarm Systems, for floods of alarms that have one cause.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import PEER_PLACES, Deviations, Piece
from detectors.state.columns import Axis, Column, places

SHARE = 0.02
CROSSED_MIN = 8
GROUP_MIN = 50
LASTS_DAYS = 2
AGAIN_DAYS = 14
"""Who came over its threshold is counted once in so many days, lest a fault that hovers there, or begins anew, count day by day."""
DAY_MS = 86_400_000
CROSSED, UNITS = range(2)


class Inhibition(Layer):
    """Counts who crosses, and lets the members of a group wait."""

    name: ClassVar[str] = "inhibition"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.told = {name: np.zeros_like(self.fleet[name]) for name in self.fleet}

    def columns(self) -> tuple[Column, ...]:
        """Whether it was over its threshold at its last unit, and the day (since 1970) on which it last came over it."""
        return Column("over", "u1", is_seldom=True), Column("crossed", "u2", is_seldom=True)

    def fleet_columns(self) -> tuple[Column, ...]:
        """The newest day; by place of peers: who crossed, and units, on that day and the one before; until which day it waits."""
        place = places("group", PEER_PLACES)
        counts = Column("counts", "f8", (Axis("day", ("newest", "before")), place, Axis("count", ("crossed", "units"))))
        return counts, Column("day", "f8", (places("day", 1),)), Column("until", "f8", (place,))

    def take(self, piece: Piece) -> None:
        """Say who waits, and whose evidence begins anew."""
        if piece.starts_over:
            self.forget(piece.row)
        deviations = piece.deviations
        if deviations is None or deviations.groups is None:
            return
        day = deviations.units.closed_ms // DAY_MS
        until = self.fleet["until"][deviations.groups]
        waits = np.any((day <= until) & (day >= until - LASTS_DAYS - 1), axis=0)
        crossed = self.seldom.read("crossed", deviations.units.rows).astype(np.int64)
        piece.waits, piece.begins_anew = waits, waits & (crossed > 0) & (day - crossed <= LASTS_DAYS + 1)

    def learn(self, piece: Piece) -> None:
        """Count who came over its threshold."""
        deviations, told = piece.deviations, piece.accumulated
        if deviations is None or deviations.groups is None or told is None:
            return
        rows, day = deviations.units.rows, deviations.units.closed_ms // DAY_MS
        is_over, was_over = told.score >= 1, self.seldom.read("over", rows) > 0
        crosses = is_over & ~was_over & (day - self.seldom.read("crossed", rows).astype(np.int64) > AGAIN_DAYS)
        moved = np.flatnonzero(is_over != was_over)
        if len(moved):
            at = self.seldom.held(rows[moved])
            self.seldom.own["over"][at] = is_over[moved]
            self.seldom.own["crossed"][at] = np.where(crosses[moved], day[moved], self.seldom.own["crossed"][at])
        if len(rows):
            self._count(deviations, day, crosses)

    def take_over(self) -> None:
        """Let groups wait in which too many crossed."""
        fleet, told = self.fleet, self.told
        newest = max(fleet["day"][0], told["day"][0])
        fleet["counts"] = _as_of(newest, fleet["day"][0], fleet["counts"]) + _as_of(
            newest, told["day"][0], told["counts"]
        )
        fleet["day"][0] = newest
        told["counts"][:] = 0
        crossed, units = fleet["counts"][..., CROSSED].sum(axis=0), fleet["counts"][..., UNITS].max(axis=0)
        is_flood = (units >= GROUP_MIN) & (crossed > np.maximum(SHARE * units, CROSSED_MIN))
        fleet["until"][is_flood] = newest + LASTS_DAYS

    def waiting(self) -> int:
        """How many appliances crossed, of the largest group that waits; 0 where none does."""
        fleet = self.fleet
        crossed = fleet["counts"][..., CROSSED].sum(axis=0)
        return int(crossed[(fleet["until"] > 0) & (fleet["until"] >= fleet["day"][0])].max(initial=0))

    def _count(self, deviations: Deviations, day: NDArray[np.int64], crosses: NDArray[np.bool_]) -> None:
        """Count units of the newest day and the one before, whatever their order."""
        told, newest = self.told, max(int(day.max()), int(self.told["day"][0]))
        told["counts"] = _as_of(newest, told["day"][0], told["counts"])
        told["day"][0] = newest
        for of in (0, 1):
            for level, place in enumerate(deviations.groups if deviations.groups is not None else ()):
                counted = (day == newest - of) & deviations.is_taught & ((place > 0) | (level == 0))
                np.add.at(told["counts"][of, :, UNITS], place[counted], 1)
                np.add.at(told["counts"][of, :, CROSSED], place[counted & crosses], 1)


def _as_of(newest: float, day: float, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts by day, (2, groups, 2), of ``day`` and the one before as those of ``newest`` and the one before; what is older is over."""
    if newest == day:
        return counts
    moved = np.zeros_like(counts)
    if newest == day + 1:
        moved[1] = counts[0]
    return moved
