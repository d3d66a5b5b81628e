"""L6 and L7, diagnosis: which fault mode explains the deviations, how bad it is, and which features say so.

Idea: the smoothed deviation z̄ of an appliance is compared with each mode's signature s under the fleet's correlation R.
The part of z̄ that lies along s, p = sᵀR⁻¹z̄ / √(sᵀR⁻¹s), gives the mode's log likelihood ½ n p²; a mode of its own,
``unknown``, may explain the share :data:`UNKNOWN_SHARE` of any deviation. Together with the modes' hazards this gives a
posterior; below :data:`CERTAIN` the answer is ``unknown``. Severity is the length of z̄ along s, 1 at failure level::

    severity = clip(sᵀR⁻¹z̄ / sᵀR⁻¹s, 0, 1)          health index of a component = 1 - its worst severity

Reference: detection.md section 4 (L6, L7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN = "unknown"
UNKNOWN_SHARE = 0.35
UNKNOWN_HAZARD = 0.02
CERTAIN = 0.6
ROWS_IN_MEAN = 5.0
TEMPERATURE = 4.0
"""The log likelihoods are divided by this: signatures are rough, and a posterior must not be surer than they are."""
PROBABILITY_MAX = 0.95
EVIDENCE_MAX = 4
EVIDENCE_SHARE_MIN = 0.08

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """For B appliances: posterior (B, modes + 1; the last is unknown) and severity (B, modes)."""

    posterior: Floats
    severity: Floats


def diagnose(z_smooth: Floats, signatures: Floats, correlation: Floats, hazards: Floats) -> Diagnosis:
    """Posterior and severity of each mode from smoothed deviations (B, F) and signatures (modes, F).

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


def contributions(z_smooth: Floats, signature: Floats | None, correlation: Floats) -> Floats:
    """Each feature's share (F,) of one appliance's deviation along ``signature``, or of all of it where None."""
    parts = np.square(z_smooth) if signature is None else (signature @ np.linalg.inv(correlation)) * z_smooth
    parts = np.maximum(parts, 0.0)
    total = parts.sum()
    shares: Floats = parts / total if total > 0 else parts
    return shares


def strongest(shares: Floats) -> list[int]:
    """The numbers of the features that carry a finding, strongest first, at most :data:`EVIDENCE_MAX`."""
    order = np.argsort(-shares, kind="stable")[:EVIDENCE_MAX]
    return [int(number) for place, number in enumerate(order) if shares[number] >= EVIDENCE_SHARE_MIN or place == 0]
