"""``telemetry``: samples of an appliance, one or 1 to 512 in a message. The strict decoder, and the appliance's encoder.

columns.py decodes the usual message faster; whenever it is in doubt it asks this one, which alone decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest.profiles.checks import RESERVED_NAMES
from ingest.sample import MAX_SAMPLES_PER_MESSAGE
from ingest.wire.fields import TEXT_CHARACTERS_MAX, Fields
from ingest.wire.strict_json import Parsed
from ingest.wire.timestamp import format_ms

METRICS_MAX = 64

_METRIC = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SAMPLE_KEYS = frozenset({"ts", "metrics", "mode", "cycle", "up_ms"})
_MESSAGE_KEYS = _SAMPLE_KEYS | {"boot", "seq", "samples", "appliance_id"}


@dataclass(frozen=True, slots=True)
class WireSample:
    """One sample as the appliance says it; ``ts_ms`` is ``None`` where it gave no time."""

    metrics: Mapping[str, float]
    ts_ms: int | None = None
    mode: str | None = None
    cycle: str | None = None
    up_ms: int | None = None
    impossible: Mapping[str, float] = field(default_factory=dict)
    """What a foreign device said and its quantity can't have: a fault of the data, told to the detectors and stored nowhere."""


@dataclass(frozen=True, slots=True)
class TelemetryMessage:
    """One telemetry message: 1 to 512 samples under one identity."""

    samples: tuple[WireSample, ...]
    boot: str | None = None
    seq: int | None = None
    claimed_id: str | None = None
    unknown_keys: int = 0


def is_metric_name(name: str) -> bool:
    """Whether a metric may have this name."""
    return _METRIC.fullmatch(name) is not None and name not in RESERVED_NAMES


def decode_telemetry(parsed: Parsed) -> TelemetryMessage:
    """The message of a parsed payload; raises :class:`ingest.wire.dead_letter.Refused`."""
    fields = Fields(parsed, parsed.value)
    boot, seq = fields.identity()
    common = _sample_fields(fields)
    if "samples" in fields:
        if "metrics" in fields:
            raise fields.refuse("a message carries metrics or samples, not both")
        samples, unknown = _samples(parsed, common)
    else:
        samples, unknown = (_sample(fields, common),), 0
    claimed_id = fields.claimed_id()
    return TelemetryMessage(samples, boot, seq, claimed_id, unknown + fields.unknown(_MESSAGE_KEYS))


def _sample_fields(fields: Fields) -> WireSample:
    """Everything but the metrics."""
    return WireSample(
        {},
        ts_ms=fields.time_ms(),
        mode=fields.text("mode"),
        cycle=fields.text("cycle"),
        up_ms=fields.whole("up_ms"),
    )


def _samples(parsed: Parsed, common: WireSample) -> tuple[tuple[WireSample, ...], int]:
    """The samples of a batch; what one leaves out it takes from the message."""
    raw = parsed.value["samples"]
    if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_SAMPLES_PER_MESSAGE:
        raise parsed.refuse(f"samples must be a list of 1 to {MAX_SAMPLES_PER_MESSAGE}")
    samples = []
    unknown = 0
    for number, item in enumerate(raw):
        if not isinstance(item, dict):
            raise parsed.refuse(f"samples[{number}] must be an object")
        fields = Fields(parsed, item, f"samples[{number}]: ")
        samples.append(_sample(fields, common))
        unknown += fields.unknown(_SAMPLE_KEYS)
    return tuple(samples), unknown


def _sample(fields: Fields, common: WireSample) -> WireSample:
    """One sample."""
    own = _sample_fields(fields)
    return WireSample(
        _metrics(fields),
        ts_ms=common.ts_ms if own.ts_ms is None else own.ts_ms,
        mode=common.mode if own.mode is None else own.mode,
        cycle=common.cycle if own.cycle is None else own.cycle,
        up_ms=common.up_ms if own.up_ms is None else own.up_ms,
    )


def _metrics(fields: Fields) -> dict[str, float]:
    """1 to 64 finite numbers or booleans by name."""
    raw = fields.mapping("metrics")
    if not 1 <= len(raw) <= METRICS_MAX:
        raise fields.refuse(f"metrics must hold 1 to {METRICS_MAX} names")
    metrics = {}
    for name, value in raw.items():
        if not is_metric_name(name):
            kind = "a reserved" if name in RESERVED_NAMES else "no possible"
            raise fields.refuse(f"{name[:64]!r} is {kind} name for a metric")
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise fields.refuse(f"metric {name} must be a finite number or a boolean")
        metrics[name] = float(value)
    return metrics


def encode_telemetry(message: TelemetryMessage, *, appliance_id: str | None = None) -> bytes:
    """The payload as an appliance writes it; a single sample stands in the message itself."""
    raw: dict[str, Any] = {"boot": message.boot, "seq": message.seq, "appliance_id": appliance_id}
    if len(message.samples) == 1:
        raw |= _raw_sample(message.samples[0])
    else:
        raw["samples"] = [_present(_raw_sample(sample)) for sample in message.samples]
    return msgspec.json.encode(_present(raw))


def single(
    metrics: Mapping[str, float | bool], *, boot: str | None = None, seq: int | None = None, sample: WireSample
) -> bytes:
    """A message of one sample with ``metrics`` as they are, booleans included; times and mode from ``sample``."""
    raw = {"boot": boot, "seq": seq, **_raw_sample(sample), "metrics": dict(metrics)}
    return msgspec.json.encode(_present(raw))


def batched(samples: Sequence[WireSample], *, boot: str | None = None, seq: int | None = None) -> bytes:
    """A message of many samples, oldest first."""
    return encode_telemetry(TelemetryMessage(tuple(samples), boot, seq))


def _raw_sample(sample: WireSample) -> dict[str, Any]:
    """A sample as JSON values."""
    return {
        "ts": None if sample.ts_ms is None else format_ms(sample.ts_ms),
        "up_ms": sample.up_ms,
        "mode": sample.mode,
        "cycle": sample.cycle,
        "metrics": dict(sample.metrics),
    }


def _present(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that have no value."""
    return {key: value for key, value in raw.items() if value is not None}


__all__ = [
    "METRICS_MAX",
    "TEXT_CHARACTERS_MAX",
    "TelemetryMessage",
    "WireSample",
    "batched",
    "decode_telemetry",
    "encode_telemetry",
    "is_metric_name",
    "single",
]
