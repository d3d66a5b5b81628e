"""From physics to findings: what the simulator breaks, the detectors find under its name, and sound appliances stay quiet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectors.finding import Channel, Finding
from detectors.fleet_backtest import run_fleet_backtest
from ingest.profiles import load_profiles
from simulator.distribution import Distribution
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder
from simulator.specification import FleetSpecification
from tests.simulator.made import START_MS, calm_fleet

SOUND = 3
DAYS = 42
ONSET_DAY = 24.0


def _broken(kind: str, modes: list[str], surely: dict[str, float]) -> tuple[FleetSpecification, int]:
    """A fleet of one kind, used every day, with one appliance for each of these faults, and some without; how many."""
    household = calm_fleet(read_fleet("household"))
    count = len(modes) + SOUND
    faults = {
        mode: replace(
            household.kinds[kind].faults[mode],
            share=1 / count, law="linear", shape=1.0, mild_share=0.0,
            onset=Distribution(ONSET_DAY, ONSET_DAY), duration=Distribution(12.0, 12.0),
        )
        for mode in modes
    }  # fmt: skip
    parameters = {name: Distribution(value, value) for name, value in surely.items()}
    daily = replace(
        household.kinds[kind],
        share=1.0, faults=faults, programmes_per_year=Distribution(360.0, 400.0),
        parameters={**household.kinds[kind].parameters, **parameters},
    )  # fmt: skip
    return replace(household, kinds={kind: daily}), count


def _of_appliances(findings: list[Finding]) -> dict[str, list[str]]:
    """Appliance → fault modes that were found of it, in their order; what is said of its data is left out."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        if finding.channel is not Channel.DATA:
            found.setdefault(finding.appliance_id, []).append(finding.fault_mode)
    return found


@pytest.mark.parametrize(
    ("kind", "surely", "modes"),
    [
        ("dishwasher", {}, ["heater_failure", "circulation_pump_wear", "spray_arm_blockage", "filter_clog", "leak"]),
        ("dryer", {"heat_pump_share": 0.0}, ["vent_clog", "heating_element_failure", "blower_wheel_failure", "belt_slip"]),
        ("dryer", {"heat_pump_share": 1.0}, ["heat_pump_lint", "condensate_pump_failure", "drum_roller_wear"]),
    ],
)  # fmt: skip
def test_a_broken_appliance_is_found_and_a_sound_one_is_not(
    kind: str, surely: dict[str, float], modes: list[str], tmp_path: Path
) -> None:
    """Of daily used appliances, each that breaks is found first under its own fault mode, and no sound one at all."""
    specification, count = _broken(kind, modes, surely)
    fleet = Fleet(specification, seed=2, appliances=count, start_ms=START_MS)
    write_folder(fleet, tmp_path, days=DAYS)

    found = _of_appliances(run_fleet_backtest(tmp_path, load_profiles()))

    true = {fault.appliance_id: fault.wear.fault_mode for fault in fleet.truth.faults}
    assert len(true) == len(modes)
    assert {appliance: modes[0] for appliance, modes in found.items()} == true
