"""What a customer answers on their page: words, an accepted or refused repair, a rating, a complaint.

An answer stands in the ticket's history under the name *customer*. Accepting a repair closes its ticket; refusing it takes
the ticket back to work, a closed one is reopened. What they write is kept sealed beside it, and shown to technicians.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, insert, select

from alerts.customers.links import CustomerLink
from alerts.customers.sealed import Sealed
from alerts.customers.tables import customer_answers
from alerts.database import CUSTOMER
from alerts.errors import ConflictError, InvalidError
from alerts.lifecycle import TicketState, TicketStep
from alerts.notices.changes import Subject, record_change
from alerts.tickets.answered import go_on
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from alerts.tickets.steps import WhenOver, take_step
from alerts.tickets.ticket import StepBody
from alerts.words import check_words
from ingest.clock import from_ms

TEXT_MAX = 2000
ANSWERS_A_DAY = 30
DAY_MS = 24 * 3_600_000


class AnswerKind(StrEnum):
    """What an answer is."""

    MESSAGE = "message"
    APPOINTMENT = "appointment"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    RATING = "rating"
    COMPLAINT = "complaint"
    ERASURE = "erasure"


class RatingReason(StrEnum):
    """What a rating is about."""

    QUALITY = "quality"
    SPEED = "speed"
    MANNER = "manner"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer to write down; ``stars`` 1 to 5 with a rating, ``text`` where there are words."""

    kind: AnswerKind
    text: str | None = None
    stars: int | None = None
    reasons: tuple[RatingReason, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        is_rating = self.kind is AnswerKind.RATING
        needs_words = self.kind in {AnswerKind.MESSAGE, AnswerKind.APPOINTMENT, AnswerKind.COMPLAINT}
        check_words("text", self.text, longest=TEXT_MAX, is_needed=needs_words)
        if is_rating is (self.stars is None):
            raise InvalidError("stars: a rating has 1 to 5 of them, and nothing else has any.")
        if self.stars is not None and not 1 <= self.stars <= 5:
            raise InvalidError("stars: 1 to 5.")


@dataclass(frozen=True, slots=True)
class CustomerAnswer:
    """What a customer answered."""

    at: datetime
    kind: AnswerKind
    text: str | None
    stars: int | None
    reasons: tuple[RatingReason, ...]


def take_answer(s: Sealed, link: CustomerLink, answer: NewAnswer, when_over: WhenOver) -> None:
    """Write an answer down and let it move its ticket."""
    t = s.t.by(CUSTOMER)
    _refuse_flood(s, link)
    ticket = find_row(t, link.ticket_id)
    state = TicketState(ticket.status)
    values = {"kind": answer.kind.value, "stars": answer.stars, "reasons": list(answer.reasons) or None}
    words = None if not answer.text else s.close(answer.text)
    ids = {"ticket_id": ticket.id, "customer_id": link.customer_id, "link_id": link.id, "at_ms": t.now_ms}
    if answer.kind is AnswerKind.ACCEPTED:
        _expect(state, TicketState.REPAIRED)
        take_step(t, ticket.id, TicketStep.ACCEPT, StepBody(), expected_version=None, when_over=when_over)
    elif answer.kind is AnswerKind.NOT_ACCEPTED:
        _expect(state, TicketState.REPAIRED, TicketState.CLOSED)
        step = TicketStep.REJECT if state is TicketState.REPAIRED else TicketStep.REOPEN
        take_step(t, ticket.id, step, StepBody(), expected_version=None, when_over=when_over)
    elif answer.kind is AnswerKind.RATING:
        _expect(state, TicketState.REPAIRED, TicketState.CLOSED)
    t.connection.execute(insert(customer_answers).values(**ids, **values, text=words))
    add_history(
        t, ticket.id, event=f"customer_{answer.kind.value}", data={"stars": answer.stars} if answer.stars else {}
    )
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number})
    go_on(t, ticket.id, answered_by=answer.kind.value)


def list_answers(s: Sealed, ticket_ref: str) -> Sequence[CustomerAnswer]:
    """What the customer answered to a ticket, the newest first."""
    ticket = find_row(s.t, ticket_ref)
    query = select(customer_answers).where(customer_answers.c.ticket_id == ticket.id)
    return [_answer(s, row) for row in s.t.connection.execute(query.order_by(customer_answers.c.n.desc()))]


def _refuse_flood(s: Sealed, link: CustomerLink) -> None:
    columns = customer_answers.c
    today = (columns.link_id == link.id, columns.at_ms > s.t.now_ms - DAY_MS)
    if s.t.connection.execute(select(func.count()).where(*today)).scalar_one() >= ANSWERS_A_DAY:
        raise ConflictError("That were many answers today; please call us, or come back tomorrow.")


def _expect(state: TicketState, *wanted: TicketState) -> None:
    if state not in wanted:
        raise ConflictError("There is no finished repair to answer to yet.")


def _answer(s: Sealed, row: Row[Any]) -> CustomerAnswer:
    return CustomerAnswer(
        from_ms(row.at_ms),
        AnswerKind(row.kind),
        s.text(row.text),
        row.stars,
        tuple(RatingReason(one) for one in row.reasons or ()),
    )
