"""Shelly, second generation and later: ``PREFIX/events/rpc`` with NotifyStatus, NotifyFullStatus and NotifyEvent.

The first generation, under ``shellies/``, is read by shelly_first.py.

A NotifyStatus carries what has changed, and is meant to be laid over what is known: each sample holds all that the device
has said so far. A full status begins anew, ``null`` takes a value away. Of an event nothing is kept. Channel 0 has plain
names (``power_w``), the others their number (``power_1_w``), the phases of a three-phase meter their letter
(``power_a_w``). Energy comes in Wh and is kept in kWh. PREFIX may hold slashes; ``PREFIX/online`` says whether a device that
was heard here is there. What is odd in one field loses only that field. Bounded: the devices seen last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ingest.sample import StatusState
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign import shelly_first
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.heard import UNSAID, Heard, Unread
from ingest.wire.foreign.memory import Kept, Learned
from ingest.wire.foreign.odd_json import Odd, read_object, read_text
from ingest.wire.foreign.readings import Readings
from ingest.wire.foreign.said_time import Clocks
from ingest.wire.foreign.shelly_components import COMPONENTS, NO_MEASURE, SILENT, Quantity
from ingest.wire.foreign.surroundings import Surroundings
from ingest.wire.message import Message
from ingest.wire.status import CLEARED, StatusMessage

DEVICES_MAX = 10_000
CHANNELS_MAX = 1_000
_RPC, _ONLINE = "/events/rpc", "/online"
_LEVELS = ("+", "+/+", "+/+/+")
_ABSENT = object()


class ShellyCodec:
    """Plugs, relays, meters and thermostats of Shelly; remembers what each device has said."""

    name = "shelly"
    revision = 0
    roots: tuple[str, ...] = (shelly_first.ROOT,)

    def __init__(self, patterns: tuple[str, ...] = ()) -> None:
        self._patterns = patterns
        self._known: OrderedDict[str, dict[str, float]] = OrderedDict()
        self._news: set[str] = set()
        self._clocks = Clocks()

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to."""
        later = (prefix + ending for prefix in (*_LEVELS, *self._patterns) for ending in (_RPC, _ONLINE))
        return (*later, shelly_first.SUBSCRIPTION)

    def device_of(self, topic: str) -> str | None:
        """The topic prefix, which is the device's id unless its owner has changed it."""
        if _is_first(topic):
            return shelly_first.device_of(topic)
        for ending in (_RPC, _ONLINE):
            name = topic.removesuffix(ending)
            if name != topic:
                return name if name and "" not in name.split("/") else None
        return None

    def decode(self, topic: str, payload: bytes, device: Device, heard: Heard = UNSAID) -> Message | None:
        """All that is known of the device after one notification; ``None`` where that is nothing new."""
        if _is_first(topic):
            return shelly_first.decode(topic, payload, heard)
        if topic.endswith(_ONLINE):
            return self._presence(topic.removesuffix(_ONLINE), payload, heard)
        value = read_object(payload)
        method, params = value.get("method"), value.get("params")
        if not isinstance(method, str):
            raise Refused(RefusalReason.SCHEMA, "method must be text")
        if method not in ("NotifyStatus", "NotifyFullStatus"):
            heard.leave_out(f"method {method}", Unread.UNKNOWN)
            return None
        if not isinstance(params, dict):
            raise Refused(RefusalReason.SCHEMA, "params must be an object")
        ts_ms = self._clocks.settle(params.get("ts"), device, heard, what="params.ts")
        name = topic.removesuffix(_RPC)
        return self._laid_over(name, params, Readings(heard), ts_ms, is_whole=method == "NotifyFullStatus")

    def learned(self) -> Learned:
        """What devices have said so far, of those that said something."""
        news, self._news = self._news, set()
        return {name: msgspec.json.encode(self._known[name]) if name in self._known else None for name in news}

    def remember(self, kept: Kept) -> None:
        """Go on from what they had said."""
        self._known.update({name: msgspec.json.decode(said, type=dict[str, float]) for name, said in kept.items()})

    def _laid_over(
        self, name: str, params: Mapping[str, Any], changes: Readings, ts_ms: int | None, *, is_whole: bool
    ) -> Message | None:
        """The sample of all that is known once a notification is laid over it."""
        gone = set(_read(params, changes))
        if not gone:
            changes.check()
        gone |= changes.impossible.keys()  # what was said before no longer holds either
        known = {} if is_whole else self._known.get(name, {})
        has_news = bool(changes.metrics) or not gone.isdisjoint(known)
        for metric, value in known.items():
            if metric not in gone and metric not in changes.metrics:
                changes.keep(metric, value)
        message = changes.message(ts_ms) if has_news or not known or changes.impossible else None
        if has_news or is_whole or name not in self._known:
            self._known[name] = dict(changes.metrics) if has_news or is_whole else {}
            self._news.add(name)
        self._known.move_to_end(name)
        if len(self._known) > DEVICES_MAX:
            self._news.add(self._known.popitem(last=False)[0])
        return message

    def _presence(self, name: str, payload: bytes, heard: Heard) -> StatusMessage | None:
        """``true`` or ``false``, of a device that was heard before; any other topic of that form is somebody else's."""
        word = read_text(payload).strip().lower()
        is_known = name in self._known or name.rpartition("/")[2].startswith("shelly") or heard.is_known
        if not is_known:
            heard.miss("it may say whether a device is there, but none was heard under this prefix")
            return None
        if not payload:
            return CLEARED
        state = {"true": StatusState.ONLINE, "false": StatusState.OFFLINE}.get(word)
        if state is None:
            raise Refused(RefusalReason.SCHEMA, "online must be true or false")
        return StatusMessage(state)


def make(surroundings: Surroundings) -> ShellyCodec:
    """A codec for one thread."""
    return ShellyCodec(surroundings.patterns)


def _is_first(topic: str) -> bool:
    """Whether a topic is one of the first generation; a later device may have ``shellies/...`` as its prefix."""
    return topic.startswith(f"{shelly_first.ROOT}/") and not topic.endswith(_RPC)


def _read(params: Mapping[str, Any], readings: Readings) -> Iterator[str]:
    """Take all that a notification says; yields the metrics that it takes away."""
    for key, status in params.items():
        component, _, channel = key.partition(":")
        quantities = COMPONENTS.get(component)
        if quantities is None:
            if component not in NO_MEASURE:
                readings.leave_out(key, Unread.UNKNOWN, status)
        elif channel and not (channel.isascii() and channel.isdigit() and int(channel) < CHANNELS_MAX):
            readings.leave_out(key, Unread.NO_NUMBER, f"a channel must be a number below {CHANNELS_MAX}")
        elif status is None:
            yield from (_metric(quantity, int(channel or 0)) for quantity in quantities)
        elif not isinstance(status, dict):
            readings.leave_out(key, Unread.NO_NUMBER, status)
        else:
            yield from _read_component(key, int(channel or 0), status, quantities, readings)


def _read_component(
    key: str, channel: int, status: Mapping[str, Any], quantities: tuple[Quantity, ...], readings: Readings
) -> Iterator[str]:
    """Take one component; yields the metrics that it takes away."""
    for quantity in quantities:
        said = _at(status, quantity.path)
        if said is None:
            yield _metric(quantity, channel)
        elif said is not _ABSENT:
            _take(f"{key}.{quantity.key}", _metric(quantity, channel), quantity, said, readings)
    known = {quantity.key for quantity in quantities} | SILENT
    for field, said in _fields(status):
        if field not in known and said is not None:
            readings.leave_out(f"{key}.{field}", Unread.TEXT if isinstance(said, str | list) else Unread.UNKNOWN, said)


def _take(what: str, metric: str, quantity: Quantity, said: Any, readings: Readings) -> None:
    """One value in our unit."""
    if quantity.name in ("enum", "text") and not isinstance(said, int | float):
        readings.leave_out(what, Unread.TEXT, said)
    elif not isinstance(said, int | float) or (isinstance(said, bool) and quantity.is_number):
        readings.leave_out(what, Unread.NO_NUMBER, said)
    else:
        readings.take(metric, float(said) * quantity.factor, what=what)


def _at(status: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """What stands at a path; ``None`` where it, or what should hold it, is null."""
    value: Any = status
    for level in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            return value if isinstance(value, Odd) else Odd(f"{path[0]} must be an object")
        if level not in value:
            return _ABSENT
        value = value[level]
    return value


def _fields(status: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every field of a component, and of the objects in it."""
    for key, value in status.items():
        if isinstance(value, dict) and key not in SILENT:
            yield from ((f"{key}.{below}", said) for below, said in value.items())
        elif not isinstance(value, dict):
            yield key, value


def _metric(quantity: Quantity, channel: int) -> str:
    """Name, channel, unit."""
    return "_".join(part for part in (quantity.name, str(channel or ""), quantity.unit) if part)
