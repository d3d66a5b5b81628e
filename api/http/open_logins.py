"""The logins behind open connections: all of them are looked at again together, within a minute, by one query.

It lives in the event loop and looks only while a connection is open. While the database is away a login stands, as nothing
can be revoked then.
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
    from alerts.accounts.account import SecretPurpose
    from alerts.accounts.desk import Accounts

log = structlog.get_logger()

LOOK_EVERY_S = 30.0


class OpenLogins:
    """What connections were opened with, and who of them is to be shut out."""

    def __init__(self) -> None:
        self._open: dict[tuple[SecretPurpose, str], list[asyncio.Event]] = {}
        self._looking: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def holding(self, accounts: Accounts, login: tuple[SecretPurpose, str]) -> AsyncIterator[asyncio.Event]:
        """Hold a connection open by a login; what it gives is set when that no longer stands."""
        ended = asyncio.Event()
        self._open.setdefault(login, []).append(ended)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(accounts), name="open-logins")
        try:
            yield ended
        finally:
            held = self._open[login]
            held.remove(ended)
            if not held:
                del self._open[login]
            if not self._open and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self, accounts: Accounts) -> None:
        """Look again and again who still may."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            asked = list(self._open)
            try:
                standing = await run_in_threadpool(accounts.standing, asked)
            except DeskError as error:
                log.warning("logins_not_looked_at", sentence=str(error))
                continue
            for login in asked:
                if login not in standing:
                    for ended in self._open.get(login, ()):
                        ended.set()
