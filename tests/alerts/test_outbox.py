"""Notices reach their receivers at least once."""

from __future__ import annotations

import random

import pytest
from standardwebhooks import Webhook

from alerts.database import UnitOfWork
from alerts.delivery.log import LogTarget
from alerts.delivery.webhook import WebhookTarget
from alerts.desk import Desk
from alerts.notices.notice import DeliveryError, DeliveryState, Notice, Target
from alerts.outbox import GIVE_UP_AFTER_MS, WAITING, Outbox
from ingest.clock import ManualClock
from tests.alerts.made import FINDING, step_of
from tests.alerts.receivers import SECRET, receiving


class FakeTarget:
    """A receiver that refuses as often as it is told to, and remembers what it took."""

    def __init__(self, refusals: int = 0, name: str = "fake") -> None:
        """Refuse the first so many."""
        self.name = name
        self.refusals = refusals
        self.taken: list[str] = []

    def deliver(self, notice: Notice) -> None:
        """Take it or refuse it."""
        if self.refusals:
            self.refusals -= 1
            raise DeliveryError("not now")
        self.taken.append(notice.id)


def outbox_of(desk: Desk, *targets: Target) -> Outbox:
    """An outbox beside a desk."""
    return Outbox(UnitOfWork(desk.unit.engine, desk.unit.clock, random.Random(3)), targets)


def test_refused_notice_is_tried_again_later_until_it_is_taken(desk: Desk, clock: ManualClock) -> None:
    """A refused notice waits, longer each time, and is delivered under the same id."""
    desk.findings.commit(step_of(1, FINDING))
    target = FakeTarget(refusals=2)
    outbox = outbox_of(desk, target)

    assert outbox.run_once() == 0
    assert outbox.run_once() == 0, "it is not due yet"
    clock.advance(1_000)
    assert outbox.run_once() == 0
    clock.advance(2_000)
    assert outbox.run_once() == 1

    assert len(target.taken) == 1
    assert outbox.run_once() == 0, "what was taken is not sent again"
    assert outbox.counts()[DeliveryState.DELIVERED] == 1


def test_crash_after_the_receivers_answer_repeats_the_notice_under_its_id(desk: Desk) -> None:
    """If we die between the receiver's answer and our note of it, the receiver gets the same notice again."""
    desk.findings.commit(step_of(1, FINDING))

    class Dying(FakeTarget):
        """Takes the notice, and then the process dies once."""

        has_died = False

        def deliver(self, notice: Notice) -> None:
            """Take it; die the first time."""
            super().deliver(notice)
            if not self.has_died:
                self.has_died = True
                raise KeyboardInterrupt

    target = Dying()
    with pytest.raises(KeyboardInterrupt):
        outbox_of(desk, target).run_once()
    outbox_of(desk, target).run_once()

    assert len(target.taken) == 2
    assert len(set(target.taken)) == 1


def test_notice_is_parked_after_a_day_and_can_be_tried_again(desk: Desk, clock: ManualClock) -> None:
    """A receiver that refuses for 24 hours gets no more tries; the notice stands parked with its error, and can go again."""
    desk.findings.commit(step_of(1, FINDING))
    target = FakeTarget(refusals=10_000)
    outbox = outbox_of(desk, target)

    for _ in range(60):
        outbox.run_once()
        clock.advance(round(1000 * WAITING.longest_s))
    [parked] = outbox.parked()

    assert (parked.state, parked.last_error) == (DeliveryState.PARKED, "not now")
    assert GIVE_UP_AFTER_MS // round(1000 * WAITING.longest_s) <= parked.attempts <= 40
    target.refusals = 0
    outbox.try_again(parked.number)
    assert outbox.run_once() == 1


def test_each_target_gets_each_notice(desk: Desk) -> None:
    """One receiver that refuses keeps nothing from another."""
    desk.findings.commit(step_of(1, FINDING))
    refusing, willing = FakeTarget(refusals=1, name="refusing"), FakeTarget()

    outbox_of(desk, refusing, willing, LogTarget()).run_once()

    assert (len(refusing.taken), len(willing.taken)) == (0, 1)


def test_webhook_is_a_signed_cloud_event_and_survives_a_failing_receiver(desk: Desk, clock: ManualClock) -> None:
    """A webhook is delivered once the receiver answers 2xx; its signature holds and its id is the same at each try."""
    desk.findings.commit(step_of(1, FINDING))
    with receiving(503, 302) as receiver:
        target = WebhookTarget(f"http://127.0.0.1:{receiver.server_port}/hook?x=1", SECRET)
        outbox = outbox_of(desk, target)
        for _ in range(3):
            outbox.run_once()
            clock.advance(10_000)

    assert [outbox.counts()[state] for state in DeliveryState] == [0, 1, 0]
    assert len(receiver.requests) == 3
    headers, body = receiver.requests[-1]
    event = Webhook(SECRET).verify(body, headers)
    assert event["type"] == "fettle.ticket.opened"
    assert event["data"]["number"] == 1
    assert {headers["webhook-id"] for headers, _ in receiver.requests} == {event["id"]}


def test_unreachable_receiver_is_an_ordinary_refusal(desk: Desk) -> None:
    """Nobody listening is a reason to try again, said in words."""
    desk.findings.commit(step_of(1, FINDING))
    with receiving() as receiver:
        port = receiver.server_port
    outbox = outbox_of(desk, WebhookTarget(f"http://127.0.0.1:{port}/", SECRET, timeout_s=1.0))

    assert outbox.run_once() == 0
    assert outbox.counts()[DeliveryState.WAITING] == 1
