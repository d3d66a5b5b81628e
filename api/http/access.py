"""Who may do what: one role per account, each including those before it.

An account shows itself by an API key (``Authorization: Bearer``) or by the console's cookie. A cookie alone changes
nothing from a foreign page: every call by cookie that changes something, and every WebSocket, must come from our own
origin. Fails closed: what can't be checked is refused.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from alerts.accounts.account import Account, Role
from alerts.errors import DeskError
from api.http.bodies import refuse_wrong_body
from api.http.context import Here
from api.http.parameters import refuse_wrong_parameters
from api.http.problems import Problem

if TYPE_CHECKING:
    from api.http.context import Context

log = structlog.get_logger()

COOKIE = "fettle_session"
ASKED_AGAIN_S = 30.0
"""How often who holds a connection open is asked for the login again."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_RANK = {role: rank for rank, role in enumerate(Role)}


def _account(connection: HTTPConnection, here: Here) -> Account:
    """Whoever calls; 401 where nobody shows."""
    return find_account(connection, here)


def find_account(connection: HTTPConnection, here: Here) -> Account:
    """The account of the key, or of the cookie; 401 where neither is good."""
    account = _of_credential(connection, here)
    has_key = "authorization" in connection.headers
    if account is None:
        raise _unauthenticated(
            "The API key is not valid." if has_key else "Log in, or send an API key as Authorization: Bearer."
        )
    if has_key:
        return account
    is_change = connection.scope["type"] == "websocket" or connection.scope["method"] not in SAFE_METHODS
    if is_change and not is_own_origin(connection):
        raise Problem(403, "A page of another origin may not do this with your login.")
    return account


def _of_credential(connection: HTTPConnection, here: Context) -> Account | None:
    """Whose key or cookie it is; a header that is there decides alone."""
    header = connection.headers.get("authorization")
    if header is None:
        return here.accounts.by_cookie(connection.cookies.get(COOKIE, ""))
    scheme, _, key = header.partition(" ")
    return here.accounts.by_key(key.strip()) if scheme.lower() == "bearer" else None


class Standing:
    """Whether who holds a connection open may still: the login is looked at again within a minute."""

    def __init__(self, connection: HTTPConnection, here: Context, *, every_s: float | None = None) -> None:
        self._connection = connection
        self._here = here
        self._every_s = ASKED_AGAIN_S if every_s is None else every_s
        self._next_s = asyncio.get_running_loop().time() + self._every_s

    async def holds(self) -> bool:
        """Whether the login stands; while the database is away it does, as nothing can be revoked then."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._next_s:
            return True
        self._next_s = now_s + self._every_s
        try:
            return await run_in_threadpool(_of_credential, self._connection, self._here) is not None
        except DeskError as error:
            log.warning("login_not_looked_at", sentence=str(error))
            return True

    async def ends(self) -> None:
        """Return when the login no longer stands."""
        while True:
            await asyncio.sleep(self._every_s)
            if not await self.holds():
                return


def is_own_origin(connection: HTTPConnection) -> bool:
    """Whether the page that calls was served by us: its origin names the host that it calls."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = connection.headers.get("origin")
    if origin is None:
        return site == "same-origin"
    return urlsplit(origin).netloc == connection.headers.get("host", "")


def _unauthenticated(detail: str) -> Problem:
    """401, with how to do better."""
    return Problem(401, detail, headers={"www-authenticate": 'Bearer realm="fettle"'})


def require(account: Account, role: Role) -> None:
    """403 where the account's role is below ``role``."""
    if _RANK[account.role] < _RANK[role]:
        raise Problem(403, f"This needs the role {role}; {account.name} is {account.role}.")


def _having(role: Role) -> object:
    """A dependency that lets accounts of at least this role pass, if what they ask makes sense."""

    async def dependency(connection: HTTPConnection, account: Annotated[Account, Depends(_account)]) -> Account:
        require(account, role)
        refuse_wrong_parameters(connection)
        await refuse_wrong_body(connection)
        return account

    return Depends(dependency)


Provider = Annotated[Account, _having(Role.PROVIDER)]
Viewer = Annotated[Account, _having(Role.VIEWER)]
Technician = Annotated[Account, _having(Role.TECHNICIAN)]
Dispatcher = Annotated[Account, _having(Role.DISPATCHER)]
Manager = Annotated[Account, _having(Role.MANAGER)]
Admin = Annotated[Account, _having(Role.ADMIN)]
