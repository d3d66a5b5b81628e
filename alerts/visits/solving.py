"""Ways of a day: which technician goes to which homes in which order, with the least travel.

Two solvers over the same problem. *Greedy* takes the jobs as they come, the most urgent first, and puts each where it adds
the least travel; it is what a good dispatcher does, and what the other is measured against. *VROOM* (a C++ library for
vehicle routing, here by ``pyvroom``) looks at all jobs at once; where it is not installed, greedy answers. The same
problem gives the same plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from alerts.place import Place
from alerts.travel import travel_matrix_s, travel_min
from alerts.visits.crew import MINUTE_MS, Crew, Fit, Stop, best_fit, hindrances, insert, windows
from alerts.visits.hours import Span, within
from alerts.visits.job import Job

EXPLORATION = 0
"""VROOM's least: the next level took eight times as long for a hundredth of the travel."""
MORE_THAN_GREEDY = 1.2
"""Of what waits, VROOM is asked for a fifth more than greedy finds a place for; the others wait for another day."""
THREADS = 2
PRIORITY_OF = {1: 100, 2: 60, 3: 30, 4: 10}
_SECOND_MS = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One day: what is to be done, by whom it may be, and from when on."""

    jobs: Sequence[Job]
    crews: Sequence[Crew]
    """Without stops: what must stay is a job that names its technician and its time."""
    not_before_ms: int


@dataclass(frozen=True, slots=True)
class Ways:
    """Who goes where in which order; ``left`` are jobs that found no place."""

    solver: str
    crews: Sequence[Crew]
    left: Sequence[Job]

    @property
    def travel_min(self) -> float:
        """All travel of the day, from homes to homes, in minutes."""
        return sum(crew.way_min() for crew in self.crews)

    @property
    def visits(self) -> int:
        """How many jobs found a place."""
        return sum(len(crew.stops) for crew in self.crews)


def solve(problem: Problem) -> Ways:
    """The ways of a day by the better solver that is there."""
    one_by_one = greedy(problem)
    if not problem.jobs or not problem.crews or find_spec("vroom") is None:
        return one_by_one
    most = int(MORE_THAN_GREEDY * one_by_one.visits) + 10
    planned = [job for job in problem.jobs if job.visit_id is not None]
    waiting = [job for job in problem.jobs if job.visit_id is None]
    asked, others = waiting[: max(0, most - len(planned))], waiting[max(0, most - len(planned)) :]
    ways = vroom_ways(replace(problem, jobs=[*planned, *asked]))
    return replace(ways, left=[*ways.left, *others])


def greedy(problem: Problem) -> Ways:
    """What must stay first, then each job, the most urgent first, where it adds the least travel."""
    crews = [Crew(crew.technician, crew.day, list(crew.spans), list(crew.stops)) for crew in problem.crews]
    left: list[Job] = []
    held = [job for job in problem.jobs if job.starts_ms is not None]
    free = [job for job in problem.jobs if job.starts_ms is None]
    free.sort(key=lambda job: (job.technician_id is None, job.priority, job.due_ms or 0))
    for job in (*held, *free):
        best: tuple[Crew, Fit] | None = None
        for crew in crews:
            if not may_go(crew, job):
                continue
            fit = best_fit(crew, job, not_before_ms=problem.not_before_ms, limits=limits_of(crew, job))
            if fit is not None and (best is None or fit.added_min < best[1].added_min):
                best = crew, fit
        if best is None:
            left.append(job)
        else:
            insert(best[0], job, best[1])
    return Ways("greedy", crews, left)


def may_go(crew: Crew, job: Job) -> bool:
    """Whether a technician may do a job on the day, its time aside; one that names its technician is nobody else's."""
    if job.technician_id is not None:
        return crew.technician.id == job.technician_id
    return not hindrances(crew.technician, job, crew.day)


def limits_of(crew: Crew, job: Job) -> list[Span]:
    """When a job may be done on a crew's day; one that names its time at that time only."""
    if job.starts_ms is not None:
        return [(job.starts_ms, job.starts_ms + job.minutes * MINUTE_MS)]
    return windows(job, crew.day)


def vroom_ways(problem: Problem) -> Ways:
    """The ways of a day by VROOM."""
    import vroom  # noqa: PLC0415  (it brings pandas: 1.5 s and 60 MB, which only a plan needs)

    asked = _Asked(problem)
    given = vroom.Input()
    given.set_durations_matrix(profile="car", matrix_input=travel_matrix_s(asked.places))
    given.add_vehicle([asked.vehicle(vroom, at) for at in range(len(problem.crews)) if problem.crews[at].spans])
    jobs = [asked.job(vroom, at) for at in range(len(problem.jobs)) if asked.windows[at]]
    if not jobs:
        return Ways("vroom", [_empty(crew) for crew in problem.crews], list(problem.jobs))
    given.add_job(jobs)
    solution = given.solve(exploration_level=EXPLORATION, nb_threads=THREADS)
    return asked.ways(solution.routes.to_dict("records"))


class _Asked:
    """The problem in VROOM's words: seconds since the first shift, numbers for places, skills as who may."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        first_ms = min((crew.spans[0][0] for crew in problem.crews if crew.spans), default=0)
        self.zero_ms = first_ms // MINUTE_MS * MINUTE_MS
        self.not_before_ms = -(-problem.not_before_ms // MINUTE_MS) * MINUTE_MS
        homes: list[Place | None] = [crew.technician.home for crew in problem.crews]
        self.places = [*homes, *(job.home.place for job in problem.jobs)]
        self.may = [
            [at for at, crew in enumerate(problem.crews) if crew.spans and may_go(crew, job)] for job in problem.jobs
        ]
        self.windows = [self._windows(at, job) for at, job in enumerate(problem.jobs)]
        everybody = [at for at, crew in enumerate(problem.crews) if crew.spans]
        groups = {tuple(who) for who in self.may if who != everybody}
        self.skill: Mapping[tuple[int, ...], int] = {who: n for n, who in enumerate(sorted(groups), start=1)}

    def vehicle(self, vroom: Any, at: int) -> Any:
        """A technician: the shift, its pauses, and the jobs that are theirs to do."""
        crew = self.problem.crews[at]
        spans = crew.spans
        pauses = [
            vroom.Break(n, time_windows=[self._window(vroom, (end, end))], service=self._s(start) - self._s(end))
            for n, ((_, end), (start, _)) in enumerate(pairwise(spans), start=1)
        ]
        return vroom.Vehicle(
            at + 1,
            start=at,
            end=at,
            profile="car",
            skills={n for who, n in self.skill.items() if at in who},
            time_window=self._window(vroom, (max(spans[0][0], self.zero_ms), spans[-1][1])),
            breaks=pauses,
            max_tasks=crew.technician.visits_per_day,
        )

    def job(self, vroom: Any, at: int) -> Any:
        """A job: where, how long, who may, when, and how urgent."""
        job = self.problem.jobs[at]
        return vroom.Job(
            at + 1,
            location=len(self.problem.crews) + at,
            default_service=job.minutes * 60,
            skills={n for n in (self.skill.get(tuple(self.may[at])),) if n is not None},
            priority=100 if job.visit_id is not None else PRIORITY_OF.get(job.priority, 10),
            time_windows=[self._window(vroom, span) for span in self.windows[at]],
        )

    def ways(self, steps: Sequence[Mapping[str, Any]]) -> Ways:
        """The answer in our words; waiting is before the door."""
        crews = [_empty(crew) for crew in self.problem.crews]
        done = set()
        for step in steps:
            if step["type"] != "job":
                continue
            job, crew = self.problem.jobs[int(step["id"]) - 1], crews[int(step["vehicle_id"]) - 1]
            start_ms = self.zero_ms + (int(step["arrival"]) + int(step["waiting_time"])) * _SECOND_MS
            before = crew.stops[-1].place if crew.stops else crew.technician.home
            way = travel_min(before, job.home.place)
            crew.stops.append(Stop(job.key, job.home.place, start_ms, start_ms + job.minutes * MINUTE_MS, way))
            done.add(job.key)
        return Ways("vroom", crews, [job for job in self.problem.jobs if job.key not in done])

    def _windows(self, at: int, job: Job) -> list[Span]:
        """When a job may begin, which is what VROOM asks: the spans without the time that it takes."""
        if not self.may[at]:
            return []
        length = job.minutes * MINUTE_MS
        crew = self.problem.crews[self.may[at][0]]
        spans = limits_of(crew, job)
        if job.starts_ms is None:
            spans = within(spans, [(self.not_before_ms, spans[-1][1])]) if spans else []
        return [
            (max(start, self.zero_ms), end - length) for start, end in spans if end - length >= max(start, self.zero_ms)
        ]

    def _window(self, vroom: Any, span: Span) -> Any:
        return vroom.TimeWindow(self._s(span[0]), self._s(span[1]))

    def _s(self, at_ms: int) -> int:
        return max(0, (at_ms - self.zero_ms) // _SECOND_MS)


def _empty(crew: Crew) -> Crew:
    return Crew(crew.technician, crew.day, list(crew.spans))
