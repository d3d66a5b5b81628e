"""Who pays: recall, the maker's warranty, the law, a contract, else the customer; with the reason that they read.

The first that holds on the day decides. A warranty runs from the purchase: without that day written down, or where the
verdict says that it was use, it does not hold, and the reason says which.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from alerts.audit.chain import difference, record_audit
from alerts.billing.bill import PAYERS, Coverage, Decision, Payer, PayReason
from alerts.coverages.basis import Basis
from alerts.coverages.tables import coverages
from alerts.customers.tables import ownerships
from alerts.database import Transaction, upsert
from alerts.errors import UnknownError
from alerts.tickets.contracts import follow_contract
from alerts.tickets.reading import find_row
from alerts.tickets.ticket import Verdict
from alerts.visits.hours import day_of

FROM_PURCHASE = frozenset({Basis.MANUFACTURER, Basis.STATUTORY})


def decide(t: Transaction, ref: str) -> Decision:
    """Who pays for the work of a ticket, if it is done today."""
    ticket = find_row(t, ref)
    today = day_of(t.now_ms, "UTC")
    owned = t.connection.execute(
        select(ownerships.c.purchased_on).where(
            ownerships.c.appliance_id == ticket.appliance_id, ownerships.c.until_ms.is_(None)
        )
    ).one_or_none()
    bought = date.fromisoformat(owned.purchased_on) if owned and owned.purchased_on else None
    is_misuse = ticket.verdict == Verdict.USAGE
    against: PayReason | None = None
    for coverage in _fitting(t, ticket, today):
        if coverage.basis is not Basis.RECALL and is_misuse:
            against = PayReason.MISUSE
        elif coverage.basis in FROM_PURCHASE and bought is None:
            against = against or PayReason.NO_PROOF
        else:
            until = _until(coverage, bought)
            if until is None or today <= until:
                payer, reason = PAYERS[coverage.basis]
                return Decision(payer, reason, coverage.covers_parts, coverage.covers_labour, until)
            against = against or PayReason.OVER
    return Decision(Payer.CUSTOMER, against or PayReason.NOTHING_AGREED)


def put_coverage(t: Transaction, new: Coverage) -> bool:
    """Write a coverage down; whether anything is new."""
    row = t.connection.execute(select(coverages).where(coverages.c.external_id == new.external_id)).one_or_none()
    if row is not None and _coverage(row) == new:
        return False
    values = {
        "basis": new.basis.value,
        "kind": new.kind,
        "component": new.component,
        "appliance_id": new.appliance_id,
        "months": new.months,
        "valid_from": new.valid_from.isoformat(),
        "valid_to": None if new.valid_to is None else new.valid_to.isoformat(),
        "covers_parts": new.covers_parts,
        "covers_labour": new.covers_labour,
        "plan": new.plan,
    }
    statement = upsert(t.connection, coverages).values(external_id=new.external_id, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["external_id"], set_=values))
    told = {"before": None, "after": values} if row is None else difference(row, values)
    record_audit(t, "coverage.put", new.external_id[:64], **told, about={"basis": new.basis.value})
    of_whom = {new.appliance_id, None if row is None else row.appliance_id}
    for appliance_id in sorted(one for one in of_whom if one is not None):
        follow_contract(t, appliance_id)
    return True


def read_coverage(t: Transaction, external_id: str) -> Coverage:
    """The coverage that another system knows by this id."""
    row = t.connection.execute(select(coverages).where(coverages.c.external_id == external_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no coverage {external_id!r}.")
    return _coverage(row)


def list_coverages(t: Transaction) -> Sequence[Coverage]:
    """Every coverage, first entered first."""
    return [_coverage(row) for row in t.connection.execute(select(coverages).order_by(coverages.c.n))]


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where it has none.

    >>> add_months(date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _until(coverage: Coverage, bought: date | None) -> date | None:
    if coverage.basis in FROM_PURCHASE and bought is not None and coverage.months is not None:
        return add_months(bought, coverage.months)
    return coverage.valid_to


def _fitting(t: Transaction, ticket: Any, today: date) -> Sequence[Coverage]:
    """What may hold for a ticket, in the order in which it is asked: what covers more before what lasts longer."""
    column = coverages.c
    day = today.isoformat()
    query = (
        select(coverages)
        .where(column.valid_from <= day)
        .where(or_(column.basis != Basis.RECALL.value, column.valid_to.is_(None), column.valid_to >= day))
        .where(or_(column.appliance_id.is_(None), column.appliance_id == ticket.appliance_id))
        .where(or_(column.kind.is_(None), column.kind == ticket.kind))
        .where(or_(column.component.is_(None), column.component == ticket.component))
    )
    order = {basis: at for at, basis in enumerate(Basis)}
    return sorted(
        map(_coverage, t.connection.execute(query)),
        key=lambda one: (
            order[one.basis],
            -(one.covers_parts + one.covers_labour),
            -(one.months or 0),
            one.external_id,
        ),
    )


def _coverage(row: Any) -> Coverage:
    return Coverage(
        external_id=row.external_id,
        basis=Basis(row.basis),
        valid_from=date.fromisoformat(row.valid_from),
        valid_to=date.fromisoformat(row.valid_to) if row.valid_to else None,
        months=row.months,
        kind=row.kind,
        component=row.component,
        appliance_id=row.appliance_id,
        covers_parts=row.covers_parts,
        covers_labour=row.covers_labour,
        plan=row.plan,
    )
