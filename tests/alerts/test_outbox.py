"""Notices reach their receivers at least once, each receiver in its own lane."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from standardwebhooks import Webhook

from alerts.database import UnitOfWork
from alerts.delivery.log import LogTarget
from alerts.delivery.webhook import WebhookTarget
from alerts.desk import Desk
from alerts.errors import ConflictError, UnknownError
from alerts.lifecycle import TicketStep
from alerts.notices import lane
from alerts.notices.lane import GIVE_UP_AFTER_MS, WAITING
from alerts.notices.notice import (
    DeliveryError,
    DeliveryState,
    Notice,
    NoticeRefusedError,
    ReceiverGoneError,
    Target,
)
from alerts.notices.outbox import Outbox
from alerts.notices.tables import outbox as notices
from ingest.clock import ManualClock
from tests.alerts.made import DAY_MS, FINDING, HOUR_MS, step_of
from tests.alerts.receivers import SECRET, FakeTarget, Picky, receiving

WAIT_MAX_MS = round(1000 * WAITING.longest_s)


def outbox_of(desk: Desk, *targets: Target) -> Outbox:
    """An outbox beside a desk, whose receivers are told everything from now on."""
    unit = UnitOfWork(desk.unit.engine, desk.unit.clock, random.Random(3))
    outbox = Outbox(unit, targets)
    outbox.begin()
    return outbox


def open_tickets(desk: Desk, count: int, *, position: int = 1) -> None:
    """So many tickets, each of its own appliance."""
    desk.findings.commit(step_of(position, *(replace(FINDING, appliance_id=f"WM-{n}") for n in range(count))))


def told(of: Sequence[Notice]) -> list[tuple[int, int]]:
    """Ticket numbers and versions of notices, in order."""
    return [(notice.data["number"], notice.data["version"]) for notice in of]


def test_refused_notice_is_tried_again_later_until_it_is_taken(desk: Desk, clock: ManualClock) -> None:
    """A notice that was not taken waits, longer each time, and is delivered under the same id."""
    target = FakeTarget(DeliveryError("not now"), DeliveryError("not now"))
    outbox = outbox_of(desk, target)
    open_tickets(desk, 1)

    assert outbox.run_once() == 0
    assert outbox.run_once() == 0, "it is not due yet"
    clock.advance(1_000)
    assert outbox.run_once() == 0
    clock.advance(2_000)
    assert outbox.run_once() == 1

    assert len(target.taken) == 1
    assert len({notice.id for notice in target.tried}) == 1
    assert outbox.run_once() == 0, "what was taken is not sent again"
    assert desk.notices.counts()[DeliveryState.DELIVERED] == 1


def test_crash_after_the_receivers_answer_repeats_the_notice_under_its_id(desk: Desk) -> None:
    """If we die between the receiver's answer and our note of it, the receiver gets the same notice again."""

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
    outbox = outbox_of(desk, target)
    open_tickets(desk, 1)
    with pytest.raises(KeyboardInterrupt):
        outbox.run_once()
    outbox_of(desk, target).run_once()

    assert len(target.taken) == 2
    assert len({notice.id for notice in target.taken}) == 1


def test_notice_is_parked_after_a_day_and_can_be_tried_again(desk: Desk, clock: ManualClock) -> None:
    """A receiver that misses for 24 hours: all that waited is parked with its error, tried or not, and can go again."""
    target = FakeTarget(*[DeliveryError("not now")] * 10_000)
    outbox = outbox_of(desk, target)
    open_tickets(desk, 60)

    for _ in range(60):
        outbox.run_once()
        clock.advance(WAIT_MAX_MS)
    parked = desk.notices.page(state=DeliveryState.PARKED, limit=500).items

    assert len(parked) == 60
    assert {one.last_error for one in parked} == {"not now"}
    assert GIVE_UP_AFTER_MS // WAIT_MAX_MS <= len(target.tried) <= 40
    assert min(one.attempts for one in parked) == 0
    target.answers = []
    again = desk.by("dora").notices.retry(parked[0].number)
    assert (again.state, again.attempts, again.last_error) == (DeliveryState.WAITING, 0, None)
    assert outbox.run_once() == 1
    assert [entry.actor for entry in desk.audit.page().items if entry.action == "notice.retry"] == ["dora"]


def test_only_what_is_parked_can_be_tried_again(desk: Desk) -> None:
    """A notice that is on its way or delivered, and one that was never there, are refused in words."""
    outbox = outbox_of(desk, FakeTarget())
    open_tickets(desk, 1)
    outbox.run_once()
    [delivered] = desk.notices.page().items

    with pytest.raises(ConflictError, match="is delivered; only a parked one"):
        desk.notices.retry(delivered.number)
    with pytest.raises(UnknownError):
        desk.notices.retry(delivered.number + 1)


def test_each_target_gets_each_notice(desk: Desk) -> None:
    """One receiver that misses keeps nothing from another."""
    missing, willing = FakeTarget(DeliveryError("no"), name="missing"), FakeTarget()
    outbox = outbox_of(desk, missing, willing, LogTarget())
    open_tickets(desk, 1)

    outbox.run_once()

    assert (len(missing.taken), len(willing.taken)) == (0, 1)


def test_a_new_receiver_is_told_everything_from_now_on_and_nothing_of_before(desk: Desk) -> None:
    """Whoever is added to the settings later gets no old notices; whoever was there goes on where it was."""
    first, second = FakeTarget(name="first"), FakeTarget(name="second")
    outbox_of(desk, first)
    open_tickets(desk, 40)

    both = outbox_of(desk, first, second)
    both.run_once()
    assert (len(first.taken), len(second.taken)) == (40, 0)
    desk.tickets.step("1", TicketStep.CLOSE)
    both.run_once()

    assert (len(first.taken), told(second.taken)) == (41, [(1, 2)])


def test_behind_a_receiver_that_misses_one_notice_is_tried_and_all_go_when_it_answers(
    desk: Desk, clock: ManualClock
) -> None:
    """However many notices wait, a receiver that does not answer costs one try for each wait."""
    target = FakeTarget(*[DeliveryError("no answer")] * 5)
    outbox = outbox_of(desk, target)
    open_tickets(desk, 12)

    for seconds in range(1, 16):
        outbox.run_once()
        clock.advance(1_000)
        assert len(target.tried) <= 6, f"{len(target.tried)} tries in {seconds} s"
    clock.advance(16_000)
    outbox.run_once()

    assert len(target.tried) == 5 + 12
    assert len({notice.id for notice in target.taken}) == 12


def test_a_receiver_is_left_in_peace_as_long_as_it_asks_also_over_a_restart(desk: Desk, clock: ManualClock) -> None:
    """Retry-After of two minutes is two minutes for everything that waits, whatever the process does meanwhile."""
    target = FakeTarget(DeliveryError("answered 429", retry_after_s=120))
    outbox_of(desk, target)
    open_tickets(desk, 3)
    outbox_of(desk, target).run_once()

    clock.advance(119_000)
    assert outbox_of(desk, target).run_once() == 0
    clock.advance(1_000)

    assert outbox_of(desk, target).run_once() == 3


def test_a_clock_that_was_set_back_makes_nothing_wait_longer(desk: Desk, clock: ManualClock) -> None:
    """What waits is tried at once where the clock now stands before the wait began."""
    target = FakeTarget(DeliveryError("no"), NoticeRefusedError("no"))
    outbox = outbox_of(desk, target)
    open_tickets(desk, 1)
    outbox.run_once()
    clock.advance(-HOUR_MS)
    outbox.run_once()
    assert len(target.tried) == 2
    clock.advance(-HOUR_MS)

    assert outbox.run_once() == 1


def test_a_receiver_that_is_gone_is_switched_off_and_says_so(desk: Desk, clock: ManualClock) -> None:
    """410 parks what waits and makes no new deliveries; who tries a parked one again switches the receiver on from now."""
    target = FakeTarget(ReceiverGoneError("the receiver answered 410"))
    outbox = outbox_of(desk, target)
    open_tickets(desk, 3)
    outbox.run_once()
    open_tickets(desk, 4, position=2)
    clock.advance(DAY_MS)
    outbox.run_once()

    [receiver] = desk.notices.receivers()
    assert receiver.off_since is not None
    assert receiver.said == "the receiver answered 410"
    assert desk.notices.counts() == {DeliveryState.WAITING: 0, DeliveryState.DELIVERED: 0, DeliveryState.PARKED: 3}
    assert len(target.tried) == 1
    desk.notices.retry(desk.notices.page().items[-1].number)
    desk.tickets.step("4", TicketStep.CLOSE)
    outbox.run_once()
    assert told(target.taken) == [(1, 1), (4, 2)]
    assert desk.notices.receivers()[0].off_since is None


def test_a_notice_that_is_refused_by_itself_holds_up_its_own_ticket_only(desk: Desk, clock: ManualClock) -> None:
    """Others go on at once; the later notices of the same ticket keep their order behind it."""
    target = FakeTarget(NoticeRefusedError("422"))
    outbox = outbox_of(desk, target)
    open_tickets(desk, 3)
    desk.tickets.step("1", TicketStep.TRIAGE)
    desk.tickets.step("2", TicketStep.TRIAGE)

    outbox.run_once()
    assert told(target.taken) == [(2, 1), (3, 1), (2, 2)]
    assert desk.notices.receivers()[0].misses == 0
    clock.advance(1_000)
    outbox.run_once()

    assert told(target.taken)[3:] == [(1, 1), (1, 2)]


def test_the_notices_of_a_ticket_arrive_in_order_through_a_receiver_that_fails(desk: Desk, clock: ManualClock) -> None:
    """Whatever fails in between, no receiver hears of a later version before an earlier one."""
    chance = random.Random(5)
    target = Picky(lambda _notice: DeliveryError("no") if chance.random() < 0.6 else None)
    outbox = outbox_of(desk, target)
    open_tickets(desk, 4)
    for step in (TicketStep.TRIAGE, TicketStep.START, TicketStep.FINISH, TicketStep.CLOSE):
        for number in range(1, 5):
            desk.tickets.step(str(number), step)
    for _ in range(200):
        outbox.run_once()
        clock.advance(60_000)

    for number in range(1, 5):
        assert [version for ticket, version in told(target.taken) if ticket == number] == [1, 2, 3, 4, 5]


def test_a_notice_that_breaks_the_receiver_keeps_no_other_from_it(desk: Desk, clock: ManualClock) -> None:
    """Where one notice alone makes a receiver fail, the others are delivered while it is tried less and less."""
    target = Picky(lambda notice: DeliveryError("500") if notice.data["number"] == 1 else None)
    outbox = outbox_of(desk, target)
    open_tickets(desk, 30)

    for _ in range(10):
        outbox.run_once()
        clock.advance(2_000)

    assert len(target.taken) == 29
    assert len(target.tried) < 29 + 6


def test_whatever_a_target_raises_is_a_miss(desk: Desk, clock: ManualClock) -> None:
    """An error that nobody foresaw is logged and waited out; the outbox goes on."""
    target = FakeTarget(UnicodeEncodeError("ascii", "ö", 0, 1, "ordinal not in range"), ZeroDivisionError("odd"))
    outbox = outbox_of(desk, target)
    open_tickets(desk, 1)

    for _ in range(3):
        outbox.run_once()
        clock.advance(5_000)

    assert (len(target.tried), len(target.taken)) == (3, 1)


def test_what_waits_for_a_receiver_that_the_settings_name_no_longer_is_parked(desk: Desk) -> None:
    """Nothing waits unseen for somebody who is never asked."""
    target = FakeTarget(DeliveryError("no"), name="removed")
    outbox = outbox_of(desk, target)
    open_tickets(desk, 2)
    outbox.run_once()

    outbox_of(desk, LogTarget())

    parked = desk.notices.page(state=DeliveryState.PARKED).items
    assert [one.last_error for one in parked] == ["the receiver stands in the settings no longer", "no"]


def test_old_notices_are_dropped_also_beside_a_receiver_that_is_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What everybody has is kept up to a number; a receiver that is switched off holds nothing back."""
    monkeypatch.setattr("alerts.notices.outbox.NOTICES_KEPT", 5)
    outbox = outbox_of(desk, FakeTarget(), FakeTarget(ReceiverGoneError("410"), name="gone"))
    open_tickets(desk, 20)
    outbox.run_once()
    open_tickets(desk, 40, position=2)
    outbox.run_once()

    assert outbox.forget() > 0

    with desk.unit.engine.connect() as connection:
        numbers = connection.execute(select(notices.c.n).order_by(notices.c.n)).scalars().all()
        assert connection.execute(select(func.count()).select_from(notices)).scalar_one() == len(numbers)
    assert numbers[:20] == list(range(1, 21)), "what was parked is kept for a month"
    assert numbers[20:] == list(range(36, 41))


def test_a_stop_is_seen_between_two_notices(desk: Desk) -> None:
    """Whoever asks the lane to end waits for one notice, not for all that are due."""
    target = FakeTarget()
    outbox = outbox_of(desk, target)
    open_tickets(desk, 12)

    outbox.lanes[0].run_once(lambda: len(target.tried) >= 2)

    assert len(target.tried) == 2


def test_webhook_is_a_signed_cloud_event_and_survives_a_failing_receiver(desk: Desk, clock: ManualClock) -> None:
    """A webhook is delivered once the receiver answers 2xx; its signature holds and its id is the same at each try."""
    with receiving(503, 302) as receiver:
        outbox = outbox_of(desk, WebhookTarget(f"{receiver.url}/hook?x=1", SECRET))
        open_tickets(desk, 1)
        for _ in range(3):
            outbox.run_once()
            clock.advance(10_000)

    assert [desk.notices.counts()[state] for state in DeliveryState] == [0, 1, 0]
    assert len(receiver.requests) == 3
    headers, body = receiver.requests[-1]
    event = Webhook(SECRET).verify(body, headers)
    assert event["type"] == "fettle.ticket.opened"
    assert (event["data"]["number"], event["data"]["version"]) == (1, 1)
    assert {headers["webhook-id"] for headers, _ in receiver.requests} == {event["id"]}


def test_unreachable_receiver_is_an_ordinary_miss(desk: Desk) -> None:
    """Nobody listening is a reason to try again, said in words."""
    with receiving() as receiver:
        url = receiver.url
    outbox = outbox_of(desk, WebhookTarget(url, SECRET, timeout_s=1.0))
    open_tickets(desk, 1)

    assert outbox.run_once() == 0
    [waiting] = desk.notices.page(state=DeliveryState.WAITING).items
    assert "can't be reached" in str(waiting.last_error)


@pytest.mark.parametrize("guard", ["_heads", "_note_receiver"])
def test_a_lane_without_its_guard_would_be_noticed(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    """Without the receiver's own wait, or its note of a miss, a hanging receiver is asked for each notice that waits."""
    if guard == "_heads":
        monkeypatch.setattr(lane, "is_left_in_peace", lambda _receiver, _now_ms: False)
    else:
        monkeypatch.setattr(lane.Lane, "_note_receiver", lambda _self, _t, _error: True)
    target = FakeTarget(*[DeliveryError("no answer")] * 12)
    outbox = outbox_of(desk, target)
    open_tickets(desk, 12)

    for _ in range(12):
        outbox.run_once()

    assert len(target.tried) >= 12
    clock.advance(1)
