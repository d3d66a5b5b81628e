"""Cost and revenue, from the receipts of tickets and what was given back of them, at the prices of the price list; in the currency of the rules alone, before tax.

What a line is for is told by its code: ``part.…``, ``labour…``, ``visit…`` and ``travel…``, ``logistics…``; all else is other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Subquery, cast, literal, or_, select

from alerts.billing.amends_tables import credit_notes
from alerts.billing.bill import Payer
from alerts.billing.quoting import price_of
from alerts.billing.tables import receipts
from alerts.coverages.basis import Basis
from alerts.coverages.tables import coverages
from alerts.errors import UnknownError
from alerts.indicators.figure import FigureOf, FigureUnit, Look, Measure, Row
from alerts.remote.tables import sessions
from alerts.tickets.tables import tickets
from ingest.clock import from_ms, to_ms

PARTS, LABOUR, TRAVEL, LOGISTICS = ("part.",), ("labour", "labor"), ("visit", "travel"), ("logistics", "freight")
FENCE = Decimal("1.5")
"""Of the distance between the quartiles: beyond it a receipt is an outlier (Tukey)."""
FEWEST_FOR_OUTLIERS = 8
MAINTENANCE = "maintenance"


def _receipts(look: Look) -> Sequence[Any]:
    def read() -> Sequence[Any]:
        query = select(receipts, tickets.c.type).join(tickets, tickets.c.id == receipts.c.ticket_id)
        currency = receipts.c.currency == look.t.rules.gate.currency
        return look.t.connection.execute(query.where(look.holds(receipts.c.at_ms), currency)).all()

    found: Sequence[Any] = look.once("receipts", read)
    return found


def _lines(*prefixes: str, others: tuple[str, ...] = ()) -> Callable[[Look], Sequence[Row]]:
    """The receipts that have lines whose code begins so (or, without prefixes, with none of the others), each with their sum."""

    def cases(look: Look) -> Sequence[Row]:
        found = []
        for row in _receipts(look):
            mine = [
                _net(line)
                for line in row.lines
                if (line["code"].startswith(prefixes) if prefixes else not line["code"].startswith(others))
            ]
            if mine:
                found.append((row.ticket_id, row.at_ms, sum(mine, Decimal(0))))
        return found

    return cases


def _totals(look: Look) -> Sequence[Row]:
    return [(row.ticket_id, row.at_ms, sum(map(_net, row.lines), Decimal(0))) for row in _receipts(look)]


def _outliers(look: Look) -> Sequence[Row]:
    rows = _totals(look)
    if len(rows) < FEWEST_FOR_OUTLIERS:
        return []
    values = sorted(value for _, _, value in rows)
    low, high = values[(len(values) - 1) // 4], values[(len(values) - 1) * 3 // 4]
    fence = high + FENCE * (high - low)
    return [row for row in rows if row[2] > fence]


def _support(look: Look) -> Subquery:
    """Remote sessions, at the price that the gate has for one."""
    price = cast(literal(look.t.rules.gate.remote_price), Numeric(14, 2)).label("value")
    query = select(sessions.c.ticket_id, sessions.c.requested_ms.label("at_ms"), price)
    return query.where(look.holds(sessions.c.requested_ms)).subquery()


def _paid(look: Look) -> Sequence[Row]:
    paid = [(row.ticket_id, row.at_ms, _net_to_pay(row)) for row in _receipts(look) if Decimal(row.to_pay) > 0]
    return paid + [_back(row) for row in _credits(look)]


def _maintenance(look: Look) -> Sequence[Row]:
    paid = [
        (row.ticket_id, row.at_ms, _net_to_pay(row))
        for row in _receipts(look)
        if row.type == MAINTENANCE and row.payer == Payer.CUSTOMER.value
    ]
    return paid + [_back(row) for row in _credits(look) if row.type == MAINTENANCE]


def _credits(look: Look) -> Sequence[Any]:
    """What was given back to customers in the period, of receipts of whenever: a period that is over is not reckoned anew."""

    def read() -> Sequence[Any]:
        query = select(credit_notes, tickets.c.type).join(tickets, tickets.c.id == credit_notes.c.ticket_id)
        to_customer = credit_notes.c.payer == Payer.CUSTOMER.value
        currency = credit_notes.c.currency == look.t.rules.gate.currency
        return look.t.connection.execute(query.where(look.holds(credit_notes.c.at_ms), to_customer, currency)).all()

    found: Sequence[Any] = look.once("credits", read)
    return found


def _back(row: Any) -> Row:
    return row.ticket_id, row.at_ms, -Decimal(row.net)


def _net(line: Mapping[str, str]) -> Decimal:
    """Of a line before its tax; one of before there were taxes has none."""
    return Decimal(line.get("net", line["total"]))


def _net_to_pay(row: Any) -> Decimal:
    return sum((_net(line) for line in row.lines if line["payer"] == Payer.CUSTOMER.value), Decimal(0))


def _contracts(look: Look, *, begun: bool) -> Sequence[Any]:
    column = coverages.c
    first, last = (from_ms(ms).date().isoformat() for ms in (look.start_ms, look.end_ms - 1))
    which: ColumnElement[bool] = column.valid_from.between(first, last)
    if not begun:
        which = (column.valid_from <= last) & or_(column.valid_to.is_(None), column.valid_to >= last)
    return look.t.connection.execute(select(coverages).where(column.basis == Basis.CONTRACT, which)).all()


def _sold(look: Look) -> Sequence[Row]:
    return [(None, _day_ms(row.valid_from), Decimal(1)) for row in _contracts(look, begun=True)]


def _in_force(look: Look) -> Sequence[Row]:
    return [(None, _day_ms(row.valid_from), Decimal(1)) for row in _contracts(look, begun=False)]


def _sold_for(look: Look) -> Sequence[Row]:
    """Contracts begun in the period whose plan has a price (``plan.NAME``) on that day."""
    found: list[Row] = []
    for row in _contracts(look, begun=True):
        if row.plan is None:
            continue
        day, currency = date.fromisoformat(row.valid_from), look.t.rules.gate.currency
        try:
            price = Decimal(price_of(look.t, f"plan.{row.plan}", None, currency, day).amount)
        except UnknownError:
            continue
        found.append((None, _day_ms(row.valid_from), price))
    return found


def _day_ms(day: str) -> int:
    return to_ms(datetime.fromisoformat(f"{day}T00:00:00+00:00"))


_MONEY, _COUNT, _SUM = FigureUnit.MONEY, FigureUnit.COUNT, Measure.SUM
_OTHERS = (*PARTS, *LABOUR, *TRAVEL, *LOGISTICS)

COST = (
    FigureOf(
        "labour", _MONEY, _SUM, _lines(*LABOUR),
        "Labour on the receipts of the period, whoever pays.", "周期内收据上的人工费，无论谁付。", is_at_most=True,
    ),
    FigureOf(
        "parts", _MONEY, _SUM, _lines(*PARTS),
        "Parts on the receipts of the period, whoever pays.", "周期内收据上的备件费，无论谁付。", is_at_most=True,
    ),
    FigureOf(
        "travel", _MONEY, _SUM, _lines(*TRAVEL),
        "Visits and travel on the receipts of the period, whoever pays.", "周期内收据上的上门与路程费，无论谁付。", is_at_most=True,
    ),
    FigureOf(
        "logistics", _MONEY, _SUM, _lines(*LOGISTICS),
        "Logistics and freight on the receipts of the period, whoever pays.", "周期内收据上的物流与运费，无论谁付。", is_at_most=True,
    ),
    FigureOf(
        "other", _MONEY, _SUM, _lines(others=_OTHERS),
        "All else on the receipts of the period, whoever pays.", "周期内收据上的其他费用，无论谁付。", is_at_most=True,
    ),
    FigureOf(
        "support", _MONEY, _SUM, _support,
        "Remote sessions asked for in the period, at the price that the rules have for one.",
        "周期内发起的远程会话，按规则中的单价计。", is_at_most=True,
    ),
    FigureOf(
        "cost_per_ticket", _MONEY, Measure.MEAN, _totals,
        "Total of the receipts of the period, whoever pays: mean.", "周期内收据总额，无论谁付：平均值。", is_at_most=True,
    ),
    FigureOf(
        "cost_outliers", _MONEY, _SUM, _outliers,
        "Receipts of the period above the upper quartile by more than one and a half times the distance of the quartiles; of"
        " eight receipts and more.",
        "周期内高于上四分位数 1.5 倍四分位距的收据（至少八张收据时）。", is_at_most=True,
    ),
)  # fmt: skip
REVENUE = (
    FigureOf(
        "paid_by_customers", _MONEY, _SUM, _paid,
        "What customers are to pay on the receipts of the period, less what they were given back in it.",
        "周期内收据上应由客户支付的金额，减去周期内退还给客户的金额。",
    ),
    FigureOf(
        "paid_maintenance", _MONEY, _SUM, _maintenance,
        "Of that: on tickets of the type maintenance.", "其中：保养类工单。",
    ),
    FigureOf(
        "contracts_begun", _COUNT, _SUM, _sold,
        "Contracts that begin in the period.", "周期内开始的合同。",
    ),
    FigureOf(
        "contracts_in_force", _COUNT, _SUM, _in_force,
        "Contracts that hold on the last day of the period.", "周期最后一天有效的合同。",
    ),
    FigureOf(
        "contract_revenue", _MONEY, _SUM, _sold_for,
        "Contracts that begin in the period, at the price (plan.NAME) that the price list has for their plan on that day.",
        "周期内开始的合同，按价目表中其方案（plan.名称）当日价格计。",
    ),
)  # fmt: skip
