"""What an air conditioner's remote tests bring to light: each drives one part, mostly at full speed."""

from __future__ import annotations

import numpy as np

from simulator.physics.air_conditioner import STUCK
from simulator.trials.trial import Trial, Tried


def _one(tried: Tried, name: str) -> float:
    return float(tried.p[name][0])


def cooling(tried: Tried) -> Trial:
    """Cooling at full speed: the superheat tells whether there is enough refrigerant."""
    leak = tried.worn("refrigerant_leak")
    told = tried.noisy(_one(tried, "superheat_k") + 2.0 * leak + 13.0 * leak**2, sd=0.3)
    below = np.maximum(tried.noisy(_one(tried, "subcooling_k") - leak - 7.0 * leak**2, sd=0.3), 0.0)
    return tried.trial({"superheat_k": float(told[len(told) // 2 :].mean())}, superheat_k=told, subcooling_k=below)


def condenser(tried: Tried) -> Trial:
    """Cooling at full speed: how far the outdoor coil rises above the weather."""
    air = 1.0 - 0.2 * tried.worn("outdoor_fan_wear")
    rise = _one(tried, "condenser_rise_k") / air**2 + 10.0 * tried.worn("outdoor_coil_fouling")
    outdoor = float(tried.conditions.outdoor_c[0])
    told = tried.noisy(outdoor + rise * (1.0 - np.exp(-tried.at_s / 120.0)), sd=0.3)
    return tried.trial({"condenser_rise_k": float(told[-60:].mean()) - outdoor}, outdoor_coil_c=told)


def indoor_fan(tried: Tried) -> Trial:
    """The indoor fan through its speeds: power over what it took when new."""
    clogged = tried.worn("filter_clog")
    pace = np.clip(tried.at_s / tried.seconds, 0.2, 1.0)
    share = (1.0 + 0.20 * clogged) * float(tried.rng.lognormal(0, 0.015))
    return tried.trial(
        {"fan_w_ratio": share},
        indoor_fan_w=_one(tried, "indoor_fan_w") * pace**2.5 * share,
        indoor_fan_rpm=_one(tried, "indoor_fan_rpm") * pace * (1.0 + 0.25 * clogged),
    )


def outdoor_fan(tried: Tried) -> Trial:
    """Three starts of the outdoor fan: the longest, over what it took when new."""
    worn = tried.worn("outdoor_fan_wear")
    late = tried.rng.lognormal(0, 0.03, 3).max() / (1.0 - 0.4 * worn) ** 1.5
    turns = 0.0 if worn >= 1.0 else 1.0 - 0.2 * worn
    return tried.trial(
        {"start_ratio": float(late)},
        outdoor_fan_start_s=_one(tried, "outdoor_fan_start_s") * float(late),
        outdoor_fan_rpm=tried.noisy(_one(tried, "outdoor_fan_rpm") * turns, relative_sd=0.008),
    )


def pump_down(tried: Tried) -> Trial:
    """The compressor against a closed valve: the pressure ratio that it holds."""
    ratio = 4.0 * (1.0 - 0.5 * tried.worn("compressor_valve_leak")) * float(tried.rng.lognormal(0, 0.04))
    return tried.trial({"pressure_ratio": ratio}, compressor_hz=_one(tried, "hz_max"))


def mode_toggle(tried: Tried) -> Trial:
    """From cooling to heating: whether the air split turns its sign, and how much of it comes."""
    leaking = tried.worn("reversing_valve_leak")
    sign = (-1.0 if leaking >= STUCK else 1.0 - 0.3 * leaking) + float(tried.rng.normal(0, 0.03))
    room = 21.0
    blown = room + 1.4 * _one(tried, "split_k") * sign * np.minimum(tried.at_s / 120.0, 1.0)
    return tried.trial({"split_sign": sign}, supply_c=tried.noisy(blown, sd=0.25), room_c=room)


def forced_defrost(tried: Tried) -> Trial:
    """A defrost now: how warm the outdoor coil is at its end."""
    end_c = 12.0 - 9.0 * tried.worn("defrost_fault") + float(tried.rng.normal(0, 0.3))
    coil = np.minimum(-6.0 + (end_c + 6.0) * tried.at_s / (0.6 * tried.seconds), end_c)
    return tried.trial({"coil_end_c": end_c}, outdoor_coil_c=tried.noisy(coil, sd=0.3))


def condensate(tried: Tried) -> Trial:
    """A cup of water in the pan: how long it takes to run off."""
    drain_s = 8.0 * (1.0 + 4.0 * tried.worn("condensate_clog")) * float(tried.rng.lognormal(0, 0.08))
    return tried.trial({"drain_s": drain_s})


def valve_travel(tried: Tried) -> Trial:
    """The expansion valve from end to end: how the superheat swings behind it."""
    swing = 1.0 + 8.0 * tried.worn("expansion_valve_stuck")
    told = _one(tried, "superheat_k") + swing * np.sin(2 * np.pi * tried.at_s / 30.0)
    return tried.trial(
        {"superheat_swing_k": swing * float(tried.rng.lognormal(0, 0.1))}, superheat_k=np.maximum(told, 0.0)
    )


TRIALS = {
    "cooling_15_min": cooling,
    "condenser_15_min": condenser,
    "fan_sweep": indoor_fan,
    "fan_start_3": outdoor_fan,
    "pump_down": pump_down,
    "mode_toggle": mode_toggle,
    "forced_defrost": forced_defrost,
    "pump_test": condensate,
    "valve_travel": valve_travel,
}
