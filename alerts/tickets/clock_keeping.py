"""Keeping a ticket's deadlines: after whatever happens to a ticket they are reckoned anew from its log.

Kept are the moments at which clocks are due, so that lists and tellings can ask for them. A clock that stands still keeps
the moment at which it would have been due when it was stopped, and is due later by as long as it stands (``stopped`` names
it, ``paused_ms`` says since when).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import merge
from typing import Any

from sqlalchemy import Row, select, update

from alerts.appliances.tables import appliances
from alerts.database import CUSTOMER, SYSTEM, Transaction
from alerts.lifecycle import TicketStep
from alerts.rules.ticket_types import REPAIR
from alerts.tickets.account import GOES_ON, HOLD, STOPS, Account, Moment, Terms, account_of
from alerts.tickets.tables import ticket_history, tickets
from alerts.tickets.terms import Facts, before_terms, put_under, terms_of, wanted_terms

CLOCKS = ("respond", "resolve", "update")
SAYS_SOMETHING = frozenset(step.value for step in TicketStep)
NOT_US = frozenset({SYSTEM, "detector", CUSTOMER})
"""Who may move a ticket without saying a word to its customer."""


def begin_clocks(t: Transaction, values: Mapping[str, Any]) -> tuple[Terms, dict[str, Any]]:
    """The terms that the rules have for a ticket that is opened now, and the columns of its clocks."""
    region = select(appliances.c.region).where(appliances.c.id == values["appliance_id"])
    facts = Facts(
        values["source"],
        values["priority"],
        values["kind"],
        t.connection.execute(region).scalar_one_or_none(),
        values.get("contract"),
        values.get("type", REPAIR),
    )
    terms = wanted_terms(t.rules, facts)
    due = {f"{clock}_by_ms": terms.calendar.advance(t.now_ms, within) for clock, within in terms.within_ms.items()}
    return terms, {**due, "update_by_ms": None, "terms_id": terms.id, "stopped": ""}


def settle_clocks(t: Transaction, ticket_id: str) -> None:
    """Reckon the deadlines of a ticket anew, by its history and by the terms that the rules have for it now."""
    row = t.connection.execute(_with_region().where(tickets.c.id == ticket_id)).one()
    terms = wanted_terms(t.rules, facts_of(row))
    if row.terms_id != terms.id:
        put_under(t, row.id, terms)
    lines = t.connection.execute(
        select(ticket_history).where(ticket_history.c.ticket_id == row.id).order_by(ticket_history.c.n)
    ).all()
    moments = moments_of(row, lines, terms_of(t, [row.id]).get(row.id, ()))
    columns: dict[str, Any] = {"terms_id": terms.id} | _deadlines(row, lines, moments, terms, now_ms=t.now_ms)
    before = row._mapping  # noqa: SLF001 - the public name of a row as a mapping
    columns = {name: value for name, value in columns.items() if before[name] != value}
    if columns:
        t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(columns))


def moments_of(row: Row[Any], lines: Sequence[Any], terms: Sequence[tuple[int, Terms]]) -> list[Moment]:
    """What the clocks of the present episode go by, in order; the terms that held at its beginning come first.

    A clock that was set back takes nobody's time away: no moment lies before the one that came before it.
    """
    begun_ms = row.episode_ms or row.opened_ms
    before = [one for at_ms, one in terms if at_ms <= begun_ms]
    first = before[-1] if before else before_terms(row.priority)
    changes = [Moment(at_ms, "terms", terms=one) for at_ms, one in terms if at_ms > begun_ms]
    steps = []
    for line in lines:
        if line.at_ms >= begun_ms and (line.event == STOPS or line.event in GOES_ON):
            data = line.data or {}
            steps.append(Moment(line.at_ms, line.event, data.get("pause") or HOLD, data.get("reason")))
    steady = [Moment(begun_ms, "terms", terms=first)]
    for moment in merge(changes, steps, key=lambda one: one.at_ms):
        steady.append(replace(moment, at_ms=max(moment.at_ms, steady[-1].at_ms)))
    return steady


def begun_of(row: Row[Any], lines: Sequence[Any], clock: str) -> int | None:
    """When a clock began: with the episode; that of the next word with the last one, behind the answer."""
    begun_ms = int(row.episode_ms or row.opened_ms)
    if clock != "update":
        return begun_ms
    if row.responded_ms is None:
        return None
    said: list[int] = [line.at_ms for line in lines if line.event in SAYS_SOMETHING and line.actor not in NOT_US]
    return max([int(row.responded_ms), *(at_ms for at_ms in said if at_ms >= begun_ms)])


def ended_of(row: Row[Any], moments: Sequence[Moment], clock: str, *, now_ms: int) -> int:
    """Until when a clock has run, or runs."""
    ended_ms = max(now_ms, moments[-1].at_ms) if row.closed_ms is None else int(row.closed_ms)
    return ended_ms if clock != "respond" or row.responded_ms is None else min(int(row.responded_ms), ended_ms)


def facts_of(row: Any) -> Facts:
    """What policies look at; ``row`` has the columns of a ticket, and its appliance's region."""
    return Facts(row.source, row.priority, row.kind, row.region, row.contract, row.type)


def _deadlines(
    row: Row[Any], lines: Sequence[Any], moments: Sequence[Moment], terms: Terms, *, now_ms: int
) -> dict[str, Any]:
    columns: dict[str, Any] = {"update_by_ms": None, "said_ms": None}
    stopped = []
    for clock in CLOCKS:
        begun_ms = begun_of(row, lines, clock)
        if clock not in terms.within_ms or begun_ms is None:
            continue
        account = account_of(moments, clock, begun_ms=begun_ms, until_ms=ended_of(row, moments, clock, now_ms=now_ms))
        columns[f"{clock}_by_ms"] = _kept(row, account, now_ms=now_ms)
        if clock == "update":
            columns["said_ms"] = begun_ms
        if account.is_stopped:
            stopped.append(clock)
    return columns | {"stopped": " ".join(stopped)}


def _kept(row: Row[Any], account: Account, *, now_ms: int) -> int:
    if not account.is_stopped or row.paused_ms is None:
        return account.due_ms
    return account.due_ms - max(now_ms - int(row.paused_ms), 0)


def _with_region() -> Any:
    return select(tickets, appliances.c.region).outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
