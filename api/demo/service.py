"""What the demo asks of its service: counts, lag, tickets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alerts.page import LIMIT_MAX, all_pages
from alerts.tickets.reading import TicketFilter
from alerts.tickets.ticket import TicketSource
from api.demo.summary import PredictedTicket
from ingest.clock import to_ms

if TYPE_CHECKING:
    from api.service.service import Service


DOES = {"admit": "judging", "store": "storing", "detect": "scoring", "desk": "telling the desk"}
"""What each reader of the journal does, for people who watch."""
FLEET_LAG_S = 10.0
"""A fleet that is behind by so much wall time waits: nobody acknowledges what it has sent, or the machine is too slow."""


def ticket_count(service: Service) -> int:
    """How many tickets were opened."""
    return sum(service.rooms.desk.tickets.counts().values())


def batches_behind(service: Service) -> int:
    """How many journal batches the slowest reader is behind."""
    return service.rooms.ingest.journal.tip() - min(service.rooms.cursors().values())


def lag_in_words(service: Service) -> str:
    """What the slowest reader is at, empty where there is no lag to speak of."""
    behind = batches_behind(service)
    if behind <= 1:
        return ""
    cursors = service.rooms.cursors()
    slowest = min(cursors, key=lambda name: cursors[name])
    return f"{DOES.get(slowest, slowest)} what came last ({behind} batches)"


def fleet_lag_in_words(lag_s: float) -> str:
    """How far the fleet is behind, in seconds of wall time; empty where there is no lag to speak of."""
    return "" if lag_s < FLEET_LAG_S else f"the appliances are {lag_s:.0f} s behind"


def is_caught_up(service: Service) -> bool:
    """Whether every reader has read everything."""
    return batches_behind(service) == 0


def predicted_tickets(service: Service) -> Iterator[PredictedTicket]:
    """The tickets with source ``prediction``, dated by the first alert that led to them."""
    desk = service.rooms.desk
    alerts = desk.alerts
    for ticket in all_pages(lambda cursor: desk.tickets.page(TicketFilter(), cursor=cursor, limit=LIMIT_MAX)):
        if ticket.source is TicketSource.PREDICTION and ticket.alert_id is not None:
            page = alerts.page(appliance_id=ticket.appliance_id, limit=LIMIT_MAX)
            mine = [one.raised_at for one in page.items if one.ticket_id == ticket.id]
            raised_at = min([*mine, alerts.read(ticket.alert_id).raised_at])
            names = [line.data.get("from") for line in ticket.history if line.event == "relabelled"]
            yield PredictedTicket(
                ticket.appliance_id,
                to_ms(raised_at),
                to_ms(ticket.opened_at),
                fault_mode=ticket.fault_mode,
                first_named=names[0] if names else None,
            )
