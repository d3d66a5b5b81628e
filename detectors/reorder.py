"""Reorder: samples and events as they arrive → each appliance's own order of event time, so that arrival decides nothing.

A message that is the next one of its boot can't be preceded by anything and goes on at once. Where one is missing, what
comes behind it waits: until the missing one is there, until the appliance's newest sample is 60 s of event time ahead,
until it has waited for 60 s, or until 512 samples wait. A client that doesn't count waits by its times alone. So a buffered
burst in its own order waits for nothing however old it is, and the findings are the same for any order of arrival within
that watermark. What comes behind what was handed on already is marked late: it is stored, and scored no more.

The clock is the arrival of batches: nothing is released while nothing arrives. What waits is part of the checkpoint. An
error code of a client that doesn't count never waits: the appliance itself says that something is wrong.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.lines import EventItem, Line, SampleItem
from detectors.waiting import blocks_of, rows_of_block, taken
from ingest.sample import AdmittedBatch, SampleBlock

WATERMARK_MS = 60_000
LINE_MAX = 512
HELD_MAX = 50_000
"""Samples that wait of all appliances; beyond it an appliance's own wait ends."""

Items = dict[int, list[SampleItem | EventItem]]


@dataclass(slots=True)
class ReorderStats:
    """What was in order and what was not; read by health and metrics."""

    late_samples: int = 0
    held_samples: int = 0


class Reorder:
    """Puts admitted batches in the order of event time, appliance by appliance. One thread drives it."""

    def __init__(self, *, watermark_ms: int = WATERMARK_MS, line_max: int = LINE_MAX, held_max: int = HELD_MAX) -> None:
        self._watermark_ms = watermark_ms
        self._line_max = line_max
        self._held_max = held_max
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []
        self._boots: list[str | None] = []
        self._next: NDArray[np.int64] = np.zeros(64, np.int64)
        self._newest: NDArray[np.int64] = np.zeros(64, np.int64)
        self._is_plain: NDArray[np.bool_] = np.zeros(64, bool)
        """Whether an appliance counts, is in order, and holds nothing."""
        self._lines: dict[int, Line] = {}
        self._due: list[tuple[int, int]] = []
        self._changed: set[int] = set()
        self.stats = ReorderStats()

    def take(self, batch: AdmittedBatch) -> AdmittedBatch:
        """What goes on now that a batch is there; late samples are flagged."""
        busy = {self._row_of(event.appliance_id) for event in batch.events}
        busy.update(self._row_of(one.appliance_id) for one in batch.passed)
        came: Items = {row: [] for row in busy}
        blocks = [part for block in batch.blocks if (part := self._sift(block, busy, came, batch.received_ms))]
        for event in batch.events:
            came[self._row_of(event.appliance_id)].append(EventItem.of(event, batch.received_ms))
        for one in batch.passed:
            row = self._row_of(one.appliance_id)
            line = self._line(row)
            line.skip(one.boot, one.seq)
            self._put(row, line)
        if not came and not self._is_due(batch.received_ms):
            return batch
        released = self._release_all(came, batch.received_ms)
        samples = [item for item in released if isinstance(item, SampleItem)]
        self.stats.late_samples += sum(item.is_late for item in samples)
        events = tuple(item.event() for item in released if isinstance(item, EventItem))
        return replace(batch, blocks=(*blocks, *blocks_of(samples)), events=events)

    def packed_changes(self) -> dict[str, bytes]:
        """The lines changed since the last call, packed."""
        packed = {self._ids[row]: self._pack(row) for row in sorted(self._changed)}
        self._changed.clear()
        return packed

    def restore(self, packed: Iterable[tuple[str, bytes]]) -> None:
        """Go on from packed lines; one of another format begins anew."""
        for appliance_id, data in packed:
            try:
                line = msgspec.msgpack.decode(data, type=Line)
            except msgspec.MsgspecError:
                continue
            row = self._row_of(appliance_id)
            self._put(row, line)
            self._expect(row, line)
        self._changed.clear()
        self._count_held()

    def _sift(self, block: SampleBlock, busy: set[int], came: Items, now_ms: int) -> SampleBlock | None:
        """What of a block goes on at once; the rest is added to ``came``."""
        rows = rows_of_block(block, self._row_of)
        keep = self._pass(block, rows, busy)
        for place in np.flatnonzero(~keep).tolist():
            came.setdefault(int(rows[place]), []).append(SampleItem.of(block, place, now_ms))
        if keep.all():
            return block
        return taken(block, np.flatnonzero(keep)) if keep.any() else None

    def _pass(self, block: SampleBlock, rows: NDArray[np.intp], busy: set[int]) -> NDArray[np.bool_]:
        """Which samples go on at once: those of appliances of which everything here is the next of its boot."""
        order = np.lexsort((block.index, block.seq, rows))
        sorted_rows, seq = rows[order], block.seq[order]
        starts = np.flatnonzero(np.r_[True, sorted_rows[1:] != sorted_rows[:-1]])
        group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(rows)]))
        first = sorted_rows[starts]
        step = np.r_[1, np.diff(seq)]
        step[starts] = seq[starts] - self._next[first] + 1
        boots: Sequence[str | None] = block.boots or [None] * len(rows)
        known = self._boots
        is_same = np.fromiter((known[row] == boot for row, boot in zip(rows.tolist(), boots, strict=True)), bool)
        wrong = ((step != 1) & (step != 0)) | ~is_same[order]
        wrong[starts] |= step[starts] != 1
        lowest = np.minimum.reduceat(block.ts_ms[order], starts)
        is_plain = self._is_plain[first] & (lowest >= self._newest[first])
        is_plain &= ~np.logical_or.reduceat(wrong, starts)
        if busy:
            is_plain &= ~np.isin(first, np.fromiter(busy, np.intp))
        last = np.r_[starts[1:], len(rows)] - 1
        fine = first[is_plain]
        self._next[fine] = seq[last][is_plain] + 1
        self._newest[fine] = np.maximum.reduceat(block.ts_ms[order], starts)[is_plain]
        self._changed.update(fine.tolist())
        keep = np.empty(len(rows), bool)
        keep[order] = is_plain[group]
        return keep

    def _is_due(self, now_ms: int) -> bool:
        """Whether something has waited long enough."""
        return bool(self._due) and self._due[0][0] <= now_ms

    def _expect(self, row: int, line: Line) -> None:
        """Look at a line again when the first of what it holds has waited long enough."""
        if line.held:
            heapq.heappush(self._due, (line.held_since_ms() + self._watermark_ms, row))

    def _release_all(self, came: Items, now_ms: int) -> list[SampleItem | EventItem]:
        """Add what came to its lines, and take from these and from those whose time has come."""
        popped = set()
        while self._is_due(now_ms):
            popped.add(heapq.heappop(self._due)[1])
        released: list[SampleItem | EventItem] = []
        limit = 0 if self.stats.held_samples > self._held_max else self._line_max
        for row in sorted(popped | came.keys()):
            line = self._line(row)
            is_awaited = bool(line.held) and row not in popped
            line.held += came.get(row, [])
            released += line.release(now_ms=now_ms, watermark_ms=self._watermark_ms, line_max=limit)
            if not is_awaited:
                self._expect(row, line)
            self._put(row, line)
        self._count_held()
        return released

    def _row_of(self, appliance_id: str) -> int:
        """The row of an appliance, made at first sight."""
        row = self._rows.get(appliance_id)
        if row is None:
            row = self._rows[appliance_id] = len(self._ids)
            self._ids.append(appliance_id)
            self._boots.append(None)
            if row >= len(self._next):
                for name in ("_next", "_newest", "_is_plain"):
                    array = getattr(self, name)
                    setattr(self, name, np.concatenate([array, np.zeros_like(array)]))
            self._newest[row] = Line.NOTHING_MS
        return row

    def _line(self, row: int) -> Line:
        """The state of one appliance as a value to work on."""
        known = self._lines.get(row)
        if known is None:
            return Line(boot=self._boots[row], next=int(self._next[row]), newest_ms=int(self._newest[row]))
        return known

    def _put(self, row: int, line: Line) -> None:
        """Keep a line; one that is in order and holds nothing needs no object."""
        self._boots[row], self._next[row], self._newest[row] = line.boot, line.next, line.newest_ms
        self._is_plain[row] = line.is_plain()
        self._changed.add(row)
        if line.held or line.passed or line.is_by_time:
            self._lines[row] = line
        else:
            self._lines.pop(row, None)

    def _pack(self, row: int) -> bytes:
        """One line as bytes."""
        return msgspec.msgpack.encode(self._line(row))

    def _count_held(self) -> None:
        """How many samples wait."""
        self.stats.held_samples = sum(line.samples() for line in self._lines.values())
