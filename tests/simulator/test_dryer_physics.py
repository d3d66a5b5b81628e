"""The dryer, vented and with a heat pump, against published figures, and each fault against its signature."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.profiles import profile_for
from simulator.fleet_file import read_fleet
from simulator.physics.dryer import COOL, DRY, FAULT_MODES, FINISH, KIND, OF_HEAT_PUMPS, OF_VENTED, SENSE, spared
from tests.simulator import twins
from tests.simulator.twins import MOVES, Run

VENTED = {
    "heat_pump_share": 0.45, "heat_pump_lot": 0.9, "airflow_m3_s": 0.055, "heater_w": 4200.0, "limiter_c": 127.0,
    "evaporating_share": 0.65, "finish_heat_share": 0.75, "duct_pressure_pa": 150.0, "motor_w": 220.0, "drum_rpm": 50.0,
    "compressor_w": 480.0, "evaporating_cop": 2.0, "condenser_rise_k": 30.0, "conductance_us": 10.0,
    "usual_load_kg": 3.4, "spun_moisture": 0.6, "sensor_bias_k": 12.0, "standby_w": 0.5,
}  # fmt: skip
HEAT_PUMP = {**VENTED, "heat_pump_lot": 0.1}
CUPBOARD, BY_TEMPERATURE = 1, 3
FAILING = {"belt_slip": 0.9, "vent_clog": 0.7, "condensate_pump_failure": 0.9}
"""Where a fault is judged at another severity than 0.6."""


def _run(fault: str | None = None, severity: float = 0.0, *, of: dict[str, float] = VENTED, **around: float) -> Run:
    return twins.run(KIND, of, fault=fault, severity=severity, around=around)


def _type_of(fault: str) -> dict[str, float]:
    """The parameters of a dryer that has the part."""
    return HEAT_PUMP if fault in OF_HEAT_PUMPS else VENTED


def _of(one: Run, programme: int) -> np.ndarray:
    return np.asarray(one.cycles.told["programme"] == programme)


def _dry_s(one: Run) -> float:
    return float(one.cycles.phase_s[:, 1].mean())


def test_a_normal_cycle_takes_35_to_50_minutes() -> None:
    """A vented dryer of 4.2 kW dries a usual load to the cupboard in 35-50 min (engineerfix.com, [S34]), on average."""
    one = twins.run(KIND, VENTED, count=200)
    minutes = one.cycles.duration_ms[_of(one, CUPBOARD)] / 60_000

    assert 35 < minutes.mean() < 50
    assert 20 < minutes.min() < minutes.max() < 110


def test_a_heat_pump_takes_longer_and_half_the_energy() -> None:
    """With a heat pump a load takes 1.2-3 h and 0.25-0.5 kWh per kg; vented .7-1.3 kWh per kg (EU labels A++ and C)."""
    vented, pump = twins.run(KIND, VENTED, count=200), twins.run(KIND, HEAT_PUMP, count=200)
    per_kg = [
        one.cycles.energy_kwh[_of(one, CUPBOARD)].sum() / one.cycles.told["load_kg"][_of(one, CUPBOARD)].sum()
        for one in (vented, pump)
    ]
    hours = pump.cycles.duration_ms[_of(pump, CUPBOARD)] / 3.6e6

    assert 0.7 < per_kg[0] < 1.3
    assert 0.25 < per_kg[1] < 0.5
    assert 1.2 < hours.mean() < 3.0


def test_air_temperatures_are_in_range() -> None:
    """The exhaust of a sound vented dryer is at 45-70 °C at the end, air enters below the limiter (detection.md 10.7)."""
    one = _run()
    hot = one.most("exhaust_c")

    assert 45 < hot.min() < hot.max() < 70
    assert one.most("inlet_air_c").max() < 127
    assert one.of_mode("exhaust_c", SENSE) == pytest.approx(21.0)


def test_drying_obeys_the_energy_balance() -> None:
    """Drying takes m_w h_fg / (η d P) until the critical moisture; T_in = T_a + d P / (ρ c_p Q), within 6 % for lint."""
    one = _run()
    water = one.cycles.told["load_kg"] * (one.cycles.told["spun"] - 0.15)
    entering = one.of_mode("inlet_air_c", DRY)[one.of_mode("exhaust_c", DRY) > 35].max()

    assert one.cycles.phase_s[:, 1] == pytest.approx(water * 2.4e6 / (0.65 * 4200), rel=0.06)
    assert entering - 21 == pytest.approx(4200 / (1207 * 0.055), rel=0.08)


def test_a_duct_blocked_by_three_quarters_heats_the_exhaust_by_89_percent() -> None:
    """A 75 % blocked duct raises the exhaust temperature 89 % over normal (CPSC, [S33]), in °C, within a tenth."""
    sound, blocked = _run(), _run("vent_clog", 0.75)
    settled = [one.of_mode("exhaust_c", DRY)[one.of_mode("inlet_air_c", DRY) > 70] for one in (sound, blocked)]
    ratio = np.median(settled[1]) / np.median(settled[0])

    assert ratio == pytest.approx(1.89, rel=0.1)


def test_a_clogged_vent_takes_longer_and_trips_the_limiter() -> None:
    """Drying takes +20 to +150 % as the vent clogs, and the limiter trips up to about 20 times (detection.md 10.7)."""
    sound = _run()
    longer = [_dry_s(_run("vent_clog", severity)) / _dry_s(sound) for severity in (0.3, 0.5, 0.75)]
    trips = [_run("vent_clog", severity).most("limiter_trips").mean() for severity in (0.0, 0.5, 0.75)]

    assert 1.15 < longer[0] < longer[1] < longer[2] < 2.6
    assert trips[0] == 0
    assert trips[0] <= trips[1] < trips[2]
    assert 8 < trips[2] < 30


def test_one_coil_of_two_takes_twice_as_long() -> None:
    """With one of two coils P is half, drying takes twice as long and the air enters half as warm (within 2 %)."""
    sound, half = _run(), _run("heating_element_failure", 1.0)

    assert _dry_s(half) / _dry_s(sound) == pytest.approx(2.0, rel=0.02)
    assert (half.most("inlet_air_c") - 21) / (sound.most("inlet_air_c") - 21) == pytest.approx(0.5, rel=0.02)


def test_a_linted_heat_pump_is_as_published() -> None:
    """Lint in the condenser: +5-15 K, compressor +10-25 %, drying +30-60 % (detection.md 10.7), at failure."""
    sound, linted = _run(of=HEAT_PUMP), _run("heat_pump_lint", 1.0, of=HEAT_PUMP)

    assert 5 < linted.most("condenser_c").mean() - sound.most("condenser_c").mean() < 15
    watts = [one.of_mode("compressor_w", DRY).mean() for one in (sound, linted)]
    assert 1.1 < watts[1] / watts[0] < 1.25
    assert 1.3 < _dry_s(linted) / _dry_s(sound) < 1.6


def test_worn_rollers_brake_and_a_lost_belt_frees() -> None:
    """The motor takes +15 to +40 % with worn rollers, and runs without load when the belt is off (detection.md 10.7)."""
    sound, worn, lost = _run(), _run("drum_roller_wear", 1.0), _run("belt_slip", 1.0)
    watts = [float(np.median(one.of_mode("motor_w", DRY))) for one in (sound, worn, lost)]

    assert 1.15 < watts[1] / watts[0] < 1.45
    assert watts[2] / watts[0] < 0.6
    assert lost.of_mode("drum_rpm", DRY).max() == 0
    assert lost.most("inlet_air_c").mean() > sound.most("inlet_air_c").mean() + 10


def test_the_sensors_decide_when_it_is_dry() -> None:
    """Fouled bars end a programme early; a thermistor that reads warm ends those that feel the exhaust early."""
    sound, fouled, drifted = _run(), _run("moisture_sensor_fouling", 0.6), _run("thermistor_drift", 0.6)
    by_bars, by_feel = _of(sound, CUPBOARD), _of(sound, BY_TEMPERATURE)

    assert fouled.cycles.phase_s[by_bars, 2].mean() < 0.8 * sound.cycles.phase_s[by_bars, 2].mean()
    assert drifted.cycles.phase_s[by_feel, 2].mean() < 0.8 * sound.cycles.phase_s[by_feel, 2].mean()
    assert drifted.cycles.phase_s[by_bars, 2] == pytest.approx(sound.cycles.phase_s[by_bars, 2])
    left = [one.column("moisture_pct")[(one.rows.mode == COOL)] for one in (sound, fouled)]
    assert 1 < left[0].min() < left[0].max() < 15


def test_moisture_falls_and_slows_down() -> None:
    """Moisture falls all the time, at a constant rate above 15 % and ever slower below."""
    one = _run()
    mine = (one.rows.cycle == 0) & ((one.rows.mode == DRY) | (one.rows.mode == FINISH))
    moisture, seconds = one.column("moisture_pct")[mine], one.rows.ts_ms[mine] / 1000
    new = np.r_[True, np.diff(seconds) > 1]
    slope = np.diff(moisture[new]) / np.diff(seconds[new])
    wet = one.rows.mode[mine][new][1:] == DRY

    assert (slope <= 1e-9).all()
    assert slope[wet].std() < 0.02 * abs(slope[wet].mean())
    assert abs(slope[~wet][-1]) < 0.5 * abs(slope[wet].mean())


@pytest.mark.parametrize("fault", FAULT_MODES)
def test_a_fault_moves_its_signature_and_nothing_else(fault: str) -> None:
    """Against its sound twin, a fault moves features of its signature, in their direction, and no others beyond tolerance.

    Tolerance: three times the least standard deviation that is believed of a feature (``floor``), from cycle to cycle.
    """
    signature = profile_for("dryer").fault_modes[fault].signature
    kind = _type_of(fault)

    moved = twins.shifts(_run(of=kind), _run(fault, FAILING.get(fault, 0.6), of=kind))

    assert {name for name, shift in moved.items() if abs(shift) > MOVES} <= set(signature)
    strongest = max(signature, key=lambda name: abs(signature[name]))
    assert moved[strongest] * np.sign(signature[strongest]) > MOVES
    for name, strength in signature.items():
        assert moved[name] * np.sign(strength) > -0.2, name


@pytest.mark.parametrize(
    ("fault", "severity", "code"),
    [
        ("vent_clog", 0.85, "d80"), ("vent_clog", 1.0, "d90"), ("heating_element_failure", 1.0, "HE"),
        ("thermistor_drift", 1.0, "tE1"), ("belt_slip", 1.0, "dE"), ("condensate_pump_failure", 1.0, "TANK"),
    ],
)  # fmt: skip
def test_a_failed_part_shows_its_code(fault: str, severity: float, code: str) -> None:
    """At failure the code of the catalogue comes up, one that the profile knows for this mode; sound dryers show none."""
    assert _run(fault, severity, of=_type_of(fault)).codes() == {code}
    assert code in profile_for("dryer").fault_modes[fault].codes
    assert _run(of=_type_of(fault)).codes() == set()


@pytest.mark.parametrize("fault", [*OF_VENTED, *OF_HEAT_PUMPS])
def test_nobody_has_the_faults_of_parts_he_lacks(fault: str) -> None:
    """A fault of the heat pump does nothing to a vented dryer, and one of the vent nothing to a heat pump."""
    other = VENTED if fault in OF_HEAT_PUMPS else HEAT_PUMP
    sound, faulty = _run(of=other), _run(fault, 1.0, of=other)

    assert np.array_equal(faulty.rows.values, sound.rows.values, equal_nan=True)
    assert spared({name: np.array([value]) for name, value in other.items()})[fault].all()
    assert not spared({name: np.array([value]) for name, value in _type_of(fault).items()})[fault].any()


def test_the_fleet_draws_published_ranges() -> None:
    """Air .045-.06 m³/s, heat 2-5 kW, limiter 120-135 °C, as detection.md 10.7 gives them."""
    drawn = read_fleet("household").kinds["dryer"].parameters
    published = {"airflow_m3_s": (0.045, 0.06), "heater_w": (2000, 5000), "limiter_c": (120, 135)}

    for name, (low, high) in published.items():
        assert low <= drawn[name].low < drawn[name].high <= high, name
