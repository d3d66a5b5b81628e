"""Smoothing: how deviations are averaged over rows, and how far chance moves such an average."""

from __future__ import annotations

import math

SMOOTHING = 0.3
"""The share of the newest row in the mean of late."""
SMOOTH_SIGMA = math.sqrt(SMOOTHING / (2 - SMOOTHING))
"""The standard deviation of such a mean of independent rows, in standard deviations of one row."""
