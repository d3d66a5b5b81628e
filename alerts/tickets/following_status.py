"""A ticket follows what its work order in another system says: by the life cycle's own steps, the fewest that lead there."""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from alerts.database import Transaction
from alerts.errors import ConflictError
from alerts.lifecycle import TICKET, Back, TicketState, TicketStep
from alerts.tickets.reading import find_row
from alerts.tickets.steps import WhenOver, take_step
from alerts.tickets.ticket import StepBody


class OutsideState(StrEnum):
    """What another system may say of its work order."""

    TRIAGED = "triaged"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    REPAIRED = "repaired"
    CLOSED = "closed"
    CANCELLED = "cancelled"


_NEVER = frozenset({TicketStep.REOPEN, TicketStep.COMMENT, TicketStep.VERDICT, TicketStep.ACCEPT, TicketStep.REJECT})
"""What another system does not do by a state alone: accepting and rejecting is the customer's."""


def follow_status(
    t: Transaction, ref: str, state: OutsideState, note: str | None, *, when_over: WhenOver
) -> tuple[str, bool]:
    """Take the steps to a state; the ticket's id, and whether it stood elsewhere. Raises :class:`ConflictError` where none lead there."""
    row = find_row(t, ref)
    wanted = TicketState(state.value)
    before_hold = TicketState(row.before_hold) if row.before_hold else None
    steps = _way(TicketState(row.status), wanted, before_hold)
    if steps is None:
        raise ConflictError(f"Ticket {row.number} is {row.status}: no steps lead from there to {wanted}.")
    said = note or "as its work order says"
    for step in steps:
        body = StepBody(note=said, reason=said if step is TicketStep.HOLD else None)
        take_step(t, row.id, step, body, expected_version=None, when_over=when_over)
    return str(row.id), bool(steps)


def _way(start: TicketState, goal: TicketState, before_hold: TicketState | None) -> tuple[TicketStep, ...] | None:
    """The fewest steps from one state to another; on hold and cancelled only where that is the goal."""
    waiting: deque[tuple[TicketState, tuple[TicketStep, ...]]] = deque([(start, ())])
    seen = {start}
    while waiting:
        state, taken = waiting.popleft()
        if state is goal:
            return taken
        for step, target in TICKET[state].items():
            after = before_hold or TicketState.OPEN if isinstance(target, Back) else target
            leads_astray = after in {TicketState.ON_HOLD, TicketState.CANCELLED} and after is not goal
            if step not in _NEVER and after not in seen and not leads_astray:
                seen.add(after)
                waiting.append((after, (*taken, step)))
    return None
