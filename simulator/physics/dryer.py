"""Tumble dryer, vented or with a heat pump: programmes of sensing, drying, finishing and cooling down.

Vented: air enters the drum at T_in = T_a + d P / (ρ c_p Q) with Q = Q0 (1 - .8 clogged), the limiter allowing a share
d = min(1, (T_lim - T_a) ρ c_p Q / P) of the heat; water goes at η d P / h_fg, where η falls with the flow. Heat pump:
water goes at COP W / h_fg of the compressor's power W. Below the critical moisture the rate falls with the moisture that is
left. A programme ends by what the moisture bars say, or by the exhaust's temperature.

``evaporation_g_min`` is what the appliance reckons of its drying so far, from when drying is over; ``limiter_trips`` and
``tank_full`` count within the cycle. A vented dryer has no compressor to tell of, and the other no heater.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.arrays import FloatArray, IntArray
from simulator.physics.columns import in_columns
from simulator.physics.heating_element import element_w
from simulator.physics.kind import Parameters, ProgrammeKind, Sensor
from simulator.physics.programme import Conditions, CycleError, Cycles, Moments, Rows, energy_kwh, moments, rows
from simulator.physics.stopping import stop, told, when

PARAMETERS = (
    "heat_pump_share", "heat_pump_lot", "airflow_m3_s", "heater_w", "limiter_c", "evaporating_share", "finish_heat_share",
    "duct_pressure_pa", "motor_w", "drum_rpm", "compressor_w", "evaporating_cop", "condenser_rise_k", "conductance_us",
    "usual_load_kg", "spun_moisture", "sensor_bias_k", "standby_w",
)  # fmt: skip
OF_VENTED = ("vent_clog", "heating_element_failure", "blower_wheel_failure")
OF_HEAT_PUMPS = ("heat_pump_lint", "condensate_pump_failure")
FAULT_MODES = (
    *OF_VENTED, "thermistor_drift", "drum_roller_wear", "belt_slip", "moisture_sensor_fouling",
    *OF_HEAT_PUMPS,
)  # fmt: skip
METRICS = {
    "power_w": Sensor(0.5, 0.01, 1),
    "energy_kwh": Sensor(0, 0, 4),
    "mains_v": Sensor(0.8, 0, 1, can_lie=True),
    "ambient_c": Sensor(0.2, 0, 1, can_lie=True),
    "load_kg": Sensor(0, 0.04, 1),
    "inlet_air_c": Sensor(0.5, 0.005, 1, can_lie=True),
    "exhaust_c": Sensor(0.3, 0.005, 1, can_lie=True),
    "heater_w": Sensor(0, 0.008, 0),
    "compressor_w": Sensor(0, 0.01, 1),
    "condenser_c": Sensor(0.3, 0, 1, can_lie=True),
    "duct_pressure_pa": Sensor(1.0, 0.02, 0, can_lie=True),
    "motor_w": Sensor(0, 0.015, 1),
    "drum_rpm": Sensor(0, 0.005, 1),
    "conductance_us": Sensor(0.02, 0.05, 2),
    "moisture_pct": Sensor(0.3, 0.03, 1),
    "evaporation_g_min": Sensor(0, 0.02, 1),
    "limiter_trips": Sensor(0, 0, 0),
    "tank_full": Sensor(0, 0, 0),
    "door_open": Sensor(0, 0, 0, is_boolean=True),
}
MODES = ("idle", "sense", "dry", "finish", "cool")
IDLE, SENSE, DRY, FINISH, COOL = range(5)
MODE_OF_SLOT = np.array([SENSE, DRY, FINISH, COOL], dtype=np.int8)
AIR_J_M3_K = 1207.0
EVAPORATION_J_KG = 2.4e6
CRITICAL_MOISTURE = 0.15
"""Kilograms of water per kilogram of laundry, below which drying slows down."""
SENSE_S = 120.0
DRY_LIMIT_S = 10_800.0
FINISH_LIMIT_S = 7_200.0
WARMING_S = 200.0
TRIP_S = 90.0
"""A heater that the limiter holds back is switched off once in so long a time."""
BLOWER_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Programmes:
    """The programmes on the dial as columns; one that ``feels`` the exhaust ends by its temperature, not by moisture."""

    share: FloatArray
    left_moisture: FloatArray
    cool_min: FloatArray
    feels: NDArray[np.bool_]


PROGRAMMES = Programmes(  # iron dry, cupboard dry, extra dry, cupboard dry by temperature
    share=np.array([0.2, 0.45, 0.15, 0.2]),
    left_moisture=np.array([0.10, 0.03, 0.015, 0.03]),
    cool_min=np.array([5.0, 6.0, 8.0, 6.0]),
    feels=np.array([False, False, False, True]),
)


def is_heat_pump(parameters: Parameters) -> NDArray[np.bool_]:
    """Which of these dryers have a heat pump."""
    return np.asarray(parameters["heat_pump_lot"] < parameters["heat_pump_share"])


def spared(parameters: Parameters) -> dict[str, NDArray[np.bool_]]:
    """Fault mode → which of these dryers can't have it, as they lack the part."""
    pumps = is_heat_pump(parameters)
    return {**dict.fromkeys(OF_VENTED, pumps), **dict.fromkeys(OF_HEAT_PUMPS, ~pumps)}


def _of_parts_there(parameters: Parameters, conditions: Conditions) -> Conditions:
    """The conditions without faults of parts that a dryer lacks."""
    lacking = spared(parameters)
    severity = {
        mode: np.where(lacking[mode], 0.0, worn) if mode in lacking else worn
        for mode, worn in conditions.severity.items()
    }
    return replace(conditions, severity=severity)


@dataclass(frozen=True, slots=True)
class Air:
    """What the air does in C cycles: flow against new, heat let through, and how much of it dries."""

    flow_share: FloatArray
    heater_w: FloatArray
    heat_share: FloatArray
    inlet_k: FloatArray
    """How much warmer than the room the air enters the drum."""
    dries_w: FloatArray
    """Heat that goes into water while the laundry is wet."""
    keeps: FloatArray
    """Share of the heat that leaves with the air while the laundry is wet."""


class Dryers:
    """N dryers: parameters and counters."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        self.parameters = dict(parameters)
        done = rng.integers(0, 1200, len(parameters["heater_w"]))
        self.cycles_done = done.astype(np.int64)
        self.totals = {"energy_kwh": done * np.where(is_heat_pump(parameters), 1.3, 2.9)}

    def plan(self, appliance: IntArray, start_ms: IntArray, conditions: Conditions, rng: np.random.Generator) -> Cycles:
        """The cycles that these appliances start then (at most one of each), with the length of each phase.

        Water goes at the full rate down to the critical moisture, and from there ever slower: hence a phase that is linear in the
        load, and one that is a logarithm.
        """
        p = {name: values[appliance] for name, values in self.parameters.items()}
        conditions = _of_parts_there(p, conditions)
        count = len(appliance)
        programme = rng.choice(len(PROGRAMMES.share), count, p=PROGRAMMES.share)
        load = np.clip(p["usual_load_kg"] * rng.lognormal(0, 0.25, count), 1.0, 9.0)
        spun = np.clip(p["spun_moisture"] + rng.normal(0, 0.04, count), 0.4, 0.9)
        air = moved_air(p, conditions, rng.lognormal(0, 0.02, count))
        wet_s = load * (spun - CRITICAL_MOISTURE) * EVAPORATION_J_KG / air.dries_w
        falling_s = load * CRITICAL_MOISTURE * EVAPORATION_J_KG / (air.dries_w * p["finish_heat_share"])
        left = _left_moisture(p, conditions, programme, air)
        phase = np.zeros((count, len(MODE_OF_SLOT)))
        phase[:, 0] = SENSE_S
        phase[:, 1] = np.minimum(wet_s, DRY_LIMIT_S)
        phase[:, 2] = np.minimum(falling_s * np.log(CRITICAL_MOISTURE / left), FINISH_LIMIT_S)
        phase[:, 3] = PROGRAMMES.cool_min[programme] * 60
        errors = _stop(phase, conditions, rng)
        trips = np.where(is_heat_pump(p), 0.0, np.floor((1 - air.heat_share) * phase[:, 1] / TRIP_S))
        full = rng.poisson(np.where(is_heat_pump(p), 0.02 + 4.0 * conditions.worn("condensate_pump_failure") ** 2, 0.0))
        self.cycles_done[appliance] += 1
        decided = {
            "programme": programme * 1.0, "load_kg": load, "spun": spun, "falling_s": falling_s, "trips": trips, "tank_full": full * 1.0,
            "flow_share": air.flow_share, "inlet_k": air.inlet_k, "keeps": air.keeps, "heater_w": air.heater_w,
            "evaporation_g_min": air.dries_w / EVAPORATION_J_KG * 60_000 * rng.lognormal(0, 0.03, count),
        }  # fmt: skip
        return Cycles(
            appliance, start_ms, self.cycles_done[appliance], conditions, MODE_OF_SLOT, phase,
            _slot_power(p, conditions, air, load), decided, errors,
        )  # fmt: skip

    def run(self, cycles: Cycles, *, interval_s: float, rng: np.random.Generator) -> Rows:
        """All readings of these cycles, and the counters moved on."""
        del rng
        readings = _Run(self, cycles, moments(cycles, interval_s)).rows()
        np.add.at(self.totals["energy_kwh"], cycles.appliance, cycles.energy_kwh)
        return readings

    def idle(self, appliance: IntArray, conditions: Conditions) -> FloatArray:
        """One reading each of appliances that stand still, (N, metrics)."""
        known: dict[str, ArrayLike] = {
            "power_w": self.parameters["standby_w"][appliance],
            "energy_kwh": self.totals["energy_kwh"][appliance],
            "mains_v": conditions.mains_v, "ambient_c": conditions.kitchen_c, "door_open": 0.0,
        }  # fmt: skip
        return in_columns(METRICS, known, len(appliance))


def moved_air(p: Parameters, conditions: Conditions, lint: FloatArray | float = 1.0) -> Air:
    """Flow, heat and drying of each dryer; ``lint`` is what the filter's state makes of the flow in this cycle."""
    pumps = is_heat_pump(p)
    flow = (1 - 0.8 * conditions.worn("vent_clog")) * (1 - 0.6 * conditions.worn("blower_wheel_failure"))
    flow = flow * lint
    tumbles = np.where(is_broken(conditions), 0.35, 1 - 0.08 * conditions.worn("belt_slip"))
    heater = element_w(p["heater_w"], conditions.mains_v) * (1 - 0.5 * conditions.worn("heating_element_failure"))
    carried = AIR_J_M3_K * p["airflow_m3_s"] * flow
    most_k = p["limiter_c"] - conditions.kitchen_c
    share = np.minimum(1.0, most_k * carried / heater)
    dries = p["evaporating_share"] * (1 - 0.62 * np.maximum(1 - flow, 0.0)) * tumbles
    linted = conditions.worn("heat_pump_lint")
    pumped = compressor_w(p, conditions) * p["evaporating_cop"] * (1 - 0.45 * linted) * np.sqrt(flow) * tumbles
    inlet = np.where(pumps, condenser_k(p, conditions) - 5.0, share * heater / carried)
    return Air(
        flow_share=flow,
        heater_w=heater,
        heat_share=share,
        inlet_k=inlet,
        dries_w=np.where(pumps, pumped, dries * share * heater),
        keeps=np.where(pumps, 0.6, 1 - dries),
    )


def compressor_w(p: Parameters, conditions: Conditions) -> FloatArray:
    """What the compressor takes: more against a warmer condenser."""
    return np.asarray(p["compressor_w"] * (1 + 0.2 * conditions.worn("heat_pump_lint")))


def condenser_k(p: Parameters, conditions: Conditions) -> FloatArray:
    """How much warmer than the room the condenser is."""
    return np.asarray(p["condenser_rise_k"] + 12.0 * conditions.worn("heat_pump_lint"))


def is_broken(conditions: Conditions) -> NDArray[np.bool_]:
    """Where the belt is off the drum."""
    return np.asarray(conditions.worn("belt_slip") > 0.95)


def motor_w(p: Parameters, conditions: Conditions, flow: FloatArray, load_kg: FloatArray) -> FloatArray:
    """Drum and blower on one motor: dry rollers brake, a lost belt frees, and less air is less work."""
    drag = (1 + 0.6 * conditions.worn("drum_roller_wear")) * (1 - 0.1 * conditions.worn("belt_slip"))
    drum = np.where(is_broken(conditions), 0.25, (0.85 + 0.03 * load_kg) * drag)
    blown = flow * pressure_share(conditions, flow)
    return np.asarray(p["motor_w"] * ((1 - BLOWER_SHARE) * drum + BLOWER_SHARE * blown))


def pressure_share(conditions: Conditions, flow: FloatArray) -> FloatArray:
    """Pressure in the duct against new: up the blower's curve when clogged, down the duct's curve when the wheel slips."""
    worn = 1 - 0.6 * conditions.worn("blower_wheel_failure")
    moved = flow / np.maximum(worn, 1e-3)
    return np.asarray(worn**2 * (2.3 - 1.3 * np.minimum(moved, 1.3) ** 2))


def _left_moisture(p: Parameters, conditions: Conditions, programme: IntArray, air: Air) -> FloatArray:
    """Moisture at which each programme ends: what its sensor takes for dry enough."""
    wanted = PROGRAMMES.left_moisture[programme]
    by_bars = wanted / (1 - 0.6 * conditions.worn("moisture_sensor_fouling"))
    designed_k = p["heater_w"] * p["finish_heat_share"] / (AIR_J_M3_K * p["airflow_m3_s"])
    designed_k = np.where(is_heat_pump(p), p["condenser_rise_k"] - 5.0, designed_k)
    ends_k = designed_k * (1 - p["evaporating_share"] * wanted / CRITICAL_MOISTURE)
    bias = p["sensor_bias_k"] * conditions.worn("thermistor_drift")
    inlet_k = np.where(is_heat_pump(p), 1.0, p["finish_heat_share"]) * air.inlet_k
    by_feel = CRITICAL_MOISTURE / (1 - air.keeps) * (1 - (ends_k - bias) / inlet_k)
    left = np.where(PROGRAMMES.feels[programme], by_feel, by_bars)
    return np.clip(left, 0.008, CRITICAL_MOISTURE * 0.95)


def _slot_power(p: Parameters, conditions: Conditions, air: Air, load_kg: FloatArray) -> FloatArray:
    """Mean power in each slot of each cycle, (C, slots)."""
    motor = motor_w(p, conditions, air.flow_share, load_kg)
    heat = np.where(is_heat_pump(p), compressor_w(p, conditions), air.heater_w * air.heat_share)
    reduced = heat * np.where(is_heat_pump(p), 1.0, p["finish_heat_share"])
    return np.asarray(np.stack([motor, motor + heat, motor + reduced, motor], axis=1) + 4.0)


def _stop(phase: FloatArray, conditions: Conditions, rng: np.random.Generator) -> tuple[CycleError, ...]:
    """The codes of these cycles; those that can't go on stop where they are, in ``phase``."""
    luck = rng.random(len(phase))
    if not conditions.severity:
        return ()
    ends = np.cumsum(phase, axis=1)
    at_s, errors = stop(phase, {"dE": when(is_broken(conditions), SENSE_S + 600.0)})
    clogged = conditions.worn("vent_clog")
    shown = {
        "d90": clogged >= 0.9,
        "d80": (clogged >= 0.8) & (clogged < 0.9),
        "HE": conditions.worn("heating_element_failure") > 0.95,
        "tE1": luck < (conditions.worn("thermistor_drift") - 0.8) * 4,
        "TANK": luck < (conditions.worn("condensate_pump_failure") - 0.6) * 2,
    }
    for code, comes in shown.items():
        rows_ = np.flatnonzero(comes & (ends[:, 1] <= at_s))
        errors += told(rows_, ends[rows_, 1], [code] * len(rows_))
    return errors


class _Run:
    """The columns of all readings of some cycles; one method per group of metrics."""

    def __init__(self, machines: Dryers, cycles: Cycles, at: Moments) -> None:
        self.machines, self.cycles, self.at = machines, cycles, at
        self.mode = MODE_OF_SLOT[at.slot]
        self.p = {name: values[cycles.appliance] for name, values in machines.parameters.items()}

    def rows(self) -> Rows:
        """All of them."""
        cycle, at, conditions, decided = self.at.cycle, self.at, self.cycles.conditions, self.cycles.told
        total = self.machines.totals["energy_kwh"][self.cycles.appliance]
        motor = motor_w(self.p, conditions, decided["flow_share"], decided["load_kg"])
        pressure = self.p["duct_pressure_pa"] * pressure_share(conditions, decided["flow_share"])
        speed = self.p["drum_rpm"] * (1 - 0.03 * conditions.worn("drum_roller_wear"))
        speed = np.where(is_broken(conditions), 0.0, speed * (1 - 0.15 * conditions.worn("belt_slip")))
        pumps = is_heat_pump(self.p)
        past_drying = at.slot > 1
        done = np.clip(at.time_s / self.cycles.phase_s[:, :3].sum(axis=1)[cycle], 0.0, 1.0)
        columns: dict[str, FloatArray | float] = {
            "power_w": self.cycles.slot_w[cycle, at.slot],
            "energy_kwh": total[cycle] + energy_kwh(self.cycles, at),
            "mains_v": conditions.mains_v[cycle],
            "ambient_c": conditions.kitchen_c[cycle],
            "load_kg": decided["load_kg"][cycle],
            "motor_w": motor[cycle],
            "drum_rpm": speed[cycle],
            "duct_pressure_pa": np.where(pumps, np.nan, pressure)[cycle],
            "evaporation_g_min": np.where(past_drying, decided["evaporation_g_min"][cycle], np.nan),
            "limiter_trips": np.floor(decided["trips"][cycle] * done),
            "tank_full": np.where(pumps[cycle], np.floor(decided["tank_full"][cycle] * done), np.nan),
            "door_open": 0.0,
            **self._heat(pumps),
            **self._moisture(),
        }
        return rows(self.cycles, at, METRICS, columns, {"energy_kwh": self.cycles.energy_kwh})

    def _heat(self, pumps: NDArray[np.bool_]) -> dict[str, FloatArray | float]:
        """Temperatures, which come up and go down with the drum, and what heats.

        Evaporating cools the air, so the exhaust rises as the load dries, and tells how wet it is.
        """
        cycle, conditions, decided = self.at.cycle, self.cycles.conditions, self.cycles.told
        reduced = np.where(pumps, 1.0, self.p["finish_heat_share"])
        spike = np.where(is_broken(conditions), 30.0, 0.0) + 6.0 * conditions.worn("belt_slip")
        hot = (self.mode == DRY) | (self.mode == FINISH)
        inlet = decided["inlet_k"][cycle] * np.where(self.mode == FINISH, reduced[cycle], 1.0)
        evaporating = (1 - decided["keeps"])[cycle] * self._wetness()
        warm = 1 - np.exp(-np.maximum(self.at.time_s - SENSE_S, 0.0) / WARMING_S)
        cooling = np.exp(-self.at.into_s / WARMING_S)
        last_k = decided["inlet_k"] * reduced * (1 - (1 - decided["keeps"]) * 0.2)
        exhaust = np.where(
            hot, inlet * (1 - evaporating) * warm, np.where(self.mode == COOL, last_k[cycle] * cooling, 0.0)
        )
        entering = np.where(hot, (inlet + spike[cycle]) * warm, 0.0)
        room = conditions.kitchen_c[cycle]
        bias = self.p["sensor_bias_k"] * conditions.worn("thermistor_drift")
        heats = hot & ~pumps[cycle]
        pumping = hot & pumps[cycle]
        condenser = condenser_k(self.p, conditions)[cycle] * warm
        return {
            "inlet_air_c": np.where(hot, room + entering, np.nan),
            "exhaust_c": room + exhaust + bias[cycle],
            "heater_w": np.where(heats & (self.mode == DRY), decided["heater_w"][cycle], np.nan),
            "compressor_w": np.where(pumping, compressor_w(self.p, conditions)[cycle], np.nan),
            "condenser_c": np.where(pumping, room + condenser, np.nan),
        }

    def _wetness(self) -> FloatArray:
        """Share of the full drying rate that the laundry's moisture allows."""
        falling = np.exp(-self.at.into_s / self.cycles.told["falling_s"][self.at.cycle])
        return np.where(self.mode == FINISH, falling, 1.0)

    def _moisture(self) -> dict[str, FloatArray | float]:
        """What the bars feel, and what the appliance makes of it."""
        cycle, decided = self.at.cycle, self.cycles.told
        spun, ends = decided["spun"][cycle], self.cycles.phase_s[:, 2] / decided["falling_s"]
        drying = spun - (spun - CRITICAL_MOISTURE) * self.at.share
        wet = np.select(
            [self.mode == SENSE, self.mode == DRY, self.mode == FINISH],
            [spun, drying, CRITICAL_MOISTURE * self._wetness()],
            (CRITICAL_MOISTURE * np.exp(-ends))[cycle],
        )
        seen = (1 - 0.6 * self.cycles.conditions.worn("moisture_sensor_fouling"))[cycle]
        touch = self.p["conductance_us"][cycle] * seen * wet / (wet + 0.08)
        return {"moisture_pct": 100 * wet * seen, "conductance_us": touch}


KIND = ProgrammeKind(
    name="dryer",
    prefix="dryer",
    parameters=PARAMETERS,
    fault_modes=FAULT_MODES,
    metrics=METRICS,
    modes=MODES,
    make=Dryers,
    spares=spared,
)
