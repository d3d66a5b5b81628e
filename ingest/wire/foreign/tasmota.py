"""Tasmota: ``SENSOR``, ``STATE`` and ``LWT`` under ``tele/NAME``, or under ``NAME/tele`` where FullTopic is turned round.

NAME may hold folders. SENSOR gives a reading for each number (tasmota_sensors.py), STATE says that the device is online,
LWT (plain text) whether it is. Tasmota counts no messages, and gives its time without zone: UTC unless the devices file says
otherwise; an ``Epoch`` beside it is certain. Another FullTopic is a pattern of the setting, as ``house/telemetry/+``.
"""

from __future__ import annotations

from ingest.sample import StatusState
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.heard import UNSAID, Heard, Unread
from ingest.wire.foreign.odd_json import read_object, read_text
from ingest.wire.foreign.readings import Readings
from ingest.wire.foreign.said_time import Clocks
from ingest.wire.foreign.surroundings import Surroundings
from ingest.wire.foreign.tasmota_sensors import read_sensors
from ingest.wire.foreign.topic_pattern import matches
from ingest.wire.message import Message
from ingest.wire.status import CLEARED, StatusMessage

_USUAL = ("tele/#", "+/tele/+", "+/+/tele/+", "+/+/+/tele/+")
_READ = ("SENSOR", "STATE", "LWT")
_STATE_META = frozenset({"Time", "Epoch", "Uptime", "UptimeSec", "Heap", "SleepMode", "Sleep", "LoadAvg", "MqttCount", "Wifi", "Hostname", "IPAddress", "Vcc", "Berry", "ESP32", "Heap_Frag", "Ethernet", "ZbPermitJoin"})  # fmt: skip


class TasmotaCodec:
    """Plugs, switches and sensors that run Tasmota. ``patterns``: filters of the levels before ``SENSOR``."""

    name = "tasmota"
    revision = 0
    roots: tuple[str, ...] = ("tele",)

    def __init__(self, patterns: tuple[str, ...] = ()) -> None:
        self._patterns = patterns
        self._clocks = Clocks()

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to."""
        return (*_USUAL, *(f"{pattern}/+" for pattern in self._patterns))

    def device_of(self, topic: str) -> str | None:
        """``tele/NAME``, whichever way FullTopic is turned; nobody for what carries nothing, as ``INFO1``."""
        device, _, last = topic.rpartition("/")
        levels = device.split("/")
        if len(levels) > 1 and levels[0] == "tele":
            name = device
        elif len(levels) > 1 and levels[-1] == "tele":
            name = "/".join(["tele", *levels[:-1]])
        elif any(matches(pattern, device) for pattern in self._patterns):
            name = f"tele/{device}"
        else:
            return None
        return name if last in _READ and "" not in levels else ""

    def decode(self, topic: str, payload: bytes, device: Device, heard: Heard = UNSAID) -> Message | None:
        """The value of one payload; ``None`` for a SENSOR message that measures nothing."""
        last = topic.rpartition("/")[2]
        if last not in _READ:
            heard.leave_out(f"topic {last}", Unread.UNKNOWN)
            return None
        if last == "LWT":
            return _will(payload)
        value = read_object(payload)
        said = value.get("Epoch")
        ts_ms = self._clocks.settle(value.get("Time") if said is None else said, device, heard, what="Time")
        if last == "SENSOR":
            readings = Readings(heard)
            read_sensors(value, readings)
            return readings.message(ts_ms)
        for key in value.keys() - _STATE_META:
            heard.leave_out(key, Unread.DERIVED if key.startswith("POWER") else Unread.UNKNOWN, value[key])
        if heard.is_retained and ts_ms is None:
            heard.leave_out("STATE", Unread.RETAINED)
            return None
        return StatusMessage(StatusState.ONLINE, ts_ms)


def make(surroundings: Surroundings) -> TasmotaCodec:
    """A codec for one thread."""
    return TasmotaCodec(surroundings.patterns)


def _will(payload: bytes) -> StatusMessage:
    """Birth or last will, plain text."""
    if not payload:
        return CLEARED
    state = {"online": StatusState.ONLINE, "offline": StatusState.OFFLINE}.get(read_text(payload).strip().lower())
    if state is None:
        raise Refused(RefusalReason.SCHEMA, "LWT must be Online or Offline")
    return StatusMessage(state)
