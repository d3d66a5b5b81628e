"""Refrigerator with freezer: one compressor, one evaporator, a fan and a damper to the fresh food, automatic defrost.

Energy balance per compartment, C dT/dt = UA (T_kitchen - T) + doors + food + defrost - cooling, with capacity
Qc = Q0 [1 + .02 (Te - Te0) - .012 (Tc - Tc0)] φ, power P = P0 [1 + .008 (Tc - Tc0)] ψ and condenser temperature
Tc = T_kitchen + rise · (Qc + P)/(Q0 + P0) / (UAc/UAc0), solved in closed form. The thermostat is a duty that restores the
setting (where the fan can't bring the fresh food what it wants, the freezer decides alone); the on-off cycles within a
step come from a phase that advances by one per cycle, whose length is ``cycling_s`` / (duty (1 - duty)), as a hysteresis
band gives it. Frost grows with the moisture of open doors and narrows the air's way, 1 - .8 of the share that blocks it;
a defrost is as long as its frost needs, up to 40 minutes.

Faults by severity s: fouling UAc = UAc0 (1 - .5 s^1.5); a leak leaves the charge m = 1 - .6 s, and below .85 of it
φ = 1 - 1.8 (.85 - m), ψ = 1 - .5 (.85 - m), superheat up to 15 K more; a worn evaporator fan turns at 1 - .4 s and moves
air by the power 1.5 of that; a weak defrost heater leaves 1 - s of its power, so that frost stays at last; a worn
condenser fan turns at 1 - .5 s, UAc by the power .9 of that; a worn gasket lets in UA (1 + .35 s^1.5) and half as much
moisture again; a failing starter fails with .001 e^{5 s}, takes 1 + 4 s as long, and is dead at 1; a capillary freezes shut
(φ = .2 for 1 to 6 hours, up to six times a day); a drifting freezer sensor shows 3 s K too much.

Condenser and evaporator temperatures and fan speeds are means over the running time of the compressor where it ran for
most of the report ("cooling"), else over the time when it stood; all others are means over the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray
from simulator.physics.codes import Codes
from simulator.physics.columns import in_columns
from simulator.physics.kind import ErrorCode, Parameters, Sensor, SteadyKind, Told
from simulator.physics.refrigerant_circuit import KITCHEN_RATED_C, RefrigerantCircuit, refrigerant_circuit
from simulator.physics.refrigerator_cabinet import feel
from simulator.physics.reporting import Reporting, counted
from simulator.physics.surroundings import Surroundings

PARAMETERS = (
    "duty_rated", "cop_rated", "condenser_rise_k", "evaporator_drop_k", "ua_fresh_w_k", "ua_freezer_w_k",
    "capacity_fresh_kj_k", "capacity_freezer_kj_k", "fresh_set_c", "freezer_set_c", "cycling_s", "air_margin",
    "defrost_run_h", "defrost_w", "defrost_min", "evaporator_fan_rpm", "evaporator_fan_w", "condenser_fan_rpm",
    "condenser_fan_w", "standby_w", "frost_days", "start_s",
)  # fmt: skip
FAULT_MODES = (
    "condenser_fouling", "refrigerant_leak", "evaporator_fan_wear", "defrost_heater_failure", "condenser_fan_wear",
    "door_gasket_wear", "compressor_start_fault", "capillary_blockage", "freezer_sensor_drift",
)  # fmt: skip
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
    "defrost_heater_w": Sensor(0, 0.012, 0),
    "defrost_end_c": Sensor(0.25, 0, 1),
    "compressor_start_s": Sensor(0, 0.04, 2),
    "start_failures": Sensor(0, 0, 0),
}
MODES = ("idle", "cooling", "defrost")
IDLE, COOLING, DEFROST = range(3)
DEFROST_EFFICIENCY = 0.30
DEFROST_S_MAX = 2400.0
DEFROST_END_C = 8.0
BLOCKING = 0.8
RESTORE_S = 1800.0


@dataclass(frozen=True, slots=True)
class _Cabinet:
    """What the integration gave per step: temperatures, duty, drop, and of defrosting: share, power, and power and end of the last."""

    fresh_c: FloatArray
    freezer_c: FloatArray
    duty: FloatArray
    drop_k: FloatArray
    defrost: FloatArray
    defrost_w: FloatArray
    heater_w: FloatArray
    defrost_end_c: FloatArray

    @classmethod
    def of(cls, shape: tuple[int, ...], defrost_w: FloatArray) -> _Cabinet:
        """Room for that many steps, no defrost in any."""
        made = [np.zeros(shape) for _ in range(7)]
        fresh, freezer, duty, drop, defrost, length, end = made
        return cls(fresh, freezer, duty, drop, defrost, np.broadcast_to(defrost_w, shape), length, end)


class Refrigerators:
    """N refrigerators: parameters and the state that one span of time hands to the next."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        settings = {name: np.rint(parameters[name]) for name in ("fresh_set_c", "freezer_set_c")}
        p = self.parameters = dict(parameters) | settings
        load_fresh = p["ua_fresh_w_k"] * (KITCHEN_RATED_C - p["fresh_set_c"]) + 4.0
        load = load_fresh + p["ua_freezer_w_k"] * (KITCHEN_RATED_C - p["freezer_set_c"]) + 3.0
        capacity_w = load / p["duty_rated"]
        self.rated_w = (capacity_w, capacity_w / p["cop_rated"])
        split = p["fresh_set_c"] - p["freezer_set_c"] + p["evaporator_drop_k"]
        self.air_w_k = p["air_margin"] * load_fresh / (p["duty_rated"] * split)
        self.frost_usual = p["defrost_run_h"] / p["duty_rated"] / 24.0 / p["frost_days"]
        count = len(load)
        self.fresh_c = p["fresh_set_c"].copy()
        self.freezer_c = p["freezer_set_c"].copy()
        self.phase = rng.random(count)
        self.run_s = rng.random(count) * p["defrost_run_h"] * 3600.0
        self.frost = np.minimum(self.frost_usual * self.run_s / (p["defrost_run_h"] * 3600.0), 0.5)
        self.defrost_left_s = np.zeros(count)
        self.is_defrosting = False
        self.heater_w = p["defrost_w"] * 1.0
        self.defrost_end_c = np.full(count, DEFROST_END_C)
        self.blocked_until_ms = np.zeros(count, np.int64)
        self.codes = Codes(count)
        age_h = rng.uniform(500, 30_000, count)
        self.totals = {
            "energy_kwh": age_h * 0.035,
            "compressor_starts": np.floor(age_h * 2.0),
            "door_open_s": age_h * 15.0,
            "defrost_wh": age_h * 2.0,
            "start_failures": np.floor(age_h * 0.002),
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
        worn = {mode: severity.get(mode, np.zeros((1, 1))) for mode in FAULT_MODES}
        blocked = self._block(around.ts_ms, severity, step_s, rng)
        circuit = refrigerant_circuit(self.parameters, self.rated_w, around.kitchen_c, worn, blocked)
        cabinet = self._integrate(around, circuit, worn, step_s)
        cycling = self._cycle(cabinet, step_s)
        reporting = Reporting(cabinet.duty.shape, step_s, steps_per_report)
        return self._report((around, circuit, cabinet), cycling, reporting, worn, rng)

    def _block(
        self, ts_ms: NDArray[np.int64], severity: Mapping[str, FloatArray], step_s: float, rng: np.random.Generator
    ) -> FloatArray:
        """Where the capillary is frozen shut, as 0 or 1: up to six times a day for 1 to 6 hours."""
        if "capillary_blockage" not in severity:
            return np.zeros((1, 1))
        worn = severity["capillary_blockage"]
        begins = rng.random(worn.shape) < 6.0 * worn * step_s / 86_400.0
        hours = rng.uniform(1.0, 6.0, worn.shape)
        blocked = np.empty(worn.shape)
        for i, now_ms in enumerate(ts_ms.tolist()):
            until_ms = np.where(begins[i], now_ms + hours[i] * 3.6e6, 0.0).astype(np.int64)
            self.blocked_until_ms = np.maximum(self.blocked_until_ms, until_ms)
            blocked[i] = self.blocked_until_ms > now_ms
        return blocked

    def _integrate(
        self, around: Surroundings, circuit: RefrigerantCircuit, worn: Mapping[str, FloatArray], step_s: float
    ) -> _Cabinet:
        """Temperatures, frost and defrosts, step by step; the one loop over time.

        Frost takes air from the evaporator, and the colder that gets the more heat each step has to move, so a step needs the one
        before; all appliances take it at once.
        """
        p, felt = self.parameters, feel(self.parameters, around, worn, step_s)
        out = _Cabinet.of(around.kitchen_c.shape, p["defrost_w"] * felt.heater)
        fresh_j, freezer_j = p["capacity_fresh_kj_k"] * 1e3, p["capacity_freezer_kj_k"] * 1e3
        restore_t, restore_z = fresh_j / RESTORE_S, freezer_j / RESTORE_S
        gain_t, gain_z = step_s / fresh_j, step_s / freezer_j
        drop_rated = p["evaporator_drop_k"]
        restored = restore_z * felt.freezer_set_c
        t, z, told, set_w = self.fresh_c, self.freezer_c, 0, restore_t * p["fresh_set_c"]
        begin, surely = 0, self._steps_to_defrost(step_s)
        steps = zip(felt.in_fresh_w, felt.lets_fresh, felt.in_freezer_w, felt.lets_freezer, felt.frosting,
                    circuit.fan**1.5, circuit.capacity_w, circuit.per_drop_w, restored, strict=True)  # fmt: skip
        for i, (in_t, lets_t, in_z, lets_z, frosting, moves, capacity, per_drop, wanted_z) in enumerate(steps):
            air = moves * (1.0 - BLOCKING * self.frost)
            drop = drop_rated / np.sqrt(air)
            load_t = in_t - lets_t * t
            load_z = in_z - lets_z * z
            heated = self._heat(step_s, felt.heater[i]) if self.is_defrosting else None
            if heated is not None:
                load_z = load_z + heated * felt.heater[i] * (p["defrost_w"] * (1.0 - DEFROST_EFFICIENCY))
            want_t = np.maximum(load_t + restore_t * t - set_w, 0.0)
            want_z = np.maximum(load_z + restore_z * z - wanted_z, 0.0)
            by_air = np.maximum(self.air_w_k * air * (t - z + drop), 0.0)
            can = np.maximum(capacity - per_drop * drop, 1.0)
            duty = (want_t + want_z) / can
            is_short = by_air * duty < want_t
            if is_short.any():
                duty = np.where(is_short, want_z / np.maximum(can - by_air, 0.05 * can), duty)
            duty = np.minimum(duty, 1.0)
            if heated is not None:
                duty = duty * (1.0 - heated)
                out.defrost[i] = heated
            moved = can * duty
            cool_t = np.minimum(np.minimum(want_t, by_air * duty), moved)
            t = t + gain_t * (load_t - cool_t)
            z = z + gain_z * (load_z - moved + cool_t)
            self.frost = np.minimum(self.frost + frosting, 1.0)
            out.fresh_c[i], out.freezer_c[i], out.duty[i], out.drop_k[i] = t, z, duty, drop
            if i - begin >= surely or heated is not None:
                out.heater_w[told:i], out.defrost_end_c[told:i], told = self.heater_w, self.defrost_end_c, i
                self._turn(out.duty[begin : i + 1].sum(axis=0) * step_s, felt.heater[i])
                begin, surely = i + 1, self._steps_to_defrost(step_s)
        self.run_s = self.run_s + out.duty[begin:].sum(axis=0) * step_s
        out.heater_w[told:], out.defrost_end_c[told:] = self.heater_w, self.defrost_end_c
        self.fresh_c, self.freezer_c = t, z
        return out

    def _steps_to_defrost(self, step_s: float) -> int:
        """For how many steps surely no defrost falls due, even if all compressors run."""
        return int(((self.parameters["defrost_run_h"] * 3600.0 - self.run_s) / step_s).min())

    def _heat(self, step_s: float, heater: FloatArray) -> FloatArray:
        """Share of the step for which the defrost heater is on; melts frost meanwhile."""
        heating_s = np.minimum(self.defrost_left_s, step_s)
        melting = self.frost_usual / (0.7 * self.parameters["defrost_min"] * 60.0) * heater
        self.frost = np.maximum(self.frost - heating_s * melting, 0.0)
        ends = (heating_s > 0) & (self.defrost_left_s <= step_s)
        self.defrost_left_s = self.defrost_left_s - heating_s
        end_c = DEFROST_END_C - 10.0 * np.minimum(self.frost / 0.10, 1.0)
        self.defrost_end_c = np.where(ends, end_c, self.defrost_end_c)
        return np.asarray(heating_s / step_s)

    def _turn(self, ran_s: FloatArray, heater: FloatArray) -> None:
        """Count the running time; begin a defrost where it is due: for as long as this frost needs, up to a limit."""
        self.run_s = self.run_s + ran_s
        due = self.run_s >= self.parameters["defrost_run_h"] * 3600.0
        if due.any():
            needed_s = self.parameters["defrost_min"] * 60.0 * (0.3 + 0.7 * self.frost / self.frost_usual)
            slot_s = np.minimum(needed_s / np.maximum(heater, 0.05), DEFROST_S_MAX)
            self.defrost_left_s = np.where(due, slot_s, self.defrost_left_s)
            self.heater_w = np.where(due, self.parameters["defrost_w"] * heater, self.heater_w)
            self.run_s = np.where(due, 0.0, self.run_s)
        self.is_defrosting = bool(self.defrost_left_s.any())

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
        traces: tuple[Surroundings, RefrigerantCircuit, _Cabinet],
        cycling: tuple[FloatArray, FloatArray, FloatArray],
        reporting: Reporting,
        worn: Mapping[str, FloatArray],
        rng: np.random.Generator,
    ) -> Told:
        p, totals = self.parameters, self.totals
        step_s, mean, last = reporting.step_s, reporting.mean, reporting.last
        around, circuit, cabinet = traces
        running, starts, phase = cycling
        on, severity = mean(running), {name: mean(one) for name, one in worn.items()}
        mode = np.where(on >= 0.5, COOLING, IDLE).astype(np.int8)
        mode[mean(cabinet.defrost) > 0.34] = DEFROST
        above = circuit.above_k - circuit.above_per_drop * cabinet.drop_k
        power = self._power_w(traces, running, above, step_s)
        starter, chance = severity["compressor_start_fault"], 0.001 * np.exp(5.0 * severity["compressor_start_fault"])
        failures = rng.poisson(mean(starts) * reporting.steps * chance).astype(np.float64)
        columns = {
            "power_w": mean(power),
            "energy_kwh": last(counted(totals, "energy_kwh", power * step_s / 3.6e6)),
            **self._temperatures(traces, (mode, phase, above), mean, severity),
            "compressor_duty_pct": 100.0 * on,
            "compressor_starts": last(counted(totals, "compressor_starts", starts)),
            "evaporator_fan_rpm": np.where(on > 0.02, p["evaporator_fan_rpm"] * mean(circuit.fan), 0.0),
            "condenser_fan_rpm": np.where(on > 0.02, p["condenser_fan_rpm"] * mean(circuit.condenser_fan), 0.0),
            "door_open": rng.random(on.shape) < last(around.door_s) / step_s,
            "door_open_s": last(counted(totals, "door_open_s", around.door_s)),
            "defrost_wh": last(counted(totals, "defrost_wh", cabinet.defrost * cabinet.defrost_w * step_s / 3600.0)),
            "defrost_heater_w": last(cabinet.heater_w),
            "defrost_end_c": last(cabinet.defrost_end_c),
            "compressor_start_s": np.where(on > 0.02, p["start_s"] * (1.0 + 4.0 * starter), np.nan),
            "start_failures": counted(totals, "start_failures", failures),
        }
        values = in_columns(METRICS, columns, *mode.shape)
        return Told(values, mode, self._errors(values, reporting.ends_ms(around.ts_ms), severity))

    def _temperatures(
        self,
        traces: tuple[Surroundings, RefrigerantCircuit, _Cabinet],
        state: tuple[NDArray[np.int8], FloatArray, FloatArray],
        mean: Callable[[FloatArray], FloatArray],
        severity: Mapping[str, FloatArray],
    ) -> dict[str, FloatArray]:
        """All temperatures of the reports; the freezer's is what its sensor shows."""
        p = self.parameters
        (around, circuit, cabinet), (mode, phase, above) = traces, state
        cooling, ripple = mode == COOLING, 0.5 * (phase - 0.5)
        kitchen, freezer = mean(around.kitchen_c), mean(cabinet.freezer_c)
        condenser = KITCHEN_RATED_C + p["condenser_rise_k"] + mean(above)
        below = np.where(cooling, mean(cabinet.drop_k) - mean(circuit.superheat_k), 1.5)
        return {
            "fresh_food_c": mean(cabinet.fresh_c + ripple),
            "freezer_c": freezer + mean(ripple) + 3.0 * severity["freezer_sensor_drift"],
            "evaporator_c": np.where(mode == DEFROST, mean(cabinet.defrost_end_c) - 2.0, freezer - below),
            "condenser_c": kitchen + np.where(cooling, 1.0, 0.2) * (condenser - kitchen),
            "ambient_c": kitchen,
            "fresh_food_set_c": p["fresh_set_c"],
            "freezer_set_c": p["freezer_set_c"],
        }

    def _errors(
        self, values: FloatArray, ends_ms: NDArray[np.int64], worn: Mapping[str, FloatArray]
    ) -> tuple[ErrorCode, ...]:
        """What the display says; the last code of each fault mode stands for several makers'."""
        index = {name: place for place, name in enumerate(METRICS)}
        warm = values[..., index["fresh_food_c"]] > self.parameters["fresh_set_c"] + 6.0
        codes = {
            "FF": warm & (worn["refrigerant_leak"] > 0.5),
            "rF": worn["evaporator_fan_wear"] >= 0.95,
            "CF": worn["condenser_fan_wear"] >= 0.95,
            "dF": (values[..., index["defrost_end_c"]] < 5.0) & (worn["defrost_heater_failure"] > 0.5),
            "CO": worn["compressor_start_fault"] >= 0.95,
            "FS": worn["freezer_sensor_drift"] >= 0.95,
        }
        return self.codes.show(codes, ends_ms)

    def _power_w(
        self,
        traces: tuple[Surroundings, RefrigerantCircuit, _Cabinet],
        running: FloatArray,
        above_k: FloatArray,
        step_s: float,
    ) -> FloatArray:
        """Mean power of each step: compressor and fans while running, electronics, defrost heater, lamp."""
        p = self.parameters
        around, circuit, cabinet = traces
        fans = p["evaporator_fan_w"] + p["condenser_fan_w"]
        turning = running * (circuit.power_w * (1.0 + 0.008 * above_k) + fans)
        return np.asarray(turning + p["standby_w"] + cabinet.defrost * cabinet.defrost_w + around.door_s / step_s * 4.0)


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
