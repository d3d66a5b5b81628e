"""Refrigerator with freezer: one compressor, one evaporator, a fan and a damper to the fresh food, automatic defrost.

Energy balance per compartment in steps of 5 minutes, C dT/dt = UA (T_kitchen - T) + doors + food + defrost - cooling,
with capacity Qc = Q0 [1 + .02 (Te - Te0) - .012 (Tc - Tc0)] φ, power P = P0 [1 + .008 (Tc - Tc0)] ψ and condenser
temperature Tc = T_kitchen + rise · (Qc + P)/(Q0 + P0) / (UAc/UAc0), solved in closed form. The thermostat is a duty
that restores the setting (where the fan can't bring the fresh food what it wants, the freezer decides alone); the on-off cycles within a step come from a phase that advances by one per cycle, whose
length is ``cycling_s`` / (duty (1 - duty)), as a hysteresis band gives it.

Faults by severity s: fouling UAc = UAc0 (1 - .5 s^1.5); a leak leaves the charge m = 1 - .6 s, and below .85 of it
φ = 1 - 1.8 (.85 - m), ψ = 1 - .5 (.85 - m), superheat up to 15 K more; a worn fan turns at 1 - .4 s and moves air by
the power 1.5 of that, against the resistance of the duct. Condenser and evaporator temperatures and fan speeds are means over the running time of the compressor where
it ran for most of the report ("cooling"), else over the time when it stood; all others are means over the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.physics.kind import Parameters, Sensor, SteadyKind, Told
from simulator.physics.surroundings import Surroundings

PARAMETERS = (
    "duty_rated", "cop_rated", "condenser_rise_k", "evaporator_drop_k", "ua_fresh_w_k", "ua_freezer_w_k",
    "capacity_fresh_kj_k", "capacity_freezer_kj_k", "fresh_set_c", "freezer_set_c", "cycling_s", "air_margin",
    "defrost_run_h", "defrost_w", "defrost_min", "evaporator_fan_rpm", "evaporator_fan_w", "condenser_fan_rpm",
    "condenser_fan_w", "standby_w",
)  # fmt: skip
FAULT_MODES = ("condenser_fouling", "refrigerant_leak", "evaporator_fan_wear")
METRICS = {
    "power_w": Sensor(0.3, 0.010, 1),
    "energy_kwh": Sensor(0, 0, 4),
    "fresh_food_c": Sensor(0.12, 0, 2, can_lie=True),
    "freezer_c": Sensor(0.15, 0, 2, can_lie=True),
    "evaporator_c": Sensor(0.25, 0, 1, can_lie=True),
    "condenser_c": Sensor(0.35, 0, 1, can_lie=True),
    "ambient_c": Sensor(0.20, 0, 1, can_lie=True),
    "fresh_food_set_c": Sensor(0, 0, 0),
    "freezer_set_c": Sensor(0, 0, 0),
    "compressor_duty_pct": Sensor(0, 0, 1),
    "compressor_starts": Sensor(0, 0, 0),
    "evaporator_fan_rpm": Sensor(0, 0.010, 0),
    "condenser_fan_rpm": Sensor(0, 0.010, 0),
    "door_open": Sensor(0, 0, 0, is_boolean=True),
    "door_open_s": Sensor(0, 0, 0),
    "defrost_wh": Sensor(0, 0, 0),
}
MODES = ("idle", "cooling", "defrost")
IDLE, COOLING, DEFROST = range(3)
KITCHEN_RATED_C = 22.0
DOOR_J_PER_S_K = 38.0
"""Heat let in per second of open door and kelvin, moisture included."""
DEFROST_EFFICIENCY = 0.30
RESTORE_S = 1800.0
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Circuit:
    """The refrigeration circuit per step: capacity, power and temperatures while the compressor runs."""

    capacity_w: FloatArray
    power_w: FloatArray
    condenser_c: FloatArray
    superheat_k: FloatArray
    drop_k: FloatArray
    fan: FloatArray
    air: FloatArray


@dataclass(frozen=True, slots=True)
class _Cabinet:
    """What the integration gave per step: temperatures, duty and the share of the step spent defrosting."""

    fresh_c: FloatArray
    freezer_c: FloatArray
    duty: FloatArray
    defrost: FloatArray


class Refrigerators:
    """N refrigerators: parameters and the state that one span of time hands to the next."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        settings = {name: np.rint(parameters[name]) for name in ("fresh_set_c", "freezer_set_c")}
        p = self.parameters = dict(parameters) | settings
        load_fresh = p["ua_fresh_w_k"] * (KITCHEN_RATED_C - p["fresh_set_c"]) + 4.0
        load = load_fresh + p["ua_freezer_w_k"] * (KITCHEN_RATED_C - p["freezer_set_c"]) + 3.0
        self.capacity_rated_w = load / p["duty_rated"]
        self.power_rated_w = self.capacity_rated_w / p["cop_rated"]
        self.evaporator_rated_c = p["freezer_set_c"] - p["evaporator_drop_k"]
        split = p["fresh_set_c"] - self.evaporator_rated_c
        self.air_w_k = p["air_margin"] * load_fresh / (p["duty_rated"] * split)
        count = len(load)
        self.fresh_c = p["fresh_set_c"].copy()
        self.freezer_c = p["freezer_set_c"].copy()
        self.phase = rng.random(count)
        self.run_s = rng.random(count) * p["defrost_run_h"] * 3600.0
        self.defrost_left_s = np.zeros(count)
        age_h = rng.uniform(500, 30_000, count)
        self.totals = {
            "energy_kwh": age_h * 0.035,
            "compressor_starts": np.floor(age_h * 2.0),
            "door_open_s": age_h * 15.0,
            "defrost_wh": age_h * 2.0,
        }

    def advance(
        self,
        around: Surroundings,
        severity: Mapping[str, FloatArray],
        *,
        step_s: float,
        steps_per_report: int,
        rng: np.random.Generator,
    ) -> Told:
        """Move on by T steps."""
        circuit = self._circuit(around, severity)
        cabinet = self._integrate(around, circuit, step_s)
        cycling = self._cycle(cabinet, step_s)
        return self._report((around, circuit, cabinet), cycling, (step_s, steps_per_report), rng)

    def _circuit(self, around: Surroundings, severity: Mapping[str, FloatArray]) -> _Circuit:
        p = self.parameters
        fan = 1.0 - 0.4 * severity.get("evaporator_fan_wear", np.zeros(1))
        air = fan**1.5
        conductance = 1.0 - 0.5 * severity.get("condenser_fouling", np.zeros(1)) ** 1.5
        missing = np.maximum(0.85 - (1.0 - 0.6 * severity.get("refrigerant_leak", np.zeros(1))), 0.0)
        phi, psi = 1.0 - 1.8 * missing, 1.0 - 0.5 * missing
        drop = p["evaporator_drop_k"] / np.sqrt(air)
        evaporator = p["freezer_set_c"] - drop
        q = self.capacity_rated_w * phi
        q_here = q * (1.0 + 0.02 * (evaporator - self.evaporator_rated_c))
        w = self.power_rated_w * psi
        rated_c = KITCHEN_RATED_C + p["condenser_rise_k"]
        gain = p["condenser_rise_k"] / (self.capacity_rated_w + self.power_rated_w) / conductance
        above = (around.kitchen_c - rated_c + gain * (q_here + w)) / (1.0 - gain * (0.008 * w - 0.012 * q))
        capacity = np.maximum(q_here - 0.012 * q * above, 1.0)
        superheat = 15.0 * np.minimum(missing / 0.45, 1.0)
        shape = above.shape
        return _Circuit(
            capacity, w * (1.0 + 0.008 * above), rated_c + above, np.broadcast_to(superheat, shape),
            np.broadcast_to(drop, shape), np.broadcast_to(fan, shape), np.broadcast_to(air, shape),
        )  # fmt: skip

    def _integrate(self, around: Surroundings, circuit: _Circuit, step_s: float) -> _Cabinet:
        p = self.parameters
        steps, count = around.kitchen_c.shape
        fresh, freezer, duties, defrosts = (np.empty((steps, count)) for _ in range(4))
        door_w = around.door_s * DOOR_J_PER_S_K / step_s
        food_w = around.food_j / step_s
        fresh_j, freezer_j = p["capacity_fresh_kj_k"] * 1e3, p["capacity_freezer_kj_k"] * 1e3
        air_w_k = self.air_w_k * circuit.air
        defrost_s = p["defrost_min"] * 60.0
        t, z = self.fresh_c, self.freezer_c
        for i in range(steps):
            kitchen = around.kitchen_c[i]
            heating_s = np.minimum(self.defrost_left_s, step_s)
            heated = heating_s / step_s
            load_t = p["ua_fresh_w_k"] * (kitchen - t) + 0.8 * door_w[i] * (kitchen - t) + food_w[i]
            load_z = p["ua_freezer_w_k"] * (kitchen - z) + 0.1 * door_w[i] * (kitchen - z)
            load_z = load_z + heated * p["defrost_w"] * (1.0 - DEFROST_EFFICIENCY)
            want_t = np.maximum(load_t + fresh_j * (t - p["fresh_set_c"]) / RESTORE_S, 0.0)
            want_z = np.maximum(load_z + freezer_j * (z - p["freezer_set_c"]) / RESTORE_S, 0.0)
            by_air = np.maximum(air_w_k[i] * (t - z + circuit.drop_k[i]), 0.0)
            capacity = circuit.capacity_w[i]
            duty = (want_t + want_z) / capacity
            starved = want_z / np.maximum(capacity - by_air, 0.05 * capacity)
            duty = np.where(by_air * duty < want_t, starved, duty)
            duty = np.minimum(duty, 1.0) * (1.0 - heated)
            cool_t = np.minimum(np.minimum(want_t, by_air * duty), capacity * duty)
            t = t + step_s / fresh_j * (load_t - cool_t)
            z = z + step_s / freezer_j * (load_z - (duty * capacity - cool_t))
            self.run_s += duty * step_s
            self.defrost_left_s -= heating_s
            due = self.run_s >= p["defrost_run_h"] * 3600.0
            self.defrost_left_s = np.where(due, defrost_s, self.defrost_left_s)
            self.run_s = np.where(due, 0.0, self.run_s)
            fresh[i], freezer[i], duties[i], defrosts[i] = t, z, duty, heated
        self.fresh_c, self.freezer_c = t, z
        return _Cabinet(fresh, freezer, duties, defrosts)

    def _cycle(self, cabinet: _Cabinet, step_s: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Share of each step with the compressor running, starts in it, and the phase at its end."""
        duty = np.clip(cabinet.duty, 0.0, 1.0)
        tame = np.clip(duty, 0.02, 0.98)
        turns = step_s * tame * (1.0 - tame) / self.parameters["cycling_s"] * (1.0 - cabinet.defrost)
        turns = np.maximum(turns, 1e-9)
        end = self.phase + np.cumsum(turns, axis=0)
        begin = end - turns
        whole_begin, whole_end = np.floor(begin), np.floor(end)
        on = (
            whole_end * duty
            + np.minimum(end - whole_end, duty)
            - whole_begin * duty
            - np.minimum(begin - whole_begin, duty)
        )
        running = np.where(duty >= 0.98, duty, np.clip(on / turns, 0.0, 1.0)) * (1.0 - cabinet.defrost)
        starts = np.where(duty >= 0.98, 0.0, whole_end - whole_begin)
        self.phase = end[-1] % 1.0
        return running, starts, end - whole_end

    def _report(
        self,
        traces: tuple[Surroundings, _Circuit, _Cabinet],
        cycling: tuple[FloatArray, FloatArray, FloatArray],
        cut: tuple[float, int],
        rng: np.random.Generator,
    ) -> Told:
        p = self.parameters
        step_s, per_report = cut
        around, circuit, cabinet = traces
        running, starts, phase = cycling
        reports, count = len(running) // per_report, running.shape[1]

        def mean(series: FloatArray) -> FloatArray:
            return np.asarray(series.reshape(reports, per_report, count).mean(axis=1))

        on = mean(running)
        runs = on > 0.02
        mode = np.where(on >= 0.5, COOLING, IDLE).astype(np.int8)
        mode[mean(cabinet.defrost) > 0.34] = DEFROST
        power = self._power_w((around, circuit, cabinet), running, step_s)
        ripple = 0.5 * (phase - 0.5)
        kitchen, freezer = mean(around.kitchen_c), mean(cabinet.freezer_c)
        lift = np.where(mode == COOLING, 1.0, 0.2) * (mean(circuit.condenser_c) - kitchen)
        below = np.where(mode == COOLING, mean(circuit.drop_k) - mean(circuit.superheat_k), 1.5)
        values = np.empty((reports, count, len(METRICS)))
        columns = {
            "power_w": mean(power),
            "energy_kwh": self._total("energy_kwh", power * step_s / 3.6e6, per_report),
            "fresh_food_c": mean(cabinet.fresh_c + ripple),
            "freezer_c": freezer + mean(ripple),
            "evaporator_c": np.where(mode == DEFROST, 6.0, freezer - below),
            "condenser_c": kitchen + lift,
            "ambient_c": kitchen,
            "fresh_food_set_c": p["fresh_set_c"],
            "freezer_set_c": p["freezer_set_c"],
            "compressor_duty_pct": 100.0 * on,
            "compressor_starts": self._total("compressor_starts", starts, per_report),
            "evaporator_fan_rpm": np.where(runs, p["evaporator_fan_rpm"] * mean(circuit.fan), 0.0),
            "condenser_fan_rpm": np.where(runs, p["condenser_fan_rpm"], 0.0),
            "door_open": rng.random((reports, count)) < around.door_s[per_report - 1 :: per_report] / step_s,
            "door_open_s": self._total("door_open_s", around.door_s, per_report),
            "defrost_wh": self._total("defrost_wh", cabinet.defrost * p["defrost_w"] * step_s / 3600.0, per_report),
        }
        for index, name in enumerate(METRICS):
            values[..., index] = columns[name]
        return Told(values, mode)

    def _power_w(
        self, traces: tuple[Surroundings, _Circuit, _Cabinet], running: FloatArray, step_s: float
    ) -> FloatArray:
        """Mean power of each step: compressor and fans while running, electronics, defrost heater, lamp."""
        p = self.parameters
        around, circuit, cabinet = traces
        turning = running * (circuit.power_w + p["evaporator_fan_w"] + p["condenser_fan_w"])
        return np.asarray(turning + p["standby_w"] + cabinet.defrost * p["defrost_w"] + around.door_s / step_s * 4.0)

    def _total(self, name: str, increments: FloatArray, per_report: int) -> FloatArray:
        """A counter at the end of each report; its last value is kept for the next span."""
        totals = self.totals[name] + np.cumsum(increments, axis=0)
        self.totals[name] = totals[-1]
        return np.asarray(totals[per_report - 1 :: per_report])


KIND = SteadyKind(
    name="refrigerator",
    prefix="fridge",
    parameters=PARAMETERS,
    fault_modes=FAULT_MODES,
    metrics=METRICS,
    modes=MODES,
    feels=("kitchen_c", "door_s", "food_j"),
    make=Refrigerators,
    settings=("fresh_set_c", "freezer_set_c"),
)
