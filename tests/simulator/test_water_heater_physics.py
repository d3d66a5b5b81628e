"""The water heater against published figures.

Sources: the first law; UA of 1 to 2.5 W/K for 50 to 300 L; Battelle 2010 (contractormag.com 20872711): scale on electric
storage heaters cost no more electricity, but heats the element; Faraday's law for anodes; a 2 kW element at 230 V has
26.5 Ω.
"""

from __future__ import annotations

import numpy as np
import pytest

from simulator.physics.surroundings import Surroundings
from simulator.physics.water_heater import HEATING, METRICS, WaterHeaters

TYPICAL = {
    "volume_l": 120.0, "heater_w": 2000.0, "elements": 1.0, "ua_w_k": 1.8, "set_c": 60.0, "hysteresis_k": 6.0,
    "limit_c": 87.0, "element_rise_k": 32.0, "element_m2": 0.04, "heat_lag_s": 45.0, "leakage_ma": 0.1, "anode_ma": 4.0,
    "anode_v": 2.0, "standby_w": 2.0,
}  # fmt: skip
FELT = {"kitchen_c": 20.0, "inlet_c": 12.0, "mains_v": 230.0, "hardness_dh": 15.0}


def _run(
    fault: str | None = None, severity: float = 1.0, *, days: float = 3.0, step_s: float = 300.0,
    draw_l_day: float = 110.0, mains_v: float = 230.0, start_c: float | None = None, **parameters: float,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Readings of one heater from which a little is drawn every hour."""
    heater = WaterHeaters({k: np.array([v]) for k, v in (TYPICAL | parameters).items()}, np.random.default_rng(1))
    if start_c is not None:
        heater.water_c = np.array([start_c])
    steps = round(days * 86_400 / step_s)
    hourly = round(3600 / step_s)
    draw = np.where(np.arange(steps) % hourly == 0, draw_l_day / 24, 0.0)[:, None]
    around = Surroundings.of(steps, 1, FELT | {"mains_v": mains_v, "draw_l": draw}, step_s=step_s)
    worn = {fault: np.full((steps, 1), severity)} if fault else {}
    told = heater.advance(around, worn, step_s=step_s, steps_per_report=1, rng=np.random.default_rng(2))
    columns = {name: told.values[:, 0, i] for i, name in enumerate(METRICS)}
    return columns | {"mode": told.mode[:, 0], "codes": np.array([one.code for one in told.errors])}


def _mean(told: dict[str, np.ndarray], metric: str) -> float:
    return float(np.nanmean(told[metric]))


def _kwh_per_day(told: dict[str, np.ndarray]) -> float:
    half = len(told["energy_kwh"]) // 3
    energy = told["energy_kwh"][half:]
    return float(energy[-1] - energy[0]) / (len(energy) - 1) * 288


def test_heating_up_obeys_the_first_law() -> None:
    """150 L from 15 to 60 °C with 2 kW take 3.9 h, by m c ΔT / P; losses add at most 3 %."""
    told = _run(days=0.5, draw_l_day=0.0, start_c=15.0, volume_l=150.0)
    law_h = 150 * 4186 * 45 / 2000 / 3600

    took_h = float(np.argmax(told["water_c"] >= 59.99) + 1) / 12

    assert law_h == pytest.approx(3.92, abs=0.01)
    assert law_h <= took_h + 1 / 12
    assert took_h == pytest.approx(law_h, rel=0.05)


@pytest.mark.parametrize(("ua", "low", "high"), [(1.0, 0.8, 1.05), (2.5, 2.1, 2.55)])
def test_standing_costs_what_the_insulation_lets_through(ua: float, low: float, high: float) -> None:
    """UA of 1 to 2.5 W/K at 40 K above the room loses about 1 to 2.4 kWh a day (UA ΔT, less the hysteresis)."""
    assert low < _kwh_per_day(_run(draw_l_day=0.0, days=9.0, ua_w_k=ua, standby_w=0.0)) < high


def test_a_household_takes_what_its_water_takes() -> None:
    """110 L a day at 40 °C from 12 °C are 3.58 kWh by m c ΔT, plus what standing loses, within 5 %."""
    drawn, standing = _run(days=9.0), _run(days=9.0, draw_l_day=0.0)

    used = _kwh_per_day(drawn) - _kwh_per_day(standing)

    assert used == pytest.approx(110 * 4186 * 28 / 3.6e6, rel=0.05)


def test_power_follows_the_square_of_the_mains() -> None:
    """2 kW at 230 V are 26.5 Ω, so 207 V give 1,620 W; within .5 %."""
    told = _run(mains_v=207.0, days=6.0, standby_w=0.0)
    heating = told["power_w"][(told["mode"] == HEATING)].max()

    assert pytest.approx(26.45, abs=0.01) == 230.0**2 / 2000
    assert heating == pytest.approx(207.0**2 / 26.45, rel=0.005)


def test_the_tank_stays_within_its_hysteresis() -> None:
    """The thermostat keeps the water between its setting and 6 K below, and a draw's worth."""
    told = _run(days=6.0)

    assert told["water_c"].max() <= 60.01
    assert told["water_c"].min() > 60 - 6 - 3


def test_scale_heats_the_element_and_costs_nothing() -> None:
    """1 mm makes the element 47 K hotter at 1.9 kW and .04 m² (P d / k A); energy changes by less than 1 % (Battelle)."""
    sound, scaled = (_run("scale", s, days=9.0, heater_w=1900.0) for s in (0.0, 1 / 3))

    assert _mean(scaled, "element_c") - _mean(sound, "element_c") == pytest.approx(47.5, abs=1.5)
    assert _kwh_per_day(scaled) == pytest.approx(_kwh_per_day(sound), rel=0.01)
    assert _mean(scaled, "heat_lag_s") - _mean(sound, "heat_lag_s") == pytest.approx(40.0, abs=1.0)


def test_heavy_scale_trips_the_limiter() -> None:
    """Only a thick layer makes the limiter cycle, and the code comes up."""
    sound, scaled = (_run("scale", s, days=20.0) for s in (0.0, 1.0))

    assert sound["limit_trips"][-1] == sound["limit_trips"][0]
    assert scaled["limit_trips"][-1] > scaled["limit_trips"][0]
    assert "dry-fire" in scaled["codes"]


def test_an_element_leaks_for_weeks_and_then_burns_out() -> None:
    """Leakage goes from .1 to 30 mA; then one of two elements is gone and reheating takes twice as long."""
    sound, leaking, burnt = (_run("element_burnout", s, days=6.0, elements=2.0) for s in (0.0, 0.6, 1.0))

    assert _mean(leaking, "leakage_ma") / _mean(sound, "leakage_ma") == pytest.approx(300**0.6, rel=0.01)
    assert _mean(burnt, "leakage_ma") == pytest.approx(30.0, rel=0.01)
    assert _kwh_per_day(leaking) == pytest.approx(_kwh_per_day(sound), rel=0.01)
    heating = [np.median(told["power_w"][told["power_w"] > 900]) for told in (sound, burnt)]
    assert heating[1] / heating[0] == pytest.approx(0.5, abs=0.01)
    assert "E-heat" in burnt["codes"]
    assert not len(leaking["codes"])


def test_a_single_element_burns_out_for_good() -> None:
    """Where there is only one element, the water gets cold."""
    assert _run("element_burnout", 1.0, days=6.0)["water_c"][-1] < 40


def test_a_drifted_thermostat_cuts_out_late() -> None:
    """At failure the water gets 12 K too hot, over 70 °C."""
    told = _run("thermostat_drift", 1.0, days=6.0)

    assert told["water_c"].max() == pytest.approx(72.0, abs=0.1)


def test_a_welded_relay_heats_to_the_limiter() -> None:
    """Power flows unasked, the water runs to the limiter and stays there; the code comes up once a day."""
    told = _run("relay_welded", 1.0, days=6.0)

    assert told["water_c"].max() == pytest.approx(87.0, abs=0.1)
    assert told["water_c"][-1] > 80
    assert told["unasked_s"][-1] - told["unasked_s"][0] > 3600
    assert 4 <= list(told["codes"]).count("over-temp") <= 6


def test_a_leaking_tank_cools_faster_and_drips_at_night() -> None:
    """Standing loss is 1.5 to 3.5 times the usual, and 6 L/h run while no tap is open."""
    sound, leaking = _run(days=6.0), _run("tank_leak", 1.0, days=6.0)

    assert 1.5 < _mean(leaking, "standby_k_h") / _mean(sound, "standby_k_h") < 8
    assert _mean(leaking, "resting_flow_l_h") == pytest.approx(6.05, abs=0.01)
    assert (
        1.5 < np.nanmedian(_run("tank_leak", 0.25, days=6.0)["standby_k_h"]) / np.nanmedian(sound["standby_k_h"]) < 3.5
    )


def test_a_broken_dip_tube_cools_the_outlet_only() -> None:
    """The outlet is 15 K colder; the tank knows nothing of it."""
    sound, broken = _run(), _run("dip_tube_break", 1.0)

    assert _mean(sound, "outlet_c") - _mean(broken, "outlet_c") == pytest.approx(15.0, abs=0.1)
    assert _mean(sound, "water_c") == pytest.approx(_mean(broken, "water_c"), abs=0.05)


def test_a_spent_anode_draws_no_current() -> None:
    """Its current falls by .9 s and its voltage rises to the rail, 1.8 times."""
    sound, spent = _run(), _run("anode_depletion", 1.0)

    assert _mean(spent, "anode_ma") / _mean(sound, "anode_ma") == pytest.approx(0.1, abs=0.001)
    assert _mean(spent, "anode_v") / _mean(sound, "anode_v") == pytest.approx(1.8, abs=0.001)


def test_the_step_makes_no_difference() -> None:
    """Steps of 30 s, 5 and 10 minutes give the same tank within .4 K, and the same energy within 3 %."""
    means, energies = [], []
    for step_s in (30.0, 300.0, 600.0):
        told = _run(days=4.0, step_s=step_s)
        rest = len(told["water_c"]) // 4
        means.append(float(told["water_c"][rest:].mean()))
        energy = told["energy_kwh"][rest:]
        energies.append(float(energy[-1] - energy[0]) / (len(energy) - 1) / step_s * 86_400)

    assert means == pytest.approx([means[1]] * 3, abs=0.4)
    assert energies == pytest.approx([energies[1]] * 3, rel=0.03)


def test_a_step_of_a_second_heats_as_one_of_ten_minutes() -> None:
    """After two hours of heating the water is as warm whether it was stepped by 1, 300 or 600 s, within .05 K."""
    warm = [
        _run(days=1 / 12, step_s=step_s, draw_l_day=0.0, start_c=15.0)["water_c"][-1] for step_s in (1.0, 300.0, 600.0)
    ]

    assert warm == pytest.approx([warm[1]] * 3, abs=0.05)
    assert warm[0] > 40


def test_cutting_time_differently_changes_no_state() -> None:
    """A day in one go and in four parts end in the same tank and the same counters."""
    ends = []
    for parts in (1, 4):
        heater = WaterHeaters({k: np.array([v]) for k, v in TYPICAL.items()}, np.random.default_rng(1))
        for _ in range(parts):
            around = Surroundings.of(288 // parts, 1, FELT | {"draw_l": 0.4}, step_s=300.0)
            heater.advance(around, {}, step_s=300.0, steps_per_report=1, rng=np.random.default_rng(3))
        ends.append([*heater.water_c, *heater.totals["energy_kwh"], *heater.totals["heater_starts"]])

    assert ends[0] == pytest.approx(ends[1])
