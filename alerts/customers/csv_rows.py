"""The customer file as rows of a CSV file, a row per appliance or home."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alerts.csv_file import Columns, Line, read_csv, write_csv
from alerts.customers.access_hours import format_hours
from alerts.customers.customer import CustomerFile, Ownership, Purpose, Site

CONSENTS = tuple(f"consent_{purpose.value}" for purpose in Purpose)
OF_CUSTOMER = ("external_id", "name", "phone", "mail", "chat", "note", "language")
OF_SITE = (
    "site",
    "street",
    "city",
    "postcode",
    "country",
    "latitude",
    "longitude",
    "region",
    "time_zone",
    "access_hours",
)
OF_OWNERSHIP = ("appliance_id", "since", "serial", "batch", "purchased_on", "installed_on", "proof")
COLUMNS = Columns((*OF_CUSTOMER, *OF_SITE, *OF_OWNERSHIP, *CONSENTS), ("external_id", "name"))


def read_lines(text: str) -> Iterator[Line]:
    """The rows of a CSV text; :class:`InvalidError` where its head makes no sense."""
    return read_csv(text, COLUMNS)


def write_lines(files: Iterable[CustomerFile]) -> Iterator[str]:
    """The text that :func:`read_lines` reads."""
    return write_csv(COLUMNS, (row for file in files for row in _rows(file)))


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
        "latitude": "" if site.place is None else repr(site.place.latitude),
        "longitude": "" if site.place is None else repr(site.place.longitude),
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
