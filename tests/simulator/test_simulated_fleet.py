"""Fleets: one seed, one run; what is reported, and what only the truth tells."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ingest.profiles import load_profiles
from simulator.fleet import Fleet
from simulator.folder import write_folder
from simulator.physics import KINDS, washing_machine
from simulator.reports import join
from simulator.specification import FleetSpecification
from simulator.weather import DAY_MS
from tests.simulator.made import START_MS, column, run_days


def _digest(fleet: Fleet, days: int) -> str:
    found = hashlib.sha256()
    for day in range(days):
        for chunk in fleet.advance(fleet.start_ms + (day + 1) * DAY_MS):
            for part in (chunk.appliance, chunk.ts_ms, chunk.mode, chunk.cycle, chunk.values):
                found.update(np.ascontiguousarray(part).tobytes())
            found.update(repr(chunk.happenings).encode())
    return found.hexdigest()


def test_one_seed_is_one_run(specification: FleetSpecification) -> None:
    """The same specification, seed and size give the same bytes; another seed gives others."""
    first, again, other = (
        _digest(Fleet(specification, seed=seed, appliances=30, start_ms=START_MS), 4) for seed in (7, 7, 8)
    )

    assert first == again
    assert first != other


def test_what_is_told_does_not_depend_on_how_time_is_cut(specification: FleetSpecification) -> None:
    """Live, hour by hour, and as a file, day by day, the same seed tells the same readings and events."""
    hours = (1, 2, 7, 24, 25, 31, 48)
    told = []
    for cuts in ((24, 48), hours):
        fleet = Fleet(specification, seed=7, appliances=30, start_ms=START_MS)
        fleet.go_live(fleet.start_ms + DAY_MS)
        chunks = [one for hour in cuts for one in fleet.advance(fleet.start_ms + hour * 3_600_000)]
        told.append([join([one for one in chunks if one.kind == kind]) for kind in specification.kinds])

    for once, again in zip(*told, strict=True):
        assert (once.ts_ms == again.ts_ms).all()
        assert (once.appliance == again.appliance).all()
        np.testing.assert_array_equal(once.values, again.values)
        assert once.happenings == again.happenings
        assert len(once) > 1000


def test_a_fleet_goes_live_before_it_tells(specification: FleetSpecification) -> None:
    """What is told already can't be told again at other intervals."""
    fleet = Fleet(specification, seed=7, appliances=3, start_ms=START_MS)
    list(fleet.advance(fleet.start_ms + 1))

    with pytest.raises(ValueError, match="before when it goes live"):
        fleet.go_live(fleet.start_ms)


def test_the_metrics_and_modes_are_the_profiles() -> None:
    """Appliances report exactly the metrics of their profile, in modes that it knows."""
    profiles = load_profiles()

    for kind in KINDS.values():
        assert set(kind.metrics) == set(profiles[kind.name].metrics)
        assert set(kind.modes) <= set(profiles[kind.name].modes)
        booleans = {name for name, metric in profiles[kind.name].metrics.items() if metric.kind == "boolean"}
        assert {name for name, sensor in kind.metrics.items() if sensor.is_boolean} == booleans


@pytest.mark.parametrize("kind", ["refrigerator", "washing_machine"])
def test_undisturbed_readings_are_possible_ones(quiet: FleetSpecification, kind: str) -> None:
    """Without spikes and lying sensors every reading lies within the limits of its profile."""
    chunk = run_days(Fleet(quiet, seed=3, appliances=40, start_ms=START_MS), 10, kind=kind)
    limits = load_profiles()[kind].metrics

    for name in chunk.metrics:
        values = column(chunk, name)
        assert np.nanmin(values) >= limits[name].low, name
        assert np.nanmax(values) <= limits[name].high, name


@pytest.mark.parametrize("kind", ["refrigerator", "washing_machine"])
def test_each_appliance_reports_in_time_order_within_the_span(specification: FleetSpecification, kind: str) -> None:
    """Reports after chunk, an appliance's event times rise, and none is later than the end of its chunk."""
    fleet = Fleet(specification, seed=5, appliances=40, start_ms=START_MS)
    fleet.go_live(fleet.start_ms + 30 * 3_600_000)
    last = np.full(40, fleet.start_ms - 1)

    for hour in range(1, 60):
        until_ms = fleet.start_ms + hour * 3_600_000
        for chunk in fleet.advance(until_ms):
            if chunk.kind != kind or not len(chunk):
                continue
            assert chunk.ts_ms.max() < until_ms
            for place in np.unique(chunk.appliance):
                mine = chunk.ts_ms[chunk.appliance == place]
                assert mine[0] >= last[place]
                assert (np.diff(mine) >= 0).all()
                last[place] = mine[-1]


def test_counters_never_fall(quiet: FleetSpecification) -> None:
    """Energy, water, starts, door and defrost counters only rise, across days and washes."""
    for kind, names in (
        ("refrigerator", ("energy_kwh", "compressor_starts", "door_open_s", "defrost_wh")),
        ("washing_machine", ("energy_kwh", "water_l")),
    ):
        chunk = run_days(Fleet(quiet, seed=3, appliances=30, start_ms=START_MS), 6, kind=kind)
        for place in np.unique(chunk.appliance):
            for name in names:
                assert (np.diff(column(chunk, name)[chunk.appliance == place]) >= -1e-9).all(), (kind, place, name)


def test_washes_are_framed_by_events(quiet: FleetSpecification) -> None:
    """Each wash is one cycle id between cycle_started and cycle_finished, and never overlaps the next."""
    chunk = run_days(Fleet(quiet, seed=3, appliances=30, start_ms=START_MS), 6, kind="washing_machine")
    open_cycle: dict[int, object] = {}
    washes = 0

    for one in chunk.happenings:
        if one.type == "cycle_started":
            assert one.appliance not in open_cycle
            open_cycle[one.appliance] = one.data["cycle"]
        elif one.type == "cycle_finished":
            assert open_cycle.pop(one.appliance) == one.data["cycle"]
            washes += 1

    assert washes > 20
    running = chunk.cycle > 0
    assert (chunk.mode[running] != washing_machine.IDLE).all()
    assert (chunk.mode[~running] == washing_machine.IDLE).all()


@pytest.mark.thorough
def test_a_year_has_as_many_washes_as_its_habit(quiet: FleetSpecification) -> None:
    """Households wash 150 to 300 times a year, on average."""
    kinds = {"washing_machine": replace(quiet.kinds["washing_machine"], share=1.0)}
    fleet = Fleet(replace(quiet, kinds=kinds), seed=3, appliances=60, start_ms=START_MS)

    chunk = run_days(fleet, 40, kind="washing_machine")

    washes = sum(one.type == "cycle_finished" for one in chunk.happenings)
    assert 150 < washes / 60 / 40 * 365 < 300


def test_missing_samples_are_as_rare_as_asked(specification: FleetSpecification) -> None:
    """Two percent of a refrigerator's reports are missing, where the fleet file says so."""
    fleet = Fleet(specification, seed=3, appliances=60, start_ms=START_MS)

    chunk = run_days(fleet, 5, kind="refrigerator")

    refrigerators = sum(one.kind == "refrigerator" for one in fleet.appliances)
    assert len(chunk) / (refrigerators * 5 * 96) == pytest.approx(0.98, abs=0.005)


def test_the_demo_fleet_has_faults_to_find(specification: FleetSpecification) -> None:
    """10 to 15 % of the demo's appliances have a gradual fault that begins within 15 to 56 days, of every mode."""
    fleet = Fleet(specification, seed=1, appliances=200, start_ms=START_MS)
    faults = fleet.truth.faults
    onsets = [(fault.wear.onset_ms - fleet.start_ms) / DAY_MS for fault in faults]

    assert 20 <= len(faults) <= 30
    assert len({fault.appliance_id for fault in faults}) == len(faults)
    assert len({fault.wear.fault_mode for fault in faults}) == 6
    assert 15 <= min(onsets) <= max(onsets) <= 56


def test_a_fleet_folder_has_everything_in_its_place(specification: FleetSpecification, tmp_path: Path) -> None:
    """A fleet folder holds appliances, readings in time order, events, and the truth apart; twice the same bytes."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        samples = write_folder(Fleet(specification, seed=1, appliances=40, start_ms=START_MS), folder, days=3)

    first, again = ({p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in folders)
    assert first == again
    read = {path.name: pq.read_table(path) for path in sorted((folders[0] / "readings").iterdir())}
    assert sum(table.num_rows for table in read.values()) == samples
    for table in read.values():
        assert table.column_names[:4] == ["id", "ts", "mode", "cycle"]
        assert (np.diff(table["ts"].to_numpy()) >= 0).all()
    with (folders[0] / "appliances.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    assert list(rows[0]) == ["id", "kind", "model", "firmware", "region", "home", "installed_at"]
    header = (folders[0] / "truth" / "faults.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "id,component,fault_mode,onset,failure_at,kind_of_onset"


def test_a_used_folder_is_refused(specification: FleetSpecification, tmp_path: Path) -> None:
    """A folder that has readings already is not mixed with new ones."""
    write_folder(Fleet(specification, seed=1, appliances=2, start_ms=START_MS), tmp_path, days=1)

    with pytest.raises(FileExistsError, match="empty folder"):
        write_folder(Fleet(specification, seed=1, appliances=2, start_ms=START_MS), tmp_path, days=1)
