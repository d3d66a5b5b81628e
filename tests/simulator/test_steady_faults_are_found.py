"""From physics to finding: a small fleet of a kind with strong faults, told as files, judged by the live detectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectors.backtest.fleet import run_fleet_backtest, write_findings
from detectors.evaluation.figures import evaluate
from ingest.profiles import load_profiles
from simulator.distribution import Distribution
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder
from tests.simulator.made import calm_fleet
from tests.simulator.moves import SUMMER_MS, WINTER_MS

DAYS = 46
FAULTS = {
    "air_conditioner": (SUMMER_MS, ("refrigerant_leak", "outdoor_fan_wear")),
    "water_heater": (WINTER_MS, ("scale", "tank_leak")),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_strong_faults_are_found_and_sound_appliances_left_alone(kind: str, tmp_path: Path) -> None:
    """Two faults of each kind that grow within three weeks are named before they fail; the sound ones raise nothing."""
    start_ms, modes = FAULTS[kind]
    fleet = calm_fleet(read_fleet("household"))
    known = fleet.kinds[kind]
    growing = {
        mode: replace(
            known.faults[mode], share=0.2, law="linear", mild_share=0.0,
            onset=Distribution(20.0, 22.0), duration=Distribution(20.0, 23.0),
        )
        for mode in modes
    }  # fmt: skip
    south = {"south": fleet.regions["south"]}  # where it is warm enough in summer for cooling
    only = replace(fleet, regions=south, kinds={kind: replace(known, share=1.0, faults=growing)})
    write_folder(Fleet(only, seed=5, appliances=10, start_ms=start_ms), tmp_path / "fleet", days=DAYS)

    findings = run_fleet_backtest(tmp_path / "fleet", load_profiles(), alarms_per_year=0.02)
    write_findings(findings, tmp_path)

    rows = {row.about.fault_mode: row for row in evaluate(tmp_path / "fleet", tmp_path / "findings.csv")}
    for mode in modes:
        assert rows[mode].slow.n == 2
        assert rows[mode].top1 == 2
        assert (rows[mode].slow.median_lead_d or 0.0) > 3
    assert rows[None].false == 0
