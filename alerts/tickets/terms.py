"""Terms of a ticket's clocks: which policy of the rules it falls under, kept as they were when they came into force.

A ticket has a log of its terms (``ticket_terms``); what terms were is kept by their content (``clock_terms``), so that an
account can be reckoned again long after policies and calendars have changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import insert, select

from alerts.calendars.business_hours import ALWAYS, Calendar
from alerts.database import Transaction, upsert
from alerts.rules.calendars import Policy, default_policies
from alerts.rules.desk_rules import DeskRules
from alerts.rules.ticket_types import REPAIR
from alerts.tickets.account import Terms
from alerts.tickets.tables import clock_terms, ticket_terms

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy looks at."""

    source: str
    priority: int
    kind: str
    region: str | None
    contract: str | None
    type: str = REPAIR


def wanted_terms(rules: DeskRules, facts: Facts) -> Terms:
    """The terms that the rules have for a ticket: those of the first policy that fits, or of its type."""
    policy = _policy_of(rules, facts)
    named = rules.calendars.get(policy.calendar) if policy.calendar is not None else None
    calendar = ALWAYS if named is None else named.calendar
    within = {"respond": policy.respond_hours, "resolve": policy.resolve_hours, "update": policy.update_hours}
    content = {
        "policy": policy.name,
        "calendar": policy.calendar,
        "zone": calendar.zone,
        "week": calendar.week,
        "holidays": calendar.holidays,
        "closed": sorted(day.isoformat() for day in calendar.closed),
        "within_ms": {clock: round(hours * HOUR_MS) for clock, hours in within.items() if hours is not None},
        "stops": {kind: sorted(clocks) for kind, clocks in rules.pauses.items()},
    }
    return read_terms(json.dumps(content, sort_keys=True, separators=(",", ":")))


@lru_cache(maxsize=1024)
def read_terms(text: str) -> Terms:
    """Terms from their content; the same content is the same value, with what its calendar has found out so far."""
    content = json.loads(text)
    week = tuple(tuple((since, to) for since, to in day) for day in content["week"])
    closed = frozenset(map(date.fromisoformat, content["closed"]))
    calendar = ALWAYS if content["zone"] is None else Calendar(content["zone"], week, content["holidays"], closed)
    digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return Terms(digest, content["policy"], content["calendar"], calendar, content["within_ms"], content["stops"], text)


@lru_cache(maxsize=8)
def before_terms(priority: int) -> Terms:
    """What a ticket went by before terms were kept: hours of the clock, by its priority."""
    return wanted_terms(DeskRules(), Facts("", priority, "", None, None))


def put_under(t: Transaction, ticket_id: str, terms: Terms) -> None:
    """Write down that a ticket goes by these terms from now on."""
    kept = upsert(t.connection, clock_terms).values(id=terms.id, content=terms.content)
    t.connection.execute(kept.on_conflict_do_nothing())
    t.connection.execute(insert(ticket_terms).values(ticket_id=ticket_id, at_ms=t.now_ms, terms_id=terms.id))


def terms_of(t: Transaction, ticket_ids: Sequence[str]) -> dict[str, list[tuple[int, Terms]]]:
    """The log of terms of some tickets: since when each held."""
    log = ticket_terms.c
    query = (
        select(log.ticket_id, log.at_ms, clock_terms.c.content)
        .join(clock_terms, clock_terms.c.id == log.terms_id)
        .where(log.ticket_id.in_(ticket_ids))
        .order_by(log.n)
    )
    found: dict[str, list[tuple[int, Terms]]] = {}
    for ticket_id, at_ms, content in t.connection.execute(query):
        found.setdefault(ticket_id, []).append((at_ms, read_terms(content)))
    return found


def _policy_of(rules: DeskRules, facts: Facts) -> Policy:
    """The first that fits; hours of the ticket's type stand before policies that name no type."""
    fitting = [one for one in (*rules.policies, *default_policies()) if _fits(one, facts)]
    named = next((one for one in fitting if one.types), None)
    known = rules.ticket_types.get(facts.type)
    if named is not None or known is None or known.respond_hours is None or known.resolve_hours is None:
        return named or fitting[0]
    hours = {"respond_hours": known.respond_hours, "resolve_hours": known.resolve_hours}
    return Policy(name=f"type {facts.type}", calendar=known.calendar, **hours)


def _fits(policy: Policy, facts: Facts) -> bool:
    asked: tuple[tuple[Sequence[Any], Any], ...] = (
        (policy.sources, facts.source),
        (policy.priorities, facts.priority),
        (policy.kinds, facts.kind),
        (policy.regions, facts.region),
        (policy.contracts, facts.contract),
        (policy.types, facts.type),
    )
    return all(not wanted or value in wanted for wanted, value in asked)
