"""What ``fettle train`` learns of simulated fleets, judged on fleets of other seeds: beside evidence alone and beside the mean rate.

Verdicts are those that a desk would have (learning/verdicts.py). Faults come within the record (replay.dense). Failures are judged
twice: at the units of which something stands, and at a look every ten days at every appliance, most of which are quiet.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.quality.replay import START_MS, dense
from benchmarks.quality.series import profiles
from detectors.learning.cases import Cases, gathered
from detectors.learning.comparing import compared, failing_of, looked_at
from detectors.learning.scores import Judged, Score, calibration_error, scored, skill
from detectors.learning.training import trained
from simulator.distribution import Distribution
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder
from simulator.raw import raw

LEARNED, HELD_OUT = (
    (("household", 95_001), ("household", 95_002), ("hard", 95_003)),
    (("hard", 95_004), ("household", 95_006)),
)
APPLIANCES, DAYS = 140, 200
ONSET_DAYS, LONGEST_DAYS, INTERVAL_S = Distribution(25.0, 120.0), 120.0, 3600.0


def measure() -> Iterator[Figure]:
    """Learn of some fleets, and judge the others."""
    with tempfile.TemporaryDirectory() as name:
        learned, held_out = (_cases(fleets, Path(name)) for fleets in (LEARNED, HELD_OUT))
    fit = trained(learned).as_fit("benchmark")
    about = f"learned on seeds {_seeds(LEARNED)}, judged on {_seeds(HELD_OUT)}"
    found = compared(held_out, fit, None)
    for title, each in found.figures.items():
        for who, value in each.items():
            yield _figure(f"{title}, {who}", value, about, found.findings)
    for title, judged in (
        ("at units that stand", failing_of(held_out, fit)),
        ("at all looks", looked_at(held_out, fit)),
    ):
        if judged is not None:
            yield from _failing(title, judged, about)


def _failing(title: str, judged: Judged, about: str) -> Iterator[Figure]:
    """Skill over the mean rate, and calibration error."""
    yield _figure(f"fails_30d_skill, {title}", scored(skill, judged), about, len(judged.labels))
    yield _figure(f"fails_30d_calibration_error, {title}", scored(calibration_error, judged), about, len(judged.labels))


def _figure(name: str, value: Score | float, about: str, count: int) -> Figure:
    if isinstance(value, Score):
        return Figure(name, value.value, f"{about}, 95 % {value.low:.3f} to {value.high:.3f}", count)
    return Figure(name, value, about, count)


def _cases(fleets: tuple[tuple[str, int], ...], folder: Path) -> Cases:
    """What stood in simulated fleets, and what came of it."""
    for name, seed in fleets:
        specification = dense(read_fleet(name), onset=ONSET_DAYS, longest_days=LONGEST_DAYS, interval_s=INTERVAL_S)
        fleet = Fleet(raw(specification), seed=seed, appliances=APPLIANCES, start_ms=START_MS)
        write_folder(fleet, folder / str(seed), days=DAYS)
    return gathered([folder / str(seed) for _, seed in fleets], profiles())


def _seeds(fleets: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(str(seed) for _, seed in fleets)
