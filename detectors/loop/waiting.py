"""Samples that waited → blocks, and the rows of a block: the arrays around reorder.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.loop.lines import SampleItem
from ingest.sample import SampleBlock, SampleFlag


def rows_of_block(block: SampleBlock, row_of: Callable[[str], int]) -> NDArray[np.intp]:
    """The row of each sample's appliance, (N,)."""
    return np.fromiter(map(row_of, block.appliance_ids), np.intp, len(block))


def blocks_of(items: Sequence[SampleItem]) -> tuple[SampleBlock, ...]:
    """Samples as one block per kind, kinds in the order of their names; metrics by name."""
    by_kind: dict[str, list[SampleItem]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item)
    return tuple(_block(kind, rows) for kind, rows in sorted(by_kind.items()))


def _block(kind: str, items: Sequence[SampleItem]) -> SampleBlock:
    """The samples of one kind."""
    metrics = tuple(sorted({name for item in items for name in item.values}))
    place = {name: column for column, name in enumerate(metrics)}
    values = np.full((len(items), len(metrics)), np.nan)
    for row, item in enumerate(items):
        values[row, [place[name] for name in item.values]] = list(item.values.values())
    return SampleBlock(
        kind,
        metrics,
        [item.appliance_id for item in items],
        np.array([item.ts_ms for item in items], np.int64),
        values,
        [item.mode for item in items],
        [item.cycle for item in items],
        np.array([item.seq for item in items], np.int64),
        np.array([item.index for item in items], np.int64),
        np.array([item.flags | (SampleFlag.LATE if item.is_late else 0) for item in items], np.uint8),
        max(item.arrived_ms for item in items),
        boots=[item.boot for item in items],
    )
