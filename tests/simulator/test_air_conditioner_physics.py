"""The air conditioner against published figures.

Sources: charge faults Payne, Cho and Domanski 2014 (NIST TN 1848) as evaluated in the reference tables; air flow the
single speed curves of BEopt, ResStock and OCHRE; LBNL's data of rooftop units impose 25 and 50 % less condenser air
(Scientific Data 2020, s41597-020-0398-6); the start time of a fan with a weak capacitor is the cue of US-20260126198-A1;
split, coil and condenser ranges are those of the trade.
"""

from __future__ import annotations

import numpy as np
import pytest

from simulator.physics.air_conditioner import COOLING, HEATING, METRICS, AirConditioners
from simulator.physics.surroundings import Surroundings
from simulator.physics.vapour_compression import air_flow_capacity, air_flow_input_ratio, charge_factor

TYPICAL = {
    "capacity_w": 3500.0, "cop_cooling": 3.5, "heat_ratio": 1.15, "cop_heating": 3.8, "room_ua_w_k": 110.0,
    "room_kj_k": 2500.0, "set_cooling_c": 25.0, "set_heating_c": 21.0, "heats_below_c": 12.0, "split_k": 11.0,
    "coil_drop_k": 17.0, "condenser_rise_k": 13.0, "superheat_k": 5.0, "subcooling_k": 6.0, "valve_pct": 40.0,
    "hz_max": 100.0, "speed_min": 0.2, "indoor_fan_rpm": 1100.0, "indoor_fan_w": 30.0, "outdoor_fan_rpm": 820.0,
    "outdoor_fan_w": 50.0, "outdoor_fan_start_s": 0.8, "defrost_every_min": 80.0, "defrost_min": 5.0,
    "humidity_pct": 55.0, "standby_w": 2.0,
}  # fmt: skip
SUMMER = {"room_c": 36.0, "outdoor_c": 35.0, "outdoor_humidity_pct": 60.0, "occupied": 1.0, "gains_w": 300.0}
WINTER = {"room_c": 21.0, "outdoor_c": 1.0, "outdoor_humidity_pct": 80.0, "occupied": 1.0, "gains_w": 300.0}


def _run(
    felt: dict[str, float], fault: str | None = None, severity: float = 1.0, *, hours: float = 12.0,
    step_s: float = 300.0, **parameters: float,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Readings after the first third, of one unit under steady conditions."""
    machine = AirConditioners({k: np.array([v]) for k, v in (TYPICAL | parameters).items()}, np.random.default_rng(1))
    steps = round(hours * 3600 / step_s)
    around = Surroundings.of(steps, 1, felt, step_s=step_s)
    worn = {fault: np.full((steps, 1), severity)} if fault else {}
    told = machine.advance(around, worn, step_s=step_s, steps_per_report=1, rng=np.random.default_rng(2))
    rest = steps // 3
    columns = {name: told.values[rest:, 0, i] for i, name in enumerate(METRICS)}
    return columns | {"mode": told.mode[rest:, 0], "codes": np.array([one.code for one in told.errors])}


def _mean(told: dict[str, np.ndarray], metric: str) -> float:
    return float(np.nanmean(told[metric]))


@pytest.mark.parametrize(
    ("service", "indoor_c", "outdoor_c", "missing", "capacity", "cop"),
    [
        ("cooling", 26.7, 35.0, 0.10, 0.956, 0.965),
        ("cooling", 26.7, 35.0, 0.20, 0.888, 0.908),
        ("cooling", 26.7, 35.0, 0.30, 0.798, 0.828),
        ("heating", 21.1, 8.3, 0.10, 0.960, 0.972),
        ("heating", 21.1, 8.3, 0.20, 0.868, 0.895),
        ("heating", 21.1, 8.3, 0.30, 0.724, 0.764),
    ],
)
def test_missing_charge_costs_what_nist_found(
    service: str, indoor_c: float, outdoor_c: float, missing: float, capacity: float, cop: float
) -> None:
    """Capacity and efficiency at 10, 20 and 30 % too little charge are those of NIST TN 1848, to .001."""
    at = {"indoor_c": np.array(indoor_c), "outdoor_c": np.array(outdoor_c), "departure": np.array(-missing)}

    left = float(charge_factor(service, "capacity", **at))

    assert left == pytest.approx(capacity, abs=0.001)
    assert left / float(charge_factor(service, "power", **at)) == pytest.approx(cop, abs=0.001)


def test_too_much_charge_costs_power() -> None:
    """The rows for overcharge: a tenth too much takes more power and gives hardly more cooling (NIST TN 1848)."""
    at = {"indoor_c": np.array(26.7), "outdoor_c": np.array(35.0), "departure": np.array(0.1)}

    assert float(charge_factor("cooling", "capacity", **at)) == pytest.approx(1.012, abs=0.002)
    assert float(charge_factor("cooling", "power", **at)) == pytest.approx(1.015, abs=0.002)


def test_too_little_air_costs_what_was_published() -> None:
    """At 70 and 50 % of the air, capacity is .943 and .891, the input ratio 1.064 and 1.123 (BEopt curves), to .001."""
    flow = np.array([0.7, 0.5])

    assert air_flow_capacity(flow) == pytest.approx([0.943, 0.891], abs=0.001)
    assert air_flow_input_ratio(flow) == pytest.approx([1.064, 1.123], abs=0.001)


def test_the_unit_itself_obeys_the_published_curves() -> None:
    """A unit with 30 % of its charge gone, or half its air, has just the capacity and power of the curves, to .001."""
    machine = AirConditioners({k: np.array([v]) for k, v in TYPICAL.items()}, np.random.default_rng(1))
    around = Surroundings.of(1, 1, SUMMER, step_s=300.0)
    none = {mode: np.zeros((1, 1)) for mode in ("refrigerant_leak", "filter_clog", "outdoor_coil_fouling",
            "outdoor_fan_wear", "compressor_valve_leak", "reversing_valve_leak", "defrost_fault")}  # fmt: skip

    def left(fault: str, severity: float) -> tuple[float, float]:
        worn = none | {fault: np.full((1, 1), severity)}
        capacity = machine.capacity(around, worn)[0] / machine.capacity(around, none)[0]
        power = machine.power(around, worn)[0] / machine.power(around, none)[0]
        return float(capacity[0, 0]), float(capacity[0, 0] / power[0, 0])

    assert left("refrigerant_leak", 0.75) == pytest.approx((0.798, 0.828), abs=0.001)
    assert left("filter_clog", 1.0) == pytest.approx((0.891, 1 / 1.123), abs=0.001)
    assert left("outdoor_coil_fouling", 1.0) == pytest.approx((0.9, 1 / 1.25), abs=0.001)
    assert left("compressor_valve_leak", 1.0) == pytest.approx((0.5, 0.5 / 0.8), abs=0.001)
    assert left("reversing_valve_leak", 1.0) == pytest.approx((0.7, 0.7), abs=0.001)


def test_a_healthy_unit_cools_like_an_ordinary_one() -> None:
    """At full speed: 8 to 14 K split, coil at 3 to 12 °C, condenser 8 to 18 K above outdoors, superheat 3 to 8 K."""
    told = _run(SUMMER, room_ua_w_k=330.0)

    assert set(told["mode"].tolist()) == {COOLING}
    assert _mean(told, "compressor_hz") == pytest.approx(100.0)
    assert 8 < _mean(told, "room_c") - _mean(told, "supply_c") < 14
    assert 26 < _mean(told, "room_c") < 29
    assert 3 < _mean(told, "indoor_coil_c") < 12
    assert 8 < _mean(told, "outdoor_coil_c") - 35.0 < 18
    assert 3 < _mean(told, "superheat_k") < 8
    assert 4 < _mean(told, "subcooling_k") < 8
    assert 500 < _mean(told, "power_w") < 3500


def test_a_healthy_unit_holds_the_room() -> None:
    """On a hot day the inverter runs between its lowest and highest speed and holds the setting within .5 K."""
    told = _run(SUMMER)

    assert 20 < _mean(told, "compressor_hz") < 100
    assert _mean(told, "room_c") == pytest.approx(25.0, abs=0.5)


def test_a_healthy_unit_heats_like_an_ordinary_one() -> None:
    """As a heat pump it blows 12 to 22 K warmer than the room at full speed, and holds 21 °C at 1 °C outside."""
    told = _run(WINTER)
    hard = _run(WINTER | {"outdoor_c": -10.0}, room_ua_w_k=400.0)

    assert _mean(told, "room_c") == pytest.approx(21.0, abs=0.5)
    assert 12 < _mean(hard, "supply_c") - _mean(hard, "room_c") < 22
    assert set(told["mode"].tolist()) <= {HEATING, 4}


def test_defrosts_come_as_often_as_they_should() -> None:
    """At 1 °C a sound unit defrosts once in 80 minutes of running, a faulty one three times as often and too cold."""
    sound, faulty = (_run(WINTER, mode, hours=72.0) for mode in (None, "defrost_fault"))

    def per_hour(told: dict[str, np.ndarray]) -> float:
        return float(told["defrosts"][-1] - told["defrosts"][0]) / (len(told["defrosts"]) - 1) * 12

    assert per_hour(sound) == pytest.approx(60 / 80, rel=0.1)
    assert per_hour(faulty) == pytest.approx(3 * per_hour(sound), rel=0.1)
    assert _mean(sound, "defrost_end_c") > 10
    assert _mean(faulty, "defrost_end_c") < 4


def test_a_weak_capacitor_starts_its_fan_late() -> None:
    """Start time is t0 / (1 - .4 s)^1.5, speed 5 to 20 % less, and at last the fan stands still and the code comes up."""
    sound, worn, dead = (_run(SUMMER, "outdoor_fan_wear", s) for s in (0.0, 0.9, 1.0))

    late = _mean(worn, "outdoor_fan_start_s") / _mean(sound, "outdoor_fan_start_s")

    assert late == pytest.approx(1 / (1 - 0.36) ** 1.5, rel=1e-6)
    assert 0.8 < _mean(worn, "outdoor_fan_rpm") / _mean(sound, "outdoor_fan_rpm") < 0.95
    assert _mean(dead, "outdoor_fan_rpm") == 0
    assert "F4" in dead["codes"]
    assert not len(worn["codes"])


def test_a_leak_shows_where_it_should() -> None:
    """A lost charge: superheat 15 K up, subcooling up to 8 K down, valve wide open, discharge hotter, speed up."""
    sound, leaking = _run(SUMMER), _run(SUMMER, "refrigerant_leak", 1.0)

    assert _mean(leaking, "superheat_k") - _mean(sound, "superheat_k") == pytest.approx(15.0, abs=0.1)
    assert _mean(sound, "subcooling_k") - _mean(leaking, "subcooling_k") == pytest.approx(6.0, abs=0.1)
    assert _mean(leaking, "valve_pct") > 1.5 * _mean(sound, "valve_pct")
    assert _mean(leaking, "discharge_c") > _mean(sound, "discharge_c") + 10
    assert _mean(leaking, "compressor_hz") > 1.2 * _mean(sound, "compressor_hz")


def test_a_stuck_reversing_valve_blows_cold() -> None:
    """Stuck in cooling, the air split has the wrong sign while heating is wanted, and the room is not heated."""
    stuck = _run(WINTER, "reversing_valve_leak", 1.0)

    assert _mean(stuck, "supply_c") < _mean(stuck, "room_c") - 3
    assert _mean(stuck, "room_c") < 15
    assert "E6" in stuck["codes"]


@pytest.mark.parametrize("felt", [SUMMER, WINTER])
def test_the_step_makes_no_difference(felt: dict[str, float]) -> None:
    """Steps of 1 s, 5 and 10 minutes give the same room within .1 K, and the same energy within 2 %."""
    rooms, energies = [], []
    for step_s in (1.0, 300.0, 600.0):
        told = _run(felt, hours=4.0, step_s=step_s)
        rooms.append(_mean(told, "room_c"))
        energies.append(float(told["energy_kwh"][-1] - told["energy_kwh"][0]) / (len(told["energy_kwh"]) - 1) / step_s)

    assert rooms == pytest.approx([rooms[1]] * 3, abs=0.1)
    assert energies == pytest.approx([energies[1]] * 3, rel=0.02)


def test_cutting_time_differently_changes_no_state() -> None:
    """A day in one go and in four parts end in the same room and the same counters."""
    ends = []
    for parts in (1, 4):
        machine = AirConditioners({k: np.array([v]) for k, v in TYPICAL.items()}, np.random.default_rng(1))
        for _ in range(parts):
            around = Surroundings.of(288 // parts, 1, WINTER, step_s=300.0)
            machine.advance(around, {}, step_s=300.0, steps_per_report=1, rng=np.random.default_rng(3))
        ends.append([*machine.room_c, *machine.totals["energy_kwh"], *machine.totals["defrosts"]])

    assert ends[0] == pytest.approx(ends[1])
