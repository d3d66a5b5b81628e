"""What a dryer's remote tests bring to light: each drives one part of the empty, closed machine.

A dryer without the part measures nothing: a vented one has no compressor, one with a heat pump neither duct nor heater.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.physics.dryer import (
    compressor_w,
    condenser_k,
    is_heat_pump,
    motor_w,
    moved_air,
    pressure_share,
)
from simulator.physics.heating_element import element_w
from simulator.trials.trial import Trial, Tried

PAD_MOISTURE = 0.8
PUMP_L_MIN = 1.6
EMPTY = np.zeros(1)


def airflow(tried: Tried) -> Trial:
    """The blower without heat, then with some: how much warmer the air becomes tells how much of it moves."""
    if is_heat_pump(tried.p)[0]:
        return tried.trial({})
    air = moved_air(tried.p, tried.conditions)
    room = float(tried.conditions.kitchen_c[0])
    heated = np.clip(tried.at_s / tried.seconds * 2.0 - 1.0, 0.0, 1.0)
    share = float(air.flow_share[0]) * float(tried.rng.lognormal(0, 0.04))
    pressure = float((tried.p["duct_pressure_pa"] * pressure_share(tried.conditions, air.flow_share))[0])
    return tried.trial(
        {"airflow_share": share},
        inlet_air_c=tried.noisy(room + heated * float(air.inlet_k[0]), sd=0.5),
        duct_pressure_pa=tried.noisy(pressure, sd=1.0, relative_sd=0.02),
        motor_w=tried.noisy(float(motor_w(tried.p, tried.conditions, air.flow_share, EMPTY)[0]), relative_sd=0.015),
    )


def heat(tried: Tried) -> Trial:
    """The heater on: its power against what is on its label, at this voltage."""
    if is_heat_pump(tried.p)[0]:
        return tried.trial({})
    air = moved_air(tried.p, tried.conditions)
    watts = tried.noisy(float(air.heater_w[0]), relative_sd=0.008)
    rated = float(element_w(tried.p["heater_w"], tried.conditions.mains_v)[0])
    return tried.trial({"heater_share": float(watts.mean()) / rated}, heater_w=watts)


def temperatures(tried: Tried) -> Trial:
    """All sensors of the cold machine."""
    room = float(tried.conditions.kitchen_c[0])
    bias_k = float(tried.p["sensor_bias_k"][0]) * tried.worn("thermistor_drift")
    exhaust, ambient = tried.noisy(room + bias_k, sd=0.3), tried.noisy(room, sd=0.2)
    return tried.trial({"difference_k": float((exhaust - ambient).mean())}, exhaust_c=exhaust, ambient_c=ambient)


def tumble(tried: Tried) -> Trial:
    """The empty drum turns: the motor's power against that of a new machine."""
    flow = moved_air(tried.p, tried.conditions).flow_share
    watts = tried.noisy(float(motor_w(tried.p, tried.conditions, flow, EMPTY)[0]), relative_sd=0.015)
    new = float(motor_w(tried.p, replace(tried.conditions, severity={}), np.ones(1), EMPTY)[0])
    return tried.trial({"motor_share": float(watts.mean()) / new}, motor_w=watts)


def wet_pad(tried: Tried) -> Trial:
    """A wet pad on the moisture bars."""
    seen = 1.0 - 0.6 * tried.worn("moisture_sensor_fouling")
    touch = float(tried.p["conductance_us"][0]) * seen * PAD_MOISTURE / (PAD_MOISTURE + 0.08)
    told = tried.noisy(touch, sd=0.02, relative_sd=0.05)
    return tried.trial({"conductance_us": float(told.mean())}, conductance_us=told)


def compressor(tried: Tried) -> Trial:
    """The compressor alone: how much warmer the condenser becomes than a new one."""
    if not is_heat_pump(tried.p)[0]:
        return tried.trial({})
    rise = float(condenser_k(tried.p, tried.conditions)[0])
    warm = 1.0 - np.exp(-tried.at_s / (tried.seconds / 4.0))
    excess = rise - float(tried.p["condenser_rise_k"][0]) + float(tried.rng.normal(0, 1.0))
    return tried.trial(
        {"condenser_excess_k": excess},
        condenser_c=tried.noisy(float(tried.conditions.kitchen_c[0]) + rise * warm, sd=0.3),
        compressor_w=tried.noisy(float(compressor_w(tried.p, tried.conditions)[0]), relative_sd=0.01),
    )


def condensate_pump(tried: Tried) -> Trial:
    """The condensate pump empties the sump."""
    if not is_heat_pump(tried.p)[0]:
        return tried.trial({})
    left = max(1.0 - tried.worn("condensate_pump_failure"), 0.05)
    return tried.trial({"pumped_l_min": PUMP_L_MIN * left * float(tried.rng.lognormal(0, 0.05))})


TRIALS = {
    "airflow_5_min": airflow,
    "heat_60_s": heat,
    "thermistor_crosscheck": temperatures,
    "tumble_60_s": tumble,
    "wet_pad": wet_pad,
    "compressor_10_min": compressor,
    "condensate_pump": condensate_pump,
}
