"""The metrics of one appliance kind as a typed struct, so that a message is decoded without a dictionary.

The struct starts with the metrics of the profile and learns unknown ones, up to :data:`LEARNED_MAX`; messages with still
others are decoded by the strict path, which costs time only. Many structs become one matrix through MessagePack, in which
each number takes the same nine bytes and each boolean one, so that numpy reads them by strides. A metric that is sent now
as a number and now as a boolean makes its kind's structs take the way through Python's numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest.profiles.definition import MetricKind, Profile
from ingest.wire.telemetry import is_metric_name

LEARNED_MAX = 64

_NAN = math.nan
_LIST_HEADERS = ((15, 1), (2**16 - 1, 3), (2**32 - 1, 5))
_FLOAT_BYTES = 9
_BOOLEAN_BYTES = 1
_BOOLEANS = np.full(256, _NAN)  # what the byte of a boolean means; nil means no reading
_BOOLEANS[0xC2], _BOOLEANS[0xC3] = 0.0, 1.0

_FIELD_OF: Mapping[frozenset[bool], tuple[Any, Any]] = {
    frozenset({False}): (float, _NAN),
    frozenset({True}): (bool | None, None),
    frozenset({False, True}): (float | bool, _NAN),
}
"""Whether a metric has come as a boolean, as another number, or as both: the type and default of its field."""


class KindTable:
    """Decodes the ``metrics`` object of one kind. Not for use by several threads."""

    def __init__(self, kind: str, profile: Profile) -> None:
        self.kind = kind
        self.own = tuple(profile.metrics)
        """The profile's metrics: always columns of a block, also where no sample reports them."""
        self.names = self.own
        self.decode: Callable[[Any], Any]
        """Bytes of a metrics object → struct; raises :class:`msgspec.MsgspecError` where the strict path must look."""
        self._forms = {name: frozenset({metric.kind is MetricKind.BOOLEAN}) for name, metric in profile.metrics.items()}
        self._new: dict[str, frozenset[bool]] = {}
        self._build()

    def meet(self, metrics: Iterable[tuple[str, object]]) -> None:
        """Remember names and values that the struct doesn't take; :meth:`learn` takes them in between two batches."""
        for name, value in metrics:
            form = self._new.get(name) or self._forms.get(name)
            seen = frozenset({isinstance(value, bool)})
            if form is not None:
                if not seen <= form:
                    self._new[name] = form | seen
            elif len(self.names) - len(self.own) + len(self._new) < LEARNED_MAX and is_metric_name(name):
                self._new[name] = seen

    def learn(self) -> None:
        """Take in what was met."""
        if self._new:
            self.names += tuple(name for name in self._new if name not in self._forms)
            self._forms.update(self._new)
            self._new.clear()
            self._build()

    def matrix(self, structs: Sequence[Any]) -> NDArray[np.float64]:
        """(N, M) values of many structs, NaN for no reading; columns as :attr:`names`."""
        count = len(structs)
        values = np.empty((count, len(self.names)), dtype=np.float64)
        if not self.names or not count:
            return values
        if self._width is None:
            values[:] = list(map(msgspec.structs.astuple, structs))
            return values
        packed = msgspec.msgpack.encode(structs)
        header = next(size for most, size in _LIST_HEADERS if count <= most)
        if len(packed) != header + count * self._width:
            raise AssertionError("a struct of floats and booleans always packs to the same width")
        for column, (offset, is_boolean) in enumerate(self._places):
            if is_boolean:
                values[:, column] = _BOOLEANS[np.ndarray((count,), "u1", packed, header + offset, (self._width,))]
            else:
                values[:, column] = np.ndarray((count,), ">f8", packed, header + offset + 1, (self._width,))
        return values

    def _build(self) -> None:
        """Make the struct, its decoder and the places of its values when packed."""
        fields = {f"f{number}": name for number, name in enumerate(self.names)}
        struct = msgspec.defstruct(
            "Metrics",
            [(field, *_FIELD_OF[self._forms[name]]) for field, name in fields.items()],
            rename=fields,
            forbid_unknown_fields=True,
            gc=False,
        )
        self.decode = msgspec.json.Decoder(struct).decode
        self._width: int | None = None
        self._places: list[tuple[int, bool]] = []
        if any(len(self._forms[name]) > 1 for name in self.names):
            return
        self._width = len(msgspec.msgpack.encode(struct()))
        booleans = [True in self._forms[name] for name in self.names]
        sizes = [_BOOLEAN_BYTES if is_boolean else _FLOAT_BYTES for is_boolean in booleans]
        at = self._width - sum(map(_name_bytes, self.names)) - sum(sizes)
        for name, size, is_boolean in zip(self.names, sizes, booleans, strict=True):
            at += _name_bytes(name)
            self._places.append((at, is_boolean))
            at += size


def _name_bytes(name: str) -> int:
    """What a name takes in MessagePack: short ones have one byte of header, longer ones two."""
    return len(name) + (1 if len(name) < 32 else 2)
