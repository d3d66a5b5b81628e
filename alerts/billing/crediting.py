"""Credit notes: what is given back of a receipt, never more than it was for, and never changed once it is written.

The tax of a credit note is in the proportion of what is left of the receipt; the last one takes what is left of it, so that
all of them together give back the receipt's tax to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, insert, select, update

from alerts.audit.chain import difference, record_audit
from alerts.billing.amends_tables import credit_notes
from alerts.billing.bill import Payer
from alerts.billing.invoicing import owed, read_receipt
from alerts.billing.quoting import tell_of_money
from alerts.database import Transaction
from alerts.errors import ConflictError, UnknownError
from alerts.money import parse_amount, round_amount, sum_of
from alerts.page import Page, select_page
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from alerts.words import check_words
from ingest.clock import from_ms


class CreditReason(StrEnum):
    """Why something is given back."""

    WRONG_PRICE = "wrong_price"
    NOT_DONE = "not_done"
    CAME_BACK = "came_back"
    RETURNED = "returned"
    GOODWILL = "goodwill"


@dataclass(frozen=True, slots=True)
class NewCredit:
    """What is given back of a receipt, tax included."""

    external_id: str
    receipt_id: str
    total: str
    reason: CreditReason
    payer: Payer = Payer.CUSTOMER
    """To whom: who was to pay what the receipt says."""
    paid_on: date | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("external_id", self.external_id, longest=200, is_needed=True)
        check_words("note", self.note, longest=2000)


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note as it was written."""

    external_id: str
    receipt_id: str
    ticket_number: int
    payer: Payer
    reason: CreditReason
    currency: str
    net: str
    tax: str
    total: str
    at: datetime
    recorded_by: str
    paid_on: date | None
    note: str | None


def put_credit(t: Transaction, new: NewCredit) -> bool:
    """Write a credit note down, or when it was paid out; whether anything is new."""
    receipt = read_receipt(t, new.receipt_id)
    total = parse_amount(new.total, receipt.currency, noun="total")
    row = t.connection.execute(select(credit_notes).where(credit_notes.c.external_id == new.external_id)).one_or_none()
    loose = {"paid_on": None if new.paid_on is None else new.paid_on.isoformat(), "note": new.note}
    if row is not None:
        given = (row.receipt_id, row.total, row.reason, row.payer)
        if given != (new.receipt_id, str(total), new.reason.value, new.payer.value):
            raise ConflictError("A credit note that was written is not changed: write another one.")
        told = difference(row, loose)
        if not told["after"]:
            return False
        t.connection.execute(update(credit_notes).where(credit_notes.c.n == row.n).values(**loose))
        record_audit(t, "credit.put", new.external_id[:64], **told, about={"receipt_id": new.receipt_id})
        return True
    is_customer = new.payer is Payer.CUSTOMER
    _, tax, owes = owed(receipt, is_customer=is_customer)
    before = _given(t, new.receipt_id, is_customer=is_customer)
    left_tax = Decimal(tax) - sum_of((Decimal(one.tax) for one in before), receipt.currency)
    left = Decimal(owes) - sum_of((Decimal(one.total) for one in before), receipt.currency)
    if not 0 < total <= left:
        raise ConflictError(f"total: of this receipt {left} {receipt.currency} can be given back, and above 0.")
    its_tax = round_amount(left_tax * total / left, receipt.currency)
    money = {"net": str(total - its_tax), "tax": str(its_tax), "total": str(total), "currency": receipt.currency}
    why = {"receipt_id": new.receipt_id, "payer": new.payer.value, "reason": new.reason.value}
    who = {"external_id": new.external_id, "ticket_id": receipt.ticket_id, "at_ms": t.now_ms, "recorded_by": t.who}
    t.connection.execute(insert(credit_notes).values(**who, **money, **why, **loose))
    line = {**money, **why, "external_id": new.external_id}
    tell_of_money(t, find_row(t, receipt.ticket_id), "credit_note", line, before=None, after=line)
    return True


def page_credits(t: Transaction, *, ref: str | None, cursor: str | None, limit: int) -> Page[Credit]:
    """One page of credit notes, of a ticket or of all, the newest first."""
    query = _query()
    if ref is not None:
        query = query.where(credit_notes.c.ticket_id == find_row(t, ref).id)
    rows, after = select_page(t.connection, query, credit_notes.c.n, cursor=cursor, limit=limit)
    return Page(tuple(map(_credit, rows)), after)


def read_credit(t: Transaction, external_id: str) -> Credit:
    """One, by its id."""
    row = t.connection.execute(_query().where(credit_notes.c.external_id == external_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no credit note {external_id!r}.")
    return _credit(row)


def _given(t: Transaction, receipt_id: str, *, is_customer: bool) -> list[Any]:
    column = credit_notes.c
    whose = column.payer == Payer.CUSTOMER.value if is_customer else column.payer != Payer.CUSTOMER.value
    return list(t.connection.execute(select(credit_notes).where(column.receipt_id == receipt_id, whose)))


def _query() -> Select[Any]:
    joined = select(credit_notes, tickets.c.number)
    return joined.join(tickets, tickets.c.id == credit_notes.c.ticket_id)


def _credit(row: Any) -> Credit:
    return Credit(
        external_id=row.external_id,
        receipt_id=row.receipt_id,
        ticket_number=row.number,
        payer=Payer(row.payer),
        reason=CreditReason(row.reason),
        currency=row.currency,
        net=row.net,
        tax=row.tax,
        total=row.total,
        at=from_ms(row.at_ms),
        recorded_by=row.recorded_by,
        paid_on=None if row.paid_on is None else date.fromisoformat(row.paid_on),
        note=row.note,
    )
