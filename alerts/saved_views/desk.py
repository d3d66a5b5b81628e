"""Saved views, kept: each person has their own, and sees those that others share with their role.

Only the owner changes or deletes a view. Each change leaves an audit entry; a view that was deleted is kept again by keeping what it said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update

from alerts.accounts.account import Role
from alerts.audit.chain import record_audit
from alerts.database import Transaction, UnitOfWork
from alerts.errors import ConflictError, UnknownError
from alerts.saved_views.saved_view import VIEWS_MAX, NewView, SavedView
from alerts.saved_views.tables import saved_views


@dataclass(frozen=True, slots=True)
class SavedViews:
    """Lists that people have put together; one method, one transaction."""

    unit: UnitOfWork

    def seen_by(self, role: Role) -> Sequence[SavedView]:
        """One's own, and what others share with the role or with one below it; one's own first, by name."""

        def work(t: Transaction) -> Sequence[SavedView]:
            roles = [one.value for one in list(Role)[: list(Role).index(role) + 1]]
            is_seen = or_(saved_views.c.owner == t.who, saved_views.c.shared_with.in_(roles))
            order = (saved_views.c.owner != t.who, saved_views.c.name, saved_views.c.n)
            return [_view(row) for row in t.connection.execute(select(saved_views).where(is_seen).order_by(*order))]

        return self.unit.look(work)

    def keep(self, new: NewView) -> SavedView:
        """Keep a view."""
        return self.unit.write(lambda t: _keep(t, new))

    def change(self, view_id: str, changes: Mapping[str, Any]) -> SavedView:
        """Rename it, share it otherwise, or let it show another list."""
        return self.unit.write(lambda t: _change(t, view_id, changes))

    def delete(self, view_id: str) -> None:
        """Delete it."""

        def work(t: Transaction) -> None:
            row = _own(t, view_id)
            t.connection.execute(delete(saved_views).where(saved_views.c.id == view_id))
            record_audit(t, "view.delete", view_id, before=_said(_view(row)), after=None)

        self.unit.write(work)


def _keep(t: Transaction, new: NewView) -> SavedView:
    mine = saved_views.c.owner == t.who
    if t.connection.execute(select(func.count()).select_from(saved_views).where(mine)).scalar_one() >= VIEWS_MAX:
        raise ConflictError(f"You keep {VIEWS_MAX} views already; delete one first.")
    view = SavedView(t.new_id("vw"), t.who, new.name.strip(), new.address, new.shared_with)
    _refuse_second(t, view)
    t.connection.execute(insert(saved_views).values(id=view.id, owner=t.who, changed_ms=t.now_ms, **_said(view)))
    record_audit(t, "view.add", view.id, before=None, after=_said(view))
    return view


def _change(t: Transaction, view_id: str, changes: Mapping[str, Any]) -> SavedView:
    before = _view(_own(t, view_id))
    wanted = {"name": before.name, "address": before.address, "shared_with": before.shared_with, **changes}
    new = NewView(**wanted)
    view = SavedView(before.id, before.owner, new.name.strip(), new.address, new.shared_with)
    _refuse_second(t, view)
    columns = {**_said(view), "changed_ms": t.now_ms}
    t.connection.execute(update(saved_views).where(saved_views.c.id == view_id).values(**columns))
    record_audit(t, "view.change", view_id, before=_said(before), after=_said(view))
    return view


def _own(t: Transaction, view_id: str) -> Row[Any]:
    mine = (saved_views.c.id == view_id) & (saved_views.c.owner == t.who)
    row = t.connection.execute(select(saved_views).where(mine)).one_or_none()
    if row is None:
        raise UnknownError(f"You have no view {view_id!r}.")
    return row


def _refuse_second(t: Transaction, view: SavedView) -> None:
    columns = saved_views.c
    same = (columns.owner == view.owner) & (columns.name == view.name) & (columns.id != view.id)
    if t.connection.execute(select(columns.n).where(same)).first() is not None:
        raise ConflictError(f"You have a view {view.name!r} already.")


def _said(view: SavedView) -> dict[str, str | None]:
    return {"name": view.name, "address": view.address, "shared_with": view.shared_with}


def _view(row: Row[Any]) -> SavedView:
    shared = None if row.shared_with is None else Role(row.shared_with)
    return SavedView(row.id, row.owner, row.name, row.address, shared)
