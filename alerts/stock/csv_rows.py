"""Stock as CSV files: parts as they are bought, and what was counted where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from alerts.cells import number_of, several
from alerts.csv_file import Columns, Line, write_csv
from alerts.database import Transaction
from alerts.errors import InvalidError, UnknownError
from alerts.importing import RowReport, Taken, take_row
from alerts.stock.ledger import count
from alerts.stock.levels import find_place, put_part, read_part
from alerts.stock.stock import StockLevel, StockPart

PARTS = Columns(
    ("sku", "name_en", "name_zh", "cost", "currency", "supplier", "lead_days", "substitutes"),
    ("sku",),
)
COUNTS = Columns(("place", "sku", "counted", "reserved"), ("place", "sku", "counted"))


def take_part(t: Transaction, line: Line) -> RowReport:
    """Take a part as it is bought over."""
    return take_row(t.connection, line, lambda: _part(t, line.cells), key="sku")


def take_count(t: Transaction, line: Line) -> RowReport:
    """Take what was counted over: the difference is a line of the ledger."""
    return take_row(t.connection, line, lambda: _count(t, line.cells), key="sku")


def write_parts(parts: Iterable[StockPart]) -> Iterator[str]:
    """Parts as the text that can be taken over."""
    return write_csv(
        PARTS,
        (
            {
                "sku": one.sku,
                "name_en": one.name.get("en", ""),
                "name_zh": one.name.get("zh", ""),
                "cost": one.cost or "",
                "currency": one.currency or "",
                "supplier": one.supplier or "",
                "lead_days": str(one.lead_days),
                "substitutes": "; ".join(one.substitutes),
            }
            for one in parts
        ),
    )


def write_levels(levels: Iterable[StockLevel]) -> Iterator[str]:
    """What lies where, as a sheet to count by, which can be taken over."""
    rows = (
        {"place": one.place_id, "sku": one.sku, "counted": str(one.on_hand), "reserved": str(one.reserved)}
        for one in levels
    )
    return write_csv(COUNTS, rows)


def _part(t: Transaction, cells: Mapping[str, str]) -> Taken:
    before = read_part(t, cells["sku"])
    old = before or StockPart(cells["sku"])
    names = dict(old.name) | {tag: cells[f"name_{tag}"] for tag in ("en", "zh") if f"name_{tag}" in cells}
    new = StockPart(
        sku=old.sku,
        name=names,
        cost=cells.get("cost", old.cost),
        currency=cells.get("currency", old.currency),
        supplier=cells.get("supplier", old.supplier),
        lead_days=number_of("lead_days", cells["lead_days"], int) if "lead_days" in cells else old.lead_days,
        substitutes=several(cells["substitutes"]) if "substitutes" in cells else old.substitutes,
    )
    return Taken(new.sku, is_new=before is None, done=["part"] if put_part(t, new) else [])


def _count(t: Transaction, cells: Mapping[str, str]) -> Taken:
    if not {"place", "counted"} <= cells.keys():
        raise InvalidError("place and counted must not be empty.")
    place_id = find_place(t, cells["place"])
    if place_id is None:
        raise UnknownError(f"There is no place of stock {cells['place']!r}.")
    wrong = count(t, place_id, cells["sku"], number_of("counted", cells["counted"], int))
    return Taken(place_id, is_new=False, done=[f"{wrong:+d} against the book"] if wrong else [])
