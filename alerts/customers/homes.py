"""Sites: the homes of customers, where appliances stand and technicians go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select, update

from alerts.audit.chain import difference, record_audit
from alerts.customers.access_hours import hours_of
from alerts.customers.customer import NewSite, Site
from alerts.customers.keeping import live_row, touch
from alerts.customers.sealed import Sealed
from alerts.customers.tables import sites
from alerts.errors import ConflictError, UnknownError
from alerts.place import place_of


def add_site(s: Sealed, customer_id: str, new: NewSite) -> str:
    """Enter a home and return its id; :class:`ConflictError` where the customer has one with this external id."""
    live_row(s.t, customer_id)
    if new.external_id is not None and find_site(s, customer_id, new.external_id) is not None:
        raise ConflictError(f"The customer has a site with the external id {new.external_id!r} already.")
    site_id = s.t.new_id("st")
    values = {"id": site_id, "customer_id": customer_id, "created_ms": s.t.now_ms, **_values(s, new)}
    s.t.connection.execute(insert(sites).values(**values))
    now = {"customer_id": customer_id, "region": new.region, "time_zone": new.time_zone}
    record_audit(s.t, "site.add", site_id, before=None, after=now)
    touch(s.t, customer_id)
    s.changed.add(customer_id)
    return site_id


def change_site(s: Sealed, customer_id: str, site_id: str, new: NewSite) -> bool:
    """Write a home anew; whether anything is different now."""
    live_row(s.t, customer_id)
    present = read_site(s, customer_id, site_id)
    before = NewSite(
        present.address,
        present.region,
        present.time_zone,
        dict(present.access_hours),
        present.external_id,
        present.place,
    )
    if before == replace(new, place=new.place and new.place.coarse):
        return False
    values = {**_values(s, new), "version": sites.c.version + 1}
    s.t.connection.execute(update(sites).where(sites.c.id == site_id).values(**values))
    told = difference(_audited(before), _audited(new), "region")
    record_audit(s.t, "site.change", site_id, **told, about={"customer_id": customer_id})
    touch(s.t, customer_id)
    s.changed.add(customer_id)
    return True


def _audited(site: NewSite) -> dict[str, Any]:
    """What the audit says of a home: no address."""
    return {"region": site.region, "time_zone": site.time_zone, "external_id": site.external_id}


def read_site(s: Sealed, customer_id: str, site_id: str) -> Site:
    """One home of a customer."""
    query = select(sites).where(sites.c.id == site_id, sites.c.customer_id == customer_id)
    row = s.t.connection.execute(query).one_or_none()
    if row is None:
        raise UnknownError(f"Customer {customer_id} has no site {site_id!r}.")
    return _site(s, row)


def list_sites(s: Sealed, customer_id: str) -> list[Site]:
    """The homes of a customer, first entered first."""
    query = select(sites).where(sites.c.customer_id == customer_id).order_by(sites.c.n)
    return [_site(s, row) for row in s.t.connection.execute(query)]


def find_site(s: Sealed, customer_id: str, external_id: str) -> str | None:
    """A customer's home by another system's id."""
    query = select(sites.c.id).where(sites.c.customer_id == customer_id, sites.c.external_id == external_id)
    return s.t.connection.execute(query).scalar_one_or_none()


def _values(s: Sealed, new: NewSite) -> dict[str, Any]:
    return {
        "external_id": new.external_id,
        "address": s.close(new.address),
        "latitude": new.place and new.place.coarse.latitude,
        "longitude": new.place and new.place.coarse.longitude,
        "region": new.region,
        "time_zone": new.time_zone,
        "access_hours": {day: list(spans) for day, spans in new.access_hours.items()} or None,
    }


def _site(s: Sealed, row: Any) -> Site:
    return Site(
        id=row.id,
        customer_id=row.customer_id,
        external_id=row.external_id,
        address=s.address(row.address),
        region=row.region,
        time_zone=row.time_zone,
        access_hours=hours_of(row.access_hours),
        place=place_of(row.latitude, row.longitude),
        version=row.version,
    )
