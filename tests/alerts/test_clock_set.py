"""A clock that is set lengthens nothing at the desk: sessions, codes and commands end early rather than late."""

from __future__ import annotations

import pytest

from alerts.desk import Desk
from alerts.errors import ConflictError, IllegalStepError
from alerts.lifecycle import SessionState
from ingest.clock import ManualClock
from tests.alerts.test_sessions import ACTOR, active, requested

HOUR_MS = 3_600_000


@pytest.mark.parametrize("jump_ms", [-HOUR_MS, HOUR_MS])
def test_a_session_ends_when_the_clock_is_set(desk: Desk, clock: ManualClock, jump_ms: int) -> None:
    """T15: an hour back or ahead, an active session is over with the next look, and no command goes out in it."""
    session = active(desk)
    clock.advance(60_000)

    clock.advance(jump_ms)
    with pytest.raises((ConflictError, IllegalStepError)):
        desk.by(ACTOR).sessions.issue(session.id, "snapshot.read", {})
    desk.sessions.expire()

    assert desk.sessions.read(session.id).state is SessionState.EXPIRED
    assert desk.sessions.due(clock.now_ms()) == []


def test_a_code_is_void_when_the_clock_is_set_back(desk: Desk, clock: ManualClock) -> None:
    """T15: a code doesn't live an hour longer because the clock went back by one."""
    session, code = requested(desk)
    clock.advance(60_000)

    clock.advance(-HOUR_MS)
    desk.sessions.expire()

    assert desk.sessions.read(session.id).state is SessionState.EXPIRED
    with pytest.raises((ConflictError, IllegalStepError)):
        desk.by(ACTOR).sessions.consent(session.id, code)


def test_a_clock_that_is_put_right_ends_nothing(desk: Desk, clock: ManualClock) -> None:
    """T15, control: a correction of seconds is no reason to end a session."""
    session = active(desk)

    clock.advance(-3_000)
    desk.sessions.expire()

    assert desk.sessions.read(session.id).state is SessionState.ACTIVE
