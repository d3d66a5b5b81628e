"""What routes work with: the parts of the running service, put together in one place and handed to the app."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from api.http.live_samples import LiveSamples
from api.settings.settings import Settings
from ingest.clock import Clock
from ingest.profiles.definition import Profile
from ingest.store import TelemetryStore

if TYPE_CHECKING:
    from alerts.accounts.desk import Accounts
    from alerts.desk import Desk
    from api.http.kitchens import Kitchens
    from ingest.books.books import Books


def _no_books() -> Books | None:
    """None yet."""
    return None


def _nothing_wrong() -> Sequence[str]:
    """Ready."""
    return ()


def _no_metrics() -> bytes:
    """Nothing measured."""
    return b""


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that routes use. ``not_ready`` names what keeps the service from its work, in sentences."""

    settings: Settings
    clock: Clock
    desk: Desk
    accounts: Accounts
    store: TelemetryStore
    profiles: Mapping[str, Profile]
    books: Callable[[], Books | None] = _no_books
    """What admission has decided; None where there is nothing yet."""
    live: LiveSamples = field(default_factory=LiveSamples)
    not_ready: Callable[[], Sequence[str]] = _nothing_wrong
    metrics: Callable[[], bytes] = _no_metrics
    kitchens: Kitchens | None = None
    """The homes of the demo's appliances; None in every other service."""
    is_closing: threading.Event = field(default_factory=threading.Event)
    """Set when the service stops, so that open streams end."""


async def _context(connection: HTTPConnection) -> Context:
    """The context that the app was made with; ``async``, as all that only looks is, so that no thread is waited for."""
    context: Context = connection.app.state.context
    return context


Here = Annotated[Context, Depends(_context)]


async def _language(connection: HTTPConnection) -> str:
    """The first language of ``Accept-Language`` that we speak."""
    for part in connection.headers.get("accept-language", "").split(","):
        tag = part.partition(";")[0].strip().lower().partition("-")[0]
        if tag in {"en", "zh"}:
            return tag
    return "en"


Language = Annotated[str, Depends(_language)]
