"""L9, episodes: a finding is raised once, stands, and is cleared once.

For each appliance and each fault mode (those of the profile, ``unknown``, and the faults of the data) there is at most
one standing finding, whichever way it was reached. It is cleared after :data:`CALM_ROWS` calm rows (evidence), one
reading within the limit (rule) or two weeks without the code; the same mode by evidence stays quiet for the refractory
time after it was raised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Channel, Finding

CALM_ROWS = 3
CALM_SCORE = 0.6
REFRACTORY_MS = 30 * 86_400_000
DATA_REFRACTORY_MS = 86_400_000
CHANNELS = (Channel.EVIDENCE, Channel.RULE, Channel.ERROR_CODE, Channel.DATA)

State = dict[str, NDArray[Any]]


class Episodes:
    """The standing findings of one appliance kind; ``names`` are its fault modes, then ``unknown``, then data faults."""

    def __init__(self, kind: str, names: tuple[str, ...], components: tuple[str, ...]) -> None:
        self.kind = kind
        self.names = names
        self.components = components

    def layout(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Name → (type, shape per appliance) of what must be remembered; ``standing`` is 0 or 1 + channel number."""
        size = (len(self.names),)
        return {"standing": ("u1", size), "raised": ("i8", size), "calm_rows": ("u1", ()), "doubtful_rows": ("u1", ())}

    def stands(self, state: State, row: int, mode: int) -> bool:
        """Whether a finding of this mode stands."""
        return bool(state["standing"][row, mode])

    def standing_by(self, state: State, row: int, channel: Channel) -> list[int]:
        """The modes whose standing finding was reached by ``channel``."""
        return np.flatnonzero(state["standing"][row] == 1 + CHANNELS.index(channel)).tolist()

    def may_rise(self, state: State, row: int, mode: int, channel: Channel, now_ms: int) -> bool:
        """Whether a finding of this mode may be raised now: none stands, and the refractory time is over."""
        if state["standing"][row, mode]:
            return False
        wait = {Channel.EVIDENCE: REFRACTORY_MS, Channel.DATA: DATA_REFRACTORY_MS}.get(channel, 0)
        raised = int(state["raised"][row, mode])
        return raised == 0 or now_ms - raised >= wait

    def rise(self, state: State, row: int, mode: int, finding: Finding) -> Finding:
        """Note a raised finding."""
        state["standing"][row, mode] = 1 + CHANNELS.index(finding.channel)
        state["raised"][row, mode] = finding.raised_ms
        return finding

    def clear(self, state: State, row: int, mode: int, appliance_id: str, now_ms: int) -> Finding:
        """End a standing finding; the answer repeats its identity with ``cleared_ms``."""
        channel = CHANNELS[int(state["standing"][row, mode]) - 1]
        raised = int(state["raised"][row, mode])
        state["standing"][row, mode] = 0
        return Finding(
            appliance_id,
            self.kind,
            self.names[mode],
            self.components[mode],
            channel,
            raised_ms=raised,
            onset_ms=raised,
            score=0.0,
            severity=0.0,
            probability=0.0,
            cleared_ms=now_ms,
        )
