"""What may be done in a session now, and why not; what procedures have come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, bindparam, select

from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.lifecycle import CommandState, ProcedureState, SessionState
from alerts.page import moment
from alerts.remote.catalogue import can_do, confirmed_by, rule_of, rule_of_test
from alerts.remote.facts import moment_of
from alerts.remote.policy import WAITED_FOR, Obstacle, SessionLimits, obstacles
from alerts.remote.session import OfferedTest, ProcedureRecord, Step
from alerts.remote.tables import commands, procedures
from alerts.tickets.reading import find_row
from ingest.clock import from_ms
from ingest.profiles.definition import Profile

NEEDS_CONSENT = "needs_consent"
UNSUPPORTED = "unsupported"
UNKNOWN_COMMAND = "unknown_command"
"""What an appliance answers to a command that it never learned."""
DAY_MS = 86_400_000
_READ_FIRST = frozenset({Obstacle.STATE_UNKNOWN, Obstacle.STATE_OLD})
"""A procedure reads the values first, so that these stand in nobody's way."""


def offered(
    t: Transaction, session: Row[Any], limits: SessionLimits, profile: Profile | None
) -> tuple[OfferedTest, ...]:
    """Every test of the appliance's profile, the recommended one first, with what stands in its way.

    The session's row comes with what its ticket recommends, and with what its appliance says that it can.
    """
    if profile is None or not profile.tests:
        return ()
    strange = unknown_tests(t, session.appliance_id, session.capabilities or (), profile)
    wanted = (session.recommended or {}).get("test")
    found: list[OfferedTest] = []
    now = moment_of(t, session, rule_of_test(next(iter(profile.tests.values()))), limits)
    for test in profile.tests.values():
        names = obstacles(replace(now, rule=rule_of_test(test)))
        is_unread = bool(test.before) and Obstacle.STATE_UNKNOWN in names
        hard = [one.value for one in names if one not in WAITED_FOR and one not in _READ_FIRST]
        if is_unread:
            hard = [one for one in hard if one not in {Obstacle.MODE, Obstacle.LIMIT, Obstacle.IDLE}]
        if session.state == SessionState.REQUESTED:
            hard = [NEEDS_CONSENT if one == Obstacle.SESSION_OVER else one for one in hard]
        if test.name in strange:
            hard = [UNSUPPORTED]
        soft = [one.value for one in names if one in WAITED_FOR and one not in _READ_FIRST]
        found.append(OfferedTest(test, confirmed_by(profile, test.name), test.name == wanted, tuple(hard), tuple(soft)))
    return tuple(sorted(found, key=lambda one: (not one.is_recommended, bool(one.why_not), one.test.danger_class)))


_REFUSED = select(commands.c.args).where(
    commands.c.appliance_id == bindparam("appliance_id"),
    commands.c.state == CommandState.REJECTED.value,
    commands.c.reason == UNKNOWN_COMMAND,
    commands.c.issued_ms > bindparam("since_ms"),
)


def unknown_tests(t: Transaction, appliance_id: str, capabilities: Collection[str], profile: Profile) -> frozenset[str]:
    """The tests of its profile that an appliance does not know: by its birth, or, where it told of none, by a refusal today."""
    strange = frozenset(test.name for test in profile.tests.values() if not can_do(test, capabilities))
    if strange or any(name.startswith("test:") for name in capabilities):
        return strange
    asked = {"appliance_id": appliance_id, "since_ms": t.now_ms - DAY_MS}
    return frozenset(str((args or {}).get("test")) for args in t.connection.execute(_REFUSED, asked).scalars())


def why_not_recommended(t: Transaction, ticket_ref: str, profiles: Mapping[str, Profile]) -> str | None:
    """Why the test that a ticket recommends is not offered on it; nothing where it is, or where there is none."""
    ticket = find_row(t, ticket_ref)
    wanted, profile = (ticket.recommended or {}).get("test"), profiles.get(ticket.kind)
    if wanted is None or profile is None:
        return None
    told = select(appliances.c.capabilities).where(appliances.c.id == ticket.appliance_id)
    capabilities = t.connection.execute(told).scalar_one_or_none() or ()
    return UNSUPPORTED if wanted in unknown_tests(t, ticket.appliance_id, capabilities, profile) else None


_PROCEDURES = select(procedures).where(procedures.c.session_id == bindparam("session_id")).order_by(procedures.c.n)


def procedures_of(
    t: Transaction,
    session: Row[Any],
    said: Sequence[Row[Any]],
    limits: SessionLimits,
    profiles: Mapping[str, Profile],
) -> tuple[ProcedureRecord, ...]:
    """The procedures of a session, oldest first, from its commands in their order."""
    steps: dict[str, list[Row[Any]]] = {}
    for row in said:
        if row.procedure_id is not None:
            steps.setdefault(row.procedure_id, []).append(row)
    found = t.connection.execute(_PROCEDURES, {"session_id": session.id}).all()
    return tuple(_record(t, row, session, steps.get(row.id, []), limits, profiles) for row in found)


def _record(
    t: Transaction,
    row: Row[Any],
    session: Row[Any],
    steps: list[Row[Any]],
    limits: SessionLimits,
    profiles: Mapping[str, Profile],
) -> ProcedureRecord:
    waiting = next((step for step in steps if step.state == CommandState.WAITING), None)
    waits_for: tuple[str, ...] = ()
    if waiting is not None and profiles.get(row.kind) is not None:
        rule = rule_of(profiles[row.kind], waiting.name, waiting.args or {})
        waits_for = tuple(one.value for one in obstacles(moment_of(t, session, rule, limits, command=waiting)))
    return ProcedureRecord(
        id=row.id,
        test=row.test,
        state=ProcedureState(row.state),
        started_by=row.started_by,
        started_at=from_ms(row.started_ms),
        ended_at=moment(row.ended_ms),
        reason=row.reason,
        measured=row.measured,
        verdict=row.verdict,
        likelihood_ratio=row.likelihood_ratio,
        before=row.before,
        after=row.after,
        steps=tuple(Step(step.id, step.name, CommandState(step.state), step.reason) for step in steps),
        waits_for=waits_for,
        waiting_command_id=None if waiting is None else waiting.id,
    )
