"""Out of service and back, another kind, or erased: the registry, which admission asks, and the desk agree.

The registry goes first: an appliance that speaks is refused before anything else is known of it. Both steps may be
repeated, so whoever finds the desk's database away does the same again later.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.errors import UnknownError
from ingest.books.books import FILE_NAME, Books
from ingest.books.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerts.appliances.desk import Appliances
    from alerts.appliances.directory import Appliance
    from ingest.store import TelemetryStore


@contextmanager
def open_registry(data_dir: Path) -> Iterator[Registry]:
    """The registry of the data folder; also beside a running service, which notices what changes."""
    books = Books.open(data_dir / FILE_NAME)
    try:
        yield Registry(books)
    finally:
        books.close()


def retire(registry: Registry, appliances: Appliances, appliance_id: str, *, now_ms: int) -> Appliance:
    """Take an appliance out of service: its messages are refused, and it gets neither tickets nor sessions."""
    known = registry.find(appliance_id)
    if known is not None:
        if known.retired_ms is None:
            registry.retire(appliance_id, now_ms=now_ms)
        _enter(appliances, appliance_id, known.kind)
    return appliances.retire(appliance_id)


def revive(registry: Registry, appliances: Appliances, appliance_id: str) -> Appliance:
    """Bring an appliance back; the broker password that it had is gone for good."""
    known = registry.find(appliance_id)
    if known is not None and known.retired_ms is not None:
        registry.revive(appliance_id)
    kind = appliances.read(appliance_id).kind if known is None else known.kind
    appliances.register((appliance_id, kind))
    return appliances.read(appliance_id)


def assign(registry: Registry, appliances: Appliances, appliance_id: str, kind: str) -> Appliance:
    """Give an id that somebody else took to the kind that it is for; whoever had it is refused from now on."""
    if registry.find(appliance_id) is not None:
        registry.assign(appliance_id, kind)
        _enter(appliances, appliance_id, kind)
    return appliances.assign(appliance_id, kind)


@dataclass(frozen=True, slots=True)
class Erased:
    """What of an appliance went at once. The journal keeps what was received until it is older than the retention."""

    appliance_id: str
    events: int
    dead_letters: int
    journal_until_days: float


def erase(
    registry: Registry, appliances: Appliances, store: TelemetryStore, appliance_id: str, *, retention_days: float
) -> Erased:
    """Drop a retired appliance's readings, events, learned state and dead letters; tickets and audit stay as history.

    The desk goes first, because it refuses what is in service; all of it may be repeated.
    """
    kind = appliances.read(appliance_id).kind
    events = appliances.erase(appliance_id)
    store.erase(kind, appliance_id)
    return Erased(appliance_id, events, registry.erase(appliance_id), retention_days)


def _enter(appliances: Appliances, appliance_id: str, kind: str) -> None:
    """Let the desk know an appliance that it may never have heard of, without bringing a retired one back."""
    try:
        appliances.read(appliance_id)
    except UnknownError:
        appliances.register((appliance_id, kind))
