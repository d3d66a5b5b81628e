"""L6 and L7, diagnosis: which fault mode explains the deviations, how bad it is, and which features say so.

Idea: the smoothed deviation z̄ of an appliance is compared with each mode's signature s under the fleet's correlation R.
The part of z̄ that lies along s, p = sᵀR⁻¹z̄ / √(sᵀR⁻¹s), gives the mode's log likelihood ½ n p²; a mode of its own,
``unknown``, may explain the share :data:`UNKNOWN_SHARE` of any deviation. Together with the modes' hazards this gives a
posterior. Severity is the length of z̄ along s, 1 at failure level::

    severity = clip(sᵀR⁻¹z̄ / sᵀR⁻¹s, 0, 1)          health index of a component = 1 - its worst severity

Reference: Rao 1973, Linear Statistical Inference, for the projection under a covariance (generalised least squares).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layer import Layer, Setting
from detectors.piece import Diagnosis, Piece

UNKNOWN_SHARE = 0.35
UNKNOWN_HAZARD = 0.02
ROWS_IN_MEAN = 5.0
TEMPERATURE = 4.0
"""The log likelihoods are divided by this: signatures are rough, and a posterior must not be surer than they are."""

Floats = NDArray[np.float64]


class Diagnoses(Layer):
    """Says of each judged unit which mode explains it."""

    name: ClassVar[str] = "diagnosis"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.hazards = np.array([setting.profile.fault_modes[name].hazard_per_year for name in setting.signed])

    def take(self, piece: Piece) -> None:
        """Diagnose what has accumulated."""
        told = piece.accumulated
        if told is not None:
            piece.diagnosis = diagnose(told.smooth, self.setting.signatures, told.correlation, self.hazards)


def diagnose(z_smooth: Floats, signatures: Floats, correlation: Floats, hazards: Floats) -> Diagnosis:
    """Posterior (B, modes + 1) and severity (B, modes), 1 at failure level.

    Smoothed deviations (B, F) and signatures (modes, F) are in standard deviations, ``correlation`` (F, F) is the fleet's,
    ``hazards`` (modes,) are per year.

    >>> told = diagnose(np.array([[4.0, 0.0]]), np.eye(2) * 8, np.eye(2), np.array([0.02, 0.02]))
    >>> told.posterior[0].argmax(), round(float(told.severity[0, 0]), 1)
    (np.int64(0), 0.5)
    """
    inverse = np.linalg.inv(correlation)
    along = z_smooth @ inverse @ signatures.T
    power = np.maximum(np.einsum("mf,fg,mg->m", signatures, inverse, signatures), 1e-12)
    projection = np.maximum(along, 0.0) / np.sqrt(power)
    whole = np.einsum("bf,fg,bg->b", z_smooth, inverse, z_smooth)
    likelihood = np.concatenate([np.square(projection), (UNKNOWN_SHARE * whole)[:, None]], axis=1)
    prior = np.log(np.maximum(np.append(hazards, UNKNOWN_HAZARD), 1e-6))
    logit = 0.5 * ROWS_IN_MEAN * likelihood / TEMPERATURE + prior
    logit -= logit.max(axis=1, keepdims=True)
    posterior = np.exp(logit)
    posterior /= posterior.sum(axis=1, keepdims=True)
    return Diagnosis(posterior, np.clip(along / power, 0.0, 1.0))
