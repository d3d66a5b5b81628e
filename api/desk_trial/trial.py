"""One trial: the faults of a world, worked by one way through a desk of its own, moment by moment on a clock that jumps.

The desk sees findings, never what is really wrong; only technicians at the door find that out, and they err.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alerts.customers.access_hours import parse_hours
from alerts.customers.customer import Address, Contact, NewCustomer, NewOwnership, NewSite
from alerts.database import UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.lifecycle import TicketState, TicketStep
from alerts.people.technician import Licence, NewTechnician
from alerts.place import Place
from alerts.rules.desk_rules import DeskRules, RestartGrace
from alerts.stock.ledger import NewMovement
from alerts.stock.stock import MovementKind, NewStockPlace, OrderStatus, PlaceKind, StockPart
from alerts.tickets.ticket import StepBody, Verdict, VerdictRecord
from alerts.visits.lifecycle import VisitStep
from alerts.visits.visit import UsedPart, VisitRecord
from api.desk_trial.case import Case
from api.desk_trial.ways import ByNaiveRules, ByTheDesk, Way
from detectors.finding import DetectCommit, Evidence, Finding, FindingChannel
from ingest.clock import ManualClock, to_ms
from simulator.people.after_sales import (
    DAY_MS,
    MOVES,
    NOT_HOME,
    PART_LATE,
    REFUSES_TIME,
    REMOTE_SOLVES,
    REPAIR_FAILS,
    WRONG_VERDICT,
    AfterSalesWorld,
    WorldFault,
    WorldTechnician,
)

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.customers.sealing import Seal
    from alerts.visits.visit import Visit
    from ingest.profiles.definition import Profile

HOUR_MS = 3_600_000
LEAD_DAYS, LATE_DAYS = 3, 5
PATIENCE_DAYS = 45
"""What is not over so long after the last fault is counted as not over."""
IN_VAN = 8
"""Of the likeliest parts each van has one, whoever works how."""
IN_DEPOT = 2
LICENCES = (Licence("mains"), Licence("refrigerant"), Licence("gas"))


@dataclass(slots=True)
class Trial:
    """A desk, a world, and what is to happen next."""

    desk: Desk
    clock: ManualClock
    world: AfterSalesWorld
    way: Way
    vans: Mapping[str, str]
    depot: str
    people: Mapping[str, WorldTechnician]
    cases: list[Case] = field(default_factory=list)
    _next: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _position: int = 0

    def run(self) -> list[Case]:
        """Work through everything; the cases, those that were not over in time among them."""
        for fault in self.world.faults:
            self._at(fault.at_ms, lambda fault=fault: self._find(fault))  # type: ignore[misc]  # bound at once
        until_ms = max((one.at_ms for one in self.world.faults), default=0) + PATIENCE_DAYS * DAY_MS
        while self._next and self._next[0][0] <= until_ms:
            at_ms, _, happen = heapq.heappop(self._next)
            self.clock.advance(max(0, at_ms - self.clock.now_ms()))
            happen()
        return self.cases

    def _at(self, at_ms: int, happen: Callable[[], None]) -> None:
        heapq.heappush(self._next, (at_ms, next(self._count), happen))

    def _in(self, ms: float, happen: Callable[[], None]) -> None:
        self._at(self.clock.now_ms() + round(ms), happen)

    def _find(self, fault: WorldFault) -> None:
        """The detectors state a finding; the desk makes a ticket of it."""
        self._enter(fault)
        self._position += 1
        self.desk.findings.commit(DetectCommit(self._position, {}, None, (_finding(fault),), ()))
        found = self.desk.appliances.read(fault.appliance_id).open_tickets
        if not found:
            return
        case = Case(fault, str(found[0]))
        self.cases.append(case)
        self._in(HOUR_MS, lambda: self._begin(case))

    def _enter(self, fault: WorldFault) -> None:
        """Their home is on file, with its place."""
        customer = self.desk.customers.add(NewCustomer(Contact(name=f"Home of {fault.appliance_id}")))
        place = Place(fault.home.latitude, fault.home.longitude)
        site = self.desk.customers.add_site(
            customer.id, NewSite(Address(street="Street 1", city="Cologne"), place=place)
        )
        self.desk.appliances.register((fault.appliance_id, fault.kind))
        self.desk.customers.give(customer.id, NewOwnership(fault.appliance_id, site_id=site.id))

    def _begin(self, case: Case) -> None:
        """Somebody looks at the ticket; what is tried first is tried, and helps or not."""
        fault = case.fault
        action = self.way.action(self.desk, case)
        self.desk.tickets.step(case.number, TicketStep.TRIAGE, StepBody())
        help_ = fault.named.self_help
        if action == "fix_first" and help_ is not None:
            case.fix_first += 1
            is_named = fault.mode is not None and fault.mode.name == fault.named.name
            helps = fault.mode is None or (is_named and fault.happens("self_help", 0, help_.helps))
            self._in(DAY_MS, lambda: self._end_remote(case, is_over=helps))
        elif action == "remote":
            case.remote += 1
            helps = fault.mode is None or fault.happens("remote", 0, REMOTE_SOLVES)
            self._in(4 * HOUR_MS, lambda: self._end_remote(case, is_over=helps))
        elif action == "notice":
            self._in(7 * DAY_MS, lambda: self._end_remote(case, is_over=fault.mode is None))
        else:
            self._dispatch(case, 0)

    def _end_remote(self, case: Case, *, is_over: bool) -> None:
        if is_over:
            self._close(case, Verdict.SELF_CLEARED if case.fault.mode is None else Verdict.USAGE)
        else:
            self._dispatch(case, 0)

    def _dispatch(self, case: Case, refusals: int) -> None:
        """A visit is booked that the customer agrees to; nobody has time: asked again tomorrow."""
        if refusals < 2 and case.fault.happens("refuses", refusals, REFUSES_TIME):
            self._in(2 * HOUR_MS, lambda: self._dispatch(case, refusals + 1))
            return
        visit = self.way.book(self.desk, case, refusals=refusals)
        if visit is None:
            self._in(DAY_MS, lambda: self._dispatch(case, 0))
        elif case.fault.happens("moves", case.visits, MOVES) and not case.missed:
            self._in(HOUR_MS, lambda: self._call_off(case, visit))
        else:
            self._at(to_ms(visit.start), lambda: self._arrive(case, visit))

    def _call_off(self, case: Case, visit: Visit) -> None:
        """The customer has something else on that day: another time, two days later."""
        self.desk.visits.step(visit.id, VisitStep.CANCEL, note="the customer moves it")
        self._in(DAY_MS, lambda: self._go(case))

    def _go(self, case: Case) -> None:
        """Book what is agreed to."""
        visit = self.way.book(self.desk, case, refusals=0)
        if visit is None:
            self._in(DAY_MS, lambda: self._go(case))
        else:
            self._at(to_ms(visit.start), lambda: self._arrive(case, visit))

    def _arrive(self, case: Case, visit: Visit) -> None:
        """Somebody is at the door, and nobody home; or they find what it is and mend it, if they can and have the part."""
        fault = case.fault
        self.desk.visits.step(visit.id, VisitStep.DEPART)
        case.travel_min += visit.travel_min
        if fault.happens("not_home", case.visits + case.missed, NOT_HOME):
            case.missed += 1
            self.desk.visits.step(visit.id, VisitStep.MISS, note="nobody at home")
            self._in(2 * HOUR_MS, lambda: self._go(case))
            return
        case.visits += 1
        self.desk.visits.step(visit.id, VisitStep.ARRIVE)
        self._in(HOUR_MS, lambda: self._work(case, visit))

    def _work(self, case: Case, visit: Visit) -> None:
        fault = case.fault
        if fault.mode is None:
            self._finish(case, visit, None)
            self._close(case, Verdict.NO_FAULT_FOUND)
            return
        has_part = fault.part is None or fault.part in self.way.kit(self.desk, case) or self._in_van(visit, fault.part)
        if not has_part:
            self.desk.visits.step(
                visit.id, VisitStep.FINISH, record=VisitRecord(is_repaired=False, work="A part is missing")
            )
            self._order(case, fault.part or "")
            return
        self._finish(case, visit, fault.part)
        missing = max(0, fault.mode.visit.level - self.people[visit.technician_id].skills.get(fault.kind, 0))
        if fault.happens("fails", case.visits - 1, REPAIR_FAILS[min(missing, 2)]):
            case.came_back += 1
            self._in((2 + 8 * fault.chance["again"][0]) * DAY_MS, lambda: self._come_back(case))
            self._close(case, Verdict.CONFIRMED, is_over=False)
            return
        is_wrong = fault.happens("verdict", 0, WRONG_VERDICT) or fault.mode.name != fault.named.name
        self._close(case, Verdict.OTHER_FAULT if is_wrong else Verdict.CONFIRMED)

    def _finish(self, case: Case, visit: Visit, sku: str | None) -> None:
        case.parts += sku is not None
        used = () if sku is None else (UsedPart(sku),)
        if sku is not None:
            self._in(LEAD_DAYS * DAY_MS, lambda: self._refill(sku))
        record = VisitRecord(is_repaired=True, work="Mended", parts=used, minutes=60)
        self.desk.visits.step(visit.id, VisitStep.FINISH, record=record)

    def _refill(self, sku: str) -> None:
        """What was used comes again, to the depot and to vans, whoever works how."""
        wanted = {self.depot: IN_DEPOT} | (
            dict.fromkeys(self.vans.values(), 1) if sku in self.world.skus[:IN_VAN] else {}
        )
        there = {one.place_id: one.on_hand for one in self.desk.stock.levels(sku=sku)}
        for place_id, number in wanted.items():
            if there.get(place_id, 0) < number:
                self.desk.stock.move(NewMovement(place_id, sku, number - there.get(place_id, 0), MovementKind.RECEIVED))

    def _in_van(self, visit: Visit, sku: str) -> bool:
        van = self.vans[visit.technician_id]
        return any(one.free > 0 for one in self.desk.stock.levels(sku=sku, place_id=van))

    def _order(self, case: Case, sku: str) -> None:
        """The missing part is ordered, comes in time or late, and is kept for the ticket."""
        order = self.desk.stock.order(sku, self.depot, 1)
        late = LATE_DAYS if case.fault.happens("late", case.visits, PART_LATE) else 0

        def come() -> None:
            self.desk.stock.end_order(order.id, OrderStatus.RECEIVED)
            self._bring(case, sku)

        self._in((LEAD_DAYS + late) * DAY_MS, come)

    def _bring(self, case: Case, sku: str) -> None:
        """Whoever goes next brings it: kept for the ticket, as everybody would."""
        if sku not in self.way.kit(self.desk, case) and not any(
            one.sku == sku and one.ended_at is None for one in self.desk.stock.reservations(case.number)
        ):
            self.desk.stock.reserve(case.number, sku)
        self._go(case)

    def _come_back(self, case: Case) -> None:
        """The fault is back: the same ticket, or what the desk makes of it, and another visit."""
        if self.desk.tickets.read(case.number).status in {TicketState.CLOSED, TicketState.REPAIRED}:
            self.desk.tickets.step(case.number, TicketStep.REOPEN, StepBody(note="it is back"))
        self._go(case)

    def _close(self, case: Case, verdict: Verdict, *, is_over: bool = True) -> None:
        named = case.fault.mode.name if case.fault.mode is not None and verdict is Verdict.OTHER_FAULT else None
        if self.desk.tickets.read(case.number).status in {TicketState.IN_PROGRESS, TicketState.REPAIRED}:
            self.desk.tickets.judge(case.number, VerdictRecord(verdict, fault_mode=named))
        if self.desk.tickets.read(case.number).status is not TicketState.CLOSED:
            self.desk.tickets.step(case.number, TicketStep.CLOSE, StepBody(note="done"))
        if is_over:
            case.over_ms = self.clock.now_ms()


def run_trial(
    folder: Path, world: AfterSalesWorld, profiles: Mapping[str, Profile], way: str, seal: Seal
) -> list[Case]:
    """One way through one world, on a new database in a folder."""
    engine = open_database(f"sqlite:///{folder / f'{way}.db'}")
    migrate(engine)
    clock = ManualClock(min((one.at_ms for one in world.faults), default=0) - HOUR_MS)
    rules = DeskRules(restart_grace=RestartGrace(minutes=0))
    desk = Desk(UnitOfWork(engine, clock, random.Random(1), rules=rules), profiles, seal=lambda: seal)
    try:
        people = {desk.technicians.add(_new(one)).id: one for one in world.technicians}
        depot, vans = _stocked(desk, world.skus, list(people))
        ways: dict[str, Way] = {"desk": ByTheDesk(), "naive": ByNaiveRules(people)}
        return Trial(desk, clock, world, ways[way], vans, depot, people).run()
    finally:
        engine.dispose()


def _new(one: WorldTechnician) -> NewTechnician:
    hours = parse_hours("mon-fri 08:00-18:00")
    place = Place(one.latitude, one.longitude)
    return NewTechnician(one.name, home=place, skills=one.skills, licences=LICENCES, shifts=hours)


def _stocked(desk: Desk, skus: Sequence[str], people: Sequence[str]) -> tuple[str, dict[str, str]]:
    """A depot with a few of everything, and in each van one of what is likeliest."""
    depot = desk.stock.add_place(NewStockPlace("Depot", PlaceKind.DEPOT, place=Place(50.94, 6.96))).id
    for sku in skus:
        desk.stock.put_part(StockPart(sku, lead_days=LEAD_DAYS))
        desk.stock.move(NewMovement(depot, sku, IN_DEPOT, MovementKind.RECEIVED))
    vans = {}
    for one in people:
        vans[one] = desk.stock.add_place(NewStockPlace(f"Van of {one}", PlaceKind.VAN, technician_id=one)).id
        for sku in skus[:IN_VAN]:
            desk.stock.move(NewMovement(vans[one], sku, 1, MovementKind.RECEIVED))
    return depot, vans


def _finding(fault: WorldFault) -> Finding:
    onset_ms = fault.at_ms - DAY_MS
    return Finding(
        appliance_id=fault.appliance_id,
        kind=fault.kind,
        fault_mode=fault.named.name,
        component=fault.named.component,
        channel=FindingChannel.EVIDENCE,
        raised_ms=fault.at_ms,
        onset_ms=onset_ms,
        score=9.0,
        severity=0.5,
        probability=fault.probability,
        evidence=(Evidence(next(iter(fault.named.signature)), 9.0, 2.0, 4.0, "", onset_ms, 1.0),),
    )
