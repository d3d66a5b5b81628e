"""zigbee2mqtt: ``BASE/NAME`` (state, JSON), ``BASE/NAME/ATTRIBUTE`` (attribute output) and ``BASE/NAME/availability``.

NAME may hold slashes; which names there are the bridge itself says (``BASE/bridge/devices``, ``/groups``), and where it has
not, a last level that is the name of an attribute is one. A group publishes as a device does, and is taken as one. Every
number of the state, and what is on or off, open or shut, becomes a metric (zigbee2mqtt_names.py). ``last_seen``, in any of
its forms, is the time. A bridge that goes offline takes all devices that were heard behind it with it. BASE is
``zigbee2mqtt``, and what the setting adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ingest.plausible import is_plausible
from ingest.sample import StatusState
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.heard import UNSAID, Heard, Unread
from ingest.wire.foreign.memory import Kept, Learned
from ingest.wire.foreign.number_text import is_no_value, number_of, plain_number_of
from ingest.wire.foreign.odd_json import read_json, read_object, read_text
from ingest.wire.foreign.readings import Readings
from ingest.wire.foreign.said_time import Clocks
from ingest.wire.foreign.surroundings import Surroundings
from ingest.wire.foreign.zigbee2mqtt_names import ATTRIBUTES, has_unit, metric_of
from ingest.wire.message import Message
from ingest.wire.status import CLEARED, StatusMessage

_USUAL = "zigbee2mqtt"
_AVAILABILITY = "availability"
_COMMANDS = ("set", "get")
_LISTS = ("devices", "groups")
_NAMES_MAX = 5_000
_STATES: Mapping[str, float] = {
    "ON": 1.0, "OFF": 0.0, "OPEN": 1.0, "CLOSE": 0.0, "CLOSED": 0.0, "LOCK": 1.0, "UNLOCK": 0.0, "LOCKED": 1.0,
    "UNLOCKED": 0.0, "TRUE": 1.0, "FALSE": 0.0,
}  # fmt: skip
_MILLIVOLT_FROM = 600.0
"""Battery sensors report their voltage in mV, plugs in V."""
_SILENT = ("last_seen", "elapsed")


class Zigbee2MqttCodec:
    """Devices and groups behind zigbee2mqtt bridges. ``patterns``: more bases than the usual one."""

    name = "zigbee2mqtt"

    def __init__(self, patterns: tuple[str, ...] = ()) -> None:
        self.roots = (_USUAL, *(base.strip("/") for base in patterns))
        self.revision = 0
        self._clocks = Clocks()
        self._names: dict[str, frozenset[str]] = {}
        """Base and list → the names in it."""
        self._news: set[str] = set()

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to; other bridges are heard so far that their list says which setting is missing."""
        return (*(f"{base}/#" for base in self.roots), "+/bridge/state")

    def device_of(self, topic: str) -> str | None:
        """``BASE/NAME``; nobody for the bridge and for commands."""
        base, levels = self._split(topic)
        if not levels:
            return "" if topic.endswith("/bridge/state") else None
        if levels[0] == "bridge" or "" in levels:
            return ""
        name, rest = self._parts(base, levels)
        return f"{base}/{name}" if rest is None or rest == _AVAILABILITY or rest not in _COMMANDS else ""

    def decode(self, topic: str, payload: bytes, device: Device, heard: Heard = UNSAID) -> Message | None:
        """The value of one payload; ``None`` for what is not for us."""
        base, levels = self._split(topic)
        if not levels:
            heard.miss(f"another bridge: add zigbee2mqtt={topic.split('/', maxsplit=1)[0]} to FETTLE_FOREIGN_TOPICS")
            return None
        if levels[0] == "bridge":
            return self._bridge(base, "/".join(levels[1:]), payload, heard)
        return self._said(self._parts(base, levels)[1], payload, device, heard) if self.device_of(topic) else None

    def learned(self) -> Learned:
        """The names that bridges have said."""
        news, self._news = self._news, set()
        return {key: msgspec.json.encode(sorted(self._names[key])) for key in news}

    def remember(self, kept: Kept) -> None:
        """Go on with the names that they had said."""
        self._names.update({key: frozenset(msgspec.json.decode(said, type=list[str])) for key, said in kept.items()})
        self.revision += 1

    def _said(self, rest: str | None, payload: bytes, device: Device, heard: Heard) -> Message | None:
        """The value of a device's payload; ``rest`` stands behind its name."""
        if rest == _AVAILABILITY:
            return _availability(payload)
        readings = Readings(heard)
        if rest is not None:
            _take_attribute(rest, payload, readings)
            return readings.message(None)
        if not payload.lstrip(b" \t\r\n\xef\xbb\xbf").startswith((b"{", b"[")):
            heard.leave_out("message", Unread.TEXT, read_text(payload))  # an attribute alone, of a device not known
            return None
        state = read_object(payload)
        ts_ms = self._clocks.settle(state.get("last_seen"), device, heard, what="last_seen")
        if "illuminance_lux" in state:  # before version 2, beside which the plain one is raw
            state |= {"illuminance_raw": state.get("illuminance"), "illuminance": state.pop("illuminance_lux")}
        _take_state(state, readings)
        return readings.message(ts_ms)

    def _split(self, topic: str) -> tuple[str, list[str]]:
        """Base and levels behind it; no levels where it is no base of ours."""
        for base in self.roots:
            if topic.startswith(f"{base}/"):
                return base, topic.removeprefix(f"{base}/").split("/")
        return "", []

    def _parts(self, base: str, levels: list[str]) -> tuple[str, str | None]:
        """The device's name, and what stands behind it: ``availability``, a command, an attribute, or nothing."""
        for size in range(len(levels), 0, -1):
            name = "/".join(levels[:size])
            if any(name in self._names.get(f"{base}/bridge/{kind}", ()) for kind in _LISTS):
                return name, "/".join(levels[size:]) or None
        last = levels[-1]
        if len(levels) > 1 and last in (_AVAILABILITY, *_COMMANDS, *ATTRIBUTES):
            if len(levels) > len("ab") and levels[-2] in _COMMANDS:
                return "/".join(levels[:-2]), levels[-2]
            return "/".join(levels[:-1]), last
        return "/".join(levels), None

    def _bridge(self, base: str, what: str, payload: bytes, heard: Heard) -> Message | None:
        """What the bridge says of itself: whether it is there, and who is behind it."""
        if what in _LISTS:
            self._learn(f"{base}/bridge/{what}", read_json(payload) if payload else [])
        elif what == "state" and payload:
            said = _word(payload)
            if said == "offline" and (behind := heard.behind(f"{base}/")):
                return StatusMessage(StatusState.OFFLINE, of=behind)
            if said == "online" and (behind := heard.behind(f"{base}/")) and not heard.is_retained:
                return StatusMessage(None, of=behind)
        return None

    def _learn(self, key: str, listed: object) -> None:
        """The names of devices or groups; topics belong to others than before where they have changed."""
        if not isinstance(listed, list):
            return
        said = [one.get("friendly_name") for one in listed[:_NAMES_MAX] if isinstance(one, dict)]
        names = frozenset(name for name in said if isinstance(name, str) and name and name != "Coordinator")
        if names != self._names.get(key, frozenset()):
            self._names[key] = names
            self._news.add(key)
            self.revision += 1


def make(surroundings: Surroundings) -> Zigbee2MqttCodec:
    """A codec for one thread."""
    return Zigbee2MqttCodec(surroundings.patterns)


def _word(payload: bytes) -> object:
    """``online`` or ``offline``, as text or as ``{"state": ...}``."""
    if payload.lstrip().startswith(b"{"):
        return read_object(payload).get("state")
    return read_text(payload).strip()


def _availability(payload: bytes) -> StatusMessage:
    """Whether a device is there."""
    if not payload:
        return CLEARED
    said = _word(payload)
    if said not in ("online", "offline"):
        raise Refused(RefusalReason.SCHEMA, "availability must be online or offline")
    return StatusMessage(StatusState(str(said)))


def _take_attribute(name: str, payload: bytes, readings: Readings) -> None:
    """One attribute alone: a number, a state, or an object that is none."""
    text = read_text(payload).strip()
    if text.startswith(("{", "[")):
        readings.leave_out(name, Unread.NESTED)
    elif name not in _SILENT and not is_no_value(text):
        _take(name, text, {name: text}, readings)


def _take_state(state: Mapping[str, Any], readings: Readings) -> None:
    """All numbers and states, those whose name is certain before those that might take it."""
    for key in sorted(state, key=lambda key: not has_unit(key)):
        said = state[key]
        if key in _SILENT or said is None:
            continue
        if isinstance(said, dict | list):
            readings.leave_out(key, Unread.NESTED)
        else:
            _take(key, said, state, readings)


def _take(key: str, said: Any, state: Mapping[str, Any], readings: Readings) -> None:
    """One value of the state."""
    value: float | None
    if isinstance(said, str):
        value = number_of(said) if has_unit(key) else _STATES.get(said.upper())
        if value is None and len(state) == 1 and not has_unit(key):
            value = plain_number_of(said)
        if value is None:
            if not is_no_value(said):
                readings.leave_out(key, Unread.NO_NUMBER if has_unit(key) else Unread.TEXT, said)
            return
    elif isinstance(said, int | float):
        if isinstance(said, bool) and has_unit(key):
            readings.leave_out(key, Unread.NO_NUMBER, said)
            return
        value = float(said)
    else:
        readings.leave_out(key, Unread.NO_NUMBER, said)
        return
    metric = metric_of(key)
    if key.startswith(("voltage", "battery_voltage")) and value > _MILLIVOLT_FROM and is_plausible(metric, value):
        value /= 1000
    readings.take(metric, value, what=key)
