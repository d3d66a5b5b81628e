"""Home Assistant MQTT discovery: ``homeassistant/.../config`` says which topics carry what, and those are read.

Names, units and topics come from the configuration (discovery_config.py); an empty payload removes it. Templates are read in
their closed forms and never run (template.py). A topic that another codec reads is that codec's, and what a description finds
in it besides is added. Values carry no time: the time of arrival counts. Words for "no value" (``unknown``, ``unavailable``,
``None``, nothing) are passed over. A presence that many devices share, as a bridge's, speaks for all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import msgspec

from ingest.sample import StatusState
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.discovery import Discovery, Known
from ingest.wire.foreign.discovery_config import Configuration, Group, Presence, read_configuration
from ingest.wire.foreign.discovery_entities import Entity
from ingest.wire.foreign.heard import UNSAID, Heard, Unread
from ingest.wire.foreign.memory import Kept, Learned
from ingest.wire.foreign.number_text import is_no_value, number_of, plain_number_of
from ingest.wire.foreign.odd_json import Odd, read_object, read_text
from ingest.wire.foreign.readings import Readings
from ingest.wire.foreign.surroundings import Surroundings
from ingest.wire.foreign.template import Scope, TemplateError, compiled
from ingest.wire.foreign.template_values import UNDEFINED
from ingest.wire.message import Message
from ingest.wire.status import StatusMessage

_ROOT = "homeassistant"
_LEVELS = (4, 5)
_DEVICES_MAX = 20_000


class HomeAssistantCodec:
    """Devices that describe themselves for Home Assistant. ``is_learning``: whether this decoder takes in descriptions."""

    name = "homeassistant"
    roots: tuple[str, ...] = (_ROOT,)

    def __init__(
        self,
        discovery: Discovery | None = None,
        *,
        is_learning: bool = True,
        patterns: tuple[str, ...] = (),
        mapped: frozenset[str] = frozenset(),
    ) -> None:
        self._discovery = Discovery() if discovery is None else discovery
        self._is_learning = is_learning
        self._prefixes = (_ROOT, *(prefix.strip("/") for prefix in patterns))
        self._mapped = mapped
        self._present: OrderedDict[str, dict[Presence, bool]] = OrderedDict()
        """Device → what each of its presence topics said last, the newest at the end."""
        self._news: set[str] = set()

    @property
    def revision(self) -> int:
        """Changes when a topic may be another's than before."""
        return self._discovery.revision

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters of the descriptions; what they name is subscribed to as it is learned (learned_topics.py)."""
        return tuple(f"{prefix}/{levels}/config" for prefix in self._prefixes for levels in ("+/+", "+/+/+"))

    def device_of(self, topic: str) -> str | None:
        """``homeassistant/IDENTITY`` for a topic that a description names; nobody for descriptions, and a shared presence."""
        if self._config_levels(topic):
            return ""
        known = self._discovery.topics().get(topic)
        if known is None:
            return None
        return self._name(known.device) if known.entities or len(known.sharers) == 1 else ""

    def decode(self, topic: str, payload: bytes, device: Device, heard: Heard = UNSAID) -> Message | None:
        """Learn from a description, or read a value."""
        del device
        if levels := self._config_levels(topic):
            self._describe(topic, levels, payload, heard)
            return None
        known = self._discovery.topics().get(topic)
        if known is None:
            return None
        self._discovery.use(topic)
        scope = Scope(read_text(payload))
        if known.presences and (status := self._status(known, scope, heard)):
            return status
        for other in known.not_ours:
            heard.leave_out(f"described for {other} as well", Unread.TOPIC_SHARED)
        if not known.is_near and heard.device not in ("", self.device_of(topic)):
            heard.leave_out(f"described for {known.device} as well", Unread.TOPIC_SHARED)
            return None
        readings = Readings(heard)
        for metric, entity in known.entities:
            _take(metric, entity, _said(entity.template, scope, entity.names[0], readings), readings)
        return readings.message(None)

    def learned(self) -> Learned:
        """What presence topics have said."""
        news, self._news = self._news, set()
        return {
            name: msgspec.json.encode(list(self._present[name].items())) if name in self._present else None
            for name in news
        }

    def remember(self, kept: Kept) -> None:
        """Go on from what they had said."""
        said = {name: msgspec.json.decode(text, type=list[tuple[Presence, bool]]) for name, text in kept.items()}
        self._present.update({name: dict(pairs) for name, pairs in said.items()})

    def _name(self, device: str) -> str:
        """A device as the devices file writes it: by any of its names, by that for people only where it is the first with it."""
        if self._mapped:
            for names in (self._discovery.names_of, self._discovery.labels_of):
                if whole := next((one for name in names(device) if (one := f"{_ROOT}/{name}") in self._mapped), None):
                    return whole
        return f"{_ROOT}/{device}"

    def _config_levels(self, topic: str) -> list[str]:
        """The levels of a topic under which descriptions come, from the root on; none of any other."""
        for prefix in self._prefixes:
            if topic.startswith(f"{prefix}/") and topic.endswith("/config"):
                levels = [prefix, *topic.removeprefix(f"{prefix}/").split("/")]
                if len(levels) in _LEVELS:
                    return levels
        return []

    def _describe(self, topic: str, levels: list[str], payload: bytes, heard: Heard) -> None:
        """One description, or its end."""
        configuration: Configuration | None = None
        if payload:
            node_id = levels[2] if len(levels) == max(_LEVELS) else ""
            configuration = read_configuration(read_object(payload), levels[1], node_id, levels[-2])
        if not self._is_learning:
            return
        trouble = self._discovery.learn(topic, configuration)
        if configuration is not None and heard.notebook is not None:
            name = self._name((self._discovery.described(topic) or configuration).device)
            for what, why, said in configuration.left_out:
                heard.notebook.leave_out(name, what, Unread(why), said)
        if trouble:
            raise Refused(RefusalReason.SCHEMA, trouble)

    def _status(self, known: Known, scope: Scope, heard: Heard) -> StatusMessage | None:
        """What a presence topic says of its devices; ``None`` for a word that was not agreed."""
        changed: dict[StatusState, list[str]] = {}
        said = {presence: _presence(presence, scope) for presence in known.presences}
        if all(state is None for state in said.values()):
            heard.leave_out("availability", Unread.TEXT, scope["value"])
            return None
        for device in known.sharers:
            present = self._present.setdefault(device, {})
            self._present.move_to_end(device)
            self._news.add(device)
            for presence, state in said.items():
                if state is not None:
                    present.pop(presence, None)
                    present[presence] = state
            is_there = _is_there(self._discovery.groups_of(device), present)
            if is_there is not None:
                changed.setdefault(StatusState.ONLINE if is_there else StatusState.OFFLINE, []).append(device)
        while len(self._present) > _DEVICES_MAX:
            self._news.add(self._present.popitem(last=False)[0])
        if len(known.sharers) == 1 or known.entities:
            own = next((state for state, names in changed.items() if known.device in names), None)
            return None if own is None else StatusMessage(own)
        return self._of_many(changed, heard)

    def _of_many(self, changed: dict[StatusState, list[str]], heard: Heard) -> StatusMessage | None:
        """One word for all devices that were heard behind a shared topic; the bad one where it is not the same for all."""
        state = StatusState.OFFLINE if StatusState.OFFLINE in changed else StatusState.ONLINE
        behind = {who for device in changed.get(state, ()) for who in heard.named(self._name(device))}
        if not behind:
            return None
        return StatusMessage(state if state is StatusState.OFFLINE else None, of=tuple(sorted(behind)))


def make(surroundings: Surroundings) -> HomeAssistantCodec:
    """A codec for one thread."""
    return HomeAssistantCodec(
        surroundings.discovery,
        is_learning=surroundings.is_learning,
        patterns=surroundings.patterns,
        mapped=surroundings.mapped,
    )


def _presence(presence: Presence, scope: Scope) -> bool | None:
    """Whether a presence says that its device is there; nothing for another word."""
    try:
        said = scope["value"] if presence.template is None else compiled(presence.template).of(scope)
    except TemplateError:
        return None
    word = str(said).lower() if isinstance(said, bool) else str(said).strip()
    return {presence.gone: False, presence.available: True}.get(word)


def _is_there(groups: list[Group], present: dict[Presence, bool]) -> bool | None:
    """Whether a device is there, by what its topics said; nothing where that is not known yet. One group suffices."""
    said = [state for group in groups if (state := _of_group(group, present)) is not None]
    return any(said) if said else None


def _of_group(group: Group, present: dict[Presence, bool]) -> bool | None:
    """What topics say together."""
    heard = [(presence, state) for presence, state in present.items() if presence in group.presences]
    states = [state for _, state in heard]
    if not states:
        return None
    if group.mode == "latest":
        return states[-1]
    if group.mode == "any":
        return True if any(states) else False if len(states) == len(group.presences) else None
    return False if not all(states) else True if len(states) == len(group.presences) else None


def _said(template: str | None, scope: Scope, what: str, readings: Readings) -> Any:
    """What an entity says in a payload; undefined, and noted, where that can't be worked out."""
    if template is None:
        return scope["value"]
    if is_no_value(scope["value"]):
        return None
    try:
        return compiled(template).of(scope)
    except TemplateError as error:
        readings.leave_out(what, Unread.ABSENT if "not there" in str(error) else Unread.NO_NUMBER, str(error))
        return None


def _take(metric: str, entity: Entity, said: Any, readings: Readings) -> None:
    """One value in our unit."""
    what = entity.names[0] if entity.names else metric
    if said is UNDEFINED:
        readings.leave_out(what, Unread.ABSENT)
    elif said is None or (isinstance(said, str) and is_no_value(said)):
        return
    elif entity.words:
        value = next(_matching(entity, said), None)
        if value is None:
            readings.leave_out(what, Unread.TEXT, said)
        else:
            readings.take(metric, value, what=what)
    elif isinstance(said, str):
        number = number_of(said) if entity.is_number else plain_number_of(said)
        if number is None:
            readings.leave_out(what, Unread.NO_NUMBER if entity.is_number else Unread.TEXT, said)
        else:
            readings.take(metric, number * entity.factor + entity.offset, what=what)
    elif isinstance(said, bool | Odd) or not isinstance(said, int | float):
        readings.leave_out(what, Unread.NO_NUMBER, said)
    else:
        readings.take(metric, float(said) * entity.factor + entity.offset, what=what)


def _matching(entity: Entity, said: Any) -> Iterator[float]:
    """The values whose word this is: the described ones, else true and false."""
    word = str(said).strip()
    for known, value in entity.words:
        number = number_of(known)
        is_same = isinstance(said, int | float) and not isinstance(said, bool) and number == said
        if word == known or is_same or (isinstance(said, bool) and word.lower() == known.lower()):
            yield value
    if word.lower() in ("true", "false"):
        yield float(word.lower() == "true")
