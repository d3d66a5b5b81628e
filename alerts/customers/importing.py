"""A row of a customer file taken over: it names a customer and may bring a home, an appliance and consents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from alerts.cells import day_of, several
from alerts.csv_file import Line
from alerts.customers.access_hours import parse_hours
from alerts.customers.consenting import record_consent
from alerts.customers.csv_rows import OF_SITE
from alerts.customers.customer import Address, Contact, NewCustomer, NewOwnership, NewSite, Purpose, Site
from alerts.customers.homes import add_site, change_site, find_site, list_sites, read_site
from alerts.customers.keeping import add_customer, change_customer, find_external
from alerts.customers.owning import give, present_ownership, rewrite
from alerts.customers.reading import read_customer
from alerts.customers.sealed import Sealed
from alerts.errors import InvalidError
from alerts.importing import RowReport, Taken, take_row
from alerts.place import Place

_YES = frozenset({"yes", "y", "true", "1", "ja", "是"})
_NO = frozenset({"no", "n", "false", "0", "nein", "否"})


def take_customer(s: Sealed, line: Line) -> RowReport:
    """Take one row over, all of it or nothing."""
    return take_row(s.t.connection, line, lambda: _take(s, line))


def _take(s: Sealed, line: Line) -> Taken:
    cells = line.cells
    customer_id, done = _take_customer(s, line)
    site_id = _take_site(s, line, customer_id, done)
    _take_ownership(s, line, customer_id, site_id, done)
    for purpose in Purpose:
        word = cells.get(f"consent_{purpose.value}", "").lower()
        if word and word not in _YES | _NO:
            raise InvalidError(f"consent_{purpose.value}: {word!r} is neither yes nor no.")
        if word and record_consent(s.t, customer_id, purpose, None, is_given=word in _YES, source="import"):
            done.append(f"consent to {purpose.value}: {'yes' if word in _YES else 'no'}")
    return Taken(customer_id, "customer" in done, done)


def _take_customer(s: Sealed, line: Line) -> tuple[str, list[str]]:
    cells = line.cells
    known = find_external(s.t, cells["external_id"])
    before = None if known is None else read_customer(s, known)
    old = None if before is None else before.contact
    contact = Contact(
        name=cells.get("name", old.name if old else ""),
        phones=_several(cells, "phone", old.phones if old else ()),
        mails=_several(cells, "mail", old.mails if old else ()),
        chat=cells.get("chat", old.chat if old else None),
        note=cells.get("note", old.note if old else None),
    )
    if before is None:
        new = NewCustomer(contact, cells.get("language", "en"), cells["external_id"])
        return add_customer(s, new), ["customer"]
    change_customer(s, before.id, contact=contact, language=cells.get("language"), expected_version=None)
    return before.id, ["contact"] if read_customer(s, before.id).version != before.version else []


def _take_site(s: Sealed, line: Line, customer_id: str, done: list[str]) -> str | None:
    cells = line.cells
    if not any(name in cells for name in OF_SITE):
        return None
    site_id = find_site(s, customer_id, cells["site"]) if "site" in cells else _only_site(list_sites(s, customer_id))
    old = None if site_id is None else read_site(s, customer_id, site_id)
    address = Address(
        street=cells.get("street", old.address.street if old else ""),
        city=cells.get("city", old.address.city if old else ""),
        postcode=cells.get("postcode", old.address.postcode if old else None),
        country=cells["country"].upper() if "country" in cells else (old.address.country if old else None),
        note=old.address.note if old else None,
    )
    hours = parse_hours(cells["access_hours"]) if "access_hours" in cells else dict(old.access_hours if old else {})
    new = NewSite(
        address,
        cells.get("region", old.region if old else None),
        cells.get("time_zone", old.time_zone if old else "UTC"),
        hours,
        cells.get("site", old.external_id if old else None),
        _place(cells, old),
    )
    if site_id is None:
        done.append("site")
        return add_site(s, customer_id, new)
    if change_site(s, customer_id, site_id, new):
        done.append("address or hours")
    return site_id


def _take_ownership(s: Sealed, line: Line, customer_id: str, site_id: str | None, done: list[str]) -> None:
    cells = line.cells
    if "appliance_id" not in cells:
        return
    present = present_ownership(s, cells["appliance_id"])
    is_theirs = present is not None and present.customer_id == customer_id
    old = present if is_theirs else None
    new = NewOwnership(
        cells["appliance_id"],
        site_id if site_id is not None else (old.site_id if old else None),
        _moment(cells),
        cells.get("serial", old.serial if old else None),
        cells.get("batch", old.batch if old else None),
        _day(cells, "purchased_on") or (old.purchased_on if old else None),
        _day(cells, "installed_on") or (old.installed_on if old else None),
        cells.get("proof", old.proof if old else None),
    )
    if old is not None:
        if rewrite(s, old.id, new):
            done.append(f"papers of {old.appliance_id}")
        return
    if present is not None and new.since is None:
        raise InvalidError(
            f"{new.appliance_id} belongs to customer {present.customer_id}; fill in since to say when it came to this one."
        )
    give(s, customer_id, new)
    done.append(f"{new.appliance_id}")


def _place(cells: Mapping[str, str], old: Site | None) -> Place | None:
    if not {"latitude", "longitude"} & cells.keys():
        return old.place if old else None
    try:
        return Place(float(cells["latitude"]), float(cells["longitude"]))
    except (KeyError, ValueError) as error:
        raise InvalidError("latitude and longitude are two numbers, and stand together.") from error


def _only_site(known: Sequence[Site]) -> str | None:
    """The one home a customer has; a row without a site's id can mean no other."""
    if len(known) > 1:
        raise InvalidError("site is empty, and the customer has several homes: say which.")
    return known[0].id if known else None


def _several(cells: Mapping[str, str], name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    text = cells.get(name)
    if text is None:
        return otherwise
    return several(text)


def _moment(cells: Mapping[str, str]) -> datetime | None:
    text = cells.get("since")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"since: {text!r} is no time such as 2026-11-30 or 2026-11-30T08:00:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(cells: Mapping[str, str], name: str) -> date | None:
    return day_of(name, cells[name]) if name in cells else None
