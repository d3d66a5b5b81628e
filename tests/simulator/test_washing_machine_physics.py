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
from simulator.physics.washing_machine import DRAIN, DRAIN_LIMIT_S, FILL, METRICS, SPIN, WashingMachines

NAMES = tuple(METRICS)
COUNT = 60
TYPICAL = {
    "fill_l_min": 9.0, "heater_w": 2000.0, "drain_l_min": 17.0, "pump_w": 32.0, "spin_rpm": 1200.0,
    "vibration_mm_s": 4.0, "coast_down_s": 25.0, "drum_kg": 8.0, "usual_load": 0.6, "motor_w": 85.0, "spin_w": 300.0,
    "standby_w": 0.8,
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
