"""From which severity remote tests see a fault: what the profiles say as ``sees_from`` comes from here.

Appliances of the fleet ``hard``, as they are without wear, are given one fault at each severity of a grid and tested by the
service's own inference. A test sees from the least severity from which on it confirms at least :data:`SEEN` of them. The
seeds are others than those on which tests are measured.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from alerts.remote.inference import SURE, positivity
from benchmarks.remote_tests import START_MS
from ingest.profiles import load_profiles
from ingest.profiles.definition import RemoteTest
from simulator.bench import FleetBench, can_do
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.weather import DAY_MS

SEEDS = (7301, 7302)
APPLIANCES = 400
EACH = 40
GRID = np.round(np.arange(0.05, 1.001, 0.05), 2)
SEEN = 0.8


def seen() -> Iterator[tuple[str, str, str, list[float]]]:
    """(kind, test, fault mode, share confirmed at each severity of the grid)."""
    fleets = [Fleet(read_fleet("hard"), seed=seed, appliances=APPLIANCES, start_ms=START_MS) for seed in SEEDS]
    for kind, profile in load_profiles().items():
        for mode in profile.fault_modes.values():
            if mode.test is None or not can_do(kind, profile.tests[mode.test]):
                continue
            benches = [
                FleetBench(fleet, place, fleet.seed)
                for fleet in fleets
                for place, one in enumerate(fleet.appliances)
                if one.kind == kind
            ][:EACH]
            yield kind, mode.test, mode.name, _shares(benches, profile.tests[mode.test], mode.name)


def _shares(benches: list[FleetBench], test: RemoteTest, fault_mode: str) -> list[float]:
    shares = []
    for place, severity in enumerate(GRID.tolist()):
        ill = {fault_mode: np.array([severity])}
        said = []
        for bench in benches:
            one = replace(bench, ill=ill)
            value = one.run_test(test, float(test.args.get("seconds", test.limit_s)), START_MS + place * DAY_MS)
            if test.measure in value.measured:
                said.append(positivity(test, float(value.measured[test.measure])) >= SURE)
        shares.append(float(np.mean(said)) if said else 0.0)
    return shares


def sees_from(shares: list[float]) -> float:
    """The least severity from which on enough are confirmed; 1 where only failure is seen."""
    short = np.flatnonzero(np.array(shares) < SEEN)
    after = int(short[-1]) + 1 if len(short) else 0
    return float(GRID[min(after, len(GRID) - 1)])


if __name__ == "__main__":
    for kind, test, fault_mode, shares in seen():
        told = " ".join(f"{share:.2f}" for share in shares)
        sys.stdout.write(f"{kind:16} {test:24} {fault_mode:28} {sees_from(shares):.2f}  {told}\n")
