"""Rows of one appliance kind as arrays, how they are merged, and their form on disk.

The embedded store's inner value: appliances and metrics are numbers here, texts (mode, cycle) are codes into ``words``.
Merging is where idempotence lives: of rows with equal (appliance, time) one is left, and each of its readings is the one
that was written last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import zstandard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NO_WORD = -1
WHO_MAX = 2**31 - 2


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """N rows: appliance numbers, times in ns, (N, M) values over metric numbers, and codes into ``words`` (-1: none)."""

    who: NDArray[np.int32]
    time_ns: NDArray[np.int64]
    metrics: tuple[int, ...]
    values: NDArray[np.float64]
    mode: NDArray[np.int32]
    cycle: NDArray[np.int32]
    words: tuple[str, ...]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.time_ns)

    def take(self, rows: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Rows:
        """Some of the rows, over the same metrics and words."""
        return Rows(
            self.who[rows],
            self.time_ns[rows],
            self.metrics,
            self.values[rows],
            self.mode[rows],
            self.cycle[rows],
            self.words,
        )

    def within(self, start_ns: int, end_ns: int) -> Rows:
        """The rows of [start, end)."""
        is_inside = (self.time_ns >= start_ns) & (self.time_ns < end_ns)
        return self if is_inside.all() else self.take(is_inside)

    def in_mode(self, mode: str) -> NDArray[np.bool_]:
        """Which rows were reported in a mode."""
        return np.isin(self.mode, [code for code, word in enumerate(self.words) if word == mode])

    def readings(self) -> int:
        """How many values there are."""
        return int(np.count_nonzero(~np.isnan(self.values)))


EMPTY = Rows(
    np.empty(0, np.int32),
    np.empty(0, np.int64),
    (),
    np.empty((0, 0)),
    np.empty(0, np.int32),
    np.empty(0, np.int32),
    (),
)


def merge(parts: Sequence[Rows]) -> Rows:
    """All rows of all parts by (appliance, time), each identity once; a later part overrules an earlier one."""
    rows = _concatenate([part for part in parts if len(part)])
    if len(rows) < 2:
        return rows
    is_sorted = (rows.who[1:] > rows.who[:-1]) | (
        (rows.who[1:] == rows.who[:-1]) & (rows.time_ns[1:] > rows.time_ns[:-1])
    )
    if is_sorted.all():
        return rows
    rows = rows.take(np.lexsort((rows.time_ns, rows.who)))
    is_first = np.empty(len(rows), np.bool_)
    is_first[0] = True
    is_first[1:] = (rows.who[1:] != rows.who[:-1]) | (rows.time_ns[1:] != rows.time_ns[:-1])
    return rows if is_first.all() else _collapse(rows, np.flatnonzero(is_first))


def _concatenate(parts: Sequence[Rows]) -> Rows:
    """All rows one after another over the union of metrics and words."""
    if not parts:
        return EMPTY
    first = parts[0]
    if len(parts) == 1:
        return first
    words = {word: code for code, word in enumerate(dict.fromkeys(word for part in parts for word in part.words))}
    metrics = tuple(dict.fromkeys(metric for part in parts for metric in part.metrics))
    if all(part.metrics == metrics for part in parts):
        values = np.concatenate([part.values for part in parts])
    else:
        place = {metric: column for column, metric in enumerate(metrics)}
        values = np.full((sum(len(part) for part in parts), len(metrics)), np.nan)
        start = 0
        for part in parts:
            values[start : start + len(part), [place[metric] for metric in part.metrics]] = part.values
            start += len(part)
    recode = [np.array([*(words[word] for word in part.words), NO_WORD], np.int32) for part in parts]
    return Rows(
        np.concatenate([part.who for part in parts]),
        np.concatenate([part.time_ns for part in parts]),
        metrics,
        values,
        np.concatenate([codes[part.mode] for part, codes in zip(parts, recode, strict=True)]),
        np.concatenate([codes[part.cycle] for part, codes in zip(parts, recode, strict=True)]),
        tuple(words),
    )


def _collapse(rows: Rows, starts: NDArray[np.int64]) -> Rows:
    """One row for each group of equal identity that begins at ``starts``: of each column the last that is there."""
    number = np.arange(len(rows), dtype=np.int64)
    last = np.maximum.reduceat(np.where(np.isnan(rows.values), -1, number[:, None]), starts, axis=0)
    values = np.where(last >= 0, rows.values[last, np.arange(len(rows.metrics))], np.nan)
    mode = np.maximum.reduceat(np.where(rows.mode == NO_WORD, -1, number), starts)
    cycle = np.maximum.reduceat(np.where(rows.cycle == NO_WORD, -1, number), starts)
    return Rows(
        rows.who[starts],
        rows.time_ns[starts],
        rows.metrics,
        values,
        np.where(mode >= 0, rows.mode[mode], NO_WORD).astype(np.int32),
        np.where(cycle >= 0, rows.cycle[cycle], NO_WORD).astype(np.int32),
        rows.words,
    )


class _Head(msgspec.Struct, array_like=True):
    """What is needed to read the arrays of packed rows."""

    count: int
    metrics: tuple[int, ...]
    words: tuple[str, ...]


_decode_head = msgspec.msgpack.Decoder(_Head).decode
_encode_head = msgspec.msgpack.Encoder().encode


class Packer:
    """Packs sorted rows into a compressed piece and back; for one thread at a time.

    Columns without a reading and words not used are left out, numbers of appliances and times become differences, and the
    bytes of the numbers are put plane by plane (all first bytes, all second bytes, ...), which helps the compressor.
    """

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=1).compress
        self._decompress = zstandard.ZstdDecompressor().decompress

    def pack(self, rows: Rows) -> bytes:
        """One compressed piece of at least one row, sorted as :func:`merge` sorts."""
        present = np.flatnonzero(~np.isnan(rows.values).all(axis=0)).tolist()
        used, codes = np.unique(np.concatenate((rows.mode, rows.cycle)), return_inverse=True)
        words = tuple(rows.words[code] for code in used.tolist() if code != NO_WORD)
        head = _encode_head(_Head(len(rows), tuple(rows.metrics[column] for column in present), words))
        body = [
            len(head).to_bytes(4, "little"),
            head,
            _to_planes(np.diff(rows.who, prepend=np.int32(0))),
            _to_planes(np.diff(rows.time_ns, prepend=np.int64(0))),
            _to_planes(rows.values.T[present]),
        ]
        if words:
            body.append(_to_planes((codes - int(used[0] == NO_WORD)).astype(np.int32)))
        return self._compress(b"".join(body))

    def unpack(self, packed: bytes, *, first_who: int = 0, last_who: int = WHO_MAX) -> Rows:
        """The packed rows of the appliances numbered ``first_who`` to ``last_who``."""
        body = self._decompress(packed)
        start = 4 + int.from_bytes(body[:4], "little")
        head = _decode_head(memoryview(body)[4:start])
        count, width = head.count, len(head.metrics)
        who = np.cumsum(_from_planes(body, start, np.dtype(np.int32), 1, count)[0], dtype=np.int32)
        cut = slice(*np.searchsorted(who, (first_who, last_who + 1)).tolist())
        start += 4 * count
        time_ns = np.cumsum(_from_planes(body, start, np.dtype(np.int64), 1, count)[0])
        start += 8 * count
        values = _from_planes(body, start, np.dtype(np.float64), width, count, cut=cut).T
        start += 8 * count * width
        codes = np.full((2, cut.stop - cut.start), NO_WORD, np.int32)
        if head.words:
            codes = _from_planes(body, start, np.dtype(np.int32), 2, count, cut=cut)
        return Rows(who[cut], time_ns[cut], head.metrics, values, codes[0], codes[1], head.words)


def _to_planes(numbers: NDArray[np.int32] | NDArray[np.int64] | NDArray[np.float64]) -> bytes:
    """The bytes of the numbers, plane by plane."""
    flat = np.ascontiguousarray(numbers).reshape(-1)
    return flat.view(np.uint8).reshape(-1, flat.dtype.itemsize).T.tobytes()


def _from_planes(
    body: bytes, start: int, dtype: np.dtype[Any], columns: int, count: int, *, cut: slice = slice(None)
) -> NDArray[Any]:
    """The rows ``cut`` of ``columns`` columns of ``count`` numbers each, which begin at byte ``start``."""
    size = dtype.itemsize
    planes = np.frombuffer(body, np.uint8, columns * count * size, start).reshape(size, columns, count)
    return np.ascontiguousarray(planes[:, :, cut].transpose(1, 2, 0)).view(dtype)[..., 0]
