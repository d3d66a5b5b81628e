"""Procedures under way: begun, taken further by the appliance's answers, and what each came to for its ticket.

A procedure is never kept in memory: it is made again from the answers that stand with its commands, so a crash between
an answer and the verdict loses nothing and doubles nothing. The answer, the next command or the verdict, and what it
moves in the ticket are one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, bindparam, insert, select

from alerts.appliances.tables import appliances
from alerts.audit.chain import record_audit
from alerts.database import SYSTEM, Transaction
from alerts.errors import ConflictError, DeskError, IllegalStepError, InvalidError, RefusedError
from alerts.lifecycle import SESSION, CommandState, ProcedureEvent, ProcedureState, SessionState
from alerts.remote.catalogue import confirmed_by, rule_of_test
from alerts.remote.closing import close_procedure
from alerts.remote.consent import find_session
from alerts.remote.ending import EndReason
from alerts.remote.facts import moment_of
from alerts.remote.inference import Reading, judge, learned
from alerts.remote.issuing import issue_command
from alerts.remote.offering import UNSUPPORTED, unknown_tests
from alerts.remote.policy import SessionLimits, obstacles, refuse_final
from alerts.remote.procedure import Answered, Asked, Ended, procedure_of, replay
from alerts.remote.standing import touch
from alerts.remote.tables import commands, procedures
from alerts.remote.tally import tally_of
from alerts.remote.transcript import add_line
from alerts.tickets.tables import tickets
from alerts.tickets.testing import TestAnswer, move_causes
from ingest.profiles.definition import Profile, RemoteTest

_SEVERITY = select(tickets.c.severity).where(tickets.c.id == bindparam("ticket_id"))
_OVER = {
    CommandState.SUCCEEDED: True,
    CommandState.FAILED: False,
    CommandState.REJECTED: False,
    CommandState.EXPIRED: False,
    CommandState.UNKNOWN: False,
}


def begin_procedure(
    t: Transaction, session_id: str, test_name: str, limits: SessionLimits, profiles: Mapping[str, Profile]
) -> str:
    """Begin a test of the appliance's profile and return the procedure's id."""
    session = find_session(t, session_id)
    state = SessionState(session.state)
    if state is not SessionState.ACTIVE:
        raise IllegalStepError("session", state=state, step="procedure", legal=sorted(SESSION[state]))
    test = test_of(profiles, session.kind, test_name)
    at = moment_of(t, session, rule_of_test(test), limits)
    refuse_final(at, obstacles(at))
    told = select(appliances.c.capabilities).where(appliances.c.id == session.appliance_id)
    capabilities = t.connection.execute(told).scalar_one_or_none() or ()
    if test.name in unknown_tests(t, session.appliance_id, capabilities, profiles[session.kind]):
        raise RefusedError(f"This appliance does not know the test {test_name!r}.", reason=UNSUPPORTED)
    running = (procedures.c.session_id == session_id) & (procedures.c.state == ProcedureState.RUNNING.value)
    if t.connection.execute(select(procedures.c.n).where(running).limit(1)).first() is not None:
        raise ConflictError("Another test runs in this session: wait for it, or end the session.")
    procedure_id = t.new_id("pr")
    t.connection.execute(
        insert(procedures).values(
            id=procedure_id,
            session_id=session_id,
            ticket_id=session.ticket_id,
            kind=session.kind,
            test=test.name,
            state=ProcedureState.RUNNING.value,
            started_by=t.who,
            started_ms=t.now_ms,
        )
    )
    touch(t, session_id)
    add_line(t, session_id, event="procedure_started", data={"test": test.name, "procedure_id": procedure_id})
    now = {"state": ProcedureState.RUNNING.value, "session_id": session_id, "test": test.name}
    record_audit(t, "procedure.start", procedure_id, before=None, after=now)
    go_on(t, procedure_id, limits, profiles)
    return procedure_id


def go_on(t: Transaction, procedure_id: str, limits: SessionLimits, profiles: Mapping[str, Profile]) -> None:
    """Take a procedure one step further, if its last command has its last word; else nothing."""
    row = t.connection.execute(select(procedures).where(procedures.c.id == procedure_id)).one()
    if row.state != ProcedureState.RUNNING:
        return None
    steps = t.connection.execute(
        select(commands).where(commands.c.procedure_id == procedure_id).order_by(commands.c.n)
    ).all()
    if any(CommandState(step.state) not in _OVER for step in steps):
        return None
    test = profiles[row.kind].tests.get(row.test) if row.kind in profiles else None
    if test is None:
        return _end(t, row, Ended(None, EndReason.NOT_IN_PROFILE), profiles)
    at = replay(procedure_of(test), [_answered(step) for step in steps])
    if isinstance(at, Ended):
        return _end(t, row, at, profiles)
    return _ask(t.by(row.started_by), row, at, limits, profiles)


def test_of(profiles: Mapping[str, Profile], kind: str, name: str) -> RemoteTest:
    """The test of a kind, or :class:`InvalidError` with those that there are."""
    known = profiles[kind].tests if kind in profiles else {}
    if name not in known:
        raise InvalidError(f"test: there is no test {name!r} for {kind}; there are: {', '.join(known) or 'none'}.")
    return known[name]


def _ask(t: Transaction, row: Row[Any], asked: Asked, limits: SessionLimits, profiles: Mapping[str, Profile]) -> None:
    try:
        issue_command(t, row.session_id, asked.name, asked.args, limits, profiles, procedure_id=row.id)
    except DeskError as error:
        close_procedure(t.by(SYSTEM), row, ProcedureEvent.FAIL, {"reason": str(error)})


def _end(t: Transaction, row: Row[Any], ended: Ended, profiles: Mapping[str, Profile]) -> None:
    if ended.measured is None:
        close_procedure(t.by(SYSTEM), row, ProcedureEvent.FAIL, {"reason": ended.reason})
        return
    found, before, after = take_measurement(t, row.ticket_id, profiles[row.kind], row.test, ended.measured)
    columns = {
        "measured": ended.measured,
        "verdict": found.verdict.value,
        "likelihood_ratio": found.likelihood_ratio,
        "before": before,
        "after": after,
    }
    close_procedure(t.by(SYSTEM), row, ProcedureEvent.FINISH, columns)


def take_measurement(
    t: Transaction, ticket_id: str, profile: Profile, test_name: str, measured: float
) -> tuple[Reading, dict[str, Any], dict[str, Any]]:
    """Judge what a test has measured and let it speak in its ticket; what it says, and the ticket before and after."""
    test = profile.tests[test_name]
    modes = confirmed_by(profile, test.name)
    severity = t.connection.execute(_SEVERITY, {"ticket_id": ticket_id}).scalar_one()
    found = judge(learned(test, tally_of(t, profile.kind, test.name, modes)), measured, severity)
    said = TestAnswer(test.name, modes, found.likelihood_ratio, found.verdict.value)
    before, after = move_causes(t.by(SYSTEM), ticket_id, said, profile)
    return found, before, after


def _answered(step: Row[Any]) -> Answered:
    return Answered(_OVER[CommandState(step.state)], step.data or {}, step.reason)
