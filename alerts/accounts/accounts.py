"""Accounts: who may come in, as what, and by which secret.

A password is kept as argon2id. Keys, login links and browser logins are long random secrets; the database holds only
their SHA-256 digest, and each can be revoked by itself. Fails closed: what is unknown, expired, revoked or disabled lets
nobody in.
"""

from __future__ import annotations

import hashlib
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from pwdlib import PasswordHash
from sqlalchemy import Engine, delete, insert, or_, select, update

from alerts.accounts.tables import accounts, credentials
from alerts.audit.chain import record_audit
from alerts.database import Transaction, look, transact
from alerts.errors import ConflictError, InvalidError, UnknownError
from ingest.clock import Clock

SECRET_BYTES = 32
PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 1000
LOGIN_LIFE_MS = 12 * 3_600_000
LINK_LIFE_MS = 24 * 3_600_000
EXPIRED_KEPT_MS = 24 * 3_600_000
FAILURES_PER_MINUTE = 5
FAILURES_WATCHED = 10_000
HASHED_AT_ONCE = 4
"""Passwords compared at the same time; each takes 64 MiB."""

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}")
_HASHER = PasswordHash.recommended()
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$auqVbkPz+ORhkCGaTG0gLQ$QLgkz0aJQ01fEWIZ+OMCYvA/LAF8jsIQLtnlbTkz5HU"


class Role(StrEnum):
    """What an account may do; each role includes those before it."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    DISPATCHER = "dispatcher"
    MANAGER = "manager"
    ADMIN = "admin"


class Purpose(StrEnum):
    """What a secret is for."""

    KEY = "key"
    LINK = "link"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody, or something, that may come in."""

    name: str
    role: Role
    disabled: bool = False


@dataclass(slots=True)
class Accounts:
    """All accounts of one installation; one method, one transaction."""

    engine: Engine
    clock: Clock
    chance: random.Random
    _failures: dict[str, tuple[int, int]] = field(default_factory=dict)
    _hashing: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(HASHED_AT_ONCE))

    def add(self, name: str, role: Role, *, password: str | None = None, actor: str = "fettle") -> Account:
        """Make an account; :class:`~alerts.errors.ConflictError` where the name is taken."""
        if not _NAME.fullmatch(name):
            raise InvalidError("A name has 1 to 200 letters, digits or . _ @ + - and begins with a letter or digit.")
        if password is not None and not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
            raise InvalidError(f"A password has at least {PASSWORD_LENGTH_MIN} characters.")
        hashed = None if password is None else _HASHER.hash(password)

        def work(t: Transaction) -> Account:
            if t.connection.execute(select(accounts.c.name).where(accounts.c.name == name)).first() is not None:
                raise ConflictError(f"There is an account {name!r} already.")
            row = {"name": name, "role": role.value, "password_hash": hashed, "created_ms": t.now_ms}
            t.connection.execute(insert(accounts).values(row))
            record_audit(t, actor, "account.add", name[:64], {"role": role.value})
            return Account(name, role)

        return self._write(work)

    def disable(self, name: str, *, actor: str = "fettle") -> None:
        """Shut an account out; its keys and logins end with it."""

        def work(t: Transaction) -> None:
            self._must_exist(t, name)
            t.connection.execute(update(accounts).where(accounts.c.name == name).values(disabled=True))
            record_audit(t, actor, "account.disable", name[:64], {})

        self._write(work)

    def all(self) -> list[Account]:
        """Every account, by name."""
        query = select(accounts).order_by(accounts.c.name)
        return self._look(lambda t: [_account(row) for row in t.connection.execute(query)])

    def issue_key(self, name: str, *, actor: str = "fettle") -> str:
        """A new API key for an account; shown this once, never again."""
        return self._write(lambda t: self._issue(t, name, Purpose.KEY, life_ms=None, actor=actor))

    def login_link(self, name: str, *, actor: str = "fettle") -> str:
        """The secret of a link that logs in once, within a day."""
        return self._write(lambda t: self._issue(t, name, Purpose.LINK, life_ms=LINK_LIFE_MS, actor=actor))

    def by_key(self, key: str) -> Account | None:
        """Whose API key this is."""
        return self._look(lambda t: _find(t, key, Purpose.KEY))

    def by_cookie(self, secret: str) -> Account | None:
        """Whose browser login this is."""
        return self._look(lambda t: _find(t, secret, Purpose.LOGIN))

    def login(self, name: str, password: str) -> tuple[Account, str] | None:
        """The account and the secret of a new browser login, or nothing; few tries a minute for each name."""
        if self._is_tried_too_often(name):
            return None
        row = self._look(lambda t: t.connection.execute(select(accounts).where(accounts.c.name == name)).first())
        hashed = row.password_hash if row is not None and row.password_hash and not row.disabled else None
        # An unknown name costs as much time as a wrong password.
        with self._hashing:
            matches = _HASHER.verify(password[:PASSWORD_LENGTH_MAX], hashed or _NOBODYS)
        if row is None or hashed is None or not matches:
            self._count_failure(name)
            return None
        self._failures.pop(name, None)
        return _account(row), self._begin(name)

    def login_by_link(self, secret: str) -> tuple[Account, str] | None:
        """The account and the secret of a new browser login for a link that was not used yet."""

        def work(t: Transaction) -> tuple[Account, str] | None:
            account = _find(t, secret, Purpose.LINK)
            if account is None:
                return None
            _revoke(t, secret)
            return account, self._issue(t, account.name, Purpose.LOGIN, life_ms=LOGIN_LIFE_MS, actor=account.name)

        return self._write(work)

    def logout(self, secret: str) -> None:
        """End a browser login."""
        self._write(lambda t: _revoke(t, secret))

    def revoke_key(self, prefix: str, *, actor: str = "fettle") -> None:
        """End the API key that begins with this prefix."""

        def work(t: Transaction) -> None:
            wanted = (credentials.c.prefix == prefix, credentials.c.purpose == Purpose.KEY.value)
            found = t.connection.execute(select(credentials).where(*wanted)).first()
            if found is None:
                raise UnknownError(f"There is no key that begins with {prefix!r}.")
            t.connection.execute(update(credentials).where(*wanted).values(revoked_ms=t.now_ms))
            record_audit(t, actor, "key.revoke", prefix, {"account": found.account})

        self._write(work)

    def _begin(self, name: str) -> str:
        return self._write(lambda t: self._issue(t, name, Purpose.LOGIN, life_ms=LOGIN_LIFE_MS, actor=name))

    def _issue(self, t: Transaction, name: str, purpose: Purpose, *, life_ms: int | None, actor: str) -> str:
        self._must_exist(t, name)
        t.connection.execute(delete(credentials).where(credentials.c.expires_ms < t.now_ms - EXPIRED_KEPT_MS))
        prefix = f"fettle_{t.chance.getrandbits(32):08x}"
        secret = f"{prefix}_{t.chance.randbytes(SECRET_BYTES).hex()}"
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
        record_audit(t, actor, f"{purpose.value}.issue", prefix, {"account": name})
        return secret

    def _must_exist(self, t: Transaction, name: str) -> None:
        if t.connection.execute(select(accounts.c.name).where(accounts.c.name == name)).first() is None:
            raise UnknownError(f"There is no account {name!r}.")

    def _is_tried_too_often(self, name: str) -> bool:
        count, first_ms = self._failures.get(name, (0, 0))
        return count >= FAILURES_PER_MINUTE and self.clock.now_ms() - first_ms < 60_000

    def _count_failure(self, name: str) -> None:
        now_ms = self.clock.now_ms()
        count, first_ms = self._failures.get(name, (0, now_ms))
        if now_ms - first_ms >= 60_000:
            count, first_ms = 0, now_ms
        if len(self._failures) >= FAILURES_WATCHED and name not in self._failures:
            self._failures.pop(next(iter(self._failures)))
        self._failures[name] = (count + 1, first_ms)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        return transact(self.engine, work, now_ms=self.clock.now_ms(), chance=self.chance)

    def _look(self, work: Callable[[Transaction], T]) -> T:
        return look(self.engine, work, now_ms=self.clock.now_ms(), chance=self.chance)


def _find(t: Transaction, secret: str, purpose: Purpose) -> Account | None:
    query = (
        select(accounts)
        .join(credentials, credentials.c.account == accounts.c.name)
        .where(
            credentials.c.digest == _digest(secret),
            credentials.c.purpose == purpose.value,
            credentials.c.revoked_ms.is_(None),
            or_(credentials.c.expires_ms.is_(None), credentials.c.expires_ms > t.now_ms),
            accounts.c.disabled.is_(False),
        )
    )
    row = t.connection.execute(query).one_or_none()
    return None if row is None else _account(row)


def _revoke(t: Transaction, secret: str) -> None:
    t.connection.execute(
        update(credentials).where(credentials.c.digest == _digest(secret)).values(revoked_ms=t.now_ms),
    )


def _account(row: Any) -> Account:
    return Account(row.name, Role(row.role), row.disabled)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
