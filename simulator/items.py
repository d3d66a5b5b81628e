"""Items: what appliances have to say, sample by sample and event by event, encoded and with the times of their clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from simulator.device_clock import DeviceClocks
from simulator.payload import SampleEncoder
from simulator.physics import KINDS
from simulator.physics.kind import ProgrammeKind
from simulator.reports import Happening, Reports


class Item(NamedTuple):
    """One thing to say."""

    appliance: int
    ts_ms: int
    """When it truly happens."""
    told: bytes | Happening
    """An encoded sample, or an event."""
    readings: int
    shown_ms: int
    """When it happens by the appliance's clock."""
    start: int
    """The number of the appliance's start before it."""
    is_rest: bool
    """Whether the appliance stands still after it, until somebody starts it."""


class Itemizer:
    """Takes chunks of a fleet apart into items."""

    def __init__(self, clocks: DeviceClocks) -> None:
        self._clocks = clocks
        self._encoders: dict[str, SampleEncoder] = {}

    def items(self, chunk: Reports) -> list[Item]:
        """Samples and events of a chunk in order of appliance and time."""
        if chunk.kind not in self._encoders:
            self._encoders[chunk.kind] = SampleEncoder(KINDS[chunk.kind].metrics)
        clocks, who = self._clocks, chunk.appliance
        shown_ms = clocks.shown_ms(who, chunk.ts_ms)
        up_ms = None if clocks.is_true else clocks.up_ms(who, chunk.ts_ms)
        samples = self._encoders[chunk.kind].encode(chunk, ts_ms=shown_ms, up_ms=up_ms)
        readings = (~np.isnan(chunk.values)).sum(axis=1)
        can_rest = isinstance(KINDS[chunk.kind], ProgrammeKind)
        rests = (chunk.mode == 0) & can_rest
        columns = (who, chunk.ts_ms, samples, readings, shown_ms, clocks.start(who, chunk.ts_ms), rests)
        lists = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
        items = [Item(*values) for values in zip(*lists, strict=True)]
        if chunk.happenings:
            items += [self._tell(one, can_rest=can_rest) for one in chunk.happenings]
            items.sort(key=lambda item: item[:2])
        return items

    def _tell(self, one: Happening, *, can_rest: bool) -> Item:
        who, ts_ms = np.array([one.appliance]), np.array([one.ts_ms])
        shown_ms = int(self._clocks.shown_ms(who, ts_ms)[0])
        start = int(self._clocks.start(who, ts_ms)[0])
        is_rest = can_rest and one.type == "cycle_finished"
        return Item(one.appliance, one.ts_ms, replace(one, ts_ms=shown_ms), 0, shown_ms, start, is_rest)


def by_appliance(items: Sequence[Item]) -> list[tuple[int, Sequence[Item]]]:
    """Items in order of appliance as (appliance, its items)."""
    runs: list[tuple[int, Sequence[Item]]] = []
    begin = 0
    for index in range(1, len(items) + 1):
        if index == len(items) or items[index].appliance != items[begin].appliance:
            runs.append((items[begin].appliance, items[begin:index]))
            begin = index
    return runs
