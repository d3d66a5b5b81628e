"""What happens to a fleet beside wear: moves, settings, firmware, repairs, silences; and what truth tells of it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from simulator.distribution import Distribution
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder
from simulator.reports import Reports
from simulator.specification import FleetSpecification, Weibull
from simulator.wear import DAY_MS
from tests.simulator.made import START_MS, calm_fleet, column, run_days


def _only(specification: FleetSpecification, kind: str) -> FleetSpecification:
    return replace(specification, kinds={kind: replace(specification.kinds[kind], share=1.0)})


def _events(chunk: Reports, kind: str) -> list[tuple[int, int]]:
    return [(one.appliance, one.ts_ms) for one in chunk.happenings if one.type == kind]


def test_half_a_fleet_gets_a_firmware_that_reads_differently() -> None:
    """Every second refrigerator tells of its update, and from then on its condenser reads 0.8 K hotter; the others' not."""
    calm = _only(calm_fleet(read_fleet("household")), "refrigerator")
    updated = replace(calm, cohorts=replace(calm.cohorts, update_share=0.5, update_day=2.0, update_spread_days=1.0))
    sound = run_days(Fleet(calm, seed=4, appliances=60, start_ms=START_MS), 6, kind="refrigerator")

    shifted = run_days(Fleet(updated, seed=4, appliances=60, start_ms=START_MS), 6, kind="refrigerator")

    told = dict(_events(shifted, "firmware_updated"))
    assert 20 <= len(told) <= 40
    moved = column(shifted, "condenser_c") - column(sound, "condenser_c")
    since = np.array([told.get(int(who), 2**62) for who in shifted.appliance])
    after = shifted.ts_ms >= since
    assert np.nanmean(moved[after]) == pytest.approx(0.8, abs=0.01)
    assert np.nanmax(np.abs(moved[~after])) < 0.01


def test_a_silence_takes_everything_with_it() -> None:
    """What was to be told in a gap never comes, be it a reading or an event; what is told otherwise is the same."""
    calm = _only(calm_fleet(read_fleet("household")), "washing_machine")
    gaps = replace(calm, life=replace(calm.life, gaps_per_year=60.0, gap_days=Distribution(1.0, 2.0)))
    whole = run_days(Fleet(calm, seed=4, appliances=10, start_ms=START_MS), 14, kind="washing_machine")
    fleet = Fleet(gaps, seed=4, appliances=10, start_ms=START_MS)

    broken = run_days(fleet, 14, kind="washing_machine")

    silences = fleet.groups[0].life.silences
    assert 0.5 < len(broken) / len(whole) < 0.95
    assert len(broken.happenings) < len(whole.happenings)
    for one in silences:
        within = (broken.ts_ms >= one.start_ms) & (broken.ts_ms < one.end_ms)
        assert not (broken.appliance[within] == one.member).any()
        assert not any(h.appliance == one.member and one.start_ms <= h.ts_ms < one.end_ms for h in broken.happenings)


def test_people_set_their_refrigerators_anew() -> None:
    """A change of a setting is told with its values, and from then on the appliance holds the new one."""
    calm = _only(calm_fleet(read_fleet("household")), "refrigerator")
    busy = replace(calm, life=replace(calm.life, setting_changes_per_year=40.0))

    chunk = run_days(Fleet(busy, seed=4, appliances=20, start_ms=START_MS), 12, kind="refrigerator")

    told = [one for one in chunk.happenings if one.type == "setting_changed" and one.data["name"] == "fresh_set_c"]
    assert told
    last = {one.appliance: one for one in told}
    for who, one in last.items():
        assert one.data["from"] != one.data["to"]
        assert column(chunk, "fresh_food_set_c")[chunk.appliance == who][-1] == one.data["to"]


def test_a_move_is_told_and_brings_another_home() -> None:
    """After some silent days the appliance says that it was moved; its kitchen is another one from then on."""
    calm = _only(calm_fleet(read_fleet("household")), "refrigerator")
    moving = replace(calm, life=replace(calm.life, moves_per_year=20.0, move_days=Distribution(1.0, 2.0)))
    stay = run_days(Fleet(calm, seed=4, appliances=12, start_ms=START_MS), 12, kind="refrigerator")

    chunk = run_days(Fleet(moving, seed=4, appliances=12, start_ms=START_MS), 12, kind="refrigerator")

    told = dict(_events(chunk, "moved"))
    assert len(told) >= 4
    for who, at_ms in told.items():
        mine, before = chunk.appliance == who, stay.appliance == who
        assert not (mine & (chunk.ts_ms >= at_ms - DAY_MS) & (chunk.ts_ms < at_ms)).any()
        new = column(chunk, "ambient_c")[mine & (chunk.ts_ms >= at_ms)]
        if len(new) > 50:
            assert abs(new.mean() - column(stay, "ambient_c")[before & (stay.ts_ms >= at_ms)].mean()) > 0.01


def test_what_breaks_is_repaired_and_may_read_differently_then() -> None:
    """A repair is told as part_replaced; the fault is gone, and truth knows which metric reads differently since."""
    household = read_fleet("household")
    rules = replace(household.wear, repaired_share=1.0, repair_days=Distribution(1.0, 1.0), baseline_sd=0.05)
    rules = replace(rules, abrupt_share=1.0, abrupt_days=Distribution(2.0, 2.0))
    fault = replace(
        household.kinds["refrigerator"].faults["evaporator_fan_wear"], share=0.5, onset=Distribution(1.0, 2.0)
    )
    kind = replace(household.kinds["refrigerator"], share=1.0, faults={"evaporator_fan_wear": fault}, batch=None)
    specification = replace(calm_fleet(household), wear=replace(rules), kinds={"refrigerator": kind})
    fleet = Fleet(specification, seed=4, appliances=20, start_ms=START_MS)

    chunk = run_days(fleet, 8, kind="refrigerator")

    told = dict(_events(chunk, "part_replaced"))
    assert {one.member for one in fleet.groups[0].life.shifts} == set(told)
    assert 5 <= len(told) <= 10
    speed = column(chunk, "evaporator_fan_rpm")
    for who, at_ms in told.items():
        mine = (chunk.appliance == who) & (speed > 0)
        failed = speed[mine & (chunk.ts_ms < at_ms) & (chunk.ts_ms > at_ms - DAY_MS)].mean()
        again = speed[mine & (chunk.ts_ms > at_ms + 7_200_000)].mean()
        assert 0.55 < failed / again < 0.9


def test_onsets_by_age_and_use_come_with_age_and_use(specification: FleetSpecification) -> None:
    """With wear (Weibull shape 4) old machines fail sooner than young ones; with use, those that wash more."""
    kind = specification.kinds["washing_machine"]
    fault = replace(kind.faults["bearing_wear"], share=1.0, mild_share=0.0)
    ages = replace(fault, onset=Weibull(4.0, 4000.0))
    uses = replace(fault, onset=Weibull(4.0, 2500.0), is_onset_in_uses=True, is_duration_in_uses=True)
    onset_days = {}
    for name, one in (("age", ages), ("use", uses)):
        fleets = replace(
            specification, kinds={"washing_machine": replace(kind, share=1.0, faults={"bearing_wear": one})}
        )
        fleet = Fleet(fleets, seed=4, appliances=300, start_ms=START_MS)
        first = {one.appliance_id: one.wear.onset_ms for one in reversed(fleet.truth.faults)}
        onset_days[name] = np.array(
            [(first.get(one.id, fleet.start_ms + 2000 * DAY_MS) - fleet.start_ms) / DAY_MS for one in fleet.appliances]
        )
    age_days = np.array([(fleet.start_ms - one.installed_ms) / DAY_MS for one in fleet.appliances])
    per_year = fleet.groups[0].group.members.uses_per_year

    assert np.corrcoef(age_days, onset_days["age"])[0, 1] < -0.3
    assert np.corrcoef(age_days * per_year, onset_days["use"])[0, 1] < -0.3
    assert min(onset_days["age"].min(), onset_days["use"].min()) > 0


def test_a_weak_batch_fails_more_often_and_is_of_one_age() -> None:
    """The batch is one model, installed within 60 days, and has many times the faults of the others."""
    specification = _only(read_fleet("household"), "refrigerator")
    fleet = Fleet(specification, seed=4, appliances=1500, start_ms=START_MS)
    weak = {one.appliance_id for one in fleet.truth.batches}
    members = [one for one in fleet.appliances if one.id in weak]
    leaking = {one.appliance_id for one in fleet.truth.faults if one.wear.fault_mode == "refrigerant_leak"}

    installed = [one.installed_ms for one in members]

    assert 30 < len(members) < 90
    assert {one.model for one in members} == {specification.kinds["refrigerator"].models[0]}
    assert max(installed) - min(installed) <= 60 * DAY_MS
    assert len(leaking & weak) / len(weak) > 4 * len(leaking - weak) / (1500 - len(weak))


def test_appliances_share_homes() -> None:
    """In a household fleet a home has several appliances of different kinds, never two of one, and one region."""
    fleet = Fleet(read_fleet("household"), seed=4, appliances=120, start_ms=START_MS)
    homes: dict[str, list[str]] = {}
    regions: dict[str, set[str]] = {}
    for one in fleet.appliances:
        homes.setdefault(one.home, []).append(one.kind)
        regions.setdefault(one.home, set()).add(one.region)

    assert max(len(kinds) for kinds in homes.values()) >= 2
    assert all(len(kinds) == len(set(kinds)) for kinds in homes.values())
    assert all(len(names) == 1 for names in regions.values())


def test_models_differ_as_a_whole(specification: FleetSpecification) -> None:
    """Where models differ, the appliances of one have something in common, in every group of the kind."""
    one_kind = _only(specification, "refrigerator")
    differing = replace(one_kind, cohorts=replace(one_kind.cohorts, model_sd=0.3))
    fleet = Fleet(differing, seed=4, appliances=1200, start_ms=START_MS)

    means = [
        {
            model: np.mean(values[[one.model == model for one in mine]])
            for model in one_kind.kinds["refrigerator"].models
        }
        for group in fleet.groups[:2]
        for values in [group.group.members.parameters["evaporator_fan_rpm"]]
        for mine in [fleet.appliances[group.group.members.first :][: len(values)]]
    ]

    assert max(means[0].values()) / min(means[0].values()) > 1.1
    for model, mean in means[0].items():
        assert means[1][model] == pytest.approx(mean, rel=0.03)


def test_truth_has_files_of_its_own(tmp_path: Path) -> None:
    """Onsets, severity over time, failures, lying sensors and shifts stand in ``truth/``, and nowhere else."""
    fleet = Fleet(read_fleet("hard"), seed=4, appliances=300, start_ms=START_MS)
    until_ms = fleet.start_ms + 200 * DAY_MS

    fleet.truth.write(tmp_path, until_ms=until_ms)

    severity = pq.read_table(tmp_path / "severity.parquet")
    with (tmp_path / "faults.csv").open(encoding="utf-8") as file:
        faults = list(csv.DictReader(file))
    assert severity.column_names == ["id", "fault_mode", "ts", "severity"]
    assert set(severity["id"].to_pylist()) == {one["id"] for one in faults}
    assert 0 <= np.min(severity["severity"].to_numpy()) <= np.max(severity["severity"].to_numpy()) <= 1
    assert {one["kind_of_onset"] for one in faults} == {"gradual", "abrupt"}
    with (tmp_path / "shifts.csv").open(encoding="utf-8") as file:
        causes = {one["cause"].split()[0] for one in csv.DictReader(file)}
    assert "firmware_updated" in causes
    assert (tmp_path / "batches.csv").read_text(encoding="utf-8").startswith("id,fault_mode\n")


@pytest.mark.parametrize("name", ["easy", "hard", "wild"])
def test_the_named_fleets_run_and_repeat_themselves(name: str, tmp_path: Path) -> None:
    """Each named fleet fills a folder, twice with the same bytes."""
    told = []
    for run in "ab":
        write_folder(Fleet(read_fleet(name), seed=2, appliances=14, start_ms=START_MS), tmp_path / run, days=1)
        told.append({p.relative_to(tmp_path / run): p.read_bytes() for p in (tmp_path / run).rglob("*") if p.is_file()})

    assert told[0] == told[1]
    assert len(told[0]) >= 9
