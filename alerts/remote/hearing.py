"""What people do at the appliance during a session, as the appliance tells it.

The customer's word comes first: a stop at the appliance ends the session, a refusal refuses it, whoever is at the desk.
"""

from __future__ import annotations

from sqlalchemy import select

from alerts.database import Transaction
from alerts.lifecycle import SESSION, SESSION_LIVE, SessionEvent, SessionState
from alerts.remote.consent import CUSTOMER, end_session
from alerts.remote.tables import sessions
from ingest.sample import Event, EventType

ENDS = {
    EventType.LOCAL_STOP: (SessionEvent.END, "stopped at the appliance"),
    EventType.CONSENT_REFUSED: (SessionEvent.REFUSE, "refused at the appliance"),
}
HEARD = frozenset(ENDS)
"""What can't wait to be heard."""


def hear(t: Transaction, event: Event) -> None:
    """Take in one event; of an appliance without a session it changes nothing, and neither does a repeated one."""
    ending = ENDS.get(event.type)
    if ending is None:
        return
    query = select(sessions.c.id, sessions.c.state).where(
        sessions.c.appliance_id == event.appliance_id,
        sessions.c.state.in_([state.value for state in SESSION_LIVE]),
        sessions.c.requested_ms <= event.received_ms,
    )
    if isinstance(event.data.get("session"), str):
        query = query.where(sessions.c.id == event.data["session"])
    for row in t.connection.execute(query).all():
        step = ending[0] if ending[0] in SESSION[SessionState(row.state)] else SessionEvent.END
        end_session(t.by(CUSTOMER), row.id, step, reason=ending[1])
