"""What visits promise on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from alerts.customers.access_hours import parse_hours
from alerts.customers.customer import Address, Contact, NewCustomer, NewOwnership, NewSite
from alerts.desk import Desk
from alerts.errors import ConflictError, IllegalStepError, InvalidError, StaleViewError
from alerts.lifecycle import TicketState, TicketStep
from alerts.people.reading import all_active
from alerts.people.technician import AbsenceReason, NewTechnician, Wish
from alerts.place import Place
from alerts.tickets.ticket import NewTicket, StepBody
from alerts.visits import proposing
from alerts.visits.crew import Crew, Hindrance, best_fit
from alerts.visits.lifecycle import VisitState, VisitStep
from alerts.visits.visit import UsedPart, VisitRecord
from alerts.visits.weighing import Weighed

COLOGNE = Place(50.94, 6.96)
MONDAY = date(2026, 11, 23)
ADA = NewTechnician(
    "Ada",
    home=COLOGNE,
    areas=("west",),
    skills={"washing_machine": 2},
    shifts=parse_hours("mon-fri 08:00-12:00, 12:30-17:00"),
    time_zone="Europe/Berlin",
)
DONE = VisitRecord(is_repaired=True, work="Cleaned the pump", parts=(UsedPart("00145"),), minutes=35)


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    """A time of November 2026 in Berlin, where it is UTC + 1."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


class VisitsSuite:
    """The promises of :class:`alerts.visits.desk.Visits`."""

    def test_who_can_go_is_proposed_with_what_speaks_for_it(self, desk: Desk) -> None:
        """Who can't is counted by the reason; whom the customer wants comes first; nobody comes on a day off."""
        number, customer = ticket(desk, "WM-1")
        ada = desk.technicians.add(ADA)
        near = desk.technicians.add(replace(ADA, name="Near", home=Place(50.95, 6.97)))
        desk.technicians.add(replace(ADA, name="North", areas=("north",)))
        desk.technicians.add(replace(ADA, name="Dryer", skills={"dryer": 3}))
        late = desk.technicians.add(replace(ADA, name="Away"))
        desk.technicians.be_absent(late.id, at(0, day=22), at(0, day=30), AbsenceReason.HOLIDAY)
        hated = desk.technicians.add(replace(ADA, name="Hated"))
        desk.technicians.wish(customer, hated.id, Wish.EXCLUDED)
        desk.technicians.wish(customer, ada.id, Wish.PREFERRED)

        found = desk.visits.propose([number], limit=20)

        assert found.minutes == 60
        assert found.left_out == {Hindrance.AREA: 1, Hindrance.SKILL: 1, Hindrance.EXCLUDED: 1, Hindrance.TIME: 1}
        first = found.items[0]
        assert (first.technician_id, first.is_preferred, first.is_before_due) == (ada.id, True, True)
        assert first.start == at(8, first.travel_min) == at(8, 5)
        assert {one.technician_id for one in found.items} == {ada.id, near.id}
        assert {one.start.isoweekday() for one in found.items} <= {1, 2, 3, 4, 5}

    def test_days_that_can_not_be_better_are_not_looked_at(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first few proposals are those of all, with the same count of who has no time, and cost less to find."""
        number, customer = ticket(desk, "WM-1")
        for n in range(6):
            ada = desk.technicians.add(replace(ADA, name=f"Ada {n}", home=Place(50.94 + n / 40, 6.96)))
            if n == 3:
                desk.technicians.wish(customer, ada.id, Wish.PREFERRED)
            if n == 4:
                desk.technicians.be_absent(ada.id, at(0, day=22), at(0, day=25), AbsenceReason.HOLIDAY)
            if n == 5:
                desk.technicians.be_absent(ada.id, at(0, day=22), at(0, day=30), AbsenceReason.HOLIDAY)
        looked_at: list[date] = []

        def counted(crew: Crew, *args: Any, **more: Any) -> Any:
            looked_at.append(crew.day)
            return best_fit(crew, *args, **more)

        monkeypatch.setattr(proposing, "best_fit", counted)
        everything = desk.visits.propose([number], limit=1000)
        of_all = len(looked_at)

        for limit in (1, 3, 5):
            looked_at.clear()
            found = desk.visits.propose([number], limit=limit)
            assert found == replace(everything, items=everything.items[:limit])
            assert len(looked_at) < of_all

    def test_a_technician_who_reads_as_before_is_not_read_again(self, desk: Desk) -> None:
        """Equal rows are the same technician; a change makes another."""
        ada = desk.technicians.add(ADA)
        first, again = (desk.unit.look(all_active) for _ in range(2))
        desk.technicians.change(ada.id, replace(ADA, name="Ada L."), expected_version=None)

        assert first[0] is again[0]
        assert [one.name for one in desk.unit.look(all_active)] == ["Ada L."]

    def test_a_visit_schedules_its_tickets_and_takes_the_time(self, desk: Desk) -> None:
        """An open ticket is triaged and scheduled; a second visit for it, or for the same hour of somebody, is refused."""
        number, _ = ticket(desk, "WM-1")
        other, _ = ticket(desk, "WM-2")
        ada = desk.technicians.add(ADA)

        visit = desk.visits.book([number], ada.id, at(9))

        after = desk.tickets.read(number)
        assert (after.status, after.visit and after.visit.start) == (TicketState.SCHEDULED, at(9))
        assert (visit.end - visit.start, visit.travel_min) == (timedelta(hours=1), 5)
        with pytest.raises(ConflictError, match="has a visit already"):
            desk.visits.book([number], ada.id, at(14))
        for start in (at(9, 30), at(10, 2), at(8, 3), at(12), at(17), at(10, day=22)):
            with pytest.raises(ConflictError, match="does not fit their day"):
                desk.visits.book([other], ada.id, start)
        with pytest.raises(InvalidError, match="from now on"):
            desk.visits.book([other], ada.id, at(9, day=20))
        forced = desk.visits.book([other], ada.id, at(9, 30), override="both live next door")
        assert forced.override_reason == "both live next door"

    def test_what_a_change_costs_is_known_before_it_is_made(self, desk: Desk) -> None:
        """Where it costs least on a day, at a time that does not fit, and by whom it can't be; nothing is changed."""
        first, _ = ticket(desk, "WM-1")
        other, _ = ticket(desk, "WM-2")
        ada = desk.technicians.add(ADA)
        bea = desk.technicians.add(replace(ADA, name="Bea"))
        gone = desk.technicians.add(replace(ADA, is_active=False))
        visit = desk.visits.book([first], ada.id, at(9))

        def weigh(who: str, visit_id: str | None = None, start: datetime | None = None) -> Weighed:
            refs = [] if visit_id else [other]
            return desk.visits.weigh(who, visit_id=visit_id, refs=refs, day=MONDAY, start=start)

        assert (weigh(ada.id).start, weigh(ada.id).added_travel_min) == (at(10, 5), 5)
        taken = weigh(ada.id, start=at(9, 30))
        assert (taken.against, taken.added_travel_min, taken.is_never) == ((Hindrance.TIME,), None, False)
        assert weigh(gone.id).is_never
        moved = weigh(bea.id, visit.id)
        assert (moved.start, moved.added_travel_min, moved.against) == (at(8, 5), 0, ())
        with pytest.raises(InvalidError, match="not both"):
            desk.visits.weigh(ada.id, visit_id=visit.id, refs=[other], day=MONDAY, start=None)
        assert desk.visits.read(visit.id) == visit

    def test_the_board_shows_days_visits_and_what_waits(self, desk: Desk) -> None:
        """By name, in the technician's own minutes; a visit of somebody who fell ill is amiss, and so are two at once."""
        first, _ = ticket(desk, "WM-1")
        second, _ = ticket(desk, "WM-2")
        third, _ = ticket(desk, "WM-3")
        desk.tickets.step(third, TicketStep.TRIAGE, StepBody())
        bea = desk.technicians.add(replace(ADA, name="Bea"))
        ada = desk.technicians.add(ADA)
        north = desk.technicians.add(replace(ADA, name="North", areas=("north",)))
        desk.visits.book([first], ada.id, at(9))
        desk.visits.book([second], bea.id, at(10))
        desk.technicians.be_absent(bea.id, at(0), at(0, day=24), AbsenceReason.SICK)

        board = desk.visits.board(MONDAY, 2, "west")

        assert [row.technician for row in board.rows] == ["Ada", "Bea"]
        assert (board.rows[0].days[0].spans, board.rows[1].days[0].spans) == ([(480, 720), (750, 1020)], [])
        assert [day.absence for day in board.rows[1].days] == [AbsenceReason.SICK, None]
        assert [(one.from_min, one.to_min, one.is_amiss) for one in board.visits] == [
            (540, 600, False),
            (600, 660, True),
        ]
        assert [[str(one.number) for one in job.tickets] for job in board.waiting] == [[third]]
        assert (board.regions, board.left_off) == (["north", "west"], 0)
        assert [row.technician_id for row in desk.visits.board(MONDAY, 1, "north").rows] == [north.id]

    def test_a_licence_is_never_overridden(self, desk: Desk) -> None:
        """Nor is who does not work here any more; everything else is, with a reason."""
        number, _ = ticket(desk, "WM-1")
        stranger = desk.technicians.add(replace(ADA, areas=("north",), skills={"dryer": 1}))
        gone = desk.technicians.add(replace(ADA, is_active=False))

        with pytest.raises(ConflictError, match="region, they don't know this"):
            desk.visits.book([number], stranger.id, at(9))
        with pytest.raises(ConflictError, match="can't be overridden"):
            desk.visits.book([number], gone.id, at(9), override="please")
        assert desk.visits.book([number], stranger.id, at(9), override="nobody else today").technician == "Ada"

    def test_two_tickets_of_one_home_are_one_visit(self, desk: Desk) -> None:
        """They take less time than two; tickets of different homes don't go together."""
        first, customer = ticket(desk, "WM-1")
        second, _ = ticket(desk, "WM-2", customer=customer)
        stranger, _ = ticket(desk, "WM-3")
        ada = desk.technicians.add(ADA)

        visit = desk.visits.book([first, second], ada.id, at(9))

        assert [one.appliance_id for one in visit.tickets] == ["WM-1", "WM-2"]
        assert visit.end - visit.start == timedelta(minutes=110)
        with pytest.raises(InvalidError, match="one home"):
            desk.visits.propose([first, stranger])
        desk.tickets.step(first, TicketStep.CANCEL, StepBody(note="sold"))
        assert desk.visits.read(visit.id).status is VisitState.PLANNED
        desk.tickets.step(second, TicketStep.CANCEL, StepBody(note="sold, too"))
        assert desk.visits.read(visit.id).status is VisitState.CANCELLED

    def test_a_visit_is_worked_and_its_tickets_follow(self, desk: Desk) -> None:
        """A step that is sent twice is taken once; an illegal one is refused; not repaired needs another visit."""
        number, _ = ticket(desk, "WM-1")
        ada = desk.technicians.add(ADA)
        visit = desk.visits.book([number], ada.id, at(9))

        with pytest.raises(IllegalStepError):
            desk.visits.step(visit.id, VisitStep.FINISH, record=DONE)
        for taken in (VisitStep.CONFIRM, VisitStep.DEPART, VisitStep.DEPART, VisitStep.ARRIVE, VisitStep.ARRIVE):
            desk.visits.step(visit.id, taken)
        assert desk.tickets.read(number).status is TicketState.IN_PROGRESS
        with pytest.raises(InvalidError, match="what was done"):
            desk.visits.step(visit.id, VisitStep.FINISH)
        failed = replace(DONE, is_repaired=False, work="The part was wrong")
        desk.visits.step(visit.id, VisitStep.FINISH, record=failed)
        desk.visits.step(visit.id, VisitStep.FINISH, record=failed)
        again = desk.visits.book([number], ada.id, at(14))
        desk.visits.step(again.id, VisitStep.ARRIVE)
        done = desk.visits.step(again.id, VisitStep.FINISH, record=DONE)

        assert (desk.tickets.read(number).status, done.status) == (TicketState.REPAIRED, VisitState.DONE)
        assert done.record
        assert done.record["parts"] == [{"sku": "00145", "quantity": 1, "serial": None}]
        assert [one.status for one in desk.visits.of_ticket(number).items] == [VisitState.DONE] * 2
        with pytest.raises(IllegalStepError):
            desk.visits.move(done.id, ada.id, at(15))

    def test_two_dispatchers_don_t_move_one_visit_unseen(self, desk: Desk) -> None:
        """Who saw an older version is refused; a moved visit frees its old time."""
        number, _ = ticket(desk, "WM-1")
        other, _ = ticket(desk, "WM-2")
        ada = desk.technicians.add(ADA)
        visit = desk.visits.book([number], ada.id, at(9))

        moved = desk.visits.move(visit.id, ada.id, at(14), expected_version=visit.version)

        with pytest.raises(StaleViewError):
            desk.visits.move(visit.id, ada.id, at(15), expected_version=visit.version)
        shown = desk.tickets.read(number).visit
        assert (moved.start, shown and shown.start) == (at(14), at(14))
        assert desk.visits.book([other], ada.id, at(9)).status is VisitState.PLANNED

    def test_a_plan_is_shown_then_kept(self, desk: Desk) -> None:
        """Nothing changes before; afterwards everything stands as shown; a second look has nothing to do."""
        numbers = [ticket(desk, f"WM-{n}", place=Place(50.94 + n / 50, 6.96))[0] for n in range(1, 7)]
        people = [desk.technicians.add(replace(ADA, name=name)) for name in ("Ada", "Bea")]
        for number in numbers:
            desk.tickets.step(number, TicketStep.TRIAGE)
        locked = desk.visits.book([numbers[0]], people[0].id, at(15))
        desk.visits.lock(locked.id, is_locked=True)

        plan = desk.visits.plan("west", MONDAY)
        untouched = desk.visits.page().items
        kept = desk.visits.keep(plan)
        again = desk.visits.plan("west", MONDAY)

        assert [one.id for one in untouched] == [locked.id]
        assert (len(plan.stops), plan.left, kept.booked, kept.moved, kept.refused) == (6, (), 5, 0, ())
        assert desk.visits.read(locked.id).start == at(15)
        assert not [stop for stop in again.stops if stop.is_moved or stop.visit_id is None]
        assert again.travel_before_min == pytest.approx(plan.travel_min)

    def test_what_changed_under_a_plan_is_left_alone(self, desk: Desk) -> None:
        """A ticket that somebody else planned meanwhile is named, the others are kept."""
        numbers = [ticket(desk, f"WM-{n}")[0] for n in (1, 2)]
        ada = desk.technicians.add(ADA)
        for number in numbers:
            desk.tickets.step(number, TicketStep.TRIAGE)

        plan = desk.visits.plan("west", MONDAY)
        desk.visits.book([numbers[0]], ada.id, at(9, day=24))
        kept = desk.visits.keep(plan)

        assert (kept.booked, len(kept.refused)) == (1, 1)
        assert "has a visit already" in kept.refused[0]

    def test_who_drops_out_is_replaced_and_nobody_else_moves(self, desk: Desk) -> None:
        """The visits of somebody sick go to others; what has no place is left, and stays theirs until somebody decides."""
        ada, bea = (desk.technicians.add(replace(ADA, name=name)) for name in ("Ada", "Bea"))
        first, second, third = (ticket(desk, f"WM-{n}")[0] for n in (1, 2, 3))
        hers = [desk.visits.book([first], ada.id, at(9)), desk.visits.book([second], ada.id, at(11))]
        beas = desk.visits.book([third], bea.id, at(9))
        desk.technicians.be_absent(ada.id, at(0), at(0, day=24), AbsenceReason.SICK)

        plan = desk.visits.replan(ada.id, MONDAY)
        kept = desk.visits.keep(plan)

        assert (kept.moved, kept.refused, plan.left) == (2, (), ())
        assert {desk.visits.read(one.id).technician_id for one in hers} == {bea.id}
        assert desk.visits.read(beas.id).start == at(9)

    def test_a_promised_time_is_kept_by_a_plan(self, desk: Desk) -> None:
        """Within its hours a visit may move, beyond them never."""
        number, _ = ticket(desk, "WM-1", place=Place(51.1, 6.96))
        ada = desk.technicians.add(ADA)
        link, secret = desk.customer_pages.make(number)
        assert not desk.appointments.slots(secret)  # nobody has looked whether it takes a visit
        desk.tickets.step(number, TicketStep.TRIAGE)
        [slot, *_] = [one for one in desk.appointments.slots(secret) if one.start == at(12, day=24)]
        desk.appointments.choose(secret, slot.start, slot.end)

        plan = desk.visits.plan("west", date(2026, 11, 24))

        [stop] = plan.stops
        [visit] = desk.visits.of_ticket(number).items
        assert (visit.status, visit.technician_id) == (VisitState.CONFIRMED, ada.id)
        assert visit.promised_from == at(12, day=24)
        assert at(12, day=24).timestamp() * 1000 <= stop.start_ms < at(16, day=24).timestamp() * 1000
        shown = desk.tickets.read(number).visit
        assert shown
        assert (shown.start, shown.end) == (at(12, day=24), at(16, day=24))
        desk.appointments.choose(secret, at(8, day=25), at(12, day=25))
        assert [one.promised_from for one in desk.visits.of_ticket(number).items] == [at(8, day=25)]
        with pytest.raises(ConflictError, match="no longer free"):
            desk.appointments.choose(secret, at(8, day=22), at(12, day=22))
        assert link.ticket_id == desk.tickets.read(number).id


def ticket(desk: Desk, appliance_id: str, *, customer: str | None = None, place: Place = COLOGNE) -> tuple[str, str]:
    """A ticket on an appliance in a home of the west; its number and the customer."""
    desk.appliances.register((appliance_id, "washing_machine"))
    if customer is None:
        customer = desk.customers.add(NewCustomer(Contact("Li"))).id
        home = NewSite(Address("Row 1", "Köln"), "west", "Europe/Berlin", place=place)
        desk.customers.add_site(customer, home)
    site = desk.customers.sites(customer)[0].id
    desk.customers.give(customer, NewOwnership(appliance_id, site))
    made = desk.tickets.open(NewTicket(appliance_id, "It leaks", fault_mode="drain_clog"))
    return str(made.number), customer
