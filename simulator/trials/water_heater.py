"""What a water heater's remote tests bring to light: heating, standing, and a look at what protects the tank."""

from __future__ import annotations

import numpy as np

from simulator.physics.heating_element import element_w
from simulator.physics.water_heater import BURNT, WATER_J_K, WELDED
from simulator.trials.trial import Trial, Tried


def _one(tried: Tried, name: str) -> float:
    return float(tried.p[name][0])


def _element_w(tried: Tried) -> float:
    left = 1.0 - 1.0 / _one(tried, "elements") if tried.worn("element_burnout") >= BURNT else 1.0
    return float(element_w(tried.p["heater_w"], tried.conditions.mains_v)[0]) * left


def heat(tried: Tried) -> Trial:
    """Ten minutes of heating: how late the sensor follows."""
    late = (_one(tried, "heat_lag_s") + 120.0 * tried.worn("scale")) * float(tried.rng.lognormal(0, 0.05))
    rise = _element_w(tried) / (_one(tried, "volume_l") * WATER_J_K)
    water = _one(tried, "set_c") - 5.0 + rise * np.maximum(tried.at_s - late, 0.0)
    return tried.trial({"heat_lag_s": late}, water_c=tried.noisy(water, sd=0.05), heat_lag_s=late)


def elements(tried: Tried) -> Trial:
    """Each element for a minute: power over what is written on it, and what leaks to earth."""
    told = tried.noisy(_element_w(tried), relative_sd=0.008)
    leakage = _one(tried, "leakage_ma") * 300.0 ** tried.worn("element_burnout")
    return tried.trial(
        {"power_share": float(told.mean()) / _one(tried, "heater_w")},
        power_w=told, leakage_ma=tried.noisy(leakage, relative_sd=0.05),
    )  # fmt: skip


def anode(tried: Tried) -> Trial:
    """Current and voltage of the anode."""
    spent = tried.worn("anode_depletion")
    told = tried.noisy(_one(tried, "anode_ma") * (1.0 - 0.9 * spent), relative_sd=0.03)
    return tried.trial(
        {"anode_ma": float(told.mean())}, anode_ma=told, anode_v=_one(tried, "anode_v") * (1.0 + 0.8 * spent)
    )


def reheat(tried: Tried) -> Trial:
    """Heating up to the cut-out: how far beyond the setting it is."""
    over = 12.0 * tried.worn("thermostat_drift") + float(tried.rng.normal(0, 0.2))
    ramp = np.minimum(tried.at_s / (0.8 * tried.seconds), 1.0)
    water = _one(tried, "set_c") - 6.0 + (6.0 + over) * ramp
    return tried.trial({"overshoot_k": over}, water_c=tried.noisy(water, sd=0.1))


def relay_open(tried: Tried) -> Trial:
    """The relay open: no power may flow."""
    power = _element_w(tried) if tried.worn("relay_welded") >= WELDED else 0.0
    told = np.abs(tried.noisy(power, sd=0.5))
    return tried.trial({"power_off_w": float(told.mean())}, power_w=told)


def standing(tried: Tried) -> Trial:
    """Two hours without drawing: how fast the tank cools."""
    leak, volume = tried.worn("tank_leak"), _one(tried, "volume_l")
    above = _one(tried, "set_c") - float(tried.conditions.kitchen_c[0])
    by_air = _one(tried, "ua_w_k") * (1.0 + 2.0 * leak) * above / WATER_J_K * 3600.0
    by_water = 6.0 * leak * (_one(tried, "set_c") - float(tried.conditions.inlet_c[0]))
    cooling = (by_air + by_water) / volume * float(tried.rng.lognormal(0, 0.05))
    water = tried.noisy(_one(tried, "set_c") - cooling * tried.at_s / 3600.0, sd=0.05)
    return tried.trial({"standby_k_h": cooling}, water_c=water, standby_k_h=cooling)


def draw(tried: Tried) -> Trial:
    """Five minutes of drawing: how much colder the outlet becomes than the tank."""
    drop = max(1.5 + 15.0 * tried.worn("dip_tube_break") + float(tried.rng.normal(0, 0.3)), 0.0)
    water = _one(tried, "set_c")
    outlet = water - drop * np.minimum(tried.at_s / 120.0, 1.0)
    return tried.trial({"outlet_drop_k": drop}, outlet_c=tried.noisy(outlet, sd=0.3), water_c=water)


TRIALS = {
    "heat_10_min": heat,
    "heater_60_s": elements,
    "anode_readback": anode,
    "controlled_reheat": reheat,
    "relay_open": relay_open,
    "standby_2_h": standing,
    "draw_5_min": draw,
}
