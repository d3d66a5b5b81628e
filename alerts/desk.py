"""What can be asked of the service desk: one method, one transaction, committed at its end or not at all.

The desk fulfils two protocols of its neighbours: :class:`detectors.finding.FindingSink` (detector checkpoint, findings,
alerts, tickets and notices become durable together) and :class:`ingest.mqtt.courier.CommandSource`. Errors
are those of :mod:`alerts.errors`. Who may ask for what is decided before the desk is asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, text

from alerts.alerting.alert import Alert
from alerts.alerting.following import ask_again, has_unsettled
from alerts.alerting.intake import take_finding
from alerts.alerting.reading import count_alerts, list_alerts, read_alert
from alerts.appliances.directory import (
    STALE_AFTER_S,
    Appliance,
    ApplianceEvent,
    ApplianceFilter,
    ensure_appliance,
    list_appliances,
    list_events,
    read_appliance,
    retire_appliance,
    set_conditions,
)
from alerts.audit.chain import AuditEntry, list_audit, record_audit, verify_audit
from alerts.changes import Change, forget_changes, has_old_changes, last_change, read_changes
from alerts.cursors.checkpoint import DETECT, load_checkpoint, move_cursor, save_checkpoint
from alerts.database import Transaction, look, transact, wait_for_turn
from alerts.errors import WrongCodeError
from alerts.lifecycle import AlertState, SessionEvent, SessionState, TicketState, TicketStep
from alerts.page import LIMIT_DEFAULT, Page
from alerts.remote.command import due_commands, expire_commands, note_sent
from alerts.remote.consent import end_session, expire_sessions, has_live, request_session, try_code
from alerts.remote.issuing import issue_command
from alerts.remote.policy import Scope, SessionLimits
from alerts.remote.reading import list_sessions, read_command, read_session
from alerts.remote.session import Command, DiagnosisSession
from alerts.silences.muting import Silence, add_silence, lift_silence, list_silences
from alerts.tickets.opening import open_by_hand
from alerts.tickets.reading import TicketFilter, count_tickets, list_tickets, read_ticket
from alerts.tickets.steps import record_verdict, take_step
from alerts.tickets.ticket import NewTicket, StepBody, Ticket, VerdictRecord
from detectors.finding import Checkpoint, DetectCommit
from ingest.clock import Clock
from ingest.profiles.definition import Profile
from ingest.wire.outgoing import Outgoing
from ingest.wire.topic import TopicScheme

T = TypeVar("T")

NO_BODY = StepBody()


@dataclass(frozen=True, slots=True)
class Desk:
    """The service desk over one database that :func:`alerts.database.migrate` has prepared.

    ``chance`` gives identities and consent codes: ``random.SystemRandom()`` in service, a seeded one in simulations.
    """

    engine: Engine
    profiles: Mapping[str, Profile]
    clock: Clock
    chance: random.Random
    limits: SessionLimits = field(default_factory=SessionLimits)
    stale_after_s: float = STALE_AFTER_S
    topics: TopicScheme = field(default_factory=TopicScheme)

    # The detectors' way in.

    def load(self) -> Checkpoint:
        """The detectors' state of the last commit; position 0 and no rows for a new installation."""
        return self._look(load_checkpoint)

    def commit(self, step: DetectCommit) -> None:
        """Make one step of the detectors durable, with all that follows from it; a repeated step changes nothing."""

        def work(t: Transaction) -> None:
            if not move_cursor(t, DETECT, step.position):
                return
            save_checkpoint(t, step.rows, step.shared)
            wait_for_turn(t.connection)
            set_conditions(t, list(step.conditions))
            for finding in step.findings:
                take_finding(t, finding, self.profiles)

        transact(self.engine, work, now_ms=self.clock.now_ms(), chance=self.chance, take_turn=False)

    # Tickets.

    def tickets(
        self,
        wanted: TicketFilter | None = None,
        *,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Ticket]:
        """One page of tickets, newest first."""
        return self._look(lambda t: list_tickets(t, wanted or TicketFilter(), cursor=cursor, limit=limit))

    def ticket(self, ref: str) -> Ticket:
        """The ticket with this id or number."""
        return self._look(lambda t: read_ticket(t, ref))

    def ticket_counts(self) -> Mapping[TicketState, int]:
        """How many tickets stand in each state."""
        return self._look(count_tickets)

    def create_ticket(self, new: NewTicket, *, actor: str) -> Ticket:
        """Open a ticket by hand; :class:`~alerts.errors.AlreadyOpenError` names the one that stands already."""
        return self._write(lambda t: read_ticket(t, open_by_hand(t, new, self.profiles, actor=actor)))

    def step(
        self,
        ref: str,
        step: TicketStep,
        body: StepBody = NO_BODY,
        *,
        actor: str,
        expected_version: int | None = None,
    ) -> Ticket:
        """Take one step of the life cycle and return the ticket behind it."""
        return self._write(
            lambda t: read_ticket(t, take_step(t, ref, step, body, actor=actor, expected_version=expected_version)),
        )

    def record_verdict(
        self,
        ref: str,
        verdict: VerdictRecord,
        *,
        actor: str,
        expected_version: int | None = None,
    ) -> Ticket:
        """Write down what the technician found."""
        return self._write(
            lambda t: read_ticket(t, record_verdict(t, ref, verdict, actor=actor, expected_version=expected_version)),
        )

    # Alerts and silences.

    def alerts(
        self,
        *,
        state: AlertState | None = None,
        appliance_id: str | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Alert]:
        """One page of alerts, newest first."""
        return self._look(
            lambda t: list_alerts(t, state=state, appliance_id=appliance_id, cursor=cursor, limit=limit),
        )

    def alert(self, alert_id: str) -> Alert:
        """One alert."""
        return self._look(lambda t: read_alert(t, alert_id))

    def alert_counts(self) -> Mapping[AlertState, int]:
        """How many alerts stand in each state."""
        return self._look(count_alerts)

    def silence(
        self,
        *,
        appliance_id: str | None,
        fault_mode: str | None,
        until: datetime,
        reason: str,
        actor: str,
    ) -> Silence:
        """Mute an appliance, a fault mode, or both, until a time; findings still become (pending) alerts."""
        return self._write(
            lambda t: add_silence(
                t,
                appliance_id=appliance_id,
                fault_mode=fault_mode,
                until=until,
                reason=reason,
                actor=actor,
            ),
        )

    def lift_silence(self, silence_id: str, *, actor: str) -> None:
        """End a silence now."""
        self._write(lambda t: lift_silence(t, silence_id, actor=actor))

    def silences(self) -> Sequence[Silence]:
        """What is muted now."""
        return self._look(list_silences)

    # Appliances.

    def appliances(
        self,
        wanted: ApplianceFilter | None = None,
        *,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Appliance]:
        """One page of appliances, newest registration first."""
        return self._look(
            lambda t: list_appliances(
                t,
                wanted or ApplianceFilter(),
                stale_after_s=self.stale_after_s,
                cursor=cursor,
                limit=limit,
            ),
        )

    def appliance(self, appliance_id: str) -> Appliance:
        """One appliance."""
        return self._look(lambda t: read_appliance(t, appliance_id, stale_after_s=self.stale_after_s))

    def appliance_events(
        self,
        appliance_id: str,
        *,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[ApplianceEvent]:
        """One page of what happened at an appliance, newest first."""
        return self._look(lambda t: list_events(t, appliance_id, cursor=cursor, limit=limit))

    def register_appliance(self, appliance_id: str, kind: str, *, actor: str) -> None:
        """Put an appliance into the directory before it has spoken; one that is there stays as it is."""

        def work(t: Transaction) -> None:
            ensure_appliance(t, appliance_id, kind)
            record_audit(t, actor, "appliance.register", appliance_id, {"kind": kind})

        self._write(work)

    def retire_appliance(self, appliance_id: str, *, actor: str) -> None:
        """Take an appliance out of service: no tickets from findings, no sessions; what is known of it stays."""

        def work(t: Transaction) -> None:
            retire_appliance(t, appliance_id)
            record_audit(t, actor, "appliance.retire", appliance_id, {})

        self._write(work)

    # Sessions and commands.

    def request_session(self, ticket_ref: str, scope: Scope, *, actor: str) -> DiagnosisSession:
        """Ask the customer for a remote diagnosis: a code goes to the appliance, which shows it."""
        return self._write(
            lambda t: self._session(t, request_session(t, ticket_ref, scope, self.limits, actor=actor)),
        )

    def consent(self, session_id: str, code: str, *, actor: str) -> DiagnosisSession:
        """Take the code that the customer reads out; :class:`~alerts.errors.WrongCodeError` counts, the fifth ends."""
        tries_left, session = self._write(
            lambda t: (
                try_code(t, session_id, code, self.limits, actor=actor),
                self._session(t, session_id),
            ),
        )
        if tries_left is not None:
            raise WrongCodeError(tries_left=tries_left)
        return session

    def issue_command(
        self,
        session_id: str,
        name: str,
        args: Mapping[str, Any] | None = None,
        *,
        actor: str,
        idempotency_key: str | None = None,
    ) -> Command:
        """Queue a command within the consent; the same key gives the same command."""
        return self._write(
            lambda t: read_command(
                t,
                issue_command(
                    t,
                    session_id,
                    name,
                    args or {},
                    self.limits,
                    actor=actor,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def end_session(self, session_id: str, *, actor: str, reason: str = "ended by the technician") -> DiagnosisSession:
        """End a session; what was not sent is given up."""

        def work(t: Transaction) -> DiagnosisSession:
            end_session(t, session_id, SessionEvent.END, actor=actor, reason=reason)
            return self._session(t, session_id)

        return self._write(work)

    def session(self, session_id: str) -> DiagnosisSession:
        """A session with its commands and transcript."""
        return self._look(lambda t: self._session(t, session_id))

    def sessions(
        self,
        *,
        ticket_ref: str | None = None,
        appliance_id: str | None = None,
        state: SessionState | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[DiagnosisSession]:
        """One page of sessions, newest first, without commands and transcript."""
        return self._look(
            lambda t: list_sessions(
                t,
                self.limits,
                ticket_id=None if ticket_ref is None else read_ticket(t, ticket_ref).id,
                appliance_id=appliance_id,
                state=state,
                cursor=cursor,
                limit=limit,
            ),
        )

    def due(self, now_ms: int) -> Sequence[Outgoing]:
        """What is to be sent to appliances now, oldest first."""
        return look(self.engine, lambda t: due_commands(t, self.topics), now_ms=now_ms, chance=self.chance)

    def sent(self, command_id: str, now_ms: int) -> None:
        """Note that the broker has taken a command."""
        transact(self.engine, lambda t: note_sent(t, command_id), now_ms=now_ms, chance=self.chance)

    # Watching, and the desk's own time.

    def changes(self, *, after: int, limit: int = 500) -> Sequence[Change]:
        """Change events behind the id ``after``, oldest first."""
        return self._look(lambda t: read_changes(t, after=after, limit=limit))

    def last_change(self) -> int:
        """The id of the newest change event, 0 where there is none."""
        return self._look(last_change)

    def audit(self, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT) -> Page[AuditEntry]:
        """One page of the audit, newest first."""
        return self._look(lambda t: list_audit(t, cursor=cursor, limit=limit))

    def verify_audit(self) -> int | None:
        """The number of the first audit entry that does not fit its chain, ``None`` where all do."""
        return self._look(verify_audit)

    def expire(self) -> int:
        """Let time pass for sessions and commands; returns how many have ended by it."""
        if not self._look(has_live):
            return 0
        return self._write(lambda t: expire_commands(t) + expire_sessions(t, self.limits))

    def ask_again(self, after: int = 0) -> int | None:
        """Ask the pipeline again about a page of unsettled alerts; returns where the next page begins, if any."""
        if not self._look(has_unsettled):
            return None
        return self._write(lambda t: ask_again(t, self.profiles, after=after))

    def forget_changes(self) -> None:
        """Drop change events that nobody will resume from any more."""
        if self._look(has_old_changes):
            self._write(forget_changes)

    def check(self) -> None:
        """Raise :class:`~alerts.errors.UnavailableError` with a sentence if the database can't be used now."""
        self._look(lambda t: t.connection.execute(text("SELECT 1")).scalar_one())

    def _session(self, t: Transaction, session_id: str) -> DiagnosisSession:
        return read_session(t, session_id, self.limits)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        return transact(self.engine, work, now_ms=self.clock.now_ms(), chance=self.chance)

    def _look(self, work: Callable[[Transaction], T]) -> T:
        return look(self.engine, work, now_ms=self.clock.now_ms(), chance=self.chance)
