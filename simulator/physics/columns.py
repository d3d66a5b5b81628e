"""Columns: what is told by the names of metrics becomes an array, a column per metric."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import ArrayLike

from simulator.arrays import FloatArray


def in_columns(metrics: Collection[str], told: Mapping[str, ArrayLike], *shape: int) -> FloatArray:
    """Values (*shape, metrics); NaN where nothing is told. What is no metric is refused with a ``KeyError``."""
    values = np.full((*shape, len(metrics)), np.nan)
    index = {name: place for place, name in enumerate(metrics)}
    for name, column in told.items():
        values[..., index[name]] = column
    return values
