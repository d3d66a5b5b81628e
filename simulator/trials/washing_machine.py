"""What a washing machine's remote tests bring to light: each drives one part of an empty drum."""

from __future__ import annotations

import numpy as np

from simulator.physics.plumbing import drain_flow, drain_pump_w, inlet_flow
from simulator.physics.washing_machine import LEAK_L_MIN, MM_PER_L, SENSOR_DRIFT_MM, heater_w
from simulator.trials.trial import Trial, Tried


def _one(tried: Tried, name: str) -> float:
    return float(tried.p[name][0])


def coast_down(tried: Tried) -> Trial:
    """The empty drum let go at full speed: how long it turns, and how it shakes."""
    worn = tried.worn("bearing_wear")
    coast_s = _one(tried, "coast_down_s") / (1.0 + 4.0 * worn) * float(tried.rng.lognormal(0, 0.03))
    speed = _one(tried, "spin_rpm") * np.clip(1.0 - (tried.at_s - 0.5 * tried.seconds) / coast_s, 0.0, 1.0)
    shaking = tried.noisy(_one(tried, "vibration_mm_s") * (1.0 + 3.0 * worn**2), relative_sd=0.08)
    kurtosis = tried.noisy(3.0 + 5.0 * worn**1.5, sd=0.15)
    return tried.trial({"coast_down_s": coast_s}, drum_rpm=speed, vibration_mm_s=shaking, vibration_kurtosis=kurtosis)


def drain(tried: Tried) -> Trial:
    """The drain pump on: the level's fall tells litres a minute."""
    l_min = float(drain_flow(tried.p["drain_l_min"], tried.conditions)[0]) * float(tried.rng.lognormal(0, 0.03))
    level = MM_PER_L * np.maximum(12.0 - l_min / 60.0 * tried.at_s, 0.0)
    watts = tried.noisy(float(drain_pump_w(tried.p["pump_w"], tried.conditions)[0]), relative_sd=0.02)
    return tried.trial({"drain_l_min": l_min}, level_mm=np.round(level), pump_w=watts)


def fill(tried: Tried) -> Trial:
    """The inlet valve open: litres a minute at the pressure of the house."""
    l_min = float(inlet_flow(tried.p["fill_l_min"], tried.conditions)[0]) * float(tried.rng.lognormal(0, 0.02))
    return tried.trial({"fill_l_min": l_min}, level_mm=np.round(MM_PER_L * l_min / 60.0 * tried.at_s))


def heat(tried: Tried) -> Trial:
    """The heater on under water: its power, and kelvin a minute."""
    watts = float(heater_w(tried.p, tried.conditions)[0])
    told = tried.noisy(watts, relative_sd=0.01)
    water = float(tried.conditions.inlet_c[0]) + watts * tried.at_s / (12.0 * 4186.0)
    return tried.trial({"power_w": float(told.mean())}, power_w=told, water_c=tried.noisy(water, sd=0.1))


def heat_lag(tried: Tried) -> Trial:
    """The heater on: what leaks to earth, and how late the sensor follows."""
    scale = tried.worn("heater_scale")
    told = tried.noisy(_one(tried, "leakage_ma") * 100.0**scale, relative_sd=0.05)
    return tried.trial(
        {"leakage_ma": float(told.mean())}, leakage_ma=told, heat_lag_s=_one(tried, "heat_lag_s") + 50.0 * scale
    )


def tumble(tried: Tried) -> Trial:
    """The drum against the motor while tumbling."""
    told = np.maximum(tried.noisy(0.6 + 15.0 * tried.worn("belt_slip"), sd=0.3), 0.0)
    return tried.trial({"belt_slip_pct": float(told.mean())}, belt_slip_pct=told, drum_rpm=38.0 * (1.0 - told / 100.0))


def balance(tried: Tried) -> Trial:
    """The empty drum on its way to spin: the strongest shaking."""
    peak = _one(tried, "resonance_mm_s") / (1.0 - 0.7 * tried.worn("shock_absorber_wear"))
    told = peak * float(tried.rng.lognormal(0, 0.08))
    speed = np.minimum(15.0 * tried.at_s, 400.0)
    return tried.trial({"resonance_mm_s": told}, resonance_mm_s=told, drum_rpm=speed)


def motor(tried: Tried) -> Trial:
    """The motor at constant speed: how much it ripples."""
    ripple = _one(tried, "ripple_pct") * (1.0 + 4.0 * tried.worn("carbon_brush_wear") + 0.6 * tried.worn("belt_slip"))
    told = tried.noisy(ripple, relative_sd=0.05)
    return tried.trial({"speed_ripple_pct": float(told.mean())}, speed_ripple_pct=told)


def lock(tried: Tried) -> Trial:
    """The door locked and unlocked three times: the mean time."""
    each = _one(tried, "door_lock_s") * (1.0 + 3.0 * tried.worn("door_lock_wear")) * tried.rng.lognormal(0, 0.05, 3)
    return tried.trial({"door_lock_s": float(each.mean())}, door_lock_s=float(each.mean()))


def level_zero(tried: Tried) -> Trial:
    """The level of an empty drum."""
    told = tried.noisy(SENSOR_DRIFT_MM * tried.worn("pressure_sensor_drift"), sd=1.2)
    return tried.trial({"level_mm": float(told.mean())}, level_mm=told)


def hold(tried: Tried) -> Trial:
    """The water stands: how fast the level falls."""
    fall = max(MM_PER_L * LEAK_L_MIN * tried.worn("tub_leak") + 0.05 + float(tried.rng.normal(0, 0.02)), 0.0)
    return tried.trial({"fall_mm_min": fall}, level_mm=np.round(MM_PER_L * 12.0 - fall * tried.at_s / 60.0))


TRIALS = {
    "empty_spin_coast_down": coast_down,
    "drain_60_s": drain,
    "fill_30_s": fill,
    "heat_60_s": heat,
    "heat_lag": heat_lag,
    "tumble_ratio": tumble,
    "balance_empty": balance,
    "motor_ripple": motor,
    "lock_cycle_3": lock,
    "level_zero": level_zero,
    "hold_10_min": hold,
}
