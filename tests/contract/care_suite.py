"""What care promises on every database; a subclass provides ``desk`` (with keys) and ``clock``."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import select, update

from alerts.appliances.directory import ensure_appliance
from alerts.appliances.tables import appliances
from alerts.audit.tables import audit
from alerts.care.care import Quiet
from alerts.care.lifecycle import AdviceState
from alerts.care.reading import AdviceFilter
from alerts.care.windows import day_of
from alerts.customers.customer import Contact, NewCustomer, NewOwnership, Purpose
from alerts.desk import Desk
from alerts.errors import ConflictError, IllegalStepError, UnknownError
from alerts.lifecycle import TicketStep
from alerts.notices.tables import outbox
from alerts.tickets.ticket import StepBody
from ingest.clock import ManualClock, from_ms
from tests.alerts.made import DAY_MS, FINDING, step_of

COLD = {"runs": 1.0, "hottest": 40.0, "load": 5.0}
EMPTY = {"runs": 1.0, "hottest": 62.0, "load": 1.5}
WASHER_ID = "WM-0231"


def owned(desk: Desk, clock: ManualClock, appliance_id: str = WASHER_ID, *, is_allowed: bool | None = True) -> str:
    """An appliance that somebody has had for a long time; their id."""
    desk.unit.write(lambda t: ensure_appliance(t, appliance_id, "washing_machine"))
    customer = desk.customers.add(NewCustomer(Contact(name="Li Na")))
    since = from_ms(clock.now_ms() - 400 * DAY_MS)
    desk.customers.give(customer.id, NewOwnership(appliance_id, since=since))
    if is_allowed is not None:
        desk.customers.consent(customer.id, Purpose.ADVICE, None, is_given=is_allowed, source="form")
    return customer.id


def use(desk: Desk, clock: ManualClock, numbers: Mapping[str, float], *, days: int = 1) -> int:
    """Let so many days pass, all used alike but for a little noise; new pieces of advice."""
    given = 0
    for day in range(days):
        clock.advance(DAY_MS)
        until = day_of(clock.now_ms()) - 1
        for due in desk.care.due(until, 10):
            uses = {name: {until: value + 0.01 * (day % 3)} for name, value in numbers.items()}
            given += desk.care.count(until, {due: uses})
    desk.care.settle()
    return given


class CareSuite:
    """The promises of :class:`alerts.care.desk.CareDesk`."""

    def test_what_the_last_weeks_say_is_advised_once(self, desk: Desk, clock: ManualClock) -> None:
        """Not before there are days enough; then one piece, told outside, and not again while it stands."""
        owned(desk, clock)

        early = use(desk, clock, COLD, days=9)
        given = use(desk, clock, COLD, days=12)

        [advice] = desk.care.of(WASHER_ID).advice
        assert (early, given) == (0, 1)
        assert (advice.name, advice.state, round(advice.before)) == ("hot_wash", AdviceState.STANDING, 40)
        told = desk.unit.look(lambda t: t.connection.execute(select(outbox.c.type, outbox.c.data)).all())
        assert [(row.type, row.data["advice"]) for row in told] == [("advice.given", "hot_wash")]

    @pytest.mark.parametrize("answer", [False, None])
    def test_nobody_is_advised_who_has_not_agreed(self, desk: Desk, clock: ManualClock, *, answer: bool | None) -> None:
        """Silence is a no. Of who has said no nothing is even counted."""
        owned(desk, clock, is_allowed=answer)

        given = use(desk, clock, COLD, days=20)

        care = desk.care.of(WASHER_ID)
        assert (given, care.quiet, care.advice) == (0, Quiet.NO_CONSENT, ())
        assert bool(care.uses) is (answer is None)

    def test_a_no_withdraws_what_stands_and_drops_what_was_counted(self, desk: Desk, clock: ManualClock) -> None:
        """At once it is shown no more; there is nothing to follow, and the days are dropped."""
        customer = owned(desk, clock)
        use(desk, clock, COLD, days=12)
        [advice] = desk.care.of(WASHER_ID).advice
        desk.customers.consent(customer, Purpose.ADVICE, None, is_given=False, source="form")

        shown = desk.care.of(WASHER_ID).advice
        desk.care.forget()

        assert (shown, desk.care.of(WASHER_ID).uses) == ((), ())
        with pytest.raises(ConflictError, match="no_consent"):
            desk.care.tell(advice.id, is_done=True)

    def test_nothing_is_advised_while_a_ticket_is_open(self, desk: Desk, clock: ManualClock) -> None:
        """Neither new nor what stood before; after the ticket it is said."""
        owned(desk, clock)
        use(desk, clock, COLD, days=12)
        desk.findings.commit(step_of(desk.findings.load().position + 1, FINDING))

        quiet = desk.care.of(WASHER_ID)
        given = use(desk, clock, EMPTY, days=30)
        number = str(desk.tickets.page().items[0].number)
        desk.tickets.step(number, TicketStep.CANCEL, StepBody(note="usage"))
        after = desk.care.of(WASHER_ID)

        assert (quiet.quiet, quiet.advice, given) == (Quiet.TICKET_OPEN, (), 0)
        assert (after.quiet, len(after.advice)) == (None, 1)

    def test_the_readings_say_what_came_of_what_was_followed(self, desk: Desk, clock: ManualClock) -> None:
        """Fuller drums: a change with an interval, on the better side; who did not follow is measured as well."""
        for number in range(4):
            owned(desk, clock, f"WM-{number}")
        use(desk, clock, EMPTY, days=14)
        for number in (0, 1):
            desk.care.tell(desk.care.of(f"WM-{number}").advice[0].id, is_done=True)
        for _ in range(30):
            clock.advance(DAY_MS)
            until = day_of(clock.now_ms()) - 1
            for due in desk.care.due(until, 10):
                load = 5.0 if due.appliance_id in {"WM-0", "WM-1"} else 1.5
                desk.care.count(until, {due: {"load": {until: load + 0.1 * (until % 3)}, "runs": {until: 1.0}}})

        decided = desk.care.settle()

        [effect] = desk.care.effects()
        helped = desk.care.of("WM-0").advice[0]
        assert (decided, helped.state, round(helped.after or 0)) == (2, AdviceState.HELPED, 5)
        assert (effect.given, effect.followed, effect.helped) == (4, 2, 2)
        assert effect.change is not None
        assert effect.change_else is not None
        assert effect.change.low > 3
        assert abs(effect.change_else.mean) < 0.2

    def test_what_changes_nothing_has_not_helped(self, desk: Desk, clock: ManualClock) -> None:
        """Somebody says it is done, and no wash was hotter since."""
        owned(desk, clock)
        use(desk, clock, COLD, days=12)
        desk.care.tell(desk.care.of(WASHER_ID).advice[0].id, is_done=True)

        use(desk, clock, COLD, days=30)

        [advice] = desk.care.page(AdviceFilter(state=AdviceState.NOT_HELPED)).items
        assert (advice.name, round(advice.after or 0)) == ("hot_wash", 40)

    def test_without_days_nobody_knows_what_came_of_it(self, desk: Desk, clock: ManualClock) -> None:
        """The appliance stands in a cellar and is not used: unknown, after a week of patience."""
        owned(desk, clock)
        use(desk, clock, COLD, days=12)
        desk.care.tell(desk.care.of(WASHER_ID).advice[0].id, is_done=True)

        use(desk, clock, {}, days=40)

        assert desk.care.of(WASHER_ID).advice[0].state is AdviceState.UNKNOWN

    def test_advice_passes_with_its_cause_and_rests(self, desk: Desk, clock: ManualClock) -> None:
        """A hot wash of its own accord: it stands no more; cold again, it is said again only after its rest."""
        owned(desk, clock)
        use(desk, clock, COLD, days=12)
        use(desk, clock, COLD | {"hottest": 65.0})

        seldom = COLD | {"runs": 0.3}
        soon = use(desk, clock, seldom, days=60)
        later = use(desk, clock, seldom, days=30)

        states = [one.state for one in desk.care.page(AdviceFilter(name="hot_wash")).items]
        assert (soon, later) == (0, 1)
        assert states == [AdviceState.STANDING, AdviceState.PASSED]

    def test_who_says_no_is_left_in_peace_for_a_year(self, desk: Desk, clock: ManualClock) -> None:
        """Not said again within it; done after all it may be."""
        owned(desk, clock)
        use(desk, clock, COLD, days=12)
        [advice] = desk.care.of(WASHER_ID).advice
        declined = desk.care.tell(advice.id, is_done=False)

        given = use(desk, clock, COLD, days=40)
        followed = desk.care.tell(advice.id, is_done=True)

        assert (declined.state, given, followed.state) == (AdviceState.DECLINED, 0, AdviceState.FOLLOWED)
        with pytest.raises(IllegalStepError):
            desk.care.tell(advice.id, is_done=False)

    def test_a_consumable_wears_by_use_and_is_renewed(self, desk: Desk, clock: ManualClock) -> None:
        """Two programmes a day of sixty: advised when nearly used up, as new afterwards; who and when stands in the audit."""
        owned(desk, clock)
        warm = {"runs": 2.0, "hottest": 62.0, "load": 5.0}
        use(desk, clock, warm, days=15)
        half = desk.care.of(WASHER_ID).consumables[0]
        use(desk, clock, warm, days=13)

        [advice] = desk.care.of(WASHER_ID).advice
        renewed = desk.by("ada").care.renew(WASHER_ID, "filter")

        assert (round(half.remaining, 1), half.is_since_known) == (0.5, False)
        assert 10 <= (half.due_on - half.since).days <= 40
        assert (advice.name, advice.state) == ("filter", AdviceState.STANDING)
        assert (renewed.consumables[0].remaining, renewed.advice[0].state) == (1.0, AdviceState.FOLLOWED)
        actions = desk.unit.look(lambda t: list(t.connection.execute(select(audit.c.action, audit.c.actor)).all()))
        assert ("consumable.renew", "ada") in {tuple(row) for row in actions}
        with pytest.raises(UnknownError, match="no consumable"):
            desk.care.renew(WASHER_ID, "bulb")

    def test_the_next_owner_reads_nothing_of_the_one_before(self, desk: Desk, clock: ManualClock) -> None:
        """Their advice goes by their own days alone."""
        owned(desk, clock)
        use(desk, clock, COLD, days=12)
        other = desk.customers.add(NewCustomer(Contact(name="Ben")))
        desk.customers.give(other.id, NewOwnership(WASHER_ID, since=from_ms(clock.now_ms())))
        desk.customers.consent(other.id, Purpose.ADVICE, None, is_given=True, source="form")

        shown = desk.care.of(WASHER_ID).advice
        given = use(desk, clock, COLD, days=9)

        assert (shown, given) == ((), 0)
        assert desk.care.page().items[0].state is AdviceState.WITHDRAWN

    def test_with_a_retired_appliance_all_of_it_is_erased(self, desk: Desk, clock: ManualClock) -> None:
        """Nothing is counted of a retired one, and erasing leaves no day behind."""
        owned(desk, clock)
        use(desk, clock, COLD, days=12)
        desk.unit.write(lambda t: t.connection.execute(update(appliances).values(retired=True)))

        due = desk.care.due(day_of(clock.now_ms()) + 5, 10)
        desk.appliances.erase(WASHER_ID)

        care = desk.care.of(WASHER_ID)
        assert (due, care.uses, care.advice, care.consumables) == ([], (), (), ())
