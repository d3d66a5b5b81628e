"""All kinds alike: what each physics must hold, whatever it is about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.profiles import load_profiles
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.physics import KINDS
from simulator.physics.columns import in_columns
from simulator.physics.kind import SteadyKind
from simulator.physics.surroundings import Surroundings
from simulator.reports import Reports, join
from tests.examples import some_of
from tests.simulator.made import START_MS, calm_fleet

STEADY = sorted(name for name, kind in KINDS.items() if isinstance(kind, SteadyKind))
PROGRAMMES = sorted(set(KINDS) - set(STEADY))
FELT = {
    "kitchen_c": 22.0, "room_c": 29.0, "outdoor_c": 33.0, "outdoor_humidity_pct": 55.0, "sun_w_m2": 400.0,
    "mains_v": 230.0, "inlet_c": 14.0, "hardness_dh": 15.0, "occupied": 1.0, "gains_w": 200.0,
}  # fmt: skip
STATE = {
    "refrigerator": {"fresh_food_c": 0.5, "freezer_c": 0.8},
    "air_conditioner": {"room_c": 0.5},
    "water_heater": {"water_c": 2.0},
}
"""What a kind keeps from step to step, and how much its mean may depend on the step."""
HOUSEHOLD = calm_fleet(read_fleet("household"))


def _told(kind: str, *, hours: float, appliances: int = 12, **intervals: float) -> Reports:
    """What a few sound appliances of a kind tell, all homes alike."""
    one = replace(HOUSEHOLD.kinds[kind], share=1.0, faults={}, batch=None)
    fleet = replace(HOUSEHOLD, kinds={kind: one}, intervals={**HOUSEHOLD.intervals, **intervals})
    chunks = Fleet(fleet, seed=3, appliances=appliances, start_ms=START_MS)
    return join(list(chunks.advance(chunks.start_ms + round(hours * 3_600_000))))


def _steps(kind: SteadyKind, step_s: float, *, hours: float = 3.0) -> NDArray[np.float64]:
    """What three equal appliances tell every 10 minutes in steady homes, with steps of that length."""
    written = HOUSEHOLD.kinds[kind.name].parameters
    drawn = np.random.default_rng(5)
    parameters = {name: np.repeat(spread.draw(1, drawn), 3) for name, spread in written.items()}
    physics = kind.make(parameters, np.random.default_rng(6))
    steps = round(hours * 3600 / step_s)
    felt = FELT | {"door_s": 0.02 * step_s, "food_j": 0.0, "draw_l": 0.003 * step_s}
    around = Surroundings.of(steps, 3, {name: felt[name] for name in kind.feels}, step_s=step_s, begin_ms=START_MS)
    told = physics.advance(
        around, {}, step_s=step_s, steps_per_report=round(600 / step_s), rng=np.random.default_rng(7)
    )
    return told.values


@pytest.mark.parametrize("kind", STEADY)
@pytest.mark.parametrize("step_s", some_of([1.0, 60.0, 600.0], 1, turn=1))
def test_any_step_from_a_second_to_ten_minutes_is_stable(kind: str, step_s: float) -> None:
    """Steps of 1 s, 1 min and 10 min give possible values, and temperatures and energy on average as steps of 5 min."""
    one = KINDS[kind]
    assert isinstance(one, SteadyKind)
    usual, told, limits = _steps(one, 300.0), _steps(one, step_s), load_profiles()[kind].metrics

    for column, name in enumerate(one.metrics):
        values, known = told[..., column], usual[..., column]
        assert not np.isinf(values).any()
        if np.isnan(values).all():
            continue
        assert np.nanmin(values) >= limits[name].low, name
        assert np.nanmax(values) <= limits[name].high, name
        if name in STATE[kind]:
            assert np.nanmean(values[6:]) == pytest.approx(np.nanmean(known[6:]), abs=STATE[kind][name]), name


@pytest.mark.parametrize("kind", PROGRAMMES)
def test_a_cycle_is_the_same_however_often_it_is_read(kind: str) -> None:
    """Read every 5 s or every minute, cycles start, end and use the same."""
    often, seldom = (_told(kind, hours=24, programme_history_interval_s=s, programme_silence_s=1) for s in (5, 60))

    def finished(told: Reports) -> list[tuple[int, int, object]]:
        return [
            (one.appliance, one.ts_ms, one.data.get("energy_kwh"))
            for one in told.happenings
            if one.type == "cycle_finished"
        ]

    assert len(finished(often)) >= 1
    first = {one[0]: one for one in reversed(finished(often))}
    for who, ts_ms, energy in {one[0]: one for one in reversed(finished(seldom))}.values():
        if who in first and first[who][1] == ts_ms:
            assert first[who][2] == energy
    assert len(often) > 3 * len(seldom)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_what_others_need_of_it(kind: str) -> None:
    """A kind has parameters and faults that the household fleet knows, a sensor that may lie, and an idle mode."""
    one, written = KINDS[kind], HOUSEHOLD.kinds[kind]

    assert set(written.faults) <= set(one.fault_modes)
    assert any(sensor.can_lie for sensor in one.metrics.values())
    assert any(sensor.sd or sensor.relative_sd for sensor in one.metrics.values())
    assert set(one.fault_modes) <= set(load_profiles()[kind].fault_modes)
    if isinstance(one, SteadyKind):
        assert set(one.settings) <= set(one.parameters)


def test_what_is_no_metric_is_not_told() -> None:
    """A metric without a word is NaN everywhere; a word that is no metric is refused, and not lost."""
    told = in_columns(("power_w", "water_c"), {"water_c": 41.0}, 2, 3)

    assert np.isnan(told[..., 0]).all()
    assert (told[..., 1] == 41.0).all()
    with pytest.raises(KeyError, match="watre_c"):
        in_columns(("power_w", "water_c"), {"watre_c": 41.0}, 2)
