"""Which open incident explains what an appliance shows."""

from __future__ import annotations

from sqlalchemy import select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.incidents.incident import IncidentState
from alerts.incidents.rules import holding, scope_of
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
