"""Remote diagnosis, as it is asked for, and as commands leave for the appliances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alerts.database import Transaction, UnitOfWork
from alerts.errors import WrongCodeError
from alerts.lifecycle import SessionEvent, SessionState
from alerts.page import LIMIT_DEFAULT, Page
from alerts.remote.answers import let_pass
from alerts.remote.consent import end_session, has_live, request_session, try_code
from alerts.remote.ending import EndReason
from alerts.remote.issuing import approve_command, issue_command, release_waiting
from alerts.remote.offering import why_not_recommended
from alerts.remote.policy import Scope, SessionLimits
from alerts.remote.reading import list_sessions, read_command, read_session
from alerts.remote.running import begin_procedure
from alerts.remote.sending import Signer, claim_command, due_commands, note_sent
from alerts.remote.session import Command, DiagnosisSession
from alerts.tickets.reading import find_row
from ingest.profiles.definition import Profile
from ingest.wire.outgoing import Outgoing
from ingest.wire.topic import TopicScheme


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions and their commands; one method, one transaction. A :class:`ingest.wire.outgoing.CommandSource`."""

    unit: UnitOfWork
    limits: SessionLimits = field(default_factory=SessionLimits)
    topics: TopicScheme = field(default_factory=TopicScheme)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    signer: Signer | None = None

    def request(self, ticket_ref: str, scope: Scope) -> DiagnosisSession:
        """Ask the customer for a remote diagnosis: a code goes to the appliance, which shows it."""
        return self.unit.write(lambda t: self._read(t, request_session(t, ticket_ref, scope, self.limits)))

    def consent(self, session_id: str, code: str) -> DiagnosisSession:
        """Take the code that the customer reads out; :class:`~alerts.errors.WrongCodeError` counts, the fifth ends."""
        tries_left, session = self.unit.write(
            lambda t: (try_code(t, session_id, code, self.limits), self._read(t, session_id)),
        )
        if tries_left is not None:
            raise WrongCodeError(tries_left=tries_left)
        return session

    def issue(
        self,
        session_id: str,
        name: str,
        args: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Command:
        """Queue a command within the consent; the same key gives the same command."""

        def work(t: Transaction) -> Command:
            command_id = issue_command(
                t, session_id, name, args or {}, self.limits, self.profiles, idempotency_key=idempotency_key
            )
            return read_command(t, command_id)

        return self.unit.write(work)

    def begin(self, session_id: str, test: str) -> DiagnosisSession:
        """Begin a test of the appliance's profile as a procedure."""

        def work(t: Transaction) -> DiagnosisSession:
            begin_procedure(t, session_id, test, self.limits, self.profiles)
            return self._read(t, session_id)

        return self.unit.write(work)

    def approve(self, session_id: str, command_id: str) -> Command:
        """Stand as the second person for one command; it goes out as soon as nothing else is in its way."""

        def work(t: Transaction) -> Command:
            approve_command(t, session_id, command_id, self.limits)
            release_waiting(t, session_id, self.limits, self.profiles)
            return read_command(t, command_id)

        return self.unit.write(work)

    def end(self, session_id: str, *, reason: EndReason = EndReason.BY_TECHNICIAN) -> DiagnosisSession:
        """End a session; what was not sent is given up."""

        def work(t: Transaction) -> DiagnosisSession:
            end_session(t, session_id, SessionEvent.END, reason=reason)
            return self._read(t, session_id)

        return self.unit.write(work)

    def read(self, session_id: str) -> DiagnosisSession:
        """A session with its commands and transcript."""
        return self.unit.look(lambda t: self._read(t, session_id))

    def why_not_recommended(self, ticket_ref: str) -> str | None:
        """Why the test that a ticket recommends is not offered on it; nothing where it is, or where there is none."""
        return self.unit.look(lambda t: why_not_recommended(t, ticket_ref, self.profiles))

    def page(
        self,
        *,
        ticket_ref: str | None = None,
        appliance_id: str | None = None,
        state: SessionState | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[DiagnosisSession]:
        """One page of sessions, newest first, without commands and transcript."""
        return self.unit.look(
            lambda t: list_sessions(
                t,
                self.limits,
                ticket_id=None if ticket_ref is None else find_row(t, ticket_ref).id,
                appliance_id=appliance_id,
                state=state,
                cursor=cursor,
                limit=limit,
            ),
        )

    def due(self, now_ms: int) -> Sequence[Outgoing]:
        """What is to be sent to appliances now, oldest first."""
        return self.unit.look(lambda t: due_commands(replace(t, now_ms=now_ms), self.topics, self.signer))

    def claim(self, command_id: str, now_ms: int) -> bool:
        """Whether a command may be published now; everything is looked at again, and from here on it may act."""
        return self.unit.write(
            lambda t: claim_command(replace(t, now_ms=now_ms), command_id, self.limits, self.profiles)
        )

    def sent(self, command_id: str, now_ms: int) -> None:
        """Note that the broker has taken a command."""
        self.unit.write(lambda t: note_sent(replace(t, now_ms=now_ms), command_id))

    def expire(self) -> int:
        """Let time pass for sessions and commands; returns how many have ended by it."""
        if not self.unit.look(has_live):
            return 0
        return self.unit.write(lambda t: let_pass(t, self.limits, self.profiles))

    def _read(self, t: Transaction, session_id: str) -> DiagnosisSession:
        return read_session(t, session_id, self.limits, self.profiles)
