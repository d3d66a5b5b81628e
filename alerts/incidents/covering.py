"""Which open incident explains what an appliance shows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.incidents.incident import IncidentState
from alerts.incidents.rules import SCOPE_SEPARATOR, holding, scope_of
from alerts.incidents.tables import incidents


def is_covered(t: Transaction, appliance_id: str) -> bool:
    """Whether an open incident that holds tickets has this appliance in its scope."""
    standing = select(incidents.c.kind, incidents.c.scope).where(incidents.c.state == IncidentState.OPEN.value)
    kinds = {rule.kind.value: rule for rule in holding()}
    found = t.connection.execute(standing.where(incidents.c.kind.in_(list(kinds)))).all()
    if not found:
        return False
    row = t.connection.execute(select(appliances).where(appliances.c.id == appliance_id)).one_or_none()
    if row is None:
        return False
    values = row._mapping  # noqa: SLF001 - the public name of a row as a mapping
    return any(scope == scope_of(tuple(values[name] for name in kinds[kind].columns)) for kind, scope in found)


def covered_appliances(t: Transaction) -> Select[Any]:
    """The ids of all appliances that such an incident has in its scope."""
    standing = select(incidents.c.kind, incidents.c.scope).where(incidents.c.state == IncidentState.OPEN.value)
    kinds = {rule.kind.value: rule for rule in holding()}
    found = t.connection.execute(standing.where(incidents.c.kind.in_(list(kinds)))).all()
    scopes: list[ColumnElement[bool]] = []
    for kind, scope in found:
        columns = [appliances.c[name] for name in kinds[kind].columns]
        joined: ColumnElement[Any] = columns[0]
        for column in columns[1:]:
            joined = joined + SCOPE_SEPARATOR + column
        scopes.append(joined == scope)
    return select(appliances.c.id).where(or_(false(), *scopes))
