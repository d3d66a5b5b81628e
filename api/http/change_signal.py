"""Tells open event streams that something has changed: one look at the database for all of them.

It lives in the event loop and looks only while somebody listens.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import structlog
from starlette.concurrency import run_in_threadpool

from alerts.errors import DeskError

if TYPE_CHECKING:
    from alerts.desk import Desk

log = structlog.get_logger()

LOOK_EVERY_S = 0.5
STREAMS_MAX = 200


class ChangeSignal:
    """The id of the newest change, and a way to wait for a newer one."""

    def __init__(self, *, look_every_s: float = LOOK_EVERY_S) -> None:
        self._look_every_s = look_every_s
        self._newest = 0
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
            self._looking = asyncio.create_task(self._look(desk), name="change-signal")
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def wait_beyond(self, after: int, timeout_s: float) -> bool:
        """Whether there is a change newer than ``after``, waiting for one at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._newest <= after:
                    await self._changed.wait()
        return self._newest > after

    async def _look(self, desk: Desk) -> None:
        """Look for the newest change again and again."""
        while True:
            try:
                newest = await run_in_threadpool(desk.changes.last)
            except DeskError as error:
                log.warning("changes_unreadable", sentence=str(error))
                newest = self._newest
            if newest != self._newest:
                self._newest = newest
                self._changed.set()
                self._changed = asyncio.Event()
            await asyncio.sleep(self._look_every_s)
