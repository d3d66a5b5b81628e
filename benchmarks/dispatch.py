"""Dispatch with 500 technicians and 5,000 open tickets: proposals, the plan of a region's day against greedy, and a sick call.

The town is made up: ten regions of 40 × 40 km, 50 technicians and 500 homes each, drawn evenly; visits take what the
profiles say. Greedy puts each job, the most urgent first, where it adds the least travel; where both plan the same number
of visits their travel is compared as it is, else per visit.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from alerts.appliances.directory import ensure_appliance
from alerts.customers.access_hours import parse_hours
from alerts.customers.tables import ownerships, sites
from alerts.database import Transaction, UnitOfWork, migrate, open_database
from alerts.desk import Desk
from alerts.lifecycle import TicketState, TicketStep
from alerts.people.keeping import add_technician
from alerts.people.reading import all_active
from alerts.people.technician import AbsenceReason, Licence, NewTechnician
from alerts.place import Place
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import StepBody
from alerts.visits.crew import crew_of
from alerts.visits.jobs import waiting_jobs
from alerts.visits.solving import Problem, greedy, vroom_ways
from benchmarks.figure import Figure
from ingest.clock import ManualClock, to_ms
from ingest.profiles import load_profiles

FIGURES = (
    "proposals_p99_ms",
    "day_plan_s",
    "day_plan_travel_saved",
    "day_plan_visits",
    "replan_s",
    "replan_moved_share",
)

_REGIONS = 10
_TECHNICIANS = 50
_HOMES = 500
_ASKED = 200
_SLACK = 6
"""Of so many visits one is called off before somebody falls sick, so that there is room."""
_MONDAY = date(2026, 11, 23)
_NOW_MS = to_ms(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
_ZONE = "Europe/Berlin"
_KIND = "washing_machine"


def measure() -> Iterator[Figure]:
    """All of it on SQLite, in one process."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'desk.db'}")
        migrate(engine)
        unit = UnitOfWork(engine, ManualClock(_NOW_MS), random.Random(7))
        desk = Desk(unit, load_profiles())
        unit.write(_town)
        yield from _plans(desk)
        yield from _proposals(desk)
        engine.dispose()


def _plans(desk: Desk) -> Iterator[Figure]:
    """A day of one region, then of all of them, kept; then one technician calls in sick."""
    problem = desk.unit.look(lambda t: _problem(t, desk))
    one_by_one = greedy(problem)
    vroom_ways(problem)  # the library is loaded
    started = time.perf_counter()
    plan = desk.visits.plan("region-0", _MONDAY)
    took_s = time.perf_counter() - started
    yield Figure("day_plan_s", took_s, "s", len(problem.jobs))
    visits = len(plan.stops)
    ratio = (plan.travel_min / visits) / (one_by_one.travel_min / one_by_one.visits)
    share = "share of greedy's travel per visit"
    yield Figure("day_plan_travel_saved", 1 - ratio, share, visits, "greedy", ratio)
    yield Figure("day_plan_visits", visits, "visits", len(problem.jobs), "greedy", visits / one_by_one.visits)
    desk.visits.keep(plan)
    for region in range(1, _REGIONS):
        desk.visits.keep(desk.visits.plan(f"region-{region}", _MONDAY + timedelta(days=region % 4)))
    for stop in plan.stops[::_SLACK]:
        if stop.visit_id is None:
            desk.tickets.step(stop.ticket_ids[0], TicketStep.CANCEL, StepBody(note="made up"))
    sick = plan.stops[1].technician_id
    start = datetime(2026, 11, 23, tzinfo=UTC)
    desk.technicians.be_absent(sick, start, start + timedelta(days=1), AbsenceReason.SICK)
    started = time.perf_counter()
    again = desk.visits.replan(sick, _MONDAY)
    kept = desk.visits.keep(again)
    yield Figure("replan_s", time.perf_counter() - started, "s", len(again.stops))
    yield Figure(
        "replan_moved_share", kept.moved / again.visits_before, "share of the day's visits", again.visits_before
    )


def _proposals(desk: Desk) -> Iterator[Figure]:
    numbers = random.Random(3).sample(range(1, _REGIONS * _HOMES + 1), _ASKED)
    took: list[float] = []
    for number in numbers:
        started = time.perf_counter()
        desk.visits.propose([str(number)])
        took.append(1000 * (time.perf_counter() - started))
    p99 = statistics.quantiles(took, n=100)[98]
    yield Figure("proposals_p99_ms", p99, "ms", len(took), "their median", p99 / statistics.median(took))


def _problem(t: Transaction, desk: Desk) -> Problem:
    people = [one for one in all_active(t) if "region-0" in one.areas]
    jobs = waiting_jobs(t, "region-0", desk.profiles, limit=600)
    return Problem(jobs, [crew_of(one, _MONDAY, ()) for one in people], t.now_ms)


def _town(t: Transaction) -> None:
    chance = random.Random(11)
    modes = sorted(load_profiles()[_KIND].fault_modes)
    for region in range(_REGIONS):
        middle = Place(48.0 + region / 2, 8.0)
        for n in range(_TECHNICIANS):
            new = NewTechnician(
                f"T {region}-{n}",
                home=_near(middle, chance),
                areas=(f"region-{region}",),
                skills={_KIND: chance.choice((1, 2, 2, 3))},
                licences=(Licence("mains"),),
                shifts=parse_hours("mon-fri 08:00-12:00, 12:30-17:00"),
                time_zone=_ZONE,
            )
            add_technician(t, new)
        for n in range(_HOMES):
            _home(t, f"{region}-{n}", f"region-{region}", _near(middle, chance), chance.choice(modes), chance)


def _home(t: Transaction, name: str, region: str, place: Place, mode: str, chance: random.Random) -> None:
    ensure_appliance(t, f"W{name}", _KIND)
    at = {"latitude": place.coarse.latitude, "longitude": place.coarse.longitude, "region": region}
    site = {"id": f"st_{name}", "customer_id": f"cu_{name}", "address": b"", "time_zone": _ZONE, "created_ms": 0}
    t.connection.execute(insert(sites).values(**site, **at))
    owned = {"id": f"ow_{name}", "appliance_id": f"W{name}", "customer_id": f"cu_{name}", "site_id": f"st_{name}"}
    t.connection.execute(insert(ownerships).values(**owned, from_ms=0))
    row = {"id": f"tk_{name}", "appliance_id": f"W{name}", "kind": _KIND, "fault_mode": mode, "title": mode}
    state = {"status": TicketState.TRIAGED.value, "priority": chance.choice((2, 3, 3, 4)), "source": "prediction"}
    due_ms = _NOW_MS + chance.randrange(12, 120) * 3_600_000
    times = {"opened_ms": _NOW_MS, "episode_ms": _NOW_MS, "respond_by_ms": due_ms, "resolve_by_ms": due_ms}
    t.connection.execute(insert(tickets).values(**row, **state, **times))


def _near(middle: Place, chance: random.Random) -> Place:
    """Somewhere in a square of 40 km."""
    return Place(middle.latitude + chance.uniform(-0.18, 0.18), middle.longitude + chance.uniform(-0.27, 0.27))
