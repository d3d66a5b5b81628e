"""Shares: which features carry a deviation, and how much of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EVIDENCE_MAX = 4
EVIDENCE_SHARE_MIN = 0.08

Floats = NDArray[np.float64]


def contributions(z_smooth: Floats, signature: Floats | None, correlation: Floats) -> Floats:
    """Each feature's share (F,) of one appliance's deviation (F,) along ``signature`` (F,), or of all of it where None.

    Deviations and signature are in standard deviations.
    """
    parts = np.square(z_smooth) if signature is None else (signature @ np.linalg.inv(correlation)) * z_smooth
    parts = np.maximum(parts, 0.0)
    total = parts.sum()
    shares: Floats = parts / total if total > 0 else parts
    return shares


def strongest(shares: Floats) -> list[int]:
    """The numbers of the features that carry a finding by their shares (F,), strongest first, at most :data:`EVIDENCE_MAX`."""
    order = np.argsort(-shares, kind="stable")[:EVIDENCE_MAX]
    return [int(number) for place, number in enumerate(order) if shares[number] >= EVIDENCE_SHARE_MIN or place == 0]
