"""L1, rules: fixed limits that hold for a while, and what the appliance itself reports. No learning, at once.

A limit fires once its metric has been beyond it in every reading for ``for_s`` seconds; one reading within starts the time anew. What a
rule said is over after a day without a reading beyond.
An error code of a known fault mode fires at once (of modes that share a code, the first of the profile); one of no known mode when it came three times within fourteen days.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.profiles.definition import Profile

CODE_WINDOW_S = 14 * 86_400
UNKNOWN_CODE_REPEATS = 3
CALM_S = 86_400

State = dict[str, NDArray[Any]]


class Rules:
    """The rules of one appliance kind; ``fault_modes`` gives each mode its number, the last number is ``unknown``."""

    def __init__(self, profile: Profile, fault_modes: tuple[str, ...]) -> None:
        metrics = list(profile.metrics)
        self.rules = profile.rules
        self.column = np.array([metrics.index(rule.metric) for rule in self.rules], np.intp)
        self.above = np.array([np.inf if rule.above is None else rule.above for rule in self.rules])
        self.below = np.array([-np.inf if rule.below is None else rule.below for rule in self.rules])
        self.for_s = np.array([rule.for_s for rule in self.rules])
        self.mode = np.array([fault_modes.index(rule.fault_mode) for rule in self.rules], np.intp)
        self.mode_of_code = {
            code: fault_modes.index(mode.name)
            for mode in reversed([*profile.fault_modes.values()])
            for code in mode.codes
        }
        self.unknown = len(fault_modes) - 1
        self.mode_count = len(fault_modes)

    def layout(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Name → (type, shape per appliance) of what must be remembered: seconds since 1970, 0 for never."""
        return {
            "beyond_since_s": ("u4", (len(self.rules),)),
            "beyond_last_s": ("u4", (len(self.rules),)),
            "code_count": ("u1", (self.mode_count,)),
            "code_last_s": ("u4", (self.mode_count,)),
        }

    def beyond(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which readings are beyond which rule's limit: (B, rules)."""
        read = values[:, self.column]
        outside: NDArray[np.bool_] = (read > self.above) | (read < self.below)
        return outside

    def check(
        self, state: State, rows: NDArray[np.intp], ts_ms: NDArray[np.int64], values: NDArray[np.float32]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """One sample of each of ``rows``: which rules fire, and which are calm for long: (B, rules)."""
        read = values[:, self.column]
        beyond = self.beyond(values)
        within = ~beyond & ~np.isnan(read)
        since = state["beyond_since_s"][rows]
        last = state["beyond_last_s"][rows]
        now_s = (ts_ms // 1000)[:, None]
        last = np.where(beyond, now_s, last)
        state["beyond_last_s"][rows] = last
        calm = within & (now_s - last >= CALM_S)
        since = np.where(within, 0, np.where(beyond & (since == 0), now_s, since)).astype(np.uint32)
        state["beyond_since_s"][rows] = since
        fires = beyond & (now_s - since.astype(np.int64) >= self.for_s)
        return fires, calm

    def error_code(self, state: State, row: int, code: str | None, ts_ms: int) -> tuple[int, int, bool]:
        """Note one reported code: (number of its fault mode, how often within the window, whether it speaks)."""
        mode = self.mode_of_code.get(code or "", self.unknown)
        now_s = ts_ms // 1000
        recent = now_s - int(state["code_last_s"][row, mode]) <= CODE_WINDOW_S
        count = min(250, int(state["code_count"][row, mode]) + 1) if recent else 1
        state["code_count"][row, mode] = count
        state["code_last_s"][row, mode] = max(now_s, int(state["code_last_s"][row, mode]))
        return mode, count, mode != self.unknown or count >= UNKNOWN_CODE_REPEATS
