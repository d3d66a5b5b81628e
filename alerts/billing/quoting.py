"""Prices, quotes and receipts: what it will cost is said before, agreed to, and never gone beyond without being asked again.

A quote keeps the prices of its day: a price that changes later changes no quote. Where the customer is to pay, a receipt
needs an approved quote and stays within it; where somebody else pays all of it, none is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from alerts.audit.chain import difference, record_audit
from alerts.billing.bill import (
    BillLine,
    Decision,
    Payer,
    PayReason,
    PriceItem,
    Quote,
    QuoteStatus,
    Receipt,
    WantedLine,
    line_of,
    net_tax_total,
    totals,
)
from alerts.billing.deciding import decide
from alerts.billing.tables import price_items, quotes, receipts
from alerts.billing.taxes import best_rate, list_taxes
from alerts.database import Transaction, upsert
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.lifecycle import OVER
from alerts.money import check_currency, parse_amount, sum_of
from alerts.notices.changes import Subject, record_change
from alerts.page import moment
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from alerts.visits.hours import day_of
from alerts.visits.jobs import homes_of
from alerts.words import check_words
from ingest.clock import from_ms

VALID_DAYS_MAX = 90
LINES_MAX = 50
DAY_MS = 24 * 3_600_000
PART = "part."
"""Codes of parts begin so; the others are labour and the way."""


def put_price(t: Transaction, new: PriceItem) -> bool:
    """Write a price down; whether anything is new."""
    row = t.connection.execute(select(price_items).where(price_items.c.external_id == new.external_id)).one_or_none()
    if row is not None and _price(row) == new:
        return False
    values = {
        "code": new.code,
        "region": new.region,
        "amount": new.amount,
        "currency": new.currency,
        "valid_from": new.valid_from.isoformat(),
        "valid_to": None if new.valid_to is None else new.valid_to.isoformat(),
        "tax": new.tax,
    }
    statement = upsert(t.connection, price_items).values(external_id=new.external_id, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["external_id"], set_=values))
    told = {"before": None, "after": values} if row is None else difference(row, values)
    record_audit(t, "price.put", new.external_id[:64], **told, about={"code": new.code})
    return True


def list_prices(t: Transaction) -> Sequence[PriceItem]:
    """The whole price list, by code."""
    query = select(price_items).order_by(price_items.c.code, price_items.c.valid_from, price_items.c.n)
    return [_price(row) for row in t.connection.execute(query)]


def price_of(t: Transaction, code: str, region: str | None, currency: str, day: date) -> PriceItem:
    """The price of something on a day: the region's own before everybody's, the newest before older ones."""
    found = [
        one
        for one in map(_price, t.connection.execute(select(price_items).where(price_items.c.code == code)))
        if one.currency == currency
        and one.region in {None, region}
        and one.valid_from <= day
        and (one.valid_to is None or day <= one.valid_to)
    ]
    if not found:
        raise UnknownError(f"The price list has no {code} in {currency} for {region or 'everywhere'} on {day}.")
    return max(found, key=lambda one: (one.region is not None, one.valid_from, one.external_id))


def offer_quote(
    t: Transaction, ref: str, wanted: Sequence[WantedLine], *, currency: str, days: int, note: str | None
) -> str:
    """Say what it will cost and return the quote's id; one that stood before is replaced, approved or not."""
    ticket = find_row(t, ref)
    check_words("note", note, longest=2000)
    if ticket.status in OVER:
        raise ConflictError(f"Ticket {ticket.number} is {ticket.status}.")
    if not 1 <= days <= VALID_DAYS_MAX:
        raise InvalidError(f"days is 1 to {VALID_DAYS_MAX}.")
    decision = decide(t, ticket.id)
    lines = _lines(t, ticket, wanted, currency, decision)
    total, to_pay = totals(lines, currency)
    standing = _standing(t, ticket.id)
    if standing is not None:
        _end(t, standing.id, QuoteStatus.REPLACED)
    quote_id = t.new_id("qu")
    values = {"id": quote_id, "ticket_id": ticket.id, "status": QuoteStatus.OFFERED.value, "currency": currency}
    money = {"lines": [asdict(line) for line in lines], "total": total, "to_pay": to_pay}
    why = {"payer": decision.payer.value, "reason": decision.reason.value, "note": note}
    times = {"offered_ms": t.now_ms, "offered_by": t.who, "valid_until_ms": t.now_ms + days * DAY_MS}
    t.connection.execute(insert(quotes).values(**values, **money, **why, **times))
    was = None if standing is None else {"quote_id": standing.id, "to_pay": standing.to_pay, "status": standing.status}
    told = {"quote_id": quote_id, "to_pay": to_pay, "currency": currency}
    tell_of_money(t, ticket, "quote_offered", told, before=was, after=told | {"status": QuoteStatus.OFFERED.value})
    return quote_id


def answer_quote(t: Transaction, quote_id: str, *, is_approved: bool) -> None:
    """The customer's yes or no; a quote that is over, or was replaced, is not agreed to any more."""
    row = t.connection.execute(select(quotes).where(quotes.c.id == quote_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no quote {quote_id!r}.")
    answer = QuoteStatus.APPROVED if is_approved else QuoteStatus.DECLINED
    if row.status == answer:
        return
    is_open = row.status == QuoteStatus.OFFERED or (row.status == QuoteStatus.APPROVED and not is_approved)
    if not is_open or (is_approved and t.now_ms >= row.valid_until_ms):
        over = " It is over: ask for a new one." if t.now_ms >= row.valid_until_ms else ""
        raise ConflictError(f"This quote is {row.status}.{over}")
    _end(t, quote_id, answer)
    told = {"quote_id": quote_id, "to_pay": row.to_pay}
    was, now = {"status": row.status}, {"status": answer.value}
    tell_of_money(t, find_row(t, row.ticket_id), f"quote_{answer.value}", told, before=was, after=now)


def charge(t: Transaction, ref: str, wanted: Sequence[WantedLine], *, currency: str) -> str:
    """Write the receipt of a ticket's work and return its id; beyond what the customer agreed to is refused."""
    ticket = find_row(t, ref)
    standing = select(receipts.c.id).where(receipts.c.ticket_id == ticket.id, receipts.c.episode == ticket.episode)
    if t.connection.execute(standing).first() is not None:
        raise ConflictError(f"Ticket {ticket.number} has its receipt.")
    decision = decide(t, ticket.id)
    lines = _lines(t, ticket, wanted, currency, decision)
    total, to_pay = totals(lines, currency)
    quote = _standing(t, ticket.id)
    if Decimal(to_pay) > 0:
        _check_agreed(quote, to_pay, currency)
    receipt_id = t.new_id("rc")
    values = {"id": receipt_id, "ticket_id": ticket.id, "quote_id": quote and quote.id, "currency": currency}
    money = {"lines": [asdict(line) for line in lines], "total": total, "to_pay": to_pay}
    why = {"payer": decision.payer.value, "reason": decision.reason.value, "episode": ticket.episode}
    t.connection.execute(insert(receipts).values(**values, **money, **why, at_ms=t.now_ms, recorded_by=t.who))
    told = {"receipt_id": receipt_id, "total": total, "to_pay": to_pay, "currency": currency}
    tell_of_money(t, ticket, "receipt", told, before=None, after=told)
    return receipt_id


def list_quotes(t: Transaction, ref: str) -> Sequence[Quote]:
    """The quotes of a ticket, the newest first."""
    ticket = find_row(t, ref)
    query = select(quotes).where(quotes.c.ticket_id == ticket.id).order_by(quotes.c.n.desc())
    return [_quote(row) for row in t.connection.execute(query)]


def standing_quote(t: Transaction, ticket_id: str) -> Quote | None:
    """The quote of a ticket that is offered or agreed to; None where none stands."""
    row = _standing(t, ticket_id)
    return None if row is None else _quote(row)


def list_receipts(t: Transaction, ref: str) -> Sequence[Receipt]:
    """The receipts of a ticket, the newest first."""
    ticket = find_row(t, ref)
    joined = select(receipts, tickets.c.number.label("ticket_number")).join(
        tickets, tickets.c.id == receipts.c.ticket_id
    )
    query = joined.where(receipts.c.ticket_id == ticket.id).order_by(receipts.c.n.desc())
    return [receipt_of_row(row) for row in t.connection.execute(query)]


def _check_agreed(quote: Any, to_pay: str, currency: str) -> None:
    if quote is None or quote.status != QuoteStatus.APPROVED:
        raise ConflictError("The customer has agreed to no price yet: offer a quote, and wait for the yes.")
    if quote.currency != currency or Decimal(to_pay) > Decimal(quote.to_pay):
        raise ConflictError(
            f"The customer agreed to {quote.to_pay} {quote.currency}; {to_pay} {currency} needs a new quote and a new yes."
        )


def _lines(
    t: Transaction, ticket: Any, wanted: Sequence[WantedLine], currency: str, decision: Decision
) -> list[BillLine]:
    check_currency(currency)
    if not 1 <= len(wanted) <= LINES_MAX:
        raise InvalidError(f"There are 1 to {LINES_MAX} lines.")
    home = homes_of(t, [ticket.appliance_id])[ticket.appliance_id]
    today = day_of(t.now_ms, home.time_zone)
    rates = list_taxes(t)
    found = []
    for one in wanted:
        check_words("code", one.code, longest=64, is_needed=True)
        tax, amount = one.tax, one.amount
        if amount is None:
            price = price_of(t, one.code, home.region, currency, today)
            tax, amount = price.tax, price.amount
        is_covered = decision.covers_parts if one.code.startswith(PART) else decision.covers_labour
        payer = decision.payer if is_covered else Payer.CUSTOMER
        rate = best_rate(rates, tax, home.region, today)
        found.append(line_of(one, parse_amount(amount, currency), currency, payer, rate))
    return found


def _standing(t: Transaction, ticket_id: str) -> Any:
    states = [QuoteStatus.OFFERED.value, QuoteStatus.APPROVED.value]
    query = select(quotes).where(quotes.c.ticket_id == ticket_id, quotes.c.status.in_(states))
    return t.connection.execute(query).one_or_none()


def _end(t: Transaction, quote_id: str, status: QuoteStatus) -> None:
    values = {"status": status.value, "answered_ms": t.now_ms, "answered_by": t.who}
    t.connection.execute(update(quotes).where(quotes.c.id == quote_id).values(**values))


def tell_of_money(
    t: Transaction,
    ticket: Any,
    event: str,
    data: dict[str, Any],
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Write it into the ticket's history and the audit, and tell who watches."""
    states = {"from_status": ticket.status, "to_status": ticket.status}
    add_history(t, ticket.id, event=event, **states, note=None, data=data)
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})
    record_audit(t, f"billing.{event}", ticket.id, before=before, after=after, about=data)


def _price(row: Any) -> PriceItem:
    return PriceItem(
        external_id=row.external_id,
        code=row.code,
        amount=row.amount,
        currency=row.currency,
        valid_from=date.fromisoformat(row.valid_from),
        region=row.region,
        valid_to=date.fromisoformat(row.valid_to) if row.valid_to else None,
        tax=row.tax,
    )


def _bill_lines(row: Any) -> tuple[BillLine, ...]:
    """The lines of a row; one of before there were taxes has none."""
    untaxed = str(sum_of((), row.currency))
    return tuple(
        BillLine(**{"net": line["total"], "tax": untaxed, **line, "payer": Payer(line["payer"])}) for line in row.lines
    )


def _quote(row: Any) -> Quote:
    lines = _bill_lines(row)
    net, tax, _ = net_tax_total(lines, row.currency)
    return Quote(
        id=row.id,
        ticket_id=row.ticket_id,
        status=QuoteStatus(row.status),
        lines=lines,
        currency=row.currency,
        net=net,
        tax=tax,
        total=row.total,
        to_pay=row.to_pay,
        payer=Payer(row.payer),
        reason=PayReason(row.reason),
        offered_at=from_ms(row.offered_ms),
        offered_by=row.offered_by,
        valid_until=from_ms(row.valid_until_ms),
        answered_at=moment(row.answered_ms),
        answered_by=row.answered_by,
        note=row.note,
    )


def receipt_of_row(row: Any) -> Receipt:
    """The receipt in a row of receipts that has the ticket's number beside it."""
    lines = _bill_lines(row)
    net, tax, _ = net_tax_total(lines, row.currency)
    return Receipt(
        id=row.id,
        ticket_id=row.ticket_id,
        ticket_number=row.ticket_number,
        quote_id=row.quote_id,
        lines=lines,
        currency=row.currency,
        net=net,
        tax=tax,
        total=row.total,
        to_pay=row.to_pay,
        payer=Payer(row.payer),
        reason=PayReason(row.reason),
        at=from_ms(row.at_ms),
        recorded_by=row.recorded_by,
    )
