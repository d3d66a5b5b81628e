"""Which descriptions are of one device: those that share an identifier or a connection, as far as their levels may say so.

Every name of a device (identifier, connection) is remembered for good, so that a later description that says only some of
them, or says them in another order, is of the same device; it keeps the name that it had first. Who holds a name of a
device is the nearest level that has described it (ownership.py), in whatever order they came; of equals the first. Another
level is of that device only as its family, and of a device of its own otherwise. Where no level is near they are all of
one device, as Home Assistant has it.
"""

from __future__ import annotations

from ingest.wire.foreign.claims import Claims
from ingest.wire.foreign.discovery_config import IDENTIFIER, NAME_CHARACTERS_MAX, Configuration, key_of, name_of
from ingest.wire.foreign.identity import hashed
from ingest.wire.foreign.ownership import Standing, is_family, standing, standing_of_holder

_HOLDER, _DEVICE, _CALLED, _NOW = "holder", "is", "called", "merged"
_APART = "\n@"
"""Stands between a name and a level that has no right to it."""


class Identities:
    """Names of devices → devices; all of it stands in ``claims``, which outlive the process."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    def take(self, configuration: Configuration) -> list[str]:
        """Give the names in a description to its level where it is nearer than who held them; those that went over."""
        return [alias for alias in configuration.aliases if self._take(configuration, alias, key_of(alias))]

    def device_of(self, configuration: Configuration) -> tuple[str, list[str]]:
        """The device of a description, and others that are the same by what it says."""
        if not configuration.aliases:
            return configuration.device, []
        keys = [self._key(configuration, alias) for alias in configuration.aliases]
        known = [device for key in keys if (device := self._known(key)) and self._may_join(configuration, device)]
        device = known[0] if known else self._new(configuration, keys)
        for key in keys:
            self._claims.take(_DEVICE, key, device, by=configuration.level)
        return device, [
            other
            for other in dict.fromkeys(known)
            if other != device and self._merge(other, device, configuration.level)
        ]

    def is_entitled(self, configuration: Configuration, alias: str) -> bool:
        """Whether a description may say of its device that this is its name."""
        holder = self._claims.holder(_HOLDER, key_of(alias))
        return holder in (None, configuration.level) or is_family(configuration, alias, holder or "")

    def is_identifier(self, text: str) -> bool:
        """Whether any device has this for its identifier."""
        return self._claims.holder(_DEVICE, key_of(f"{IDENTIFIER}:{text}")) is not None

    def owner(self, device: str) -> str | None:
        """The level that a device belongs to; None where that is nobody, or anybody."""
        called = self._claims.holder(_CALLED, device) or ""
        _, is_apart, level = called.rpartition(_APART)
        return level if is_apart else self._claims.holder(_HOLDER, called)

    def called_by(self, alias: str) -> set[str]:
        """The devices that are called by a name."""
        key, plain = key_of(alias), name_of(alias)
        known = {plain, hashed(plain, key, NAME_CHARACTERS_MAX), self._claims.holder(_DEVICE, key) or ""}
        return {device for device in known if self._claims.holder(_CALLED, device) == key}

    def _take(self, configuration: Configuration, alias: str, key: str) -> bool:
        """Whether a name has gone over to the level of a description."""
        near = standing(configuration, alias)
        holder = self._claims.holder(_HOLDER, key)
        if near is Standing.STRANGER or (holder is not None and near <= standing_of_holder(holder, alias)):
            return False
        self._claims.take(_HOLDER, key, configuration.level, by=configuration.level)
        return True

    def _key(self, configuration: Configuration, alias: str) -> str:
        """A name, or that of a device apart."""
        key = key_of(alias)
        return key if self.is_entitled(configuration, alias) else f"{key}{_APART}{configuration.level}"

    def _merge(self, other: str, device: str, level: str) -> bool:
        """Remember that a device is another; False where there is no room for it, and they stay two."""
        self._claims.take(_NOW, other, device, by=level)
        return self._claims.holder(_NOW, other) == device

    def _known(self, key: str) -> str | None:
        """The device of a name."""
        device = self._claims.holder(_DEVICE, key)
        while device is not None and (now := self._claims.holder(_NOW, device)) is not None:
            device = now
        return device

    def _may_join(self, configuration: Configuration, device: str) -> bool:
        """Whether a description is of a device that one of its names is known as."""
        owner, called = self.owner(device), self._claims.holder(_CALLED, device) or ""
        if owner is None:
            return not any(self._claims.holder(_HOLDER, key_of(alias)) for alias in self._own(configuration))
        return owner == configuration.level or (_APART not in called and is_family(configuration, called, owner))

    def _own(self, configuration: Configuration) -> list[str]:
        """The names that a description may give its device, those that somebody holds first."""
        own = [alias for alias in configuration.aliases if self.is_entitled(configuration, alias)]
        return sorted(own, key=lambda alias: self._claims.holder(_HOLDER, key_of(alias)) is None)

    def _new(self, configuration: Configuration, keys: list[str]) -> str:
        """A device that was not known, by the first of its names that is its own."""
        own = self._own(configuration)
        key = key_of(own[0]) if own else keys[0]
        plain = name_of(own[0]) if own else f"{name_of(configuration.aliases[0])}@{configuration.level}"
        if not self._claims.of(_CALLED, plain, key, by=configuration.level):  # the name is another device's
            plain = hashed(plain, key, NAME_CHARACTERS_MAX)
            self._claims.of(_CALLED, plain, key, by=configuration.level)
        self._claims.release(_NOW, plain)
        return plain
