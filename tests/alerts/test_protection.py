"""Protect until the visit: consented at the appliance, renewed while it is wanted, ended with the need."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from alerts.appliances.directory import ensure_appliance
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.desk import Desk
from alerts.errors import ConflictError, DeskError, RefusedError
from alerts.lifecycle import ProtectionState, TicketStep
from alerts.remote.ending import EndReason
from alerts.remote.policy import Scope
from alerts.remote.protecting import ProtectionRecord
from alerts.tickets.ticket import StepBody
from ingest.clock import ManualClock
from ingest.sample import EventType, ResultState
from tests.alerts.made import DAY_MS, HOUR_MS
from tests.alerts.remote_bench import ACTOR, APPLIANCE, IDLE, KIND, RemoteBench


class Gentle(RemoteBench):
    """A washer with a worn bearing, which knows how to spin slowly."""

    def know(self, *capabilities: str) -> None:
        """Let it have told what it can."""

        def work(t: Transaction) -> None:
            ensure_appliance(t, APPLIANCE, KIND)
            mine = appliances.c.id == APPLIANCE
            t.connection.execute(update(appliances).where(mine).values(capabilities=list(capabilities)))

        self.desk.unit.write(work)

    def ask(self, scope: Scope = Scope.ACT) -> str:
        """A session in which the mode is asked for and the key is pressed; its id."""
        session = self.open(scope, "bearing_wear")
        self.desk.by(ACTOR).sessions.issue(session, "snapshot.read")
        (read,) = self.send()
        self.answer(read.command_id, **IDLE)
        self.desk.by(ACTOR).protections.begin(session)
        return session

    def begin(self) -> str:
        """The mode stands, and the session is over."""
        session = self.ask()
        self.tell(EventType.PRESENCE_CONFIRMED)
        (begun,) = self.send()
        self.answer(begun.command_id)
        self.desk.by(ACTOR).sessions.end(session)
        return session

    @property
    def last(self) -> ProtectionRecord:
        """What was asked for last."""
        return self.desk.protections.read("1").records[0]

    def pass_time(
        self, hours: int, *, step: int = 3, is_heard: bool = True, state: ResultState = ResultState.SUCCEEDED
    ) -> list[str]:
        """As the timers look, every few hours; the names of what was sent meanwhile."""
        sent = [message.name for message in self.send()]
        for _ in range(0, hours, step):
            self.clock.advance(step * HOUR_MS)
            self.desk.sessions.expire()
            self.desk.protections.settle()
            for message in self.send():
                sent.append(message.name)
                if is_heard:
                    self.answer(message.command_id, state)
        return sent


@pytest.fixture
def bench(desk: Desk, clock: ManualClock) -> Gentle:
    """A bench with an appliance that has told what it knows."""
    bench = Gentle(desk, clock)
    bench.know("protect:lower_spin")
    return bench


def test_it_waits_for_the_key_and_outlives_its_session(bench: Gentle) -> None:
    """Class R2 with consent to act: nothing goes out before somebody presses; then it stands, after the session too."""
    bench.ask()
    before = bench.send()
    bench.tell(EventType.PRESENCE_CONFIRMED)
    (begun,) = bench.send()
    bench.answer(begun.command_id)

    assert before == []
    assert (begun.name, begun.command_class, begun.args) == (
        "protect.begin",
        "R2",
        {"mode": "lower_spin", "hours": 48.0},
    )
    assert bench.last.state is ProtectionState.STANDING
    assert bench.last.begun_at is not None
    assert bench.last.lease_until == bench.last.begun_at + timedelta(hours=48)
    with pytest.raises(ConflictError, match="already"):
        bench.desk.by(ACTOR).protections.begin(begun.session)


def test_consent_for_tests_is_not_enough(bench: Gentle) -> None:
    """Setting something that stays needs consent to act, although class R2 alone does not."""
    with pytest.raises(RefusedError, match="needs consent for act"):
        bench.ask(Scope.TEST)


def test_an_appliance_that_does_not_know_it_is_not_asked(bench: Gentle) -> None:
    """What it has not told at birth is refused."""
    bench.know("buffer")

    with pytest.raises(RefusedError, match="does not know"):
        bench.ask()


def test_it_is_renewed_while_it_is_wanted_and_ends_after_its_longest_time(bench: Gentle) -> None:
    """At half of its hours, again and again; after 21 days the appliance is told that it is over."""
    bench.begin()
    bench.send()

    sent = bench.pass_time(22 * 24, step=24)

    assert set(sent) == {"protect.renew", "protect.end"}
    assert (sent.count("protect.end"), sent[-1]) == (1, "protect.end")
    assert 18 <= sent.count("protect.renew") <= 22
    assert (bench.last.state, bench.last.end_reason) == (ProtectionState.ENDED, "longest_time_reached")


def test_what_cannot_be_renewed_has_fallen_back_by_itself(bench: Gentle) -> None:
    """Nobody answers: it is tried again and again, and when its hours are over it is over here too."""
    bench.begin()
    bench.send()

    sent = bench.pass_time(60, is_heard=False)

    assert sent.count("protect.renew") > 3
    assert bench.last.end_reason == "not_renewed"


@pytest.mark.parametrize("how", ["visit", "closed", "withdrawn", "key", "refused"])
def test_it_ends_with_the_need(bench: Gentle, how: str) -> None:
    """With the visit, the ticket, the customer's word, the key at the appliance, or the appliance's no."""
    bench.begin()
    bench.send()
    if how == "visit":
        bench.desk.tickets.step("1", TicketStep.TRIAGE)
        now = bench.clock.now()
        visit = StepBody(visit_from=now + timedelta(hours=3), visit_to=now + timedelta(hours=5))
        bench.desk.tickets.step("1", TicketStep.SCHEDULE, visit)
        assert bench.pass_time(4, step=4) == []
    elif how == "closed":
        bench.desk.tickets.step("1", TicketStep.CLOSE)
    elif how == "withdrawn":
        bench.desk.by("customer").protections.end("1", reason=EndReason.BY_CUSTOMER)
    elif how == "key":
        bench.tell(EventType.LOCAL_STOP, protection="lower_spin")
    sent = bench.pass_time(30 if how == "refused" else 3, state=ResultState.REJECTED)

    assert bench.last.state is ProtectionState.ENDED
    assert sent.count("protect.end") == (how not in {"key", "refused"})
    assert bench.pass_time(60) == []


def test_nobody_renews_or_ends_it_by_hand(bench: Gentle) -> None:
    """Only the desk sends these, and only for a mode that stands; beginning is not for longer than the profile says."""
    session = bench.open(Scope.ACT, "bearing_wear")
    for name, args in (("protect.renew", {"mode": "lower_spin", "hours": 48}), ("protect.end", {"mode": "lower_spin"}),
                       ("protect.begin", {"mode": "faster", "hours": 1}),
                       ("protect.begin", {"mode": "lower_spin", "hours": 49})):  # fmt: skip
        with pytest.raises(DeskError):
            bench.desk.by(ACTOR).sessions.issue(session, name, args)


def test_a_renewal_on_its_way_is_not_sent_when_it_is_no_longer_wanted(bench: Gentle) -> None:
    """It was queued, the customer ended it: the claim looks again."""
    bench.begin()
    bench.send()
    bench.clock.advance(25 * HOUR_MS)
    bench.desk.protections.settle()
    bench.desk.protections.end("1")

    assert [message.name for message in bench.send()] == ["protect.end"]
    assert bench.clock.now_ms() < bench.desk.protections.read("1").records[0].until.timestamp() * 1000 + DAY_MS
