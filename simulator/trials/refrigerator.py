"""What a refrigerator's remote tests bring to light: each drives one part and watches what follows."""

from __future__ import annotations

import numpy as np

from simulator.arrays import FloatArray
from simulator.physics.refrigerant_circuit import KITCHEN_RATED_C
from simulator.trials.trial import Trial, Tried


def _one(tried: Tried, name: str) -> float:
    return float(tried.p[name][0])


def _load_w(tried: Tried) -> float:
    fresh = _one(tried, "ua_fresh_w_k") * (KITCHEN_RATED_C - _one(tried, "fresh_set_c"))
    return fresh + _one(tried, "ua_freezer_w_k") * (KITCHEN_RATED_C - _one(tried, "freezer_set_c")) + 7.0


def compressor_run(tried: Tried) -> Trial:
    """The compressor runs on: how far the condenser rises above the kitchen."""
    kept = (1.0 - 0.5 * tried.worn("condenser_fouling") ** 1.5) * (1.0 - 0.5 * tried.worn("condenser_fan_wear")) ** 0.9
    kitchen = float(tried.conditions.kitchen_c[0])
    reached = _one(tried, "condenser_rise_k") / kept * (1.0 - np.exp(-tried.at_s / 240.0))
    told = tried.noisy(kitchen + reached, sd=0.35)
    return tried.trial({"condenser_rise_k": float(told[-120:].mean()) - kitchen}, condenser_c=told)


def pull_down(tried: Tried) -> Trial:
    """All cold into the freezer, doors closed: kelvin an hour."""
    left = 1.0 - 1.8 * max(0.6 * tried.worn("refrigerant_leak") - 0.15, 0.0)
    load = _load_w(tried)
    fall = (load / _one(tried, "duty_rated") * left - load) * 3.6 / _one(tried, "capacity_freezer_kj_k")
    told = tried.noisy(_one(tried, "freezer_set_c") - fall * tried.at_s / 3600.0, sd=0.1)
    return tried.trial({"fall_k_h": fall * float(tried.rng.lognormal(0, 0.04))}, freezer_c=told)


def evaporator_fan(tried: Tried) -> Trial:
    """The evaporator fan at full speed."""
    told = tried.noisy(
        _one(tried, "evaporator_fan_rpm") * (1.0 - 0.4 * tried.worn("evaporator_fan_wear")), relative_sd=0.01
    )
    return tried.trial({"evaporator_fan_rpm": float(told.mean())}, evaporator_fan_rpm=told)


def condenser_fan(tried: Tried) -> Trial:
    """The condenser fan at full speed."""
    told = tried.noisy(
        _one(tried, "condenser_fan_rpm") * (1.0 - 0.5 * tried.worn("condenser_fan_wear")), relative_sd=0.01
    )
    return tried.trial({"condenser_fan_rpm": float(told.mean())}, condenser_fan_rpm=told)


def defrost(tried: Tried) -> Trial:
    """The defrost heater on: its power, and how warm the evaporator becomes."""
    watts = _one(tried, "defrost_w") * (1.0 - tried.worn("defrost_heater_failure"))
    power = tried.noisy(watts, relative_sd=0.012)
    warmed: FloatArray = np.minimum(-20.0 + 28.0 * watts / _one(tried, "defrost_w") * tried.at_s / 900.0, 8.0)
    return tried.trial(
        {"defrost_w": float(power.mean())}, defrost_heater_w=power, evaporator_c=tried.noisy(warmed, sd=0.25)
    )


def starts(tried: Tried) -> Trial:
    """Three starts of the compressor: the longest."""
    each = _one(tried, "start_s") * (1.0 + 4.0 * tried.worn("compressor_start_fault")) * tried.rng.lognormal(0, 0.04, 3)
    return tried.trial({"start_s": float(each.max())}, compressor_start_s=float(each.max()))


def night_decay(tried: Tried) -> Trial:
    """The compressor off: how fast it warms, over what it did when new."""
    share = (1.0 + 0.35 * tried.worn("door_gasket_wear") ** 1.5) * float(tried.rng.lognormal(0, 0.03))
    warming = _load_w(tried) * share * tried.at_s / (1e3 * _one(tried, "capacity_fresh_kj_k"))
    told = tried.noisy(_one(tried, "fresh_set_c") + warming, sd=0.12)
    return tried.trial({"ua_share": share}, fresh_food_c=told)


def thaw(tried: Tried) -> Trial:
    """Cold again after a forced thaw: how much of it comes through the capillary by the end."""
    share = 1.0 - 0.8 * tried.worn("capillary_blockage")
    told = tried.noisy(share, sd=0.03)
    evaporator = -5.0 - 20.0 * share * np.minimum(tried.at_s / 1200.0, 1.0)
    return tried.trial({"cooling_share": float(told.mean())}, evaporator_c=tried.noisy(evaporator, sd=0.25))


def crosscheck(tried: Tried) -> Trial:
    """Two sensors in the same still air."""
    told = tried.noisy(3.0 * tried.worn("freezer_sensor_drift"), sd=0.4)
    freezer = _one(tried, "freezer_set_c")
    return tried.trial({"difference_k": float(told.mean())}, freezer_c=freezer + told, evaporator_c=freezer)


TRIALS = {
    "compressor_run_20_min": compressor_run,
    "pull_down": pull_down,
    "fan_sweep": evaporator_fan,
    "condenser_fan_sweep": condenser_fan,
    "forced_defrost": defrost,
    "compressor_start": starts,
    "night_decay": night_decay,
    "forced_thaw": thaw,
    "sensor_crosscheck": crosscheck,
}
