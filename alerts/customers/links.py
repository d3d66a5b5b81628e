"""Links to a customer's page: a secret that only its holder has, for one ticket, for some days, revocable at once.

The secret is 32 random bytes; the database keeps their SHA-256 alone, so nobody can make a link from a copy of it. A link
ends with its days, when it is revoked, and when the appliance has gone to another owner: it shows the one who came after
nothing of the one before, and the other way round.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from alerts.audit.chain import record_audit
from alerts.customers.owning import list_ownerships, may_see, present_ownership
from alerts.customers.sealed import Sealed
from alerts.customers.tables import customer_links
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.page import moment
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from ingest.clock import from_ms

DAY_MS = 24 * 3_600_000
DAYS_MAX = 90
STANDING_MAX = 20
"""Links that may stand for one ticket; a person who makes more has lost count."""
NO_LINK = "This link does not work: it has ended, was taken back, or was not copied whole."


class LinkState(StrEnum):
    """Whether a link opens its page."""

    STANDING = "standing"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class CustomerLink:
    """A link, without its secret."""

    id: str
    customer_id: str
    ticket_id: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    opened_at: datetime | None
    state: LinkState


def make_link(s: Sealed, ticket_ref: str, *, days: int) -> tuple[str, str]:
    """Make a link to a ticket's page for the appliance's present owner; returns its id and its secret, this once."""
    t = s.t
    if not 1 <= days <= DAYS_MAX:
        raise InvalidError(f"days: a link stands 1 to {DAYS_MAX} days.")
    ticket = find_row(t, ticket_ref)
    owner = present_ownership(s, ticket.appliance_id)
    if owner is None:
        raise ConflictError(f"{ticket.appliance_id} has no owner in the customer file: enter who has it first.")
    if not may_see(list_ownerships(s, customer_id=owner.customer_id), ticket.appliance_id, ticket.opened_ms):
        raise ConflictError(
            f"{ticket.appliance_id} came to its owner after this ticket was opened; it is not theirs to see."
        )
    standing = [one for one in list_links(s, ticket_ref) if one.state is LinkState.STANDING]
    if len(standing) >= STANDING_MAX:
        raise ConflictError(f"{STANDING_MAX} links stand for this ticket already: revoke some first.")
    secret = base64.urlsafe_b64encode(t.chance.randbytes(32)).rstrip(b"=").decode()
    link_id = t.new_id("cl")
    values = {"id": link_id, "digest": _digest(secret), "customer_id": owner.customer_id, "ticket_id": ticket.id}
    times = {"created_ms": t.now_ms, "created_by": t.who, "expires_ms": t.now_ms + days * DAY_MS}
    t.connection.execute(insert(customer_links).values(**values, **times))
    add_history(t, ticket.id, event="customer_link", data={"link_id": link_id, "days": days})
    now = {"ticket": ticket.number, "customer_id": owner.customer_id, "days": days}
    record_audit(t, "link.make", link_id, before=None, after=now)
    return link_id, secret


def revoke_link(s: Sealed, link_id: str) -> None:
    """End a link now; one that has ended stays so."""
    row = s.t.connection.execute(select(customer_links).where(customer_links.c.id == link_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no link {link_id!r}.")
    if row.revoked_ms is None:
        chosen = customer_links.c.id == link_id
        s.t.connection.execute(update(customer_links).where(chosen).values(revoked_ms=s.t.now_ms))
        record_audit(s.t, "link.revoke", link_id, before={"revoked_ms": None}, after={"revoked_ms": s.t.now_ms})


def open_link(s: Sealed, secret: str) -> CustomerLink:
    """The link with this secret, if it stands; every reason why not is told in the same words."""
    row = s.t.connection.execute(select(customer_links).where(customer_links.c.digest == _digest(secret))).one_or_none()
    if row is None or _link(row, s.t.now_ms).state is not LinkState.STANDING:
        raise UnknownError(NO_LINK)
    ticket = find_row(s.t, row.ticket_id)
    owner = present_ownership(s, ticket.appliance_id)
    if owner is None or owner.customer_id != row.customer_id:
        raise UnknownError(NO_LINK)
    return _link(row, s.t.now_ms)


def note_opened(s: Sealed, link_id: str) -> None:
    """Write down that a link was opened, the first time."""
    never = (customer_links.c.id == link_id, customer_links.c.opened_ms.is_(None))
    s.t.connection.execute(update(customer_links).where(*never).values(opened_ms=s.t.now_ms))


def list_links(s: Sealed, ticket_ref: str) -> list[CustomerLink]:
    """The links of a ticket, the newest first."""
    ticket = find_row(s.t, ticket_ref)
    query = select(customer_links).where(customer_links.c.ticket_id == ticket.id).order_by(customer_links.c.n.desc())
    return [_link(row, s.t.now_ms) for row in s.t.connection.execute(query)]


def read_link(s: Sealed, link_id: str) -> CustomerLink:
    """One link."""
    return _link(s.t.connection.execute(select(customer_links).where(customer_links.c.id == link_id)).one(), s.t.now_ms)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _link(row: Row[Any], now_ms: int) -> CustomerLink:
    ended = LinkState.REVOKED if row.revoked_ms is not None else LinkState.EXPIRED
    stands = row.revoked_ms is None and now_ms < row.expires_ms
    return CustomerLink(
        id=row.id,
        customer_id=row.customer_id,
        ticket_id=row.ticket_id,
        created_at=from_ms(row.created_ms),
        created_by=row.created_by,
        expires_at=from_ms(row.expires_ms),
        opened_at=moment(row.opened_ms),
        state=LinkState.STANDING if stands else ended,
    )
