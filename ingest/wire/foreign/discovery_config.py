"""A Home Assistant discovery message → what it says of topics: names, units, paths. Both forms, long and abbreviated keys.

Understood are sensors, binary sensors, switches and numbers with a state topic, and their availability. Other platforms,
and values that need a template to be run, are sound and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ingest.wire.foreign.units import Unit, unit_of
from ingest.wire.foreign.value_path import Path, path_of
from ingest.wire.strict_json import Parsed
from ingest.wire.telemetry import is_metric_name

COMPONENTS_MAX = 256
TOPIC_CHARACTERS_MAX = 256
NAME_CHARACTERS_MAX = 128

_LONG: Mapping[str, str] = {
    "avty": "availability", "avty_t": "availability_topic", "avty_tpl": "availability_template",
    "cmps": "components", "dev": "device", "dev_cla": "device_class", "def_ent_id": "default_entity_id",
    "obj_id": "object_id", "o": "origin", "p": "platform", "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available", "pl_off": "payload_off", "pl_on": "payload_on", "stat_cla": "state_class",
    "stat_off": "state_off", "stat_on": "state_on", "stat_t": "state_topic", "t": "topic", "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}  # fmt: skip
_LONG_DEVICE: Mapping[str, str] = {"cns": "connections", "ids": "identifiers", "mdl": "model", "sw": "sw_version"}
_SHARED = ("availability", "availability_topic", "availability_template", "payload_available", "payload_not_available", "state_topic")  # fmt: skip
"""What a device message says once for all of its components."""
_NUMBERS, _SWITCHES = ("sensor", "number"), ("binary_sensor", "switch")
_OTHER = re.compile(r"[^a-z0-9]+")


class Entity(msgspec.Struct, frozen=True, array_like=True):
    """One value under a topic. ``path`` ``None``: the whole payload. ``on``, ``off``: the words of a thing with two states."""

    topic: str
    metric: str
    path: Path | None
    factor: float = 1.0
    offset: float = 0.0
    on: str | None = None
    off: str | None = None
    is_number: bool = True
    """Whether anything but a number is bad input; else text is left out."""


class Presence(msgspec.Struct, frozen=True, array_like=True):
    """A topic that says whether the device is there."""

    topic: str
    path: Path | None
    available: str
    gone: str


class Configuration(msgspec.Struct, frozen=True, array_like=True):
    """What one discovery message says."""

    device: str
    entities: tuple[Entity, ...]
    presences: tuple[Presence, ...] = ()


def read_configuration(parsed: Parsed, platform: str, object_id: str) -> Configuration | None:
    """What a payload under ``homeassistant/PLATFORM/.../OBJECT/config`` says; ``None`` where nothing of it is for us."""
    raw = _lengthened(parsed.value, _LONG)
    device = _device(parsed, raw, object_id)
    if platform == "device":
        components = raw.get("components")
        if not isinstance(components, dict) or len(components) > COMPONENTS_MAX:
            raise parsed.refuse(f"components must be an object of at most {COMPONENTS_MAX}")
        shared = {key: raw[key] for key in _SHARED if key in raw}
        parts = []
        for key, part in components.items():
            if not isinstance(part, dict):
                raise parsed.refuse(f"component {key[:40]!r} must be an object")
            own = _lengthened(part, _LONG)
            if own.keys() - {"platform"}:  # a component with nothing but its platform is one that was removed
                parts.append((key, shared | own))
    else:
        parts = [(object_id, raw | {"platform": platform})]
    base = raw.get("~")
    entities = tuple(entity for key, part in parts if (entity := _entity(parsed, key, part, base, device)))
    presences = {presence: None for _, part in parts for presence in _presences(parsed, part, base)}
    return Configuration(device, entities, tuple(presences)) if entities else None


def _lengthened(raw: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Keys by their long names."""
    return {names.get(key, key): value for key, value in raw.items()}


def _device(parsed: Parsed, raw: Mapping[str, Any], object_id: str) -> str:
    """The device's name: its own, else its first identifier, else that of the topic."""
    device = raw.get("device", {})
    if not isinstance(device, dict):
        raise parsed.refuse("device must be an object")
    device = _lengthened(device, _LONG_DEVICE)
    identifiers = device.get("identifiers")
    first = identifiers[0] if isinstance(identifiers, list) and identifiers else identifiers
    for name in (device.get("name"), first, object_id):
        if isinstance(name, str) and name.strip():
            return name.strip().replace("/", "_")[:NAME_CHARACTERS_MAX]
    return object_id


def _entity(parsed: Parsed, key: str, part: Mapping[str, Any], base: object, device: str) -> Entity | None:
    """One component; ``None`` where it is not for us."""
    platform = part.get("platform")
    if platform not in (*_NUMBERS, *_SWITCHES) or "state_topic" not in part:
        return None
    topic = _topic(parsed, part["state_topic"], base)
    template = part.get("value_template")
    path = None
    if template is not None:
        if not isinstance(template, str):
            raise parsed.refuse("value_template must be text")
        path = path_of(template)
        if path is None:
            return None
    unit_text = part.get("unit_of_measurement")
    if unit_text is not None and not isinstance(unit_text, str):
        raise parsed.refuse("unit_of_measurement must be text")
    unit = unit_of(unit_text or "")
    metric = _metric(part, key, unit, device)
    if platform in _SWITCHES:
        on, off = _word(parsed, part, ("state_on", "payload_on"), "ON"), _word(parsed, part, ("state_off", "payload_off"), "OFF")  # fmt: skip
        return Entity(topic, metric, path or None, on=on, off=off)
    is_number = bool(unit_text) or part.get("state_class") is not None
    return Entity(topic, metric, path or None, unit.factor, unit.offset, is_number=is_number)


def _metric(part: Mapping[str, Any], key: str, unit: Unit, device: str) -> str:
    """The component's name, else its class, else its id, with the unit behind it."""
    for said in (part.get("name"), part.get("device_class"), part.get("object_id"), key):
        if not isinstance(said, str):
            continue
        name = _OTHER.sub("_", said.lower()).strip("_")
        own = _OTHER.sub("_", device.lower()).strip("_")
        if own and name.startswith(f"{own}_"):
            name = name.removeprefix(f"{own}_")
        if unit.suffix and not name.endswith(f"_{unit.suffix}"):
            name = f"{name[: 63 - len(unit.suffix)]}_{unit.suffix}"
        for tried in (name[:64], f"value_{name}"[:64]):
            if is_metric_name(tried):
                return tried
    return f"value_{unit.suffix}" if unit.suffix else "value"


def _presences(parsed: Parsed, part: Mapping[str, Any], base: object) -> Iterator[Presence]:
    """Where a component says whether it is there."""
    listed = part.get("availability", [])
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise parsed.refuse("availability must be a list of objects")
    items = [_lengthened(item, _LONG) for item in listed[:COMPONENTS_MAX]]
    if "availability_topic" in part:
        items.append({**part, "topic": part["availability_topic"], "value_template": part.get("availability_template")})
    for item in items:
        template = item.get("value_template")
        path = path_of(template) if isinstance(template, str) else None
        if template is None or path is not None:
            available = _word(parsed, item, ("payload_available",), "online")
            gone = _word(parsed, item, ("payload_not_available",), "offline")
            yield Presence(_topic(parsed, item.get("topic"), base), path or None, available, gone)


def _topic(parsed: Parsed, topic: object, base: object) -> str:
    """A topic with its base put in."""
    if isinstance(topic, str) and isinstance(base, str):
        topic = base + topic[1:] if topic.startswith("~") else topic[:-1] + base if topic.endswith("~") else topic
    if not isinstance(topic, str) or not 0 < len(topic) <= TOPIC_CHARACTERS_MAX or topic.startswith("$"):
        raise parsed.refuse(f"a topic must be text of 1 to {TOPIC_CHARACTERS_MAX} characters")
    if any(character in topic for character in "+#\0~"):
        raise parsed.refuse("a topic must not hold wildcards")
    return topic


def _word(parsed: Parsed, part: Mapping[str, Any], keys: tuple[str, ...], usual: str) -> str:
    """The word for one of two states."""
    said = next((part[key] for key in keys if part.get(key) is not None), usual)
    if isinstance(said, bool):
        return "true" if said else "false"
    if not isinstance(said, str | int | float):
        raise parsed.refuse(f"{keys[0]} must be text")
    return str(said)[:NAME_CHARACTERS_MAX]
