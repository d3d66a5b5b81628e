"""Technicians as rows of a CSV file, taken over and given back.

``skills`` reads ``washing_machine:2; dryer:1``, ``licences`` ``refrigerant:2027-06-30; gas``, ``areas`` ``north; west``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from alerts.cells import levels_of, number_of, point_of, several, yes_or_no
from alerts.csv_file import Columns, Line, write_csv
from alerts.customers.access_hours import format_hours, parse_hours
from alerts.database import Transaction
from alerts.errors import InvalidError
from alerts.importing import RowReport, Taken, take_row
from alerts.people.keeping import add_technician, change_technician
from alerts.people.reading import find_external, read_technician
from alerts.people.technician import Licence, NewTechnician, Technician

COLUMNS = Columns(
    (
        "external_id",
        "name",
        "account",
        "provider_id",
        "latitude",
        "longitude",
        "areas",
        "skills",
        "licences",
        "shifts",
        "time_zone",
        "visits_per_day",
        "is_active",
    ),
    ("external_id", "name"),
)


def take_technician(t: Transaction, line: Line) -> RowReport:
    """Take one row over, all of it or nothing."""
    return take_row(t.connection, line, lambda: _take(t, line))


def write_technicians(technicians: Iterable[Technician]) -> Iterator[str]:
    """The text that can be taken over."""
    return write_csv(COLUMNS, (_row(one) for one in technicians))


def _take(t: Transaction, line: Line) -> Taken:
    cells = line.cells
    known = find_external(t, cells["external_id"])
    if known is None:
        new = NewTechnician(**_values(cells, None))
        return Taken(add_technician(t, new), is_new=True, done=["technician"])
    before = read_technician(t, known).as_new()
    changed = change_technician(t, known, replace(before, **_values(cells, before)), expected_version=None)
    return Taken(known, is_new=False, done=["changed"] if changed else [])


def _values(cells: Mapping[str, str], before: NewTechnician | None) -> dict[str, Any]:
    read: dict[str, Callable[[str], Any]] = {
        "external_id": str,
        "name": str,
        "account": str,
        "provider_id": str,
        "areas": several,
        "skills": lambda text: levels_of("skills", text),
        "licences": lambda text: tuple(_licence(one) for one in several(text)),
        "shifts": parse_hours,
        "time_zone": str,
        "visits_per_day": lambda text: number_of("visits_per_day", text, int),
        "is_active": lambda text: yes_or_no("is_active", text),
    }
    values = {name: reader(cells[name]) for name, reader in read.items() if name in cells}
    if "latitude" in cells or "longitude" in cells:
        values["home"] = point_of(cells)
    if before is None and "name" not in values:
        raise InvalidError("name must not be empty.")
    return values


def _licence(text: str) -> Licence:
    name, _, day = text.partition(":")
    try:
        return Licence(name.strip(), date.fromisoformat(day.strip()) if day.strip() else None)
    except ValueError as error:
        raise InvalidError(f"licences: {day.strip()!r} is no day such as 2027-06-30.") from error


def _row(one: Technician) -> dict[str, str]:
    return {
        "external_id": one.external_id or one.id,
        "name": one.name,
        "account": one.account or "",
        "provider_id": one.provider_id or "",
        "latitude": "" if one.home is None else repr(one.home.latitude),
        "longitude": "" if one.home is None else repr(one.home.longitude),
        "areas": "; ".join(one.areas),
        "skills": "; ".join(f"{name}:{level}" for name, level in one.skills.items()),
        "licences": "; ".join(f"{lic.name}:{lic.expires_on}" if lic.expires_on else lic.name for lic in one.licences),
        "shifts": format_hours(one.shifts),
        "time_zone": one.time_zone,
        "visits_per_day": str(one.visits_per_day),
        "is_active": "yes" if one.is_active else "no",
    }
