"""L9, fleet inhibition: where many like appliances become conspicuous at once, none of them is at fault; their alarms wait.

Idea: a heat wave or new firmware moves a group on one day, and what its peers show (peers.py) is known the day after; but by then
evidence has grown by a day of it in each. So it is counted how many of a group (the kind, a model, one firmware and region) come over
their thresholds. With n units of a group on one UTC day, the newest or the one before, and C that crossed on both::

    C > max(:data:`SHARE` n, :data:`CROSSED_MIN`)        →  the group waits until :data:`LASTS_DAYS` later

While it waits nothing is raised by evidence of its members, and of those that crossed evidence begins anew, now without what the group
shows. So a fault among them is told some days later, as it crosses once more; rules, error codes and faults of the data never wait. A
group of fewer than :data:`GROUP_MIN` units a day decides nothing. All that waits of a kind is told as one finding of the fleet: who crossed,
in what, and the firmware or region that they have in common where it is :data:`TIMES_ELSEWHERE` as frequent there; it is told
again as more cross, and taken back when nobody waits. What a portion showed is known in the next (kinds/portions.py), so
neither batches nor the order of appliances matter.

Reference: ANSI/ISA-18.2, Management of Alarm Systems, for floods of alarms that have one cause.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import FleetFinding
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import (
    PEER_FACT_TYPE,
    PEER_MODELS_END,
    PEER_PLACES,
    Accumulated,
    Deviations,
    Piece,
)
from detectors.state.columns import Axis, Column, places

SHARE = 0.02
CROSSED_MIN = 8
GROUP_MIN = 50
LASTS_DAYS = 2
TIMES_ELSEWHERE = 4.0
AGAIN_DAYS = 14
"""Who came over its threshold is counted once in so many days, lest a fault that hovers there, or begins anew, count day by day."""
DAY_MS = 86_400_000
CROSSED, UNITS = range(2)
RAISED, TOLD = range(2)
MODEL, FIRMWARE, REGION = range(3)


class Inhibition(Layer):
    """Counts who crosses, and lets the members of a group wait."""

    name: ClassVar[str] = "inhibition"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.told = {name: np.zeros_like(self.fleet[name]) for name in self.fleet}
        self._may_have_changed = True

    def columns(self) -> tuple[Column, ...]:
        """Whether it was over its threshold at its last unit.

        And of when it last came over it: the day (since 1970), its group's place, the feature that showed it most, and on which side.
        """
        feature = self.setting.values.feature_axis()
        return (
            Column("over", "u1", is_seldom=True),
            Column("crossed", "u2", is_seldom=True),
            Column("place", "u1", is_seldom=True),
            Column("showed", "i1", codes=feature, is_seldom=True),
            Column("side", "i1", is_seldom=True),
        )

    def fleet_columns(self) -> tuple[Column, ...]:
        """The newest day; by place of peers: who crossed, and units, on that day and the one before; until which day it waits.

        And of the fleet finding that stands: the day of its raise, how many it named when it was last told, and what they have in common.
        """
        place = places("group", PEER_PLACES)
        counts = Column("counts", "f8", (Axis("day", ("newest", "before")), place, Axis("count", ("crossed", "units"))))
        stands = Column("stands", "f8", (Axis("finding", ("raised", "told")),))
        scope = Column("scope", PEER_FACT_TYPE, (Axis("fact", ("model", "firmware", "region")),))
        return counts, Column("day", "f8", (places("day", 1),)), Column("until", "f8", (place,)), stands, scope

    def take(self, piece: Piece) -> None:
        """Say who waits, and whose evidence begins anew."""
        if piece.starts_over:
            self.forget(piece.row)
        deviations = piece.deviations
        if deviations is None or deviations.groups is None:
            return
        if self._may_have_changed and len(deviations.units.rows):
            self._may_have_changed = False
            piece.fleet_findings += self._finding(deviations.facts)
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
            self._keep(at[crosses[moved]], moved[crosses[moved]], deviations, told)
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
        self._may_have_changed = True

    def waiting(self) -> int:
        """How many appliances crossed, of the largest group that waits; 0 where none does."""
        fleet = self.fleet
        crossed = fleet["counts"][..., CROSSED].sum(axis=0)
        return int(crossed[(fleet["until"] > 0) & (fleet["until"] >= fleet["day"][0])].max(initial=0))

    def _keep(self, at: NDArray[np.int32], which: NDArray[np.intp], deviations: Deviations, told: Accumulated) -> None:
        """Keep when and by what those came over their thresholds that are at these places, and ``which`` (n,) of the units."""
        own, smooth = self.seldom.own, told.smooth[which]
        top = np.argmax(np.abs(smooth), axis=1)
        own["crossed"][at] = deviations.units.closed_ms[which] // DAY_MS
        own["showed"][at], own["side"][at] = top, np.sign(smooth[np.arange(len(which)), top])
        if deviations.groups is not None:
            own["place"][at] = deviations.groups[-1][which]

    def _finding(self, facts: NDArray[np.bytes_] | None) -> list[FleetFinding]:
        """What is to be said of those that wait, nothing where that was said; ``facts`` (places, 3) as deviations have them."""
        fleet, stands = self.fleet, self.fleet["stands"]
        newest, raised_ms = fleet["day"][0], int(stands[RAISED]) * DAY_MS
        kind = self.setting.profile.kind
        if not np.any((fleet["until"] > 0) & (fleet["until"] >= newest)):
            stands[:], fleet["scope"][:] = 0, b""
            since_ms = raised_ms - DAY_MS
            return [FleetFinding(kind, raised_ms, since_ms, cleared_ms=int(newest) * DAY_MS)] if raised_ms else []
        known = np.zeros((PEER_PLACES, 3), PEER_FACT_TYPE) if facts is None else facts
        if not raised_ms:
            stands[RAISED], fleet["scope"][:] = newest, self._in_common(known)
        is_in = np.all((known == fleet["scope"]) | (fleet["scope"] == b""), axis=1)
        rows = np.flatnonzero(self.seldom.places)
        rows = rows[self.seldom.read("crossed", rows) >= stands[RAISED] - 1]
        rows = rows[is_in[self.seldom.read("place", rows)]]
        if len(rows) == stands[TOLD]:
            return []
        stands[TOLD] = len(rows)
        return [self._worded(rows, is_in)]

    def _worded(self, rows: NDArray[np.intp], is_in: NDArray[np.bool_]) -> FleetFinding:
        """The finding that stands, of those that crossed, rows (n,), with its group's places (places,)."""
        fleet, raised_ms = self.fleet, int(self.fleet["stands"][RAISED]) * DAY_MS
        units = fleet["counts"][..., UNITS].max(axis=0)
        exposed = units[PEER_MODELS_END:][is_in[PEER_MODELS_END:]].sum() if np.any(fleet["scope"] != b"") else units[0]
        votes = self.seldom.read("showed", rows).astype(np.int64)
        top = np.bincount(votes[votes >= 0]).argmax() if np.any(votes >= 0) else -1
        sides = self.seldom.read("side", rows)[votes == top].astype(np.int64)
        model, firmware, region = (fact.decode(errors="ignore") or None for fact in fleet["scope"].tolist())
        return FleetFinding(
            self.setting.profile.kind,
            raised_ms,
            raised_ms - DAY_MS,
            model=model,
            firmware=firmware,
            region=region,
            feature=self.setting.profile.features[top].name if top >= 0 else None,
            reads_high=bool(sides.sum() >= 0),
            exposed=max(int(exposed), len(rows)),
            appliances=tuple(sorted(self.setting.ids[row] for row in rows.tolist())),
        )

    def _in_common(self, facts: NDArray[np.bytes_]) -> NDArray[np.bytes_]:
        """The facts (3,) that those have in common who crossed, and others have not: model and firmware, or region, or nothing."""
        counts = self.fleet["counts"]
        crossed, units = counts[..., CROSSED].sum(axis=0), counts[..., UNITS].max(axis=0)
        best, common = 0.0, np.zeros(3, PEER_FACT_TYPE)
        for wanted in ([MODEL, FIRMWARE], [REGION]):
            is_named = np.all(facts[:, wanted] != b"", axis=1)
            for scope in np.unique(facts[is_named][:, wanted], axis=0):
                mine = is_named & np.all(facts[:, wanted] == scope, axis=1)
                share = crossed[mine].sum() / max(units[mine].sum(), 1)
                elsewhere = (crossed[0] - crossed[mine].sum() + 0.5) / (units[0] - units[mine].sum() + 1)
                if crossed[mine].sum() > CROSSED_MIN and share / elsewhere >= max(TIMES_ELSEWHERE, best * 1.001):
                    best, common = share / elsewhere, np.zeros(3, PEER_FACT_TYPE)
                    common[wanted] = scope
        return common

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
