"""Remote diagnosis: consent first, within limits, and to the last word."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from alerts.desk import Desk
from alerts.errors import ConflictError, IllegalStepError, InvalidError, RefusedError, UnknownError, WrongCodeError
from alerts.inbox import Inbox
from alerts.lifecycle import CommandState, SessionState, TicketStep
from alerts.remote.policy import Scope, SessionLimits
from alerts.remote.session import DiagnosisSession
from alerts.tickets.ticket import StepBody
from ingest.clock import ManualClock
from ingest.sample import AdmittedBatch, Event, EventType, Result, ResultState
from ingest.wire.command import decode_command
from tests.alerts.made import FINDING, NOW_MS, step_of
from tests.alerts.test_inbox import FakeFeed

ACTOR = "tess"


def requested(desk: Desk, scope: Scope = Scope.READ) -> tuple[DiagnosisSession, str]:
    """A requested session, and the code as the appliance shows it."""
    desk.findings.commit(step_of(1, FINDING))
    session = desk.by(ACTOR).sessions.request("1", scope)
    [outgoing] = desk.sessions.due(desk.unit.clock.now_ms())
    return session, str(decode_command(outgoing.payload).args["code"])


def active(desk: Desk, scope: Scope = Scope.READ) -> DiagnosisSession:
    """An active session whose ``consent.show`` has been sent."""
    session, code = requested(desk, scope)
    [outgoing] = desk.sessions.due(desk.unit.clock.now_ms())
    desk.sessions.sent(outgoing.command_id, desk.unit.clock.now_ms())
    return desk.by(ACTOR).sessions.consent(session.id, code)


def answer(desk: Desk, command_id: str, state: ResultState, *, position: int, appliance_id: str = "WM-0231") -> None:
    """Let an appliance answer a command."""
    result = Result(appliance_id, "washing_machine", NOW_MS, NOW_MS, command_id, state, data={"mode": "idle"})
    feed = FakeFeed(AdmittedBatch(position, NOW_MS, 1, results=(result,)))
    Inbox(desk.unit, feed).tick()


def wrong(code: str) -> str:
    """Another code."""
    return "000000" if code != "000000" else "000001"


def test_request_shows_a_code_at_the_appliance_only(desk: Desk) -> None:
    """The code goes to the appliance's command topic and stands nowhere else, and no longer once it was sent."""
    session, code = requested(desk)
    [outgoing] = desk.sessions.due(NOW_MS)

    message = decode_command(outgoing.payload)
    assert outgoing.topic == "fettle/v1/washing_machine/WM-0231/command"
    assert (message.name, message.command_class, message.session) == ("consent.show", "R0", session.id)
    assert message.args["scope"] == "read"
    assert (session.state, session.tries_left) == (SessionState.REQUESTED, 5)
    desk.sessions.sent(outgoing.command_id, NOW_MS)
    assert desk.sessions.due(NOW_MS) == []
    with closing(sqlite3.connect(str(desk.unit.engine.url.database))) as connection:
        dump = "\n".join(connection.iterdump())
    assert code not in dump.replace(outgoing.command_id, "").replace(session.id, "")
    assert code not in repr(desk.sessions.read(session.id).transcript)


def test_right_code_makes_the_session_active(desk: Desk) -> None:
    """Consent makes the session active for half an hour at most and five idle minutes, and stands in the transcript."""
    session = active(desk)

    assert session.state is SessionState.ACTIVE
    assert session.expires_at is not None
    assert session.expires_at.timestamp() * 1000 == NOW_MS + 300_000
    assert [line.event for line in session.transcript] == ["requested", "command", "sent", "granted", "active"]


def test_fifth_wrong_code_ends_the_session(desk: Desk) -> None:
    """Four wrong codes leave tries; the fifth ends the session, and then the right code opens nothing."""
    session, code = requested(desk)

    left = []
    for _ in range(5):
        with pytest.raises(WrongCodeError) as caught:
            desk.by(ACTOR).sessions.consent(session.id, wrong(code))
        left.append(caught.value.tries_left)

    assert left == [4, 3, 2, 1, 0]
    assert desk.sessions.read(session.id).state is SessionState.ENDED
    assert desk.sessions.due(NOW_MS) == [], "the appliance is not asked to show a code that is void"
    with pytest.raises(IllegalStepError):
        desk.by(ACTOR).sessions.consent(session.id, code)


def test_code_lives_ten_minutes(desk: Desk, clock: ManualClock) -> None:
    """A code that is ten minutes old opens nothing, and the session expires."""
    session, code = requested(desk)
    clock.advance(600_000)

    with pytest.raises(ConflictError, match="expired"):
        desk.by(ACTOR).sessions.consent(session.id, code)
    desk.sessions.expire()

    assert desk.sessions.read(session.id).state is SessionState.EXPIRED


@pytest.mark.parametrize("step", [TicketStep.CLOSE, TicketStep.CANCEL])
def test_no_session_without_an_open_ticket(desk: Desk, step: TicketStep) -> None:
    """A ticket that is over takes no session."""
    desk.findings.commit(step_of(1, FINDING))
    desk.by(ACTOR).tickets.step("1", step, StepBody(note="done"))

    with pytest.raises(ConflictError):
        desk.by(ACTOR).sessions.request("1", Scope.READ)


def test_snapshot_goes_out_and_its_answer_ends_in_the_transcript(desk: Desk) -> None:
    """A command is queued, sent, accepted and succeeded; the answer's data stands with it; a repeat changes nothing."""
    session = active(desk)
    command = desk.by(ACTOR).sessions.issue(session.id, "snapshot.read", idempotency_key="k1")
    same = desk.by(ACTOR).sessions.issue(session.id, "snapshot.read", idempotency_key="k1")
    [outgoing] = desk.sessions.due(NOW_MS)

    desk.sessions.sent(command.id, NOW_MS)
    answer(desk, command.id, ResultState.ACCEPTED, position=1)
    answer(desk, command.id, ResultState.SUCCEEDED, position=2)
    answer(desk, command.id, ResultState.FAILED, position=3)

    assert same == command
    assert command.state is CommandState.QUEUED
    assert json.loads(outgoing.payload)["class"] == "R0"
    assert outgoing.not_after_ms == NOW_MS + 30_000
    [_, done] = desk.sessions.read(session.id).commands
    assert (done.state, done.data) == (CommandState.SUCCEEDED, {"mode": "idle"})
    told = desk.tickets.read("1").history[-1]
    assert (told.event, told.data["name"], told.data["data"]) == (
        "command_succeeded",
        "snapshot.read",
        {"mode": "idle"},
    )
    events = [line.event for line in desk.sessions.read(session.id).transcript if line.command_id == command.id]
    assert events == ["command", "sent", "accepted", "succeeded"]


def test_answer_of_another_appliance_changes_nothing(desk: Desk) -> None:
    """A result counts only if it comes from the appliance that the command went to."""
    session = active(desk)
    command = desk.by(ACTOR).sessions.issue(session.id, "snapshot.read")

    answer(desk, command.id, ResultState.SUCCEEDED, position=1, appliance_id="WM-OTHER")

    assert desk.sessions.read(session.id).commands[-1].state is CommandState.QUEUED


def test_answer_may_overtake_the_note_that_it_was_sent(desk: Desk) -> None:
    """A result that is there before our own note of sending stands, and the note changes nothing."""
    session = active(desk)
    command = desk.by(ACTOR).sessions.issue(session.id, "snapshot.read")

    answer(desk, command.id, ResultState.SUCCEEDED, position=1)
    desk.sessions.sent(command.id, NOW_MS)

    assert desk.sessions.read(session.id).commands[-1].state is CommandState.SUCCEEDED


def test_unsent_command_expires_and_a_silent_one_is_unknown(desk: Desk, clock: ManualClock) -> None:
    """What was not sent in time is expired and never goes out; what was sent and stays silent is unknown, until it speaks."""
    session = active(desk)
    unsent = desk.by(ACTOR).sessions.issue(session.id, "snapshot.read")
    silent = desk.by(ACTOR).sessions.issue(session.id, "snapshot.read")
    desk.sessions.sent(silent.id, NOW_MS)
    clock.advance(30_000)

    assert desk.sessions.due(clock.now_ms()) == []
    desk.sessions.expire()
    clock.advance(30_000)
    desk.sessions.expire()

    states = {command.id: command.state for command in desk.sessions.read(session.id).commands}
    assert (states[unsent.id], states[silent.id]) == (CommandState.EXPIRED, CommandState.UNKNOWN)
    answer(desk, silent.id, ResultState.SUCCEEDED, position=1)
    assert desk.sessions.read(session.id).commands[-1].state is CommandState.SUCCEEDED


def test_session_ends_by_idleness_by_its_longest_time_and_by_hand(desk: Desk, clock: ManualClock) -> None:
    """Five idle minutes end a session, activity keeps it, half an hour ends it anyway."""
    session = active(desk)
    for _ in range(7):
        clock.advance(240_000)
        desk.by(ACTOR).sessions.issue(session.id, "snapshot.read")
        assert desk.sessions.expire() >= 0
    assert desk.sessions.read(session.id).state is SessionState.ACTIVE

    clock.advance(120_000)
    with pytest.raises(ConflictError):
        desk.by(ACTOR).sessions.issue(session.id, "snapshot.read")
    desk.sessions.expire()

    over = desk.sessions.read(session.id)
    assert (over.state, over.end_reason) == (SessionState.EXPIRED, "longest_time_reached")


def test_ending_gives_up_what_was_not_sent(desk: Desk) -> None:
    """After the end nothing more goes to the appliance, and a second end is refused."""
    session = active(desk)
    desk.by(ACTOR).sessions.issue(session.id, "snapshot.read")

    ended = desk.by(ACTOR).sessions.end(session.id)

    assert ended.state is SessionState.ENDED
    assert desk.sessions.due(NOW_MS) == []
    with pytest.raises(IllegalStepError):
        desk.by(ACTOR).sessions.end(session.id)


@pytest.mark.parametrize(
    ("scope", "name", "args", "error"),
    [
        (Scope.SEE, "snapshot.read", {}, RefusedError),
        (Scope.READ, "identify", {"seconds": 5}, RefusedError),
        (Scope.ACT, "gas.ignite", {}, RefusedError),
        (Scope.ACT, "consent.show", {"code": "1"}, RefusedError),
        (Scope.READ, "snapshot.read", {"x": 1}, InvalidError),
        (Scope.TEST, "identify", {}, InvalidError),
        (Scope.TEST, "identify", {"seconds": True}, InvalidError),
        (Scope.TEST, "identify", {"seconds": 61}, InvalidError),
        (Scope.TEST, "identify", {"seconds": float("nan")}, InvalidError),
    ],
)
def test_policy_refuses_what_it_does_not_name(
    desk: Desk,
    scope: Scope,
    name: str,
    args: dict[str, object],
    error: type[Exception],
) -> None:
    """Unknown commands, commands beyond the consent and odd arguments are refused, and nothing is queued."""
    session = active(desk, scope)

    with pytest.raises(error):
        desk.by(ACTOR).sessions.issue(session.id, name, args)

    assert desk.sessions.due(NOW_MS) == []


def test_closing_the_ticket_ends_its_sessions(desk: Desk) -> None:
    """When the ticket is over, so is every session on it."""
    session = active(desk)

    desk.by(ACTOR).tickets.step("1", TicketStep.CLOSE)

    over = desk.sessions.read(session.id)
    assert (over.state, over.end_reason) == (SessionState.ENDED, "ticket_closed")


def test_odd_codes_are_wrong_codes(desk: Desk) -> None:
    """Whatever is handed in as a code counts as a try and no more."""
    session, code = requested(desk)

    for odd in ("", "half \ud800", "9" * 1_000_000):
        with pytest.raises(WrongCodeError):
            desk.by(ACTOR).sessions.consent(session.id, odd)

    assert desk.by(ACTOR).sessions.consent(session.id, f" {code} ").state is SessionState.ACTIVE


def test_no_command_before_consent(desk: Desk) -> None:
    """A session that is only requested takes no command."""
    session, _ = requested(desk)

    with pytest.raises(IllegalStepError):
        desk.by(ACTOR).sessions.issue(session.id, "snapshot.read")
    with pytest.raises(UnknownError):
        desk.by(ACTOR).sessions.issue("se_nope", "snapshot.read")


def test_sessions_of_one_appliance_are_bounded(desk: Desk) -> None:
    """An appliance has a few sessions at a time at most."""
    desk.findings.commit(step_of(1, FINDING))
    for _ in range(SessionLimits().live_per_appliance):
        desk.by(ACTOR).sessions.request("1", Scope.READ)

    with pytest.raises(ConflictError):
        desk.by(ACTOR).sessions.request("1", Scope.READ)

    assert len(desk.sessions.page(ticket_ref="1").items) == SessionLimits().live_per_appliance


def test_a_key_that_was_used_for_another_command_is_refused(desk: Desk) -> None:
    """The same key for the same command is one command and one line of the audit; for another it is refused."""
    session = active(desk, Scope.TEST)
    first = desk.sessions.issue(session.id, "identify", {"seconds": 5}, idempotency_key="k1")

    assert desk.sessions.issue(session.id, "identify", {"seconds": 5}, idempotency_key="k1") == first
    for name, args in (("snapshot.read", {}), ("identify", {"seconds": 6})):
        with pytest.raises(InvalidError, match="Idempotency-Key"):
            desk.sessions.issue(session.id, name, args, idempotency_key="k1")

    issued = [entry.subject_id for entry in desk.audit.page().items if entry.action == "command.issue"]
    assert issued == [first.id]


def tell(desk: Desk, word: EventType, *, position: int, **data: object) -> None:
    """Let the appliance tell that somebody did something to it."""
    event = Event("WM-0231", "washing_machine", NOW_MS, NOW_MS + 1, word, data=data)
    Inbox(desk.unit, FakeFeed(AdmittedBatch(position, NOW_MS, 1, events=(event,)))).tick()


def test_a_stop_at_the_appliance_ends_the_session_at_once(desk: Desk) -> None:
    """The customer's tap at the appliance ends the session, whoever is at the desk; said twice it ends nothing else."""
    session = active(desk)
    tell(desk, EventType.LOCAL_STOP, position=1, session=session.id)
    tell(desk, EventType.LOCAL_STOP, position=2, session=session.id)

    after = desk.sessions.read(session.id)
    assert (after.state, after.end_reason) == (SessionState.ENDED, "stopped_at_the_appliance")
    assert after.transcript[-1].actor == "customer"
    assert [line.event for line in after.transcript].count("ended") == 1


def test_a_refusal_at_the_appliance_refuses_the_session(desk: Desk) -> None:
    """Who does not want a session says so at the appliance; a refusal of another session changes nothing."""
    session, _ = requested(desk)
    tell(desk, EventType.CONSENT_REFUSED, position=1, session="se_other")
    assert desk.sessions.read(session.id).state is SessionState.REQUESTED

    tell(desk, EventType.CONSENT_REFUSED, position=2, session=session.id)

    assert desk.sessions.read(session.id).state is SessionState.REFUSED
    assert desk.sessions.due(NOW_MS) == []
