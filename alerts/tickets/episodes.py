"""Episodes: a ticket that is opened again begins anew, and how the one before ended stays as it was.

Figures of a period are counted from here, so that a ticket that was closed and opened again was closed all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.database import Transaction, upsert
from alerts.tickets.tables import ticket_episodes

_KEPT = ("source", "status", "respond_by_ms", "resolve_by_ms", "responded_ms", "verdict", "verdict_fault_mode")


def keep_end(t: Transaction, ticket: Mapping[str, Any]) -> None:
    """Write down how the present episode of a ticket that is over has ended; again where its verdict comes later."""
    values = {name: ticket[name] for name in _KEPT} | {
        "ticket_id": ticket["id"],
        "episode": ticket["episode"],
        "opened_ms": ticket["episode_ms"] or ticket["opened_ms"],
        "ended_ms": ticket["closed_ms"],
        "visited": int(ticket["visit_from_ms"] is not None),
    }
    statement = upsert(t.connection, ticket_episodes).values(values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["ticket_id", "episode"], set_=values))
