"""Which readings of a recording are marks for *no reading*: -327.68 °C where no sensor is, -127 where none answers, 65535.

A value that its quantity can't have is one (:mod:`ingest.plausible`). What can't be is not known of a metric whose name has no
unit, so the usual marks are taken for such where all other readings lie far away from them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingest.plausible import impossible

USUAL = (
    *(-327.68, 327.67, 655.35, -3276.8, 3276.7, 6553.5, -32768.0, 32767.0, 65535.0, 2147483647.0, -2147483648.0, 4294967295.0),
    *(-127.0, -99.0, -999.0, -9999.0, -99999.0, 999.0, 9999.0, 99999.0, -999.9, 999.9, -99.9, 1e10, -1e10),
)  # fmt: skip
"""Ends of registers, plain or with decimals, and what programs write for nothing."""
OTHERS_MIN = 2


def marks_of(metric: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which values of one metric are marks.

    >>> marks_of("freezer_c", np.array([-18.0, -327.68])).tolist(), marks_of("level", np.array([3.0, 4.0, 65535.0])).tolist()
    ([False, True], [False, False, True])
    """
    found: NDArray[np.bool_] = impossible((metric,), values[:, None])[:, 0]
    usual = np.isin(np.round(values, 2), USUAL) & ~found
    others = values[~np.isnan(values) & ~found & ~usual]
    if not usual.any() or len(np.unique(others)) < OTHERS_MIN:
        return found
    low, high = float(others.min()), float(others.max())
    width = max(high - low, abs(low), abs(high))
    return found | (usual & ((values < low - width) | (values > high + width)))
