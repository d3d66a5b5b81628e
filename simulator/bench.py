"""Bench: tries out one appliance of a fleet, by its own parameters, in its own home, with its own wear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ingest.profiles import load_profiles
from ingest.profiles.definition import RemoteTest
from simulator.arrays import FloatArray
from simulator.fleet import Fleet
from simulator.trials import TRIALS
from simulator.trials.trial import Trial, TrialMaker, Tried


@dataclass(frozen=True, slots=True)
class FleetBench:
    """The bench under the appliance at ``place`` of a fleet."""

    fleet: Fleet
    place: int
    seed: int
    ill: Mapping[str, FloatArray] | None = None
    """What it has instead of its own wear: fault mode → severity; only to find out what its tests see."""

    def run_test(self, test: RemoteTest, seconds: float, now_ms: int) -> Trial:
        """What the test brings to light now; the same seed, appliance and moment give the same."""
        group = next(one for one in reversed(self.fleet.groups) if one.members.first <= self.place)
        member = self.place - group.members.first
        rng = np.random.default_rng([self.seed, 10, self.place, now_ms])
        conditions = group.conditions(member, now_ms, rng)
        if self.ill is not None:
            conditions = replace(conditions, severity=self.ill)
        parameters = {name: values[[member]] for name, values in group.members.parameters.items()}
        make = _maker(self.fleet.appliances[self.place].kind, test)
        assert make is not None, f"{test.name} is not among the tests of this appliance"  # noqa: S101  (it is never told at birth)
        return make(Tried(parameters, conditions, seconds, rng))


def can_do(kind: str, test: RemoteTest) -> bool:
    """Whether simulated appliances of this kind know how to do the test."""
    return _maker(kind, test) is not None


def _maker(kind: str, test: RemoteTest) -> TrialMaker | None:
    """What does the test: by its name, or, where an operator's profile has a new one, what measures the same."""
    known = TRIALS.get(kind, {})
    if test.name in known or not known:
        return known.get(test.name)
    alike = (one.name for one in load_profiles()[kind].tests.values() if one.measure == test.measure)
    return next((known[name] for name in alike if name in known), None)
