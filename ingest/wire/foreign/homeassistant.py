"""Home Assistant MQTT discovery: ``homeassistant/.../config`` says which topics carry what, and those are read.

Names, units and topics come from the configuration (discovery_config.py); an empty payload removes it. Templates are
read as plain paths and never run (value_path.py). A device's topic that another codec understands is left to that codec.
Values carry no time: the time of arrival counts. Words for "no value" (``unknown``, ``unavailable``, ``None``, nothing)
are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ingest.sample import StatusState
from ingest.wire.dead_letter import PAYLOAD_BYTES_MAX, Reason, Refused
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.discovery_config import Entity, Presence, read_configuration
from ingest.wire.foreign.value_path import Path, walk
from ingest.wire.message import Message
from ingest.wire.status import StatusMessage
from ingest.wire.strict_json import parse, parse_object
from ingest.wire.telemetry import METRICS_MAX, TelemetryMessage, WireSample

_ROOT = "homeassistant"
_NO_VALUE = frozenset({"", "unknown", "unavailable", "none", "null", "nan", "n/a"})
_LEVELS = (4, 5)


class HomeAssistantCodec:
    """Devices that describe themselves for Home Assistant. ``is_learning``: whether this decoder takes in descriptions."""

    name = "homeassistant"

    def __init__(self, discovery: Discovery | None = None, *, is_learning: bool = True) -> None:
        self._discovery = Discovery() if discovery is None else discovery
        self._is_learning = is_learning

    @property
    def revision(self) -> int:
        """Changes when a topic may be another's than before."""
        return self._discovery.revision

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters of the descriptions; what they name is subscribed to as it is learned (learned_topics.py)."""
        return (f"{_ROOT}/+/+/config", f"{_ROOT}/+/+/+/config")

    def device_of(self, topic: str) -> str | None:
        """``homeassistant/NAME`` for a topic that a description names; nobody for the descriptions themselves."""
        if _is_config(topic):
            return ""
        known = self._discovery.topics().get(topic)
        return None if known is None else f"{_ROOT}/{known.device}"

    def decode(self, topic: str, payload: bytes, device: Device) -> Message | None:
        """Learn from a description, or read a value."""
        del device
        if _is_config(topic):
            self._describe(topic, payload)
            return None
        known = self._discovery.topics().get(topic)
        if known is None:
            return None
        text = _text(payload)
        if known.presence is not None and (status := _status(known.presence, text, payload)):
            return status
        metrics = _readings(known.entities, text, payload)
        return TelemetryMessage((WireSample(metrics),)) if metrics else None

    def _describe(self, topic: str, payload: bytes) -> None:
        """One description, or its end."""
        levels = topic.split("/")
        configuration = None
        if payload:
            parsed = parse_object(payload)
            configuration = read_configuration(parsed, levels[1], "_".join(levels[2:-1]))
        if self._is_learning and (trouble := self._discovery.learn(topic, configuration)):
            raise Refused(Reason.SCHEMA, trouble)


def _is_config(topic: str) -> bool:
    """Whether descriptions come under a topic."""
    levels = topic.split("/")
    return levels[0] == _ROOT and levels[-1] == "config" and len(levels) in _LEVELS


def _text(payload: bytes) -> str:
    """A payload as text."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise Refused(Reason.TOO_LARGE, f"{len(payload)} bytes are more than {PAYLOAD_BYTES_MAX}")
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise Refused(Reason.NOT_UTF8, f"byte {error.start} is no UTF-8") from error


def _status(presence: Presence, text: str, payload: bytes) -> StatusMessage | None:
    """What a presence topic says; ``None`` for a word that was not agreed."""
    said = _at(presence.path, text, payload)
    states = {presence.available: StatusState.ONLINE, presence.gone: StatusState.OFFLINE}
    return StatusMessage(states[said]) if isinstance(said, str) and said in states else None


def _at(path: Path | None, text: str, payload: bytes) -> object:
    """What stands at a path of a payload; nothing where the payload is one of the words for that."""
    if path is None:
        return text
    if text.strip().lower() in _NO_VALUE:
        return None
    return walk(parse(payload).value, path)


def _readings(entities: Sequence[Entity], text: str, payload: bytes) -> dict[str, float]:
    """The readings of all entities under one topic."""
    metrics: dict[str, float] = {}
    for entity in entities[:METRICS_MAX]:
        value = _reading(entity, _at(entity.path, text, payload))
        if value is not None:
            metrics[entity.metric] = value
    return metrics


def _reading(entity: Entity, said: object) -> float | None:
    """One value in our unit; ``None`` where there is none."""
    if entity.on is not None:
        word = str(said).lower() if isinstance(said, bool) else str(said)
        return {"true": 1.0, "false": 0.0, entity.off: 0.0, entity.on: 1.0}.get(word)
    if said is None or isinstance(said, bool):
        return None if said is None else float(said)
    if isinstance(said, str):
        return _number_of(entity, said)
    if not isinstance(said, int | float):
        raise Refused(Reason.SCHEMA, f"{entity.metric} must be a number")
    return _converted(entity, float(said))


def _number_of(entity: Entity, text: str) -> float | None:
    """A number written as text."""
    if text.strip().lower() in _NO_VALUE:
        return None
    try:
        number = float(text)
    except ValueError as error:
        if not entity.is_number:
            return None
        raise Refused(Reason.SCHEMA, f"{entity.metric}: {text[:40]!r} is no number") from error
    return _converted(entity, number)


def _converted(entity: Entity, number: float) -> float:
    """A number in our unit."""
    value = number * entity.factor + entity.offset
    if not math.isfinite(value):
        raise Refused(Reason.SCHEMA, f"{entity.metric} must be a finite number")
    return round(value, 9)
