"""What was learned from discovery messages: which topics are whose, and how their payloads are read. Bounded.

One object serves all decoders of a process: it is replaced as a whole with each change, so that a reader in another thread
sees either the old or the new. Whoever keeps it over a restart writes :meth:`Discovery.to_bytes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from ingest.wire.foreign.discovery_config import Configuration, Entity, Presence

CONFIGURATIONS_MAX = 2_000
TOPICS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Known:
    """What one topic carries, and of which device."""

    device: str
    entities: tuple[Entity, ...] = ()
    presence: Presence | None = None


@dataclass(frozen=True, slots=True)
class _State:
    """All that is known at one moment."""

    configurations: Mapping[str, Configuration] = field(default_factory=dict)
    topics: Mapping[str, Known] = field(default_factory=dict)
    revision: int = 0


class Discovery:
    """Configurations by the topic that they came under. One thread learns, any may read."""

    def __init__(self) -> None:
        self._state = _State()

    @property
    def revision(self) -> int:
        """Grows with each change."""
        return self._state.revision

    def topics(self) -> Mapping[str, Known]:
        """What is known, by topic."""
        return self._state.topics

    def learn(self, topic: str, configuration: Configuration | None) -> str | None:
        """Take in what came under a config topic, None to forget it; a sentence where that can't be done."""
        if self._state.configurations.get(topic) == configuration:
            return None
        configurations = {**self._state.configurations}
        configurations.pop(topic, None)
        if configuration is not None:
            configurations[topic] = configuration
        topics = _by_topic(configurations)
        if configuration is not None and (len(configurations) > CONFIGURATIONS_MAX or len(topics) > TOPICS_MAX):
            return f"{CONFIGURATIONS_MAX} configurations with {TOPICS_MAX} topics are known already"
        self._state = _State(configurations, topics, self._state.revision + 1)
        return None

    def to_bytes(self) -> bytes:
        """All of it, for a file."""
        return msgspec.json.encode(self._state.configurations)

    def load(self, data: bytes) -> bool:
        """Take over what :meth:`to_bytes` wrote; False, and nothing changed, where it is something else."""
        try:
            configurations = msgspec.json.decode(data, type=dict[str, Configuration])
        except msgspec.MsgspecError:
            return False
        self._state = _State(configurations, _by_topic(configurations), self._state.revision + 1)
        return True


def _by_topic(configurations: Mapping[str, Configuration]) -> dict[str, Known]:
    """What each topic carries.

    A state topic belongs to the device that was first; a presence that several devices share, as that of the bridge behind
    them, says nothing of any one.
    """
    topics: dict[str, Known] = {}
    for one in configurations.values():
        for entity in one.entities:
            known = topics.get(entity.topic, Known(one.device))
            if known.device == one.device and entity.metric not in {other.metric for other in known.entities}:
                topics[entity.topic] = Known(one.device, (*known.entities, entity), known.presence)
    sharers: dict[str, set[str]] = {}
    for one in configurations.values():
        for presence in one.presences:
            sharers.setdefault(presence.topic, set()).add(one.device)
    for one in configurations.values():
        for presence in one.presences:
            known = topics.get(presence.topic, Known(one.device))
            if known.device == one.device and known.presence is None and len(sharers[presence.topic]) == 1:
                topics[presence.topic] = Known(one.device, known.entities, presence)
    return topics
