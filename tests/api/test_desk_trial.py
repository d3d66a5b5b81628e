"""The after-sales world: the same for the same seed, worked by the desk's own code, counted with intervals."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.customers.sealing import Seal, new_key
from api.desk_trial.case import Case
from api.desk_trial.figures import lines, span_of
from api.desk_trial.trial import run_trial
from ingest.profiles import load_profiles
from simulator.people.after_sales import AfterSalesWorld, draw_world

START_MS = 1_772_409_600_000
PROFILES = load_profiles()


def world(seed: int = 5, *, days: int = 1, per_day: float = 2.0) -> AfterSalesWorld:
    """A small one."""
    return draw_world(seed, PROFILES, start_ms=START_MS, days=days, per_day=per_day, technicians=2)


def test_a_world_is_its_seeds() -> None:
    """The same faults to the last draw; another seed another world; the likeliest cause is most often the true one."""
    faults = world(days=200).faults
    named = [one.mode is not None and one.mode.name == one.named.name for one in faults]

    assert world(days=200) == world(days=200)
    assert world(6) != world(5)
    assert 0.6 < sum(named) / len(named) < 0.8
    assert 0.05 < sum(one.mode is None for one in faults) / len(faults) < 0.15


def test_each_kind_has_somebody_who_knows_all_of_it() -> None:
    """However chance falls, no fault waits for ever for want of skill."""
    people = world().technicians

    assert all(any(one.skills.get(kind) == 3 for one in people) for kind in PROFILES if PROFILES[kind].fault_modes)


@pytest.mark.parametrize("way", ["desk", "naive"])
def test_faults_are_worked_to_their_end_through_the_desk(tmp_path: Path, empty_database: Path, way: str) -> None:
    """Every finding is a ticket, everybody is visited or helped from afar, and each case is counted."""
    small = world()
    needed = [one.part for one in small.faults[:2] if one.part]
    two = replace(small, faults=small.faults[:2], skus=needed)
    shutil.copyfile(empty_database, tmp_path / f"{way}.db")

    cases = run_trial(tmp_path, two, PROFILES, way, Seal((new_key(),)))

    assert len(cases) == len(two.faults) > 0
    assert all(one.over_ms is not None and one.days > 0 for one in cases)
    assert all(one.visits > 0 for one in cases) or way == "desk"
    assert all(1 <= one.stars <= 5 and one.cost > 0 for one in cases)


def test_what_is_not_over_counts_nowhere_and_differences_are_of_the_same_faults() -> None:
    """Two visits against one on the first fault; the second is open on one side and has no difference."""
    first, second = world(days=5).faults[:2]
    desk = [Case(first, "1", visits=1, over_ms=first.at_ms + 1), Case(second, "2", visits=1, over_ms=second.at_ms + 1)]
    naive = [Case(first, "1", visits=2, over_ms=first.at_ms + 1), Case(second, "2", visits=5)]

    [visits] = [one for one in lines(desk, naive) if one.name == "visits_per_fault"]

    assert visits.desk is not None
    assert (visits.desk.mean, visits.desk.n) == (1.0, 2)
    assert (visits.naive, visits.difference) == (None, None)
    assert span_of([1.0]) is None
