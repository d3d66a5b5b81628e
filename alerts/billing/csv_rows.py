"""Price list, coverages and invoices as CSV files, taken over and given back; statements and receipts as ones to check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alerts.billing.bill import Coverage, Payer, PriceItem, Receipt, Statement
from alerts.billing.deciding import put_coverage
from alerts.billing.invoice import Invoice, NewInvoice
from alerts.billing.invoicing import put_invoice
from alerts.billing.quoting import put_price
from alerts.billing.taxes import STANDARD, TaxRate, put_tax
from alerts.cells import day_of, number_of, one_of, yes_or_no
from alerts.coverages.basis import Basis
from alerts.csv_file import Columns, Line, write_csv
from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.importing import RowReport, Taken, take_row

PRICES = Columns(
    ("external_id", "code", "region", "amount", "currency", "valid_from", "valid_to", "tax"),
    ("external_id", "code", "amount", "currency", "valid_from"),
)
TAXES = Columns(
    ("external_id", "tax", "region", "percent", "is_included", "valid_from", "valid_to"),
    ("external_id", "percent", "valid_from"),
)
COVERAGES = Columns(
    (
        "external_id",
        "basis",
        "valid_from",
        "valid_to",
        "months",
        "kind",
        "component",
        "appliance_id",
        "covers_parts",
        "covers_labour",
        "plan",
    ),
    ("external_id", "basis", "valid_from"),
)
_OF_INVOICE = ("external_id", "number", "issued_on", "currency", "amount")
INVOICES = Columns(
    (
        *(*_OF_INVOICE, "receipt_id", "payer", "provider_id", "start", "end", "due_on", "paid_on", "tax"),
        *("expected", "difference", "expected_tax", "tax_difference"),
    ),
    _OF_INVOICE,
)
_COUNTED = INVOICES.names[-4:]
RECEIPTS = Columns(
    (
        *("receipt_id", "ticket", "at", "payer", "reason", "currency"),
        *("net", "tax", "total", "to_pay", "quote_id", "invoices"),
    ),
    (),
)
LINES = Columns(("visit_id", "ended_at", "tickets", "technician", "fees", "amount", "currency"), ())


def take_price(t: Transaction, line: Line) -> RowReport:
    """Take a price over, whole."""
    return take_row(t.connection, line, lambda: _price(t, line.cells))


def take_tax(t: Transaction, line: Line) -> RowReport:
    """Take a tax rate over, whole."""
    return take_row(t.connection, line, lambda: _tax(t, line.cells))


def take_coverage(t: Transaction, line: Line) -> RowReport:
    """Take a coverage over, whole."""
    return take_row(t.connection, line, lambda: _coverage(t, line.cells))


def take_invoice(t: Transaction, line: Line) -> RowReport:
    """Take an invoice over, whole."""
    return take_row(t.connection, line, lambda: _invoice(t, line.cells))


def write_invoices(found: Iterable[Invoice]) -> Iterator[str]:
    """Invoices as the text that can be taken over, with what we counted beside them."""
    written = Columns(INVOICES.names[: -len(_COUNTED)], ())
    return write_csv(INVOICES, (_cells(one.written, written) | _cells(one, Columns(_COUNTED, ())) for one in found))


def write_receipts(found: Iterable[tuple[Receipt, list[str]]]) -> Iterator[str]:
    """Receipts line by line, for whoever writes the invoices, with the numbers of those that were written."""
    return write_csv(
        RECEIPTS,
        (
            {
                **_cells(one, Columns(RECEIPTS.names[3:-1], ())),
                "receipt_id": one.id,
                "ticket": str(one.ticket_number),
                "at": one.at.isoformat(),
                "invoices": "; ".join(numbers),
            }
            for one, numbers in found
        ),
    )


def write_prices(items: Iterable[PriceItem]) -> Iterator[str]:
    """The price list as the text that can be taken over."""
    return write_csv(PRICES, (_cells(one, PRICES) for one in items))


def write_taxes(rates: Iterable[TaxRate]) -> Iterator[str]:
    """Tax rates as the text that can be taken over."""
    return write_csv(TAXES, (_cells(one, TAXES) for one in rates))


def write_coverages(items: Iterable[Coverage]) -> Iterator[str]:
    """Coverages as the text that can be taken over."""
    return write_csv(COVERAGES, (_cells(one, COVERAGES) for one in items))


def write_statement(statement: Statement) -> Iterator[str]:
    """A statement line by line, and its total."""
    rows = [
        {
            "visit_id": line.visit_id,
            "ended_at": line.ended_at.isoformat(),
            "tickets": "; ".join(map(str, line.tickets)),
            "technician": line.technician,
            "fees": "; ".join(f"{name}:{fee}" for name, fee in line.fees),
            "amount": line.amount,
            "currency": statement.currency,
        }
        for line in statement.lines
    ]
    return write_csv(LINES, [*rows, {"visit_id": "total", "amount": statement.total, "currency": statement.currency}])


def _price(t: Transaction, cells: Mapping[str, str]) -> Taken:
    values = {name: cells.get(name) for name in ("region", "tax")} | needed_cells(cells, "code", "amount", "currency")
    item = PriceItem(external_id=cells["external_id"], **values, **_days(cells))
    return Taken(item.external_id, is_new=False, done=["price"] if put_price(t, item) else [])


def _tax(t: Transaction, cells: Mapping[str, str]) -> Taken:
    said: dict[str, Any] = {"region": cells.get("region"), "tax": cells.get("tax", STANDARD)}
    if "is_included" in cells:
        said["is_included"] = yes_or_no("is_included", cells["is_included"])
    rate = TaxRate(external_id=cells["external_id"], **said, **needed_cells(cells, "percent"), **_days(cells))
    return Taken(rate.external_id, is_new=False, done=["tax"] if put_tax(t, rate) else [])


def _coverage(t: Transaction, cells: Mapping[str, str]) -> Taken:
    basis = one_of("basis", Basis, needed_cells(cells, "basis")["basis"])
    said: dict[str, Any] = {name: cells.get(name) for name in ("kind", "component", "appliance_id", "plan")}
    for name in ("covers_parts", "covers_labour"):
        if name in cells:
            said[name] = yes_or_no(name, cells[name])
    months = number_of("months", cells["months"], int) if "months" in cells else None
    coverage = Coverage(external_id=cells["external_id"], basis=basis, months=months, **said, **_days(cells))
    return Taken(coverage.external_id, is_new=False, done=["coverage"] if put_coverage(t, coverage) else [])


def _invoice(t: Transaction, cells: Mapping[str, str]) -> Taken:
    said: dict[str, Any] = needed_cells(cells, "number", "currency", "amount", "issued_on")
    said |= {name: cells.get(name) for name in ("receipt_id", "provider_id", "tax")}
    for name in ("issued_on", "start", "end", "due_on", "paid_on"):
        said[name] = day_of(name, cells[name]) if name in cells else None
    payer = one_of("payer", Payer, cells.get("payer", Payer.CUSTOMER.value))
    new = NewInvoice(external_id=cells["external_id"], payer=payer, **said)
    return Taken(new.external_id, is_new=False, done=["invoice"] if put_invoice(t, new) else [])


def needed_cells(cells: Mapping[str, str], *names: str) -> dict[str, Any]:
    """The cells of these names; :class:`InvalidError` where one is empty."""
    missing = [name for name in names if name not in cells]
    if missing:
        raise InvalidError(f"{missing[0]} must not be empty.")
    return {name: cells[name] for name in names}


def _days(cells: Mapping[str, str]) -> dict[str, Any]:
    needed_cells(cells, "valid_from")
    return {name: day_of(name, cells[name]) if name in cells else None for name in ("valid_from", "valid_to")}


def _cells(one: Any, columns: Columns) -> dict[str, str]:
    values = {name: getattr(one, name) for name in columns.names}
    words = {True: "yes", False: "no", None: ""}
    return {
        name: words[value] if value is None or isinstance(value, bool) else str(value) for name, value in values.items()
    }
