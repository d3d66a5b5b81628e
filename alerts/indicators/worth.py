"""Proof of worth: breakdowns of appliances whose predictions are acted on, against those of a hold-out group drawn by chance.

A *breakdown* is an episode closed in the period with the verdict *confirmed* or *other_fault* that no prediction and no plan
brought in. Rates are per 1,000 appliance-months in service, with Byar's 95 % interval. *Avoided* is the difference of the two
rates times the exposure of those acted on; its interval is that of a difference of rates (MOVER, by Donner and Zou), from
the intervals of both. *Spent* is what acting on predictions cost at the prices of the gate: visits, remote sessions and
what customers were asked to do for tickets that predictions opened. Where the interval of *avoided* reaches zero, the cost
of an avoided breakdown has no upper end.

Running example: 900 appliances for a year had 18 breakdowns, 100 held out had 8: 1.67 and 6.67 per 1,000 months; 54 avoided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Subquery, case, func, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.fix_first.tables import fix_first
from alerts.indicators.intervals import rate_interval
from alerts.indicators.moments import ended_episodes, is_closed
from alerts.indicators.reliability import HOUR_MS, MONTH_H, REAL
from alerts.remote.tables import sessions
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import TicketSource
from ingest.clock import from_ms

FORESEEN = (TicketSource.PREDICTION.value, TicketSource.PREVENTIVE.value)


@dataclass(frozen=True, slots=True)
class Group:
    """Appliances that are acted on, or held out. ``rate`` per 1,000 appliance-months; ``low`` to ``high`` is its interval."""

    appliances: int
    exposure_months: float
    breakdowns: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval; an end that is ``None`` is not bounded by what was counted."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What acting on predictions was worth in a period; ``avoided`` is empty where nobody was held out."""

    start: datetime
    end: datetime
    share: float
    acted_on: Group
    held_out: Group
    avoided: Interval | None
    currency: str
    spent: float
    visits: int
    remote_sessions: int
    fix_first: int
    cost_per_avoided: Interval | None


def read_worth(t: Transaction, *, start_ms: int, end_ms: int) -> Worth:
    """The two groups over [start, end), from the day on which the comparison begins."""
    rule, gate = t.rules.hold_out, t.rules.gate
    start_ms = min(max(start_ms, rule.since_ms), end_ms)
    ended = ended_episodes(start_ms=start_ms, end_ms=end_ms)
    acted_on, held_out = _groups(t, ended, start_ms=start_ms, end_ms=end_ms)
    avoided = _avoided(acted_on, held_out)
    counts = _acts(t, ended, start_ms=start_ms, end_ms=end_ms)
    prices = {"visits": gate.visit_price, "sessions": gate.remote_price, "fix_first": gate.fix_first_price}
    spent = round(sum(counts[name] * price for name, price in prices.items()), 2)
    return Worth(
        start=from_ms(start_ms),
        end=from_ms(end_ms),
        share=rule.share,
        acted_on=acted_on,
        held_out=held_out,
        avoided=avoided,
        currency=gate.currency,
        spent=spent,
        visits=counts["visits"],
        remote_sessions=counts["sessions"],
        fix_first=counts["fix_first"],
        cost_per_avoided=None if avoided is None else _cost(spent, avoided),
    )


def _groups(t: Transaction, ended: Subquery, *, start_ms: int, end_ms: int) -> tuple[Group, Group]:
    rule, column = t.rules.hold_out, appliances.c
    is_breakdown = is_closed(ended) & ended.c.verdict.in_(REAL) & ended.c.source.not_in(FORESEEN)
    query = select(ended.c.appliance_id, func.count()).where(is_breakdown).group_by(ended.c.appliance_id)
    breakdowns: Mapping[str, int] = {row[0]: int(row[1]) for row in t.connection.execute(query)}
    until_ms = case((column.retired, func.coalesce(column.retired_ms, end_ms)), else_=end_ms)
    served = select(column.id, column.registered_ms, until_ms.label("until_ms")).where(column.registered_ms < end_ms)
    sums = {False: [0, 0, 0], True: [0, 0, 0]}
    for row in t.connection.execute(served):
        span_ms = min(row.until_ms, end_ms) - max(row.registered_ms, start_ms)
        if span_ms > 0:
            mine = sums[rule.holds(row.id)]
            mine[0] += 1
            mine[1] += span_ms
            mine[2] += breakdowns.get(row.id, 0)
    return _group(*sums[False]), _group(*sums[True])


def _group(count: int, exposure_ms: int, breakdowns: int) -> Group:
    months = exposure_ms / HOUR_MS / MONTH_H
    low, high = rate_interval(breakdowns, months)
    is_known = months > 0
    return Group(
        appliances=count,
        exposure_months=round(months, 2),
        breakdowns=breakdowns,
        rate=round(1000 * breakdowns / months, 3) if is_known else None,
        low=round(1000 * low, 3) if is_known else None,
        high=round(1000 * high, 3) if is_known else None,
    )


def _avoided(acted_on: Group, held_out: Group) -> Interval | None:
    if None in (acted_on.rate, held_out.rate):
        return None
    rate, low, high = (value or 0.0 for value in (acted_on.rate, acted_on.low, acted_on.high))
    other, other_low, other_high = (value or 0.0 for value in (held_out.rate, held_out.low, held_out.high))
    times = acted_on.exposure_months / 1000
    value = other - rate
    least = value - math.hypot(other - other_low, high - rate)
    most = value + math.hypot(other_high - other, rate - low)
    return Interval(round(value * times, 1), round(least * times, 1), round(most * times, 1))


def _cost(spent: float, avoided: Interval) -> Interval:
    value, low, high = (None if end is None or end <= 0 else round(spent / end, 2) for end in _ends(avoided))
    return Interval(value, high, low)


def _ends(interval: Interval) -> tuple[float | None, float | None, float | None]:
    return interval.value, interval.low, interval.high


def _acts(t: Transaction, ended: Subquery, *, start_ms: int, end_ms: int) -> Mapping[str, int]:
    """What was done for tickets that predictions opened: visits of closed episodes, sessions, and steps that customers took."""
    is_predicted = tickets.c.source == TicketSource.PREDICTION.value
    visits = select(func.coalesce(func.sum(ended.c.visited), 0)).where(
        is_closed(ended), ended.c.source == TicketSource.PREDICTION.value
    )
    counts = {"visits": visits}
    for name, table, at_ms in (
        ("sessions", sessions, sessions.c.requested_ms),
        ("fix_first", fix_first, fix_first.c.told_ms),
    ):
        counts[name] = (
            select(func.count())
            .select_from(table.join(tickets, tickets.c.id == table.c.ticket_id))
            .where(is_predicted, at_ms >= start_ms, at_ms < end_ms)
        )
    return {name: int(t.connection.execute(query).scalar_one()) for name, query in counts.items()}
