"""Credentials: long random secrets for keys, login links and browser logins; each can be revoked by itself.

The database holds their SHA-256 digest only. Fails closed: what is unknown, expired, revoked or disabled lets nobody in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, insert, or_, select, update

from alerts.accounts.account import Account, Key, Role, SecretPurpose
from alerts.accounts.tables import accounts, credentials
from alerts.audit.chain import record_audit
from alerts.database import Transaction
from alerts.errors import UnknownError
from ingest.clock import from_ms

SECRET_BYTES = 32
LOGIN_LIFE_MS = 12 * 3_600_000
LINK_LIFE_MS = 24 * 3_600_000
EXPIRED_KEPT_MS = 24 * 3_600_000

Login = tuple[SecretPurpose, str]

_LIFE_MS = {SecretPurpose.KEY: None, SecretPurpose.LINK: LINK_LIFE_MS, SecretPurpose.LOGIN: LOGIN_LIFE_MS}


def issue(t: Transaction, name: str, purpose: SecretPurpose) -> str:
    """A new secret for an account that exists; what has long expired is dropped on the way."""
    t.connection.execute(delete(credentials).where(credentials.c.expires_ms < t.now_ms - EXPIRED_KEPT_MS))
    prefix = f"fettle_{t.chance.getrandbits(32):08x}"
    secret = f"{prefix}_{t.chance.randbytes(SECRET_BYTES).hex()}"
    life_ms = _LIFE_MS[purpose]
    t.connection.execute(
        insert(credentials).values(
            digest=_digest(secret),
            purpose=purpose.value,
            account=name,
            prefix=prefix,
            created_ms=t.now_ms,
            expires_ms=None if life_ms is None else t.now_ms + life_ms,
        ),
    )
    record_audit(t, f"{purpose.value}.issue", prefix, before=None, after={"account": name})
    return secret


def _stands(now_ms: int | BindParameter[int]) -> tuple[ColumnElement[bool], ...]:
    """What holds of a secret that lets somebody in."""
    return (
        credentials.c.revoked_ms.is_(None),
        or_(credentials.c.expires_ms.is_(None), credentials.c.expires_ms > now_ms),
        accounts.c.disabled.is_(False),
    )


_FIND = (
    select(accounts.c.name, accounts.c.role, accounts.c.disabled)
    .join(credentials, credentials.c.account == accounts.c.name)
    .where(
        credentials.c.digest == bindparam("digest"),
        credentials.c.purpose == bindparam("purpose"),
        *_stands(bindparam("now_ms")),
    )
)
"""Put together once: every request asks for it."""


def find(t: Transaction, secret: str, purpose: SecretPurpose) -> Account | None:
    """Whose secret this is, where it still lets somebody in."""
    shown = {"digest": _digest(secret), "purpose": purpose.value, "now_ms": t.now_ms}
    row = t.connection.execute(_FIND, shown).one_or_none()
    return None if row is None else Account(row.name, Role(row.role), row.disabled)


def standing(t: Transaction, shown: Collection[Login]) -> frozenset[Login]:
    """Those of these secrets that still let somebody in."""
    digests = {_digest(secret): (purpose, secret) for purpose, secret in shown}
    query = (
        select(credentials.c.digest, credentials.c.purpose)
        .join(accounts, credentials.c.account == accounts.c.name)
        .where(credentials.c.digest.in_(digests), *_stands(t.now_ms))
    )
    rows = t.connection.execute(query).all()
    return frozenset(digests[row.digest] for row in rows if row.purpose == digests[row.digest][0])


def revoke(t: Transaction, secret: str) -> None:
    """End one secret."""
    which = credentials.c.digest == _digest(secret)
    t.connection.execute(update(credentials).where(which).values(revoked_ms=t.now_ms))


def revoke_logins(t: Transaction, name: str) -> None:
    """End an account's browser logins and links, as after a new password."""
    which = (credentials.c.account == name, credentials.c.purpose != SecretPurpose.KEY.value)
    t.connection.execute(
        update(credentials).where(*which, credentials.c.revoked_ms.is_(None)).values(revoked_ms=t.now_ms)
    )


def revoke_key(t: Transaction, prefix: str, *, account: str | None) -> str:
    """End the API key that begins with this prefix, and return whose it was; of that account only, where one is named."""
    wanted = [credentials.c.prefix == prefix, credentials.c.purpose == SecretPurpose.KEY.value]
    wanted += [] if account is None else [credentials.c.account == account]
    found = t.connection.execute(select(credentials).where(*wanted, credentials.c.revoked_ms.is_(None))).first()
    if found is None:
        whose = "" if account is None else f" of {account}"
        raise UnknownError(f"There is no key{whose} that begins with {prefix!r}.")
    t.connection.execute(update(credentials).where(*wanted).values(revoked_ms=t.now_ms))
    was = {"account": found.account, "revoked_ms": None}
    record_audit(t, "key.revoke", prefix, before=was, after=was | {"revoked_ms": t.now_ms})
    return str(found.account)


def keys_of(t: Transaction, names: Sequence[str]) -> dict[str, tuple[Key, ...]]:
    """The standing API keys of some accounts, oldest first."""
    query: Any = select(credentials).where(
        credentials.c.account.in_(names),
        credentials.c.purpose == SecretPurpose.KEY.value,
        credentials.c.revoked_ms.is_(None),
    )
    found: dict[str, tuple[Key, ...]] = {}
    for row in t.connection.execute(query.order_by(credentials.c.created_ms, credentials.c.prefix)):
        found[row.account] = (*found.get(row.account, ()), Key(row.prefix, from_ms(row.created_ms)))
    return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
