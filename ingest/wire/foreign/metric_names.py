"""What the entities of a described device are called as metrics: no two of one device alike, and each the same for good.

The level to which a device belongs goes before its family, in whatever order they came; of equals the first has the name.
"""

from __future__ import annotations

from collections.abc import Collection

from ingest.wire.foreign.claims import Claims
from ingest.wire.foreign.discovery_config import Configuration
from ingest.wire.foreign.discovery_entities import Entity
from ingest.wire.foreign.identities import Identities
from ingest.wire.foreign.identity import hash_of, metric_name
from ingest.wire.foreign.ownership import state_topics


class MetricNames:
    """The names of metrics in ``claims``, which outlive the process."""

    def __init__(self, claims: Claims, identities: Identities) -> None:
        self._claims = claims
        self._identities = identities
        self.stale: set[str] = set()
        """Topics whose metrics have lost a name to another."""

    def of(self, configuration: Configuration, entity: Entity, described: Collection[Configuration]) -> str:
        """The first name of an entity that no other of its device holds, else a hashed one; ``described``: all of the device."""
        space = _space(configuration)
        for name in _names(entity):
            if self._claims.of(space, name, entity.key, by=configuration.level):
                return name
            if self.is_owner(configuration) and (held := self._held_by_family(space, name, described)):
                self._claims.take(space, name, entity.key, by=configuration.level)
                self.stale.update(topic for one in held for topic in state_topics(one))
                return name
        stem = f"{(entity.names or ('value',))[0][:40]}_{hash_of(entity.key)}"
        return metric_name(stem, entity.suffix) or f"value_{hash_of(entity.key)}"

    def free(self, configuration: Configuration) -> None:
        """A description leaves its device: the names of its metrics are free for those that stay."""
        space = _space(configuration)
        for entity in configuration.entities:
            for name in _names(entity):
                if self._claims.holder(space, name) == entity.key:
                    self._claims.release(space, name)

    def forget(self, device: str, described: Collection[Configuration]) -> None:
        """A device has gone over to another level, and what was called in it counts no more; ``described``: what stays."""
        self._claims.release_all(f"metric {device}")
        self.stale.update(topic for one in described for topic in state_topics(one))

    def is_owner(self, configuration: Configuration) -> bool:
        """Whether a description is of the level to which its device belongs."""
        return bool(configuration.level) and self._identities.owner(configuration.device) == configuration.level

    def _held_by_family(self, space: str, name: str, described: Collection[Configuration]) -> list[Configuration]:
        """The descriptions that hold a name, where none is of the level to which their device belongs."""
        holder = self._claims.holder(space, name)
        held = [one for one in described if any(entity.key == holder for entity in one.entities)]
        return [] if any(map(self.is_owner, held)) else held


def _space(configuration: Configuration) -> str:
    return f"metric {configuration.device}"


def _names(entity: Entity) -> list[str]:
    """The metrics that an entity may be, the best first."""
    named = (metric_name(stem, entity.suffix) for stem in entity.names)
    return [name for name in named if name is not None]
