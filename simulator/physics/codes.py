"""Codes: which error codes steady appliances show, each again after a day at the earliest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.physics.kind import ErrorCode

AGAIN_MS = 86_400_000


class Codes:
    """The displays of N appliances."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._shown_ms: dict[str, NDArray[np.int64]] = {}

    def show(self, code: str, where: NDArray[np.bool_], ends_ms: NDArray[np.int64]) -> list[ErrorCode]:
        """The times (at the end of a report) at which a code comes up, where its condition (R, N) holds."""
        if not where.any():
            return []
        shown = self._shown_ms.setdefault(code, np.full(self._count, -AGAIN_MS, np.int64))
        found = []
        for report, member in np.argwhere(where).tolist():
            if ends_ms[report] - shown[member] >= AGAIN_MS:
                shown[member] = ends_ms[report]
                found.append(ErrorCode(member, report, code))
        return found
