"""L6 and L7, diagnosis: which fault mode explains the deviations, how bad it is, and which features say so.

Idea: the smoothed deviation z̄ of an appliance is compared with each mode's signature s under the fleet's correlation R.
The part of z̄ that lies along s, p = sᵀR⁻¹z̄ / √(sᵀR⁻¹s), gives the mode's log likelihood ½ n p²; a mode of its own,
``unknown``, may explain the share :data:`UNKNOWN_SHARE` of any deviation. Together with the modes' hazards this gives a
posterior. Severity is the length of z̄ along s, 1 at failure level::

    severity = clip(sᵀR⁻¹z̄ / sᵀR⁻¹s, 0, 1)          health index of a component = 1 - its worst severity

A feature that the appliance never told takes no part: it is not taken for usual. A mode of whose signature only a share
can be seen is less probable by that share, lest a mode be named for its least important sign.

Reference: Rao 1973, Linear Statistical Inference and Its Applications, for the projection under a covariance (generalised least squares).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Diagnosis, Piece

UNKNOWN_SHARE = 0.35
UNKNOWN_HAZARD = 0.02
ROWS_IN_MEAN = 5.0
TEMPERATURE = 4.0
"""The log likelihoods are divided by this: signatures are rough, and a posterior must not be surer than they are."""

SEEN_SHARE_MIN = 0.02
"""A mode of whose signature no more than this can be seen is that much less probable, and not less."""
SEEN_POWER_MIN = 1e-6

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Diagnoses(Layer):
    """Says of each judged unit which mode explains it."""

    name: ClassVar[str] = "diagnosis"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        signed, modes = setting.signed, setting.profile.fault_modes
        self.hazards = np.array([modes[name].hazard_per_year / signed.count(name) for name in signed])

    def take(self, piece: Piece) -> None:
        """Diagnose what has accumulated."""
        told = piece.accumulated
        if told is not None:
            piece.diagnosis = diagnose(told.smooth, told.known, self.setting.signatures, told.correlation, self.hazards)


def diagnose(z_smooth: Floats, known: Bools, signatures: Floats, correlation: Floats, hazards: Floats) -> Diagnosis:
    """Posterior (B, modes + 1), severity (B, modes), 1 at failure level, and what that rests on.

    Smoothed deviations (B, F) and signatures (modes, F) are in standard deviations, ``known`` (B, F) says which features
    the appliance tells at all, ``correlation`` (F, F) is the fleet's, ``hazards`` (modes,) are per year.

    >>> told = diagnose(np.array([[4.0, 0.0]]), np.array([[True, True]]), np.eye(2) * 8, np.eye(2), np.full(2, 0.02))
    >>> told.posterior[0].argmax(), round(float(told.severity[0, 0]), 1)
    (np.int64(0), 0.5)
    """
    count, modes = len(z_smooth), len(signatures)
    made = Diagnosis(np.zeros((count, modes + 1)), np.zeros((count, modes)), np.zeros((count, modes)))
    whole_power = _power(signatures, correlation)
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        at, told = np.flatnonzero(which.ravel() == number), np.flatnonzero(pattern)
        seen, related = signatures[:, told], correlation[np.ix_(told, told)]
        power = _power(seen, related)
        prior = np.log(np.maximum(hazards, 1e-6)) + np.log(np.clip(power / whole_power, SEEN_SHARE_MIN, 1.0))
        _diagnose_alike(made, at, z_smooth[np.ix_(at, told)], (seen, related, power), prior)
    return made


def _diagnose_alike(
    made: Diagnosis, at: NDArray[np.intp], z_smooth: Floats, seen: tuple[Floats, Floats, Floats], prior: Floats
) -> None:
    """Diagnose appliances that tell the same features: ``seen`` are signatures, correlation and power of these alone."""
    signatures, correlation, power = seen
    inverse = np.linalg.inv(correlation) if len(correlation) else correlation
    along = z_smooth @ inverse @ signatures.T
    believed = np.maximum(power, 1e-9)
    projection = np.where(power > SEEN_POWER_MIN, np.maximum(along, 0.0) / np.sqrt(believed), 0.0)
    whole = np.einsum("bf,fg,bg->b", z_smooth, inverse, z_smooth)
    likelihood = np.concatenate([np.square(projection), (UNKNOWN_SHARE * whole)[:, None]], axis=1)
    logit = 0.5 * ROWS_IN_MEAN * likelihood / TEMPERATURE + np.append(prior, np.log(UNKNOWN_HAZARD))
    logit -= logit.max(axis=1, keepdims=True)
    posterior = np.exp(logit)
    made.posterior[at] = posterior / posterior.sum(axis=1, keepdims=True)
    made.severity[at] = np.where(power > SEEN_POWER_MIN, np.clip(along / believed, 0.0, 1.0), 0.0)
    made.power[at] = power


def _power(signatures: Floats, correlation: Floats) -> Floats:
    """sᵀR⁻¹s of each signature."""
    if not len(correlation):
        return np.zeros(len(signatures))
    power: Floats = np.einsum("mf,fg,mg->m", signatures, np.linalg.inv(correlation), signatures)
    return np.maximum(power, 0.0)
