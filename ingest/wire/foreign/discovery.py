"""What was learned from discovery messages: which topics are whose, and how their payloads are read. Bounded.

One object serves all decoders of a process. A description touches its own topics only, so that many cost no more each than
few. Beyond the bound a new one takes the place of that which was described longest ago among those whose topics nobody has
used: what is read is never locked out by what is not. Whoever keeps it over a restart writes :meth:`Discovery.to_bytes`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from ingest.wire.foreign.discovery_config import Configuration, Group, Presence
from ingest.wire.foreign.discovery_entities import Entity
from ingest.wire.foreign.identity import Claims, hash_of, metric_name

CONFIGURATIONS_MAX = 10_000
TOPICS_MAX = 10_000
_SHARERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What one topic carries, and of which device: (metric, entity) each, and the presence of these devices."""

    device: str
    label: str = ""
    entities: tuple[tuple[str, Entity], ...] = ()
    presences: tuple[Presence, ...] = ()
    sharers: tuple[str, ...] = ()
    """The devices of which its presences speak."""
    not_ours: tuple[str, ...] = ()
    """Other devices that were described under this topic."""


class _Kept(msgspec.Struct):
    """All of it in a file."""

    configurations: dict[str, Configuration] = {}
    claims: dict[str, str] = {}


class Discovery:
    """Configurations by the topic that they came under. One thread learns, any may read."""

    def __init__(self) -> None:
        self.claims = Claims()
        self.revision = 0
        """Grows with each change of what topics mean."""
        self._configurations: OrderedDict[str, Configuration] = OrderedDict()
        self._topics: dict[str, Known] = {}
        self._under: dict[str, dict[str, Configuration]] = {}
        """Topic → the configurations that name it, by theirs."""
        self._of_device: dict[str, dict[str, Configuration]] = {}
        self._used: set[str] = set()

    @property
    def changes(self) -> int:
        """Grows with all that is worth keeping."""
        return self.revision + self.claims.changes

    def topics(self) -> Mapping[str, Known]:
        """What is known, by topic."""
        return self._topics

    def topic_names(self) -> list[str]:
        """All topics that are known now; safe while another thread learns."""
        return list(self._topics)

    def groups_of(self, device: str) -> list[Group]:
        """Where a device says whether it is there."""
        listed = (group for one in self._of_device.get(device, {}).values() for group in one.groups)
        return list(dict.fromkeys(listed))

    def use(self, topic: str) -> None:
        """A message came under a topic: whoever described it is useful."""
        self._used.add(topic)

    def learn(self, topic: str, configuration: Configuration | None) -> str | None:
        """Take in what came under a config topic, None to forget it; a sentence where that can't be done."""
        before = self._configurations.get(topic)
        if before == configuration:
            return None
        new_topics = () if configuration is None else _topics_of(configuration)
        if len(new_topics) > TOPICS_MAX:
            return f"it names more than {TOPICS_MAX} topics"
        self._forget(topic)
        while new_topics and self._is_full(new_topics):
            useless = next(
                (key for key, one in self._configurations.items() if self._used.isdisjoint(_topics_of(one))), None
            )
            if useless is None:
                return f"{CONFIGURATIONS_MAX} descriptions with {TOPICS_MAX} topics are in use"
            self._forget(useless)
        if configuration is not None and (new_topics or configuration.left_out):
            self._remember(topic, configuration)
        self.revision += 1
        return None

    def to_bytes(self) -> bytes:
        """All of it, for a file."""
        return msgspec.json.encode(_Kept(dict(self._configurations), self.claims.to_mapping()))

    def load(self, data: bytes) -> bool:
        """Take over what :meth:`to_bytes` wrote; False, and nothing changed, where it is something else."""
        try:
            kept = msgspec.json.decode(data, type=_Kept)
        except msgspec.MsgspecError:
            return False
        self.claims.load(kept.claims)
        for topic, configuration in kept.configurations.items():
            self._forget(topic)
            self._remember(topic, configuration)
        self.revision += 1
        return True

    def _is_full(self, new_topics: tuple[str, ...]) -> bool:
        """Whether there is no room for one more with these topics."""
        more = sum(topic not in self._topics for topic in new_topics)
        return len(self._configurations) >= CONFIGURATIONS_MAX or len(self._topics) + more > TOPICS_MAX

    def _remember(self, key: str, configuration: Configuration) -> None:
        """Add one."""
        self._configurations[key] = configuration
        self._of_device.setdefault(configuration.device, {})[key] = configuration
        for topic in _topics_of(configuration):
            self._under.setdefault(topic, {})[key] = configuration
            if not self._join(topic, configuration):
                self._look(topic)

    def _join(self, topic: str, configuration: Configuration) -> bool:
        """Add one more that shares the presence topic of a bridge, without looking at all others; False for any other."""
        known = self._topics.get(topic)
        if known is None or any(entity.topic == topic for entity in configuration.entities):
            return False
        said = [p for group in configuration.groups for p in group.presences if p.topic == topic]
        presences = tuple(dict.fromkeys((*known.presences, *said)))
        is_told = configuration.device in known.sharers or len(known.sharers) >= _SHARERS_MAX
        sharers = known.sharers if is_told else (*known.sharers, configuration.device)
        self._topics[topic] = replace(known, presences=presences, sharers=sharers)
        return True

    def _forget(self, key: str) -> None:
        """Take one away."""
        configuration = self._configurations.pop(key, None)
        if configuration is None:
            return
        of_device = self._of_device[configuration.device]
        del of_device[key]
        if not of_device:
            del self._of_device[configuration.device]
        for topic in _topics_of(configuration):
            del self._under[topic][key]
            self._look(topic)

    def _look(self, topic: str) -> None:
        """Work out anew what one topic carries.

        A state topic belongs to the device that was first; a presence may be that of many, as a bridge's is.
        """
        under = self._under[topic]
        if not under:
            del self._under[topic], self._topics[topic]
            self._used.discard(topic)
            return
        with_state = [one for one in under.values() if any(entity.topic == topic for entity in one.entities)]
        first = with_state[0] if with_state else next(iter(under.values()))
        known = Known(first.device, first.label)
        metrics: dict[str, Entity] = {}
        for one in with_state:
            if one.device == first.device:
                for entity in one.entities:
                    if entity.topic == topic:
                        metrics.setdefault(self._metric(first.device, entity), entity)
        presences = {
            presence: None
            for one in under.values()
            for group in one.groups
            for presence in group.presences
            if presence.topic == topic
        }
        sharers = {
            one.device: None
            for one in under.values()
            if any(presence.topic == topic for group in one.groups for presence in group.presences)
        }
        self._topics[topic] = replace(
            known,
            entities=tuple(metrics.items()),
            presences=tuple(presences),
            sharers=tuple(sharers)[:_SHARERS_MAX],
            not_ours=tuple({one.device: None for one in with_state if one.device != first.device}),
        )

    def _metric(self, device: str, entity: Entity) -> str:
        """The metric of an entity: the first of its names that no other entity of the device holds, else a hashed one."""
        space = f"metric {device}"
        for stem in entity.names:
            name = metric_name(stem, entity.suffix)
            if name is not None and self.claims.of(space, name, entity.key):
                return name
        stem = f"{(entity.names or ('value',))[0][:40]}_{hash_of(entity.key)}"
        return metric_name(stem, entity.suffix) or f"value_{hash_of(entity.key)}"


def _topics_of(configuration: Configuration) -> tuple[str, ...]:
    """All topics that a configuration names."""
    named = [entity.topic for entity in configuration.entities]
    named += [presence.topic for group in configuration.groups for presence in group.presences]
    return tuple(dict.fromkeys(named))
