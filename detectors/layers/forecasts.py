"""L10, forecasts: what a fit has learned from verdicts → the probability of what is raised or told again; its inputs are watched.

The released fit gives each finding by evidence that names a mode its ``probability`` and ``failing_30d`` (fits.py); which
findings there are, when, and under which name it doesn't touch. A candidate judges the same findings beside it and is heard by
nobody. What each said of a finding at its raise, and what evidence alone said, is kept until its verdict comes back as a lesson:
then the squared errors of all three are summed, so that the candidate is compared on appliances that nobody had at the training.

Drift: of each finding at its raise it is counted in which tenth of what the fit was learned from each input lies; the newest
:data:`MEMORY` or so. What the counts say is in :meth:`Forecasts.drift`.

Reference: Brier 1950 for the squared error of a probability; Siddiqi 2006, Credit Risk Scorecards, for the population stability index.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from typing import ClassVar

import numpy as np

from detectors.finding import FindingChannel
from detectors.layering.fits import GENERAL, Fit, Moment, shift, tenth
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece
from detectors.state.columns import Axis, Column, places
from ingest.sample import Lesson

MEMORY = 300.0
SEEN_MIN = 50.0
"""Of fewer findings nothing is said."""
WHO = ("evidence", "released", "candidate")
EVIDENCE, RELEASED, CANDIDATE = range(len(WHO))
TENTHS = 10
RIGHT = {"confirmed": 1.0, "other_fault": 0.0, "no_fault_found": 0.0, "usage": 0.0, "self_cleared": 0.0}
"""Whether a verdict says that the fault mode was right."""


class Forecasts(Layer):
    """Puts the released fit's probabilities on the findings of one kind."""

    name: ClassVar[str] = "forecasts"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.told = {name: np.zeros_like(array) for name, array in self.fleet.items()}
        self.numbers = [_number(fit) for fit in (setting.fits.released, setting.fits.candidate)]

    def columns(self) -> tuple[Column, ...]:
        """Of the finding raised last: 1 + its mode's number, and what was said of it."""
        modes = Axis("fault_mode", ("none", *self.setting.standing.modes))
        return (
            Column("mode", "u2", codes=modes, is_seldom=True),
            Column("said", "f4", (Axis("who", WHO),), fill=np.nan, is_seldom=True),
        )

    def fleet_columns(self) -> tuple[Column, ...]:
        """By input: findings in each tenth; by who judged: verdicts and squared errors; which fits those were, and the last lesson."""
        return (
            Column("seen", "f8", (Axis("input", GENERAL), places("tenth", TENTHS))),
            Column("judged", "f8", (Axis("who", WHO), Axis("sum", ("verdicts", "squared errors")))),
            Column("fit", "f8", (Axis("who", WHO[1:]),)),
            Column("last", "f8", (places("last", 1),)),
        )

    def take(self, piece: Piece) -> None:
        """Give findings their probabilities."""
        if piece.starts_over:
            self.forget(piece.row)
        if not piece.moments:
            return
        self._begin_anew()
        of = {(one.appliance_id, one.fault_mode): one for one in piece.moments}
        for place in range(piece.findings_before, len(piece.findings)):
            finding = piece.findings[place]
            moment = of.get((finding.appliance_id, finding.fault_mode))
            if moment is not None and finding.cleared_ms is None and finding.channel is FindingChannel.EVIDENCE:
                piece.findings[place] = replace(
                    finding,
                    probability=self._probability(self.setting.fits.released, moment, finding.probability),
                    failing_30d=self._fails(self.setting.fits.released, moment),
                )
        for moment in piece.moments:
            fails = self._fails(self.setting.fits.released, moment)
            if fails is not None:
                piece.failing[moment.row] = max(fails, piece.failing.get(moment.row, 0.0))
            if moment.is_new:
                self._note(moment)

    def hear(self, lesson: Lesson) -> None:
        """Hold a verdict against what was said at the raise, once."""
        row, standing = self.setting.rows.get(lesson.appliance_id), self.setting.standing
        if lesson.number <= self.fleet["last"][0]:
            return
        self.fleet["last"][0] = lesson.number
        right, mode = RIGHT.get(lesson.verdict), standing.number.get(lesson.fault_mode)
        if right is None or mode is None or not lesson.is_foreseen or row is None:
            return
        place = self.seldom.places[row]
        said = self.seldom.own["said"][place]
        if self.seldom.own["mode"][place] != 1 + mode:
            return
        self._begin_anew()
        is_known = ~np.isnan(said)
        self.fleet["judged"][is_known, 0] += 1
        self.fleet["judged"][is_known, 1] += np.square(said[is_known] - right)
        self.seldom.own["said"][place] = np.nan

    def take_over(self) -> None:
        """Let the fleet's part know what was seen."""
        count = float(self.told["seen"].sum(axis=1).max())
        self.fleet["seen"] = self.fleet["seen"] * math.exp(-count / MEMORY) + self.told["seen"]
        self.told["seen"][:] = 0

    def drift(self) -> dict[str, float]:
        """By input, how far the findings of late are from those that the released fit was learned from (fits.shift)."""
        fit = self.setting.fits.released
        if fit is None or self.fleet["fit"][0] != self.numbers[0] or self.fleet["seen"].sum(axis=1).max() < SEEN_MIN:
            return {}
        return {
            name: shift(fit.shares[name], seen)
            for name, seen in zip(GENERAL, self.fleet["seen"], strict=True)
            if name in fit.shares
        }

    def judged(self) -> dict[str, tuple[int, float]]:
        """By who judged: how many verdicts came back, and the mean squared error of what was said at the raise."""
        sums = dict(zip(WHO, self.fleet["judged"].tolist(), strict=True))
        return {who: (round(count), error / count) for who, (count, error) in sums.items() if count}

    def _probability(self, fit: Fit | None, moment: Moment, said: float) -> float:
        """How probable a finding is by a fit; without one as evidence ``said``."""
        if fit is None:
            return said
        return fit.confirmed(self.setting.profile.kind, self.setting.input_names, moment)

    def _fails(self, fit: Fit | None, moment: Moment) -> float | None:
        return None if fit is None else fit.fails(self.setting.input_names, moment)

    def _note(self, moment: Moment) -> None:
        """Keep what is said of a finding at its raise, and where its inputs lie."""
        fits, names = self.setting.fits, self.setting.input_names
        if fits.released is None and fits.candidate is None:
            return
        kind = self.setting.profile.kind
        said = [
            moment.probability,
            *(np.nan if fit is None else fit.confirmed(kind, names, moment) for fit in (fits.released, fits.candidate)),
        ]
        place = self.seldom.one(moment.row)
        self.seldom.own["mode"][place] = 1 + self.setting.standing.number[moment.fault_mode]
        self.seldom.own["said"][place] = said
        if fits.released is not None:
            for number, (name, value) in enumerate(zip(GENERAL, moment.inputs.tolist(), strict=False)):
                if name in fits.released.edges:
                    self.told["seen"][number, tenth(fits.released.edges[name], value)] += 1

    def _begin_anew(self) -> None:
        """Forget what was counted of other fits than those of now."""
        if self.fleet["fit"].tolist() != self.numbers:
            self.fleet["fit"][:] = self.numbers
            for sums in (self.fleet["seen"], self.fleet["judged"], self.told["seen"]):
                sums[:] = 0


def _number(fit: Fit | None) -> float:
    """A number that tells one fit from another; 0 for none."""
    return 0.0 if fit is None else float(zlib.crc32(fit.version.encode()))
