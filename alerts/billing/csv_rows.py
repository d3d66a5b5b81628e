"""The price list and coverages as CSV files, taken over and given back; a provider's statement as one to check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alerts.billing.bill import Coverage, PriceItem, Statement
from alerts.billing.deciding import put_coverage
from alerts.billing.quoting import put_price
from alerts.cells import day_of, number_of, yes_or_no
from alerts.coverages.basis import Basis
from alerts.csv_file import Columns, Line, write_csv
from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.importing import RowReport, Taken, take_row

PRICES = Columns(
    ("external_id", "code", "region", "amount", "currency", "valid_from", "valid_to"),
    ("external_id", "code", "amount", "currency", "valid_from"),
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
LINES = Columns(("visit_id", "ended_at", "tickets", "technician", "fees", "amount", "currency"), ())


def take_price(t: Transaction, line: Line) -> RowReport:
    """Take a price over, whole."""
    return take_row(t.connection, line, lambda: _price(t, line.cells))


def take_coverage(t: Transaction, line: Line) -> RowReport:
    """Take a coverage over, whole."""
    return take_row(t.connection, line, lambda: _coverage(t, line.cells))


def write_prices(items: Iterable[PriceItem]) -> Iterator[str]:
    """The price list as the text that can be taken over."""
    return write_csv(PRICES, (_cells(one, PRICES) for one in items))


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
    values = {name: cells.get(name) for name in ("region",)} | _needed(cells, "code", "amount", "currency")
    item = PriceItem(external_id=cells["external_id"], **values, **_days(cells))
    return Taken(item.external_id, is_new=False, done=["price"] if put_price(t, item) else [])


def _coverage(t: Transaction, cells: Mapping[str, str]) -> Taken:
    try:
        basis = Basis(_needed(cells, "basis")["basis"])
    except ValueError as error:
        raise InvalidError(f"basis: {cells['basis']!r} is none; there are: {', '.join(Basis)}.") from error
    said: dict[str, Any] = {name: cells.get(name) for name in ("kind", "component", "appliance_id", "plan")}
    for name in ("covers_parts", "covers_labour"):
        if name in cells:
            said[name] = yes_or_no(name, cells[name])
    months = number_of("months", cells["months"], int) if "months" in cells else None
    coverage = Coverage(external_id=cells["external_id"], basis=basis, months=months, **said, **_days(cells))
    return Taken(coverage.external_id, is_new=False, done=["coverage"] if put_coverage(t, coverage) else [])


def _needed(cells: Mapping[str, str], *names: str) -> dict[str, Any]:
    missing = [name for name in names if name not in cells]
    if missing:
        raise InvalidError(f"{missing[0]} must not be empty.")
    return {name: cells[name] for name in names}


def _days(cells: Mapping[str, str]) -> dict[str, Any]:
    _needed(cells, "valid_from")
    return {name: day_of(name, cells[name]) if name in cells else None for name in ("valid_from", "valid_to")}


def _cells(one: Any, columns: Columns) -> dict[str, str]:
    values = {name: getattr(one, name) for name in columns.names}
    words = {True: "yes", False: "no", None: ""}
    return {
        name: words[value] if value is None or isinstance(value, bool) else str(value) for name, value in values.items()
    }
