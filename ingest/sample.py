"""The values that everything behind the border passes on.

A *sample* is what one appliance reports for one event time. Samples travel in bulk as a :class:`SampleBlock`, a struct
of arrays for one appliance kind; an :class:`AdmittedBatch` is all that admission let through of one journal batch.
All values are immutable by convention: whoever receives a block reads it and never writes to its arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntFlag, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

MAX_SAMPLES_PER_MESSAGE = 512
OFFSETS_PER_MS = 1_000_000
TEXT_SEPARATOR = b"\x00"
"""Stands between the texts of two samples; no JSON holds it."""


TEST_MODE = "test"
"""The mode of samples that a remote test has caused: they are stored and shown, and teach nobody what is usual."""


class SampleFlag(IntFlag):
    """What is noteworthy about one sample; 0 for an ordinary one."""

    NONE = 0
    ARRIVAL_TIME = 1
    """The message carried no time: its event time is the time of arrival."""
    REDATED = 2
    """The clock of the appliance was wrong: the event time is estimated from its up-time."""
    UNKNOWN_METRIC = 4
    """At least one metric is not in the profile."""
    LATE = 8
    """It came behind the watermark of its appliance: stored, not scored live."""
    RETAINED = 16
    """The broker repeated it: it tells a state of its own time, and is no sign of life."""


@dataclass(frozen=True, slots=True, eq=False)
class SampleBlock:
    """N samples of one appliance kind over M metrics, in order of arrival.

    ``values`` is (N, M) float64, NaN where a sample does not report that metric, booleans as 0.0 and 1.0. ``seq`` is -1
    where the message carried none; ``index`` is the sample's place in its message (0 to 511), or
    among the messages of a device that says several things at one time and counts nothing. ``metrics_text`` holds,
    where it is at hand, the validated JSON object of each sample's metrics as received, :data:`TEXT_SEPARATOR` between
    them, so that a writer can turn text into text; it is ``None`` where the block was made otherwise.
    """

    kind: str
    metrics: tuple[str, ...]
    appliance_ids: Sequence[str]
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    modes: Sequence[str | None]
    cycles: Sequence[str | None]
    seq: NDArray[np.int64]
    index: NDArray[np.int64]
    flags: NDArray[np.uint8]
    received_ms: int
    metrics_text: bytes | None = None
    boots: Sequence[str | None] | None = None
    """The boot of each sample, None where the appliance doesn't count; absent where the block was made otherwise."""

    def __len__(self) -> int:
        """How many samples the block holds."""
        return len(self.appliance_ids)

    def taken(self, places: NDArray[np.intp]) -> SampleBlock:
        """Some samples of the block, without its text."""
        numbers = places.tolist()
        return replace(
            self,
            appliance_ids=[self.appliance_ids[place] for place in numbers],
            ts_ms=self.ts_ms[places],
            values=self.values[places],
            modes=[self.modes[place] for place in numbers],
            cycles=[self.cycles[place] for place in numbers],
            seq=self.seq[places],
            index=self.index[places],
            flags=self.flags[places],
            metrics_text=None,
            boots=None if self.boots is None else [self.boots[place] for place in numbers],
        )

    def time_ns(self) -> NDArray[np.int64]:
        """Event time in ns since 1970, made unique: ms × 10⁶ + (seq × 512 + index) mod 10⁶, 0 for no seq; shape (N,).

        The contract's identity of a stored point, so that a repeated write is the same point and two samples of one
        millisecond are two.
        """
        offset = (self.seq * (self.seq >= 0) % OFFSETS_PER_MS * MAX_SAMPLES_PER_MESSAGE + self.index) % OFFSETS_PER_MS
        return self.ts_ms * OFFSETS_PER_MS + offset


class EventType(StrEnum):
    """What an appliance may say has happened."""

    ERROR_CODE = "error_code"
    CYCLE_STARTED = "cycle_started"
    CYCLE_FINISHED = "cycle_finished"
    PART_REPLACED = "part_replaced"
    SETTING_CHANGED = "setting_changed"
    MOVED = "moved"
    FIRMWARE_UPDATED = "firmware_updated"
    PRESENCE_CONFIRMED = "presence_confirmed"
    """Somebody at the appliance has confirmed by a key that a test may run."""
    SERVICE_MODE = "service_mode"
    DOOR = "door"
    LOCAL_STOP = "local_stop"
    """The customer has ended a remote session at the appliance."""
    CONSENT_REFUSED = "consent_refused"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at an appliance, at ``ts_ms`` event time."""

    appliance_id: str
    kind: str
    ts_ms: int
    received_ms: int
    type: EventType
    code: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    boot: str | None = None
    seq: int | None = None


class StatusState(StrEnum):
    """What an appliance says of its own connection."""

    ONLINE = "online"
    SLEEPING = "sleeping"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Status:
    """A birth, sleep or last will. ``state`` is ``None`` where an empty retained payload cleared the status.

    ``is_retained``: the broker repeated a stored one; it tells a state, it is no news.
    """

    appliance_id: str
    kind: str
    ts_ms: int
    received_ms: int
    state: StatusState | None
    is_retained: bool = False
    until_ms: int | None = None
    interval_s: float | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    region: str | None = None
    capabilities: tuple[str, ...] = ()
    is_followed: bool = False
    """Whether telemetry or an event of this appliance came behind it in the same batch."""
    home: str | None = None
    batch: str | None = None


class ResultState(StrEnum):
    """How far an appliance has come with a command."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Result:
    """An appliance's answer to one command."""

    appliance_id: str
    kind: str
    ts_ms: int
    received_ms: int
    command_id: str
    state: ResultState
    reason: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What people found out about an appliance, handed back through the journal, so that whoever folds over it sees the same.

    ``number`` grows from lesson to lesson: one that comes again has the number that it had. ``fault_mode`` is what the ticket
    said, ``verdict`` what the technician did (``confirmed``, ``other_fault``, ``no_fault_found``, ``usage``,
    ``self_cleared``), ``found`` which fault it was instead; ``before`` is the verdict that this one takes the place of.
    ``is_foreseen``: whether the detectors had opened the ticket; else somebody came to repair what they had not told of.
    """

    appliance_id: str
    kind: str
    number: int
    ts_ms: int
    fault_mode: str
    verdict: str
    found: str | None = None
    before: str | None = None
    is_foreseen: bool = True


@dataclass(frozen=True, slots=True)
class Passed:
    """A counted message that was refused: its number is taken, and nothing will come of it."""

    appliance_id: str
    boot: str
    seq: int


@dataclass(frozen=True, slots=True)
class AdmittedBatch:
    """What admission let through of the journal batch at ``position``; the unit that every reader's cursor counts.

    ``messages`` counts all messages of the journal batch, refused and duplicate ones included.
    """

    position: int
    received_ms: int
    messages: int
    blocks: tuple[SampleBlock, ...] = ()
    events: tuple[Event, ...] = ()
    statuses: tuple[Status, ...] = ()
    results: tuple[Result, ...] = ()
    passed: tuple[Passed, ...] = ()
    impossible: tuple[SampleBlock, ...] = ()
    """Readings that foreign devices gave and that can't be: no samples, but what the detectors tell a fault of the data by."""

    lessons: tuple[Lesson, ...] = ()
    """What people found out, on its way back."""

    def with_impossible(self) -> AdmittedBatch:
        """The same with what can't be among the samples, each as one of its own."""
        return self if not self.impossible else replace(self, blocks=(*self.blocks, *self.impossible), impossible=())
