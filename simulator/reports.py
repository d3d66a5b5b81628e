"""Reports: what some appliances of one kind reported over one span of time, before it becomes messages or files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of one appliance. ``appliance`` is the appliance's place in the fleet."""

    appliance: int
    ts_ms: int
    type: str
    code: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Reports:
    """N samples as columns, in order of appliance and time, and the events of the same span in the same order.

    ``appliance`` is the place in the fleet, ``mode`` indexes ``modes``, ``cycle`` is 0 outside of a cycle; NaN in
    ``values`` is not reported.
    """

    kind: str
    metrics: tuple[str, ...]
    modes: tuple[str, ...]
    appliance: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    mode: NDArray[np.int8]
    cycle: NDArray[np.int64]
    values: NDArray[np.float64]
    happenings: tuple[Happening, ...] = ()

    def __len__(self) -> int:
        return len(self.ts_ms)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_], happenings: tuple[Happening, ...]) -> Reports:
        """The samples at ``rows``, with these events."""
        return Reports(
            self.kind, self.metrics, self.modes, self.appliance[rows], self.ts_ms[rows], self.mode[rows],
            self.cycle[rows], self.values[rows], happenings,
        )  # fmt: skip

    def chosen(self, rows: NDArray[np.bool_], happenings: tuple[Happening, ...]) -> Reports:
        """The samples chosen, with these events; nothing is copied where all are."""
        return replace(self, happenings=happenings) if rows.all() else self.take(rows, happenings)


def join(chunks: list[Reports]) -> Reports:
    """Several chunks of one kind as one, in order of appliance and time."""
    first = chunks[0]
    happenings = sorted((h for chunk in chunks for h in chunk.happenings), key=lambda h: (h.appliance, h.ts_ms))
    whole = Reports(
        first.kind, first.metrics, first.modes,
        np.concatenate([c.appliance for c in chunks]), np.concatenate([c.ts_ms for c in chunks]),
        np.concatenate([c.mode for c in chunks]), np.concatenate([c.cycle for c in chunks]),
        np.concatenate([c.values for c in chunks]),
    )  # fmt: skip
    return whole.take(np.lexsort((whole.ts_ms, whole.appliance)), tuple(happenings))


def split(chunk: Reports, until_ms: int) -> tuple[Reports, Reports]:
    """What lies before ``until_ms``, and the rest."""
    before = chunk.ts_ms < until_ms
    early = tuple(h for h in chunk.happenings if h.ts_ms < until_ms)
    late = tuple(h for h in chunk.happenings if h.ts_ms >= until_ms)
    return chunk.chosen(before, early), chunk.chosen(~before, late)
