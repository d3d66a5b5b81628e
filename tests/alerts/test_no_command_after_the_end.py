"""In no order of end, expiry, crash and delivery is a command published after its session's end, and no record contradicts the wire."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from alerts.desk import Desk
from alerts.errors import ConflictError, DeskError, RefusedError, WrongCodeError
from alerts.lifecycle import CommandState, SessionState
from alerts.remote.policy import Scope, SessionLimits
from ingest.clock import ManualClock
from ingest.sample import EventType, ResultState
from ingest.wire.command import decode_command
from ingest.wire.outgoing import Outgoing
from tests.alerts.made import FINDING, step_of
from tests.alerts.remote_bench import ACTOR, COLLEAGUE, RemoteBench
from tests.examples import some_of

STEPS = 40


@pytest.fixture
def bench(desk: Desk, clock: ManualClock) -> RemoteBench:
    """Everything around a desk."""
    return RemoteBench(desk, clock)


@dataclass
class Wire:
    """A courier that may die between any two of its steps, and a broker that notes when it got what."""

    bench: RemoteBench
    session_id: str
    chance: random.Random
    published: dict[str, int] = field(default_factory=dict)
    ended_at: int | None = None
    ticks: int = 0

    def carry(self) -> None:
        """Look, claim, publish, note; a crash in between leaves what it leaves."""
        sessions, now_ms = self.bench.desk.sessions, self.bench.clock.now_ms()
        for command in sessions.due(now_ms):
            if self.chance.random() < 0.15:
                return  # killed before the claim
            if not sessions.claim(command.command_id, now_ms):
                continue
            if self.chance.random() < 0.15:
                return  # killed between claim and publish
            self._publish(command)
            if self.chance.random() < 0.15:
                return  # killed before the note
            sessions.sent(command.command_id, now_ms)

    def _publish(self, command: Outgoing) -> None:
        assert decode_command(command.payload).session == self.session_id
        self.published.setdefault(command.command_id, self.ticks)
        assert self.ended_at is None, "published after the end"

    def deliver(self) -> None:
        """An answer to something that was published, late or twice as it may be."""
        if self.published:
            command_id = self.chance.choice(list(self.published))
            self.bench.answer(command_id, self.chance.choice(list(ResultState)))

    def end(self) -> None:
        """One of the ways in which a session ends; a second one changes nothing."""
        sessions = self.bench.desk.by(ACTOR).sessions
        if self.chance.random() < 0.3:
            self.bench.tell(EventType.LOCAL_STOP, session=self.session_id)
        else:
            try:
                sessions.end(self.session_id)
            except ConflictError:
                return
        if self.ended_at is None:
            self.ended_at = self.ticks

    def step(self) -> None:
        """Something happens."""
        self.ticks += 1
        chance = self.chance.random()
        if chance < 0.35:
            self.carry()
        elif chance < 0.6:
            try:
                self.bench.desk.by(ACTOR).sessions.issue(self.session_id, "errors.read")
            except DeskError:
                assert self.ended_at is not None or self._is_over()
        elif chance < 0.8:
            self.deliver()
        elif chance < 0.95:
            self.bench.clock.advance(self.chance.choice([10, 5_000, 31_000, 100_000]))
            self.bench.desk.sessions.expire()
            if self._is_over() and self.ended_at is None:
                self.ended_at = self.ticks
        else:
            self.end()

    def _is_over(self) -> bool:
        return self.bench.read(self.session_id).state is not SessionState.ACTIVE


@pytest.mark.parametrize("seed", some_of(range(6), 2))
def test_nothing_is_published_after_the_end(bench: RemoteBench, seed: int) -> None:
    """Random orders of looking, claiming, publishing, noting, answering, ending and time: the wire and the record agree."""
    wire = Wire(bench, bench.open(Scope.READ), random.Random(seed))
    bench.send()

    for _ in range(STEPS):
        wire.step()
    wire.end()
    for _ in range(3):
        wire.carry()
    bench.clock.advance(120_000)
    bench.desk.sessions.expire()

    for command in bench.read(wire.session_id).commands[1:]:
        was_published = command.id in wire.published
        if command.state is CommandState.EXPIRED:
            assert not was_published, "what is called expired never went out"
        if command.state not in {CommandState.EXPIRED, CommandState.UNKNOWN}:
            assert was_published, f"{command.state} says that it went out"


def test_fifty_queued_commands_and_an_end_at_the_fifth(bench: RemoteBench) -> None:
    """What was looked up before the end is not published after it: five went out, forty-five never do."""
    session_id = bench.open(Scope.READ)
    for _ in range(50):
        bench.desk.by(ACTOR).sessions.issue(session_id, "errors.read")
    now_ms, sessions = bench.clock.now_ms(), bench.desk.sessions
    published: list[str] = []
    for number, command in enumerate(sessions.due(now_ms)):
        if number == 5:
            bench.desk.by(ACTOR).sessions.end(session_id)
        if sessions.claim(command.command_id, now_ms):
            published.append(command.command_id)
            sessions.sent(command.command_id, now_ms)

    states = [command.state for command in bench.read(session_id).commands[1:]]
    assert len(published) == 5
    assert states == [CommandState.SENT] * 5 + [CommandState.EXPIRED] * 45


def test_the_property_notices_a_claim_that_looks_at_nothing(
    bench: RemoteBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the look at the session in the claim, and without giving up what is queued, something goes out after the end."""
    monkeypatch.setattr("alerts.remote.sending._why_not", lambda *_: None)
    monkeypatch.setattr("alerts.remote.consent.drop_commands", lambda *_args, **_more: None)
    wire = Wire(bench, bench.open(Scope.READ), random.Random(0))
    bench.desk.by(ACTOR).sessions.issue(wire.session_id, "errors.read")
    wire.end()

    def carry_on() -> None:
        for _ in range(20):
            wire.carry()

    with pytest.raises(AssertionError, match="after the end"):
        carry_on()


def test_an_end_between_claim_and_publish_leaves_an_unknown_command(bench: RemoteBench) -> None:
    """Nobody can say whether it went out: it is called unknown, and a late answer is taken for what it is."""
    session_id = bench.open(Scope.READ)
    command = bench.desk.by(ACTOR).sessions.issue(session_id, "errors.read")
    assert bench.desk.sessions.claim(command.id, bench.clock.now_ms())

    bench.desk.by(ACTOR).sessions.end(session_id)

    assert not bench.desk.sessions.claim(command.id, bench.clock.now_ms())
    assert bench.read(session_id).commands[-1].state is CommandState.UNKNOWN
    bench.answer(command.id, ResultState.SUCCEEDED)
    assert bench.read(session_id).commands[-1].state is CommandState.SUCCEEDED


def test_codes_can_t_be_guessed_over_sessions(bench: RemoteBench) -> None:
    """Fifteen wrong codes an hour for an appliance, whatever session they were of; then not even the right one counts."""
    bench.desk.findings.commit(step_of(1, FINDING))
    sessions = bench.desk.by(ACTOR).sessions
    tries = 0
    for _ in range(SessionLimits().wrong_codes_per_appliance // 5):
        session = sessions.request("1", Scope.READ)
        for _ in range(5):
            with pytest.raises(WrongCodeError):
                sessions.consent(session.id, "nope")
            tries += 1

    with pytest.raises(ConflictError, match="wrong codes"):
        sessions.request("1", Scope.READ)
    assert tries == SessionLimits().wrong_codes_per_appliance
    bench.clock.advance(3_601_000)
    assert sessions.request("1", Scope.READ).state is SessionState.REQUESTED
    wrong = [entry for entry in bench.desk.audit.page(limit=200).items if entry.action == "session.wrong_code"]
    assert len(wrong) == tries


def test_requests_are_limited_for_the_appliance_and_only_who_asked_enters_the_code(bench: RemoteBench) -> None:
    """Twelve requests an hour for an appliance; another technician's try is refused and counts for nothing."""
    bench.desk.findings.commit(step_of(1, FINDING))
    for number in range(SessionLimits().requests_per_appliance):
        sessions = bench.desk.by(f"t{number % 3}").sessions
        session = sessions.request("1", Scope.READ)
        with pytest.raises(RefusedError, match="who asked for it"):
            bench.desk.by(COLLEAGUE).sessions.consent(session.id, "123456")
        assert bench.read(session.id).tries_left == 5
        with pytest.raises(ConflictError, match="has a session already"):
            bench.desk.by(COLLEAGUE).sessions.request("1", Scope.READ)
        sessions.end(session.id)

    with pytest.raises(ConflictError, match="Too many sessions on this appliance"):
        bench.desk.by(ACTOR).sessions.request("1", Scope.READ)
