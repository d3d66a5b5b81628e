"""Washing machine, front loader: programmes of fill, heat, wash, drain and spin, each as long as its physics makes it.

Fill V / (q0 √(p/p0) (1 - s)); heating t = m c ΔT / P with P = P0 (U/230 V)²; drain V / (q0 (1 - .9 s)), given up after
8 minutes; the spin's vibration v0 (1 + 3 s²) and kurtosis 3 to 8, drag power up to 30 % more and a coast-down time of
t0 / (1 + 4 s) with the wear s of the bearing. A clogged pump does less hydraulic work: up to 20 % less power.

A failing heater has 1 - s of its power and is given up after 90 minutes; scale of 2 s mm makes it P d / (k A) hotter, the
sensor up to 50 s slower and leakage .1 to 10 mA, but heats as fast, because all power reaches the water; a slipping belt
loses up to 15 % of the motor's speed; worn shock absorbers damp with ζ0 (1 - .7 s), so that the resonance on the way up
shakes 1 / (1 - .7 s) as much, balancing is tried again .3 (1 + 4 s) times a wash, and the spin stays up to 600 rpm slower;
worn brushes let the speed ripple; a worn door lock takes 2 to 8 s; a drifted pressure sensor shows up to 25 mm too much, so
that less water is taken; a leaking tub loses .4 s L a minute while it washes, and fills up again.

``fill_s`` and ``drain_s`` tell the last finished fill and drain of the cycle, from when there is one; vibration is told
while spinning, ``coast_down_s`` with the last reading of each spin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from simulator.arrays import FloatArray, IntArray
from simulator.physics.columns import in_columns
from simulator.physics.heating_element import element_w
from simulator.physics.kind import Parameters, ProgrammeKind, Sensor
from simulator.physics.plumbing import drain_flow, drain_pump_w, inlet_flow
from simulator.physics.programme import (
    Conditions,
    CycleError,
    Cycles,
    Moments,
    Rows,
    energy_kwh,
    last_duration_s,
    moments,
    rows,
)

PARAMETERS = (
    "fill_l_min", "heater_w", "drain_l_min", "pump_w", "spin_rpm", "vibration_mm_s", "coast_down_s", "drum_kg",
    "usual_load", "motor_w", "spin_w", "standby_w", "heat_lag_s", "leakage_ma", "resonance_mm_s", "ripple_pct",
    "door_lock_s",
)  # fmt: skip
FAULT_MODES = (
    "bearing_wear", "drain_pump_clog", "inlet_valve_clog", "heater_failure", "heater_scale", "belt_slip",
    "shock_absorber_wear", "carbon_brush_wear", "door_lock_wear", "pressure_sensor_drift", "tub_leak",
)  # fmt: skip
METRICS = {
    "power_w": Sensor(0.3, 0.010, 1),
    "energy_kwh": Sensor(0, 0, 4),
    "water_l": Sensor(0, 0, 1),
    "level_mm": Sensor(1.2, 0.01, 0),
    "water_c": Sensor(0.25, 0, 1, can_lie=True),
    "inlet_c": Sensor(0.25, 0, 1, can_lie=True),
    "mains_v": Sensor(0.8, 0, 1, can_lie=True),
    "load_kg": Sensor(0, 0.03, 1),
    "drum_rpm": Sensor(0, 0.004, 0),
    "pump_w": Sensor(0, 0.02, 1),
    "fill_s": Sensor(0, 0, 1),
    "drain_s": Sensor(0, 0, 1),
    "vibration_mm_s": Sensor(0, 0.04, 2, can_lie=True),
    "vibration_kurtosis": Sensor(0.05, 0.02, 2),
    "coast_down_s": Sensor(0, 0.01, 1),
    "unbalance_retries": Sensor(0, 0, 0),
    "door_locked": Sensor(0, 0, 0, is_boolean=True),
    "heat_lag_s": Sensor(0, 0.06, 0),
    "leakage_ma": Sensor(0, 0.05, 3),
    "belt_slip_pct": Sensor(0.15, 0.03, 2),
    "resonance_mm_s": Sensor(0, 0.06, 2),
    "speed_ripple_pct": Sensor(0, 0.05, 2),
    "door_lock_s": Sensor(0, 0.04, 2),
    "soak_fall_mm_min": Sensor(0.04, 0.02, 2),
}
MODES = ("idle", "fill", "heat", "wash", "drain", "spin")
IDLE, FILL, HEAT, WASH, DRAIN, SPIN = range(6)
FILL_LIMIT_S = 480.0
DRAIN_LIMIT_S = 480.0
HEAT_LIMIT_S = 5400.0
SENSOR_DRIFT_MM = 25.0
LEAK_L_MIN = 0.4
REFILL_L = 1.5
"""So much is missing when a leaking tub is filled up."""
RINSES_MAX = 3
MODE_OF_SLOT = np.array([FILL, HEAT, WASH, DRAIN, SPIN, *([FILL, WASH, DRAIN, SPIN] * RINSES_MAX)], dtype=np.int8)
SLOTS = len(MODE_OF_SLOT)
MM_PER_L = 8.0


@dataclass(frozen=True, slots=True)
class Programmes:
    """The programmes on the dial as columns: how often, how hot, how long, how many rinses, how fast the spin."""

    share: FloatArray
    temperature_c: FloatArray
    wash_min: FloatArray
    rinses: IntArray
    spin: FloatArray
    spin_min: FloatArray


PROGRAMMES = Programmes(  # cold, 30, eco 40-60, cotton 40, cotton 60, quick 30
    share=np.array([0.05, 0.25, 0.25, 0.20, 0.10, 0.15]),
    temperature_c=np.array([18.0, 30.0, 43.0, 40.0, 60.0, 30.0]),
    wash_min=np.array([35.0, 45.0, 110.0, 60.0, 70.0, 14.0]),
    rinses=np.array([2, 2, 2, 3, 3, 1]),
    spin=np.array([0.8, 1.0, 1.0, 1.0, 1.0, 0.85]),
    spin_min=np.array([7.0, 9.0, 10.0, 10.0, 10.0, 6.0]),
)


class WashingMachines:
    """N washing machines: parameters and counters."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        self.parameters = {**parameters, "spin_rpm": np.rint(parameters["spin_rpm"] / 200) * 200}
        washes = rng.integers(0, 1500, len(parameters["heater_w"]))
        self.cycles_done = washes.astype(np.int64)
        self.totals = {"energy_kwh": washes * 0.75, "water_l": washes * 52.0}

    def plan(self, appliance: IntArray, start_ms: IntArray, conditions: Conditions, rng: np.random.Generator) -> Cycles:
        """The washes that these appliances start then (at most one of each appliance), with the length of each phase.

        A phase takes what its worn part needs for it, up to where the machine gives up: a fault costs time before it is an error.
        """
        p = {name: values[appliance] for name, values in self.parameters.items()}
        count = len(appliance)
        programme = rng.choice(len(PROGRAMMES.share), count, p=PROGRAMMES.share)
        load_kg = p["drum_kg"] * np.clip(p["usual_load"] + rng.normal(0, 0.18, count), 0.15, 1.0)
        worn = conditions.worn
        retries = rng.poisson(0.3 * (1.0 + 4.0 * worn("shock_absorber_wear")))
        rinses = PROGRAMMES.rinses[programme]
        less_l = SENSOR_DRIFT_MM / MM_PER_L * worn("pressure_sensor_drift")
        water = np.zeros((count, 1 + RINSES_MAX))
        water[:, 0] = 9.0 + 1.2 * load_kg - less_l
        bath_l = (9.0 + 0.9 * load_kg - less_l)[:, None]
        water[:, 1:] = np.where(np.arange(RINSES_MAX) < rinses[:, None], bath_l, 0.0)
        flow = inlet_flow(p["fill_l_min"] / 60, conditions) * rng.lognormal(0, 0.02, count)
        out = drain_flow(p["drain_l_min"] / 60, conditions) * rng.lognormal(0, 0.03, count)
        fill = np.minimum(water / flow[:, None], FILL_LIMIT_S)
        drain = np.minimum(water / out[:, None], DRAIN_LIMIT_S)
        kelvin = np.maximum(PROGRAMMES.temperature_c[programme] - conditions.inlet_c, 0.0)
        heat = (water[:, 0] + 0.3 * load_kg) * 4186.0 * kelvin / np.maximum(heater_w(p, conditions), 1.0)
        heat = np.minimum(heat, HEAT_LIMIT_S)
        wash_s = PROGRAMMES.wash_min[programme] * 60
        phase = np.zeros((count, SLOTS))
        phase[:, :5] = np.stack([fill[:, 0], heat, wash_s, drain[:, 0], np.full(count, 120.0)], axis=1)
        for rinse in range(RINSES_MAX):
            has, last = rinse < rinses, rinse == rinses - 1
            spin_s = np.where(last, PROGRAMMES.spin_min[programme] * 60 + 90.0 * retries, 120.0)
            phase[:, 5 + 4 * rinse : 9 + 4 * rinse] = np.stack(
                [fill[:, 1 + rinse], np.where(has, 240.0, 0.0), drain[:, 1 + rinse], np.where(has, spin_s, 0.0)], axis=1
            )
        refilled = LEAK_L_MIN * worn("tub_leak")[:, None] * phase[:, [2, 6, 10, 14]] / 60.0
        self.cycles_done[appliance] += 1
        told = {"load_kg": load_kg, "programme": programme * 1.0, "retries": retries * 1.0, "water_l": water,
                "refilled_l": refilled}  # fmt: skip
        return Cycles(
            appliance, start_ms, self.cycles_done[appliance], conditions, MODE_OF_SLOT, phase,
            _slot_power(p, conditions, load_kg, programme), told, _errors(phase, conditions),
        )  # fmt: skip

    def run(self, cycles: Cycles, *, interval_s: float, rng: np.random.Generator) -> Rows:
        """All readings of these washes, and the counters moved on."""
        told = _Run(self, cycles, moments(cycles, interval_s), rng).rows()
        np.add.at(self.totals["energy_kwh"], cycles.appliance, cycles.energy_kwh)
        np.add.at(self.totals["water_l"], cycles.appliance, _taken_l(cycles))
        return told

    def idle(self, appliance: IntArray, conditions: Conditions) -> FloatArray:
        """One reading each of appliances that stand still, (N, metrics)."""
        told: dict[str, ArrayLike] = {
            "power_w": self.parameters["standby_w"][appliance],
            "energy_kwh": self.totals["energy_kwh"][appliance],
            "water_l": self.totals["water_l"][appliance],
            "level_mm": 0.0, "mains_v": conditions.mains_v, "drum_rpm": 0.0, "pump_w": 0.0, "door_locked": 0.0,
        }  # fmt: skip
        return in_columns(METRICS, told, len(appliance))


def heater_w(p: Parameters, conditions: Conditions) -> FloatArray:
    """Power of the heater, none where it is open."""
    left = np.where(conditions.worn("heater_failure") < 0.97, 1.0 - conditions.worn("heater_failure"), 0.0)
    return np.asarray(element_w(p["heater_w"], conditions.mains_v) * left)


def _taken_l(cycles: Cycles) -> FloatArray:
    """Water taken by each wash, what leaked and was filled up included."""
    return np.asarray(cycles.told["water_l"].sum(axis=1) + cycles.told["refilled_l"].sum(axis=1))


def _slot_power(p: Parameters, conditions: Conditions, load_kg: FloatArray, programme: IntArray) -> FloatArray:
    """Mean power in each slot of each wash, (C, slots)."""
    heater = heater_w(p, conditions)
    load = load_kg / p["drum_kg"]
    turning = p["motor_w"] * (0.7 + 0.6 * load)
    drag = (1.0 + 0.3 * conditions.worn("bearing_wear")) * (0.9 + 0.2 * load)
    spin = p["spin_w"] * PROGRAMMES.spin[programme] * drag
    pump = drain_pump_w(p["pump_w"], conditions)
    by_mode = np.stack([0 * heater, 9.0 + 0 * heater, heater + turning, turning, pump + 6.0, spin + pump], axis=1)
    return np.asarray(by_mode[:, MODE_OF_SLOT] + 4.0)


def _errors(phase: FloatArray, conditions: Conditions) -> tuple[CycleError, ...]:
    """Where the first fill, the heating or the first drain took too long, and what the electronics see by themselves."""
    at_s = {
        "IE": (phase[:, 0] >= FILL_LIMIT_S, np.full(len(phase), FILL_LIMIT_S)),
        "OE": (phase[:, 3] >= DRAIN_LIMIT_S, phase[:, :4].sum(axis=1)),
        "HE": (phase[:, 1] >= HEAT_LIMIT_S, phase[:, :2].sum(axis=1)),
        "UB": (conditions.worn("shock_absorber_wear") >= 0.9, phase.sum(axis=1) - 60.0),
        "3E": (conditions.worn("carbon_brush_wear") >= 0.95, phase[:, :3].sum(axis=1)),
        "dE": (conditions.worn("door_lock_wear") >= 0.9, np.full(len(phase), 10.0)),
        "PE": (conditions.worn("pressure_sensor_drift") >= 0.95, phase[:, 0]),
        "LE1": (conditions.worn("tub_leak") >= 0.9, phase[:, :3].sum(axis=1)),
    }
    return tuple(
        CycleError(int(i), float(when[i]), code) for code, (where, when) in at_s.items() for i in np.nonzero(where)[0]
    )


class _Run:
    """The columns of all readings of some washes; one method per group of metrics."""

    def __init__(self, machines: WashingMachines, cycles: Cycles, at: Moments, rng: np.random.Generator) -> None:
        self.machines, self.cycles, self.at, self.rng = machines, cycles, at, rng
        self.mode = MODE_OF_SLOT[at.slot]
        self.p = {name: values[cycles.appliance] for name, values in machines.parameters.items()}
        self.worn = cycles.conditions.worn
        self.bearing, self.blocked = self.worn("bearing_wear"), self.worn("drain_pump_clog")
        self.programme = cycles.told["programme"].astype(np.int64)
        brushes = 1.0 + 4.0 * self.worn("carbon_brush_wear") + 0.6 * self.worn("belt_slip")
        self.ripple_pct = self.p["ripple_pct"] * brushes
        self.bath = np.array([0, 0, 0, 0, 0, *np.repeat(np.arange(1, 1 + RINSES_MAX), 4)])

    def rows(self) -> Rows:
        cycle, at, conditions = self.at.cycle, self.at, self.cycles.conditions
        columns: dict[str, FloatArray | float] = {
            "power_w": self.cycles.slot_w[cycle, at.slot] * self.rng.lognormal(0, 0.02, len(cycle)),
            "energy_kwh": self.machines.totals["energy_kwh"][self.cycles.appliance][cycle]
            + energy_kwh(self.cycles, at),
            "inlet_c": conditions.inlet_c[cycle],
            "mains_v": conditions.mains_v[cycle],
            "load_kg": self.cycles.told["load_kg"][cycle],
            "pump_w": np.where(self.mode == DRAIN, drain_pump_w(self.p["pump_w"], conditions)[cycle], 0.0),
            "fill_s": last_duration_s(self.cycles, at, FILL),
            "drain_s": last_duration_s(self.cycles, at, DRAIN),
            "door_locked": 1.0,
            **self._water(),
            **self._drum(),
            **self._heating(),
            **self._small_parts(),
        }
        summary = {"energy_kwh": self.cycles.energy_kwh, "water_l": _taken_l(self.cycles)}
        return rows(self.cycles, at, METRICS, columns, summary)

    def _water(self) -> dict[str, FloatArray]:
        """Amount, level and temperature of the water.

        What leaks in the wash is filled in again, so the level goes down and up while the meter only counts.
        """
        cycle, slot, share = self.at.cycle, self.at.slot, self.at.share
        bath = self.bath[slot]
        water = self.cycles.told["water_l"]
        litres = water[cycle, bath]
        before = (np.cumsum(water, axis=1) - water)[cycle, bath]
        filled = np.where(self.mode == FILL, share, 1.0)
        inside = np.select([self.mode == DRAIN, self.mode == SPIN], [1.0 - share, 0.0 * share], filled)
        refilled = self.cycles.told["refilled_l"]
        leaked = (np.cumsum(refilled, axis=1) - refilled)[cycle, bath]
        leaked = leaked + refilled[cycle, bath] * np.select([self.mode < WASH, self.mode == WASH], [0.0, share], 1.0)
        drift = SENSOR_DRIFT_MM * self.worn("pressure_sensor_drift")[cycle]
        fallen = np.where(self.mode == WASH, (refilled[cycle, bath] * share) % REFILL_L, 0.0)
        inlet = self.cycles.conditions.inlet_c[cycle]
        target = np.maximum(PROGRAMMES.temperature_c[self.programme][cycle], inlet)
        washed_s = np.where(self.mode == WASH, self.at.into_s, 0.0)
        cooled = target - 0.0006 * washed_s * np.maximum(target - 22.0, 0.0) / 20.0
        main = np.select([self.mode == FILL, self.mode == HEAT], [inlet, inlet + share * (target - inlet)], cooled)
        total = self.machines.totals["water_l"][self.cycles.appliance][cycle]
        return {
            "water_l": total + before + litres * filled + leaked,
            "level_mm": MM_PER_L * (litres * inside - fallen) + drift,
            "water_c": np.where(bath == 0, main, inlet + 2.0),
        }

    def _drum(self) -> dict[str, FloatArray | float]:
        """Speeds, and what is felt of the drum.

        Shaking is told once the speed stands, as on the way up it would tell of the ramp; coasting down at the end of a spin.
        """
        cycle, count, retries = self.at.cycle, len(self.cycles), self.cycles.told["retries"]
        spinning = self.mode == SPIN
        top = self.p["spin_rpm"] * PROGRAMMES.spin[self.programme]
        is_final = self.at.slot == (4 + 4 * PROGRAMMES.rinses[self.programme])[cycle]
        speed = top[cycle] * np.where(is_final, 1.0, 0.6)
        ramp = np.clip(self.at.into_s / 60.0, 0.15, 1.0)
        slip = 1.0 - 0.15 * self.worn("belt_slip")
        slower = np.minimum(200.0 * np.maximum(retries - 1.0, 0.0), 600.0) * self.worn("shock_absorber_wear")
        speed = (speed - np.where(is_final, slower[cycle], 0.0)) * slip[cycle]
        turning = np.where((self.mode == WASH) | (self.mode == HEAT), 38.0 * slip[cycle], 0.0)
        unbalance = 0.9 + 0.2 * self.rng.random(count) + 0.1 * retries
        shaking = self.p["vibration_mm_s"] * (1 + 3 * self.bearing**2) * unbalance * self.rng.lognormal(0, 0.08, count)
        kurtosis = 3.0 + 5.0 * self.bearing**1.5 + np.abs(self.rng.normal(0, 0.15, count))
        coast = self.p["coast_down_s"] / (1 + 4 * self.bearing) * self.rng.lognormal(0, 0.03, count)
        plateau = spinning & (self.at.into_s >= 60.0)
        nothing = np.full(len(cycle), np.nan)
        turning = turning * (1.0 + self.ripple_pct[cycle] / 100.0 * self.rng.standard_normal(len(cycle)))
        return {
            "drum_rpm": np.where(spinning, speed * ramp, turning),
            "vibration_mm_s": np.where(plateau, shaking[cycle] * np.where(is_final, 1.0, 0.6), nothing),
            "vibration_kurtosis": np.where(plateau, kurtosis[cycle], nothing),
            "coast_down_s": np.where(spinning & self.at.is_end, coast[cycle], nothing),
            "unbalance_retries": np.where(is_final, retries[cycle], 0.0),
        }

    def _heating(self) -> dict[str, FloatArray]:
        """What the heater tells of itself: leakage while it heats, how late the sensor followed at the end."""
        scale, heats = self.worn("heater_scale"), self.mode == HEAT
        leakage = self.p["leakage_ma"] * 100.0**scale
        late = (self.p["heat_lag_s"] + 50.0 * scale) * self.rng.lognormal(0, 0.03, len(self.cycles))
        return {
            "leakage_ma": np.where(heats, leakage[self.at.cycle], np.nan),
            "heat_lag_s": np.where(heats & self.at.is_end, late[self.at.cycle], np.nan),
        }

    def _small_parts(self) -> dict[str, FloatArray]:
        """Belt, suspension, brushes, lock and tub: each told once or twice a wash."""
        count, at = len(self.cycles), self.at
        slip, ripple = 0.6 + 15.0 * self.worn("belt_slip"), self.ripple_pct
        shake = self.p["resonance_mm_s"] / (1.0 - 0.7 * self.worn("shock_absorber_wear"))
        shake = shake * self.rng.lognormal(0, 0.10, count)
        lock = self.p["door_lock_s"] * (1.0 + 3.0 * self.worn("door_lock_wear")) * self.rng.lognormal(0, 0.05, count)
        fall = MM_PER_L * LEAK_L_MIN * self.worn("tub_leak") + 0.05
        end = at.is_end
        when = {
            "belt_slip_pct": (slip, end & (self.mode == SPIN)),
            "speed_ripple_pct": (ripple, end & (self.mode == WASH)),
            "resonance_mm_s": (shake, end & (self.mode == SPIN)),
            "door_lock_s": (lock, end & (at.slot == 0)),
            "soak_fall_mm_min": (fall, end & (self.mode == WASH)),
        }
        return {name: np.where(told, column[at.cycle], np.nan) for name, (column, told) in when.items()}


KIND = ProgrammeKind(
    name="washing_machine",
    prefix="washer",
    parameters=PARAMETERS,
    fault_modes=FAULT_MODES,
    metrics=METRICS,
    modes=MODES,
    make=WashingMachines,
)
