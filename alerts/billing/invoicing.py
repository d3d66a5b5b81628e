"""Invoices of other systems: known again by their id there, held against receipts and statements, never changed by us.

We count what is owed; invoices are written by the books. What differs is said and is a person's to settle: an invoice that is
wrong is taken over all the same, or nobody would see it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from alerts.audit.chain import difference, record_audit
from alerts.billing.bill import Payer, Receipt, Statement, net_tax_total
from alerts.billing.invoice import Invoice, NewInvoice
from alerts.billing.quoting import receipt_of_row
from alerts.billing.settling import check_span, settle
from alerts.billing.tables import invoices, receipts
from alerts.database import Transaction, upsert
from alerts.errors import InvalidError, UnknownError
from alerts.money import parse_amount
from alerts.page import Page, select_page
from alerts.people.providers import read_provider
from alerts.tickets.tables import tickets
from alerts.visits.hours import day_span

Settled = dict[tuple[str, date, date], Statement]
"""The statements that were reckoned already: of one provider's days once, however many invoices are for them."""
_DAYS = ("issued_on", "due_on", "paid_on", "start_on", "end_on")


def put_invoice(t: Transaction, new: NewInvoice) -> bool:
    """Write an invoice down; whether anything is new."""
    _check_known(t, new)
    values = {
        "number": new.number,
        "currency": new.currency,
        "amount": str(parse_amount(new.amount, new.currency, may_be_negative=True)),
        "receipt_id": new.receipt_id,
        "payer": new.payer.value,
        "provider_id": new.provider_id,
        "issued_on": new.issued_on.isoformat(),
        "tax": None if new.tax is None else str(parse_amount(new.tax, new.currency, may_be_negative=True)),
    }
    for name, day in (("start_on", new.start), ("end_on", new.end), ("due_on", new.due_on), ("paid_on", new.paid_on)):
        values[name] = None if day is None else day.isoformat()
    row = t.connection.execute(select(invoices).where(invoices.c.external_id == new.external_id)).one_or_none()
    told = {"before": None, "after": values} if row is None else difference(row, values)
    if row is not None and not told["after"]:
        return False
    statement = upsert(t.connection, invoices).values(external_id=new.external_id, at_ms=t.now_ms, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["external_id"], set_=values))
    record_audit(t, "invoice.put", new.external_id[:64], **told, about={"number": new.number})
    return True


def read_invoice(t: Transaction, external_id: str) -> Invoice:
    """The invoice that another system knows by this id."""
    row = t.connection.execute(select(invoices).where(invoices.c.external_id == external_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no invoice {external_id!r}.")
    return _held(t, row, {})


def list_invoices(t: Transaction, *, is_paid: bool | None, cursor: str | None, limit: int) -> Page[Invoice]:
    """One page of invoices, the last one taken over first."""
    query = select(invoices)
    if is_paid is not None:
        query = query.where(invoices.c.paid_on.is_not(None) if is_paid else invoices.c.paid_on.is_(None))
    rows, after = select_page(t.connection, query, invoices.c.n, cursor=cursor, limit=limit)
    settled: Settled = {}
    return Page(tuple(_held(t, row, settled) for row in rows), after)


def page_receipts(
    t: Transaction, *, start: date | None, end: date | None, cursor: str | None, limit: int
) -> Page[Receipt]:
    """One page of all receipts, the newest first, of the days (UTC) from ``start`` to ``end``, both included."""
    query = _receipts()
    if start is not None:
        query = query.where(receipts.c.at_ms >= day_span("UTC", start)[0])
    if end is not None:
        query = query.where(receipts.c.at_ms < day_span("UTC", end)[1])
    rows, after = select_page(t.connection, query, receipts.c.n, cursor=cursor, limit=limit)
    return Page(tuple(map(receipt_of_row, rows)), after)


def invoices_of(t: Transaction, found: Sequence[Receipt]) -> dict[str, list[str]]:
    """By receipt the numbers of the invoices that were written for it."""
    query = select(invoices.c.receipt_id, invoices.c.number).order_by(invoices.c.n)
    told: dict[str, list[str]] = {}
    for row in t.connection.execute(query.where(invoices.c.receipt_id.in_([one.id for one in found]))):
        told.setdefault(row.receipt_id, []).append(row.number)
    return told


def _check_known(t: Transaction, new: NewInvoice) -> None:
    if new.provider_id is not None:
        read_provider(t, new.provider_id)
        assert new.start is not None  # noqa: S101 - a provider's invoice has days
        assert new.end is not None  # noqa: S101
        check_span(new.start, new.end)
        return
    known = select(receipts.c.id).where(receipts.c.id == new.receipt_id)
    if t.connection.execute(known).first() is None:
        raise InvalidError(f"receipt_id: there is no receipt {new.receipt_id!r}.")


def _held(t: Transaction, row: Any, settled: Settled) -> Invoice:
    written = _written(row)
    return Invoice(written, *_expected(t, written, settled))


def _written(row: Any) -> NewInvoice:
    days = {name: date.fromisoformat(value) if (value := getattr(row, name)) else None for name in _DAYS}
    issued_on = days.pop("issued_on")
    assert issued_on is not None  # noqa: S101 - the table says so
    return NewInvoice(
        external_id=row.external_id,
        number=row.number,
        issued_on=issued_on,
        currency=row.currency,
        amount=row.amount,
        receipt_id=row.receipt_id,
        payer=Payer(row.payer),
        provider_id=row.provider_id,
        start=days["start_on"],
        end=days["end_on"],
        due_on=days["due_on"],
        paid_on=days["paid_on"],
        tax=row.tax,
    )


def _expected(t: Transaction, of: NewInvoice, settled: Settled) -> tuple[str | None, str | None]:
    """What we counted before tax, and its tax."""
    if of.provider_id is not None and of.start is not None and of.end is not None:
        days = (of.provider_id, of.start, of.end)
        statement = settled.get(days)
        if statement is None:
            statement = settled[days] = settle(t, *days)
        return (statement.total if statement.currency == of.currency else None), None
    assert of.receipt_id is not None  # noqa: S101 - an invoice is for a receipt, or of a provider
    receipt = read_receipt(t, of.receipt_id)
    if receipt.currency != of.currency:
        return None, None
    net, tax, _ = owed(receipt, is_customer=of.payer is Payer.CUSTOMER)
    return net, tax


def owed(receipt: Receipt, *, is_customer: bool) -> tuple[str, str, str]:
    """What of a receipt the customer owes, or who else pays: net, tax, and both together."""
    mine = (line for line in receipt.lines if (line.payer is Payer.CUSTOMER) is is_customer)
    return net_tax_total(mine, receipt.currency)


def read_receipt(t: Transaction, receipt_id: str) -> Receipt:
    """The receipt of this id."""
    row = t.connection.execute(_receipts().where(receipts.c.id == receipt_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no receipt {receipt_id!r}.")
    return receipt_of_row(row)


def _receipts() -> Any:
    joined = select(receipts, tickets.c.number.label("ticket_number"))
    return joined.join(tickets, tickets.c.id == receipts.c.ticket_id)
