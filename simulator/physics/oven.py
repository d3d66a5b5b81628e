"""Oven: programmes of preheating, holding and cooling down, some of them a pyrolysis behind a locked door.

C dT/dt = n P - UA (T - T_a): preheating takes (C / UA) ln((T_eq - T_0) / (T_eq - T)) with T_eq = T_a + n P / UA, holding a
share UA (T - T_a) / (n P) of the elements' power, and cooling down follows e^(-t UA / C). Each programme preheats and
holds with its own elements; the control believes its sensor, whatever that reads.

``preheat_ratio`` is the length of the preheating against what the appliance expects of the programme; ``heat_loss_w_k``
what it takes to hold a kelvin; an element's power is told while that element is in use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.arrays import FloatArray, IntArray
from simulator.physics.columns import in_columns
from simulator.physics.heating_element import element_w
from simulator.physics.kind import Parameters, ProgrammeKind, Sensor
from simulator.physics.oven_programmes import PROGRAMMES
from simulator.physics.programme import Conditions, CycleError, Cycles, Moments, Rows, energy_kwh, moments, rows
from simulator.physics.stopping import stop, told, when

PARAMETERS = (
    "bake_w", "grill_w", "ring_w", "heating_share", "cavity_kj_k", "loss_w_k", "fan_rpm", "fan_w", "cooling_fan_rpm",
    "gradient_k", "front_share", "electronics_share", "leakage_ma", "lock_s", "sensor_bias_k", "standby_w",
)  # fmt: skip
ELEMENTS = ("bake", "grill", "ring")
FAULT_MODES = (
    "bake_element_failure", "grill_element_failure", "ring_element_failure", "door_seal_wear", "convection_fan_wear",
    "temperature_sensor_drift", "relay_stuck_on", "cooling_fan_failure", "insulation_leakage", "door_lock_wear",
)  # fmt: skip
METRICS = {
    "power_w": Sensor(0.5, 0.01, 1),
    "energy_kwh": Sensor(0, 0, 4),
    "mains_v": Sensor(0.8, 0, 1, can_lie=True),
    "ambient_c": Sensor(0.3, 0, 1, can_lie=True),
    "oven_c": Sensor(0.8, 0.002, 1, can_lie=True),
    "rear_c": Sensor(0.8, 0.002, 1, can_lie=True),
    "target_c": Sensor(0, 0, 0),
    "bake_w": Sensor(0, 0.008, 0),
    "grill_w": Sensor(0, 0.008, 0),
    "ring_w": Sensor(0, 0.008, 0),
    "preheat_ratio": Sensor(0, 0, 3),
    "heat_loss_w_k": Sensor(0, 0.02, 2),
    "overshoot_k": Sensor(0.3, 0, 1),
    "fan_rpm": Sensor(0, 0.006, 0),
    "fan_w": Sensor(0, 0.015, 1),
    "front_c": Sensor(0.4, 0, 1, can_lie=True),
    "electronics_c": Sensor(0.4, 0, 1, can_lie=True),
    "cooling_fan_rpm": Sensor(0, 0.008, 0),
    "leakage_ma": Sensor(0.004, 0.05, 3),
    "lock_s": Sensor(0, 0.01, 2),
    "lock_retries": Sensor(0, 0, 0),
    "door_open": Sensor(0, 0, 0, is_boolean=True),
}
MODES = ("idle", "preheat", "hold", "clean", "cool")
IDLE, PREHEAT, HOLD, CLEAN, COOL = range(5)
MODE_OF_SLOT = np.array([PREHEAT, HOLD, CLEAN, CLEAN, COOL], dtype=np.int8)
HEATS_UP = np.array([True, False, True, False, False])
HOLDS = np.array([False, True, False, True, False])
WARMER_MIN_K = 460.0
"""How much warmer than the kitchen every oven would become, as it is made for a pyrolysis."""
PREHEAT_RATIO_MAX = 2.5
COOL_TO_C = 110.0
COOL_LIMIT_S = 2400.0
LAMP_W, COOLING_FAN_W = 25.0, 15.0
OVER_TEMPERATURE_K = 45.0
ELECTRONICS_LIMIT_C = 100.0
ELECTRONICS_S, FRONT_S = 300.0, 700.0
"""How long electronics and front take to follow the cavity."""


class Ovens:
    """N ovens: parameters, counters, and how warm each was left when."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        cleaning_w = parameters["heating_share"] * (parameters["bake_w"] + parameters["grill_w"])
        self.parameters = {**parameters, "loss_w_k": np.minimum(parameters["loss_w_k"], cleaning_w / WARMER_MIN_K)}
        done = rng.integers(0, 1500, len(parameters["bake_w"]))
        self.cycles_done = done.astype(np.int64)
        self.totals = {"energy_kwh": done * 0.9}
        self.left_k = np.zeros(len(done))
        self.left_ms = np.zeros(len(done), dtype=np.int64)

    def plan(self, appliance: IntArray, start_ms: IntArray, conditions: Conditions, rng: np.random.Generator) -> Cycles:
        """The cycles that these appliances start then (at most one of each), with the length of each phase.

        A cycle begins with what warmth the one before has left, so heating up is held against an oven that starts like it.
        """
        p = {name: values[appliance] for name, values in self.parameters.items()}
        count = len(appliance)
        programme = rng.choice(len(PROGRAMMES.share), count, p=PROGRAMMES.share)
        idle_s = (start_ms - self.left_ms[appliance]) / 1000.0
        begin_c = conditions.kitchen_c + self.left_k[appliance] * np.exp(-idle_s * p["loss_w_k"] / cavity_j_k(p))
        heat = Heat.of(p, conditions, programme, begin_c, food=rng.lognormal(0, 0.04, count))
        stuck = rng.random(count) < conditions.worn("relay_stuck_on")
        hold_s, cleans = PROGRAMMES.hold_min[programme] * 60, PROGRAMMES.locks[programme]
        over_k = np.where(stuck, heat.stuck_k(p, conditions), 0.0)
        tau = cavity_j_k(p) / loss_w_k(p, conditions)
        hottest = heat.goal_c + over_k * (1 - np.exp(-hold_s / tau))
        left_k = np.maximum(hottest - conditions.kitchen_c, 1.0)
        cool_s = np.clip(tau * np.log(left_k / (COOL_TO_C - conditions.kitchen_c)), 300.0, COOL_LIMIT_S)
        phase = np.stack([heat.preheat_s, hold_s, heat.preheat_s, hold_s, cool_s], axis=1)
        phase[:, :2] *= ~cleans[:, None]
        phase[:, 2:4] *= cleans[:, None]
        retries = rng.poisson(0.03 * np.exp(4.0 * conditions.worn("door_lock_wear")))
        errors = _stop(phase, p, conditions, programme, (heat.goal_c, over_k, retries))
        self.cycles_done[appliance] += 1
        self.left_k[appliance] = left_k * np.exp(-cool_s / tau)
        self.left_ms[appliance] = start_ms + np.rint(phase.sum(axis=1) * 1000).astype(np.int64)
        warmth = np.maximum(PROGRAMMES.target_c[programme] - conditions.kitchen_c, 1.0)
        decided = {
            "programme": programme * 1.0, "begin_c": begin_c, "goal_c": heat.goal_c, "reached_c": heat.reached_c,
            "settles_c": heat.settles_c, "stuck": stuck * 1.0, "over_k": over_k, "elements_w": heat.each_w,
            "retries": retries * 1.0, "ratio": heat.ratio, "holds_w": heat.holds_w,
            "loss_w_k": heat.holds_w / warmth * rng.lognormal(0, 0.03, count),
        }  # fmt: skip
        return Cycles(
            appliance, start_ms, self.cycles_done[appliance], conditions, MODE_OF_SLOT, phase,
            _slot_power(p, conditions, programme, heat, stuck), decided, errors,
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


def cavity_j_k(p: Parameters) -> FloatArray:
    """Heat capacity of the cavity."""
    return np.asarray(p["cavity_kj_k"] * 1000.0)


def loss_w_k(p: Parameters, conditions: Conditions) -> FloatArray:
    """What leaves through walls and door: more through a worn seal."""
    return np.asarray(p["loss_w_k"] * (1 + 0.4 * conditions.worn("door_seal_wear")))


def elements_w(p: Parameters, conditions: Conditions) -> FloatArray:
    """What each element takes, (C, 3)."""
    sound = [1 - conditions.worn(f"{name}_element_failure") for name in ELEMENTS]
    each = [element_w(p[f"{name}_w"], conditions.mains_v) * left for name, left in zip(ELEMENTS, sound, strict=True)]
    return np.stack(each, axis=1)


def bias_k(p: Parameters, conditions: Conditions) -> FloatArray:
    """How much too warm the sensor reads."""
    return np.asarray(p["sensor_bias_k"] * conditions.worn("temperature_sensor_drift"))


@dataclass(frozen=True, slots=True)
class Heat:
    """What becomes of C cavities: each element takes ``each_w`` (C, 3), the control holds ``goal_c`` (without its bias).

    ``settles_c`` is where the holding elements alone would bring it, ``holds_w`` what they take in the mean.
    """

    each_w: FloatArray
    goal_c: FloatArray
    preheat_s: FloatArray
    reached_c: FloatArray
    settles_c: FloatArray
    holds_w: FloatArray
    ratio: FloatArray

    @classmethod
    def of(
        cls, p: Parameters, conditions: Conditions, programme: IntArray, begin_c: FloatArray, *, food: FloatArray
    ) -> Heat:
        """By the heat balance; ``food`` is how much longer it takes with what stands in the cavity.

        The time needed is held against that of an oven as new, as the oven itself gives up after a multiple of it.
        """
        room, loss = conditions.kitchen_c, loss_w_k(p, conditions)
        each_w = elements_w(p, conditions)
        each = each_w * p["heating_share"][:, None]
        goal = PROGRAMMES.target_c[programme] - bias_k(p, conditions)
        preheating = (each * PROGRAMMES.preheats[programme]).sum(axis=1)
        holding = (each * PROGRAMMES.holds[programme]).sum(axis=1)
        designed = np.stack([p[f"{name}_w"] for name in ELEMENTS], axis=1) * PROGRAMMES.preheats[programme]
        begin = np.minimum(begin_c, goal - 5.0)
        expected = _heating_s(
            p, designed.sum(axis=1) * p["heating_share"], p["loss_w_k"], room, (begin, PROGRAMMES.target_c[programme])
        )
        needed = _heating_s(p, preheating, loss, room, (begin, goal)) * food
        preheat = np.minimum(needed, PREHEAT_RATIO_MAX * expected)
        tau = cavity_j_k(p) * food / loss
        settles = room + preheating / loss
        reached = np.where(needed <= preheat, goal, settles + (begin - settles) * np.exp(-preheat / tau))
        settles_c = room + holding / loss
        share = np.clip(loss * (goal - room) / np.maximum(holding, 1.0), 0.0, 1.0)
        return cls(each_w, goal, preheat, reached, settles_c, share * holding / p["heating_share"], preheat / expected)

    def stuck_k(self, p: Parameters, conditions: Conditions) -> FloatArray:
        """How far above its goal the cavity settles when the bake element never goes off."""
        power = self.each_w[:, 0] * p["heating_share"]
        return np.maximum(conditions.kitchen_c + power / loss_w_k(p, conditions) - self.goal_c, 0.0)


def _heating_s(
    p: Parameters, heat_w: FloatArray, loss: FloatArray, room_c: FloatArray, span_c: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """How long from one temperature to another; for ever where the heat does not suffice."""
    settles = room_c + heat_w / loss
    begin, goal = span_c
    left = np.maximum(settles - goal, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = cavity_j_k(p) / loss * np.log((settles - begin) / left)
    return np.where((left > 0) & (settles > begin), seconds, np.inf)


def _slot_power(
    p: Parameters, conditions: Conditions, programme: IntArray, heat: Heat, stuck: NDArray[np.bool_]
) -> FloatArray:
    """Mean power in each slot of each cycle, (C, slots)."""
    each = heat.each_w
    fans = COOLING_FAN_W + np.where(PROGRAMMES.blows[programme], fan_w(p, conditions), 0.0)
    heating = (each * PROGRAMMES.preheats[programme]).sum(axis=1)
    bake = np.where(stuck, each[:, 0], 0.0)
    up, held = heating + fans + LAMP_W, np.maximum(heat.holds_w, bake) + fans + LAMP_W
    return np.stack([up, held, up, held, bake + COOLING_FAN_W], axis=1)


def fan_w(p: Parameters, conditions: Conditions) -> FloatArray:
    """What the convection fan takes: more with a dry bearing."""
    return np.asarray(p["fan_w"] * (1 + 0.35 * conditions.worn("convection_fan_wear")))


def electronics_share(p: Parameters, conditions: Conditions, programme: IntArray) -> FloatArray:
    """How warm the electronics settle, as a share of the cavity's warmth: a pyrolysis runs the cooling fan at full speed."""
    air = np.where(PROGRAMMES.locks[programme], 2.0, 1.0) * (1 - 0.55 * conditions.worn("cooling_fan_failure"))
    return np.asarray(p["electronics_share"] / air)


def _stop(
    phase: FloatArray,
    p: Parameters,
    conditions: Conditions,
    programme: IntArray,
    happened: tuple[FloatArray, FloatArray, IntArray],
) -> tuple[CycleError, ...]:
    """The codes of these cycles; those that can't go on stop where they are, in ``phase``."""
    goal_c, settles_k, retries = happened
    if not conditions.severity:
        return ()
    preheated, loss = phase[:, HEATS_UP].sum(axis=1), loss_w_k(p, conditions)
    with np.errstate(divide="ignore", invalid="ignore"):
        over_s = -cavity_j_k(p) / loss * np.log(1 - OVER_TEMPERATURE_K / settles_k)
    over = (settles_k > OVER_TEMPERATURE_K) & (over_s < phase[:, HOLDS].sum(axis=1))
    inside_k = electronics_share(p, conditions, programme) * (goal_c - conditions.kitchen_c)
    too_warm = conditions.kitchen_c + inside_k > ELECTRONICS_LIMIT_C
    reasons = {
        "F2": when(over, preheated + np.nan_to_num(over_s)),
        "E-COOL": when(too_warm, preheated + ELECTRONICS_S),
        "LOCK": when(PROGRAMMES.locks[programme] & (retries >= 1) & (conditions.worn("door_lock_wear") > 0.8), 60.0),
        "": when(conditions.worn("insulation_leakage") > 0.95, 90.0),
    }
    at_s, errors = stop(phase, reasons)
    shown = {
        f"E-HEAT{n + 1}": (conditions.worn(f"{name}_element_failure") > 0.95) & (PROGRAMMES.preheats[programme, n] > 0)
        for n, name in enumerate(ELEMENTS)
    }
    shown["FAN"] = (conditions.worn("convection_fan_wear") > 0.95) & PROGRAMMES.blows[programme]
    shown["F3"] = conditions.worn("temperature_sensor_drift") > 0.95
    for code, comes in shown.items():
        here = np.flatnonzero(comes & (preheated <= at_s))
        errors += told(here, preheated[here], [code] * len(here))
    return errors


class _Run:
    """The columns of all readings of some cycles; one method per group of metrics."""

    def __init__(self, machines: Ovens, cycles: Cycles, at: Moments) -> None:
        self.machines, self.cycles, self.at = machines, cycles, at
        self.mode = MODE_OF_SLOT[at.slot]
        self.p = {name: values[cycles.appliance] for name, values in machines.parameters.items()}
        self.programme = cycles.told["programme"].astype(np.int64)
        self.cavity_c = self._cavity_c()

    def rows(self) -> Rows:
        """All of them."""
        cycle, at, conditions, decided = self.at.cycle, self.at, self.cycles.conditions, self.cycles.told
        total = self.machines.totals["energy_kwh"][self.cycles.appliance]
        bias = bias_k(self.p, conditions)[cycle]
        target = PROGRAMMES.target_c[self.programme][cycle]
        holding = self.mode == HOLD
        loss = np.maximum(decided["elements_w"][:, 0], decided["holds_w"])
        loss = np.where(decided["stuck"] > 0, loss / (decided["goal_c"] - conditions.kitchen_c), decided["loss_w_k"])
        leak = self.p["leakage_ma"] * 100.0 ** conditions.worn("insulation_leakage")
        columns: dict[str, FloatArray | float] = {
            "power_w": self.cycles.slot_w[cycle, at.slot],
            "energy_kwh": total[cycle] + energy_kwh(self.cycles, at),
            "mains_v": conditions.mains_v[cycle],
            "ambient_c": conditions.kitchen_c[cycle],
            "oven_c": self.cavity_c + bias,
            "target_c": target,
            "preheat_ratio": np.where(HEATS_UP[at.slot], np.nan, decided["ratio"][cycle]),
            "heat_loss_w_k": np.where(holding, loss[cycle], np.nan),
            "overshoot_k": np.where(holding, np.maximum(self.cavity_c + bias - target, 0.0), np.nan),
            "leakage_ma": np.where(HEATS_UP[at.slot], leak[cycle] * (1 - 0.6 * at.share), np.nan),
            "lock_s": (self.p["lock_s"] * (1 + 2 * conditions.worn("door_lock_wear")))[cycle],
            "lock_retries": decided["retries"][cycle],
            "door_open": 0.0,
            **self._fans(),
            **self._elements(),
            **self._skin(),
        }
        return rows(self.cycles, at, METRICS, columns, {"energy_kwh": self.cycles.energy_kwh})

    def _cavity_c(self) -> FloatArray:
        """True temperature of the cavity."""
        cycle, at, decided, conditions = self.at.cycle, self.at, self.cycles.told, self.cycles.conditions
        tau = (cavity_j_k(self.p) / loss_w_k(self.p, conditions))[cycle]
        begin, reached, goal = (decided[name][cycle] for name in ("begin_c", "reached_c", "goal_c"))
        up_s = self.cycles.phase_s[:, HEATS_UP].sum(axis=1)[cycle]
        bend, whole = 1 - np.exp(-at.share * up_s / tau), np.maximum(1 - np.exp(-up_s / tau), 1e-9)
        rising = begin + (reached - begin) * bend / whole
        held_s = np.where(HOLDS[at.slot], at.into_s, self.cycles.phase_s[:, HOLDS].sum(axis=1)[cycle])
        held = np.minimum(
            goal, decided["settles_c"][cycle] + (reached - decided["settles_c"][cycle]) * np.exp(-held_s / tau)
        )
        held = held + decided["over_k"][cycle] * (1 - np.exp(-held_s / tau))
        room = conditions.kitchen_c[cycle]
        cooled = np.where(decided["stuck"][cycle] > 0, held, room + (held - room) * np.exp(-at.into_s / tau))
        return np.select([HEATS_UP[at.slot], HOLDS[at.slot]], [rising, held], cooled)

    def _fans(self) -> dict[str, FloatArray | float]:
        """The convection fan, what it evens out, and the fan that cools the electronics."""
        cycle, conditions = self.at.cycle, self.cycles.conditions
        worn = conditions.worn("convection_fan_wear")
        blows = PROGRAMMES.blows[self.programme][cycle] & (self.mode != COOL)
        uneven = self.p["gradient_k"] + 35.0 * worn
        cooling = self.p["cooling_fan_rpm"] * (1 - 0.6 * conditions.worn("cooling_fan_failure"))
        return {
            "rear_c": np.where(blows & (self.mode == HOLD), self.cavity_c + uneven[cycle], np.nan),
            "fan_rpm": np.where(blows, (self.p["fan_rpm"] * (1 - 0.4 * worn))[cycle], np.nan),
            "fan_w": np.where(blows, fan_w(self.p, conditions)[cycle], np.nan),
            "cooling_fan_rpm": cooling[cycle],
        }

    def _elements(self) -> dict[str, FloatArray | float]:
        """What each element takes, while it is in use."""
        cycle = self.at.cycle
        each = self.cycles.told["elements_w"]
        columns: dict[str, FloatArray | float] = {}
        for n, name in enumerate(ELEMENTS):
            used = HEATS_UP[self.at.slot] & (PROGRAMMES.preheats[self.programme, n][cycle] > 0)
            used |= HOLDS[self.at.slot] & (PROGRAMMES.holds[self.programme, n][cycle] > 0)
            columns[f"{name}_w"] = np.where(used, each[cycle, n], np.nan)
        return columns

    def _skin(self) -> dict[str, FloatArray | float]:
        """Front and electronics, which follow the cavity late."""
        cycle, conditions = self.at.cycle, self.cycles.conditions
        room = conditions.kitchen_c[cycle]
        warmth = np.maximum(self.cavity_c - room, 0.0)
        front = self.p["front_share"] * np.where(PROGRAMMES.locks[self.programme], 0.75, 1.0)
        front = front * (1 + 0.8 * conditions.worn("door_seal_wear"))
        inside = electronics_share(self.p, conditions, self.programme)
        return {
            "front_c": room + front[cycle] * warmth * (1 - np.exp(-self.at.time_s / FRONT_S)),
            "electronics_c": room + inside[cycle] * warmth * (1 - np.exp(-self.at.time_s / ELECTRONICS_S)),
        }


KIND = ProgrammeKind(
    name="oven",
    prefix="oven",
    parameters=PARAMETERS,
    fault_modes=FAULT_MODES,
    metrics=METRICS,
    modes=MODES,
    make=Ovens,
)
