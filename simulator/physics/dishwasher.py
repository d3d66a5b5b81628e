"""Dishwasher: programmes of fill, heat, wash, drain, one to three rinses and drying, each as long as its physics makes it.

Fill V / (q0 √(p/p0) (1 - s)); heating (m c + C) ΔT / (P - losses) with P = P0 (U/230 V)² (1 - s), given up after 45
minutes; drain V / (q0 (1 - .9 s)), given up after 4 minutes. The circulation pump moves Q = Q0 (1 - .4 wear) through
nozzles that let (1 - blocked) pass, and takes P0 (.55 + .45 Q/Q0) of the latter; the water clears as
NTU0 e^(-k Q/Q0 t), and is watched until it is clear where the programme has a sensor for it.

``fill_s`` and ``drain_s`` tell the last finished fill and drain, ``heat_k_min`` the last finished heating, and
``clearing_min`` the time constant of the wash, from when it is over; ``water_balance_l``, while drying, what was taken
and not pumped out again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
from simulator.physics.stopping import stop, told, when

PARAMETERS = (
    "fill_l", "fill_l_min", "heater_w", "tub_kj_k", "loss_w_k", "drain_l_min", "drain_w", "circulation_w",
    "circulation_rpm", "arm_rpm", "soil_ntu", "clearing_min", "softener_share", "leak_ml_min", "sensor_bias_k", "standby_w",
)  # fmt: skip
FAULT_MODES = (
    "heater_failure", "circulation_pump_wear", "spray_arm_blockage", "filter_clog", "drain_pump_clog", "leak",
    "inlet_valve_clog", "softener_exhausted", "temperature_sensor_drift", "turbidity_sensor_fouling",
)  # fmt: skip
METRICS = {
    "power_w": Sensor(0.3, 0.01, 1),
    "energy_kwh": Sensor(0, 0, 4),
    "water_l": Sensor(0, 0, 1),
    "level_mm": Sensor(0.8, 0.01, 0),
    "water_c": Sensor(0.25, 0, 1, can_lie=True),
    "inlet_c": Sensor(0.25, 0, 1, can_lie=True),
    "target_c": Sensor(0, 0, 0),
    "mains_v": Sensor(0.8, 0, 1, can_lie=True),
    "outlet_hardness_dh": Sensor(0.05, 0.05, 1),
    "turbidity_ntu": Sensor(1.0, 0.04, 1, can_lie=True),
    "clearing_min": Sensor(0, 0.06, 1),
    "circulation_w": Sensor(0, 0.01, 1, can_lie=True),
    "circulation_ripple_w": Sensor(0.03, 0.08, 2),
    "circulation_rpm": Sensor(0, 0.004, 0),
    "arm_pulses_min": Sensor(0.3, 0.02, 1),
    "drain_w": Sensor(0, 0.02, 1),
    "fill_s": Sensor(0, 0, 1),
    "drain_s": Sensor(0, 0, 1),
    "heat_k_min": Sensor(0, 0.01, 3),
    "refills": Sensor(0, 0, 0),
    "water_balance_l": Sensor(0.06, 0, 2),
    "door_open": Sensor(0, 0, 0, is_boolean=True),
}
MODES = ("idle", "fill", "heat", "wash", "rinse", "drain", "dry")
IDLE, FILL, HEAT, WASH, RINSE, DRAIN, DRY = range(7)
MODE_OF_SLOT = np.array(
    [FILL, HEAT, WASH, DRAIN, FILL, RINSE, DRAIN, FILL, RINSE, DRAIN, FILL, HEAT, RINSE, DRAIN, DRY], dtype=np.int8
)
SLOTS = len(MODE_OF_SLOT)
BATH_OF_SLOT = np.array([0] * 4 + [1] * 3 + [2] * 3 + [3] * 5)
BATHS = 4
FILL_LIMIT_S = 600.0
HEAT_LIMIT_S = 2700.0
DRAIN_LIMIT_S = 240.0
WATER_KJ = 4.186
MM_PER_L = 14.0
CLEAR_NTU = 15.0
EXTENSION_MAX_S = 1800.0
REFILL_L = 0.4
EVAPORATED_L = 0.12
FLOAT_L = 0.9
"""So much in the base pan lifts the float."""


@dataclass(frozen=True, slots=True)
class Programmes:
    """The programmes on the dial as columns; one that ``watches`` goes on washing until the water is clear."""

    share: FloatArray
    wash_c: FloatArray
    wash_min: FloatArray
    rinses: IntArray
    rinse_c: FloatArray
    dry_min: FloatArray
    watches: NDArray[np.bool_]


PROGRAMMES = Programmes(  # eco, auto, intensive, quick, glass
    share=np.array([0.35, 0.30, 0.10, 0.15, 0.10]),
    wash_c=np.array([50.0, 58.0, 70.0, 55.0, 45.0]),
    wash_min=np.array([105.0, 35.0, 30.0, 14.0, 22.0]),
    rinses=np.array([1, 1, 2, 0, 1]),
    rinse_c=np.array([50.0, 62.0, 66.0, 58.0, 55.0]),
    dry_min=np.array([50.0, 25.0, 25.0, 5.0, 20.0]),
    watches=np.array([False, True, True, False, False]),
)


class Dishwashers:
    """N dishwashers: parameters and counters."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        self.parameters = parameters
        done = rng.integers(0, 1500, len(parameters["heater_w"]))
        self.cycles_done = done.astype(np.int64)
        self.totals = {"energy_kwh": done * 0.85, "water_l": done * 11.0}

    def plan(self, appliance: IntArray, start_ms: IntArray, conditions: Conditions, rng: np.random.Generator) -> Cycles:
        """The cycles that these appliances start then (at most one of each), with the length of each phase."""
        p = {name: values[appliance] for name, values in self.parameters.items()}
        count = len(appliance)
        programme = rng.choice(len(PROGRAMMES.share), count, p=PROGRAMMES.share)
        bath = _Baths(p, conditions, programme, rng)
        phase = np.zeros((count, SLOTS))
        phase[:, 0], phase[:, 1], phase[:, 2], phase[:, 3] = bath.fill_s, bath.heat_s[:, 0], bath.wash_s, bath.drain_s
        for rinse in range(2):
            has = rinse < PROGRAMMES.rinses[programme]
            begin = 4 + 3 * rinse
            told = np.stack([bath.fill_s, np.full(count, 300.0), bath.drain_s], axis=1)
            phase[:, begin : begin + 3] = np.where(has[:, None], told, 0.0)
        phase[:, 10], phase[:, 11], phase[:, 12] = bath.fill_s, bath.heat_s[:, 1], 600.0
        phase[:, 13], phase[:, 14] = bath.drain_s, PROGRAMMES.dry_min[programme] * 60
        errors = _stop(phase, bath, conditions, rng)
        self.cycles_done[appliance] += 1
        return Cycles(
            appliance, start_ms, self.cycles_done[appliance], conditions, MODE_OF_SLOT, phase,
            _slot_power(p, conditions), bath.told(phase, rng), errors,
        )  # fmt: skip

    def run(self, cycles: Cycles, *, interval_s: float, rng: np.random.Generator) -> Rows:
        """All readings of these cycles, and the counters moved on."""
        told = _Run(self, cycles, moments(cycles, interval_s), rng).rows()
        np.add.at(self.totals["energy_kwh"], cycles.appliance, cycles.energy_kwh)
        np.add.at(self.totals["water_l"], cycles.appliance, cycles.told["taken_l"])
        return told

    def idle(self, appliance: IntArray, conditions: Conditions) -> FloatArray:
        """One reading each of appliances that stand still, (N, metrics)."""
        told: dict[str, ArrayLike] = {
            "power_w": self.parameters["standby_w"][appliance],
            "energy_kwh": self.totals["energy_kwh"][appliance],
            "water_l": self.totals["water_l"][appliance],
            "level_mm": 0.0, "mains_v": conditions.mains_v, "circulation_rpm": 0.0, "door_open": 0.0,
        }  # fmt: skip
        return in_columns(METRICS, told, len(appliance))


def flow_share(conditions: Conditions) -> FloatArray:
    """Q/Q0 at the dishes: what the pump moves, the filter lets through and the nozzles let out."""
    pumped = 1.0 - 0.4 * conditions.worn("circulation_pump_wear")
    passed = 1.0 - 0.15 * conditions.worn("filter_clog")
    return np.asarray(pumped * passed * np.maximum(1.0 - conditions.worn("spray_arm_blockage"), 0.05))


def heater_w(p: Parameters, conditions: Conditions) -> FloatArray:
    """What the flow heater takes: it goes with the square of the mains voltage, and loses strands."""
    sound = 1.0 - conditions.worn("heater_failure")
    return np.asarray(element_w(p["heater_w"], conditions.mains_v) * sound)


def circulation_w(p: Parameters, conditions: Conditions) -> FloatArray:
    """Mean power of the circulation pump: less work against blocked nozzles or air, more against a dry bearing."""
    nozzles = 0.55 + 0.45 * np.maximum(1.0 - conditions.worn("spray_arm_blockage"), 0.05)
    drag = 1.0 + 0.25 * conditions.worn("circulation_pump_wear")
    return np.asarray(p["circulation_w"] * nozzles * drag * (1.0 - 0.12 * conditions.worn("filter_clog")))


class _Baths:
    """The four baths of some cycles: how long each is filled, heated and drained, and how warm it becomes."""

    def __init__(self, p: Parameters, conditions: Conditions, programme: IntArray, rng: np.random.Generator) -> None:
        self.p, self.conditions, self.programme = p, conditions, programme
        count = len(programme)
        self.litres = p["fill_l"] * rng.lognormal(0, 0.015, count)
        flow = inlet_flow(p["fill_l_min"] / 60, conditions) * rng.lognormal(0, 0.02, count)
        self.fill_s = np.minimum(self.litres / flow, FILL_LIMIT_S)
        out = drain_flow(p["drain_l_min"] / 60, conditions) * rng.lognormal(0, 0.03, count)
        self.drain_s = np.minimum(self.litres / out, DRAIN_LIMIT_S)
        self.dishes_kj_k = p["tub_kj_k"] * rng.uniform(0.9, 1.1, count)
        self.bias_k = p["sensor_bias_k"] * conditions.worn("temperature_sensor_drift")
        self.ntu = p["soil_ntu"] * rng.lognormal(0, 0.35, count)
        self.clearing_min = p["clearing_min"] / flow_share(conditions) * rng.lognormal(0, 0.05, count)
        self.wash_s = self._wash_s()
        self.heat_s, self.cold_c, self.warm_c = self._warm()

    def _wash_s(self) -> FloatArray:
        """The wash as the programme has it, longer while the sensor sees dirt."""
        planned = PROGRAMMES.wash_min[self.programme] * 60
        seen = CLEAR_NTU - fouled_ntu(self.conditions)
        clear_s = self.clearing_min * 60 * np.log(np.maximum(self.ntu / np.maximum(seen, 1.0), 1.0))
        longer = np.clip(clear_s - planned, 0.0, EXTENSION_MAX_S)
        return np.asarray(planned + np.where(PROGRAMMES.watches[self.programme], longer, 0.0))

    def _warm(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Length of both heatings (C, 2), and temperature of each bath when filled and when heated, (C, baths); dishes carry heat on."""
        conditions, p = self.conditions, self.p
        count = len(self.programme)
        heat_s, cold, warm = np.zeros((count, 2)), np.zeros((count, BATHS)), np.zeros((count, BATHS))
        water = WATER_KJ * self.litres
        whole = (water + self.dishes_kj_k) * 1000.0
        power = heater_w(p, conditions)
        dishes_c = conditions.kitchen_c
        for bath in range(BATHS):
            cold[:, bath] = (water * conditions.inlet_c + self.dishes_kj_k * dishes_c) / (water + self.dishes_kj_k)
            warm[:, bath] = cold[:, bath]
            if bath in {0, 3}:
                goal = PROGRAMMES.wash_c[self.programme] if bath == 0 else PROGRAMMES.rinse_c[self.programme]
                kelvin = np.maximum(goal - self.bias_k - cold[:, bath], 0.0)
                lost = p["loss_w_k"] * np.maximum(cold[:, bath] + kelvin / 2 - conditions.kitchen_c, 0.0)
                net = np.maximum(power - lost, 1.0)
                seconds = np.minimum(whole * kelvin / net, HEAT_LIMIT_S)
                heat_s[:, bath // 3] = seconds
                warm[:, bath] = cold[:, bath] + net * seconds / whole
            stays_s = self.wash_s if bath == 0 else 300.0
            is_run = (bath in {0, 3}) | (bath <= PROGRAMMES.rinses[self.programme])
            kept = np.exp(-p["loss_w_k"] * stays_s / whole)
            dishes_c = np.where(is_run, kept * warm[:, bath] + (1 - kept) * conditions.kitchen_c, dishes_c)
        return heat_s, cold, warm

    def told(self, phase: FloatArray, rng: np.random.Generator) -> dict[str, FloatArray]:
        """What the readings of these cycles need, after the phases are final."""
        conditions, count = self.conditions, len(self.programme)
        leaked_l = leak_l_s(self.p, conditions) * phase[:, np.isin(MODE_OF_SLOT, (HEAT, WASH, RINSE))].sum(axis=1)
        dips = rng.poisson(0.1 + 3.0 * conditions.worn("filter_clog") ** 1.5)
        refills = dips + np.floor(leaked_l / REFILL_L)
        filled = (phase[:, MODE_OF_SLOT == FILL] > 0).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = (self.warm_c - self.cold_c)[:, [0, 3]] / self.heat_s * 60
        return {
            "programme": self.programme * 1.0, "litres": self.litres, "cold_c": self.cold_c, "warm_c": self.warm_c,
            "heat_k_min": rise, "bias_k": self.bias_k, "ntu": self.ntu, "clearing_min": self.clearing_min,
            "dishes_kj_k": self.dishes_kj_k, "refills": refills,
            "taken_l": filled * self.litres + refills * REFILL_L,
            "lost_l": leaked_l + EVAPORATED_L * rng.lognormal(0, 0.2, count),
        }  # fmt: skip


def leak_l_s(p: Parameters, conditions: Conditions) -> FloatArray:
    """What runs into the base pan, in litres a second, while water is in the tub."""
    return np.asarray(p["leak_ml_min"] / 60_000 * conditions.worn("leak") ** 1.5)


def fouled_ntu(conditions: Conditions) -> FloatArray:
    """What a film on the turbidity sensor adds to its reading."""
    return np.asarray(25.0 * conditions.worn("turbidity_sensor_fouling"))


def _slot_power(p: Parameters, conditions: Conditions) -> FloatArray:
    """Mean power in each slot of each cycle, (C, slots)."""
    pump = circulation_w(p, conditions)
    drain = drain_pump_w(p["drain_w"], conditions)
    nothing = 0.0 * pump
    by_mode = np.stack(
        [nothing, 8.0 + nothing, heater_w(p, conditions) + pump, pump, pump, drain, 6.0 + nothing], axis=1
    )
    return np.asarray(by_mode[:, MODE_OF_SLOT] + 3.0)


def _stop(phase: FloatArray, bath: _Baths, conditions: Conditions, rng: np.random.Generator) -> tuple[CycleError, ...]:
    """The codes of these cycles; those that can't go on stop where they are, in ``phase``."""
    ends = np.cumsum(phase, axis=1)
    planned = phase.copy()
    with np.errstate(divide="ignore"):
        overflow_s = FLOAT_L / leak_l_s(bath.p, conditions)
    luck = rng.random(len(phase))
    reasons = {
        "E18": when(phase[:, 0] >= FILL_LIMIT_S, ends[:, 0]),
        "E15": when(overflow_s < ends[:, 12], overflow_s),
        "E26": when(luck < (conditions.worn("circulation_pump_wear") - 0.8) * 4, ends[:, 2]),
        "E22": when(luck < (conditions.worn("filter_clog") - 0.8) * 4, ends[:, 2]),
        "E24": when(phase[:, 3] >= DRAIN_LIMIT_S, ends[:, 3]),
    }
    at_s, errors = stop(phase, reasons)
    for slot in (1, 11):
        cold = np.flatnonzero((planned[:, slot] >= HEAT_LIMIT_S) & (ends[:, slot] <= at_s))
        errors += told(cold, ends[cold, slot], ["E09"] * len(cold))
    return errors


class _Run:
    """The columns of all readings of some cycles; one method per group of metrics."""

    def __init__(self, machines: Dishwashers, cycles: Cycles, at: Moments, rng: np.random.Generator) -> None:
        self.machines, self.cycles, self.at, self.rng = machines, cycles, at, rng
        self.mode = MODE_OF_SLOT[at.slot]
        self.bath = BATH_OF_SLOT[at.slot]
        self.p = {name: values[cycles.appliance] for name, values in machines.parameters.items()}

    def rows(self) -> Rows:
        """All of them."""
        cycle, at, conditions = self.at.cycle, self.at, self.cycles.conditions
        total = self.machines.totals["energy_kwh"][self.cycles.appliance]
        soft = self.p["softener_share"] + (1.0 - self.p["softener_share"]) * conditions.worn("softener_exhausted")
        drain = self.p["drain_w"] * (1.0 - 0.2 * conditions.worn("drain_pump_clog"))
        nothing = np.full(len(cycle), np.nan)
        columns: dict[str, FloatArray | float] = {
            "power_w": self.cycles.slot_w[cycle, at.slot],
            "energy_kwh": total[cycle] + energy_kwh(self.cycles, at),
            "inlet_c": conditions.inlet_c[cycle],
            "mains_v": conditions.mains_v[cycle],
            "outlet_hardness_dh": np.where(self.mode == FILL, (conditions.hardness_dh * soft)[cycle], nothing),
            "drain_w": np.where(self.mode == DRAIN, drain[cycle], 0.0),
            "fill_s": last_duration_s(self.cycles, at, FILL),
            "drain_s": last_duration_s(self.cycles, at, DRAIN),
            "water_balance_l": np.where(self.mode == DRY, self.cycles.told["lost_l"][cycle], nothing),
            "door_open": 0.0,
            **self._water(),
            **self._pump(),
        }
        summary = {"energy_kwh": self.cycles.energy_kwh, "water_l": self.cycles.told["taken_l"]}
        return rows(self.cycles, at, METRICS, columns, summary)

    def _water(self) -> dict[str, FloatArray | float]:
        """Amount, temperature and dirt of the bath; what leaks is topped up, so the level falls while the meter only counts."""
        cycle, mode, share, told = self.at.cycle, self.mode, self.at.share, self.cycles.told
        litres = told["litres"][cycle]
        fills = np.cumsum((self.cycles.phase_s > 0) & (MODE_OF_SLOT == FILL), axis=1)[cycle, self.at.slot]
        filling = mode == FILL
        done = np.clip(self.at.time_s / np.maximum(self.cycles.phase_s.sum(axis=1), 1.0)[cycle], 0.0, 1.0)
        topped = np.floor(told["refills"][cycle] * done)
        inside = np.select([filling, mode == DRAIN, mode == DRY], [share, 1.0 - share, 0.0], 1.0)
        level = MM_PER_L * litres * inside
        dips = self.cycles.conditions.worn("filter_clog")[cycle]
        stirred = (mode == WASH) | (mode == RINSE) | (mode == HEAT)
        leaked = leak_l_s(self.p, self.cycles.conditions)[cycle] * np.where(mode == WASH, self.at.into_s, 0.0)
        level = level - MM_PER_L * (leaked % REFILL_L)
        level = np.where(stirred, level - 10.0 * dips * np.abs(self.rng.standard_normal(len(cycle))), level)
        cold, warm = told["cold_c"][cycle, self.bath], told["warm_c"][cycle, self.bath]
        kitchen = self.cycles.conditions.kitchen_c[cycle]
        whole = (WATER_KJ * litres + told["dishes_kj_k"][cycle]) * 1000.0
        still = kitchen + (warm - kitchen) * np.exp(-self.p["loss_w_k"][cycle] * self.at.into_s / whole)
        water = np.select([filling, mode == HEAT], [cold, cold + share * (warm - cold)], still)
        programme = told["programme"].astype(np.int64)[cycle]
        base = self.machines.totals["water_l"][self.cycles.appliance][cycle]
        return {
            "water_l": base + litres * (fills - np.where(filling, 1.0 - share, 0.0)) + REFILL_L * topped,
            "level_mm": np.where(mode == DRY, np.nan, level),
            "water_c": water + told["bias_k"][cycle],
            "target_c": np.where(self.bath == 0, PROGRAMMES.wash_c[programme], PROGRAMMES.rinse_c[programme]),
            "refills": topped,
            "turbidity_ntu": np.where(stirred, self._turbidity(), np.nan),
            "heat_k_min": np.where((mode == HEAT) & self.at.is_end, told["heat_k_min"][cycle, self.bath // 3], np.nan),
        }

    def _heating(self) -> FloatArray:
        """Rise of the last finished heating, nothing before the first."""
        slot = self.at.slot + self.at.is_end
        rise = self.cycles.told["heat_k_min"][self.at.cycle, (slot > 11).astype(np.int64)]
        return np.where(slot > 1, rise, np.nan)

    def _turbidity(self) -> FloatArray:
        """Dirt in the water: it falls while washing, and each rinse leaves an eighth of it."""
        cycle, told = self.at.cycle, self.cycles.told
        tau_s = told["clearing_min"][cycle] * 60
        washed_s = np.select(
            [self.mode == WASH, self.mode == HEAT], [self.at.into_s, 0.0], self.cycles.phase_s[cycle, 2]
        )
        carried = np.array([1.0, 0.12, 0.05, 0.03])[self.bath]
        return np.asarray(
            1.5 + told["ntu"][cycle] * np.exp(-washed_s / tau_s) * carried + fouled_ntu(self.cycles.conditions)[cycle]
        )

    def _pump(self) -> dict[str, FloatArray | float]:
        """The circulation pump and the arms that it turns."""
        cycle, conditions = self.at.cycle, self.cycles.conditions
        wear, starved = conditions.worn("circulation_pump_wear"), conditions.worn("filter_clog")
        works = (self.mode == WASH) | (self.mode == RINSE) | (self.mode == HEAT)
        watts = circulation_w(self.p, conditions)
        ripple = 0.02 * watts * (1 + 4 * wear**1.5) * (1 + 2 * starved)
        speed = self.p["circulation_rpm"] * (1 - 0.06 * wear) * (1 + 0.03 * starved)
        unsteady = 1.0 + 0.03 * wear[cycle] * self.rng.standard_normal(len(cycle))
        return {
            "circulation_w": np.where(works, watts[cycle] + ripple[cycle] * self.rng.standard_normal(len(cycle)), 0.0),
            "circulation_ripple_w": np.where(works, ripple[cycle], np.nan),
            "circulation_rpm": np.where(works, speed[cycle] * unsteady, 0.0),
            "arm_pulses_min": np.where(works, (self.p["arm_rpm"] * flow_share(conditions))[cycle], np.nan),
            "clearing_min": np.where(self.at.slot > 2, self.cycles.told["clearing_min"][cycle], np.nan),
        }


KIND = ProgrammeKind(
    name="dishwasher", prefix="dish", parameters=PARAMETERS, fault_modes=FAULT_MODES, metrics=METRICS, modes=MODES,
    make=Dishwashers,
)  # fmt: skip
