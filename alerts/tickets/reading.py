"""Tickets, read: one by id or number, and lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

from alerts.accounts.assignees import check_known
from alerts.appliances.tables import appliances
from alerts.choices import check_choice
from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.fault_modes import known_modes
from alerts.lifecycle import TicketState
from alerts.page import Page, check_limit, decode_cursor, encode_cursor, select_page
from alerts.tickets.searching import matches
from alerts.tickets.showing import tickets_of
from alerts.tickets.sorting import due_ms, places, status_in
from alerts.tickets.tables import IS_OPEN, ticket_search, tickets
from alerts.tickets.ticket import Ticket, TicketSource
from alerts.tickets.typed import checked_type
from ingest.profiles.definition import Profile


class Sort(StrEnum):
    """In which order: the newest first; the most urgent first; what is due first. In the latter two what is over comes last, and of equal ones the oldest first."""

    NEWEST = "newest"
    URGENCY = "urgency"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a list of tickets is narrowed to; ranges are [from, to), ``due_before`` looks at open tickets only; every word of ``q`` is looked for in all that is said of ticket and appliance, ``#7`` is number 7."""

    statuses: tuple[TicketState, ...] = ()
    appliance_id: str | None = None
    assignee: str | None = None
    q: str | None = None
    priority: int | None = None
    kind: str | None = None
    fault_mode: str | None = None
    source: TicketSource | None = None
    region: str | None = None
    opened_from_ms: int | None = None
    opened_to_ms: int | None = None
    due_before_ms: int | None = None
    type: str | None = None
    sort: Sort = Sort.NEWEST


def find_row(t: Transaction, ref: str) -> Row[Any]:
    """The row of the ticket with this id or number, or :class:`UnknownError`."""
    is_number = ref.isascii() and ref.isdecimal() and len(ref) <= 18
    which = tickets.c.number == int(ref) if is_number else tickets.c.id == ref
    row = t.connection.execute(_with_model().where(which)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no ticket {ref!r}.")
    return row


def read_ticket(t: Transaction, ref: str) -> Ticket:
    """The ticket with this id or number, or :class:`UnknownError`."""
    row = find_row(t, ref)
    return tickets_of(t, [row])[0]


def check_filter(t: Transaction, wanted: TicketFilter, profiles: Mapping[str, Profile]) -> None:
    """Raise :class:`~alerts.errors.InvalidError` for a kind, fault mode or assignee that there is none of."""
    check_choice(t, "kind", wanted.kind, [appliances.c.kind, tickets.c.kind], profiles.keys())
    check_choice(t, "fault_mode", wanted.fault_mode, [tickets.c.fault_mode], known_modes(profiles))
    if wanted.assignee is not None and not _bears(t, wanted.assignee):
        check_known(t, wanted.assignee)


def _bears(t: Transaction, name: str) -> bool:
    """Whether a ticket is somebody's of this name; who has no account any more, or never had one, may still stand there."""
    query = select(tickets.c.number).where(tickets.c.assignee == name).limit(1)
    return t.connection.execute(query).first() is not None


def list_tickets(t: Transaction, wanted: TicketFilter, *, cursor: str | None, limit: int) -> Page[Ticket]:
    """One page of tickets, in the wanted order."""
    query = _with_model().where(*_conditions(t, wanted))
    if wanted.sort is Sort.NEWEST:
        rows, after = select_page(t.connection, query, tickets.c.number, cursor=cursor, limit=limit)
    else:
        rows, after = _select_sorted(t, query, wanted.sort, cursor=cursor, limit=limit)
    return Page(tickets_of(t, rows), after)


def _conditions(t: Transaction, wanted: TicketFilter) -> list[ColumnElement[bool]]:
    columns = tickets.c
    equal: tuple[tuple[ColumnElement[Any], object], ...] = (
        (columns.appliance_id, wanted.appliance_id),
        (columns.assignee, wanted.assignee),
        (columns.priority, wanted.priority),
        (columns.kind, wanted.kind),
        (columns.fault_mode, wanted.fault_mode),
        (columns.source, None if wanted.source is None else wanted.source.value),
        (appliances.c.region, wanted.region),
        (columns.type, None if wanted.type is None else checked_type(t.rules, wanted.type)),
    )
    conditions = [column == value for column, value in equal if value is not None]
    if wanted.statuses:
        conditions.append(status_in([status.value for status in wanted.statuses]))
    if wanted.opened_from_ms is not None:
        conditions.append(columns.opened_ms >= wanted.opened_from_ms)
    if wanted.opened_to_ms is not None:
        conditions.append(columns.opened_ms < wanted.opened_to_ms)
    if wanted.due_before_ms is not None:
        conditions += [IS_OPEN, due_ms(t.now_ms) < wanted.due_before_ms]
    if wanted.q:
        conditions += matches(t, wanted.q)
    return conditions


def _select_sorted(
    t: Transaction, query: Select[Any], sort: Sort, *, cursor: str | None, limit: int
) -> tuple[Sequence[Row[Any]], str | None]:
    """The rows of one page in an order of its own; the cursor says at which time it was asked, so that held tickets stand still."""
    check_limit(limit)
    name = f"tickets:{sort}"
    place = None if cursor is None else decode_cursor(cursor, of=name, numbers=5)
    at_ms = t.now_ms if place is None else place[0]
    behind = None if place is None else (place[1], place[2], place[3], place[4])
    found = places(t.connection, query, by_priority=sort is Sort.URGENCY, at_ms=at_ms, behind=behind, limit=limit)
    numbers = [one[3] for one in found[:limit]]
    rows = {row.number: row for row in t.connection.execute(_with_model().where(tickets.c.number.in_(numbers)))}
    after = encode_cursor(at_ms, *found[limit - 1], of=name) if len(found) > limit else None
    return [rows[number] for number in numbers], after


def count_tickets(t: Transaction) -> Mapping[TicketState, int]:
    """How many tickets stand in each state."""
    each = [
        select(func.count()).where(tickets.c.status == state.value).scalar_subquery().label(state.value)
        for state in TicketState
    ]
    counts = t.connection.execute(select(*each)).one()
    return dict(zip(TicketState, counts, strict=True))


def open_numbers(t: Transaction, appliance_ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The numbers of the open tickets of some appliances, newest first."""
    query = select(tickets.c.appliance_id, tickets.c.number).where(
        tickets.c.appliance_id.in_(appliance_ids),
        IS_OPEN,
    )
    found: dict[str, tuple[int, ...]] = {}
    for appliance_id, number in t.connection.execute(query.order_by(tickets.c.number.desc())):
        found[appliance_id] = (*found.get(appliance_id, ()), number)
    return found


def _with_model() -> Select[Any]:
    joined = tickets.outerjoin(appliances, appliances.c.id == tickets.c.appliance_id)
    joined = joined.outerjoin(ticket_search, ticket_search.c.number == tickets.c.number)
    return select(tickets, appliances.c.model, appliances.c.region).select_from(joined)
