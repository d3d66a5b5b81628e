"""Samples of one kind as columns: what the bulk decoder makes of messages, before anything is judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest.profiles.definition import Profile
from ingest.sample import TEXT_SEPARATOR

NO_TIME = -(2**63)
"""Stands in ``ts_ms`` where a sample gives no time."""


@dataclass(slots=True)
class Rows:
    """Samples of one kind as columns; N rows in order of arrival.

    ``message`` and ``index`` say where a row came from, ``ts_ms`` is :data:`NO_TIME` and ``up_ms`` -1 where absent.
    ``values`` is (N, M) over ``names``, the profile's metrics first; ``metrics_text`` as in a sample block.
    """

    kind: str
    own_names: int
    names: tuple[str, ...]
    message: NDArray[np.int64]
    index: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    up_ms: NDArray[np.int64]
    modes: list[str | None]
    cycles: list[str | None]
    values: NDArray[np.float64]
    metrics_text: bytes
    is_profiled: bool


def strict_rows(kind: str, profile: Profile, found: Sequence[tuple[int, int, Any]]) -> Rows:
    """Columns of (message, index, sample) that the strict decoder took."""
    samples = [sample for _, _, sample in found]
    own = tuple(profile.metrics)
    extra = sorted({name for sample in samples for name in sample.metrics} - set(own))
    names = (*own, *extra)
    place = {name: column for column, name in enumerate(names)}
    values = np.full((len(samples), len(names)), np.nan)
    for number, sample in enumerate(samples):
        for name, value in sample.metrics.items():
            values[number, place[name]] = value
    return Rows(
        kind,
        len(own),
        names,
        np.array([message for message, _, _ in found], dtype=np.int64),
        np.array([index for _, index, _ in found], dtype=np.int64),
        np.array([NO_TIME if sample.ts_ms is None else sample.ts_ms for sample in samples], dtype=np.int64),
        np.array([-1 if sample.up_ms is None else sample.up_ms for sample in samples], dtype=np.int64),
        [sample.mode for sample in samples],
        [sample.cycle for sample in samples],
        values,
        TEXT_SEPARATOR.join([msgspec.json.encode(sample.metrics) for sample in samples]),
        bool(own),
    )


def without(rows: Rows, messages: Iterable[int]) -> Rows:
    """The rows of all other messages."""
    return take(rows, np.flatnonzero(~np.isin(rows.message, np.fromiter(messages, dtype=np.int64))))


def shapes(rows: Rows) -> tuple[list[tuple[str, ...]], list[int]]:
    """The sets of names beside the profile's that samples report, and for each row (N) which of them it has."""
    is_there = ~np.isnan(rows.values[:, rows.own_names :])
    packed = np.packbits(is_there, axis=1)
    if (packed == packed[0]).all():  # as appliances of one make are
        return [_names_at(rows, is_there[0])], [0] * len(packed)
    keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return [_names_at(rows, is_there[row]) for row in first.tolist()], which.ravel().tolist()


def mask_of(rows: Rows, message: int, left_out: Collection[str]) -> bytes:
    """Some names of a message as bits over all that it says, in order of the alphabet."""
    return np.packbits([name in left_out for name in _said(rows, rows.message == message)]).tobytes()


def left_out(rows: Rows, masks: Mapping[int, bytes]) -> Rows:
    """The rows without the readings that :func:`mask_of` names, by message; a row that has no other is gone."""
    values = rows.values.copy()
    texts = rows.metrics_text.split(TEXT_SEPARATOR)
    place = {name: column for column, name in enumerate(rows.names)}
    for message in masks.keys() & set(rows.message.tolist()):
        is_of = rows.message == message
        said = _said(rows, is_of)
        gone = np.unpackbits(np.frombuffer(masks[message], np.uint8), count=len(said)).astype(bool).tolist()
        columns = [place[name] for name, is_gone in zip(said, gone, strict=True) if is_gone]
        values[np.ix_(is_of, columns)] = np.nan
        for row in np.flatnonzero(is_of).tolist():
            kept = np.flatnonzero(~np.isnan(values[row])).tolist()
            texts[row] = msgspec.json.encode({rows.names[column]: float(values[row, column]) for column in kept})
    changed = replace(rows, values=values, metrics_text=TEXT_SEPARATOR.join(texts))
    return take(changed, np.flatnonzero(~np.isnan(values).all(axis=1)))


def _names_at(rows: Rows, is_there: NDArray[np.bool_]) -> tuple[str, ...]:
    """Some of the names beside the profile's."""
    return tuple(rows.names[rows.own_names + column] for column in np.flatnonzero(is_there).tolist())


def _said(rows: Rows, is_of: NDArray[np.bool_]) -> list[str]:
    """All names that the samples of one message report, in order of the alphabet."""
    is_said = ~np.isnan(rows.values[is_of]).all(axis=0)
    return sorted(rows.names[column] for column in np.flatnonzero(is_said).tolist())


def take(rows: Rows, keep: NDArray[np.int64]) -> Rows:
    """Some rows, by number."""
    if len(keep) == len(rows.message) and (len(keep) == 0 or (np.diff(keep) > 0).all()):
        return rows
    numbers = keep.tolist()
    texts = rows.metrics_text.split(TEXT_SEPARATOR)
    return Rows(
        rows.kind,
        rows.own_names,
        rows.names,
        rows.message[keep],
        rows.index[keep],
        rows.ts_ms[keep],
        rows.up_ms[keep],
        [rows.modes[number] for number in numbers],
        [rows.cycles[number] for number in numbers],
        rows.values[keep],
        TEXT_SEPARATOR.join([texts[number] for number in numbers]),
        rows.is_profiled,
    )


def merged(parts: Sequence[Rows]) -> Rows:
    """Rows of one kind that took different ways, in order of arrival."""
    if len(parts) == 1:
        return parts[0]
    own = parts[0].own_names
    names = (*parts[0].names[:own], *sorted({name for part in parts for name in part.names[own:]}))
    place = {name: column for column, name in enumerate(names)}
    values = np.full((sum(len(part.message) for part in parts), len(names)), np.nan)
    start = 0
    for part in parts:
        values[start : start + len(part.message), [place[name] for name in part.names]] = part.values
        start += len(part.message)
    rows = Rows(
        parts[0].kind,
        own,
        names,
        np.concatenate([part.message for part in parts]),
        np.concatenate([part.index for part in parts]),
        np.concatenate([part.ts_ms for part in parts]),
        np.concatenate([part.up_ms for part in parts]),
        [mode for part in parts for mode in part.modes],
        [cycle for part in parts for cycle in part.cycles],
        values,
        TEXT_SEPARATOR.join([part.metrics_text for part in parts]),
        parts[0].is_profiled,
    )
    return take(rows, np.lexsort((rows.index, rows.message)))
