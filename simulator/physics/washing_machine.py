"""Washing machine, front loader: programmes of fill, heat, wash, drain and spin, each as long as its physics makes it.

Fill V / (q0 √(p/p0) (1 - s)); heating t = m c ΔT / P with P = P0 (U/230 V)²; drain V / (q0 (1 - .9 s)), given up after
8 minutes; the spin's vibration v0 (1 + 3 s²) and kurtosis 3 to 8, drag power up to 30 % more and a coast-down time of
t0 / (1 + 4 s) with the wear s of the bearing. A clogged pump does less hydraulic work: up to 20 % less power.

The unit is the cycle: all readings of all cycles of a span are computed together, as one flat array of rows.
``fill_s`` and ``drain_s`` tell the last finished fill and drain of the cycle, from when there is one; vibration is told
while spinning, ``coast_down_s`` with the last reading of each spin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PARAMETERS = (
    "fill_l_min", "heater_w", "drain_l_min", "pump_w", "spin_rpm", "vibration_mm_s", "coast_down_s", "drum_kg",
    "usual_load", "motor_w", "spin_w", "standby_w",
)  # fmt: skip
FAULT_MODES = ("bearing_wear", "drain_pump_clog", "inlet_valve_clog")
METRICS = (
    "power_w", "energy_kwh", "water_l", "level_mm", "water_c", "inlet_c", "mains_v", "load_kg", "drum_rpm", "pump_w",
    "fill_s", "drain_s", "vibration_mm_s", "vibration_kurtosis", "coast_down_s", "unbalance_retries", "door_locked",
)  # fmt: skip
MODES = ("idle", "fill", "heat", "wash", "drain", "spin")
IDLE, FILL, HEAT, WASH, DRAIN, SPIN = range(6)
PRESSURE_RATED_BAR = 3.0
FILL_LIMIT_S = 480.0
DRAIN_LIMIT_S = 480.0
RINSES_MAX = 3
MODE_OF_SLOT = np.array([FILL, HEAT, WASH, DRAIN, SPIN, *([FILL, WASH, DRAIN, SPIN] * RINSES_MAX)], dtype=np.int8)
SLOTS = len(MODE_OF_SLOT)
MM_PER_L = 8.0
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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


@dataclass(frozen=True, slots=True)
class Cycles:
    """C washes as columns: whose, when, under which conditions, and the length of each phase, (C, slots), in s."""

    appliance: IntArray
    start_ms: IntArray
    number: IntArray
    programme: IntArray
    load_kg: FloatArray
    inlet_c: FloatArray
    mains_v: FloatArray
    pressure_bar: FloatArray
    severity: Mapping[str, FloatArray]
    retries: IntArray
    water_l: FloatArray
    phase_s: FloatArray

    def __len__(self) -> int:
        return len(self.appliance)

    @property
    def duration_ms(self) -> IntArray:
        """Length of each wash."""
        return np.asarray(np.rint(self.phase_s.sum(axis=1) * 1000), dtype=np.int64)

    @property
    def gave_up_filling(self) -> NDArray[np.bool_]:
        """Where the first fill took too long."""
        return np.asarray(self.phase_s[:, 0] >= FILL_LIMIT_S)

    @property
    def gave_up_draining(self) -> NDArray[np.bool_]:
        """Where the first drain took too long."""
        return np.asarray(self.phase_s[:, 3] >= DRAIN_LIMIT_S)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What surrounds C washes that are about to start."""

    inlet_c: FloatArray
    mains_v: FloatArray
    pressure_bar: FloatArray
    severity: Mapping[str, FloatArray]


class WashingMachines:
    """N washing machines: parameters and counters."""

    def __init__(self, parameters: Mapping[str, FloatArray], rng: np.random.Generator) -> None:
        self.parameters = parameters
        washes = rng.integers(0, 1500, len(parameters["heater_w"]))
        self.cycles_done = washes.astype(np.int64)
        self.totals = {"energy_kwh": washes * 0.75, "water_l": washes * 52.0}

    def plan(self, appliance: IntArray, start_ms: IntArray, conditions: Conditions, rng: np.random.Generator) -> Cycles:
        """The washes that these appliances start then (at most one of each appliance), with the length of each phase."""
        p = {name: values[appliance] for name, values in self.parameters.items()}
        count = len(appliance)
        programme = rng.choice(len(PROGRAMMES.share), count, p=PROGRAMMES.share)
        load_kg = p["drum_kg"] * np.clip(p["usual_load"] + rng.normal(0, 0.18, count), 0.15, 1.0)
        retries = rng.poisson(0.3, count)
        rinses = PROGRAMMES.rinses[programme]
        water = np.zeros((count, 1 + RINSES_MAX))
        water[:, 0] = 9.0 + 1.2 * load_kg
        water[:, 1:] = np.where(np.arange(RINSES_MAX) < rinses[:, None], (9.0 + 0.9 * load_kg)[:, None], 0.0)
        clogged = conditions.severity.get("inlet_valve_clog", np.zeros(count))
        blocked = conditions.severity.get("drain_pump_clog", np.zeros(count))
        flow = p["fill_l_min"] / 60 * np.sqrt(conditions.pressure_bar / PRESSURE_RATED_BAR)
        flow = flow * np.maximum(1.0 - clogged, 0.02) * rng.lognormal(0, 0.02, count)
        out = p["drain_l_min"] / 60 * (1.0 - 0.9 * blocked) * rng.lognormal(0, 0.03, count)
        fill = np.minimum(water / flow[:, None], FILL_LIMIT_S)
        drain = np.minimum(water / out[:, None], DRAIN_LIMIT_S)
        heater_w = p["heater_w"] * (conditions.mains_v / 230.0) ** 2
        kelvin = np.maximum(PROGRAMMES.temperature_c[programme] - conditions.inlet_c, 0.0)
        heat = (water[:, 0] + 0.3 * load_kg) * 4186.0 * kelvin / heater_w
        phase = np.zeros((count, SLOTS))
        phase[:, 0], phase[:, 1], phase[:, 2], phase[:, 3] = (
            fill[:, 0],
            heat,
            PROGRAMMES.wash_min[programme] * 60,
            drain[:, 0],
        )
        phase[:, 4] = 120.0
        for rinse in range(RINSES_MAX):
            has = rinse < rinses
            last = rinse == rinses - 1
            spin_s = np.where(last, PROGRAMMES.spin_min[programme] * 60 + 90.0 * retries, 120.0)
            slot = 5 + 4 * rinse
            phase[:, slot] = fill[:, 1 + rinse]
            phase[:, slot + 1] = np.where(has, 240.0, 0.0)
            phase[:, slot + 2] = drain[:, 1 + rinse]
            phase[:, slot + 3] = np.where(has, spin_s, 0.0)
        self.cycles_done[appliance] += 1
        return Cycles(
            appliance, start_ms, self.cycles_done[appliance], programme, load_kg, conditions.inlet_c, conditions.mains_v,
            conditions.pressure_bar, conditions.severity, retries, water, phase,
        )  # fmt: skip

    def run(self, cycles: Cycles, *, interval_s: float, rng: np.random.Generator) -> Rows:
        """All readings of these washes, and the counters moved on."""
        moments = _moments(cycles, interval_s)
        return _Run(self, cycles, moments, rng).rows()

    def idle(self, appliance: IntArray, mains_v: FloatArray) -> FloatArray:
        """One reading each of appliances that stand still, (N, metrics)."""
        values = np.full((len(appliance), len(METRICS)), np.nan)
        told = {
            "power_w": self.parameters["standby_w"][appliance],
            "energy_kwh": self.totals["energy_kwh"][appliance],
            "water_l": self.totals["water_l"][appliance],
            "level_mm": 0.0, "mains_v": mains_v, "drum_rpm": 0.0, "pump_w": 0.0, "door_locked": 0.0,
        }  # fmt: skip
        for name, column in told.items():
            values[:, METRICS.index(name)] = column
        return values


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings as flat columns, each wash in time order: whose, of which wash, when, in which mode, and the values."""

    cycle: IntArray
    ts_ms: IntArray
    mode: NDArray[np.int8]
    values: FloatArray
    energy_kwh: FloatArray
    """Per wash, what it took."""


@dataclass(frozen=True, slots=True)
class _Moments:
    cycle: IntArray
    slot: IntArray
    time_s: FloatArray
    into_s: FloatArray
    is_end: NDArray[np.bool_]


def _moments(cycles: Cycles, interval_s: float) -> _Moments:
    """When readings are told: every ``interval_s`` and at the end of each phase."""
    ends = np.cumsum(cycles.phase_s, axis=1)
    begins = ends - cycles.phase_s
    counts = (ends[:, -1] // interval_s).astype(np.int64)
    cycle = np.repeat(np.arange(len(cycles)), counts)
    grid = (np.arange(len(cycle)) - np.repeat(np.cumsum(counts) - counts, counts) + 1) * interval_s
    slot = (ends[cycle] < grid[:, None]).sum(axis=1)
    end_cycle, end_slot = np.nonzero(cycles.phase_s > 0)
    all_cycle = np.concatenate([cycle, end_cycle])
    all_slot = np.concatenate([np.minimum(slot, SLOTS - 1), end_slot])
    time_s = np.concatenate([grid, ends[end_cycle, end_slot]])
    is_end = np.concatenate([np.zeros(len(cycle), np.bool_), np.ones(len(end_cycle), np.bool_)])
    order = np.lexsort((is_end, time_s, all_cycle))
    all_cycle, all_slot, time_s = all_cycle[order], all_slot[order], time_s[order]
    return _Moments(all_cycle, all_slot, time_s, time_s - begins[all_cycle, all_slot], is_end[order])


class _Run:
    """The columns of all readings of some washes; one method per group of metrics."""

    def __init__(self, machines: WashingMachines, cycles: Cycles, at: _Moments, rng: np.random.Generator) -> None:
        self.machines, self.cycles, self.at, self.rng = machines, cycles, at, rng
        self.mode = MODE_OF_SLOT[at.slot]
        self.p = {name: values[cycles.appliance] for name, values in machines.parameters.items()}
        self.bearing = cycles.severity.get("bearing_wear", np.zeros(len(cycles)))
        self.blocked = cycles.severity.get("drain_pump_clog", np.zeros(len(cycles)))
        self.bath = np.array([0, 0, 0, 0, 0, *np.repeat(np.arange(1, 1 + RINSES_MAX), 4)])
        self.slot_w = self._slot_power()

    def rows(self) -> Rows:
        cycle, at = self.at.cycle, self.at
        energy, used = self._energy()
        columns: dict[str, FloatArray | float] = {
            "power_w": self.slot_w[cycle, at.slot] * self.rng.lognormal(0, 0.02, len(cycle)),
            "energy_kwh": self.machines.totals["energy_kwh"][self.cycles.appliance][cycle] + energy,
            "inlet_c": self.cycles.inlet_c[cycle],
            "mains_v": self.cycles.mains_v[cycle],
            "load_kg": self.cycles.load_kg[cycle],
            "pump_w": np.where(self.mode == DRAIN, (self.p["pump_w"] * (1 - 0.2 * self.blocked))[cycle], 0.0),
            "door_locked": 1.0,
            **self._water(),
            **self._drum(),
            **self._durations(),
        }
        values = np.empty((len(cycle), len(METRICS)))
        for index, name in enumerate(METRICS):
            values[:, index] = columns[name]
        np.add.at(self.machines.totals["energy_kwh"], self.cycles.appliance, used)
        np.add.at(self.machines.totals["water_l"], self.cycles.appliance, self.cycles.water_l.sum(axis=1))
        ts_ms = self.cycles.start_ms[cycle] + np.rint(at.time_s * 1000).astype(np.int64)
        return Rows(cycle, ts_ms, self.mode, values, used)

    def _slot_power(self) -> FloatArray:
        """Mean power in each slot of each wash, (C, slots)."""
        heater = self.p["heater_w"] * (self.cycles.mains_v / 230.0) ** 2
        load = self.cycles.load_kg / self.p["drum_kg"]
        turning = self.p["motor_w"] * (0.7 + 0.6 * load)
        spin = (
            self.p["spin_w"] * PROGRAMMES.spin[self.cycles.programme] * (1.0 + 0.3 * self.bearing) * (0.9 + 0.2 * load)
        )
        pump = self.p["pump_w"] * (1.0 - 0.2 * self.blocked)
        by_mode = np.stack([0 * heater, 9.0 + 0 * heater, heater + turning, turning, pump + 6.0, spin + pump], axis=1)
        return by_mode[:, MODE_OF_SLOT] + 4.0

    def _energy(self) -> tuple[FloatArray, FloatArray]:
        joule = self.slot_w * self.cycles.phase_s
        before = np.cumsum(joule, axis=1) - joule
        cycle, slot = self.at.cycle, self.at.slot
        return (before[cycle, slot] + self.slot_w[cycle, slot] * self.at.into_s) / 3.6e6, joule.sum(axis=1) / 3.6e6

    def _water(self) -> dict[str, FloatArray]:
        cycle, slot = self.at.cycle, self.at.slot
        bath = self.bath[slot]
        litres = self.cycles.water_l[cycle, bath]
        before = (np.cumsum(self.cycles.water_l, axis=1) - self.cycles.water_l)[cycle, bath]
        share = np.clip(self.at.into_s / np.maximum(self.cycles.phase_s[cycle, slot], 1e-9), 0.0, 1.0)
        filled = np.where(self.mode == FILL, share, 1.0)
        inside = np.select([self.mode == DRAIN, self.mode == SPIN], [1.0 - share, 0.0 * share], filled)
        target = np.maximum(PROGRAMMES.temperature_c[self.cycles.programme], self.cycles.inlet_c)[cycle]
        inlet = self.cycles.inlet_c[cycle]
        cooled = (
            target - 0.0006 * np.where(self.mode == WASH, self.at.into_s, 0.0) * np.maximum(target - 22.0, 0.0) / 20.0
        )
        main = np.select([self.mode == FILL, self.mode == HEAT], [inlet, inlet + share * (target - inlet)], cooled)
        total = self.machines.totals["water_l"][self.cycles.appliance][cycle]
        return {
            "water_l": total + before + litres * filled,
            "level_mm": MM_PER_L * litres * inside,
            "water_c": np.where(bath == 0, main, inlet + 2.0),
        }

    def _drum(self) -> dict[str, FloatArray | float]:
        cycle = self.at.cycle
        spinning = self.mode == SPIN
        top = self.p["spin_rpm"] * PROGRAMMES.spin[self.cycles.programme]
        is_final = self.at.slot == (4 + 4 * PROGRAMMES.rinses[self.cycles.programme])[cycle]
        speed = top[cycle] * np.where(is_final, 1.0, 0.6)
        ramp = np.clip(self.at.into_s / 60.0, 0.15, 1.0)
        turning = np.where((self.mode == WASH) | (self.mode == HEAT), 38.0, 0.0)
        unbalance = 0.9 + 0.2 * self.rng.random(len(self.cycles)) + 0.1 * self.cycles.retries
        v = (
            self.p["vibration_mm_s"]
            * (1 + 3 * self.bearing**2)
            * unbalance
            * self.rng.lognormal(0, 0.08, len(self.cycles))
        )
        kurtosis = 3.0 + 5.0 * self.bearing**1.5 + np.abs(self.rng.normal(0, 0.15, len(self.cycles)))
        coast = self.p["coast_down_s"] / (1 + 4 * self.bearing) * self.rng.lognormal(0, 0.03, len(self.cycles))
        plateau = spinning & (self.at.into_s >= 60.0)
        nothing = np.full(len(cycle), np.nan)
        return {
            "drum_rpm": np.where(spinning, speed * ramp, turning),
            "vibration_mm_s": np.where(plateau, v[cycle] * np.where(is_final, 1.0, 0.6), nothing),
            "vibration_kurtosis": np.where(plateau, kurtosis[cycle], nothing),
            "coast_down_s": np.where(spinning & self.at.is_end, coast[cycle], nothing),
            "unbalance_retries": np.where(is_final, self.cycles.retries[cycle], 0).astype(np.float64),
        }

    def _durations(self) -> dict[str, FloatArray]:
        """The last finished fill and drain, nothing before the first."""
        told = {}
        for name, mode in (("fill_s", FILL), ("drain_s", DRAIN)):
            last = np.full((len(self.cycles), SLOTS), np.nan)
            for slot in range(SLOTS):
                before = last[:, slot - 1] if slot else np.full(len(self.cycles), np.nan)
                finished = (MODE_OF_SLOT[slot] == mode) & (self.cycles.phase_s[:, slot] > 0)
                last[:, slot] = np.where(finished, self.cycles.phase_s[:, slot], before)
            earlier = np.concatenate([np.full((len(self.cycles), 1), np.nan), last[:, :-1]], axis=1)
            cycle, slot_of = self.at.cycle, self.at.slot
            told[name] = np.where(self.at.is_end, last[cycle, slot_of], earlier[cycle, slot_of])
        return told
