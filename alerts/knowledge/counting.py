"""Counting cases: what closed tickets of a fault mode say, and what has helped against it; asked of the database each time, in four queries for however many articles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.fix_first.tables import fix_first
from alerts.incidents.incident import interval_of
from alerts.knowledge.article import Cases, Helped
from alerts.knowledge.tables import articles
from alerts.lifecycle import FixFirstState, TicketState
from alerts.repairs.lifecycle import RepairState
from alerts.repairs.tables import repair_parts, repairs
from alerts.tickets.tables import ticket_episodes, tickets
from alerts.tickets.ticket import Verdict

WITHOUT_PART = "without_part"
FIX_FIRST = "fix_first"
Pair = tuple[int, int]


def cases_of(t: Transaction, ids: Sequence[str]) -> dict[str, Cases]:
    """The cases of articles, by their ids: each of its fault mode, and of its model where it names one."""
    closed, outcomes = _closed(t, ids), _outcomes(t, ids)
    helped = _by_part(t, ids)
    for article_id, line in _by_customers(t, ids):
        helped.setdefault(article_id, []).append(line)
    return {one: _cases(t, closed.get(one, (0, 0)), outcomes.get(one, (0, 0)), helped.get(one, ())) for one in ids}


def _cases(t: Transaction, closed: Pair, outcome: Pair, helped: Iterable[Helped]) -> Cases:
    held, came_back = outcome
    rule = t.rules.knowledge
    low, _ = interval_of(came_back, held + came_back)
    stopped = held + came_back >= rule.cases_at_least and low > rule.came_back_share
    return Cases(*closed, tuple(sorted(helped, key=lambda one: -one.held)), held, came_back, stopped)


def _closed(t: Transaction, ids: Sequence[str]) -> dict[str, Pair]:
    """Episodes closed with a verdict: that it was this fault, and that it was none."""
    ended, mode = ticket_episodes.c, articles.c.fault_mode
    found = or_(
        and_(ended.verdict == Verdict.CONFIRMED.value, tickets.c.fault_mode == mode),
        and_(ended.verdict == Verdict.OTHER_FAULT.value, ended.verdict_fault_mode == mode),
    )
    nothing = and_(ended.verdict == Verdict.NO_FAULT_FOUND.value, tickets.c.fault_mode == mode)
    joined = ticket_episodes.join(tickets, tickets.c.id == ended.ticket_id)
    joined = joined.outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
    joined = joined.join(articles, and_(articles.c.kind == tickets.c.kind, _of_model(appliances.c.model)))
    query = select(articles.c.id, *(func.sum(case((which, 1), else_=0)) for which in (found, nothing)))
    query = query.select_from(joined).where(ended.status == TicketState.CLOSED.value, or_(found, nothing))
    return _pairs(t, query, ids)


def _outcomes(t: Transaction, ids: Sequence[str]) -> dict[str, Pair]:
    """Repairs since the article was last written: that held, and that came back."""
    since = and_(repairs.c.decided_ms >= articles.c.changed_ms, repairs.c.closed_ms >= articles.c.changed_ms)
    joined = repairs.join(articles, _is_of(repairs, repairs.c.model))
    return _pairs(t, select(articles.c.id, *_counts()).select_from(joined).where(since), ids)


def _pairs(t: Transaction, query: Select[Any], ids: Sequence[str]) -> dict[str, Pair]:
    rows = t.connection.execute(query.where(articles.c.id.in_(ids)).group_by(articles.c.id))
    return {row[0]: (int(row[1] or 0), int(row[2] or 0)) for row in rows}


def _by_part(t: Transaction, ids: Sequence[str]) -> dict[str, list[Helped]]:
    what = func.coalesce(repair_parts.c.sku, WITHOUT_PART)
    joined = repairs.join(articles, _is_of(repairs, repairs.c.model))
    joined = joined.outerjoin(repair_parts, repair_parts.c.repair_id == repairs.c.id)
    query = select(articles.c.id, what, func.count(), *_counts()).select_from(joined).group_by(articles.c.id, what)
    query = query.where(articles.c.id.in_(ids), repairs.c.state != RepairState.WITHDRAWN.value)
    helped: dict[str, list[Helped]] = {}
    for article_id, part, cases, held, back in t.connection.execute(query):
        helped.setdefault(article_id, []).append(Helped(part, int(cases), int(held or 0), int(back or 0)))
    return helped


def _by_customers(t: Transaction, ids: Sequence[str]) -> Iterator[tuple[str, Helped]]:
    joined = fix_first.outerjoin(appliances, appliances.c.id == fix_first.c.appliance_id)
    joined = joined.join(articles, _is_of(fix_first, appliances.c.model))
    states = [(FixFirstState.HELPED,), (FixFirstState.DID_NOT_HELP, FixFirstState.RELAPSED)]
    sums = [func.sum(case((fix_first.c.state.in_([one.value for one in each]), 1), else_=0)) for each in states]
    query = select(articles.c.id, *sums).select_from(joined).where(articles.c.id.in_(ids)).group_by(articles.c.id)
    for article_id, held, back in t.connection.execute(query):
        if held or back:
            yield article_id, Helped(FIX_FIRST, int(held + back), int(held), int(back))


def _counts() -> list[Any]:
    states = (RepairState.HELD, RepairState.CAME_BACK)
    return [func.sum(case((repairs.c.state == state.value, 1), else_=0)) for state in states]


def _is_of(table: Any, model: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a row is of an article's fault mode, and of its model where it names one."""
    return and_(table.c.kind == articles.c.kind, table.c.fault_mode == articles.c.fault_mode, _of_model(model))


def _of_model(model: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(articles.c.model == "", articles.c.model == model)
