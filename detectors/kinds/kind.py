"""All layers for the appliances of one kind, over one table of what they remember.

A fold goes through the layers before it is cut, then piece by piece (slices.py): what a layer is lies in its own file,
and which there are in ``pipeline.LAYERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import merge
from itertools import groupby
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import UNKNOWN, Condition, Finding, FindingChannel, FleetFinding
from detectors.kinds.portions import Portions
from detectors.kinds.profile_order import in_stored_order
from detectors.kinds.slices import ends, marked, order_of, slices
from detectors.layering.data_standing import DataStanding, gone_faults
from detectors.layering.fits import Fits
from detectors.layering.grouping import Sorted
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Ended, Piece, Samples, Whole, cycle_numbers
from detectors.layering.standing import Standing, gone
from detectors.series.packing import unpacked
from detectors.series.soundness import faults_over
from detectors.series.standing import Standing as Series
from detectors.state import checkpoint
from detectors.state.checkpoint import Layouts, Packed
from detectors.state.columns import Arrays, Axis, Column
from detectors.state.layout import Layout
from detectors.state.seldom import Seldom
from detectors.state.table import Table, place_of, taken_over
from ingest.profiles.definition import Profile
from ingest.sample import Event, EventType, Lesson, SampleBlock, SampleFlag, Status

ALIASES = {"active_power": "power_w"}
"""Names under which plugs and recordings report a profile's metric, where that itself is absent; only its shape counts."""

ROWS_AT_ONCE = 2048
"""Stored rows that are taken over at once."""

PERCENT, BEYOND_PERCENT = "%", 10.0
"""A share is computed by somebody who may count a little too much: so far beyond its end it is the end, and no impossible value."""


def _is_end(event: Event) -> bool:
    """Whether an event says that a cycle is finished."""
    return event.type is EventType.CYCLE_FINISHED


Said = tuple[list[Finding], list[Condition]]


class Order:
    """What no layer owns: in which order the appliances came, and where each one's samples stand."""

    name: ClassVar[str] = "order"
    version: ClassVar[int] = 1
    formerly: ClassVar[tuple[str, ...]] = ()

    def __init__(self, profile: Profile) -> None:
        self.modes = Axis("mode", profile.modes)
        self.own: Arrays = {}
        self.seldom = Seldom()

    def columns(self) -> tuple[Column, ...]:
        """The number of the appliance, and time (ms) and operating mode of its last sample."""
        return Column("number", "u4"), Column("last_ts", "i8"), Column("last_mode", "i1", codes=self.modes)


class KindDetector:
    """Folds samples and events of one appliance kind into findings and conditions."""

    def __init__(
        self,
        profile: Profile,
        layers: Sequence[type[Layer]],
        *,
        alarms_per_year: float,
        before: Layout | None = None,
        fits: Fits | None = None,
    ) -> None:
        """``before``: a layout whose order of features, metrics and fault modes is kept; ``fits``: what was learned from verdicts."""
        written, profile = profile, in_stored_order(profile, before)
        self.profile = profile
        self.metrics = tuple(profile.metrics)
        self.ids: list[str] = []
        self.index: dict[str, int] = {}
        self.standing = Standing(profile, self.ids)
        self.data_standing = DataStanding(profile, self.ids, [name for one in layers for name in one.data_faults])
        codes = {code: mode.name for mode in reversed([*written.fault_modes.values()]) for code in mode.codes}
        standing = self.standing, self.data_standing
        setting = Setting(profile, alarms_per_year, *standing, codes, self.ids, fits or Fits(), self.index)
        self.layers = [layer(setting) for layer in layers]
        self.order = Order(profile)
        self.table = Table([self.order, *standing, *self.layers])
        self.fleet_layout = Layout.of((layer.name, layer.version, layer.fleet_columns()) for layer in self.layers)
        self.portions = Portions()
        self.changed: set[int] = set()
        self.fleet_findings: list[FleetFinding] = []
        """What was said of many at once, and not taken yet."""
        self.listen: Callable[[Piece], None] | None = None
        """Where a backtest hears each piece that the layers have taken."""
        self._low = np.array([metric.low for metric in profile.metrics.values()], np.float32)
        self._high = np.array([metric.high for metric in profile.metrics.values()], np.float32)
        self._beyond = np.array([BEYOND_PERCENT * (m.unit == PERCENT) for m in profile.metrics.values()], np.float32)
        self._modes = {name: number for number, name in enumerate(profile.modes)}

    def own(self, part: str) -> Arrays:
        """The columns of one layer, by its name."""
        return next(layer.own for layer in self.layers if layer.name == part)

    def row_of(self, appliance_id: str) -> int:
        """The row of an appliance, made at first sight."""
        row = self.index.get(appliance_id)
        if row is None:
            row = self.index[appliance_id] = len(self.ids)
            self.ids.append(appliance_id)
            self.table.hold(row + 1)
            self.order.own["number"][row] = row
        return row

    def fold(self, block: SampleBlock, events: Sequence[Event] = ()) -> Said:
        """Take in one block, with ``events`` of its appliances; late samples are left out."""
        known = {i: self.row_of(i) for i in dict.fromkeys(block.appliance_ids)}
        rows = np.fromiter(map(known.__getitem__, block.appliance_ids), np.intp, len(block))
        in_time = (block.flags & SampleFlag.LATE == 0) & (block.ts_ms >= self.order.own["last_ts"][rows])
        order = np.lexsort((block.ts_ms, rows))
        order = order[in_time[order]]
        if not len(order):
            return self.happen(events)
        self.changed.update(np.unique(rows[order]).tolist())
        findings: list[Finding] = []
        conditions: list[Condition] = []
        whole = self._whole(block, rows, order, findings)
        for layer in self.layers:
            layer.prepare(whole)
        samples = self._samples(whole)
        groups = {self.ids[row]: number for number, row in enumerate(samples.rows[whole.samples.starts].tolist())}
        marks = marked(whole.samples, block.seq[order], groups, events)
        open_before = np.zeros_like(samples.keys) if whole.open_before is None else whole.open_before
        closes, ending = ends(whole.samples, samples.keys, open_before, whole.before_ts, marks)
        for cut in slices(whole.samples, closes, order, marks, ending, self.portions):
            if cut.begins:
                self._take_over()
            if len(samples.ts[cut.part]):
                self._go_through(Piece(findings, conditions, samples.taken(cut.part)))
            for is_end, some in groupby(cut.events, key=_is_end):
                self._happened([*some], findings, conditions, is_end=is_end)
        found, said = self.happen([event for event in events if event.appliance_id not in groups])
        return findings + found, conditions + said

    def know(self, status: Status) -> None:
        """Take in what an appliance says of itself at birth."""
        row = self.row_of(status.appliance_id)
        self.changed.add(row)
        for layer in self.layers:
            layer.know(row, status)

    def hear(self, lesson: Lesson) -> None:
        """Take in what people found out."""
        for layer in self.layers:
            layer.hear(lesson)

    def happen(self, events: Sequence[Event]) -> Said:
        """Take in events of appliances of which no sample is there."""
        findings: list[Finding] = []
        conditions: list[Condition] = []
        for event in sorted(events, key=order_of):
            row = self.row_of(event.appliance_id)
            closes = any(layer.ends_unit(event, row) for layer in self.layers)
            if closes and len(self.portions.first(np.array([event.ts_ms]))):
                self._take_over()
            self._happened([event], findings, conditions, is_end=_is_end(event))
        return findings, conditions

    def _happened(
        self, events: Sequence[Event], findings: list[Finding], conditions: list[Condition], *, is_end: bool
    ) -> None:
        """Take in what appliances, each of them once, say has happened: ends of cycles together, all else one by one."""
        rows = [self.row_of(event.appliance_id) for event in events]
        self.changed.update(rows)
        if is_end:
            ended = Ended(np.array(rows, np.intp), np.array([event.ts_ms for event in events], np.int64))
            self._go_through(Piece(findings, conditions, ended=ended))
            return
        for row, event in zip(rows, events, strict=True):
            self._go_through(Piece(findings, conditions, event=event, row=row))

    def _go_through(self, piece: Piece) -> None:
        """One piece through all layers: score first, then learn."""
        for layer in self.layers:
            layer.take(piece)
        for layer in self.layers:
            layer.learn(piece)
        self.fleet_findings += piece.fleet_findings
        if self.listen is not None:
            self.listen(piece)

    def _take_over(self) -> None:
        """Begin a new portion of what the fleet is taught."""
        for layer in self.layers:
            layer.take_over()

    def _whole(
        self, block: SampleBlock, rows: NDArray[np.intp], order: NDArray[np.intp], findings: list[Finding]
    ) -> Whole:
        """A block in the order of (row, time), and what stood before it; impossible readings are believed by nobody."""
        samples = Sorted.of(rows[order], block.ts_ms[order])
        raw = self._columns(block)[order]
        possible = (raw >= self._low - self._beyond) & (raw <= self._high + self._beyond)
        readings = np.where(possible, np.clip(raw, self._low, self._high), np.nan).astype(np.float32)
        numbers = {mode: self._modes.get(mode, -1) if mode else -1 for mode in dict.fromkeys(block.modes)}
        modes = np.fromiter(map(numbers.__getitem__, block.modes), np.int64, len(block))
        first, last = samples.rows[samples.starts], samples.ends
        own = self.order.own
        before_ts, before_mode = own["last_ts"][first], own["last_mode"][first].astype(np.int64)
        own["last_ts"][first], own["last_mode"][first] = samples.ts[last], modes[order][last]
        cycles = cycle_numbers(block.cycles)[order]
        return Whole(samples, raw, readings, modes[order], cycles, before_ts, before_mode, findings)

    def _samples(self, whole: Whole) -> Samples:
        """The samples of a fold as its pieces hold them."""
        count, starts = len(whole.modes), whole.samples.starts
        before_ts, before_mode = np.r_[0, whole.samples.ts[:-1]], np.r_[-1, whole.modes[:-1]]
        before_ts[starts], before_mode[starts] = whole.before_ts, whole.before_mode
        keys = np.zeros(count, np.int64) if whole.keys is None else whole.keys
        return Samples(
            whole.samples.rows, whole.samples.ts, whole.readings, whole.values, whole.modes, keys,
            before_ts, before_mode, np.arange(count),
        )  # fmt: skip

    def _columns(self, block: SampleBlock) -> NDArray[np.float64]:
        """The block's values in the order of the profile's metrics; what the profile doesn't know is left out."""
        if block.metrics == self.metrics:
            return block.values
        place = {ALIASES.get(name, name): number for number, name in enumerate(block.metrics)}
        place.update({name: number for number, name in enumerate(block.metrics)})
        padded = np.concatenate([block.values, np.full((len(block), 1), np.nan)], axis=1)
        return padded[:, [place.get(name, -1) for name in self.metrics]]

    def touch(self, appliance_id: str) -> None:
        """Have the row of an appliance among the next changes, where there is one."""
        if appliance_id in self.index:
            self.changed.add(self.index[appliance_id])

    def packed_changes(self) -> dict[str, bytes]:
        """The rows changed since the last call, packed."""
        rows = np.array(sorted(self.changed), np.intp)
        self.changed.clear()
        if not len(rows):
            return {}
        packed: dict[str, bytes] = {}
        for has, which, records in self.table.records(rows):
            head = checkpoint.head(checkpoint.LABELLED, self.table.number, self.profile.kind, has)
            packed |= {
                self.ids[row]: head + record.tobytes()
                for row, record in zip(rows[which].tolist(), records, strict=True)
            }
        return packed

    def restore(self, rows: Sequence[Packed], layouts: Layouts) -> tuple[int, list[Finding]]:
        """Take over packed rows, numbered in the order in which the appliances were first seen.

        Returns how many were refused, and the ends of findings whose mode is gone. Of a row from when the kind had no
        profile, what stands stands on, and the appliance learns anew.
        """
        known: list[tuple[Layout, Packed]] = []
        refused, series = 0, list[tuple[str, Series]]()
        for group in rows:
            layout = layouts.of(group)
            if layout is None:
                for appliance_id, body in group.bodies():
                    if (one := unpacked(group, body, 0)) is not None:
                        series.append((appliance_id, one))
                refused += len(group.ids)
                continue
            whole = group.whole(layout.size)
            refused += len(group.ids) - len(whole.ids)
            if whole.ids:
                known.append((layout, whole))
        ended = self._take_rows(known)
        for appliance_id, one in series:
            if one.raised_ms:
                self.standing.go_on(self.row_of(appliance_id), UNKNOWN, FindingChannel.EVIDENCE, one.raised_ms)
            ended += faults_over(one, (appliance_id, self.profile.kind), is_gone=True)
        return refused, ended

    def _take_rows(self, known: Sequence[tuple[Layout, Packed]]) -> list[Finding]:
        """Give rows to the appliances of known records, and fill them, some at a time: they stay in the processor's cache."""
        known = [(layout, group.in_order(place_of(layout, Order.name, "number"))) for layout, group in known]
        told = merge(*(zip(group.numbers, group.ids, strict=True) for _, group in known))
        self.ids += [appliance_id for _, appliance_id in told]
        self.index = {appliance_id: row for row, appliance_id in enumerate(self.ids)}
        parts = [
            (layout, group, slice(start, start + ROWS_AT_ONCE))
            for layout, group in known
            for start in range(0, len(group.ids), ROWS_AT_ONCE)
        ]
        self.table.hold(len(self.ids))
        ended: list[Finding] = []
        for layout, group, part in parts:
            ids, records = group.ids[part], group.records(part)
            places = np.fromiter(map(self.index.__getitem__, ids), np.intp, len(ids))
            self.table.take(places, layout, records)
            now_ms = self.order.own["last_ts"][places]
            ended += gone(ids, self.profile.kind, layout, records, now_ms, set(self.standing.modes))
            ended += gone_faults(ids, self.profile.kind, layout, records, now_ms, self.data_standing.known)
        self.changed.update(self.index[finding.appliance_id] for finding in ended)
        self.order.own["number"][: len(self.ids)] = np.arange(len(self.ids))
        return ended

    def shared(self) -> Arrays:
        """The fleet's part of the state, by ``part/column``; what waits to be taken over stands beside it."""
        arrays: dict[str, NDArray[Any]] = {"portions": self.portions.counts}
        for layer in self.layers:
            for name, array in layer.fleet.items():
                arrays[f"{layer.name}/{name}"] = array
                if layer.told:
                    arrays[f"{layer.name}_told/{name}"] = layer.told[name]
        return arrays

    def restore_shared(self, arrays: Mapping[str, NDArray[Any]], stored: Layout) -> None:
        """Take over the fleet's part by labels; what isn't there is learned anew."""
        told = {name.replace("_told/", "/"): array for name, array in arrays.items() if "_told/" in name}
        for layer in self.layers:
            layer.fleet.update(taken_over(stored, arrays, layer, layer.fleet_columns()))
            layer.told.update(taken_over(stored, told, layer, layer.fleet_columns()))
        if "portions" in arrays:
            self.portions.counts[:] = arrays["portions"]
