"""What a customer's page shows: their ticket, in the words that are for them, and what they may do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.customers.answering import AnswerKind, CustomerAnswer, list_answers
from alerts.customers.consenting import is_allowed
from alerts.customers.customer import Customer, Purpose, Site
from alerts.customers.homes import list_sites
from alerts.customers.links import CustomerLink
from alerts.customers.owning import present_ownership
from alerts.customers.reading import read_customer
from alerts.customers.sealed import Sealed
from alerts.fix_first.attempt import FixFirst
from alerts.fix_first.reading import read_fix_first
from alerts.lifecycle import SESSION_LIVE, TicketState
from alerts.remote.policy import SessionLimits
from alerts.remote.protecting import Protected, read_protection
from alerts.remote.reading import list_sessions
from alerts.remote.session import DiagnosisSession
from alerts.tickets.reading import read_ticket
from alerts.tickets.ticket import Ticket
from ingest.profiles.definition import Profile

ON_A_PAGE = frozenset({Purpose.REMOTE_DIAGNOSIS, Purpose.PREDICTION, Purpose.ADVICE, Purpose.MARKETING})
"""The purposes that a customer says yes or no to on their page."""


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Everything on a customer's page, and nothing else."""

    link: CustomerLink
    customer: Customer
    ticket: Ticket
    site: Site | None
    sessions: Sequence[DiagnosisSession]
    allowed: Mapping[Purpose, bool]
    answers: Sequence[CustomerAnswer]
    fix_first: FixFirst
    protection: Protected

    @property
    def is_connected(self) -> bool:
        """Whether somebody looks into the appliance, or asks to, at this moment."""
        return any(one.state in SESSION_LIVE for one in self.sessions)

    @property
    def is_finished(self) -> bool:
        """Whether there is a repair to accept, to refuse, to rate."""
        return self.ticket.status in {TicketState.REPAIRED, TicketState.CLOSED}

    @property
    def stars(self) -> int | None:
        """The newest rating."""
        return next((one.stars for one in self.answers if one.kind is AnswerKind.RATING), None)


def read_view(s: Sealed, link: CustomerLink, limits: SessionLimits, profiles: Mapping[str, Profile]) -> CustomerView:
    """The page of a link that stands."""
    ticket = read_ticket(s.t, link.ticket_id)
    owner = present_ownership(s, ticket.appliance_id)
    sites = {one.id: one for one in list_sites(s, link.customer_id)}
    found = list_sessions(s.t, limits, ticket_id=link.ticket_id, appliance_id=None, state=None, cursor=None, limit=20)
    return CustomerView(
        link=link,
        customer=read_customer(s, link.customer_id),
        ticket=ticket,
        site=None if owner is None or owner.site_id is None else sites.get(owner.site_id),
        sessions=found.items,
        allowed={purpose: is_allowed(s.t, link.customer_id, purpose) for purpose in sorted(ON_A_PAGE)},
        answers=list_answers(s, link.ticket_id),
        fix_first=read_fix_first(s.t, link.ticket_id, profiles),
        protection=read_protection(s.t, link.ticket_id, profiles),
    )
