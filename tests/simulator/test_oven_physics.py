"""The oven against published figures, and each fault against its signature."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.profiles import profile_for
from simulator.fleet_file import read_fleet
from simulator.physics.oven import CLEAN, COOL, FAULT_MODES, HEATS_UP, HOLD, KIND, PREHEAT
from simulator.physics.oven_programmes import PROGRAMMES
from simulator.physics.programme import Conditions
from tests.simulator import twins
from tests.simulator.twins import MOVES, START_MS, SURELY, Run

TYPICAL = {
    "bake_w": 1150.0, "grill_w": 1500.0, "ring_w": 2000.0, "heating_share": 0.88, "cavity_kj_k": 10.5, "loss_w_k": 4.0,
    "fan_rpm": 2100.0, "fan_w": 30.0, "cooling_fan_rpm": 2400.0, "gradient_k": 5.0, "front_share": 0.14,
    "electronics_share": 0.21, "leakage_ma": 0.1, "lock_s": 2.5, "sensor_bias_k": 18.0, "standby_w": 0.8,
}  # fmt: skip
HOT_AIR, TOP_AND_BOTTOM, PIZZA, ROAST, GRILL, PYROLYSIS = range(6)
FAILING = {"relay_stuck_on": 1.0, "door_lock_wear": 0.75}
"""Where a fault is judged at another severity than 0.6."""
LATE = {("door_lock_wear", "lock_retries"), ("grill_element_failure", "preheat_ratio")}
"""What moves in some cycles only, not in most."""


def _run(fault: str | None = None, severity: float = 0.0, *, count: int = 60, **around: float) -> Run:
    return twins.run(KIND, TYPICAL, count=count, fault=fault, severity=severity, around=around)


def _of(one: Run, programme: int) -> np.ndarray:
    return np.asarray(one.cycles.told["programme"] == programme)


def _preheat_s(one: Run) -> np.ndarray:
    return np.asarray(one.cycles.phase_s[:, HEATS_UP].sum(axis=1))


def test_preheating_to_180_takes_8_to_12_minutes() -> None:
    """From 20 to 180 °C with 2-3.6 kW and 9-12 kJ/K in 8-12 min (detection.md 10.6), on average over what stands in it."""
    one = _run(count=200, kitchen_c=20.0)
    minutes = _preheat_s(one)[_of(one, HOT_AIR)] / 60
    watts = (TYPICAL["bake_w"] + TYPICAL["ring_w"]) / 1000

    assert 2.0 < watts < 3.6
    assert 8 < minutes.mean() < 12


def test_every_oven_is_made_for_its_hottest_programme() -> None:
    """An oven of weak elements that loses much is insulated until a pyrolysis comes to its end."""
    weak = twins.run(KIND, {**TYPICAL, "bake_w": 800.0, "grill_w": 1000.0, "loss_w_k": 5.0}, count=200)

    assert _of(weak, PYROLYSIS).any()
    assert np.isfinite(weak.cycles.phase_s).all()


def test_holding_180_takes_500_to_800_watts() -> None:
    """Holding takes .5-.8 kW at 160-180 °C (detection.md 10.6: UA 3-5 W/K), and the balance UA (T - T_a) / n, within 1 W."""
    one = _run(count=200)

    for programme in (HOT_AIR, ROAST):
        held = one.cycles.told["holds_w"][_of(one, programme)]
        balance = 4.0 * (PROGRAMMES.target_c[programme] - SURELY["kitchen_c"]) / 0.88
        assert 500 < held.min() <= held.max() < 800
        assert held == pytest.approx(balance, abs=1.0)


def test_energies_are_those_of_labels() -> None:
    """An hour's baking takes .7-1.6 kWh (EU labels: .7-1.1 for the test load), a pyrolysis 4-7 kWh (makers' sheets)."""
    one = _run(count=400)

    usual = one.cycles.energy_kwh[~_of(one, PYROLYSIS)]
    assert 0.6 < usual.min() < usual.max() < 1.8
    assert 4 < one.cycles.energy_kwh[_of(one, PYROLYSIS)].mean() < 7


def test_electronics_are_at_sixty_and_reach_a_hundred_without_their_fan() -> None:
    """At 200 °C the electronics are at 60 °C, and at 105 °C without air (detection.md 10.6), within 8 K; then it trips."""
    sound, hot = _run(count=200), _run("cooling_fan_failure", 1.0, count=200)
    usual = _of(sound, TOP_AND_BOTTOM)

    assert sound.most("electronics_c")[usual].mean() == pytest.approx(60, abs=8)
    assert hot.codes() == {"E-COOL"}
    assert 70 < hot.most("electronics_c")[usual].mean() < 105
    assert sound.codes() == set()


def test_the_cavity_cools_down_exponentially() -> None:
    """After use T - T_a falls by e in C / UA = 44 minutes, within 2 %."""
    one = _run()
    pizza = np.flatnonzero(_of(one, PIZZA))[0]
    mine = (one.rows.cycle == pizza) & (one.rows.mode == COOL)
    warmth, seconds = one.column("oven_c")[mine] - SURELY["kitchen_c"], one.rows.ts_ms[mine] / 1000
    slope = np.polyfit(seconds, np.log(warmth), 1)[0]

    assert -1 / slope == pytest.approx(10_500 / 4.0, rel=0.02)


def test_an_oven_used_again_is_still_warm() -> None:
    """What is left of the last cycle's heat shortens the next preheating; a day later nothing is left."""
    rng = np.random.default_rng(3)
    ovens = KIND.make({name: np.full(40, value) for name, value in TYPICAL.items()}, rng)
    around = Conditions(**{name: np.full(40, value) for name, value in SURELY.items()}, severity={})
    first = ovens.plan(np.arange(40), np.full(40, START_MS), around, rng)
    soon = ovens.plan(np.arange(40), first.start_ms + first.duration_ms + 600_000, around, rng)
    later = ovens.plan(np.arange(40), soon.start_ms + soon.duration_ms + 86_400_000, around, rng)

    assert soon.told["begin_c"].min() > 50
    assert later.told["begin_c"] == pytest.approx(SURELY["kitchen_c"], abs=0.1)


@pytest.mark.parametrize(("fault", "programme"), [("bake_element_failure", HOT_AIR), ("grill_element_failure", GRILL)])
def test_preheating_without_an_element_takes_up_to_twice_as_long(fault: str, programme: int) -> None:
    """With one of two elements open preheating takes 1.3-2 times as long (detection.md 10.6), within a tenth."""
    sound, failed = _run(count=200), _run(fault, 1.0, count=200)
    here = _of(sound, programme)
    ratio = (_preheat_s(failed) / _preheat_s(sound))[here].mean()

    assert 1.3 < ratio < 2.0 * 1.1


def test_a_worn_seal_loses_heat_and_warms_the_front() -> None:
    """At failure UA is 1.4 times as much (detection.md 10.6), so holding takes that much more (within 1 %)."""
    sound, worn = _run(), _run("door_seal_wear", 1.0)
    usual = ~_of(sound, PYROLYSIS)

    assert (worn.cycles.told["holds_w"] / sound.cycles.told["holds_w"])[usual] == pytest.approx(1.4, rel=0.01)
    assert (worn.most("front_c") > sound.most("front_c") + 8).all()


def test_a_dead_fan_leaves_ten_to_forty_kelvin_between_the_sensors() -> None:
    """Without its convection fan the two sensors differ by +10 to +40 K (detection.md 10.6)."""
    sound, still = _run(), _run("convection_fan_wear", 1.0)

    for one, low, high in ((sound, 0, 8), (still, 10, 45)):
        gradient = one.of_mode("rear_c", HOLD) - one.of_mode("oven_c", HOLD)
        assert low < np.nanmin(gradient) <= np.nanmax(gradient) < high


def test_a_drifting_sensor_leaves_it_colder_than_shown() -> None:
    """The control trusts its sensor: the display is right, the cavity is colder by the bias of 5-25 K (detection.md 10.6)."""
    drifted = _run("temperature_sensor_drift", 1.0)
    true = drifted.of_mode("rear_c", HOLD) - TYPICAL["gradient_k"]
    shown = drifted.of_mode("oven_c", HOLD)
    blown = ~np.isnan(true)

    assert shown[blown] - true[blown] == pytest.approx(18.0)
    assert shown[blown].max() == pytest.approx(240.0)


def test_a_welded_relay_overshoots_and_is_cut_out() -> None:
    """With a relay stuck on, heat goes on without demand: it overshoots, F2 ends it, and cooling down takes full power."""
    welded = _run("relay_stuck_on", 1.0)
    hot_air = _of(welded, HOT_AIR)

    assert "F2" in welded.codes()
    assert 40 < welded.most("overshoot_k")[hot_air].max() <= 46
    assert welded.of_mode("power_w", COOL).min() > 1000


def test_leakage_grows_to_ten_milliampere_and_trips() -> None:
    """Leakage goes from .1 to 10 mA (detection.md 10.6); then the breaker trips on first heat and nothing more is told."""
    sound, wet = _run(), _run("insulation_leakage", 1.0)

    assert sound.most("leakage_ma") == pytest.approx(0.1, rel=0.1)
    assert wet.most("leakage_ma") == pytest.approx(10.0, rel=0.25)
    assert wet.cycles.duration_ms.max() == 90_000


def test_a_pyrolysis_is_behind_a_locked_door_only() -> None:
    """At 460 °C the oven cleans itself in a mode of its own; the front stays below 75 °C; a worn lock forbids it."""
    sound, worn = _run(count=400), _run("door_lock_wear", 1.0, count=400)
    cleans = _of(sound, PYROLYSIS)

    assert sound.of_mode("oven_c", CLEAN).max() == pytest.approx(460.0)
    assert sound.of_mode("oven_c", PREHEAT).max() < 241
    assert sound.most("front_c")[cleans].max() < 75
    assert worn.codes() == {"LOCK"}
    assert worn.most("lock_retries").mean() > 20 * sound.most("lock_retries").mean()


@pytest.mark.parametrize("fault", FAULT_MODES)
def test_a_fault_moves_its_signature_and_nothing_else(fault: str) -> None:
    """Against its sound twin, a fault moves features of its signature, in their direction, and no others beyond tolerance.

    Tolerance: three times the least standard deviation that is believed of a feature (``floor``), from cycle to cycle.
    """
    signature = profile_for("oven").fault_modes[fault].signature

    moved = twins.shifts(_run(), _run(fault, FAILING.get(fault, 0.6)))

    assert {name for name, shift in moved.items() if abs(shift) > MOVES} <= set(signature)
    strongest = max(signature, key=lambda name: abs(signature[name]))
    assert moved[strongest] * np.sign(signature[strongest]) > MOVES
    for name, strength in signature.items():
        assert moved[name] * np.sign(strength) > (-0.1 if (fault, name) in LATE else 0.3), name


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("bake_element_failure", "E-HEAT1"), ("grill_element_failure", "E-HEAT2"), ("ring_element_failure", "E-HEAT3"),
        ("convection_fan_wear", "FAN"), ("temperature_sensor_drift", "F3"), ("relay_stuck_on", "F2"),
        ("cooling_fan_failure", "E-COOL"), ("door_lock_wear", "LOCK"),
    ],
)  # fmt: skip
def test_a_failed_part_shows_its_code(fault: str, code: str) -> None:
    """At failure the code of the catalogue comes up, one that the profile knows for this mode."""
    assert _run(fault, 1.0, count=200).codes() == {code}
    assert code in profile_for("oven").fault_modes[fault].codes


def test_the_fleet_draws_published_ranges() -> None:
    """9-12 kJ/K, UA 3-5 W/K and 2-3.6 kW while preheating, as detection.md 10.6 gives them."""
    drawn = read_fleet("household").kinds["oven"].parameters
    published = {"cavity_kj_k": (9, 12), "loss_w_k": (3, 5)}

    for name, (low, high) in published.items():
        assert low <= drawn[name].low < drawn[name].high <= high, name
    for preheats in PROGRAMMES.preheats:
        pairs = [
            (drawn[name].low, drawn[name].high)
            for name, on in zip(("bake_w", "grill_w", "ring_w"), preheats, strict=True)
            if on
        ]
        assert 2000 < sum(low for low, _ in pairs) < sum(high for _, high in pairs) < 4000
