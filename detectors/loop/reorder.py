"""Reorder: samples and events as they arrive → each appliance's own order of event time, so that arrival decides nothing.

A message that is the next one of its boot can't be preceded by anything and goes on at once. Where one is missing, what
comes behind it waits: until the missing one is there, until the appliance's newest sample is 60 s of event time ahead,
until it has waited for 60 s, or until 512 samples wait. A client that doesn't count waits by its times alone. So a buffered
burst in its own order waits for nothing however old it is, and the findings are the same for any order of arrival within
that watermark. What comes behind what was handed on already is marked late: it is stored, and scored no more.

The clock is the journal: each batch says until when it was received, and when nobody speaks any more, a batch without
messages says so (ingest/loops/commit.py). So a replay waits exactly as long as it took. What waits is part of the checkpoint.
An error code of a client that doesn't count never waits: the appliance itself says that something is wrong.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import eq

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.layering.grouping import Sorted
from detectors.loop.lines import EventItem, Line, SampleItem
from detectors.loop.waiting import blocks_of, rows_of_block
from ingest.sample import AdmittedBatch, Event, Passed, SampleBlock

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


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An event or a refused message beside the samples of a batch; ``seq`` -1 where it has none."""

    row: int
    seq: int
    boot: str | None
    said: Event | Passed


class Reorder:
    """Puts admitted batches in the order of event time, appliance by appliance. One thread drives it."""

    def __init__(
        self,
        *,
        watermark_ms: int = WATERMARK_MS,
        line_max: int = LINE_MAX,
        held_max: int = HELD_MAX,
        stats: ReorderStats | None = None,
    ) -> None:
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
        self._unmet: set[int] = set()
        self._lines: dict[int, Line] = {}
        self._due: list[tuple[int, int]] = []
        self._changed: set[int] = set()
        self.stats = stats or ReorderStats()

    def take(self, batch: AdmittedBatch) -> AdmittedBatch:
        """What goes on now that a batch is there; late samples are flagged."""
        now_ms = batch.received_ms
        others = [*map(self._numbered, batch.events), *map(self._numbered, batch.passed)]
        came: Items = {}
        at_once: set[int] = set()
        blocks = []
        for block in batch.blocks:
            rows = rows_of_block(block, self._row_of)
            keep = self._sift(block, rows, others, at_once)
            for place in np.flatnonzero(~keep).tolist():
                came.setdefault(int(rows[place]), []).append(SampleItem.of(block, place, now_ms))
            if keep.any():
                blocks.append(block if keep.all() else block.taken(np.flatnonzero(keep)))
        events = [one.said for one in others if one.row in at_once and isinstance(one.said, Event)]
        for one in others:
            if one.row not in at_once:
                self._hold(one, came, now_ms)
        if not came and not self._is_due(now_ms):
            return batch
        released = self._release_all(came, now_ms)
        samples = [item for item in released if isinstance(item, SampleItem)]
        self.stats.late_samples += sum(item.is_late for item in samples)
        events += [item.event() for item in released if isinstance(item, EventItem)]
        return replace(batch, blocks=(*blocks, *blocks_of(samples)), events=tuple(events))

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
            self.stats.held_samples += line.samples()
        self._changed.clear()

    def touch(self, appliance_ids: Iterable[str]) -> None:
        """Have the lines of these appliances among the next changes."""
        self._changed.update(map(self._row_of, appliance_ids))

    def _numbered(self, said: Event | Passed) -> _Numbered:
        """An event or a refused message, with the row of its appliance."""
        return _Numbered(self._row_of(said.appliance_id), -1 if said.seq is None else said.seq, said.boot, said)

    def _hold(self, one: _Numbered, came: Items, now_ms: int) -> None:
        """Add an event to what came, or note a refused number."""
        held = came.setdefault(one.row, [])
        if isinstance(one.said, Event):
            held.append(EventItem.of(one.said, now_ms))
        else:
            line = self._line(one.row)
            line.skip(one.said.boot, one.said.seq)
            self._put(one.row, line)

    def _sift(
        self, block: SampleBlock, rows: NDArray[np.intp], others: Sequence[_Numbered], at_once: set[int]
    ) -> NDArray[np.bool_]:
        """Which samples go on at once: those of appliances of which everything here is the next of its boot.

        This is the usual case, and told for the whole block at once, so that only what is out of order is gone through one by
        one. Events and refused messages of these appliances count along; the rows of all that goes on are added to ``at_once``.
        """
        count = len(rows)
        boots: Sequence[str | None] = block.boots or [None] * count
        seq, index, ts_ms = block.seq, block.index, block.ts_ms
        mine = set(rows.tolist()) if others else set[int]()
        along = [one for one in others if one.row in mine]
        if along:
            rows = np.r_[rows, np.array([one.row for one in along], np.intp)]
            boots = [*boots, *(one.boot for one in along)]
            seq = np.r_[seq, np.array([one.seq for one in along], np.int64)]
            index = np.r_[index, np.zeros(len(along), np.int64)]
            ts_ms = np.r_[ts_ms, np.full(len(along), Line.NOTHING_MS)]
        self._meet(rows, boots)
        order = np.lexsort((index, seq, rows))
        groups = Sorted.of(rows[order], seq[order])
        fine = self._is_in_order(groups, self._is_same_boot(rows, boots)[order], ts_ms[order])
        passed = groups.rows[groups.starts][fine]
        self._next[passed] = groups.ts[groups.ends][fine] + 1
        self._newest[passed] = np.maximum.reduceat(ts_ms[order], groups.starts)[fine]
        went_on = passed.tolist()
        self._changed.update(went_on)
        at_once.update(went_on)
        if len(went_on) == len(groups.starts):
            return np.ones(count, bool)
        keep = np.empty(len(rows), bool)
        keep[order] = fine[groups.group]
        return keep[:count]

    def _is_same_boot(self, rows: NDArray[np.intp], boots: Sequence[str | None]) -> NDArray[np.bool_]:
        """Whether each message is of the boot that its appliance is known to run."""
        known = map(self._boots.__getitem__, rows.tolist())
        return np.fromiter(map(eq, known, boots), bool, len(rows))

    def _is_in_order(self, groups: Sorted, is_same: NDArray[np.bool_], ts_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Per appliance whether its numbers (``groups.ts``) follow each other and what went before, and its times do, too."""
        first = groups.rows[groups.starts]
        step = np.r_[1, np.diff(groups.ts)]
        step[groups.starts] = groups.ts[groups.starts] - self._next[first] + 1
        wrong = ((step != 1) & (step != 0)) | ~is_same
        wrong[groups.starts] |= step[groups.starts] != 1
        told = np.where(ts_ms == Line.NOTHING_MS, -Line.NOTHING_MS, ts_ms)
        lowest = np.minimum.reduceat(told, groups.starts)
        fine: NDArray[np.bool_] = self._is_plain[first] & (lowest >= self._newest[first])
        return fine & ~np.logical_or.reduceat(wrong, groups.starts)

    def _meet(self, rows: NDArray[np.intp], boots: Sequence[str | None]) -> None:
        """An appliance that was never heard before begins with the boot that it says first, at number 0."""
        if not self._unmet:
            return
        for row, boot in zip(rows.tolist(), boots, strict=True):
            if row in self._unmet and boot is not None:
                self._boots[row], self._is_plain[row] = boot, True
                self._unmet.discard(row)

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
            self.stats.held_samples -= line.samples()
            line.held += came.get(row, [])
            released += line.release(now_ms=now_ms, watermark_ms=self._watermark_ms, line_max=limit)
            if not is_awaited:
                self._expect(row, line)
            self.stats.held_samples += line.samples()
            self._put(row, line)
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
            self._unmet.add(row)
        return row

    def _line(self, row: int) -> Line:
        """The state of one appliance as a value to work on."""
        known = self._lines.get(row)
        if known is None:
            return Line(boot=self._boots[row], next=int(self._next[row]), newest_ms=int(self._newest[row]))
        return known

    def _put(self, row: int, line: Line) -> None:
        """Keep a line; one that is in order and holds nothing needs no object."""
        self._unmet.discard(row)
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
