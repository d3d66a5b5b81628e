"""News for open event streams: the log of changes is read once for all of them, and each change is encoded once.

What is told of a ticket carries what the queue shows of it by now, so that an open queue need not be asked for as a whole.
It lives in the event loop and reads only while somebody listens. What is newer than its oldest kept change a stream takes
from memory; only who comes back from further behind reads the database for himself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool

from alerts.errors import DeskError
from alerts.notices.changes import Subject

if TYPE_CHECKING:
    from alerts.desk import Desk
    from alerts.notices.changes import Change, Span

log = structlog.get_logger()

LOOK_EVERY_S = 0.2
LOOK_PER_STREAM_S = 0.002
"""What is told costs a write for each stream: where hundreds listen, more is gathered before it is told."""
STREAMS_MAX = 1000
KEPT = 1000
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class News:
    """Encoded events, and the id up to which they tell."""

    events: bytes
    upto: int
    is_reset: bool = False
    """Where the id is none of this log, or is forgotten: what came since can't be told."""


class ChangeNews:
    """The newest changes, and a way to wait for newer ones."""

    def __init__(self, *, look_every_s: float = LOOK_EVERY_S, kept: int = KEPT) -> None:
        self._look_every_s = look_every_s
        self._recent: deque[tuple[int, bytes]] = deque()
        self._kept = kept
        self._oldest = 0
        """Of the log, not of what is kept here."""
        self._behind = 0
        """Everything newer than this is in :attr:`_recent`."""
        self._newest: int | None = None
        """None until the log was looked at."""
        self._told: dict[int, bytes] = {}
        """Id → all that is newer, put together once for everyone who is as far."""
        self._changed = asyncio.Event()
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether no more streams can be served."""
        return self._listeners >= STREAMS_MAX

    @contextlib.asynccontextmanager
    async def listening(self, desk: Desk) -> AsyncIterator[None]:
        """Be one of the listeners; the first starts the looking, the last ends it."""
        self._listeners += 1
        if self._looking is None:
            self._newest = None
            self._recent.clear()
            self._told.clear()
            self._looking = asyncio.create_task(self._look(desk), name="change-news")
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def beyond(self, desk: Desk, after: int, timeout_s: float) -> News | None:
        """What is newer than ``after``, waiting for it at most so long; None where there is nothing.

        Whoever comes from further ahead than we have looked, as everyone may in between two looks, waits like the others;
        only where the log itself does not reach so far it is none of this log.
        """
        if self._newest is not None and after > self._newest and not await _reaches(desk, after):
            return News(b"", self._newest, is_reset=True)
        if self._newest is None or self._newest <= after:
            changed = self._changed
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await changed.wait()
        newest = self._newest
        if newest is None or newest <= after:
            return None
        if after + 1 < self._oldest:
            return News(b"", newest, is_reset=True)
        if after >= self._behind:
            events = self._told.get(after)
            if events is None:
                events = self._told[after] = b"".join(event for number, event in self._recent if number > after)
            return News(events, newest)
        changes = await run_in_threadpool(desk.changes.page, after=after, limit=AT_ONCE)
        missed = await run_in_threadpool(encoded, desk, changes)
        return News(b"".join(missed), changes[-1].id) if changes else None

    def wake(self) -> None:
        """Let everyone who waits look around."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _look(self, desk: Desk) -> None:
        """Look for newer changes again and again."""
        while True:
            try:
                span, events = await run_in_threadpool(_read, desk, self._newest)
            except DeskError as error:
                log.warning("changes_unreadable", sentence=str(error))
            except Exception as error:  # noqa: BLE001 - the top of a loop: all streams would be silent for ever
                _tell(error)
            else:
                self._oldest = span.oldest
                if self._newest is None or span.newest < self._newest:
                    self._recent.clear()
                    self._told.clear()
                    self._behind = self._newest = span.newest
                    self.wake()
                elif span.changes:
                    self._keep(span.changes, events)
                    self.wake()
            await asyncio.sleep(max(self._look_every_s, LOOK_PER_STREAM_S * self._listeners))

    def _keep(self, changes: Sequence[Change], events: Sequence[bytes]) -> None:
        self._told.clear()
        self._recent.extend((change.id, event) for change, event in zip(changes, events, strict=True))
        self._newest = changes[-1].id
        while len(self._recent) > self._kept:
            self._behind = self._recent.popleft()[0]


def _tell(error: Exception) -> None:
    """What nobody knew, with its cause."""
    log.critical("changes_unreadable", cause=repr(error), exc_info=error)


async def _reaches(desk: Desk, number: int) -> bool:
    """Whether the log has come to a number; while it can't be read it has, as nobody knows better."""
    try:
        return await run_in_threadpool(desk.changes.last) >= number
    except DeskError:
        return True


def _read(desk: Desk, newest: int | None) -> tuple[Span, list[bytes]]:
    """What is newer than the id ``newest``, and its events."""
    span = desk.changes.since(newest, limit=AT_ONCE)
    return span, encoded(desk, span.changes)


def encoded(desk: Desk, changes: Sequence[Change]) -> list[bytes]:
    """Changes as they go out; those of tickets with their number, and with what the queue shows of them."""
    ids = {change.subject_id for change in changes if change.subject is Subject.TICKET}
    rows = desk.tickets.queue_rows(ids) if ids else {}
    return [_event(change, *rows.get(change.subject_id, ())) for change in changes]


def _event(change: Change, number: int | None = None, row: dict[str, Any] | None = None) -> bytes:
    document = {"id": change.subject_id, "at": change.at.isoformat(), **change.data}
    if number is not None:
        document |= {"number": number, "row": row}
    text = json.dumps(document, ensure_ascii=False)
    return format_sse_event(data_str=text, event=change.subject.value, id=str(change.id))
