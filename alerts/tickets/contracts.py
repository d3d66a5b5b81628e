"""The contract of a ticket: its appliance's, taken when an episode begins and when it is written down; one that a person named stays.

A contract that runs out while its ticket is open stays on it: what was promised when the work began holds to its end.
"""

from __future__ import annotations

from sqlalchemy import select, update

from alerts.coverages.contract import contract_of
from alerts.database import SYSTEM, Transaction
from alerts.notices.changes import Subject, record_change
from alerts.tickets.clock_keeping import settle_clocks
from alerts.tickets.opening import add_history
from alerts.tickets.sla import more_urgent
from alerts.tickets.tables import IS_OPEN, tickets


def follow_contract(t: Transaction, appliance_id: str) -> int:
    """Bring the open tickets of an appliance under the contract that holds for it now; how many came under another."""
    contract = contract_of(t, appliance_id)
    mine = (tickets.c.appliance_id == appliance_id) & tickets.c.contract_by.is_(None)
    rows = t.connection.execute(
        select(tickets).where(IS_OPEN, mine, tickets.c.contract.is_distinct_from(contract)).order_by(tickets.c.number)
    ).all()
    for row in rows:
        columns = {"contract": contract, "version": row.version + 1}
        if row.priority_by is None:
            steps = t.rules.priority
            base = row.priority + steps.steps_of(row.contract)
            columns["priority"] = more_urgent(min(base, 4), steps.steps_of(contract))
        t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(columns))
        data = {"contract": {"from": row.contract, "to": contract}}
        if columns.get("priority", row.priority) != row.priority:
            data["priority"] = {"from": row.priority, "to": columns["priority"]}
        add_history(t.by(SYSTEM), row.id, event="changed", data=data)
        settle_clocks(t, row.id)
        record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})
    return len(rows)
