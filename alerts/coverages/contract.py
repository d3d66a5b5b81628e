"""The contract of an appliance: the one that holds today, by the name under which rules know it."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from alerts.coverages.basis import Basis
from alerts.coverages.tables import coverages
from alerts.database import Transaction
from ingest.clock import from_ms


def contract_of(t: Transaction, appliance_id: str) -> str | None:
    """The plan of the contract that holds for an appliance, its own name where it has no plan; of several the youngest."""
    column, today = coverages.c, from_ms(t.now_ms).date().isoformat()
    query = (
        select(func.coalesce(column.plan, column.external_id))
        .where(column.appliance_id == appliance_id, column.basis == Basis.CONTRACT, column.valid_from <= today)
        .where(or_(column.valid_to.is_(None), column.valid_to >= today))
        .order_by(column.valid_from.desc(), column.external_id)
    )
    found: str | None = t.connection.execute(query.limit(1)).scalar_one_or_none()
    return found
