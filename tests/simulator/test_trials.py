"""Remote tests, as simulated appliances do them: sound ones measure what the profile calls healthy, worn ones do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.profiles import load_profiles
from simulator.bench import FleetBench, can_do
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.physics import KINDS
from simulator.trials import TRIALS
from simulator.trials.trial import Trial
from simulator.wear import GroupWear, Wear
from simulator.weather import DAY_MS
from tests.examples import some_of
from tests.simulator.made import START_MS

COUNT = 20
PROFILES = load_profiles()
TESTS = [(kind, name) for kind, trials in sorted(TRIALS.items()) for name in trials]
CONFIRMED = [
    (kind, mode.name)
    for kind, trials in sorted(TRIALS.items())
    for mode in PROFILES[kind].fault_modes.values()
    if mode.test in trials and mode.name in KINDS[kind].fault_modes
]


def _fleet(kind: str) -> Fleet:
    """Twenty sound appliances of one kind."""
    specification = read_fleet("household")
    only = replace(specification.kinds[kind], faults={})
    return Fleet(replace(specification, kinds={kind: only}), seed=11, appliances=COUNT, start_ms=START_MS)


def _measured(fleet: Fleet, kind: str, name: str) -> list[Trial]:
    test = PROFILES[kind].tests[name]
    seconds = float(test.args.get("seconds", test.limit_s))
    return [FleetBench(fleet, place, 5).run_test(test, seconds, START_MS + DAY_MS) for place in range(COUNT)]


def _share_healthy(trials: list[Trial], kind: str, name: str) -> float:
    """Of those that have the part and so measure something; at least a quarter does."""
    low, high = PROFILES[kind].tests[name].healthy
    measured = [trial.measured[PROFILES[kind].tests[name].measure] for trial in trials if trial.measured]
    assert len(measured) >= COUNT / 4
    return float(np.mean([low <= value <= high for value in measured]))


@pytest.mark.parametrize("kind", sorted(TRIALS))
def test_a_kind_can_do_every_test_of_its_profile(kind: str) -> None:
    """There is a trial for each test that the profile names, and for nothing else; their metrics are the profile's."""
    assert set(TRIALS[kind]) == set(PROFILES[kind].tests)
    fleet = _fleet(kind)
    for name, test in PROFILES[kind].tests.items():
        trial = FleetBench(fleet, 0, 5).run_test(test, 30.0, START_MS)
        assert {metric for _, metrics in trial.trace for metric in metrics} <= set(PROFILES[kind].metrics), name


@pytest.mark.parametrize(("kind", "name"), some_of(TESTS, 14))
def test_sound_appliances_measure_sound_values(kind: str, name: str) -> None:
    """At least 19 of 20 sound appliances measure what the profile calls healthy."""
    assert _share_healthy(_measured(_fleet(kind), kind, name), kind, name) >= 0.95


@pytest.mark.parametrize(("kind", "fault_mode"), some_of(CONFIRMED, 14))
def test_the_confirming_test_of_a_fault_finds_it(kind: str, fault_mode: str) -> None:
    """At the severity of failure the test that confirms a fault measures out of range on at least 9 of 10 appliances."""
    fleet = _fleet(kind)
    name = PROFILES[kind].fault_modes[fault_mode].test
    assert name is not None
    group = fleet.groups[0]
    worn = [
        (member, Wear(fault_mode, "part", START_MS - DAY_MS, DAY_MS // 2, "linear", 1.0)) for member in range(COUNT)
    ]
    group.group.members = replace(group.members, wear=GroupWear(worn))

    assert _share_healthy(_measured(fleet, kind, name), kind, name) <= 0.1


def test_the_same_moment_brings_the_same_to_light() -> None:
    """A trial depends on seed, appliance and moment only."""
    fleet = _fleet("dishwasher")

    assert _measured(fleet, "dishwasher", "drain_30_s") == _measured(fleet, "dishwasher", "drain_30_s")


def test_a_new_test_of_an_operators_profile_is_done_where_it_measures_something_known() -> None:
    """Another name, another command, another time, the same measure: no code is needed for it; what nobody measures is not told."""
    kind, known = "washing_machine", PROFILES["washing_machine"].tests["drain_60_s"]
    new = replace(known, name="drain_20_s", command="pump.pulse", args={"seconds": 20.0})

    trial = FleetBench(_fleet(kind), 0, 5).run_test(new, 20.0, START_MS + DAY_MS)

    assert can_do(kind, new)
    assert known.measure in trial.measured
    assert trial.seconds == 20.0
    assert not can_do(kind, replace(new, measure="happiness"))
    assert not can_do("generic", new)
