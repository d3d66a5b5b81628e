"""What was learned from discovery messages: which topics are whose, and how their payloads are read. Bounded.

One object serves all decoders of a process. A description touches its own topics only, so that many cost no more each than
few. Beyond the bound a new one takes the place of that which was described longest ago among those whose topics nobody has
used: what is read is never locked out by what is not. It outlives the process as all that is remembered (memory.py).

Who describes is known by the level of the description's topic that the broker's access list ties to an account. A topic that
bears that level is its own, whoever described it first. A device belongs to the level that bears its name, else to the one that
described it first; another level adds to it only where it speaks under the device's own topics, and is a device of its own
otherwise. A level has a
bounded part of the room, and where all is used the one that holds most gives way.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from ingest.wire.foreign.discovery_config import Configuration, Group, Presence
from ingest.wire.foreign.discovery_entities import Entity
from ingest.wire.foreign.identity import Claims, hash_of, metric_name
from ingest.wire.foreign.memory import Kept, Learned

CONFIGURATIONS_MAX = 10_000
TOPICS_MAX = 10_000
OF_LEVEL_MAX = 2_500
"""Descriptions of one level; a bridge may describe all its devices under one."""
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


_DESCRIPTION, _CLAIM = "description\n", "claim\n"


class _Kept(msgspec.Struct):
    """All of it in the file of an earlier version."""

    configurations: dict[str, Configuration] = {}
    claims: dict[str, str] = {}


class Discovery:
    """Configurations by the topic that they came under. One thread learns, any may read."""

    name = "discovery"

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
        self._of_level: Counter[str] = Counter()
        self._news: dict[str, None] = {}

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
        if configuration is not None:
            configuration = self._kept_apart(configuration)
            if before == configuration:
                return None
        new_topics = () if configuration is None else _topics_of(configuration)
        if len(new_topics) > TOPICS_MAX:
            return f"it names more than {TOPICS_MAX} topics"
        self._forget(topic)
        if configuration is not None and new_topics and (trouble := self._make_room(configuration.level, new_topics)):
            return trouble
        if configuration is not None and (new_topics or configuration.left_out):
            self._remember(topic, configuration)
        self.revision += 1
        return None

    def _kept_apart(self, configuration: Configuration) -> Configuration:
        """The description, under a device of its own where it has no right to the one that it names."""
        device, level = configuration.device, configuration.level
        if not level or self.claims.of("device", device, level):
            return configuration
        if device.rpartition("/")[2] == level:
            self._give_back(configuration)
            return configuration
        bases = {_base(entity.topic) for one in self._of_device.get(device, {}).values() for entity in one.entities}
        if not bases or all(_base(entity.topic) in bases for entity in configuration.entities):
            return configuration
        return msgspec.structs.replace(configuration, device=f"{device}@{level}")

    def _give_back(self, configuration: Configuration) -> None:
        """A device goes to the level that bears its name; what others described of it under other topics is theirs."""
        device, level = configuration.device, configuration.level
        self.claims.take("device", device, level)
        bases = {_base(entity.topic) for entity in configuration.entities}
        for key, one in list(self._of_device.get(device, {}).items()):
            if one.level != level and not all(_base(entity.topic) in bases for entity in one.entities):
                self._forget(key)
                self._remember(key, msgspec.structs.replace(one, device=f"{device}@{one.level}"))

    def _make_room(self, level: str, new_topics: tuple[str, ...]) -> str | None:
        """Let others give way until there is room; a sentence where there is none."""
        while self._of_level[level] >= OF_LEVEL_MAX:
            useless = self._useless(level)
            if useless is None:
                return f"{level} has {OF_LEVEL_MAX} descriptions in use"
            self._forget(useless)
        while self._is_full(new_topics):
            largest, count = self._of_level.most_common(1)[0]
            useless = self._useless(largest) or self._useless(None)
            if useless is None and count > self._of_level[level] + 1:
                useless = next(key for key, one in self._configurations.items() if one.level == largest)
            if useless is None:
                return f"{CONFIGURATIONS_MAX} descriptions with {TOPICS_MAX} topics are in use"
            self._forget(useless)
        return None

    def _useless(self, level: str | None) -> str | None:
        """The oldest description, of a level or of any, whose topics nobody has used."""
        return next(
            (
                key
                for key, one in self._configurations.items()
                if level in {None, one.level} and self._used.isdisjoint(_topics_of(one))
            ),
            None,
        )

    def learned(self) -> Learned:
        """Descriptions that came, changed or went, and names that were taken."""
        news, self._news = self._news, {}
        said: Learned = {_CLAIM + key: owner.encode() for key, owner in self.claims.learned().items()}
        for topic in news:
            known = self._configurations.get(topic)
            said[_DESCRIPTION + topic] = None if known is None else msgspec.json.encode(known)
        return said

    def remember(self, kept: Kept) -> None:
        """Go on with all descriptions and names that were known."""
        self.claims.load(
            {key.removeprefix(_CLAIM): owner.decode() for key, owner in kept.items() if key.startswith(_CLAIM)}
        )
        described = {
            key.removeprefix(_DESCRIPTION): msgspec.json.decode(said, type=Configuration)
            for key, said in kept.items()
            if key.startswith(_DESCRIPTION)
        }
        if described:
            for topic in list(self._configurations):
                self._forget(topic)
            self._take_all(described)
            self._news.clear()

    def load(self, data: bytes) -> bool:
        """Take over the file of an earlier version; False, and nothing changed, where it is something else."""
        try:
            kept = msgspec.json.decode(data, type=_Kept)
        except msgspec.MsgspecError:
            return False
        self.claims.load(kept.claims, is_news=True)
        self._take_all(kept.configurations)
        return True

    def _take_all(self, configurations: Mapping[str, Configuration]) -> None:
        """Know these."""
        for topic, configuration in configurations.items():
            self._forget(topic)
            self._remember(topic, configuration)
        self.revision += 1

    def _is_full(self, new_topics: tuple[str, ...]) -> bool:
        """Whether there is no room for one more with these topics."""
        more = sum(topic not in self._topics for topic in new_topics)
        return len(self._configurations) >= CONFIGURATIONS_MAX or len(self._topics) + more > TOPICS_MAX

    def _remember(self, key: str, configuration: Configuration) -> None:
        """Add one."""
        self._configurations[key] = configuration
        self._of_level[configuration.level] += 1
        self._news.pop(key, None)
        self._news[key] = None
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
        self._of_level[configuration.level] -= 1
        self._news[key] = None
        of_device = self._of_device[configuration.device]
        del of_device[key]
        if not of_device:
            del self._of_device[configuration.device]
        for topic in _topics_of(configuration):
            del self._under[topic][key]
            self._look(topic)

    def _look(self, topic: str) -> None:
        """Work out anew what one topic carries.

        A state topic belongs to the device whose level it bears, else to the one that was first; a presence may be that of
        many, as a bridge's is.
        """
        under = self._under[topic]
        if not under:
            del self._under[topic], self._topics[topic]
            self._used.discard(topic)
            return
        with_state = [one for one in under.values() if any(entity.topic == topic for entity in one.entities)]
        with_state.sort(key=lambda one: not _is_at_home(one, topic))
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


def _is_at_home(configuration: Configuration, topic: str) -> bool:
    """Whether a topic bears the level under which it was described."""
    return bool(configuration.level) and configuration.level in topic.split("/")


def _base(topic: str) -> str:
    """The first levels of a topic, which those of one device share."""
    levels = topic.split("/")
    return "/".join(levels[: max(1, min(2, len(levels) - 1))])
