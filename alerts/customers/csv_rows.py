"""The customer file as CSV: text to rows and rows to text, nothing decided.

Comma, semicolon or tab between cells, told by the first line; a byte order mark is skipped. Each row keeps the line it
began at, so that a report can be laid beside the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.customers.access_hours import format_hours
from alerts.customers.customer import CustomerFile, Ownership, Purpose, Site
from alerts.errors import InvalidError

CONSENTS = tuple(f"consent_{purpose.value}" for purpose in Purpose)
OF_CUSTOMER = ("external_id", "name", "phone", "mail", "chat", "note", "language")
OF_SITE = ("site", "street", "city", "postcode", "country", "region", "time_zone", "access_hours")
OF_OWNERSHIP = ("appliance_id", "since", "serial", "batch", "purchased_on", "installed_on", "proof")
COLUMNS = (*OF_CUSTOMER, *OF_SITE, *OF_OWNERSHIP, *CONSENTS)
NEEDED = ("external_id", "name")
ROWS_MAX = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file: the line it begins at, and its cells that are not empty."""

    number: int
    cells: Mapping[str, str]


def read_lines(text: str) -> Iterator[Line]:
    """The rows of a CSV text; :class:`InvalidError` where its head makes no sense."""
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    if not head.strip():
        raise InvalidError(f"The file is empty. Its first line names columns: {', '.join(COLUMNS)}.")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(reader)]
        _check_names(names)
        yield from _lines(reader, names)
    except csv.Error as error:
        raise InvalidError(f"Line {reader.line_num}: this is no CSV: {error}.") from error


def write_lines(files: Iterable[CustomerFile]) -> Iterator[str]:
    """The text that :func:`read_lines` reads, a row per appliance or home; no cell begins a spreadsheet's formula."""
    yield _text(COLUMNS)
    for file in files:
        for row in _rows(file):
            yield _text([_harmless(row.get(name, "")) for name in COLUMNS])


def _check_names(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise InvalidError(
            f"Line 1: no column is called {', '.join(map(repr, unknown))}; there are: {', '.join(COLUMNS)}."
        )
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InvalidError(f"Line 1: {', '.join(double)} stands there twice.")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise InvalidError(f"Line 1: the column {' and '.join(missing)} is missing.")


def _lines(reader: Any, names: Sequence[str]) -> Iterator[Line]:
    number = 0
    begins = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            number += 1
            if number > ROWS_MAX:
                raise InvalidError(f"At most {ROWS_MAX} rows at once: cut the file.")
            found = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
            if len(cells) > len(names):
                found["?"] = f"{len(cells)} cells for {len(names)} columns"
            yield Line(begins, found)
        begins = reader.line_num + 1


def _rows(file: CustomerFile) -> Iterator[dict[str, str]]:
    contact = file.customer.contact
    if contact is None:
        return
    first = {
        "external_id": file.customer.external_id or file.customer.id,
        "name": contact.name,
        "phone": "; ".join(contact.phones),
        "mail": "; ".join(contact.mails),
        "chat": contact.chat or "",
        "note": contact.note or "",
        "language": file.customer.language,
    }
    for consent in reversed(file.consents):
        if consent.channel is None:
            first[f"consent_{consent.purpose.value}"] = "yes" if consent.is_given else "no"
    homes = {site.id: _of_site(site) for site in file.sites}
    owned = [one for one in file.ownerships if one.until is None]
    lived_in = {one.site_id for one in owned}
    for one in owned:
        yield first | homes.get(one.site_id or "", {}) | _of_ownership(one)
    for site_id, home in homes.items():
        if site_id not in lived_in:
            yield first | home
    if not owned and not homes:
        yield first


def _of_site(site: Site) -> dict[str, str]:
    address = site.address
    return {
        "site": site.external_id or site.id,
        "street": address.street,
        "city": address.city,
        "postcode": address.postcode or "",
        "country": address.country or "",
        "region": site.region or "",
        "time_zone": site.time_zone,
        "access_hours": format_hours(site.access_hours),
    }


def _of_ownership(one: Ownership) -> dict[str, str]:
    return {
        "appliance_id": one.appliance_id,
        "since": one.since.isoformat(),
        "serial": one.serial or "",
        "batch": one.batch or "",
        "purchased_on": "" if one.purchased_on is None else one.purchased_on.isoformat(),
        "installed_on": "" if one.installed_on is None else one.installed_on.isoformat(),
        "proof": one.proof or "",
    }


def _text(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; a phone number keeps its plus."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not cell[1:2].isdigit() else cell
