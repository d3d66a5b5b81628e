"""L10, feedback: what technicians found → how strongly a fault mode must show before it is raised again.

Idea: each verdict on a finding moves a balance of its fault mode: a visit in vain adds one, a fault that was there takes away
what one such is worth at the precision that is wanted, and so does, by a whole step, a repair of a fault that nobody had
foretold. The balance never falls below nothing. With T = :data:`PRECISION_WANTED`::

    balance = clip(balance + (1 in vain, -(1 - T) / T right, -1 missed), 0, BALANCE_MAX)
    raised only where strength >= usual strength at the raise × e^(STEP × balance)

It stands still where just T of the findings are right; where fewer are, it rises until what is too weak is left out. Strength
is how far an appliance has moved along the mode's signature, in standard deviations (for ``unknown`` its score); what is
usual at the raise is learned while the balance is nothing. A fault that grows comes to any such level, what habits or weather
move comes back before: so little is missed, but it is said later.

Verdicts come through the journal as lessons, each once (one that comes again has the number that it had), and a verdict that
takes another's place takes that one back. A fault under another name than it was told is a visit worth its way: it moves nothing.

Reference: Robbins and Monro 1951, A Stochastic Approximation Method, for a level that settles where as many go wrong as wanted.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import FindingChannel
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece
from detectors.layering.wording import strength
from detectors.state.columns import Axis, Column, places
from ingest.sample import Lesson

PRECISION_WANTED = 0.7
STEP = 0.1
BALANCE_MAX = 8.0
"""No mode must show more than e^0.8 as strongly as it would without verdicts: twice, and a little more."""
CONFIRMED, OTHER_FAULT = "confirmed", "other_fault"
IN_VAIN = frozenset({"no_fault_found", "usage", "self_cleared"})
RAISED_MEMORY = 100.0
"""What is usual at the raise is that of about so many findings."""

Floats = NDArray[np.float64]


class Feedback(Layer):
    """Keeps the balance of each fault mode of one kind."""

    name: ClassVar[str] = "feedback"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.told = {name: np.zeros_like(array) for name, array in self.fleet.items()}

    def fleet_columns(self) -> tuple[Column, ...]:
        """By fault mode: balance, verdicts in vain, right and missed, findings raised, their log strength; the last lesson's number."""
        mode = Axis("fault_mode", self.setting.standing.modes[: self.setting.standing.unknown + 1])
        return (
            Column("balance", "f8", (mode,)),
            Column("verdicts", "f8", (mode, Axis("verdict", ("in vain", "right", "missed")))),
            Column("raised", "f8", (mode,)),
            Column("strength", "f8", (mode,)),
            Column("last", "f8", (places("last", 1),)),
        )

    def hear(self, lesson: Lesson) -> None:
        """Take in a verdict, unless it was heard before."""
        if lesson.number <= self.fleet["last"][0]:
            return
        self.fleet["last"][0] = lesson.number
        if lesson.is_foreseen and lesson.before is not None:
            self._move(lesson.fault_mode, lesson.before, -1.0)
        if lesson.is_foreseen:
            self._move(lesson.fault_mode, lesson.verdict, 1.0)
        elif lesson.verdict in {CONFIRMED, OTHER_FAULT} and lesson.before not in {CONFIRMED, OTHER_FAULT}:
            self._move(lesson.found or lesson.fault_mode, "missed", 1.0)

    def strictness(self) -> dict[str, float]:
        """By fault mode, how many times as strongly as usual it must show; of those alone on whose account somebody went in vain."""
        modes, balance = self.setting.standing.modes, self.fleet["balance"]
        return {modes[mode]: float(np.exp(STEP * balance[mode])) for mode in np.flatnonzero(balance > 0).tolist()}

    def take(self, piece: Piece) -> None:
        """Say how strongly each mode must show."""
        count = np.maximum(self.fleet["raised"], 1e-9)
        asked = np.exp(self.fleet["strength"] / count + STEP * self.fleet["balance"])
        piece.bars = np.where((self.fleet["balance"] > 0) & (self.fleet["raised"] > 0), asked, 0.0)

    def learn(self, piece: Piece) -> None:
        """Note how strongly modes showed when they were raised, as far as verdicts had no part in it.

        Not of what a plug speaks for: its runs raise findings at any sample, and only a day or cycle has a strength, so what
        is noted would depend on where the stream is cut.
        """
        standing, deviations = self.setting.standing, piece.deviations
        if deviations is None or len(piece.findings) == piece.findings_before:
            return
        is_plugged = np.zeros(len(deviations.units.rows), bool)
        if piece.is_plugged is not None and piece.units is not None:
            is_plugged = piece.is_plugged[piece.units.is_usable]
        at_of = {
            self.setting.ids[row]: at for at, row in enumerate(deviations.units.rows.tolist()) if not is_plugged[at]
        }
        for finding in piece.findings[piece.findings_before :]:
            mode, at = standing.number[finding.fault_mode], at_of.get(finding.appliance_id)
            is_mine = finding.is_new and finding.channel is FindingChannel.EVIDENCE and mode <= standing.unknown
            if at is not None and is_mine and self.fleet["balance"][mode] == 0:
                self.told["raised"][mode] += 1
                self.told["strength"][mode] += np.log(max(strength(self.setting, piece, at, mode), 1e-3))

    def take_over(self) -> None:
        """Let the fleet's part know what was raised."""
        kept = np.exp(-self.told["raised"] / RAISED_MEMORY)
        for name in ("raised", "strength"):
            self.fleet[name] = self.fleet[name] * kept + self.told[name]
        for told in self.told.values():
            told[:] = 0

    def _move(self, name: str, verdict: str, times: float) -> None:
        """Move the balance of one mode, if the profile knows it."""
        mode = self.setting.standing.number.get(name)
        if mode is None or mode > self.setting.standing.unknown:
            return
        step, column = _step(verdict)
        self.fleet["balance"][mode] = min(max(self.fleet["balance"][mode] + times * step, 0.0), BALANCE_MAX)
        if column is not None:
            self.fleet["verdicts"][mode, column] += times


def _step(verdict: str) -> tuple[float, int | None]:
    """How far a verdict moves a balance, and where it is counted."""
    if verdict in IN_VAIN:
        return 1.0, 0
    if verdict == CONFIRMED:
        return -(1 - PRECISION_WANTED) / PRECISION_WANTED, 1
    return (-1.0, 2) if verdict == "missed" else (0.0, None)
