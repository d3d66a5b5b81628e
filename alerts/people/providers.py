"""Providers, entered, changed and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select, update

from alerts.accounts.tables import accounts
from alerts.audit.chain import difference, record_audit
from alerts.database import Transaction
from alerts.errors import ConflictError, InvalidError, StaleViewError, UnknownError
from alerts.page import Page, select_page
from alerts.people.provider import NewProvider, Provider
from alerts.people.tables import providers


def add_provider(t: Transaction, new: NewProvider) -> str:
    """Enter a provider and return the id; :class:`ConflictError` where external id or account is somebody's already."""
    _check(t, new, but=None)
    provider_id = t.new_id("pr")
    t.connection.execute(insert(providers).values(id=provider_id, created_ms=t.now_ms, **_values(new)))
    record_audit(t, "provider.add", provider_id, before=None, after=asdict(new))
    return provider_id


def change_provider(t: Transaction, provider_id: str, new: NewProvider, *, expected_version: int | None) -> bool:
    """Write a provider anew; whether anything is different now."""
    before = read_provider(t, provider_id)
    if expected_version is not None and before.version != expected_version:
        raise StaleViewError(expected=expected_version, current=before.version)
    if before.as_new() == new:
        return False
    _check(t, new, but=provider_id)
    told, was = asdict(new), asdict(before.as_new())
    values = {**_values(new), "version": providers.c.version + 1}
    t.connection.execute(update(providers).where(providers.c.id == provider_id).values(**values))
    record_audit(t, "provider.change", provider_id, **difference(was, told))
    return True


def list_providers(t: Transaction, *, cursor: str | None, limit: int) -> Page[Provider]:
    """One page of providers, newest first."""
    rows, after = select_page(t.connection, select(providers), providers.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_provider(row) for row in rows), after)


def all_providers(t: Transaction) -> Sequence[Provider]:
    """Every provider, first entered first."""
    return [_provider(row) for row in t.connection.execute(select(providers).order_by(providers.c.n))]


def read_provider(t: Transaction, provider_id: str) -> Provider:
    """One provider."""
    row = t.connection.execute(select(providers).where(providers.c.id == provider_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no provider {provider_id!r}.")
    return _provider(row)


def provider_of(t: Transaction, account: str) -> Provider:
    """The provider that comes in by an account."""
    row = t.connection.execute(select(providers).where(providers.c.account == account)).one_or_none()
    if row is None:
        raise UnknownError(f"The account {account!r} is no provider's.")
    return _provider(row)


def find_external(t: Transaction, external_id: str) -> str | None:
    """The provider with another system's id."""
    query = select(providers.c.id).where(providers.c.external_id == external_id)
    return t.connection.execute(query).scalar_one_or_none()


def _check(t: Transaction, new: NewProvider, *, but: str | None) -> None:
    if new.external_id is not None and find_external(t, new.external_id) not in {None, but}:
        raise ConflictError(f"There is a provider with the external id {new.external_id!r} already.")
    if new.account is None:
        return
    if t.connection.execute(select(accounts.c.name).where(accounts.c.name == new.account)).first() is None:
        raise InvalidError(f"account: there is no account {new.account!r}.")
    taken = t.connection.execute(select(providers.c.id).where(providers.c.account == new.account)).scalar()
    if taken not in {None, but}:
        raise ConflictError(f"The account {new.account!r} is another provider's.")


def _values(new: NewProvider) -> dict[str, Any]:
    return {
        "external_id": new.external_id,
        "account": new.account,
        "name": new.name.strip(),
        "areas": list(new.areas) or None,
        "skills": dict(new.skills) or None,
        "currency": new.currency,
        "fees": dict(new.fees) or None,
        "answer_within_h": new.answer_within_h,
        "is_active": new.is_active,
    }


def _provider(row: Any) -> Provider:
    return Provider(
        id=row.id,
        name=row.name,
        external_id=row.external_id,
        account=row.account,
        areas=tuple(row.areas or ()),
        skills=row.skills or {},
        currency=row.currency,
        fees=row.fees or {},
        answer_within_h=row.answer_within_h,
        is_active=row.is_active,
        version=row.version,
    )
