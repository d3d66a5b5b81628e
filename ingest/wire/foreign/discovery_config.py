"""A Home Assistant discovery message → what it says of topics: names, units, templates. Both forms, long and abbreviated keys.

A device is who its identifiers say, else its connections, else the node id of the topic, else its name, else the object id;
its name is for people. All of its identifiers and connections count: identities.py finds out which device they are. What of
a description can't be read stands in ``left_out`` with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign.discovery_entities import TOPIC_CHARACTERS_MAX, Entity, Part, entities_of
from ingest.wire.foreign.discovery_keys import lengthened, lengthened_device
from ingest.wire.foreign.heard import Unread
from ingest.wire.foreign.identity import hash_of, hashed
from ingest.wire.foreign.odd_json import Odd
from ingest.wire.foreign.template import NotRead, compiled

COMPONENTS_MAX = 256
NAME_CHARACTERS_MAX = 128
ALIASES_MAX = 32
_SHARED = ("availability", "availability_topic", "availability_template", "availability_mode", "payload_available", "payload_not_available", "state_topic")  # fmt: skip
"""What a device message says once for all of its components."""
IDENTIFIER, _CONNECTION = "identifier", "connection"
_MAC = re.compile(r"[0-9a-f]{12}")
_MODES = ("all", "any", "latest")


class Presence(msgspec.Struct, frozen=True, array_like=True):
    """A topic that says whether the device is there."""

    topic: str
    template: str | None
    available: str
    gone: str


class Group(msgspec.Struct, frozen=True, array_like=True):
    """Topics that say it together: ``all`` must, ``any`` may, or the ``latest`` counts."""

    mode: str
    presences: tuple[Presence, ...]


class Configuration(msgspec.Struct, frozen=True, array_like=True):
    """What one discovery message says. ``device`` is its identity, ``label`` its name for people."""

    device: str
    entities: tuple[Entity, ...]
    groups: tuple[Group, ...] = ()
    label: str = ""
    left_out: tuple[tuple[str, str, str], ...] = ()
    """(what, reason, said)."""
    level: str = ""
    """The level of its topic that the broker ties to whoever sends it: the node, else the object."""
    aliases: tuple[str, ...] = ()
    """All names that it has for its device, each in a space of its own: see :func:`text_of`."""
    has_node: bool = False
    """Whether its topic has a node."""


def read_configuration(raw: Mapping[str, Any], platform: str, node_id: str, object_id: str) -> Configuration:
    """What a payload under ``homeassistant/PLATFORM/[NODE/]OBJECT/config`` says."""
    raw = lengthened(raw)
    aliases, label = _device(raw, node_id, object_id)
    left_out: list[tuple[str, str, str]] = []
    entities: list[Entity] = []
    groups: dict[Group, None] = {}
    for part in _parts(raw, platform, object_id, label, left_out):
        try:
            made, missed = entities_of(part)
        except Refused as refused:  # an odd component loses only itself
            if platform != "device":
                raise
            made, missed = [], [(part.key, Unread.UNKNOWN.value, refused.detail)]
        entities += made
        left_out += missed
        if made:
            group, missed = _group_of(part)
            groups.update({group: None} if group.presences else {})
            left_out += missed
    level = node_id or object_id
    return Configuration(
        name_of(aliases[0]), tuple(entities), tuple(groups), label, tuple(left_out), level, aliases, bool(node_id)
    )


def text_of(alias: str) -> str:
    """A name of a device without the space that it is of: identifiers, connections, names for people."""
    return alias.partition(":")[2]


def name_of(alias: str) -> str:
    """What a device is called by one of its names; what is lost would make two devices one.

    >>> name_of("identifier:wm_0815"), name_of("identifier:kitchen/wm")
    ('wm_0815', 'kitchen_wm_0db5b1f1')
    """
    text = text_of(alias)
    safe = text.replace("/", "_")
    if safe != text or len(safe) > NAME_CHARACTERS_MAX or not text.isprintable():
        safe = hashed(safe, text, NAME_CHARACTERS_MAX)
    return safe


def key_of(alias: str) -> str:
    """A name by which it is remembered: short, and a network address the same in all of its spellings.

    >>> key_of("connection:mac_5c:cf:7f:00:11:22") == key_of("connection:mac_5ccf.7f00.1122")
    True
    """
    if alias.startswith(f"{_CONNECTION}:mac_") and _MAC.fullmatch(digits := re.sub(r"[:.-]", "", text_of(alias)[4:])):
        return f"{_CONNECTION}:mac_{digits}"
    if len(alias) <= NAME_CHARACTERS_MAX and alias.isprintable():
        return alias
    return f"{alias.partition(':')[0]}:{hashed(text_of(alias), alias, NAME_CHARACTERS_MAX)}{hash_of(alias, 24)}"


def _parts(
    raw: Mapping[str, Any], platform: str, object_id: str, label: str, left_out: list[tuple[str, str, str]]
) -> Iterator[Part]:
    """The components of a message; what is none is added to what is left out."""
    base = raw.get("~")
    if platform != "device":
        yield Part(object_id, {**raw, "platform": platform}, base, label)
        return
    components = raw.get("components")
    if not isinstance(components, dict) or len(components) > COMPONENTS_MAX:
        raise Refused(RefusalReason.SCHEMA, f"components must be an object of at most {COMPONENTS_MAX}")
    shared = {key: raw[key] for key in _SHARED if key in raw}
    for key, part in components.items():
        if not isinstance(part, dict):
            left_out.append((key, Unread.UNKNOWN.value, "a component must be an object"))
            continue
        own = lengthened(part)
        if own.keys() - {"platform"}:  # a component with nothing but its platform is one that was removed
            yield Part(key, shared | own, own.get("~", base), label)


def _device(raw: Mapping[str, Any], node_id: str, object_id: str) -> tuple[tuple[str, ...], str]:
    """(all names of the device, its name for people)."""
    device = raw.get("device", {})
    if not isinstance(device, dict):
        raise Refused(RefusalReason.SCHEMA, "device must be an object")
    device = lengthened_device(device)
    name = device.get("name")
    label = name.strip()[:NAME_CHARACTERS_MAX] if isinstance(name, str) else ""
    said = [*_identifiers(device.get("identifiers")), *_connections(device.get("connections"))]
    if not said:
        said = [f"{IDENTIFIER}:{node_id}" if node_id else f"name:{label}" if label else f"{IDENTIFIER}:{object_id}"]
    aliases = tuple(dict.fromkeys(said))[:ALIASES_MAX]
    return aliases, label or text_of(aliases[0])[:NAME_CHARACTERS_MAX]


def _identifiers(said: object) -> Iterator[str]:
    """All identifiers that are some."""
    for one in said if isinstance(said, list) else [said]:
        if isinstance(one, str | int) and str(one).strip():
            yield f"{IDENTIFIER}:{str(one).strip()}"


def _connections(said: object) -> Iterator[str]:
    """All connections, as ``mac`` and its address."""
    for one in said if isinstance(said, list) else []:
        if isinstance(one, list) and len(one) == len(("kind", "address")) and all(isinstance(x, str) for x in one):
            yield f"{_CONNECTION}:{one[0]}_{one[1]}".lower()


def _group_of(part: Part) -> tuple[Group, list[tuple[str, str, str]]]:
    """The availability of a component, empty where it can't be read: an odd one loses only itself."""
    try:
        return _group(part)
    except Refused as refused:
        return Group("latest", ()), [(f"{part.key} availability", Unread.UNKNOWN.value, refused.detail)]


def _group(part: Part) -> tuple[Group, list[tuple[str, str, str]]]:
    """Where a component says whether it is there, and what of that can't be read."""
    mode = part.said.get("availability_mode", "latest")
    if mode not in _MODES:
        raise Refused(RefusalReason.SCHEMA, "availability_mode must be all, any or latest")
    presences, left_out = [], []
    for item in _availabilities(part):
        template = item.get("value_template")
        if template is not None and not isinstance(template, str):
            raise Refused(RefusalReason.SCHEMA, "an availability's value_template must be text")
        topic = part.topic(item.get("topic"))
        try:
            if template is not None:
                compiled(template)
        except NotRead as sentence:
            left_out.append((f"{part.key} availability", Unread.TEMPLATE.value, str(sentence)))
            continue
        available, gone = (
            word(item.get("payload_available"), "online"),
            word(item.get("payload_not_available"), "offline"),
        )
        presences.append(Presence(topic, template, available, gone))
    return Group(mode, tuple(presences)), left_out


def _availabilities(part: Part) -> list[dict[str, Any]]:
    """Each availability of a component."""
    listed = part.said.get("availability", [])
    listed = [listed] if isinstance(listed, dict) else listed
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise Refused(RefusalReason.SCHEMA, "availability must be a list of objects")
    items = [lengthened(item) for item in listed[:COMPONENTS_MAX]]
    if "availability_topic" in part.said:
        template = part.said.get("availability_template")
        items.append({**part.said, "topic": part.said["availability_topic"], "value_template": template})
    return items


def word(said: object, usual: str) -> str:
    """A payload that stands for something, as text."""
    if said is None:
        return usual
    if isinstance(said, bool):
        return "true" if said else "false"
    if isinstance(said, Odd) or not isinstance(said, str | int | float):
        raise Refused(RefusalReason.SCHEMA, "the words for a state must be text")
    return str(said)[:NAME_CHARACTERS_MAX]


__all__ = ["TOPIC_CHARACTERS_MAX", "Configuration", "Group", "Presence", "read_configuration"]
