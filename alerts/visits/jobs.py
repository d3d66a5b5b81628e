"""Jobs, read: what the tickets of a home take, where it is, and whom its customer wants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from alerts.appliances.tables import appliances
from alerts.customers.access_hours import hours_of
from alerts.customers.tables import ownerships, sites
from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.lifecycle import TicketState
from alerts.people.provider import OfferStatus
from alerts.people.tables import offers, preferences
from alerts.people.technician import Wish
from alerts.place import place_of
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from alerts.visits.job import Home, Job, Needs
from alerts.visits.tables import visit_tickets
from ingest.profiles.definition import Profile, VisitNeeds

TO_BE_VISITED = (TicketState.TRIAGED, TicketState.SCHEDULED, TicketState.IN_PROGRESS)
"""States in which a ticket without a visit waits for one: somebody has looked at it and it is not over."""
IDS_AT_ONCE = 500


def job_of(t: Transaction, refs: Sequence[str], profiles: Mapping[str, Profile]) -> Job:
    """The job that tickets make together; :class:`InvalidError` where they are not of one home."""
    rows = [find_row(t, ref) for ref in dict.fromkeys(refs)]
    made = jobs_of(t, rows, profiles)
    if len(made) != 1:
        raise InvalidError("One visit goes to one home: these tickets are of different ones.")
    return made[0]


def waiting_jobs(t: Transaction, region: str | None, profiles: Mapping[str, Profile], *, limit: int) -> list[Job]:
    """What waits for a visit in a region, the most urgent first; tickets of one home are one job."""
    has_visit = select(visit_tickets.c.ticket_id).where(visit_tickets.c.is_standing.is_(True))
    taken = select(offers.c.ticket_id).where(offers.c.status == OfferStatus.ACCEPTED.value)
    query = (
        select(tickets)
        .where(tickets.c.status.in_([state.value for state in TO_BE_VISITED]))
        .where(tickets.c.id.not_in(has_visit), tickets.c.id.not_in(taken))
        .order_by(tickets.c.priority, tickets.c.resolve_by_ms, tickets.c.number)
        .limit(limit)
    )
    if region is not None:
        query = query.where(tickets.c.appliance_id.in_(_appliances_in(region)))
    return jobs_of(t, t.connection.execute(query).all(), profiles)


def jobs_of(t: Transaction, rows: Sequence[Any], profiles: Mapping[str, Profile]) -> list[Job]:
    """The jobs of tickets, in their order; those of one home come together."""
    homes = homes_of(t, {row.appliance_id for row in rows})
    wishes = _wishes(t, {home.customer_id for home in homes.values() if home.customer_id})
    together: dict[str, list[Any]] = {}
    for row in rows:
        together.setdefault(homes[row.appliance_id].site_id or row.appliance_id, []).append(row)
    return [_job(some, homes[some[0].appliance_id], wishes, profiles) for some in together.values()]


def homes_of(t: Transaction, appliance_ids: Collection[str]) -> Mapping[str, Home]:
    """Where appliances stand; of one that nobody owns only its region is known."""
    present = and_(ownerships.c.appliance_id == appliances.c.id, ownerships.c.until_ms.is_(None))
    query = (
        select(
            appliances.c.id.label("appliance_id"),
            appliances.c.region.label("appliance_region"),
            ownerships.c.customer_id,
            ownerships.c.site_id,
            sites.c.latitude,
            sites.c.longitude,
            sites.c.region,
            sites.c.time_zone,
            sites.c.access_hours,
        )
        .select_from(appliances)
        .outerjoin(ownerships, present)
        .outerjoin(sites, sites.c.id == ownerships.c.site_id)
    )
    ids = sorted(appliance_ids)
    found: dict[str, Home] = {}
    for at in range(0, len(ids), IDS_AT_ONCE):
        some = query.where(appliances.c.id.in_(ids[at : at + IDS_AT_ONCE]))
        found |= {row.appliance_id: _home(row) for row in t.connection.execute(some)}
    return found


def _home(row: Any) -> Home:
    return Home(
        site_id=row.site_id,
        customer_id=row.customer_id,
        place=place_of(row.latitude, row.longitude),
        region=row.region or row.appliance_region,
        time_zone=row.time_zone or "UTC",
        hours=hours_of(row.access_hours),
    )


def _appliances_in(region: str) -> Any:
    """Appliances whose home is in a region, or that say so themselves where the home does not."""
    present = and_(ownerships.c.appliance_id == appliances.c.id, ownerships.c.until_ms.is_(None))
    joined = appliances.outerjoin(ownerships, present).outerjoin(sites, sites.c.id == ownerships.c.site_id)
    of_itself = and_(sites.c.region.is_(None), appliances.c.region == region)
    return select(appliances.c.id).select_from(joined).where(or_(sites.c.region == region, of_itself))


def _wishes(t: Transaction, customer_ids: Collection[str]) -> Mapping[str, Mapping[Wish, set[str]]]:
    found: dict[str, dict[Wish, set[str]]] = {}
    ids = sorted(customer_ids)
    for at in range(0, len(ids), IDS_AT_ONCE):
        query = select(preferences).where(preferences.c.customer_id.in_(ids[at : at + IDS_AT_ONCE]))
        for row in t.connection.execute(query):
            found.setdefault(row.customer_id, {}).setdefault(Wish(row.wish), set()).add(row.technician_id)
    return found


def _job(
    rows: Sequence[Any],
    home: Home,
    wishes: Mapping[str, Mapping[Wish, set[str]]],
    profiles: Mapping[str, Profile],
) -> Job:
    wanted = wishes.get(home.customer_id or "", {})
    return Job(
        key=rows[0].id,
        ticket_ids=tuple(row.id for row in rows),
        home=home,
        needs=tuple(_needs(row, profiles) for row in rows),
        priority=min(row.priority for row in rows),
        due_ms=min(row.resolve_by_ms for row in rows),
        excluded=wanted.get(Wish.EXCLUDED, ()),
        preferred=wanted.get(Wish.PREFERRED, ()),
    )


def _needs(row: Any, profiles: Mapping[str, Profile]) -> Needs:
    profile = profiles.get(row.kind)
    mode = profile.fault_modes.get(row.fault_mode) if profile and row.fault_mode else None
    visit = mode.visit if mode else VisitNeeds()
    return Needs(
        row.kind, row.component or (mode.component if mode else None), visit.minutes, visit.level, visit.licences
    )
