"""Codes: which error codes steady appliances show, each again after a day at the earliest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import IntArray
from simulator.physics.kind import ErrorCode

AGAIN_MS = 86_400_000


class Codes:
    """The displays of N appliances."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._shown_ms: dict[str, IntArray] = {}

    def show(self, codes: Mapping[str, NDArray[np.bool_]], ends_ms: IntArray) -> tuple[ErrorCode, ...]:
        """What comes up: each code at the end of a report where its condition (R, N) holds."""
        return tuple(one for code, where in codes.items() for one in self._show(code, where, ends_ms))

    def _show(self, code: str, where: NDArray[np.bool_], ends_ms: IntArray) -> list[ErrorCode]:
        if not where.any():
            return []
        shown = self._shown_ms.setdefault(code, np.full(self._count, -AGAIN_MS, np.int64))
        found = []
        for report, member in np.argwhere(where).tolist():
            if ends_ms[report] - shown[member] >= AGAIN_MS:
                shown[member] = ends_ms[report]
                found.append(ErrorCode(member, report, code))
        return found
