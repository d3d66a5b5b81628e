"""L9, standing findings: a finding is raised once, stands, and is cleared once.

For each appliance and each fault mode (those of the profile, and ``unknown``) there is at most one standing finding,
whichever way it was reached; faults of the data stand by sensor (data_standing.py). Which layer raises it clears it; the same mode by evidence stays quiet
for the refractory time after it was raised. What stands survives every change of profile and layers: where its mode has
gone, it is cleared with that reason when the state is read back.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import UNKNOWN, Cleared, Evidence, Finding, FindingChannel
from detectors.state.columns import Arrays, Axis, Column
from detectors.state.layout import Layout
from detectors.state.seldom import Seldom
from detectors.state.table import Records, values_of
from ingest.profiles.definition import Profile

REFRACTORY_MS = 30 * 86_400_000
CHANNELS = (FindingChannel.EVIDENCE, FindingChannel.RULE, FindingChannel.ERROR_CODE, FindingChannel.DATA)
NAME = "standing"


class Standing:
    """The standing findings of one appliance kind, by row of the appliance and number of the mode."""

    name: ClassVar[str] = NAME
    version: ClassVar[int] = 1
    formerly: ClassVar[tuple[str, ...]] = ()

    def __init__(self, profile: Profile, ids: list[str]) -> None:
        self.kind = profile.kind
        self.ids = ids
        self.modes = (*profile.fault_modes, UNKNOWN)
        self.components = (*(mode.component for mode in profile.fault_modes.values()), "appliance")
        self.number = {name: number for number, name in enumerate(self.modes)}
        self.unknown = self.number[UNKNOWN]
        self.own: Arrays = {}
        self.seldom = Seldom()

    def columns(self) -> tuple[Column, ...]:
        """By mode: 0 or 1 + the number of the channel, and when it was raised last."""
        axes = (Axis("fault_mode", self.modes),)
        return Column("standing", "u1", axes, is_seldom=True), Column("raised", "i8", axes, is_seldom=True)

    def _of(self, row: int) -> NDArray[np.uint8]:
        """(modes,): what stands of one appliance."""
        mine: NDArray[np.uint8] = self.seldom.own["standing"][self.seldom.places[row]]
        return mine

    def stands(self, row: int, mode: int) -> bool:
        """Whether a finding of this mode stands."""
        return bool(self._of(row)[mode])

    def by(self, row: int, channel: FindingChannel) -> list[int]:
        """The modes whose standing finding was reached by ``channel``."""
        return np.flatnonzero(self._of(row) == 1 + CHANNELS.index(channel)).tolist()

    def are_by(self, rows: NDArray[np.intp], channel: FindingChannel) -> NDArray[np.bool_]:
        """(B, modes): which modes stand, reached by ``channel``."""
        reached: NDArray[np.bool_] = self.seldom.read("standing", rows) == 1 + CHANNELS.index(channel)
        return reached

    def of_appliance(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(B, modes): which stand."""
        stand: NDArray[np.bool_] = self.seldom.read("standing", rows) > 0
        return stand

    def may_rise(self, row: int, mode: int, channel: FindingChannel, now_ms: int) -> bool:
        """Whether a finding of this mode may be raised now: none stands, and the refractory time is over."""
        if self.stands(row, mode):
            return False
        wait = REFRACTORY_MS if channel is FindingChannel.EVIDENCE else 0
        raised = int(self.seldom.own["raised"][self.seldom.places[row], mode])
        return raised == 0 or now_ms - raised >= wait

    def raised_ms(self, row: int, mode: int) -> int:
        """When a finding of this mode was last raised; 0 for never."""
        place = int(self.seldom.places[row])
        return int(self.seldom.own["raised"][place, mode])

    def rise(self, row: int, finding: Finding) -> Finding:
        """Note a raised finding."""
        self.go_on(row, finding.fault_mode, finding.channel, finding.raised_ms)
        return finding

    def go_on(self, row: int, name: str, channel: FindingChannel, raised_ms: int) -> None:
        """Let a finding stand that was raised then."""
        mode, place = self.number[name], self.seldom.one(row)
        self.seldom.own["standing"][place, mode] = 1 + CHANNELS.index(channel)
        self.seldom.own["raised"][place, mode] = raised_ms

    def clear(self, row: int, mode: int, now_ms: int, because: Cleared = Cleared.CALM) -> Finding:
        """End a standing finding; the answer repeats its identity with ``cleared_ms``."""
        channel = CHANNELS[int(self._of(row)[mode]) - 1]
        raised = int(self.seldom.own["raised"][self.seldom.places[row], mode])
        self.seldom.own["standing"][self.seldom.places[row], mode] = 0
        return ended(
            self.ids[row], self.kind, self.modes[mode], self.components[mode], channel,
            raised_ms=raised, cleared_ms=now_ms, because=because,
        )  # fmt: skip

    def simple(
        self,
        row: int,
        mode: int,
        channel: FindingChannel,
        now_ms: int,
        *,
        severity: float,
        probability: float,
        evidence: tuple[Evidence, ...] = (),
        error_code: str | None = None,
    ) -> Finding:
        """Raise a finding that needed no learning."""
        onset = min((item.since_ms for item in evidence), default=now_ms)
        return self.rise(row, Finding(
            self.ids[row], self.kind, self.modes[mode], self.components[mode], channel,
            raised_ms=now_ms, onset_ms=onset, score=1.0, severity=severity, probability=probability,
            evidence=evidence, error_code=error_code,
        ))  # fmt: skip


def ended(
    appliance_id: str,
    kind: str,
    mode: str,
    component: str,
    channel: FindingChannel,
    *,
    raised_ms: int,
    cleared_ms: int,
    because: Cleared,
) -> Finding:
    """The end of a finding: its identity, and when and why it was cleared."""
    return Finding(
        appliance_id,
        kind,
        mode,
        component,
        channel,
        raised_ms=raised_ms,
        onset_ms=raised_ms,
        score=0.0,
        severity=0.0,
        probability=0.0,
        cleared_ms=cleared_ms,
        cleared_because=because,
    )


def stored(layout: Layout, records: Records) -> list[tuple[int, str, FindingChannel, int]]:
    """What stands in stored records (N, bytes): (record, mode, channel, raised_ms)."""
    columns = values_of(layout, records, NAME)
    if not {"standing", "raised"} <= columns.keys():
        return []
    column, standing = columns["standing"]
    raised, modes = columns["raised"][1], column.axes[0].labels
    return [
        (record, modes[mode], CHANNELS[int(standing[record, mode]) - 1], int(raised[record, mode]))
        for record, mode in np.argwhere((standing > 0) & (standing <= len(CHANNELS))).tolist()
    ]


def gone(
    ids: list[str], kind: str, layout: Layout, records: Records, now_ms: NDArray[np.int64], known: set[str]
) -> list[Finding]:
    """The ends of what stands in stored records (N, bytes) under modes that nobody knows; ``now_ms`` (N,).

    Faults of the data stood here, too, before they stood by sensor: those of sensors that are still at fault are raised again, each by its own.
    """
    return [
        ended(
            ids[record], kind, mode, "data" if channel is FindingChannel.DATA else "appliance", channel,
            raised_ms=raised, cleared_ms=max(raised, int(now_ms[record])),
            because=Cleared.NAMED if channel is FindingChannel.DATA else Cleared.MODE_GONE,
        )
        for record, mode, channel, raised in stored(layout, records)
        if mode not in known
    ]  # fmt: skip
