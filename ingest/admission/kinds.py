"""Kinds: how many kinds without a profile appliances may invent. An appliance of one kind too many is not registered by itself.

Whoever speaks has one kind for good (an id belongs to the kind under which it was first seen); beside the kinds of profiles all
speakers together have :data:`KINDS_MAX`. An operator's word counts for more: ``fettle appliances add`` and a profile always
make room, and a kind whose last appliance is retired is free again.
"""

from __future__ import annotations

from collections.abc import Collection

from ingest.books.books import Books
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.source import Source

KINDS_MAX = 256


class Kinds:
    """The kinds in use that have no profile, as far as appliances of them are registered; backed by the books."""

    def __init__(self, books: Books, own: Collection[str]) -> None:
        """``own``: the kinds that have a profile."""
        self._books = books
        self._own = own
        self._invented: set[str] | None = None

    def forget(self) -> None:
        """Drop what is in memory; the books hold it."""
        self._invented = None

    def has_room(self, source: Source) -> bool:
        """Whether an appliance may be registered under a topic; the kind of a foreign device is the operator's word."""
        if source.is_foreign or source.kind in self._own:
            return True
        known = self._known()
        return source.kind in known or len(known) < KINDS_MAX

    def take(self, source: Source) -> None:
        """Note that an appliance is registered under a topic; refused where there is no room for its kind."""
        if not self.has_room(source):
            raise Refused(
                RefusalReason.UNKNOWN_APPLIANCE,
                f"{len(self._known())} kinds without a profile are known, and no more are registered by themselves:"
                f" fettle appliances add {source.appliance_id} --kind {source.kind}, or a profile for it",
            )
        if source.kind not in self._own:
            self._known().add(source.kind)

    def _known(self) -> set[str]:
        """The kinds in use without a profile."""
        if self._invented is None:
            self._invented = self._books.kinds() - set(self._own)
        return self._invented
