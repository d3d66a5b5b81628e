"""Checkpoint: records ↔ the bytes kept for each appliance, and what belongs to no single appliance ↔ one string of bytes.

A row is a header (form, number of its layout, kind) and the record. The layouts themselves stand in the shared bytes: that
of each kind now, and those of rows that were not written since. So a row of an older profile, or of other layers, is
taken over column by column (:mod:`detectors.state.columns`). Rows of 0.1.0 have their layouts in
:mod:`detectors.state.released`. A row of which no layout is known is refused as a whole, and the appliance learns anew.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np

from detectors.state import released
from detectors.state.columns import Arrays
from detectors.state.layout import Layout

FIRST, LABELLED, SERIES = 1, 2, 3
"""Forms of rows: 0.1.0 (without labels), records under labels, series of kinds without a profile."""
_ZIP = b"PK"
"""How every file of ``np.savez`` begins."""
_HEADER = struct.Struct("<BIB")
_LINE_MARK = 0xF5
"""Begins a row that carries the appliance's line (lines.py); no form is so high."""
_LINE_HEADER = struct.Struct("<BI")
_LABELLED = f"v{LABELLED}/"
_LAYOUTS = "layouts"


class Packed(NamedTuple):
    """A row cut open: the appliance, the form, the number of the layout, and what is behind the header."""

    appliance_id: str
    form: int
    number: int
    body: bytes


class Layouts(msgspec.Struct):
    """The layouts of stored rows by number, and, by kind, the current one's number and that of the shared arrays."""

    rows: dict[int, Layout] = {}
    current: dict[str, int] = {}
    fleet: dict[str, Layout] = {}

    def of(self, kind: str, row: Packed) -> Layout | None:
        """The layout of a row; None for one that nobody knows."""
        if row.form == FIRST:
            return released.row_layout(kind, row.number)
        return self.rows.get(row.number) if row.form == LABELLED else None


@dataclass(frozen=True, slots=True)
class Shared:
    """What belongs to no single appliance: arrays by kind and ``part/column``, and all layouts."""

    arrays: Mapping[str, Arrays] = field(default_factory=dict)
    layouts: Layouts = field(default_factory=Layouts)


def header(form: int, number: int, kind: str) -> bytes:
    """What a row begins with."""
    name = kind.encode()
    return _HEADER.pack(form, number, len(name)) + name


def opened(appliance_id: str, packed: bytes) -> tuple[str, Packed] | None:
    """Kind and row of packed bytes; None for what is no row of ours."""
    if len(packed) < _HEADER.size:
        return None
    form, number, length = _HEADER.unpack_from(packed)
    end = _HEADER.size + length
    if form not in (FIRST, LABELLED, SERIES) or len(packed) < end:
        return None
    kind = packed[_HEADER.size : end].decode(errors="replace")
    return kind, Packed(appliance_id, form, number, packed[end:])


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
