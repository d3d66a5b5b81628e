"""Credit notes, claims and outcomes as CSV files, taken over and given back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alerts.billing.bill import Payer
from alerts.billing.claiming import Claim, ClaimState, NewClaim, put_claim
from alerts.billing.crediting import Credit, CreditReason, NewCredit, put_credit
from alerts.billing.csv_rows import needed_cells
from alerts.billing.outcomes import NewOutcome, Outcome, OutcomeKind, put_outcome
from alerts.cells import day_of, one_of
from alerts.csv_file import Columns, Line, write_csv
from alerts.database import Transaction
from alerts.importing import RowReport, Taken, take_row

CREDITS = Columns(
    (
        *("external_id", "receipt_id", "total", "reason", "payer", "paid_on", "note"),
        *("ticket", "currency", "net", "tax", "recorded_by"),
    ),
    ("external_id", "receipt_id", "total", "reason"),
)
CLAIMS = Columns(
    (
        *("external_id", "ticket", "maker", "sku", "serial", "claimed", "currency", "status"),
        *("accepted", "paid_on", "note", "recorded_by"),
    ),
    ("external_id", "ticket", "maker", "sku", "claimed", "currency"),
)
OUTCOMES = Columns(
    (
        *("external_id", "ticket", "kind", "currency", "value", "fee", "record", "carrier", "done_on"),
        *("note", "recorded_by"),
    ),
    ("external_id", "ticket", "kind", "currency", "done_on"),
)


def take_credit(t: Transaction, line: Line) -> RowReport:
    """Take a credit note over, whole."""
    return take_row(t.connection, line, lambda: _done("credit note", put_credit(t, _credit(line.cells)), line))


def take_claim(t: Transaction, line: Line) -> RowReport:
    """Take a claim over as it stands."""
    return take_row(t.connection, line, lambda: _done("claim", put_claim(t, _claim(line.cells)), line))


def take_outcome(t: Transaction, line: Line) -> RowReport:
    """Take an outcome over, whole."""
    return take_row(t.connection, line, lambda: _done("outcome", put_outcome(t, _outcome(line.cells)), line))


def write_credits(found: Iterable[Credit]) -> Iterator[str]:
    """Credit notes as the text that can be taken over."""
    return _written(CREDITS, found)


def write_claims(found: Iterable[Claim]) -> Iterator[str]:
    """Claims as the text that can be taken over."""
    return _written(CLAIMS, found)


def write_outcomes(found: Iterable[Outcome]) -> Iterator[str]:
    """Outcomes as the text that can be taken over."""
    return _written(OUTCOMES, found)


def _written(columns: Columns, found: Iterable[Any]) -> Iterator[str]:
    def cell(one: Any, name: str) -> str:
        value = getattr(one, "ticket_number" if name == "ticket" else name)
        return "" if value is None else str(value)

    return write_csv(columns, ({name: cell(one, name) for name in columns.names} for one in found))


def _done(what: str, is_new: bool, line: Line) -> Taken:
    return Taken(line.cells["external_id"], is_new=False, done=[what] if is_new else [])


def _credit(cells: Mapping[str, str]) -> NewCredit:
    said = needed_cells(cells, "external_id", "receipt_id", "total", "reason")
    said["reason"] = one_of("reason", CreditReason, said["reason"])
    said["payer"] = one_of("payer", Payer, cells.get("payer", Payer.CUSTOMER.value))
    return NewCredit(**said, paid_on=_day(cells, "paid_on"), note=cells.get("note"))


def _claim(cells: Mapping[str, str]) -> NewClaim:
    said = needed_cells(cells, "external_id", "ticket", "maker", "sku", "claimed", "currency")
    said["status"] = one_of("status", ClaimState, cells.get("status", ClaimState.OPENED.value))
    said |= {name: cells.get(name) for name in ("serial", "accepted", "note")}
    return NewClaim(**said, paid_on=_day(cells, "paid_on"))


def _outcome(cells: Mapping[str, str]) -> NewOutcome:
    said = needed_cells(cells, "external_id", "ticket", "kind", "currency", "done_on")
    said |= {"kind": one_of("kind", OutcomeKind, said["kind"]), "done_on": day_of("done_on", said["done_on"])}
    said |= {name: cells.get(name) for name in ("record", "carrier", "note")}
    said |= {name: cells[name] for name in ("value", "fee") if name in cells}
    return NewOutcome(**said)


def _day(cells: Mapping[str, str], name: str) -> Any:
    return day_of(name, cells[name]) if name in cells else None
