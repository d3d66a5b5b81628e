"""The washing machine against published figures, and each fault against its signature.

Sources: 15 L by 25 K with 1.9 kW take about 14 minutes (first law); drains of 12-20 L at 15-20 L/min take 45-75 s,
shorter for a small bath; programmes last half an hour (quick) to under three hours, and take 0.2-1.5 kWh and 25-75 L, the ranges of EU
labels; a pump that needs more than 8 minutes is reported as OE; a worn bearing triples its vibration, kurtosis goes
from 3 to 8.
"""

from __future__ import annotations

import numpy as np
import pytest

from simulator.physics.programme import Conditions, Cycles, Rows
from simulator.physics.washing_machine import (
    DRAIN,
    DRAIN_LIMIT_S,
    FILL,
    HEAT,
    HEAT_LIMIT_S,
    METRICS,
    SPIN,
    WASH,
    WashingMachines,
)

NAMES = tuple(METRICS)
COUNT = 60
TYPICAL = {
    "fill_l_min": 9.0, "heater_w": 2000.0, "drain_l_min": 17.0, "pump_w": 32.0, "spin_rpm": 1200.0,
    "vibration_mm_s": 4.0, "coast_down_s": 25.0, "drum_kg": 8.0, "usual_load": 0.6, "motor_w": 85.0, "spin_w": 300.0,
    "standby_w": 0.8, "heat_lag_s": 15.0, "leakage_ma": 0.1, "resonance_mm_s": 12.0, "ripple_pct": 1.0, "door_lock_s": 2.0,
}  # fmt: skip


def _run(
    fault: str | None = None, severity: float = 0.0, *, mains_v: float = 230.0, pressure_bar: float = 3.0
) -> tuple[Cycles, Rows]:
    """A wash each of 60 equal machines, read every 30 s."""
    rng = np.random.default_rng(5)
    machines = WashingMachines({name: np.full(COUNT, value) for name, value in TYPICAL.items()}, rng)
    surely = {"kitchen_c": 21.0, "outdoor_c": 12.0, "inlet_c": 15.0, "hardness_dh": 14.0}
    conditions = Conditions(
        **{name: np.full(COUNT, value) for name, value in surely.items()},
        mains_v=np.full(COUNT, mains_v),
        pressure_bar=np.full(COUNT, pressure_bar),
        severity={fault: np.full(COUNT, severity)} if fault else {},
    )
    cycles = machines.plan(np.arange(COUNT), np.full(COUNT, 1_790_000_000_000), conditions, rng)
    return cycles, machines.run(cycles, interval_s=30.0, rng=rng)


def _column(rows: Rows, metric: str) -> np.ndarray:
    return rows.values[:, NAMES.index(metric)]


def test_washes_last_and_take_what_they_should() -> None:
    """A wash takes 25 to 180 minutes, 20 to 75 L and up to 1.6 kWh."""
    cycles, rows = _run()
    minutes, litres = cycles.duration_ms / 60_000, cycles.told["water_l"].sum(axis=1)

    assert minutes.min() > 25
    assert minutes.max() < 180
    assert litres.min() > 18
    assert litres.max() < 75
    assert 0.1 < rows.summary["energy_kwh"].min() < rows.summary["energy_kwh"].max() < 1.6


def test_heating_obeys_the_first_law() -> None:
    """15 L by 25 K take 14 minutes with 1.9 kW, and the square of the mains voltage decides the power."""
    cycles, _ = _run()
    weak, _ = _run(mains_v=207.0)
    heated = cycles.phase_s[:, 1] > 0
    kelvin = (cycles.phase_s[:, 1] * 2000.0 / 4186.0 / (cycles.told["water_l"][:, 0] + 0.3 * cycles.told["load_kg"]))[
        heated
    ]
    minutes = 15 * 4186 * 25 / 1900 / 60

    assert minutes == pytest.approx(14, abs=0.3)
    assert set(np.round(kelvin).tolist()) <= {3.0, 15.0, 25.0, 28.0, 45.0}
    assert (weak.phase_s[heated, 1] / cycles.phase_s[heated, 1]) == pytest.approx(1 / 0.81, rel=1e-6)


def test_a_drain_takes_well_under_two_minutes() -> None:
    """12 to 20 L at 15 to 20 L a minute are gone in 30 to 75 s."""
    cycles, _ = _run()
    drains = cycles.phase_s[:, 3]

    assert 25 < drains.min() < drains.max() < 80


def test_readings_tell_each_phase_in_order() -> None:
    """Each wash is told in time order, every 30 s and at the end of each phase, and its counters never fall."""
    cycles, rows = _run()

    for cycle in range(0, COUNT, 7):
        mine = rows.cycle == cycle
        assert (np.diff(rows.ts_ms[mine]) >= 0).all()
        assert np.diff(rows.ts_ms[mine]).max() <= 30_001
        assert (np.diff(_column(rows, "energy_kwh")[mine]) >= -1e-9).all()
        assert (np.diff(_column(rows, "water_l")[mine]) >= -1e-9).all()
        assert rows.ts_ms[mine][-1] == cycles.start_ms[cycle] + cycles.duration_ms[cycle]
        assert rows.mode[mine][0] == FILL
        assert rows.mode[mine][-1] == SPIN


def test_vibration_is_told_while_spinning_only() -> None:
    """Outside of the spin there is no vibration reading."""
    _, rows = _run()

    assert np.isnan(_column(rows, "vibration_mm_s")[rows.mode != SPIN]).all()
    assert (~np.isnan(_column(rows, "vibration_mm_s"))).sum() > COUNT


def test_a_worn_bearing_shakes_knocks_and_brakes() -> None:
    """At failure vibration is four times as strong, kurtosis goes from 3 to 8, and the drum stands still five times sooner."""
    (_, sound), (_, worn) = _run(), _run("bearing_wear", 1.0)

    ratio = np.nanmedian(_column(worn, "vibration_mm_s")) / np.nanmedian(_column(sound, "vibration_mm_s"))

    assert ratio == pytest.approx(4.0, rel=0.1)
    assert np.nanmedian(_column(sound, "vibration_kurtosis")) == pytest.approx(3.1, abs=0.3)
    assert np.nanmedian(_column(worn, "vibration_kurtosis")) == pytest.approx(8.1, abs=0.3)
    assert np.nanmedian(_column(worn, "coast_down_s")) == pytest.approx(
        np.nanmedian(_column(sound, "coast_down_s")) / 5, rel=0.1
    )
    spin_w = [np.median(_column(rows, "power_w")[rows.mode == SPIN]) for rows in (sound, worn)]
    assert 1.1 < spin_w[1] / spin_w[0] < 1.35


def test_a_clogged_pump_takes_longer_and_draws_less() -> None:
    """A drain takes 1/(1 - .9 s) as long with up to 20 % less power; at failure it is given up after 8 minutes."""
    (sound, told), (half, half_told) = _run(), _run("drain_pump_clog", 0.5)
    failed, _ = _run("drain_pump_clog", 1.0)

    assert np.median(half.phase_s[:, 3] / sound.phase_s[:, 3]) == pytest.approx(1 / 0.55, rel=0.02)
    pump_w = [np.median(_column(rows, "pump_w")[rows.mode == DRAIN]) for rows in (told, half_told)]
    assert pump_w[1] / pump_w[0] == pytest.approx(0.9, rel=0.02)
    assert np.nanmax(_column(half_told, "drain_s")) > np.nanmax(_column(told, "drain_s"))
    assert "OE" in {error.code for error in failed.errors}
    assert failed.phase_s[:, 3].max() == DRAIN_LIMIT_S
    assert not half.errors


def test_a_clogged_inlet_fills_slowly_and_so_does_weak_pressure() -> None:
    """A fill takes 1/(1 - s) as long, and √(p0/p) as long at another pressure."""
    sound, _ = _run()
    clogged, _ = _run("inlet_valve_clog", 0.5)
    weak, _ = _run(pressure_bar=1.5)
    failed, _ = _run("inlet_valve_clog", 1.0)

    assert np.median(clogged.phase_s[:, 0] / sound.phase_s[:, 0]) == pytest.approx(2.0, rel=0.02)
    assert np.median(weak.phase_s[:, 0] / sound.phase_s[:, 0]) == pytest.approx(np.sqrt(2.0), rel=0.02)
    assert [error.code for error in failed.errors].count("IE") == COUNT


def _codes(cycles: Cycles) -> set[str]:
    return {error.code for error in cycles.errors}


def test_a_weak_heater_takes_longer_and_an_open_one_is_given_up() -> None:
    """Half the power takes twice as long, by the first law; without any, heating is given up after 90 minutes as HE."""
    (sound, _), (weak, _), (broken, rows) = (_run("heater_failure", s) for s in (0.0, 0.5, 1.0))
    heated = sound.phase_s[:, 1] > 0

    assert weak.phase_s[heated, 1] / sound.phase_s[heated, 1] == pytest.approx(2.0, rel=1e-6)
    assert (broken.phase_s[heated, 1] == HEAT_LIMIT_S).all()
    assert _codes(broken) == {"HE"}
    assert _column(rows, "power_w")[rows.mode == HEAT].max() < 200


def test_scale_is_seen_by_delay_and_leakage_only() -> None:
    """Heating takes as long (Battelle 2010), leakage goes from .1 to 10 mA, the sensor is up to 50 s late."""
    (sound, told), (scaled, scaled_told) = _run(), _run("heater_scale", 1.0)

    assert scaled.phase_s[:, 1] == pytest.approx(sound.phase_s[:, 1])
    leaks = [np.nanmean(_column(rows, "leakage_ma")) for rows in (told, scaled_told)]
    assert leaks == pytest.approx([0.1, 10.0])
    late = [np.nanmedian(_column(rows, "heat_lag_s")) for rows in (told, scaled_told)]
    assert late[1] - late[0] == pytest.approx(50.0, abs=2.0)


def test_a_slipping_belt_turns_the_drum_slower_than_the_motor() -> None:
    """At failure the drum is 15 % behind the motor, within the 3 to 15 % of the trade."""
    (_, told), (_, slipping) = _run(), _run("belt_slip", 1.0)
    turns = [np.median(_column(rows, "drum_rpm")[rows.mode == WASH]) for rows in (told, slipping)]

    assert turns[1] / turns[0] == pytest.approx(0.85, abs=0.001)
    assert np.nanmean(_column(slipping, "belt_slip_pct")) == pytest.approx(15.6, abs=0.1)


def test_worn_shock_absorbers_let_the_tub_swing() -> None:
    """Damping of .3 of the usual lets the resonance shake 3.3 times as much; balancing is tried five times as often."""
    (sound, told), (worn, worn_told) = _run(), _run("shock_absorber_wear", 1.0)
    shake = [np.nanmedian(_column(rows, "resonance_mm_s")) for rows in (told, worn_told)]

    assert shake[1] / shake[0] == pytest.approx(1 / 0.3, rel=0.08)
    assert sound.told["retries"].mean() == pytest.approx(0.3, abs=0.25)
    assert worn.told["retries"].mean() == pytest.approx(1.5, abs=0.5)
    spins = [_column(rows, "drum_rpm").max() for rows in (told, worn_told)]
    assert spins[1] <= spins[0]
    assert _codes(worn) == {"UB"}


def test_small_parts_tell_of_themselves() -> None:
    """Worn brushes: five times the ripple. A worn lock: 8 s instead of 2. Each with its code, near failure only."""
    (_, told), (brushes, rippling), (lock, locking) = (
        _run(),
        _run("carbon_brush_wear", 1.0),
        _run("door_lock_wear", 1.0),
    )

    assert np.nanmean(_column(rippling, "speed_ripple_pct")) == pytest.approx(5.0, abs=0.01)
    assert np.nanmedian(_column(told, "door_lock_s")) == pytest.approx(2.0, abs=0.1)
    assert np.nanmedian(_column(locking, "door_lock_s")) == pytest.approx(8.0, abs=0.3)
    assert _codes(brushes) == {"3E"}
    assert _codes(lock) == {"dE"}
    assert _codes(_run("door_lock_wear", 0.5)[0]) == set()


def test_a_drifted_level_sensor_takes_too_little_water() -> None:
    """It shows 25 mm too much, also when the drum is empty, so that 3 L less are taken for each bath."""
    (sound, _), (drifted, rows) = _run(), _run("pressure_sensor_drift", 1.0)

    less = sound.told["water_l"][:, 0] - drifted.told["water_l"][:, 0]

    assert less == pytest.approx(25 / 8, abs=0.01)
    assert _column(rows, "level_mm")[rows.mode == SPIN] == pytest.approx(25.0)
    assert _codes(drifted) == {"PE"}


def test_a_leaking_tub_loses_more_than_a_fifth_of_a_litre_a_minute() -> None:
    """At half of failure the level falls by .2 L/min, the limit of the trade; what is lost is taken again from the tap."""
    (sound, _), (leaking, rows) = _run(), _run("tub_leak", 0.5)
    washed_min = leaking.phase_s[:, [2, 6, 10, 14]].sum(axis=1) / 60

    more = leaking.told["refilled_l"].sum(axis=1)

    assert more == pytest.approx(0.2 * washed_min)
    assert sound.told["refilled_l"].sum() == 0
    assert np.nanmean(_column(rows, "soak_fall_mm_min")) == pytest.approx(0.2 * 8 + 0.05)
    assert (rows.summary["water_l"] - leaking.told["water_l"].sum(axis=1)) == pytest.approx(more)
