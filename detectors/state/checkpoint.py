"""Checkpoint: records ↔ the bytes kept for each appliance, and what belongs to no single appliance ↔ one string of bytes.

A row is a head (form, number of its layout, kind, which seldom columns it has) and the record. The layouts themselves stand in the shared bytes: that
of each kind now, and those of rows that were not written since. So a row of an older profile, or of other layers, is
taken over column by column (:mod:`detectors.state.columns`). Rows of 0.1.0 have their layouts in
:mod:`detectors.state.released`. A row of which no layout is known is refused as a whole, and the appliance learns anew.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.state import released
from detectors.state.columns import Arrays
from detectors.state.layout import Layout

FIRST, LABELLED, SERIES = 1, 2, 3
"""Forms of rows: 0.1.0 (without labels), records under labels, series of kinds without a profile."""
_ZIP = b"PK"
"""How every file of ``np.savez`` begins."""
_HEADER = struct.Struct("<BIB")
_HAS = struct.Struct("<H")
_LINE_MARK = 0xF5
"""Begins a row that carries the appliance's line (lines.py); no form is so high."""
_LINE_HEADER = struct.Struct("<BI")
_LABELLED = f"v{LABELLED}/"
_LAYOUTS = "layouts"


@dataclass(slots=True)
class Packed:
    """Rows of one kind under one head: their form, the number of their layout, what they have of it, and the head's size."""

    kind: str
    form: int
    number: int
    has: int
    start: int
    ids: list[str] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """What each row is ordered by, where they are in order."""

    def bodies(self) -> Iterator[tuple[str, bytes]]:
        """(appliance, what is behind the head), one after another."""
        return ((appliance_id, row[self.start :]) for appliance_id, row in zip(self.ids, self.rows, strict=True))

    def whole(self, size: int) -> Packed:
        """Those whose record has so many bytes."""
        whole = [length == self.start + size for length in map(len, self.rows)]
        if all(whole):
            return self
        return replace(self, ids=list(compress(self.ids, whole)), rows=list(compress(self.rows, whole)))

    def in_order(self, at: tuple[int, str]) -> Packed:
        """The same rows in the order of a number that each record holds, by its place and type."""
        place, of = self.start + at[0], np.dtype(at[1])
        cut = slice(place, place + of.itemsize)
        numbers = np.frombuffer(b"".join([row[cut] for row in self.rows]), of)
        order = np.argsort(numbers, kind="stable")
        ids, rows = ([these[place] for place in order.tolist()] for these in (self.ids, self.rows))
        return replace(self, ids=ids, rows=rows, numbers=numbers[order].tolist())

    def records(self, part: slice) -> NDArray[np.uint8]:
        """Some of the records, which are of one size: (N, bytes)."""
        rows = self.rows[part]
        return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)[:, self.start :]


class Layouts(msgspec.Struct):
    """The layouts of stored rows by number, and, by kind, the current one's number and that of the shared arrays."""

    rows: dict[int, Layout] = {}
    current: dict[str, int] = {}
    fleet: dict[str, Layout] = {}

    def of(self, packed: Packed) -> Layout | None:
        """The layout of rows; None for one that nobody knows."""
        if packed.form == FIRST:
            return released.row_layout(packed.kind, packed.number)
        known = self.rows.get(packed.number) if packed.form == LABELLED else None
        return None if known is None else known.holding(packed.has)


@dataclass(frozen=True, slots=True)
class Shared:
    """What belongs to no single appliance: arrays by kind and ``part/column``, and all layouts."""

    arrays: Mapping[str, Arrays] = field(default_factory=dict)
    layouts: Layouts = field(default_factory=Layouts)


def head(form: int, number: int, kind: str, has: int = 0) -> bytes:
    """What a row begins with; ``has`` as :meth:`Layout.holding` takes it, of labelled rows only."""
    name = kind.encode()
    return _HEADER.pack(form, number, len(name)) + name + (_HAS.pack(has) if form == LABELLED else b"")


def opened(rows: Mapping[str, bytes]) -> tuple[list[Packed], int]:
    """Packed rows by their heads; and how many there are that are no rows of ours."""
    known: dict[bytes, Packed] = {}
    refused, last, into = 0, b"", None
    for appliance_id, row in rows.items():
        if into is None or not row.startswith(last):
            read = _head_of(row)
            if read is None:
                refused += 1
                continue
            last = row[: read.start]
            into = known.setdefault(last, read)
        into.ids.append(appliance_id)
        into.rows.append(row)
    return list(known.values()), refused


def _head_of(row: bytes) -> Packed | None:
    """What the head of a row says; None for what is no row of ours."""
    if len(row) < _HEADER.size:
        return None
    form, number, length = _HEADER.unpack_from(row)
    end = _HEADER.size + length
    start = end + (_HAS.size if form == LABELLED else 0)
    if form not in (FIRST, LABELLED, SERIES) or len(row) < start:
        return None
    has = _HAS.unpack_from(row, end)[0] if form == LABELLED else 0
    return Packed(row[_HEADER.size : end].decode(errors="replace"), form, number, has, start)


def with_line(row: bytes, line: bytes) -> bytes:
    """A packed row and the appliance's packed line as one; ``row`` may be empty, while all that came still waits."""
    return _LINE_HEADER.pack(_LINE_MARK, len(line)) + line + row


def without_line(packed: bytes) -> tuple[bytes, bytes]:
    """(row, line) of :func:`with_line`; a row of before lines were kept has an empty one."""
    if len(packed) < _LINE_HEADER.size or packed[0] != _LINE_MARK:
        return packed, b""
    start = _LINE_HEADER.size + _LINE_HEADER.unpack_from(packed)[1]
    return packed[start:], packed[_LINE_HEADER.size : start]


def pack_shared(arrays: Mapping[str, Arrays], layouts: bytes) -> bytes:
    """What belongs to no single appliance as bytes; ``layouts`` are those of :func:`pack_layouts`."""
    buffer = io.BytesIO()
    named: dict[str, Any] = {
        f"{_LABELLED}{kind}/{name}": array for kind, mine in arrays.items() for name, array in mine.items()
    }
    named[_LABELLED + _LAYOUTS] = np.frombuffer(layouts, np.uint8)
    np.savez(buffer, **named)
    return buffer.getvalue()


def pack_layouts(layouts: Layouts) -> bytes:
    """Layouts as bytes; they change seldom, so whoever writes often keeps the result."""
    return zlib.compress(msgspec.msgpack.encode(layouts))


def unpack_shared(packed: bytes | None) -> Shared:
    """What :func:`pack_shared` has packed; nothing for None or what is no such thing: it is learned anew."""
    if packed is None or not packed.startswith(_ZIP):
        return Shared()
    with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
        named = {name: stored[name] for name in stored.files}
    is_first = _LABELLED + _LAYOUTS not in named
    arrays: dict[str, Arrays] = {}
    for name, array in named.items():
        form, _, rest = name.partition("/")
        kind, _, place = rest.partition("/")
        if form == f"v{FIRST if is_first else LABELLED}" and place:
            arrays.setdefault(kind, {})[place] = array
    if is_first:
        return Shared(arrays, Layouts(fleet=released.fleet_layouts()))
    layouts = zlib.decompress(named[_LABELLED + _LAYOUTS].tobytes())
    return Shared(arrays, msgspec.msgpack.decode(layouts, type=Layouts))
