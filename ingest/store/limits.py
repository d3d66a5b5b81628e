"""What a telemetry store can't take, judged before anything is sent, so that every store refuses the same samples.

Admission lets nothing of this kind pass; the store looks again, because one bad row would cost a whole batch.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ingest.sample import OFFSETS_PER_MS

if TYPE_CHECKING:
    from ingest.sample import SampleBlock

KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
APPLIANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ALL_IDS = re.compile(r"(?:[A-Za-z0-9_-]{1,64}\n)*[A-Za-z0-9_-]{1,64}")
METRIC = re.compile(r"[a-z][a-z0-9_]{0,63}")
RESERVED = frozenset({"id", "ts", "time", "mode", "cycle", "appliance_id"})
TIME_MS_MAX = (2**63 - 1) // OFFSETS_PER_MS - 1
TEXT_BYTES_MAX = 61_440


def refusals(block: SampleBlock) -> list[tuple[int, str]]:
    """The rows of a block that no store can take, as (row, why), each row once, in order."""
    if not KIND.fullmatch(block.kind):
        return [(row, f"{block.kind!r} is no appliance kind") for row in range(len(block))]
    found: dict[int, str] = {}
    for name in _bad_ids(block):
        for row, appliance_id in enumerate(block.appliance_ids):
            if appliance_id == name:
                found.setdefault(row, f"{name!r} is no appliance id")
    for column, name in enumerate(block.metrics):
        if not METRIC.fullmatch(name) or name in RESERVED:
            for row in np.flatnonzero(~np.isnan(block.values[:, column])).tolist():
                found.setdefault(row, f"{name!r} is no name of a metric")
    if len(block):
        _refuse_numbers(block, found)
        _refuse_text(block, found)
    return sorted(found.items())


def _bad_ids(block: SampleBlock) -> list[str]:
    """The distinct ids of a block that are none; one look at all of them where all are good."""
    names = set(block.appliance_ids)
    if ALL_IDS.fullmatch("\n".join(names)):
        return []
    return [name for name in names if not APPLIANCE_ID.fullmatch(name)]


def _refuse_numbers(block: SampleBlock, found: dict[int, str]) -> None:
    """Add the rows with an infinite value, without any reading, or with a time that no store can hold."""
    if np.isinf(block.values).any():
        for row in np.flatnonzero(np.isinf(block.values).any(axis=1)).tolist():
            found.setdefault(row, "a value is not finite")
    is_empty = np.isnan(block.values).all(axis=1)
    if is_empty.any():
        for row in np.flatnonzero(is_empty).tolist():
            found.setdefault(row, "it has no reading")
    if block.ts_ms.min() < 0 or block.ts_ms.max() > TIME_MS_MAX:
        for row in np.flatnonzero((block.ts_ms < 0) | (block.ts_ms > TIME_MS_MAX)).tolist():
            found.setdefault(row, "its time is before 1970 or after 2262")


def _refuse_text(block: SampleBlock, found: dict[int, str]) -> None:
    """Add the rows whose mode or cycle is too long or can't be written as UTF-8."""
    for column in (block.modes, block.cycles):
        bad = {text for text in set(column) if text is not None and not _is_storable(text)}
        if bad:
            for row, text in enumerate(column):
                if text in bad:
                    found.setdefault(row, "its mode or cycle is too long or not text")


def _is_storable(text: str) -> bool:
    """Whether a text can be kept as it is."""
    try:
        return len(text.encode()) <= TEXT_BYTES_MAX
    except UnicodeEncodeError:
        return False
