"""The gate: may this alert open a ticket now? A decision is a reason, never a bare yes or no.

Fails open: where no rule speaks against it, a ticket is opened; a doubled look is better than a missed failure. An
alert that is held back stays pending and is asked again at every tick, so nothing is forgotten when the rule lapses.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, or_, select

from alerts.alerting.alert import Reason
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.lifecycle import TicketState
from alerts.silences.tables import silences
from alerts.tickets.sla import DAY_MS
from alerts.tickets.tables import tickets
from detectors.finding import Channel

REPAIR_GRACE_MS = 3 * DAY_MS
"""How long after a ticket was closed a deviation that began before is taken for the old fault's echo."""


def hold_back(t: Transaction, alert: Row[Any]) -> Reason | None:
    """Why this alert opens no ticket now, or nothing."""
    if alert.channel == Channel.DATA:
        return Reason.DATA_FAULT_NO_TICKET
    if _is_retired(t, alert.appliance_id):
        return Reason.APPLIANCE_RETIRED
    if _is_silenced(t, alert):
        return Reason.SILENCED
    if _is_echo(t, alert):
        return Reason.INHIBITED_RECENT_REPAIR
    return None


def _is_retired(t: Transaction, appliance_id: str) -> bool:
    query = select(appliances.c.retired).where(appliances.c.id == appliance_id)
    return bool(t.connection.execute(query).scalar_one_or_none())


def _is_silenced(t: Transaction, alert: Row[Any]) -> bool:
    columns = silences.c
    query = select(func.count()).where(
        columns.until_ms > t.now_ms,
        or_(columns.appliance_id.is_(None), columns.appliance_id == alert.appliance_id),
        or_(columns.fault_mode.is_(None), columns.fault_mode == alert.fault_mode),
    )
    return t.connection.execute(query).scalar_one() > 0


def _is_echo(t: Transaction, alert: Row[Any]) -> bool:
    query = select(func.max(tickets.c.closed_ms)).where(
        tickets.c.appliance_id == alert.appliance_id,
        tickets.c.fault_mode == alert.fault_mode,
        tickets.c.status == TicketState.CLOSED.value,
    )
    closed_ms = t.connection.execute(query).scalar_one()
    return closed_ms is not None and alert.onset_ms < closed_ms and t.now_ms < closed_ms + REPAIR_GRACE_MS
