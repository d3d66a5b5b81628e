"""What was learned from discovery messages: which topics are whose, and how their payloads are read. Bounded.

One object serves all decoders of a process. A description touches its own topics only, so that many cost no more each than
few. Beyond the bound a new one takes the place of that which was described longest ago among those whose topics nobody has
used: what is read is never locked out by what is not. It outlives the process as all that is remembered (memory.py).

Who describes is known by the level of the description's topic that the broker's access list ties to an account. A topic is
read as the level nearest to it describes it, and a device belongs to the level nearest to it (ownership.py, identities.py), in
whatever order they came: only of equals the first. ``assigned`` is the operator's word, before all of that. A level has a bounded
part of the room, and where all is used the one that holds most gives way. The same holds for names (claims.py).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from ingest.wire.foreign.claims import Claims
from ingest.wire.foreign.discovery_config import Configuration, Group, Presence, key_of, name_of
from ingest.wire.foreign.discovery_entities import Entity
from ingest.wire.foreign.identities import Identities
from ingest.wire.foreign.memory import Kept, Learned
from ingest.wire.foreign.metric_names import MetricNames
from ingest.wire.foreign.ownership import account_of, is_akin, rank
from ingest.wire.foreign.topic_pattern import matches

CONFIGURATIONS_MAX = 10_000
TOPICS_MAX = 10_000
OF_LEVEL_MAX = 2_500
"""Descriptions of one level; a bridge may describe all its devices under one."""
_SHARERS_MAX = 1_000
_FAR = (2, 0)
"""From here on a description is near to a topic only by what it says of itself."""


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
    is_near: bool = False
    """Whether who describes its values is near to the topic, by what can't be forged."""


_DESCRIPTION, _CLAIM = "description\n", "claim\n"


class _Kept(msgspec.Struct):
    """All of it in the file of an earlier version."""

    configurations: dict[str, Configuration] = {}
    claims: dict[str, str] = {}


class Discovery:
    """Configurations by the topic that they came under. One thread learns, any may read."""

    name = "discovery"

    def __init__(self, assigned: Mapping[str, str] | None = None) -> None:
        """``assigned``: filter of topics → the device whose they are, by any of its names."""
        self._assigned = assigned or {}
        self.claims = Claims()
        self._identities = Identities(self.claims)
        self._metrics = MetricNames(self.claims, self._identities)
        self.revision = 0
        """Grows with each change of what topics mean."""
        self._configurations: OrderedDict[str, Configuration] = OrderedDict()
        self._topics: dict[str, Known] = {}
        self._under: dict[str, dict[str, Configuration]] = {}
        """Topic → the configurations that name it, by theirs."""
        self._of_device: dict[str, dict[str, Configuration]] = {}
        self._named: dict[str, dict[str, None]] = {}
        """A name of a device → the configurations that say it."""
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

    def described(self, topic: str) -> Configuration | None:
        """What came under a config topic, with its device."""
        return self._configurations.get(topic)

    def names_of(self, device: str) -> list[str]:
        """All names by which the operator may mean a device, its own first."""
        described = self._of_device.get(device, {}).values()
        return [device, *sorted({name for one in described for name in self._own_names(one)} - {device})]

    def labels_of(self, device: str) -> list[str]:
        """Its names for people, as far as no other device that is described had them before."""
        labels: dict[str, str] = {}
        for one in self._of_device.get(device, {}).values():
            labels.setdefault(one.label, one.level)
        return [label for label, level in labels.items() if self._is_labelled(label, device, level)]

    def _is_labelled(self, label: str, device: str, level: str) -> bool:
        """Whether a name for people is that of a device, and no device's identifier."""
        if self._identities.is_identifier(label):
            return False
        if not self.claims.of("label", label, device, by=level):
            if self.claims.holder("label", label) in self._of_device:
                return False
            self.claims.take("label", label, device, by=level)
        return True

    def use(self, topic: str) -> None:
        """A message came under a topic: whoever described it is useful."""
        self._used.add(topic)

    def learn(self, topic: str, configuration: Configuration | None) -> str | None:
        """Take in what came under a config topic, None to forget it; a sentence where that can't be done."""
        before = self._configurations.get(topic)
        if before is None and configuration is None:
            return None
        if before is not None and configuration is not None and _of(configuration, before.device) == before:
            return None
        new_topics = () if configuration is None else _topics_of(configuration)
        if len(new_topics) > TOPICS_MAX:
            return f"it names more than {TOPICS_MAX} topics"
        self._forget(topic)
        if configuration is not None and new_topics and (trouble := self._make_room(configuration.level, new_topics)):
            return trouble
        if configuration is not None and (new_topics or configuration.left_out):
            self._identify(topic, configuration)
        self.revision += 1
        return None

    def _identify(self, topic: str, configuration: Configuration) -> None:
        """Remember a description with its device; what it says of names may move others to another device."""
        taken = self._identities.take(configuration)
        unsettled = [key for alias in taken for key in self._named.get(key_of(alias), ())]
        gone_over = sorted({device for alias in taken for device in self._identities.called_by(alias)})
        unsettled += [key for device in gone_over for key in self._of_device.get(device, ())]
        self._settle(list(dict.fromkeys(unsettled)))
        for device in gone_over:
            self._metrics.forget(device, self._of_device.get(device, {}).values())
        device, others = self._identities.device_of(configuration)
        self._remember(topic, _of(configuration, device))
        self._settle([key for other in others for key in self._of_device.get(other, ())])

    def _settle(self, unsettled: list[str]) -> None:
        """Find the devices of descriptions anew; devices that turn out to be one become one."""
        for key in unsettled:
            configuration = self._configurations[key]
            device, others = self._identities.device_of(configuration)
            unsettled += [more for other in others for more in self._of_device.get(other, ()) if more != key]
            if device == configuration.device:
                continue
            self._metrics.free(configuration)
            used = self._used.intersection(_topics_of(configuration))
            self._forget(key)
            self._remember(key, _of(configuration, device))
            self._used |= used

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
        said: Learned = {
            _CLAIM + key: None if owner is None else owner.encode() for key, owner in self.claims.learned().items()
        }
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
        for alias in configuration.aliases:
            self._named.setdefault(key_of(alias), {})[key] = None
        for topic in _topics_of(configuration):
            self._under.setdefault(topic, {})[key] = configuration
            if not self._join(topic, configuration):
                self._look(topic)
        self._look_at_stale()

    def _join(self, topic: str, configuration: Configuration) -> bool:
        """Add one more that shares the presence topic of a bridge, without looking at all others; False for any other."""
        known, account = self._topics.get(topic), account_of(topic)
        if known is None or any(entity.topic == topic for entity in configuration.entities):
            return False
        if account and len({one.level == account for one in self._under[topic].values()}) > 1:
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
        for name in dict.fromkeys(map(key_of, configuration.aliases)):
            self._named[name].pop(key)
            if not self._named[name]:
                del self._named[name]
        for topic in _topics_of(configuration):
            del self._under[topic][key]
            self._look(topic)
        self._look_at_stale()

    def _look_at_stale(self) -> None:
        """Work out anew the topics whose metrics have lost a name."""
        while self._metrics.stale:
            topic = self._metrics.stale.pop()
            if topic in self._under:
                self._look(topic)

    def _look(self, topic: str) -> None:
        """Work out anew what one topic carries.

        A state topic belongs to the device of the nearest description; a presence may be that of many, as a bridge's is.
        """
        under = self._under[topic]
        if not under:
            del self._under[topic], self._topics[topic]
            self._used.discard(topic)
            return
        with_state = self._nearest_first(topic, [one for one in under.values() if _reads(one, topic)])
        with_presence = [
            one for one in under.values() if any(p.topic == topic for g in one.groups for p in g.presences)
        ]
        account = account_of(topic)
        if any(one.level == account for one in with_presence):  # nobody else says what its own presence means
            with_presence = [one for one in with_presence if one.level == account]
        first = with_state[0] if with_state else next(iter(with_presence or under.values()))
        metrics, unheard = self._entities(topic, [one for one in with_state if one.device == first.device])
        others = (one.device for one in under.values() if _reads(one, topic) and one.device != first.device)
        presences = (p for one in with_presence for group in one.groups for p in group.presences if p.topic == topic)
        self._topics[topic] = Known(
            first.device,
            first.label,
            tuple(metrics.items()),
            tuple(dict.fromkeys(presences)),
            tuple(dict.fromkeys(one.device for one in with_presence))[:_SHARERS_MAX],
            tuple(dict.fromkeys((*others, *unheard))),
            is_near=bool(with_state) and rank(first, topic) < _FAR,
        )

    def _nearest_first(self, topic: str, described: list[Configuration]) -> list[Configuration]:
        """Descriptions of a topic, the nearest to it first; where the operator has said whose it is, only of that device."""
        owners = {name for pattern, name in self._assigned.items() if matches(pattern, topic)}
        if owners:
            named = ((one, {*self.names_of(one.device), *self.labels_of(one.device)}) for one in described)
            described = [one for one, names in named if owners & names]
        return sorted(described, key=lambda one: rank(one, topic))

    def _own_names(self, configuration: Configuration) -> set[str]:
        """All names that a description may give its device."""
        own = (alias for alias in configuration.aliases if self._identities.is_entitled(configuration, alias))
        return {configuration.device, *map(name_of, own)}

    def _entities(self, topic: str, described: list[Configuration]) -> tuple[dict[str, Entity], list[str]]:
        """The readings under a topic, by metric, and levels whose word does not count: a value means what the nearest says."""
        nearest: dict[str | None, tuple[tuple[int, int], Configuration]] = {}
        heard: list[tuple[Configuration, Entity]] = []
        unheard: dict[str, None] = {}
        for one in described:
            near = rank(one, topic)
            for entity in (entity for entity in one.entities if entity.topic == topic):
                nearest_near, first = nearest.setdefault(entity.template, (near, one))
                if near == nearest_near or is_akin(first.level, one.level):
                    heard.append((one, entity))
                else:
                    unheard[f"{one.device} by {one.level}"] = None
        metrics: dict[str, Entity] = {}
        for one, entity in sorted(heard, key=lambda pair: not self._metrics.is_owner(pair[0])):
            metrics.setdefault(self._metrics.of(one, entity, self._of_device[one.device].values()), entity)
        return metrics, list(unheard)


def _of(configuration: Configuration, device: str) -> Configuration:
    """A description as one of a device."""
    return msgspec.structs.replace(configuration, device=device)


def _reads(configuration: Configuration, topic: str) -> bool:
    """Whether a description reads values under a topic."""
    return any(entity.topic == topic for entity in configuration.entities)


def _topics_of(configuration: Configuration) -> tuple[str, ...]:
    """All topics that a configuration names."""
    named = [entity.topic for entity in configuration.entities]
    named += [presence.topic for group in configuration.groups for presence in group.presences]
    return tuple(dict.fromkeys(named))
