"""Outcomes: an appliance that is not repaired is taken in trade, or recycled, with what it was worth, what it cost, and its record.

The money is written down and not moved: what the customer pays or gets goes by a receipt or the books.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select

from alerts.audit.chain import difference
from alerts.billing.amends_tables import outcomes
from alerts.billing.quoting import tell_of_money
from alerts.database import Transaction, upsert
from alerts.errors import ConflictError, UnknownError
from alerts.money import parse_amount
from alerts.page import Page, select_page
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from alerts.words import check_words
from ingest.clock import from_ms


class OutcomeKind(StrEnum):
    """What became of the appliance."""

    TRADE_IN = "trade_in"
    RECYCLED = "recycled"


@dataclass(frozen=True, slots=True)
class NewOutcome:
    """What became of the appliance of a ticket (an id or a number)."""

    external_id: str
    ticket: str
    kind: OutcomeKind
    currency: str
    done_on: date
    value: str = "0"
    """What the customer gets for it."""
    fee: str = "0"
    """What the customer pays for taking it away."""
    record: str | None = None
    """The number of the paper that proves it; recycling has one."""
    carrier: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("external_id", self.external_id, longest=200, is_needed=True)
        check_words("record", self.record, longest=200, is_needed=self.kind is OutcomeKind.RECYCLED)
        check_words("carrier", self.carrier, longest=200)
        check_words("note", self.note, longest=2000)
        for name in ("value", "fee"):
            parse_amount(getattr(self, name), self.currency, noun=name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome, and who wrote it down."""

    external_id: str
    ticket_number: int
    kind: OutcomeKind
    currency: str
    value: str
    fee: str
    record: str | None
    carrier: str | None
    done_on: date
    note: str | None
    at: datetime
    recorded_by: str


def put_outcome(t: Transaction, new: NewOutcome) -> bool:
    """Write down what became of an appliance; whether anything is new."""
    ticket = find_row(t, new.ticket)
    row = t.connection.execute(select(outcomes).where(outcomes.c.external_id == new.external_id)).one_or_none()
    if row is not None and row.ticket_id != ticket.id:
        raise ConflictError("An outcome stays one of its ticket.")
    if row is None:
        other = select(outcomes.c.external_id).where(
            outcomes.c.ticket_id == ticket.id, outcomes.c.episode == ticket.episode
        )
        standing = t.connection.execute(other).scalar_one_or_none()
        if standing is not None:
            raise ConflictError(f"Ticket {ticket.number} has its outcome: {standing}.")
    values = {
        "kind": new.kind.value,
        "currency": new.currency,
        "value": str(parse_amount(new.value, new.currency, noun="value")),
        "fee": str(parse_amount(new.fee, new.currency, noun="fee")),
        "record": new.record,
        "carrier": new.carrier,
        "done_on": new.done_on.isoformat(),
        "note": new.note,
    }
    told = {"before": None, "after": values} if row is None else difference(row, values)
    if row is not None and not told["after"]:
        return False
    once = {"external_id": new.external_id, "ticket_id": ticket.id, "episode": ticket.episode}
    statement = upsert(t.connection, outcomes).values(**once, at_ms=t.now_ms, recorded_by=t.who, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["external_id"], set_=values))
    line = {"external_id": new.external_id, "kind": new.kind.value, "record": new.record}
    tell_of_money(t, ticket, "outcome", line, **told)
    return True


def page_outcomes(t: Transaction, *, ref: str | None, cursor: str | None, limit: int) -> Page[Outcome]:
    """One page of outcomes, of a ticket or of all, the newest first."""
    query = _query()
    if ref is not None:
        query = query.where(outcomes.c.ticket_id == find_row(t, ref).id)
    rows, after = select_page(t.connection, query, outcomes.c.n, cursor=cursor, limit=limit)
    return Page(tuple(map(_outcome, rows)), after)


def read_outcome(t: Transaction, external_id: str) -> Outcome:
    """One, by its id."""
    row = t.connection.execute(_query().where(outcomes.c.external_id == external_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no outcome {external_id!r}.")
    return _outcome(row)


def _query() -> Select[Any]:
    return select(outcomes, tickets.c.number).join(tickets, tickets.c.id == outcomes.c.ticket_id)


def _outcome(row: Any) -> Outcome:
    return Outcome(
        external_id=row.external_id,
        ticket_number=row.number,
        kind=OutcomeKind(row.kind),
        currency=row.currency,
        value=row.value,
        fee=row.fee,
        record=row.record,
        carrier=row.carrier,
        done_on=date.fromisoformat(row.done_on),
        note=row.note,
        at=from_ms(row.at_ms),
        recorded_by=row.recorded_by,
    )
