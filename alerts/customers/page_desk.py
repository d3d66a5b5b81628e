"""A customer's page, as it is made, opened and answered; its holder has no account, the link is all they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from alerts.customers.answering import CustomerAnswer, NewAnswer, list_answers, take_answer
from alerts.customers.consenting import record_consent
from alerts.customers.customer import CustomerFile, Purpose
from alerts.customers.links import CustomerLink, list_links, make_link, note_opened, open_link, read_link, revoke_link
from alerts.customers.reading import read_file
from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.customers.view import ON_A_PAGE, CustomerView, read_view
from alerts.database import CUSTOMER
from alerts.errors import InvalidError, UnknownError
from alerts.fix_first.telling import tell
from alerts.remote.consent import end_sessions_of
from alerts.remote.ending import EndReason
from alerts.remote.policy import SessionLimits
from alerts.remote.protecting import end_protections
from alerts.remote.reading import read_session
from alerts.remote.session import DiagnosisSession
from alerts.tickets.answered import go_on
from alerts.tickets.steps import WhenOver
from ingest.profiles.definition import Profile

DAYS_DEFAULT = 30
SOURCE = "customer's page"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CustomerPages:
    """Links to customers' pages and what happens there; one method, one transaction."""

    sealed: SealedUnit
    limits: SessionLimits
    when_over: WhenOver
    profiles: Mapping[str, Profile]

    def make(self, ticket_ref: str, *, days: int = DAYS_DEFAULT) -> tuple[CustomerLink, str]:
        """Make a link for the appliance's owner; its secret is told this once."""

        def work(s: Sealed) -> tuple[CustomerLink, str]:
            link_id, secret = make_link(s, ticket_ref, days=days)
            return read_link(s, link_id), secret

        return self.sealed.write(work)

    def links(self, ticket_ref: str) -> Sequence[CustomerLink]:
        """The links of a ticket, the newest first."""
        return self.sealed.look(lambda s: list_links(s, ticket_ref))

    def revoke(self, link_id: str) -> None:
        """End a link now."""
        self.sealed.write(lambda s: revoke_link(s, link_id))

    def answers(self, ticket_ref: str) -> Sequence[CustomerAnswer]:
        """What the customer answered to a ticket, the newest first."""
        return self.sealed.look(lambda s: list_answers(s, ticket_ref))

    def open(self, secret: str) -> CustomerView:
        """What stands on the page now; :class:`~alerts.errors.UnknownError` where the link does not work."""
        view = self.sealed.look(lambda s: read_view(s, open_link(s, secret), self.limits, self.profiles))
        if view.link.opened_at is None:
            self.sealed.write(lambda s: note_opened(s, view.link.id))
        return view

    def session(self, secret: str, session_id: str) -> tuple[CustomerView, DiagnosisSession]:
        """The page, and one remote diagnosis of its ticket with all that was sent; of another's ticket there is none."""

        def work(s: Sealed) -> tuple[CustomerView, DiagnosisSession]:
            view = read_view(s, open_link(s, secret), self.limits, self.profiles)
            session = read_session(s.t, session_id, self.limits, {})
            if session.ticket_id != view.link.ticket_id:
                raise UnknownError(f"There is no session {session_id!r} on this page.")
            return view, session

        return self.sealed.look(work)

    def answer(self, secret: str, answer: NewAnswer) -> None:
        """Take an answer from the page."""
        self.sealed.write(lambda s: take_answer(s, open_link(s, secret), answer, self.when_over))

    def consent(self, secret: str, purpose: Purpose, *, is_given: bool) -> None:
        """Take a yes or a no from the page; a no to remote diagnosis ends what runs."""
        if purpose not in ON_A_PAGE:
            raise InvalidError(f"purpose: {purpose} is not asked on this page.")

        def work(s: Sealed) -> None:
            link = open_link(s, secret)
            by_customer = s.t.by(CUSTOMER)
            record_consent(by_customer, link.customer_id, purpose, None, is_given=is_given, source=SOURCE)
            go_on(by_customer, link.ticket_id, answered_by="consent")
            if purpose is Purpose.REMOTE_DIAGNOSIS and not is_given:
                end_sessions_of(by_customer, link.ticket_id, EndReason.CONSENT_TAKEN_BACK)
                end_protections(by_customer, link.ticket_id, EndReason.CONSENT_TAKEN_BACK)

        self.sealed.write(work)

    def tell_fix_first(self, secret: str, *, is_done: bool) -> None:
        """The holder has done the steps, or won't."""

        def work(s: Sealed) -> None:
            link, by_customer = open_link(s, secret), s.t.by(CUSTOMER)
            tell(by_customer, link.ticket_id, self.profiles, is_done=is_done)
            go_on(by_customer, link.ticket_id, answered_by="fix_first")

        self.sealed.write(work)

    def end_protection(self, secret: str) -> None:
        """The holder wants their appliance to work normally again."""
        self.sealed.write(
            lambda s: end_protections(s.t.by(CUSTOMER), open_link(s, secret).ticket_id, EndReason.BY_CUSTOMER)
        )

    def stop(self, secret: str) -> None:
        """End every remote session of the ticket, at once."""
        self.sealed.write(
            lambda s: end_sessions_of(s.t.by(CUSTOMER), open_link(s, secret).ticket_id, EndReason.BY_CUSTOMER)
        )

    def stored(self, secret: str) -> CustomerFile:
        """All that is written down of the holder."""
        return self.sealed.look(lambda s: read_file(s, open_link(s, secret).customer_id))
