"""Taking letters: one with a reference that holds joins its ticket, any other waits in the list, the same one twice is one.

A letter that joins stands in the ticket's history, by the customer where it came from an address of the appliance's owner,
else by *mail*; whoever has the ticket is told. Only the signature lets a letter in: an address of a sender can be forged.
"""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from sqlalchemy import Row, Select, delete, func, insert, select, update

from alerts.audit.chain import record_audit
from alerts.customer_notices.tables import customer_notices
from alerts.customers.customer import Customer
from alerts.customers.owning import present_ownership
from alerts.customers.reading import list_customers
from alerts.customers.references import About, Named, verified
from alerts.customers.sealed import Sealed
from alerts.customers.tables import letters
from alerts.database import CUSTOMER
from alerts.errors import ConflictError, UnknownError
from alerts.letters.letter import Content, Incoming, Letter, LetterReason, LetterState, Taken
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.page import Page, select_page
from alerts.tickets.answered import go_on
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from alerts.tickets.tables import tickets
from ingest.clock import from_ms

MAIL = "mail"
"""Who acts where a letter does, and no customer is known to have sent it."""
WAITING_MAX = 2_000
"""Letters that wait at most; the oldest go, and it is said in the log."""
A_DAY_MAX = 50
"""Letters that join one ticket within a day; two machines that answer each other write more."""
DAY_MS = 24 * 3_600_000

log = structlog.get_logger()


def take(s: Sealed, incoming: Incoming) -> Taken:
    """Take a letter that came; what becomes of it."""
    t = s.t.by(MAIL)
    if incoming.ignored is not None:
        log.info("letter_ignored", identity=incoming.identity, reason=incoming.ignored.value)
        return Taken.IGNORED
    if t.connection.execute(select(letters.c.n).where(letters.c.identity == incoming.identity)).first() is not None:
        return Taken.REPEATED
    ticket, appliance_id, reason = _place(s, incoming)
    sender = _customer_at(s, incoming.content.sender)
    values = {
        "identity": incoming.identity,
        "at_ms": t.now_ms,
        "state": LetterState.WAITING.value,
        "reason": None if reason is None else reason.value,
        "appliance_id": ticket.appliance_id if ticket is not None else appliance_id,
        "customer_id": None if sender is None else sender.id,
        "content": s.close(msgspec.json.encode(incoming.content).decode()),
    }
    number = t.connection.execute(insert(letters).values(values).returning(letters.c.n)).scalar_one()
    if ticket is None:
        _keep_bound(s)
        told = {"letter": number, "appliance_id": appliance_id, "reason": values["reason"]}
        put_notice(t, "letter.waiting", f"letter-{number}", told, dedupe_key=f"letter-{number}:waiting")
        return Taken.WAITING
    _join(s, number, ticket)
    return Taken.JOINED


def join(s: Sealed, number: int, ticket_ref: str) -> None:
    """A person says to which ticket a letter belongs."""
    row = letter_row(s, number)
    if row.state == LetterState.JOINED:
        raise ConflictError(f"Letter {number} has joined a ticket already.")
    _join(s, number, find_row(s.t, ticket_ref))


def dismiss(s: Sealed, number: int) -> None:
    """A person says that a letter belongs to none."""
    row = letter_row(s, number)
    if row.state == LetterState.JOINED:
        raise ConflictError(f"Letter {number} has joined a ticket already.")
    if row.state == LetterState.DISMISSED:
        return
    _write(s, number, state=LetterState.DISMISSED.value)
    was, now = {"state": row.state}, {"state": LetterState.DISMISSED.value}
    record_audit(s.t, "letter.dismiss", f"letter-{number}", before=was, after=now)


def read_letter(s: Sealed, number: int) -> Letter:
    """One letter."""
    row = s.t.connection.execute(_with_ticket().where(letters.c.n == number)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no letter {number}.")
    return _letter(s, row)


def list_letters(
    s: Sealed, *, state: LetterState | None, ticket_ref: str | None, cursor: str | None, limit: int
) -> Page[Letter]:
    """One page of letters, the newest first."""
    query = _with_ticket()
    if state is not None:
        query = query.where(letters.c.state == state.value)
    if ticket_ref is not None:
        query = query.where(letters.c.ticket_id == find_row(s.t, ticket_ref).id)
    rows, after = select_page(s.t.connection, query, letters.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_letter(s, row) for row in rows), after)


def letter_row(s: Sealed, number: int) -> Row[Any]:
    """The row of a letter."""
    row = s.t.connection.execute(select(letters).where(letters.c.n == number)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no letter {number}.")
    return row


def _place(s: Sealed, incoming: Incoming) -> tuple[Row[Any] | None, str | None, LetterReason | None]:
    """The ticket that a letter names, or the appliance of the notice that it answers, or why neither."""
    for text in incoming.references:
        named = verified(s.seal, text)
        ticket = _ticket_of(s, named) if named is not None else None
        if ticket is not None:
            since = s.t.now_ms - DAY_MS
            lately = select(func.count()).where(letters.c.ticket_id == ticket.id, letters.c.at_ms > since)
            if s.t.connection.execute(lately).scalar_one() >= A_DAY_MAX:
                return None, ticket.appliance_id, LetterReason.TOO_MANY
            return ticket, ticket.appliance_id, None
        if named is not None and named.about is About.CUSTOMER:
            query = select(customer_notices.c.appliance_id).where(customer_notices.c.n == named.number)
            return None, s.t.connection.execute(query).scalar_one_or_none(), LetterReason.OF_A_NOTICE
    return None, None, LetterReason.WRONG_REFERENCE if incoming.references else LetterReason.NO_REFERENCE


def _ticket_of(s: Sealed, named: Named) -> Row[Any] | None:
    if named.about is not About.TICKET:
        return None
    return s.t.connection.execute(select(tickets).where(tickets.c.number == named.number)).one_or_none()


def _join(s: Sealed, number: int, ticket: Row[Any]) -> None:
    before = letter_row(s, number)
    owner = present_ownership(s, ticket.appliance_id)
    is_owner = owner is not None and before.customer_id == owner.customer_id
    is_by_itself = before.reason is None
    t = s.t.by(CUSTOMER if is_owner else MAIL) if is_by_itself else s.t
    values = {"state": LetterState.JOINED.value, "ticket_id": ticket.id}
    _write(s, number, **values)
    content = _content(s, before)
    data = {"letter": number, "by_owner": is_owner, "attached": len(content.attached)}
    add_history(t, ticket.id, event="letter", data=data)
    was = {"state": before.state, "ticket_id": before.ticket_id}
    about = {"number": ticket.number}
    record_audit(t, "letter.join", f"letter-{number}", before=was, after=values, about=about)
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})
    if is_owner and is_by_itself:
        go_on(t, ticket.id, answered_by="letter")
    told = {"id": ticket.id, "number": ticket.number, "status": ticket.status, "appliance_id": ticket.appliance_id}
    put_notice(t, "ticket.letter", ticket.id, {**told, "letter": number}, dedupe_key=f"letter-{number}:joined")


def _customer_at(s: Sealed, address: str) -> Customer | None:
    """The customer with this address in their file, where it is one."""
    if "@" not in address:
        return None
    found = list_customers(s, q=address, cursor=None, limit=20).items
    having = [one for one in found if one.contact and address in {mail.lower() for mail in one.contact.mails}]
    return having[0] if len(having) == 1 else None


def _keep_bound(s: Sealed) -> None:
    waiting = select(letters.c.n).where(letters.c.state == LetterState.WAITING.value)
    beyond = waiting.order_by(letters.c.n.desc()).offset(WAITING_MAX)
    numbers = s.t.connection.execute(beyond).scalars().all()
    if numbers:
        s.t.connection.execute(delete(letters).where(letters.c.n.in_(numbers)))
        log.warning("letters_dropped", count=len(numbers), sentence=f"More than {WAITING_MAX} wait: look at them.")


def _write(s: Sealed, number: int, **values: Any) -> None:
    s.t.connection.execute(update(letters).where(letters.c.n == number).values(values))


def _with_ticket() -> Select[Any]:
    number = tickets.c.number.label("ticket_number")
    return select(letters, number).select_from(letters.outerjoin(tickets, tickets.c.id == letters.c.ticket_id))


def _content(s: Sealed, row: Row[Any]) -> Content:
    text = s.text(row.content)
    return Content("", "", "") if text is None else msgspec.json.decode(text, type=Content)


def _letter(s: Sealed, row: Row[Any]) -> Letter:
    return Letter(
        number=row.n,
        at=from_ms(row.at_ms),
        state=LetterState(row.state),
        reason=None if row.reason is None else LetterReason(row.reason),
        ticket_id=row.ticket_id,
        ticket_number=row.ticket_number,
        appliance_id=row.appliance_id,
        customer_id=row.customer_id,
        content=_content(s, row),
    )
