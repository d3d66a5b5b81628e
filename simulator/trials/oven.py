"""What an oven's remote tests bring to light: each drives one part of the empty, closed oven."""

from __future__ import annotations

import numpy as np

from simulator.physics.heating_element import element_w
from simulator.physics.oven import ELEMENTS, bias_k, cavity_j_k, elements_w, fan_w, loss_w_k
from simulator.trials.trial import Trial, TrialMaker, Tried

WARM_K = 150.0
QUIET_W = 3.0


def element(name: str) -> TrialMaker:
    """One element on: its power against what is on its label, at this voltage."""

    def heat(tried: Tried) -> Trial:
        watts = tried.noisy(float(elements_w(tried.p, tried.conditions)[0, ELEMENTS.index(name)]), relative_sd=0.008)
        rated = float(element_w(tried.p[f"{name}_w"], tried.conditions.mains_v)[0])
        return tried.trial({"element_share": float(watts.mean()) / rated}, **{f"{name}_w": watts})

    return heat


def cool_down(tried: Tried) -> Trial:
    """The warm cavity cools down by itself: how fast tells what it loses, against a new one."""
    rate = float((loss_w_k(tried.p, tried.conditions) / cavity_j_k(tried.p))[0])
    new = float((tried.p["loss_w_k"] / cavity_j_k(tried.p))[0])
    above = tried.noisy(WARM_K * np.exp(-rate * tried.at_s), sd=0.8)
    slope = -np.polyfit(tried.at_s, np.log(np.maximum(above, 1.0)), 1)[0]
    oven = float(tried.conditions.kitchen_c[0]) + above
    return tried.trial({"loss_share": float(slope / new)}, oven_c=oven)


def fan_sweep(tried: Tried) -> Trial:
    """The convection fan at full speed."""
    new = float(tried.p["fan_rpm"][0])
    told = tried.noisy(new * (1.0 - 0.4 * tried.worn("convection_fan_wear")), relative_sd=0.006)
    watts = tried.noisy(float(fan_w(tried.p, tried.conditions)[0]), relative_sd=0.015)
    return tried.trial({"speed_share": float(told.mean()) / new}, fan_rpm=told, fan_w=watts)


def preheat_model(tried: Tried) -> Trial:
    """Some minutes of heating: what the sensor shows against what this much heat makes of this oven."""
    room, power = float(tried.conditions.kitchen_c[0]), float((elements_w(tried.p, tried.conditions)[:, 2])[0])
    loss = loss_w_k(tried.p, tried.conditions)
    settles_k = power * float((tried.p["heating_share"] / loss)[0])
    true = room + settles_k * (1.0 - np.exp(-tried.at_s * float((loss / cavity_j_k(tried.p))[0])))
    shown = tried.noisy(true + float(bias_k(tried.p, tried.conditions)[0]), sd=0.8)
    return tried.trial({"difference_k": float((shown - true).mean())}, oven_c=shown, ring_w=power)


def relay_open(tried: Tried) -> Trial:
    """All relays open: whatever is taken then flows through a welded one."""
    is_welded = tried.rng.random() < tried.worn("relay_stuck_on")
    true = QUIET_W + (float(elements_w(tried.p, tried.conditions)[0, 0]) if is_welded else 0.0)
    watts = tried.noisy(true, sd=0.5, relative_sd=0.01)
    return tried.trial({"open_w": float(watts.mean())}, power_w=np.maximum(watts, 0.0))


def cooling_run_on(tried: Tried) -> Trial:
    """The cooling fan at full speed."""
    new = float(tried.p["cooling_fan_rpm"][0])
    told = tried.noisy(new * (1.0 - 0.6 * tried.worn("cooling_fan_failure")), relative_sd=0.008)
    return tried.trial({"speed_share": float(told.mean()) / new}, cooling_fan_rpm=told)


def leakage(tried: Tried) -> Trial:
    """The elements at the mains, cold: what leaks to earth."""
    told = tried.noisy(float(tried.p["leakage_ma"][0]) * 100.0 ** tried.worn("insulation_leakage"), relative_sd=0.05)
    return tried.trial({"leakage_ma": float(told.mean())}, leakage_ma=told)


def lock(tried: Tried) -> Trial:
    """The lock three times."""
    took_s = float(tried.p["lock_s"][0]) * (1.0 + 2.0 * tried.worn("door_lock_wear")) * tried.rng.lognormal(0, 0.02, 3)
    return tried.trial({"lock_s": float(took_s.mean())})


TRIALS = {
    **{f"heat_{name}_60_s": element(name) for name in ELEMENTS},
    "cool_down_fit": cool_down,
    "fan_sweep": fan_sweep,
    "preheat_model": preheat_model,
    "relay_open": relay_open,
    "cooling_run_on": cooling_run_on,
    "leakage_readback": leakage,
    "lock_three_times": lock,
}
