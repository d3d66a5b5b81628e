"""zigbee2mqtt: ``zigbee2mqtt/NAME`` (state, JSON) and ``zigbee2mqtt/NAME/availability``.

NAME may hold slashes. A group publishes as a device does, and is taken as one. Every number of the state, and what is on or
off, open or shut, becomes a metric under its own name with its unit behind it; text, lists and nested objects are left
out. ``last_seen``, in any of its forms, is the time. What is not for us is passed over in silence: ``bridge/...``, commands
(``/set``, ``/get``), and the output of single attributes, which is no JSON object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingest.sample import StatusState
from ingest.wire.dead_letter import PAYLOAD_BYTES_MAX, Reason, Refused
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.local_time import local_ms
from ingest.wire.message import Message
from ingest.wire.status import CLEARED, StatusMessage
from ingest.wire.strict_json import Parsed, parse_object
from ingest.wire.telemetry import METRICS_MAX, TelemetryMessage, WireSample, is_metric_name

_BASE = "zigbee2mqtt/"
_AVAILABILITY = "availability"
_COMMANDS = ("set", "get")
_SUFFIX: Mapping[str, str] = {
    "power": "_w",
    "power_phase_b": "_w",
    "power_phase_c": "_w",
    "power_apparent": "_va",
    "power_reactive": "_var",
    "voltage": "_v",
    "current": "_a",
    "energy": "_kwh",
    "produced_energy": "_kwh",
    "ac_frequency": "_hz",
    "temperature": "_c",
    "local_temperature": "_c",
    "device_temperature": "_c",
    "soil_moisture": "_pct",
    "humidity": "_pct",
    "battery": "_pct",
    "pressure": "_hpa",
    "illuminance": "_lux",
    "illuminance_lux": "",
    "co2": "_ppm",
    "voc": "_ppb",
    "pm25": "_ug_m3",
    "flow": "_m3_h",
}
_STATES: Mapping[str, float] = {"ON": 1.0, "OFF": 0.0, "OPEN": 1.0, "CLOSE": 0.0, "LOCK": 1.0, "UNLOCK": 0.0}
_ENDPOINT = re.compile(r"(.+)_(l[0-9]{1,2}|[0-9]{1,2}|left|right|center|top|bottom|phase_[abc])")
_OTHER = re.compile(r"[^a-z0-9_]")
_MILLIVOLT_FROM = 500.0
"""Battery sensors report their voltage in mV, plugs in V."""


class Zigbee2MqttCodec:
    """Devices and groups behind a zigbee2mqtt bridge."""

    name = "zigbee2mqtt"
    revision = 0

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to."""
        return ("zigbee2mqtt/#",)

    def device_of(self, topic: str) -> str | None:
        """``zigbee2mqtt/NAME``; nobody for the bridge and for commands."""
        if not topic.startswith(_BASE):
            return None
        levels = topic.removeprefix(_BASE).split("/")
        if levels[0] == "bridge" or "" in levels or any(level in _COMMANDS for level in levels[1:]):
            return ""
        if len(levels) > 1 and levels[-1] == _AVAILABILITY:
            levels.pop()
        return _BASE + "/".join(levels)

    def decode(self, topic: str, payload: bytes, device: Device) -> Message | None:
        """The value of one payload; ``None`` for what is not for us."""
        if not self.device_of(topic):
            return None
        if topic.endswith(f"/{_AVAILABILITY}"):
            return _availability(payload)
        if not payload.lstrip(b" \t\r\n").startswith((b"{", b"[")):
            _check_text(payload)  # one attribute alone: sound, and nothing for us
            return None
        parsed = parse_object(payload)
        metrics = _metrics(parsed.value)
        ts_ms = _time_ms(parsed, device)
        return TelemetryMessage((WireSample(metrics, ts_ms),)) if metrics else None


def _availability(payload: bytes) -> StatusMessage:
    """``online`` or ``offline``, as text or as ``{"state": ...}``."""
    if not payload:
        return CLEARED
    if payload.startswith(b"{"):
        parsed = parse_object(payload)
        state = parsed.value.get("state")
        if state not in ("online", "offline"):
            raise parsed.refuse("state must be online or offline")
        return StatusMessage(StatusState(state))
    _check_text(payload)
    if payload not in (b"online", b"offline"):
        raise Refused(Reason.SCHEMA, "availability must be online or offline")
    return StatusMessage(StatusState(payload.decode()))


def _check_text(payload: bytes) -> None:
    """Refuse what is no text."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise Refused(Reason.TOO_LARGE, f"{len(payload)} bytes are more than {PAYLOAD_BYTES_MAX}")
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        raise Refused(Reason.NOT_UTF8, f"byte {error.start} is no UTF-8") from error


def _metrics(state: Mapping[str, Any]) -> dict[str, float]:
    """All numbers and states, by the name of their metric."""
    metrics: dict[str, float] = {}
    for key, raw in state.items():
        value = _STATES.get(raw) if isinstance(raw, str) else raw
        if not isinstance(value, int | float) or key == "last_seen":
            continue
        name = _metric(key)
        if key == "voltage" and "battery" in state and value > _MILLIVOLT_FROM:
            value /= 1000
        if is_metric_name(name) and len(metrics) < METRICS_MAX:
            metrics[name] = float(value)
    return metrics


def _metric(key: str) -> str:
    """A key of the state with its unit behind it; that of an endpoint keeps its number."""
    name = _OTHER.sub("_", key.lower())
    if name in _SUFFIX:
        return name + _SUFFIX[name]
    endpoint = _ENDPOINT.fullmatch(name)
    return name + _SUFFIX.get(endpoint[1], "") if endpoint else name


def _time_ms(parsed: Parsed, device: Device) -> int | None:
    """``last_seen``: RFC 3339 with or without zone, or ms since 1970."""
    said = parsed.value.get("last_seen")
    if said is None:
        return None
    if isinstance(said, int) and not isinstance(said, bool):
        if not 0 <= said < 2**53:
            raise parsed.refuse("last_seen is no time")
        return said
    if not isinstance(said, str):
        raise parsed.refuse("last_seen must be text or a number")
    try:
        return local_ms(said, device.timezone)
    except ValueError as error:
        raise parsed.refuse(f"last_seen: {error}") from error
