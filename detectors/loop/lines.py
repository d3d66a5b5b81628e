"""Line: what is known of one appliance's order, and what of it waits for its turn. Sans-io; see reorder.py.

A line is in order up to ``next`` of ``boot`` and has handed on samples up to ``newest_ms``. What waits is released in the
order of event time, each as soon as nothing can precede it any more.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import msgspec

from ingest.sample import Event, EventType, SampleFlag

if TYPE_CHECKING:
    from ingest.sample import SampleBlock

PASSED_MAX = 512
"""Refused numbers remembered behind a missing one."""


class Item(msgspec.Struct, kw_only=True, tag=True, tag_field="is"):
    """One thing that an appliance said, on its way."""

    appliance_id: str
    kind: str
    ts_ms: int
    arrived_ms: int
    boot: str | None = None
    seq: int = -1
    index: int = 0

    def order(self) -> tuple[int, float, int]:
        """Where it stands among what the appliance said: by event time, then by number, uncounted events last."""
        return self.ts_ms, math.inf if self.seq < 0 and isinstance(self, EventItem) else self.seq, self.index


class SampleItem(Item, kw_only=True):
    """One sample."""

    values: dict[str, float]
    flags: int
    mode: str | None = None
    cycle: str | None = None
    is_late: bool = False

    @classmethod
    def of(cls, block: SampleBlock, place: int, arrived_ms: int) -> SampleItem:
        """One row of a block."""
        row = block.values[place].tolist()
        return cls(
            appliance_id=block.appliance_ids[place],
            kind=block.kind,
            ts_ms=int(block.ts_ms[place]),
            arrived_ms=arrived_ms,
            boot=None if block.boots is None else block.boots[place],
            seq=int(block.seq[place]),
            index=int(block.index[place]),
            values={name: value for name, value in zip(block.metrics, row, strict=True) if value == value},  # noqa: PLR0124 - not NaN
            flags=int(block.flags[place]),
            mode=block.modes[place],
            cycle=block.cycles[place],
        )


class EventItem(Item, kw_only=True):
    """One event."""

    type: EventType
    received_ms: int
    code: str | None = None
    data: dict[str, object]

    @classmethod
    def of(cls, event: Event, arrived_ms: int) -> EventItem:
        """An event on its way."""
        return cls(
            appliance_id=event.appliance_id,
            kind=event.kind,
            ts_ms=event.ts_ms,
            arrived_ms=arrived_ms,
            boot=event.boot if event.seq is not None else None,
            seq=-1 if event.seq is None else event.seq,
            type=event.type,
            received_ms=event.received_ms,
            code=event.code,
            data=dict(event.data),
        )

    def event(self) -> Event:
        """The event as it was."""
        seq = None if self.seq < 0 else self.seq
        return Event(
            self.appliance_id, self.kind, self.ts_ms, self.received_ms, self.type, self.code, self.data, self.boot, seq
        )


class Line(msgspec.Struct, kw_only=True):
    """The order of one appliance. ``next``: the number of ``boot`` that is awaited."""

    NOTHING_MS: ClassVar[int] = -(2**62)

    boot: str | None = None
    next: int = 0
    newest_ms: int = NOTHING_MS
    is_by_time: bool = False
    """Its numbers and its times disagree: until it starts anew, only its times count."""
    held: list[SampleItem | EventItem] = []
    passed: set[int] = set()
    """Numbers of this boot, beyond ``next``, that were refused: they are not awaited."""

    def is_plain(self) -> bool:
        """Whether it counts, is in order, and holds nothing."""
        return self.boot is not None and not (self.held or self.passed or self.is_by_time)

    def samples(self) -> int:
        """How many samples wait."""
        return sum(isinstance(item, SampleItem) for item in self.held)

    def held_since_ms(self) -> int:
        """When the first of what waits arrived."""
        return min(item.arrived_ms for item in self.held)

    def skip(self, boot: str, seq: int) -> None:
        """Note that one number was refused."""
        if self.boot is None:
            self.boot = boot
        if boot == self.boot and seq >= self.next:
            self.passed.add(seq)
            if len(self.passed) > PASSED_MAX:
                self.passed.discard(min(self.passed))

    def release(self, *, now_ms: int, watermark_ms: int, line_max: int) -> list[SampleItem | EventItem]:
        """Take what need not wait any more, in the order of event time; late samples are marked."""
        self.held.sort(key=Item.order)
        upto = self._known_upto()
        newest = max([self.newest_ms, *(item.ts_ms for item in self.held if isinstance(item, SampleItem))])
        floor = newest - watermark_ms
        waited = [place for place, item in enumerate(self.held) if item.arrived_ms <= now_ms - watermark_ms]
        expired = waited[-1] if waited else -1
        surplus = self.samples() - line_max
        released: list[SampleItem | EventItem] = []
        kept: list[SampleItem | EventItem] = []
        for place, item in enumerate(self.held):
            is_due = item.ts_ms < floor or place <= expired or surplus > 0 or item.ts_ms < self.newest_ms
            if not (is_due or (not kept and self._is_next(item, upto)) or _waits_never(item)):
                kept.append(item)
                continue
            surplus -= isinstance(item, SampleItem)
            self._hand_on(item)
            released.append(item)
        self.held = kept
        self._skip_known()
        return released

    def _known_upto(self) -> int:
        """The first number of this boot that is neither here nor refused."""
        counted = next((item for item in self.held if item.boot is not None), None)
        if self.boot is None and counted is not None:
            self.boot = counted.boot
        here = self.passed | {item.seq for item in self.held if item.boot == self.boot}
        upto = self.next
        while upto in here:
            upto += 1
        return upto

    def _is_next(self, item: SampleItem | EventItem, upto: int) -> bool:
        """Whether nothing can come that precedes the first of what waits."""
        if item.boot is None:
            return isinstance(item, EventItem) or bool(item.flags & SampleFlag.ARRIVAL_TIME)
        return item.boot == self.boot and item.seq < upto and not self.is_by_time

    def _hand_on(self, item: SampleItem | EventItem) -> None:
        """Move the line's order on to one item."""
        is_late = item.ts_ms < self.newest_ms
        if item.boot is not None and item.boot == self.boot:
            self.is_by_time |= is_late and item.seq >= self.next
            self.next = max(self.next, item.seq + 1)
        elif item.boot is not None and not is_late:
            self.boot, self.next, self.passed, self.is_by_time = item.boot, item.seq + 1, set(), False
        if isinstance(item, SampleItem):
            item.is_late = is_late
            self.newest_ms = max(self.newest_ms, item.ts_ms)

    def _skip_known(self) -> None:
        """Go over refused numbers, and over those that were handed on already."""
        while self.next in self.passed:
            self.passed.discard(self.next)
            self.next += 1
        self.passed = {seq for seq in self.passed if seq > self.next}


def _waits_never(item: SampleItem | EventItem) -> bool:
    """Whether an item goes on whatever waits: an error code of a client that doesn't count."""
    return isinstance(item, EventItem) and item.boot is None and item.type is EventType.ERROR_CODE
