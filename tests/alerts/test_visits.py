"""Visits on SQLite, and the ways of a day by both solvers."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.customers.access_hours import parse_hours
from alerts.desk import Desk
from alerts.people.technician import NewTechnician, Technician
from alerts.place import Place
from alerts.travel import travel_matrix_s, travel_min
from alerts.visits.crew import MINUTE_MS, crew_of, hindrances
from alerts.visits.hours import day_span, spans_on, without
from alerts.visits.job import Home, Job, Needs
from alerts.visits.solving import Problem, Ways, greedy, vroom_ways
from tests.contract.customers_suite import desk_with_seal
from tests.contract.visits_suite import MONDAY, VisitsSuite

SHIFT = parse_hours("mon-fri 08:00-12:00, 12:30-17:00")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that can read and write what is sealed."""
    return desk_with_seal(desk.unit, desk)


class TestVisitsOnSqlite(VisitsSuite):
    """SQLite keeps the promises of visits."""


PLACE = st.builds(Place, st.floats(50.8, 51.2), st.floats(6.8, 7.2))
JOB = st.tuples(PLACE, st.integers(15, 150), st.integers(1, 3), st.integers(1, 4), st.booleans())
CREW = st.tuples(PLACE, st.integers(1, 3), st.integers(1, 6))


@given(st.lists(JOB, max_size=12), st.lists(CREW, min_size=1, max_size=4))
@settings(max_examples=25)
def test_ways_can_be_driven(jobs: list[tuple[Place, int, int, int, bool]], crews: list[tuple[Place, int, int]]) -> None:
    """Whoever solves: nobody is sent who may not, at two places at once, or outside shift, home and way there."""
    problem = Problem(
        [_job(n, *one) for n, one in enumerate(jobs)],
        [crew_of(_technician(n, *one), MONDAY, ()) for n, one in enumerate(crews)],
        0,
    )

    for ways in (greedy(problem), vroom_ways(problem)):
        assert ways.visits + len(ways.left) == len(jobs)
        _check(problem, ways)


def test_all_jobs_at_once_need_less_travel_than_one_after_another() -> None:
    """On a ring of homes the solver drives round, where greedy zigzags."""
    spots = [
        (0.0, 0.2),
        (0.2, 0.0),
        (0.0, -0.2),
        (-0.2, 0.0),
        (0.15, 0.15),
        (-0.15, -0.15),
        (0.15, -0.15),
        (-0.15, 0.15),
    ]
    jobs = [_job(n, Place(50.9 + a, 7.0 + b), 30, 1, 3) for n, (a, b) in enumerate(spots)]
    problem = Problem(jobs, [crew_of(_technician(n, Place(50.9, 7.0), 1, 8), MONDAY, ()) for n in (0, 1)], 0)

    one_by_one, at_once = greedy(problem), vroom_ways(problem)

    assert (one_by_one.left, at_once.left) == ([], [])
    assert at_once.travel_min < one_by_one.travel_min


@given(st.lists(PLACE, min_size=2, max_size=5))
def test_the_matrix_says_what_the_single_way_says(places: list[Place]) -> None:
    """To the minute, rounded up."""
    matrix = travel_matrix_s(places)

    for a, start in enumerate(places):
        for b, end in enumerate(places):
            assert 0 <= matrix[a, b] / 60 - travel_min(start, end) <= 1 + 1e-6


def test_a_day_has_an_hour_less_when_clocks_go_forward() -> None:
    """A shift over the night of the change is as long as it really is."""
    day = date(2026, 3, 29)

    [span] = spans_on({"sun": [("00:00", "08:00")]}, "Europe/Berlin", day)

    assert span[1] - span[0] == 7 * 60 * MINUTE_MS
    assert day_span("Europe/Berlin", day)[1] - day_span("Europe/Berlin", day)[0] == 23 * 60 * MINUTE_MS
    assert span[1] == datetime(2026, 3, 29, 8, tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), max_size=5))
def test_cuts_leave_what_they_don_t_touch(cuts: list[tuple[int, int]]) -> None:
    """Minute by minute: what was in a span and in no cut is left, and nothing else."""
    spans = [(0, 20), (30, 60)]
    real = [(start, start + length) for start, length in cuts]

    left = without(spans, real)

    for minute in range(70):
        was = any(a <= minute < b for a, b in spans)
        is_cut = any(a <= minute < b for a, b in real)
        assert any(a <= minute < b for a, b in left) is (was and not is_cut)


def _check(problem: Problem, ways: Ways) -> None:
    jobs = {job.key: job for job in problem.jobs}
    for crew in ways.crews:
        assert len(crew.stops) <= crew.technician.visits_per_day
        free_ms, place = crew.spans[0][0], crew.technician.home
        for stop in crew.stops:
            job = jobs[stop.key]
            assert not hindrances(crew.technician, job, crew.day)
            assert stop.end_ms - stop.start_ms == job.minutes * MINUTE_MS
            assert stop.start_ms >= free_ms + int(travel_min(place, stop.place)) * MINUTE_MS
            assert any(a <= stop.start_ms and stop.end_ms <= b for a, b in crew.spans)
            free_ms, place = stop.end_ms, stop.place
        assert free_ms + int(travel_min(place, crew.technician.home)) * MINUTE_MS <= crew.spans[-1][1] or not crew.stops


def _job(n: int, place: Place, minutes: int, level: int, priority: int, is_short: bool = False) -> Job:
    hours = parse_hours("mon-sun 13:00-16:00") if is_short else {}
    home = Home(f"st_{n}", None, place, "west", "Europe/Berlin", hours)
    return Job(f"tk_{n}", (f"tk_{n}",), home, (Needs("dryer", None, minutes, level, ()),), priority)


def _technician(n: int, place: Place, level: int, visits: int) -> Technician:
    new = NewTechnician(
        "Ada", home=place, skills={"dryer": level}, shifts=SHIFT, time_zone="Europe/Berlin", visits_per_day=visits
    )
    values = {name: getattr(new, name) for name in NewTechnician.__dataclass_fields__}
    return Technician(id=f"te_{n}", version=1, **values)
