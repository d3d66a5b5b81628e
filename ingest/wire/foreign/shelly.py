"""Shelly, second generation and later: ``+/events/rpc`` with NotifyStatus, NotifyFullStatus and NotifyEvent.

A NotifyStatus carries what has changed, and is meant to be laid over what is known: each sample holds all that the device
has said so far. A full status begins anew, ``null`` takes a value away. Of an event nothing is kept, nor of components
that measure nothing. Channel 0 has plain names (``power_w``), the others their number (``power_1_w``), the phases of a
three-phase meter their letter (``power_a_w``). Energy comes in Wh and is kept in kWh. Bounded: the devices seen last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ingest.wire.foreign.devices import Device
from ingest.wire.message import Message
from ingest.wire.strict_json import Parsed, parse_object
from ingest.wire.telemetry import METRICS_MAX, TelemetryMessage, WireSample

DEVICES_MAX = 10_000
CHANNELS_MAX = 1_000
_ENDING = "/events/rpc"
_CLOCK_SET_S = 1_000_000_000
"""A device that has not got the time yet counts from its start; then the time of arrival counts."""


@dataclass(frozen=True, slots=True)
class _Quantity:
    """What a field of a component means; ``path`` leads to it from the component."""

    path: tuple[str, ...]
    name: str
    unit: str = ""
    factor: float = 1.0


_KILO = 0.001
_METER = (
    _Quantity(("apower",), "power", "w"),
    _Quantity(("voltage",), "voltage", "v"),
    _Quantity(("current",), "current", "a"),
    _Quantity(("freq",), "frequency", "hz"),
    _Quantity(("pf",), "power_factor"),
    _Quantity(("aenergy", "total"), "energy", "kwh", _KILO),
    _Quantity(("ret_aenergy", "total"), "energy_returned", "kwh", _KILO),
    _Quantity(("temperature", "tC"), "device_temperature", "c"),
    _Quantity(("output",), "output"),
)
_PHASE_FIELDS = (("act_power", "power", "w"), ("voltage", "voltage", "v"), ("current", "current", "a"), ("pf", "power_factor", ""))  # fmt: skip
_COMPONENTS: Mapping[str, tuple[_Quantity, ...]] = {
    "switch": _METER,
    "light": _METER,
    "cover": _METER,
    "pm1": _METER,
    "em": (
        _Quantity(("total_act_power",), "power", "w"),
        _Quantity(("total_current",), "current", "a"),
        _Quantity(("n_current",), "current_n", "a"),
        *(
            _Quantity((f"{phase}_{field}",), f"{name}_{phase}", unit)
            for phase in "abc"
            for field, name, unit in _PHASE_FIELDS
        ),
    ),
    "em1": (
        _Quantity(("act_power",), "power", "w"),
        _Quantity(("aprt_power",), "apparent_power", "va"),
        *_METER[1:5],
    ),
    "emdata": (
        _Quantity(("total_act",), "energy", "kwh", _KILO),
        _Quantity(("total_act_ret",), "energy_returned", "kwh", _KILO),
    ),
    "em1data": (
        _Quantity(("total_act_energy",), "energy", "kwh", _KILO),
        _Quantity(("total_act_ret_energy",), "energy_returned", "kwh", _KILO),
    ),
    "temperature": (_Quantity(("tC",), "temperature", "c"),),
    "humidity": (_Quantity(("rh",), "humidity", "pct"),),
    "voltmeter": (_Quantity(("voltage",), "voltage", "v"),),
    "illuminance": (_Quantity(("lux",), "illuminance", "lux"),),
    "devicepower": (_Quantity(("battery", "V"), "battery", "v"), _Quantity(("battery", "percent"), "battery", "pct")),
    "flood": (_Quantity(("alarm",), "flood"),),
    "smoke": (_Quantity(("alarm",), "smoke"),),
    "input": (_Quantity(("state",), "input"), _Quantity(("percent",), "input", "pct")),
}


class ShellyCodec:
    """Plugs, relays and meters of Shelly; remembers what each device has said."""

    name = "shelly"
    revision = 0

    def __init__(self) -> None:
        self._known: OrderedDict[str, dict[str, float]] = OrderedDict()

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to."""
        return ("+/events/rpc",)

    def device_of(self, topic: str) -> str | None:
        """The topic prefix, which is the device's id unless its owner has changed it."""
        name = topic.removesuffix(_ENDING)
        return None if name == topic or not name or "/" in name else name

    def decode(self, topic: str, payload: bytes, device: Device) -> Message | None:
        """All that is known of the device after one notification; ``None`` where that is nothing new."""
        del device
        parsed = parse_object(payload)
        method, params = parsed.value.get("method"), parsed.value.get("params")
        if not isinstance(method, str):
            raise parsed.refuse("method must be text")
        if method not in ("NotifyStatus", "NotifyFullStatus"):
            return None
        if not isinstance(params, dict):
            raise parsed.refuse("params must be an object")
        ts_ms = _time_ms(parsed, params.get("ts"))
        changes = dict(_changes(parsed, params))
        if not changes:
            return None
        known = self._known.get(topic, {}) if method == "NotifyStatus" else {}
        state = {name: value for name, value in (known | changes).items() if value is not None}
        metrics = dict(list(state.items())[:METRICS_MAX])
        self._known[topic] = metrics
        self._known.move_to_end(topic)
        if len(self._known) > DEVICES_MAX:
            self._known.popitem(last=False)
        return TelemetryMessage((WireSample(dict(metrics), ts_ms),)) if metrics else None


def _changes(parsed: Parsed, params: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Metric and value of all that a notification says; None where a value is gone."""
    for key, status in params.items():
        component, _, channel = key.partition(":")
        quantities = _COMPONENTS.get(component)
        if quantities is None:
            continue
        if not isinstance(status, dict):
            raise parsed.refuse(f"{key[:40]} must be an object")
        if channel and not (channel.isascii() and channel.isdigit() and int(channel) < CHANNELS_MAX):
            raise parsed.refuse(f"{key[:40]}: a channel must be a number below {CHANNELS_MAX}")
        for quantity in quantities:
            found = _at(parsed, key, status, quantity.path)
            if found is not _ABSENT:
                yield _metric(quantity, int(channel or 0)), _value(parsed, key, quantity, found)


_ABSENT = object()


def _at(parsed: Parsed, key: str, status: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """What stands at a path; ``None`` where it, or what should hold it, is null."""
    value: Any = status
    for level in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise parsed.refuse(f"{key[:40]}: {path[0]} must be an object")
        if level not in value:
            return _ABSENT
        value = value[level]
    return value


def _value(parsed: Parsed, key: str, quantity: _Quantity, value: Any) -> float | None:
    """A value in our unit."""
    if value is None:
        return None
    if not isinstance(value, int | float) or (isinstance(value, bool) and quantity.unit):
        raise parsed.refuse(f"{key[:40]}: {'.'.join(quantity.path)} must be a {'number' if quantity.unit else 'number or boolean'}")  # fmt: skip
    return round(float(value) * quantity.factor, 9)


def _metric(quantity: _Quantity, channel: int) -> str:
    """Name, channel, unit."""
    return "_".join(part for part in (quantity.name, str(channel or ""), quantity.unit) if part)


def _time_ms(parsed: Parsed, ts: object) -> int | None:
    """The notification's time in ms; ``None`` while the device does not know it."""
    if ts is None:
        return None
    if isinstance(ts, bool) or not isinstance(ts, int | float):
        raise parsed.refuse("params.ts must be a number")
    return round(ts * 1000) if ts >= _CLOCK_SET_S and ts < 2**40 else None
