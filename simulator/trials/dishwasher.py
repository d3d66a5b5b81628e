"""What a dishwasher's remote tests bring to light: each drives one part on two or three litres of clear water."""

from __future__ import annotations

import numpy as np

from simulator.physics.dishwasher import (
    WATER_KJ,
    circulation_w,
    flow_share,
    fouled_ntu,
    heater_w,
    leak_l_s,
)
from simulator.physics.plumbing import drain_flow, drain_pump_w, inlet_flow
from simulator.trials.trial import Trial, Tried

CLEAR_NTU = 2.0
RIPPLE_PCT = 2.0


def heat(tried: Tried) -> Trial:
    """The heater on, the water in motion: how fast it becomes warm."""
    p, around = tried.p, tried.conditions
    kj_k = WATER_KJ * p["fill_l"] + p["tub_kj_k"]
    power = heater_w(p, around)
    rise_k_s = float((power / 1000.0 / kj_k)[0])
    water = tried.noisy(float(around.inlet_c[0]) + rise_k_s * tried.at_s, sd=0.1)
    measured = np.polyfit(tried.at_s, water, 1)[0] * 60.0
    watts = tried.noisy(float((power + circulation_w(p, around))[0]), relative_sd=0.01)
    return tried.trial({"rise_k_min": float(measured)}, water_c=water, power_w=watts)


def pump_ramp(tried: Tried) -> Trial:
    """The circulation pump from standstill to full speed: its power, and how unsteady that is."""
    share = np.clip(tried.at_s / (0.5 * tried.seconds), 0.1, 1.0)
    watts = float(circulation_w(tried.p, tried.conditions)[0])
    ripple_pct = RIPPLE_PCT * (1.0 + 2.0 * tried.worn("circulation_pump_wear") + 2.0 * tried.worn("filter_clog"))
    ripple_pct *= float(tried.rng.lognormal(0, 0.06))
    measured = {"ripple_pct": ripple_pct}
    return tried.trial(
        measured,
        circulation_w=tried.noisy(watts * share**2, relative_sd=ripple_pct / 100.0),
        circulation_ripple_w=watts * share**2 * ripple_pct / 100.0,
        circulation_rpm=tried.noisy(float(tried.p["circulation_rpm"][0]) * share, relative_sd=0.004),
    )


def arm_rotation(tried: Tried) -> Trial:
    """The pump at full speed: how often the spray arms pass their sensor."""
    flow = float(flow_share(tried.conditions)[0])
    pulses = float(tried.p["arm_rpm"][0]) * flow
    told = tried.noisy(pulses, sd=0.3, relative_sd=0.02)
    watts = tried.noisy(float(circulation_w(tried.p, tried.conditions)[0]), relative_sd=0.01)
    return tried.trial({"arm_pulses_min": float(told.mean())}, arm_pulses_min=told, circulation_w=watts)


def drain(tried: Tried) -> Trial:
    """The drain pump on: the level's fall tells litres a minute."""
    l_min = float(drain_flow(tried.p["drain_l_min"], tried.conditions)[0]) * float(tried.rng.lognormal(0, 0.03))
    watts = tried.noisy(float(drain_pump_w(tried.p["drain_w"], tried.conditions)[0]), relative_sd=0.02)
    left_l = np.maximum(float(tried.p["fill_l"][0]) - l_min / 60.0 * tried.at_s, 0.0)
    return tried.trial({"drain_l_min": l_min}, drain_w=watts, level_mm=np.round(14.0 * left_l))


def hold(tried: Tried) -> Trial:
    """The water stands: what is missing at the end has gone somewhere else."""
    lost_ml = float(leak_l_s(tried.p, tried.conditions)[0]) * 1000.0 * tried.seconds + float(tried.rng.normal(0, 6.0))
    left_l = float(tried.p["fill_l"][0]) - lost_ml / 1000.0 * tried.at_s / tried.seconds
    return tried.trial({"lost_ml": lost_ml}, level_mm=np.round(14.0 * left_l))


def fill(tried: Tried) -> Trial:
    """The inlet valve open: litres a minute at the pressure of the house."""
    l_min = float(inlet_flow(tried.p["fill_l_min"], tried.conditions)[0]) * float(tried.rng.lognormal(0, 0.02))
    return tried.trial({"fill_l_min": l_min}, level_mm=np.round(14.0 * l_min / 60.0 * tried.at_s))


def softener(tried: Tried) -> Trial:
    """A litre through the softener: how hard it comes out."""
    share = float(tried.p["softener_share"][0])
    soft = share + (1.0 - share) * tried.worn("softener_exhausted")
    told = tried.noisy(float(tried.conditions.hardness_dh[0]) * soft, sd=0.05, relative_sd=0.05)
    return tried.trial({"outlet_hardness_dh": float(told.mean())}, outlet_hardness_dh=told)


def temperatures(tried: Tried) -> Trial:
    """Two sensors in the same standing water."""
    bias_k = float(tried.p["sensor_bias_k"][0]) * tried.worn("temperature_sensor_drift")
    water = tried.noisy(float(tried.conditions.inlet_c[0]) + bias_k, sd=0.25)
    other = tried.noisy(float(tried.conditions.inlet_c[0]), sd=0.25)
    return tried.trial({"difference_k": float((water - other).mean())}, water_c=water, inlet_c=other)


def clear_water(tried: Tried) -> Trial:
    """Fresh water before the turbidity sensor."""
    told = tried.noisy(CLEAR_NTU + float(fouled_ntu(tried.conditions)[0]), sd=1.0, relative_sd=0.04)
    return tried.trial({"turbidity_ntu": float(told.mean())}, turbidity_ntu=np.maximum(told, 0.0))


TRIALS = {
    "heat_60_s": heat,
    "pump_ramp": pump_ramp,
    "arm_rotation": arm_rotation,
    "drain_30_s": drain,
    "hold_10_min": hold,
    "fill_30_s": fill,
    "softener_check": softener,
    "temperature_crosscheck": temperatures,
    "clear_water_check": clear_water,
}
