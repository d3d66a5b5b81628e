"""Finding, Evidence, Condition: all that leaves the detectors' room, and the protocol through which it leaves.

A *finding* is a detector room's statement: this appliance shows this fault mode, how strongly, since when, and why.
A finding is raised once per episode, told again while it stands, and cleared once. Findings, conditions and the detectors' own changed state leave
together in one :class:`DetectCommit`, which a :class:`FindingSink` makes durable in one transaction: after a crash the
fold over the journal goes on from exactly there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.reasons import Reason


UNKNOWN = "unknown"
"""The fault mode of a finding that no known mode explains."""


class FindingChannel(StrEnum):
    """Which way a finding was reached."""

    EVIDENCE = "evidence"
    """Accumulated or sudden deviation from the expected band; a prediction."""
    RULE = "rule"
    """A fixed limit of the profile was crossed."""
    ERROR_CODE = "error_code"
    """The appliance itself reported a code."""
    DATA = "data"
    """The data is at fault (stuck, spike, limit, gap), not the appliance; never a repair ticket."""


class Cleared(StrEnum):
    """Why a finding was cleared."""

    CALM = "calm"
    """What it stood for was no longer seen."""
    STARTED_OVER = "started_over"
    """A part was replaced: it is another one now."""
    NAMED = "named"
    """Its cause, or the sensor at fault, was recognised: a finding of that stands instead."""
    MODE_GONE = "mode_gone"
    """The profile does not know this fault mode any more."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One metric or feature that speaks for the finding.

    ``share`` in 0..1 is its part of the score; shares of one finding sum to at most 1. ``since_ms`` is when it left the
    expected band.
    """

    metric: str
    observed: float
    expected_low: float
    expected_high: float
    unit: str
    since_ms: int
    share: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A standing statement about one appliance and one fault mode, of a fault of the data about one sensor as well.

    ``raised_ms`` is the event time of the last sample that it needed; ``onset_ms`` when the deviation began;
    ``severity`` 0..1 (1 = failure level); ``probability`` 0..1 that this fault mode is the cause; ``cleared_ms`` once
    the episode is over. ``fault_mode`` is ``unknown`` where no known mode fits.
    """

    appliance_id: str
    kind: str
    fault_mode: str
    component: str
    channel: FindingChannel
    raised_ms: int
    onset_ms: int
    score: float
    severity: float
    probability: float
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[tuple[str, float], ...] = ()
    failure_window_ms: tuple[int, int, float] | None = None
    """(from, to, coverage) or nothing where no honest window can be given."""
    failing_30d: float | None = None
    """The probability that the appliance fails within thirty days; None where nothing learned says it."""
    error_code: str | None = None
    cleared_ms: int | None = None
    cleared_because: Cleared | None = None
    """Why, where it is cleared."""
    told_ms: int | None = None
    """When it was told again, with what it has come to by then; None where it is just raised, or over."""
    metric: str | None = None
    """Of a fault of the data: the metric whose sensor is at fault, a part of its identity; None where it is no single sensor's."""

    @property
    def is_data_fault(self) -> bool:
        """Whether the data, not the appliance, is at fault."""
        return self.channel is FindingChannel.DATA

    @property
    def is_new(self) -> bool:
        """Whether it is raised here, neither told again nor over."""
        return self.cleared_ms is None and self.told_ms is None


@dataclass(frozen=True, slots=True)
class FleetFinding:
    """Many appliances of one kind came over their thresholds at once: one thing, and no fault of any; their alarms wait.

    Known by (kind, raised_ms), of which a kind has one at a time. It is told again as more cross, and once with ``cleared_ms``
    when they wait no longer. ``model`` with ``firmware``, or ``region``, is what those have in common that crossed and the
    others have not; all None where it is the whole kind.
    """

    kind: str
    raised_ms: int
    since_ms: int
    """The first day on which those crossed who are counted."""
    model: str | None = None
    firmware: str | None = None
    region: str | None = None
    feature: str | None = None
    """What most of them deviate in."""
    reads_high: bool = True
    """Whether it is more than it should be."""
    exposed: int = 0
    """How many of the group gave a day or cycle on its fullest day."""
    appliances: tuple[str, ...] = ()
    """Who crossed, and waits."""
    cleared_ms: int | None = None


class ConditionState(StrEnum):
    """What the detectors say of an appliance now."""

    LEARNING = "learning"
    OK = "ok"
    WATCH = "watch"
    ALERT = "alert"
    CANNOT_SAY = "cannot_say"


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of one appliance with its reason, a health index per component, and how probably it fails soon."""

    appliance_id: str
    kind: str
    state: ConditionState
    reason: Reason
    as_of_ms: int
    health: Mapping[str, float] = field(default_factory=dict)
    failing_30d: float | None = None
    """The probability that it fails within thirty days; None where nothing learned says it, and where health is empty: as before."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the fold stands: the last journal position read and the detectors' state.

    ``rows``: appliance id → state row bytes; ``shared``: state that belongs to no single appliance.
    """

    position: int
    rows: Mapping[str, bytes]
    shared: bytes | None = None


@dataclass(frozen=True, slots=True)
class DetectCommit:
    """Everything of one step that must become durable together. ``rows`` holds changed appliances only."""

    position: int
    rows: Mapping[str, bytes]
    shared: bytes | None
    findings: Sequence[Finding]
    conditions: Sequence[Condition]
    fleet_findings: Sequence[FleetFinding] = ()


class FindingSink(Protocol):
    """Makes a step of the detectors durable in one transaction; implemented by the service desk.

    Held by tests/contract/finding_sink_suite.py: a commit is all or nothing; a commit whose position is not beyond the
    stored one changes nothing; repeating a finding of the same (appliance, fault mode, metric, raised_ms) opens no
    second ticket.
    """

    def load(self) -> Checkpoint:
        """The state of the last commit; position 0 and no rows for a new installation."""
        ...

    def commit(self, step: DetectCommit) -> None:
        """Make the whole step durable, or raise and change nothing."""
        ...
