"""Comparing: a candidate beside what is released, on recorded fleets that neither was learned from; released or not by a printed rule.

The rule, in this order. The candidate must have been judged by at least :data:`FINDINGS_MIN` verdicts. Its squared error of
"is confirmed" may not be greater than that of the released fit (evidence alone where none is). The 95 % interval of the gain, drawn
over appliances, must not reach below -:data:`LOSS_MAX`. Its calibration error may be greater by :data:`LOSS_MAX` at most.
And where it speaks of failures, it must have skill over the mean rate. A fleet that one of them was learned from is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.layering.fits import Fit
from detectors.learning.cases import Case, Cases
from detectors.learning.scores import Judged, Score, brier, calibration_error, scored, skill

FINDINGS_MIN = 50
LOSS_MAX = 0.02


@dataclass(frozen=True, slots=True)
class Ruled:
    """One sentence of the rule, and whether it holds."""

    sentence: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures by name and who, and the rule's sentences; it is released where all hold."""

    findings: int
    figures: dict[str, dict[str, Score | float]]
    rule: Sequence[Ruled]

    @property
    def is_released(self) -> bool:
        """Whether the candidate may take the released one's place."""
        return all(one.holds for one in self.rule)


def compared(cases: Cases, candidate: Fit, released: Fit | None) -> Comparison:
    """Hold both against what came of the findings of fleets, each judged at its raise."""
    raised = [one for one in cases.cases if one.moment.is_new and one.is_confirmed is not None]
    figures: dict[str, dict[str, Score | float]] = {}
    rule = [Ruled(f"{len(raised)} findings have a verdict, of at least {FINDINGS_MIN}", len(raised) >= FINDINGS_MIN)]
    if not raised:
        return Comparison(0, figures, rule)
    new, old = (_confirmed(raised, cases, fit) for fit in (candidate, released))
    gain = scored(lambda one: float(np.average(_errors(old) - _errors(new), weights=one.weights)), new)
    rate = float(new.labels.mean())
    figures["confirmed: squared error"] = {
        "candidate": scored(brier, new), "released": scored(brier, old), "no skill": rate * (1 - rate),
    }  # fmt: skip
    figures["confirmed: calibration error"] = {
        "candidate": scored(calibration_error, new), "released": scored(calibration_error, old), "no skill": 0.0,
    }  # fmt: skip
    worse = calibration_error(new) - calibration_error(old)
    rule += [
        Ruled(f"its squared error is less by {gain.value:.4f}, of at least 0", gain.value >= 0),
        Ruled(f"with other appliances by {gain.low:.4f} at least, of -{LOSS_MAX}", gain.low >= -LOSS_MAX),
        Ruled(f"its calibration error is greater by {worse:.4f}, of at most {LOSS_MAX}", worse <= LOSS_MAX),
    ]
    failing = failing_of(cases, candidate)
    if failing is not None:
        figures["fails within 30 days: skill"] = {"candidate": scored(skill, failing), "no skill": 0.0}
        figures["fails within 30 days: calibration error"] = {"candidate": scored(calibration_error, failing)}
        rule.append(Ruled(f"its skill on failures is {skill(failing):.3f}, of more than 0", skill(failing) > 0))
    return Comparison(len(raised), figures, rule)


def failing_of(cases: Cases, fit: Fit) -> Judged | None:
    """What a fit says of failures at the moments that stand, each finding with one vote; None where it says nothing."""
    known = [one for one in cases.cases if one.fails is not None]
    if fit.failing is None or not known:
        return None
    count: dict[tuple[str, str, int], int] = {}
    for one in known:
        count[one.finding] = count.get(one.finding, 0) + 1
    shares = [fit.fails(cases.names[one.kind], one.moment) or 0.0 for one in known]
    labels = np.array([bool(one.fails) for one in known])
    weights = np.array([1 / count[one.finding] for one in known])
    return Judged(np.array(shares), labels, weights, [one.unit for one in known])


def looked_at(cases: Cases, fit: Fit) -> Judged | None:
    """What is said of all appliances, look by look: the fit's share where something stands, else how seldom those fail that are quiet."""
    if fit.failing is None or not cases.looks:
        return None
    shares = [
        fit.quiet_30d if one.case is None else fit.fails(cases.names[one.kind], one.case.moment) or 0.0
        for one in cases.looks
    ]
    labels = np.array([one.fails for one in cases.looks])
    return Judged(np.array(shares), labels, np.ones(len(labels)), [one.unit for one in cases.looks])


def _confirmed(raised: Sequence[Case], cases: Cases, fit: Fit | None) -> Judged:
    """What a fit, or evidence alone, says of findings at their raise."""
    shares = [
        one.moment.probability if fit is None else fit.confirmed(one.kind, cases.names[one.kind], one.moment)
        for one in raised
    ]
    labels = np.array([bool(one.is_confirmed) for one in raised])
    return Judged(np.array(shares), labels, np.ones(len(labels)), [one.unit for one in raised])


def _errors(one: Judged) -> np.ndarray:
    errors: np.ndarray = np.square(one.shares - one.labels)
    return errors
