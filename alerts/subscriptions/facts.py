"""What rules look at, for notices as they lie in the outbox: what they say themselves, and what their ticket says now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.subscriptions.matching import Facts
from alerts.tickets.tables import tickets

_FROM_TICKET = ("priority", "severity", "kind", "source", "assignee", "region")


def facts_of(t: Transaction, rows: Sequence[Row[Any]]) -> list[Facts]:
    """The facts of notices, in their order; a notice's own word wins over its ticket's."""
    ids = {row.subject_id for row in rows if row.type.startswith("ticket.")}
    columns = [tickets.c.id, *[tickets.c[name] for name in _FROM_TICKET if name != "region"], appliances.c.region]
    joined = tickets.outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
    query = select(*columns).select_from(joined).where(tickets.c.id.in_(ids))
    of_ticket: dict[str, Mapping[str, Any]] = {
        row.id: dict(row._mapping)  # noqa: SLF001 - the public name of a row as a mapping
        for row in (t.connection.execute(query) if ids else ())
    }
    return [_facts(row, of_ticket.get(row.subject_id, {})) for row in rows]


def _facts(row: Row[Any], of_ticket: Mapping[str, Any]) -> Facts:
    said = row.data or {}
    values = {name: said.get(name, of_ticket.get(name)) for name in _FROM_TICKET}
    if said.get("kind") in {"region", "weather"} and row.type.startswith("incident."):
        values |= {"region": said.get("scope"), "kind": None}
    elif row.type.startswith("incident."):
        values["kind"] = None
    return Facts(type=row.type, to=said.get("to"), **values)
