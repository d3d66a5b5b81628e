"""Shelly, first generation: ``shellies/ID/...``, one value under each topic, as plain text.

The path behind the device says what it is (``relay/0/power``, ``emeter/1/voltage``, ``sensor/temperature``); a number in it
is the channel, of which 0 has plain names. A relay counts its energy in watt-minutes, an emeter in Wh. None of it has a time:
the arrival counts. A thermometer without its sensor says 999.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.sample import StatusState
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign.heard import Heard, Unread
from ingest.wire.foreign.number_text import is_no_value, number_of
from ingest.wire.foreign.odd_json import read_text
from ingest.wire.foreign.readings import Readings
from ingest.wire.message import Message
from ingest.wire.status import CLEARED, StatusMessage

ROOT = "shellies"
SUBSCRIPTION = f"{ROOT}/#"
_CHANNEL = re.compile(r"/(\d{1,2})(?=/|$)")
_LEVELS_MIN = len(("shellies", "ID", "what"))
_ON_OFF: Mapping[str, float] = {"on": 1.0, "off": 0.0, "overpower": 0.0}
_WATT_MINUTE, _KILO = 1 / 60_000, 0.001


@dataclass(frozen=True, slots=True)
class _Path:
    """What a path means: name, unit, size of theirs in ours, and words that stand for numbers."""

    name: str
    unit: str = ""
    factor: float = 1.0
    words: Mapping[str, float] = field(default_factory=dict)


_SWITCHED = (_Path("output", words=_ON_OFF), _Path("power", "w"), _Path("energy", "kwh", _WATT_MINUTE))
_PATHS: Mapping[str, _Path] = {
    **{
        f"{what}{rest}": path
        for what in ("relay", "light", "white", "color")
        for rest, path in zip(("", "/power", "/energy"), _SWITCHED, strict=True)
    },
    "roller/power": _Path("power", "w"),
    "roller/energy": _Path("energy", "kwh", _WATT_MINUTE),
    "roller/pos": _Path("position", "pct"),
    "emeter/power": _Path("power", "w"),
    "emeter/reactive_power": _Path("reactive_power", "var"),
    "emeter/voltage": _Path("voltage", "v"),
    "emeter/current": _Path("current", "a"),
    "emeter/pf": _Path("power_factor"),
    "emeter/total": _Path("energy", "kwh", _KILO),
    "emeter/total_returned": _Path("energy_returned", "kwh", _KILO),
    "temperature": _Path("device_temperature", "c"),
    "overtemperature": _Path("overtemperature"),
    "voltage": _Path("voltage", "v"),
    "adc": _Path("voltage", "v"),
    "input": _Path("input"),
    "ext_temperature": _Path("external_temperature", "c"),
    "ext_humidity": _Path("external_humidity", "pct"),
    "ext_switch": _Path("external_input"),
    "sensor/temperature": _Path("temperature", "c"),
    "sensor/humidity": _Path("humidity", "pct"),
    "sensor/battery": _Path("battery", "pct"),
    "sensor/lux": _Path("illuminance", "lux"),
    "sensor/tilt": _Path("tilt", "deg"),
    "sensor/concentration": _Path("gas_concentration", "ppm"),
    **{
        f"sensor/{what}": _Path(what, words={"true": 1.0, "false": 0.0})
        for what in ("vibration", "flood", "smoke", "motion", "charger")
    },
    "sensor/state": _Path("door", words={"open": 1.0, "close": 0.0}),
}
_DERIVED = frozenset({"emeter/energy", "emeter/returned_energy", "temperature_f", "sensor/illumination"})
"""What begins anew with each start, or says again what another path says."""
_SILENT = frozenset({
    "announce", "info", "command", "longpush", "input_event", "temperature_status", "sensor/error", "sensor/act_reasons",
    "sensor/active", "relay/command", "roller/command", "light/command", "light/status", "white/status", "color/status",
    "relay/overpower_value", "roller/stop_reason", "ext_temperatures", "ext_humidities", "status", "settings",
    "light/set", "white/set", "color/set", "white/command", "color/command", "roller", "sensor/self_test", "sensor/operation",
})  # fmt: skip
"""Commands, events, how the device itself fares, and objects of what has a path of its own."""


def device_of(topic: str) -> str:
    """``shellies/ID``; nobody for what all devices say or hear together."""
    levels = topic.split("/")
    return "/".join(levels[:2]) if len(levels) >= _LEVELS_MIN and all(levels) else ""


def decode(topic: str, payload: bytes, heard: Heard) -> Message | None:
    """The value under one topic."""
    path = topic.removeprefix(device_of(topic)).lstrip("/")
    plain = _CHANNEL.sub("", path)
    if plain == "online":
        return _presence(payload)
    meant = _PATHS.get(plain)
    if meant is None:
        if plain not in _SILENT:
            heard.leave_out(path, Unread.DERIVED if plain in _DERIVED else Unread.UNKNOWN, read_text(payload))
        return None
    said = read_text(payload).strip()
    if is_no_value(said):
        return None
    readings = Readings(heard)
    number = meant.words.get(said.lower())
    number = number_of(said) if number is None else number
    channel = _CHANNEL.search(path)
    metric = "_".join(filter(None, (meant.name, channel[1].lstrip("0") if channel else "", meant.unit)))
    if number is None:
        readings.leave_out(path, Unread.TEXT if meant.words else Unread.NO_NUMBER, said)
    else:
        readings.take(metric, number * meant.factor, what=path)
    return readings.message(None)


def _presence(payload: bytes) -> StatusMessage:
    """Birth or last will."""
    if not payload:
        return CLEARED
    state = {"true": StatusState.ONLINE, "false": StatusState.OFFLINE}.get(read_text(payload).strip().lower())
    if state is None:
        raise Refused(RefusalReason.SCHEMA, "online must be true or false")
    return StatusMessage(state)
