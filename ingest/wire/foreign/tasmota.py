"""Tasmota: ``tele/+/SENSOR`` (ENERGY), ``tele/+/STATE`` and ``tele/+/LWT``.

ENERGY: Power → power_w, Voltage → voltage_v, Current → current_a, Total → energy_kwh. A value that a multi-channel plug
gives as a list is left out. STATE says that the plug is online, LWT (plain text) whether it is. Tasmota counts no messages,
and gives its time without zone: UTC unless the devices file says otherwise.
"""

from __future__ import annotations

from typing import Any

from ingest.sample import StatusState
from ingest.wire.dead_letter import PAYLOAD_BYTES_MAX, Reason, Refused
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.local_time import local_ms
from ingest.wire.message import Message
from ingest.wire.status import CLEARED, StatusMessage
from ingest.wire.strict_json import Parsed, parse_object
from ingest.wire.telemetry import TelemetryMessage, WireSample

_ENERGY = {"Power": "power_w", "Voltage": "voltage_v", "Current": "current_a", "Total": "energy_kwh"}
_LEVELS = 3


class TasmotaCodec:
    """Plugs and switches that run Tasmota."""

    name = "tasmota"
    revision = 0

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to."""
        return ("tele/+/SENSOR", "tele/+/STATE", "tele/+/LWT")

    def device_of(self, topic: str) -> str | None:
        """``tele/NAME``, for the three topics that carry something."""
        levels = topic.split("/")
        if (
            len(levels) != _LEVELS
            or levels[0] != "tele"
            or levels[2] not in ("SENSOR", "STATE", "LWT")
            or not levels[1]
        ):
            return None
        return f"tele/{levels[1]}"

    def decode(self, topic: str, payload: bytes, device: Device) -> Message | None:
        """The value of one payload; ``None`` for a SENSOR message without energy."""
        last = topic.rsplit("/", 1)[1]
        if last == "LWT":
            return _will(payload)
        parsed = parse_object(payload)
        ts_ms = _time_ms(parsed, device)
        if last == "STATE":
            return StatusMessage(StatusState.ONLINE, ts_ms)
        metrics = _energy(parsed)
        return TelemetryMessage((WireSample(metrics, ts_ms),)) if metrics else None


def _will(payload: bytes) -> StatusMessage:
    """Birth or last will, plain text."""
    if not payload:
        return CLEARED
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise Refused(Reason.TOO_LARGE, f"{len(payload)} bytes are more than {PAYLOAD_BYTES_MAX}")
    states = {b"Online": StatusState.ONLINE, b"Offline": StatusState.OFFLINE}
    if payload not in states:
        raise Refused(Reason.SCHEMA, "LWT must be Online or Offline")
    return StatusMessage(states[payload])


def _energy(parsed: Parsed) -> dict[str, float]:
    """The four readings of ENERGY that we know."""
    energy: Any = parsed.value.get("ENERGY", {})
    if not isinstance(energy, dict):
        raise parsed.refuse("ENERGY must be an object")
    metrics = {}
    for name, metric in _ENERGY.items():
        value = energy.get(name)
        if name not in energy or isinstance(value, list):
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise parsed.refuse(f"ENERGY.{name} must be a number")
        metrics[metric] = float(value)
    return metrics


def _time_ms(parsed: Parsed, device: Device) -> int | None:
    """Tasmota's ``Time``, in the zone of the device where it names none."""
    text = parsed.value.get("Time")
    if text is None:
        return None
    if not isinstance(text, str):
        raise parsed.refuse("Time must be text")
    try:
        return local_ms(text, device.timezone)
    except ValueError as error:
        raise parsed.refuse(f"Time: {error}") from error
