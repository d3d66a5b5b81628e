"""A ticket that is on hold for the customer goes on once they have answered; one that waits for anything else stays.

The step is a ``resume`` in the customer's name, with what they answered by and what was waited for in its line of history, so that a
person who finds that it was no answer holds it again with the same words. Clocks go on as with any other ``resume``.
"""

from __future__ import annotations

from typing import Any

from alerts.database import CUSTOMER, Transaction
from alerts.lifecycle import TicketState, TicketStep, next_ticket_state
from alerts.tickets.account import CUSTOMER_PAUSE
from alerts.tickets.reading import find_row
from alerts.tickets.steps import NOT_HELD, write_ticket


def go_on(t: Transaction, ref: str, *, answered_by: str) -> bool:
    """Take the ticket off hold where it waits for its customer; whether it was."""
    row = find_row(t, ref)
    if row.status != TicketState.ON_HOLD or row.pause != CUSTOMER_PAUSE:
        return False
    after = next_ticket_state(TicketState.ON_HOLD, TicketStep.RESUME, before_hold=TicketState(row.before_hold))
    columns: dict[str, Any] = {"status": after.value, **NOT_HELD}
    data = {"answered_by": answered_by, "waited_for": row.paused_reason}
    write_ticket(t.by(CUSTOMER), row, TicketStep.RESUME.value, columns, note=None, data=data)
    return True
