"""Checkpoint: state rows → bytes → state rows, only of the appliances that changed.

A row is a header (format version, fingerprint of the layout, kind) and the plain bytes of the appliance's record in each
state array. A row in which some arrays are still narrower (:data:`NARROWER`) is widened. A row of any other version or
layout is refused as a whole: :func:`unpack_row` answers False, and the appliance learns anew; half an old state would be
worse than none.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1
State = dict[str, NDArray[Any]]
Types = Mapping[str, np.dtype[Any]]
_NO_TYPES: Types = {}
NARROWER: Types = {"aux": np.dtype("f4"), "count": np.dtype("u2"), "was_on": np.dtype("?")}
"""The types that arrays had in 0.1.0 where they have others now."""
_ZIP = b"PK"
"""How every file of ``np.savez`` begins."""
_HEADER = struct.Struct("<BIB")
_LINE_MARK = 0xF5
"""Begins a row that carries the appliance's line (lines.py); no format version is so high."""
_LINE_HEADER = struct.Struct("<BI")


def fingerprint(state: Mapping[str, NDArray[Any]], types: Types = _NO_TYPES) -> int:
    """A number that changes with the names, types (where not others are given) and shapes of the state's arrays."""
    text = ";".join(
        f"{name}:{types.get(name, array.dtype).str}:{array.shape[1:]}" for name, array in sorted(state.items())
    )
    return zlib.crc32(text.encode())


def row_size(state: Mapping[str, NDArray[Any]], types: Types = _NO_TYPES) -> int:
    """Bytes of state per appliance."""
    return sum(types.get(name, array.dtype).itemsize * int(np.prod(array.shape[1:])) for name, array in state.items())


def pack_rows(state: Mapping[str, NDArray[Any]], kind: str, rows: NDArray[np.intp]) -> list[bytes]:
    """The state of ``rows`` as bytes, one string each."""
    if not len(rows):
        return []
    name = kind.encode()
    header = _HEADER.pack(VERSION, fingerprint(state), len(name)) + name
    parts = [np.ascontiguousarray(state[key][rows]).reshape(len(rows), -1).view(np.uint8) for key in sorted(state)]
    return [header + record.tobytes() for record in np.concatenate(parts, axis=1)]


def kind_of(packed: bytes) -> str | None:
    """The appliance kind of a packed row; None for another format version."""
    if len(packed) < _HEADER.size or packed[0] != VERSION:
        return None
    length = packed[_HEADER.size - 1]
    return packed[_HEADER.size : _HEADER.size + length].decode(errors="replace")


def unpack_row(state: State, row: int, packed: bytes) -> bool:
    """Write a packed row into ``row`` of ``state``; False, and nothing written, if it is of another layout."""
    if len(packed) < _HEADER.size:
        return False
    version, layout, length = _HEADER.unpack_from(packed)
    body = memoryview(packed)[_HEADER.size + length :]
    types = _NO_TYPES if layout == fingerprint(state) else NARROWER
    if version != VERSION or layout != fingerprint(state, types) or len(body) != row_size(state, types):
        return False
    place = 0
    for name in sorted(state):
        array = state[name]
        stored = types.get(name, array.dtype)
        size = stored.itemsize * int(np.prod(array.shape[1:]))
        array[row] = np.frombuffer(body[place : place + size], stored).reshape(array.shape[1:])
        place += size
    return True


def with_line(row: bytes, line: bytes) -> bytes:
    """A packed row and the appliance's packed line as one; ``row`` may be empty, while all that came still waits."""
    return _LINE_HEADER.pack(_LINE_MARK, len(line)) + line + row


def without_line(packed: bytes) -> tuple[bytes, bytes]:
    """(row, line) of :func:`with_line`; a row of before lines were kept has an empty one."""
    if len(packed) < _LINE_HEADER.size or packed[0] != _LINE_MARK:
        return packed, b""
    start = _LINE_HEADER.size + _LINE_HEADER.unpack_from(packed)[1]
    return packed[start:], packed[_LINE_HEADER.size : start]


def pack_shared(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """State that belongs to no single appliance, as bytes."""
    buffer = io.BytesIO()
    named: dict[str, Any] = {f"v{VERSION}/{name}": array for name, array in arrays.items()}
    np.savez(buffer, **named)
    return buffer.getvalue()


def unpack_shared(packed: bytes | None) -> dict[str, NDArray[Any]]:
    """The arrays of :func:`pack_shared`; empty for None, another version, or what is no such thing: it is learned anew."""
    if packed is None or not packed.startswith(_ZIP):
        return {}
    prefix = f"v{VERSION}/"
    with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
        return {name.removeprefix(prefix): stored[name] for name in stored.files if name.startswith(prefix)}
