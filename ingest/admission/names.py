"""Names of metrics: how many an appliance may invent. A reading under one name too many is refused, its sample is not.

Metrics of the profile are never counted. Beside them an appliance has :data:`OF_APPLIANCE_MAX` names, and all of a kind
together :data:`OF_KIND_MAX`; :data:`FLOOR` names an appliance gets in any case, so that nobody can take them away from it.
A name that was not heard for :data:`FREE_AFTER_DAYS` is free again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from ingest.admission.judged import Judged
from ingest.books.books import Books, NameUse
from ingest.wire.columns import Decoded
from ingest.wire.foreign.traces import Traces
from ingest.wire.sample_rows import Rows, mask_of, shapes
from ingest.wire.source import Source

log = structlog.get_logger()

OF_APPLIANCE_MAX = 256
OF_KIND_MAX = 4_096
FLOOR = 16
FREE_AFTER_DAYS = 30
DAY_MS = 86_400_000
APPLIANCES_MAX = 50_000
PASSED_MAX = 1_000_000
_NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class NamesTaken:
    """What one batch comes to: names to write down, and of which messages which names are left out, as a mask."""

    uses: list[NameUse] = field(default_factory=list)
    left_out: list[tuple[int, bytes]] = field(default_factory=list)
    readings: int = 0
    """How many readings are refused."""
    beyond: dict[Source, Counter[str]] = field(default_factory=dict)
    """Topic → the names that are too many, and how often each was said."""


class Names:
    """The names in use, as far as they are not in a profile; backed by the books, bounded in memory."""

    def __init__(self, books: Books, traces: Traces | None = None) -> None:
        self._books = books
        self._traces = traces
        self._day = 0
        self._of: dict[str, dict[str, int]] = {}
        """Appliance → name → the day on which it was last heard."""
        self._of_kind: dict[str, set[str]] = {}
        self._passed: dict[tuple[str, ...], set[str]] = {}
        """Names that come together → appliances of which all of them were allowed today."""
        self._entries = 0
        self._told: set[str] = set()

    def take(self, decoded: Decoded, judged: Judged) -> NamesTaken:
        """Look at the names of all good samples."""
        taken = NamesTaken()
        for rows in decoded.rows:
            if len(rows.names) > rows.own_names:
                self._begin(judged.batch.received_ms // DAY_MS)
                self._take_rows(rows, decoded, judged, taken)
        return taken

    def tell(self, taken: NamesTaken, received_ms: int) -> None:
        """Note the names that were too many with those who said them, once a batch is durable."""
        if self._traces is not None:
            for source, names in taken.beyond.items():
                self._traces.leave_out_names(source.device, (source.appliance_id, source.kind), received_ms, names)

    def forget(self) -> None:
        """Drop what is in memory; the books hold it."""
        self._of.clear()
        self._of_kind.clear()
        self._passed.clear()
        self._entries = 0

    def _begin(self, day: int) -> None:
        """With a new day every name is looked at again, and memory is bounded."""
        if day != self._day or max(self._entries, len(self._passed)) > PASSED_MAX or len(self._of) > APPLIANCES_MAX:
            self.forget()
            self._told.clear()
            self._day = day

    def _take_rows(self, rows: Rows, decoded: Decoded, judged: Judged, taken: NamesTaken) -> None:
        """The samples of one kind that say something beside the profile."""
        found, which = shapes(rows)
        messages = rows.message.tolist()
        ids = [decoded.sources[message].appliance_id for message in messages]
        if len(found) == 1 and (not found[0] or self._passed.get(found[0], _NOBODY).issuperset(ids)):
            return
        blocked: dict[int, set[str]] = {}
        for message, appliance_id, shape in zip(messages, ids, which, strict=True):
            names = found[shape]
            passed = self._passed.setdefault(names, set())
            if not names or appliance_id in passed or not judged.is_good(message):
                continue
            beyond = self._allow(appliance_id, rows.kind, names, taken)
            if beyond:
                blocked.setdefault(message, set()).update(beyond)
                taken.beyond.setdefault(decoded.sources[message], Counter()).update(beyond)
                taken.readings += len(beyond)
            else:
                passed.add(appliance_id)
                self._entries += 1
        taken.left_out += [(message, mask_of(rows, message, names)) for message, names in sorted(blocked.items())]

    def _allow(self, appliance_id: str, kind: str, names: Sequence[str], taken: NamesTaken) -> list[str]:
        """Take the names of a sample into use as far as there is room; returns those that are too many."""
        known = self._names_of(appliance_id)
        of_kind = self._names_of_kind(kind)
        beyond = []
        for name in names:
            if known.get(name) == self._day:
                continue
            if name not in known and not self._has_room(appliance_id, kind, name):
                beyond.append(name)
                continue
            known[name] = self._day
            of_kind.add(name)
            taken.uses.append(NameUse(appliance_id, name, kind, self._day))
        if beyond and appliance_id not in self._told:
            self._told.add(appliance_id)
            log.warning("names_beyond_quota", appliance_id=appliance_id, first=beyond[0], known=len(known))
        return beyond

    def _has_room(self, appliance_id: str, kind: str, name: str) -> bool:
        """Whether an appliance may use one more name; old ones that nobody uses any more make room."""
        known, of_kind = self._names_of(appliance_id), self._names_of_kind(kind)
        before = self._day - FREE_AFTER_DAYS
        if len(known) >= OF_APPLIANCE_MAX:
            old = [one for one, day in known.items() if day < before]
            for one in old:
                del known[one]
            if old:
                self._books.free_names(before, appliance_id=appliance_id)
        if len(known) >= OF_APPLIANCE_MAX:
            return False
        if len(known) < FLOOR or name in of_kind or len(of_kind) < OF_KIND_MAX:
            return True
        if self._books.free_names(before, kind=kind):
            self._of.clear()
            of_kind.clear()
            of_kind |= self._books.names_of_kind(kind)
        return len(of_kind) < OF_KIND_MAX

    def _names_of(self, appliance_id: str) -> dict[str, int]:
        """The names of an appliance and when they were last heard."""
        known = self._of.get(appliance_id)
        if known is None:
            known = self._of[appliance_id] = self._books.names_of(appliance_id)
        return known

    def _names_of_kind(self, kind: str) -> set[str]:
        """All names of a kind."""
        known = self._of_kind.get(kind)
        if known is None:
            known = self._of_kind[kind] = self._books.names_of_kind(kind)
        return known
