"""A test that is to be done again is proposed again: when its fault has grown, or when its day has come."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import SYSTEM, Transaction
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.tickets.opening import add_history
from alerts.tickets.tables import IS_OVER, tickets

AT_ONCE = 200
AGAIN_GROWN, AGAIN_DATE = "grown", "date"


def grown_again(ticket: Row[Any], severity: float | None) -> dict[str, Any]:
    """The columns of a ticket whose test comes back because its fault has grown to where it may be seen; none where not."""
    again = (ticket.recommended or {}).get("again")
    if again is None or again["is_due"] or (severity or 0.0) < again["above"]:
        return {}
    return _proposed(ticket, AGAIN_GROWN)


def propose_due(t: Transaction) -> int:
    """Propose again the tests whose day has come; returns how many."""
    due = (tickets.c.test_again_ms <= t.now_ms) & ~IS_OVER
    found = t.connection.execute(select(tickets).where(due).limit(AT_ONCE)).all()
    for ticket in found:
        version = ticket.version + 1
        columns = _proposed(ticket, AGAIN_DATE)
        t.connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(**columns, version=version))
        tell_again(t, ticket, AGAIN_DATE, version=version)
        record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})
    return len(found)


def has_due(t: Transaction) -> bool:
    """Whether any test's day has come."""
    due = (tickets.c.test_again_ms <= t.now_ms) & ~IS_OVER
    return t.connection.execute(select(tickets.c.number).where(due).limit(1)).first() is not None


def tell_again(t: Transaction, ticket: Row[Any], because: str, *, version: int) -> None:
    """Say on a ticket, and to whoever wants to know, that its test comes back."""
    test = ticket.recommended["again"]["test"]
    add_history(t.by(SYSTEM), ticket.id, event=f"test_again_{because}", data={"test": test})
    told = {"id": ticket.id, "number": ticket.number, "version": version, "status": ticket.status}
    told |= {"appliance_id": ticket.appliance_id, "test": test, "because": because}
    put_notice(t, "ticket.test_again", ticket.id, told, dedupe_key=f"{ticket.id}:{version}:{because}:test_again")


def _proposed(ticket: Row[Any], because: str) -> dict[str, Any]:
    again = {**ticket.recommended["again"], "is_due": True, "called_by": because}
    return {"recommended": {**ticket.recommended, "test": again["test"], "again": again}, "test_again_ms": None}
