"""Payload: chunks → the JSON of the wire, fast: columns become rows of typed structs that are encoded at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from simulator.arrays import IntArray
from simulator.physics.kind import Sensor
from simulator.reports import Happening, Reports

PAYLOAD_BYTES_MAX = 60 * 1024
SAMPLES_MAX = 512
ENVELOPE_BYTES = 128
"""Room for boot, seq and brackets around the samples."""


class _Sample(msgspec.Struct, omit_defaults=True):
    ts: int
    up_ms: int | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    cycle: str | UnsetType = UNSET
    metrics: msgspec.Struct | UnsetType = UNSET


class SampleEncoder:
    """Encodes the samples of one appliance kind."""

    def __init__(self, metrics: Mapping[str, Sensor]) -> None:
        self.metrics = metrics
        fields = [(name, float | int | bool | UnsetType, UNSET) for name in metrics]
        self._row = msgspec.defstruct("Metrics", fields, omit_defaults=True)
        self._json = msgspec.json.Encoder()

    def encode(self, chunk: Reports, *, ts_ms: IntArray, up_ms: IntArray | None = None) -> list[bytes]:
        """One JSON object ``{"ts", "up_ms"?, "mode", "cycle"?, "metrics"}`` per sample, in the chunk's order.

        ``ts_ms`` is what the appliances take the times of the samples for, ``up_ms`` how long they have been running.
        """
        columns = [self._column(sensor, chunk.values[:, i]) for i, sensor in enumerate(self.metrics.values())]
        modes = np.array(chunk.modes, dtype=object)[chunk.mode].tolist()
        cycles = [str(number) if number else UNSET for number in chunk.cycle.tolist()]
        rows = map(self._row, *columns)
        running = repeat(UNSET) if up_ms is None else up_ms.tolist()
        return list(map(self._json.encode, map(_Sample, ts_ms.tolist(), running, modes, cycles, rows)))

    def _column(self, sensor: Sensor, values: np.ndarray) -> list[object]:
        missing = np.isnan(values)
        known = np.where(missing, 0.0, values) if missing.any() else values
        cells: list[object]
        if sensor.is_boolean:
            cells = (known != 0.0).tolist()
        elif sensor.decimals == 0:
            cells = known.astype(np.int64).tolist()
        else:
            cells = known.tolist()
        for row in np.nonzero(missing)[0].tolist():
            cells[row] = UNSET
        return cells


def pack(samples: Sequence[bytes], *, boot: str, seq: int) -> list[bytes]:
    """Messages of as many samples as fit, numbered from ``seq``; a single sample stands plainly in its message."""
    messages: list[bytes] = []
    first, size = 0, ENVELOPE_BYTES
    for index, sample in enumerate(samples):
        if index > first and (size + len(sample) + 1 > PAYLOAD_BYTES_MAX or index - first >= SAMPLES_MAX):
            messages.append(_message(samples[first:index], boot, seq + len(messages)))
            first, size = index, ENVELOPE_BYTES
        size += len(sample) + 1
    if samples:
        messages.append(_message(samples[first:], boot, seq + len(messages)))
    return messages


def _message(samples: Sequence[bytes], boot: str, seq: int) -> bytes:
    head = b'{"boot":"%s","seq":%d,' % (boot.encode(), seq)
    if len(samples) == 1:
        return head + samples[0][1:]
    return head + b'"samples":[' + b",".join(samples) + b"]}"


def encode_happening(happening: Happening, *, boot: str, seq: int) -> bytes:
    """The payload of one event."""
    fields: dict[str, object] = {"boot": boot, "seq": seq, "ts": happening.ts_ms, "type": happening.type}
    if happening.code is not None:
        fields["code"] = happening.code
    if happening.data:
        fields["data"] = dict(happening.data)
    return msgspec.json.encode(fields)
