"""Claims to makers: what they are asked to pay for a part that failed under its warranty, and what came of it.

A claim is opened when the repair is done, one per part and repair; it goes the way of the table below, and is never paid by
more than was accepted, nor accepted for more than was claimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select

from alerts.audit.chain import difference
from alerts.billing.amends_tables import claims
from alerts.billing.quoting import tell_of_money
from alerts.database import Transaction, upsert
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.lifecycle import TicketState
from alerts.money import parse_amount
from alerts.page import Page, select_page
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from alerts.words import check_words
from ingest.clock import from_ms


class ClaimState(StrEnum):
    """Where a claim stands."""

    OPENED = "opened"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    PAID = "paid"


class ClaimStep(StrEnum):
    """What happens to it."""

    SEND = "send"
    ACCEPT = "accept"
    DECLINE = "decline"
    PAY = "pay"


CLAIM: Mapping[ClaimState, Mapping[ClaimStep, ClaimState]] = {
    ClaimState.OPENED: {ClaimStep.SEND: ClaimState.SENT},
    ClaimState.SENT: {ClaimStep.ACCEPT: ClaimState.ACCEPTED, ClaimStep.DECLINE: ClaimState.DECLINED},
    ClaimState.DECLINED: {ClaimStep.SEND: ClaimState.SENT},
    ClaimState.ACCEPTED: {ClaimStep.PAY: ClaimState.PAID},
    ClaimState.PAID: {},
}
REPAIRED = frozenset({TicketState.REPAIRED, TicketState.CLOSED})


@dataclass(frozen=True, slots=True)
class NewClaim:
    """A claim as it stands, whole; ``ticket`` is an id or a number."""

    external_id: str
    ticket: str
    maker: str
    sku: str
    claimed: str
    currency: str
    status: ClaimState = ClaimState.OPENED
    serial: str | None = None
    accepted: str | None = None
    """Nothing: all that was claimed, once it is accepted."""
    paid_on: date | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        for name, longest in (("external_id", 200), ("maker", 200), ("sku", 64)):
            check_words(name, getattr(self, name), longest=longest, is_needed=True)
        check_words("serial", self.serial, longest=200)
        check_words("note", self.note, longest=2000)
        claimed = parse_amount(self.claimed, self.currency, noun="claimed")
        if claimed == 0:
            raise InvalidError("claimed is above 0.")
        is_won = self.status in {ClaimState.ACCEPTED, ClaimState.PAID}
        if self.accepted is not None and not is_won:
            raise InvalidError("accepted: only a claim that is accepted or paid has it.")
        if self.accepted is not None and parse_amount(self.accepted, self.currency, noun="accepted") > claimed:
            raise InvalidError("accepted is at most what was claimed.")
        if (self.paid_on is None) is (self.status is ClaimState.PAID):
            raise InvalidError("paid_on: a claim that is paid has its day, and no other one.")


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, and who wrote it down."""

    external_id: str
    ticket_number: int
    maker: str
    sku: str
    serial: str | None
    status: ClaimState
    currency: str
    claimed: str
    accepted: str | None
    paid_on: date | None
    note: str | None
    at: datetime
    recorded_by: str


def put_claim(t: Transaction, new: NewClaim) -> bool:
    """Open a claim, or write down what came of it; whether anything is new."""
    ticket = find_row(t, new.ticket)
    row = t.connection.execute(select(claims).where(claims.c.external_id == new.external_id)).one_or_none()
    claimed = str(parse_amount(new.claimed, new.currency, noun="claimed"))
    fixed = {"ticket_id": ticket.id, "maker": new.maker, "sku": new.sku, "serial": new.serial, "currency": new.currency}
    if row is None:
        _check_new(t, ticket, new)
    elif any(getattr(row, name) != value for name, value in fixed.items()):
        raise ConflictError("A claim stays one of its ticket, maker, part and currency: open another one.")
    else:
        _check_step(ClaimState(row.status), new.status)
        if claimed != row.claimed and ClaimState(row.status) is not ClaimState.OPENED:
            raise ConflictError("claimed: what was sent is not changed.")
    accepted = new.accepted
    if accepted is None and new.status in {ClaimState.ACCEPTED, ClaimState.PAID}:
        accepted = claimed if row is None or row.accepted is None else row.accepted
    if row is not None and row.accepted is not None and str(accepted) != row.accepted:
        raise ConflictError("accepted: what was accepted is not changed.")
    values = {
        **fixed,
        "status": new.status.value,
        "claimed": claimed,
        "accepted": None if accepted is None else str(parse_amount(accepted, new.currency, noun="accepted")),
        "paid_on": None if new.paid_on is None else new.paid_on.isoformat(),
        "note": new.note,
    }
    told = {"before": None, "after": values} if row is None else difference(row, values)
    if row is not None and not told["after"]:
        return False
    once = {"external_id": new.external_id, "episode": ticket.episode, "at_ms": t.now_ms, "recorded_by": t.who}
    statement = upsert(t.connection, claims).values(**once, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["external_id"], set_=values))
    line = {"external_id": new.external_id, "sku": new.sku, "status": new.status.value}
    tell_of_money(t, ticket, "claim", line, **told)
    return True


def page_claims(
    t: Transaction, *, ref: str | None, status: ClaimState | None, cursor: str | None, limit: int
) -> Page[Claim]:
    """One page of claims, the newest first."""
    query = _query()
    if ref is not None:
        query = query.where(claims.c.ticket_id == find_row(t, ref).id)
    if status is not None:
        query = query.where(claims.c.status == status.value)
    rows, after = select_page(t.connection, query, claims.c.n, cursor=cursor, limit=limit)
    return Page(tuple(map(_claim, rows)), after)


def read_claim(t: Transaction, external_id: str) -> Claim:
    """One, by its id."""
    row = t.connection.execute(_query().where(claims.c.external_id == external_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no claim {external_id!r}.")
    return _claim(row)


def _check_new(t: Transaction, ticket: Any, new: NewClaim) -> None:
    if TicketState(ticket.status) not in REPAIRED:
        raise ConflictError(f"Ticket {ticket.number} is {ticket.status}: a claim is opened when the repair is done.")
    if new.status is not ClaimState.OPENED:
        raise ConflictError(f"status: a claim begins as {ClaimState.OPENED}.")
    column = claims.c
    same = select(column.external_id).where(column.ticket_id == ticket.id, column.episode == ticket.episode)
    same = same.where(column.sku == new.sku, column.serial.is_not_distinct_from(new.serial))
    standing = t.connection.execute(same).scalar_one_or_none()
    if standing is not None:
        raise ConflictError(f"This part of this repair is claimed already: {standing}.")


def _check_step(was: ClaimState, now: ClaimState) -> None:
    if now is not was and now not in CLAIM[was].values():
        legal = ", ".join(sorted(CLAIM[was].values())) or "nothing"
        raise ConflictError(f"status: a claim that is {was} becomes {legal}, not {now}.")


def _query() -> Select[Any]:
    return select(claims, tickets.c.number).join(tickets, tickets.c.id == claims.c.ticket_id)


def _claim(row: Any) -> Claim:
    return Claim(
        external_id=row.external_id,
        ticket_number=row.number,
        maker=row.maker,
        sku=row.sku,
        serial=row.serial,
        status=ClaimState(row.status),
        currency=row.currency,
        claimed=row.claimed,
        accepted=row.accepted,
        paid_on=None if row.paid_on is None else date.fromisoformat(row.paid_on),
        note=row.note,
        at=from_ms(row.at_ms),
        recorded_by=row.recorded_by,
    )
