"""Who may do what: one role per account, each including those before it.

An account shows itself by an API key (``Authorization: Bearer``) or by the console's cookie. A cookie alone changes
nothing from a foreign page: every call by cookie that changes something, and every WebSocket, must come from our own
origin. Fails closed: what can't be checked is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import HTTPConnection

from alerts.accounts.account import Account, Role, SecretPurpose
from api.http.bodies import refuse_wrong_body
from api.http.context import Here
from api.http.parameters import refuse_wrong_parameters
from api.http.problems import Problem

if TYPE_CHECKING:
    from api.http.context import Context

COOKIE = "fettle_session"
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
    """Whose key or cookie it is."""
    purpose, secret = login_of(connection)
    return here.accounts.by_key(secret) if purpose is SecretPurpose.KEY else here.accounts.by_cookie(secret)


def login_of(connection: HTTPConnection) -> tuple[SecretPurpose, str]:
    """What a connection shows to come in; a header that is there decides alone."""
    header = connection.headers.get("authorization")
    if header is None:
        return SecretPurpose.LOGIN, connection.cookies.get(COOKIE, "")
    scheme, _, key = header.partition(" ")
    return SecretPurpose.KEY, key.strip() if scheme.lower() == "bearer" else ""


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
