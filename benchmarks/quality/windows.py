"""Whether faults fail within the windows that are told of them: fleets that had no part in finding how windows are made.

Many faults, each as long as its fleet says (replay.py shortens them otherwise), over fourteen months, so that most can fail
within the record. What is stated is the chance of a fault that comes to fail; of the others it is counted how many windows passed.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.quality.replay import Recorded, as_raised, dense, found, recorded
from detectors.evaluation import intervals
from detectors.evaluation.matching import match
from detectors.evaluation.stated import Stated, Window, stated
from simulator.distribution import Distribution
from simulator.fleet_file import read_fleet

FLEETS = (("household", 92_601), ("hard", 92_602))
APPLIANCES, DAYS = 84, 420
ONSET_DAYS, LONGEST_DAYS, INTERVAL_S = Distribution(25.0, 70.0), 2000.0, 1800.0


def measure() -> Iterator[Figure]:
    """Coverage over both fleets and of each, in votes of appliances."""
    told = [measured(_fleet(name, seed)) for name, seed in FLEETS]
    for (name, seed), one in zip(FLEETS, told, strict=True):
        yield from _figures(f"{name}, seed {seed}", one)
    faults, covered = sum(one.faults for one in told), sum(one.covered for one in told)
    if faults:
        ends = intervals.of_share(round(covered), faults)
        between = "" if ends is None else f", 95 % {ends[0]:.2f} to {ends[1]:.2f}"
        yield Figure("window_coverage", covered / faults, f"stated .8{between}", faults)


def measured(fleet: Recorded) -> Stated:
    """The windows of a recorded fleet, held against its truth."""
    said = found(fleet)
    windows = [
        Window(one.appliance_id, one.fault_mode, one.raised_ms, one.told_ms, *one.failure_window_ms[:2])
        for one in said
        if one.told_ms is not None and one.failure_window_ms is not None
    ]
    return stated(match(fleet.truth, as_raised(said)).told, windows)


def _fleet(name: str, seed: int) -> Recorded:
    specification = dense(read_fleet(name), onset=ONSET_DAYS, longest_days=LONGEST_DAYS, interval_s=INTERVAL_S)
    return recorded(specification, seed, appliances=APPLIANCES, days=DAYS)


def _figures(about: str, one: Stated) -> Iterator[Figure]:
    if one.coverage is not None:
        yield Figure("window_coverage", one.coverage, f"{about}, of faults that failed", one.faults)
    yield Figure("windows_passed", one.passed, f"{about}, faults of which a window passed and none failed", one.faults)
    if one.width_d is not None:
        yield Figure("window_width_d", one.width_d, f"{about}, median days from its begin to its end", one.windows)
