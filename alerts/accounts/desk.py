"""Accounts, as they are asked about and kept: who may come in, as what, and by which secret."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, insert, select, update

from alerts.accounts.account import Account, Role, SecretPurpose
from alerts.accounts.credentials import Login, find, issue, keys_of, revoke, revoke_key, revoke_logins, standing
from alerts.accounts.passwords import Tries, hash_password
from alerts.accounts.tables import accounts
from alerts.audit.chain import record_audit
from alerts.database import Transaction, UnitOfWork
from alerts.errors import ConflictError, InvalidError, UnknownError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}")


@dataclass(frozen=True, slots=True)
class Accounts:
    """All accounts of one installation; one method, one transaction."""

    unit: UnitOfWork
    tries: Tries = field(default_factory=Tries)

    def by(self, who: str) -> Accounts:
        """The same accounts, asked by someone else."""
        return Accounts(self.unit.by(who), self.tries)

    def add(self, name: str, role: Role, *, password: str | None = None) -> Account:
        """Make an account; :class:`~alerts.errors.ConflictError` where the name is taken."""
        if not _NAME.fullmatch(name):
            raise InvalidError("A name has 1 to 200 letters, digits or . _ @ + - and begins with a letter or digit.")
        hashed = None if password is None else hash_password(password)

        def work(t: Transaction) -> Account:
            if _find_row(t, name) is not None:
                raise ConflictError(f"There is an account {name!r} already.")
            row = {"name": name, "role": role.value, "password_hash": hashed, "created_ms": t.now_ms}
            t.connection.execute(insert(accounts).values(row))
            record_audit(t, "account.add", name[:64], before=None, after={"role": role.value})
            return _read(t, name)

        return self.unit.write(work)

    def change(
        self, name: str, *, role: Role | None = None, disabled: bool | None = None, password: str | None = None
    ) -> Account:
        """Change what is given; who is shut out, or has a new password, is logged out everywhere.

        :class:`~alerts.errors.ConflictError` where nobody would be left who may change accounts.
        """
        columns: dict[str, Any] = {} if role is None else {"role": role.value}
        columns |= {} if disabled is None else {"disabled": disabled}
        told = dict(columns)
        if password is not None:
            columns["password_hash"] = hash_password(password)
            told["has_new_password"] = True

        def work(t: Transaction) -> Account:
            before = _must_exist(t, name)
            if columns:
                t.connection.execute(update(accounts).where(accounts.c.name == name).values(columns))
                was = {"role": before.role, "disabled": before.disabled, "has_new_password": False}
                record_audit(t, "account.change", name[:64], before={one: was[one] for one in told}, after=told)
            if disabled or password is not None:
                revoke_logins(t, name)
            if before.role == Role.ADMIN and not before.disabled:
                _keep_an_admin(t)
            return _read(t, name)

        return self.unit.write(work)

    def all(self) -> list[Account]:
        """Every account with its standing keys, by name."""

        def work(t: Transaction) -> list[Account]:
            rows = t.connection.execute(select(accounts).order_by(accounts.c.name)).all()
            keys = keys_of(t, [row.name for row in rows])
            return [Account(row.name, Role(row.role), row.disabled, keys.get(row.name, ())) for row in rows]

        return self.unit.look(work)

    def issue_key(self, name: str) -> str:
        """A new API key for an account; shown this once, never again."""
        return self.unit.write(lambda t: _issue(t, name, SecretPurpose.KEY))

    def login_link(self, name: str) -> str:
        """The secret of a link that logs in once, within a day."""
        return self.unit.write(lambda t: _issue(t, name, SecretPurpose.LINK))

    def by_key(self, key: str) -> Account | None:
        """Whose API key this is."""
        return self.unit.look(lambda t: find(t, key, SecretPurpose.KEY))

    def by_cookie(self, secret: str) -> Account | None:
        """Whose browser login this is."""
        return self.unit.look(lambda t: find(t, secret, SecretPurpose.LOGIN))

    def standing(self, shown: Collection[Login]) -> frozenset[Login]:
        """Those of these secrets that still let somebody in, each with what it is for; by one query."""
        return self.unit.look(lambda t: standing(t, shown))

    def login(self, name: str, password: str, *, address: str = "") -> tuple[Account, str] | None:
        """The account and the secret of a new browser login, or nothing.

        :class:`~alerts.errors.BusyError` where the name, or the address that asks, has tried too often.
        """
        with self.tries.in_queue(address):
            self.tries.take(name, now_ms=self.unit.clock.now_ms())
            row = self.unit.look(lambda t: _find_row(t, name))
            is_open = row is not None and not row.disabled
            matches = self.tries.matches(password, row.password_hash if row is not None and is_open else None)
        if row is None or not matches:
            return None
        self.tries.succeeded(name)
        secret = self.unit.by(name).write(lambda t: _issue(t, name, SecretPurpose.LOGIN))
        return Account(row.name, Role(row.role), row.disabled), secret

    def login_by_link(self, secret: str) -> tuple[Account, str] | None:
        """The account and the secret of a new browser login for a link that was not used yet."""
        if self.unit.look(lambda t: find(t, secret, SecretPurpose.LINK)) is None:
            return None  # who only guesses takes no writer's turn

        def work(t: Transaction) -> tuple[Account, str] | None:
            account = find(t, secret, SecretPurpose.LINK)
            if account is None:
                return None
            revoke(t, secret)
            return account, _issue(t.by(account.name), account.name, SecretPurpose.LOGIN)

        return self.unit.write(work)

    def logout(self, secret: str) -> None:
        """End a browser login."""
        self.unit.write(lambda t: revoke(t, secret))

    def revoke_key(self, prefix: str, *, account: str | None = None) -> str:
        """End the API key that begins with this prefix, of that account only where one is named; returns whose it was."""
        return self.unit.write(lambda t: revoke_key(t, prefix, account=account))


def _issue(t: Transaction, name: str, purpose: SecretPurpose) -> str:
    _must_exist(t, name)
    return issue(t, name, purpose)


def _find_row(t: Transaction, name: str) -> Any:
    return t.connection.execute(select(accounts).where(accounts.c.name == name)).first()


def _must_exist(t: Transaction, name: str) -> Any:
    row = _find_row(t, name)
    if row is None:
        raise UnknownError(f"There is no account {name!r}.")
    return row


def _read(t: Transaction, name: str) -> Account:
    row = _must_exist(t, name)
    return Account(row.name, Role(row.role), row.disabled, keys_of(t, [name]).get(name, ()))


def _keep_an_admin(t: Transaction) -> None:
    query = select(func.count()).where(accounts.c.role == Role.ADMIN.value, accounts.c.disabled.is_(False))
    if t.connection.execute(query).scalar_one() == 0:
        raise ConflictError("Nobody would be left who may change accounts: make another admin first.")
