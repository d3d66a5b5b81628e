"""A component of a discovery message → the readings that its topics give.

Sensors and numbers give a number, what has two states 1 or 0, and the others what they measure: a climate or water heater
its temperatures, a humidifier its humidity, a cover its position. Words (modes, actions, programmes) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign.heard import Unread
from ingest.wire.foreign.identity import snake
from ingest.wire.foreign.template import NotRead, compiled
from ingest.wire.foreign.units import Unit, unit_of

TOPIC_CHARACTERS_MAX = 256
_WORD_CHARACTERS_MAX = 128
LeftOut = tuple[str, str, str]
_NUMBERS = ("sensor", "number")
_TEXT_CLASSES = frozenset({"enum", "timestamp", "date"})


class Entity(msgspec.Struct, frozen=True, array_like=True):
    """One value under a topic. ``words``: what the states of a thing that isn't a number are called."""

    topic: str
    names: tuple[str, ...]
    """Stems that its metric may have, the best first."""
    key: str
    """Who it is, whatever it is called."""
    template: str | None = None
    suffix: str = ""
    factor: float = 1.0
    offset: float = 0.0
    words: tuple[tuple[str, float], ...] = ()
    is_number: bool = True
    """Whether anything but a number is bad input; else text is left out."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component as it was said: its key in the message, long keys, the base of its topics, the device's name."""

    key: str
    said: Mapping[str, Any]
    base: object
    label: str

    def topic(self, topic: object) -> str:
        """A topic with its base put in; raises :class:`Refused`."""
        if isinstance(topic, str) and isinstance(self.base, str):
            if topic.startswith("~"):
                topic = self.base + topic[1:]
            elif topic.endswith("~"):
                topic = topic[:-1] + self.base
        if not isinstance(topic, str) or not 0 < len(topic) <= TOPIC_CHARACTERS_MAX:
            raise Refused(RefusalReason.SCHEMA, f"a topic must be text of 1 to {TOPIC_CHARACTERS_MAX} characters")
        if topic.startswith("$"):
            raise Refused(
                RefusalReason.SCHEMA, f"the topic {topic[:60]!r} is the broker's own ($SYS), which is not subscribed to"
            )
        if any(character in topic for character in "+#\0"):
            raise Refused(
                RefusalReason.SCHEMA, f"the topic {topic[:60]!r} holds a wildcard (+, #), which no state topic may"
            )
        return topic

    def text(self, key: str) -> str | None:
        """A text, or nothing; raises :class:`Refused`."""
        said = self.said.get(key)
        if said is not None and not isinstance(said, str):
            raise Refused(RefusalReason.SCHEMA, f"{key} must be text")
        return said


@dataclass(frozen=True, slots=True)
class _Value:
    """One thing that a kind of component says: where, by which template, called how, in which unit or words."""

    topic: str
    template: str
    name: str
    unit: str | None = None
    words: tuple[tuple[tuple[str, ...], str, float], ...] = ()
    """(keys of the word, its usual form, what it stands for)."""
    usual: str | None = None
    """The template where none is given."""


_ON_OFF = ((("state_on", "payload_on"), "ON", 1.0), (("state_off", "payload_off"), "OFF", 0.0))
_LOCKED = ((("state_locked",), "LOCKED", 1.0), (("state_unlocked",), "UNLOCKED", 0.0))
_OPEN = (
    (("state_open",), "open", 1.0),
    (("state_opening",), "opening", 1.0),
    (("state_closed",), "closed", 0.0),
    (("state_closing",), "closing", 1.0),
)
_TEMPERATURES = (
    _Value("current_temperature_topic", "current_temperature_template", "current_temperature", "temperature"),
    _Value("temperature_state_topic", "temperature_state_template", "target_temperature", "temperature"),
    _Value("temperature_high_state_topic", "temperature_high_state_template", "target_temperature_high", "temperature"),
    _Value("temperature_low_state_topic", "temperature_low_state_template", "target_temperature_low", "temperature"),
)
_HUMIDITIES = (
    _Value("current_humidity_topic", "current_humidity_template", "current_humidity", "%"),
    _Value("target_humidity_state_topic", "target_humidity_state_template", "target_humidity", "%"),
)
_POWERED = _Value("power_state_topic", "power_state_template", "powered", words=_ON_OFF)
_STATE = _Value("state_topic", "value_template", "", words=_ON_OFF)
_PLATFORMS: Mapping[str, tuple[_Value, ...]] = {
    "binary_sensor": (_STATE,),
    "switch": (_STATE,),
    "siren": (_Value("state_topic", "state_value_template", "", words=_ON_OFF),),
    "light": (
        _Value("state_topic", "state_value_template", "", words=_ON_OFF),
        _Value("brightness_state_topic", "brightness_value_template", "brightness"),
    ),
    "fan": (
        _Value("state_topic", "state_value_template", "", words=_ON_OFF),
        _Value("percentage_state_topic", "percentage_value_template", "speed", "%"),
    ),
    "humidifier": (_Value("state_topic", "state_value_template", "", words=_ON_OFF), *_HUMIDITIES),
    "climate": (*_TEMPERATURES, *_HUMIDITIES, _POWERED),
    "water_heater": (*_TEMPERATURES, _POWERED),
    "lock": (_Value("state_topic", "value_template", "", words=_LOCKED),),
    "cover": (
        _Value("state_topic", "value_template", "", words=_OPEN),
        _Value("position_topic", "position_template", "position", "%"),
    ),
    "valve": (_Value("state_topic", "value_template", "", words=_OPEN),),
}
_WORDS_ONLY = ("mode_state_topic", "action_topic", "fan_mode_state_topic", "preset_mode_state_topic")


def entities_of(part: Part) -> tuple[list[Entity], list[LeftOut]]:
    """The readings of one component, and what of it is none."""
    platform = part.text("platform") or ""
    name = f"{platform} {part.key}"
    if platform in _NUMBERS:
        if "state_topic" not in part.said:
            return [], [(name, Unread.PLATFORM.value, "no state topic")]
        found: Iterator[Entity | LeftOut] = iter([_number(part, name)])
    elif platform in _PLATFORMS:
        found = _values(part, name, _PLATFORMS[platform])
    else:
        return [], [(name, Unread.PLATFORM.value, "it carries no reading that is understood here")]
    listed = list(found)
    entities = [one for one in listed if isinstance(one, Entity)]
    left_out = [one for one in listed if not isinstance(one, Entity)]
    left_out += [(f"{name} {key}", Unread.TEXT.value, "words") for key in _WORDS_ONLY if key in part.said]
    return entities, left_out or ([] if entities else [(name, Unread.PLATFORM.value, "no topic that is read here")])


def _number(part: Part, name: str) -> Entity | LeftOut:
    """A sensor or number."""
    topic = part.topic(part.said["state_topic"])
    unit_text = part.text("unit_of_measurement")
    if part.said.get("device_class") in _TEXT_CLASSES or "options" in part.said:
        return (name, Unread.TEXT.value, "words: device_class or options say so")
    template = _template(part, "value_template")
    if isinstance(template, NotRead):
        return (name, Unread.TEMPLATE.value, str(template))
    unit = unit_of(unit_text or "")
    is_number = bool(unit_text and unit_text.strip()) or part.said.get("state_class") is not None
    return _entity(part, "", topic, template, unit, is_number=is_number)


def _values(part: Part, name: str, values: tuple[_Value, ...]) -> Iterator[Entity | LeftOut]:
    """What a component of another kind says."""
    for value in _as_described(part, values):
        if value.topic not in part.said:
            continue
        topic = part.topic(part.said[value.topic])
        key = value.template if value.template in part.said or value.name else "value_template"
        template = _template(part, key)
        if isinstance(template, NotRead):
            yield (f"{name} {value.topic}", Unread.TEMPLATE.value, str(template))
            continue
        unit = unit_of(part.text("temperature_unit") or "°C" if value.unit == "temperature" else value.unit or "")
        words = tuple((_word(part, keys, usual), number) for keys, usual, number in value.words)
        yield _entity(part, value.name, topic, template or value.usual, unit, words=words)


def _as_described(part: Part, values: tuple[_Value, ...]) -> Iterator[_Value]:
    """What a kind of component says, where a light says it in one JSON object, and a valve only how far it is open."""
    if part.said.get("schema") == "json":
        yield replace(values[0], usual="{{ value_json.state }}")
        if part.said.get("brightness"):
            yield _Value("state_topic", "", "brightness", usual="{{ value_json.brightness }}")
        yield from values[1:]
    elif part.said.get("reports_position"):
        yield _Value("state_topic", "value_template", "position", "%")
    else:
        yield from values


def _entity(
    part: Part,
    name: str,
    topic: str,
    template: str | None,
    unit: Unit,
    *,
    words: tuple[tuple[str, float], ...] = (),
    is_number: bool = True,
) -> Entity:
    """One reading, with the names that its metric may have."""
    unique = next((str(part.said[k]) for k in ("unique_id", "object_id", "default_entity_id") if isinstance(part.said.get(k), str)), part.key)  # fmt: skip
    own = [] if name else [part.said.get("name"), part.said.get("device_class")]
    stems = [_without(stem, snake(part.label)) for said in own if isinstance(said, str) and (stem := snake(said))]
    whole = snake(unique) or snake(part.key)
    tail = f"{whole}_{name}" if name and whole else name or whole
    names = tuple(dict.fromkeys(filter(None, ([name] if name else stems[:1]) + [tail])))
    return Entity(topic, names, f"{unique}\n{name}", template, unit.suffix, unit.factor, unit.offset, words, is_number)


def _without(stem: str, label: str) -> str:
    """A name without that of its device before it."""
    return stem.removeprefix(f"{label}_") if label and stem != label else stem


def _template(part: Part, key: str) -> str | NotRead | None:
    """A template that is read here, nothing where there is none, or why it isn't."""
    text = part.text(key)
    if text is None or not text.strip():
        return None
    try:
        compiled(text)
    except NotRead as sentence:
        return sentence
    return text


def _word(part: Part, keys: tuple[str, ...], usual: str) -> str:
    """The word for a state, as text."""
    said = next((part.said[key] for key in keys if part.said.get(key) is not None), usual)
    if isinstance(said, bool):
        return "true" if said else "false"
    if not isinstance(said, str | int | float):
        raise Refused(RefusalReason.SCHEMA, f"{keys[0]} must be text")
    return str(said)[:_WORD_CHARACTERS_MAX]
