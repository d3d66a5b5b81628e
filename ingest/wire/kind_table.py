"""The metrics of one appliance kind as a typed struct, so that a message is decoded without a dictionary.

The struct starts with the metrics of the profile and learns unknown ones, up to :data:`LEARNED_MAX`; messages with still
others are decoded by the strict path, which costs time only. Many structs become one matrix through MessagePack, in which
each number takes the same nine bytes, so that numpy reads them by strides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest.profiles.definition import Profile
from ingest.wire.telemetry import is_metric_name

LEARNED_MAX = 64

_NAN = math.nan
_LIST_HEADERS = ((15, 1), (2**16 - 1, 3), (2**32 - 1, 5))
_FLOAT_BYTES = 9


class KindTable:
    """Decodes the ``metrics`` object of one kind. Not for use by several threads."""

    def __init__(self, kind: str, profile: Profile) -> None:
        self.kind = kind
        self.own = tuple(profile.metrics)
        """The profile's metrics: always columns of a block, also where no sample reports them."""
        self.names = self.own
        self._has_booleans = False
        self.decode: Callable[[Any], Any]
        """Bytes of a metrics object → struct; raises :class:`msgspec.MsgspecError` where the strict path must look."""
        self._new: dict[str, None] = {}
        self._build()

    def expect_booleans(self) -> None:
        """From now on look for booleans in every message; called when one was met."""
        self._has_booleans = True
        self.decode = self._decode_with_booleans

    def _decode_with_booleans(self, raw: bytes | msgspec.Raw) -> Any:
        return self._decode_numbers(numbers_only(bytes(raw)))

    def meet(self, names: Iterable[str]) -> None:
        """Remember metrics that the struct doesn't know; :meth:`learn` takes them in between two batches."""
        for name in names:
            if len(self.names) - len(self.own) + len(self._new) >= LEARNED_MAX:
                return
            if name not in self.names and is_metric_name(name):
                self._new[name] = None

    def learn(self) -> None:
        """Take in what was met."""
        if self._new:
            self.names += tuple(self._new)
            self._new.clear()
            self._build()

    def matrix(self, structs: Sequence[Any]) -> NDArray[np.float64]:
        """(N, M) values of many structs, NaN for no reading; columns as :attr:`names`."""
        count = len(structs)
        values = np.empty((count, len(self.names)), dtype=np.float64)
        if not self.names or not count:
            return values
        packed = msgspec.msgpack.encode(structs)
        header = next(size for most, size in _LIST_HEADERS if count <= most)
        if len(packed) != header + count * self._width:
            raise AssertionError("a struct of floats always packs to the same width")
        for column, offset in enumerate(self._offsets):
            values[:, column] = np.ndarray((count,), ">f8", packed, header + offset, (self._width,))
        return values

    def _build(self) -> None:
        """Make the struct, its decoder and the places of its numbers when packed."""
        fields = {f"f{number}": name for number, name in enumerate(self.names)}
        struct = msgspec.defstruct(
            "Metrics",
            [(field, float, _NAN) for field in fields],
            rename=fields,
            forbid_unknown_fields=True,
            gc=False,
        )
        self._decode_numbers = msgspec.json.Decoder(struct).decode
        self.decode = self._decode_with_booleans if self._has_booleans else self._decode_numbers
        blank = msgspec.msgpack.encode(struct())
        self._width = len(blank)
        self._offsets = []
        at = self._width - sum(_packed_bytes(name) for name in self.names)
        for name in self.names:
            at += _packed_bytes(name)
            self._offsets.append(at - _FLOAT_BYTES + 1)


def numbers_only(raw: bytes) -> bytes:
    """The text of a metrics object with its booleans written as 1 and 0.

    A colon stands before a value or inside a text; a text that holds one is no metric and is refused all the same.
    """
    if b"true" in raw:
        raw = raw.replace(b":true", b":1").replace(b": true", b":1")
    if b"false" in raw:
        raw = raw.replace(b":false", b":0").replace(b": false", b":0")
    return raw


def _packed_bytes(name: str) -> int:
    """What a named number takes in MessagePack; short names have one byte of header, longer ones two."""
    return len(name) + (1 if len(name) < 32 else 2) + _FLOAT_BYTES
