"""Air conditioner: a split unit with inverter that cools one room in summer and, as a heat pump, heats it in winter.

Room: C dT/dt = UA (T_free - T) - Q, with T_free what the room would be by itself (cooling), or the weather and what warms
the room anyway (heating). The inverter's speed u follows the load, Q = u Qmax, P = u (.6 + .4 u) Pmax; below its lowest
speed it cycles. Supply air, coils, superheat and the rest follow from u within seconds, so they are computed per report.

Faults by severity s: a leak leaves f = -.4 s of the charge missing: capacity and power by the published curves, superheat
up to 15 K more, subcooling up to 8 K less, valve wide open; a clogged filter leaves the air flow 1 - .5 s: capacity and
input ratio by the published curves, coil 6 s K colder, fan faster and stronger; a fouled outdoor coil condenses 10 s K
higher with input ratio 1 + .25 s and capacity 1 - .1 s; a fan capacitor loses .4 s: the fan starts in t0/(1 - .4 s)^1.5
and turns at up to 20 % less, not at all at last; leaking compressor valves: capacity 1 - .5 s, power 1 - .2 s, discharge
colder, coil warmer; a leaking reversing valve: capacity 1 - .3 s, suction 5 s K warmer, stuck at last; a defrost fault:
three times as many defrosts that end too cold; a clogged drain trips the float; a sticking valve hunts by 8 s K.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray
from simulator.physics.codes import Codes
from simulator.physics.columns import in_columns
from simulator.physics.kind import ErrorCode, Parameters, Sensor, SteadyKind, Told
from simulator.physics.reporting import Reporting, counted
from simulator.physics.surroundings import Surroundings
from simulator.physics.vapour_compression import air_flow_capacity, air_flow_input_ratio, charge_factor

PARAMETERS = (
    "capacity_w", "cop_cooling", "heat_ratio", "cop_heating", "room_ua_w_k", "room_kj_k", "set_cooling_c",
    "set_heating_c", "heats_below_c", "split_k", "coil_drop_k", "condenser_rise_k", "superheat_k", "subcooling_k",
    "valve_pct", "hz_max", "speed_min", "indoor_fan_rpm", "indoor_fan_w", "outdoor_fan_rpm", "outdoor_fan_w",
    "outdoor_fan_start_s", "defrost_every_min", "defrost_min", "humidity_pct", "standby_w",
)  # fmt: skip
FAULT_MODES = (
    "refrigerant_leak", "filter_clog", "outdoor_coil_fouling", "outdoor_fan_wear", "compressor_valve_leak",
    "reversing_valve_leak", "defrost_fault", "condensate_clog", "expansion_valve_stuck",
)  # fmt: skip
METRICS = {
    "power_w": Sensor(0.3, 0.010, 1),
    "energy_kwh": Sensor(0, 0, 4),
    "room_c": Sensor(0.10, 0, 1, can_lie=True),
    "set_c": Sensor(0, 0, 1),
    "outdoor_c": Sensor(0.20, 0, 1, can_lie=True),
    "humidity_pct": Sensor(1.0, 0, 0),
    "supply_c": Sensor(0.25, 0, 1, can_lie=True),
    "indoor_coil_c": Sensor(0.25, 0, 1, can_lie=True),
    "outdoor_coil_c": Sensor(0.30, 0, 1, can_lie=True),
    "discharge_c": Sensor(0.50, 0, 1, can_lie=True),
    "superheat_k": Sensor(0.30, 0, 1),
    "subcooling_k": Sensor(0.30, 0, 1),
    "valve_pct": Sensor(0.50, 0, 0),
    "compressor_hz": Sensor(0, 0.002, 1),
    "compressor_starts": Sensor(0, 0, 0),
    "indoor_fan_rpm": Sensor(0, 0.008, 0),
    "indoor_fan_w": Sensor(0, 0.015, 1),
    "outdoor_fan_rpm": Sensor(0, 0.008, 0),
    "outdoor_fan_start_s": Sensor(0, 0.030, 2),
    "defrosts": Sensor(0, 0, 0),
    "defrost_end_c": Sensor(0.30, 0, 1),
    "condensate_trips": Sensor(0, 0, 0),
}
MODES = ("off", "idle", "cooling", "heating", "defrost")
OFF, IDLE, COOLING, HEATING, DEFROST = range(5)
INDOOR_RATED_C = 26.7
LATENT = 1.25
"""Total over sensible heat while cooling: the rest is water out of the air."""
RESTORE_S = 1800.0
CHARGE_LOST = 0.4
STUCK = 0.95


@dataclass(frozen=True, slots=True)
class _Run:
    """Per step: what is wanted (-1 heating, 0 off, 1 cooling), setting, room, share of it running, and at what speed."""

    wanted: NDArray[np.int8]
    set_c: FloatArray
    room_c: FloatArray
    on: FloatArray
    speed: FloatArray
    power_w: FloatArray


class AirConditioners:
    """N air conditioners: parameters and the state that one span of time hands to the next."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        settings = {name: np.rint(2 * parameters[name]) / 2 for name in ("set_cooling_c", "set_heating_c")}
        self.parameters = {**parameters, **settings}
        count = len(parameters["capacity_w"])
        self.room_c = self.parameters["set_cooling_c"] - 1.0
        self.phase = rng.random(count)
        self.frost = rng.random(count)
        self.codes = Codes(count)
        age_d = rng.uniform(30, 3000, count)
        self.totals = {
            "energy_kwh": age_d * 2.0,
            "compressor_starts": np.floor(age_d * 8.0),
            "defrosts": np.floor(age_d * 0.8),
            "condensate_trips": np.floor(age_d * 0.002),
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
        run = self._integrate(around, worn, step_s)
        return _Report(self, around, worn, run, Reporting(run.on.shape, step_s, steps_per_report)).told(rng)

    def capacity(self, around: Surroundings, worn: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Most heat that can be moved, cooling and heating, each (T, N)."""
        p, outdoor = self.parameters, around.outdoor_c
        cooling = p["capacity_w"] * (1.0 - 0.006 * (outdoor - 35.0)) * self.factor("cooling", "capacity", outdoor, worn)
        heating = p["capacity_w"] * p["heat_ratio"] * np.maximum(1.0 + 0.02 * (outdoor - 7.0), 0.3)
        heating = heating * self.factor("heating", "capacity", outdoor, worn)
        return np.maximum(cooling, 50.0), np.maximum(heating * (1.0 - 0.25 * worn["defrost_fault"]), 50.0)

    def power(self, around: Surroundings, worn: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Power at full speed, cooling and heating, each (T, N), fans left out."""
        p, outdoor = self.parameters, around.outdoor_c
        cooling = p["capacity_w"] / p["cop_cooling"] * np.maximum(1.0 + 0.018 * (outdoor - 35.0), 0.4)
        heating = p["capacity_w"] * p["heat_ratio"] / p["cop_heating"] * np.maximum(1.0 + 0.006 * (outdoor - 7.0), 0.6)
        return (
            cooling * self.factor("cooling", "power", outdoor, worn),
            heating * self.factor("heating", "power", outdoor, worn),
        )

    def factor(self, service: str, quantity: str, outdoor_c: FloatArray, worn: Mapping[str, FloatArray]) -> FloatArray:
        """What all faults together leave of capacity or power."""
        flow, fouled, fan = (
            1.0 - 0.5 * worn["filter_clog"],
            worn["outdoor_coil_fouling"],
            0.4 * worn["outdoor_fan_wear"],
        )
        factor = charge_factor(
            service, quantity, indoor_c=np.full((1, 1), INDOOR_RATED_C), outdoor_c=outdoor_c,
            departure=-CHARGE_LOST * worn["refrigerant_leak"],
        )  # fmt: skip
        factor = factor * air_flow_capacity(flow) * (1.0 - 0.1 * fouled) * (1.0 - 0.1 * fan)
        if quantity == "capacity":
            leaking = (1.0 - 0.5 * worn["compressor_valve_leak"]) * (1.0 - 0.3 * worn["reversing_valve_leak"])
            return np.asarray(factor * leaking)
        ratio = air_flow_input_ratio(flow) * (1.0 + 0.25 * fouled) * (1.0 + 0.25 * fan)
        return np.asarray(factor * ratio * (1.0 - 0.2 * worn["compressor_valve_leak"]))

    def _integrate(self, around: Surroundings, worn: Mapping[str, FloatArray], step_s: float) -> _Run:
        """What the machine does in each step, and what comes of it.

        The compressor's speed follows from the heat that must be moved; below its least speed the compressor goes on and off
        in place of turning slower, so power is that of the least speed for a share of the time.
        """
        p = self.parameters
        cools = (around.occupied > 0.5) & (around.room_c > p["set_cooling_c"] + 1.0)
        heats = (around.occupied > 0.5) & (around.outdoor_c < p["heats_below_c"]) & ~cools
        stuck = heats & (worn["reversing_valve_leak"] >= STUCK)
        cooling_w, heating_w = self.capacity(around, worn)
        most = np.where(cools, cooling_w / LATENT, 0.0)
        least = np.where(heats & ~stuck, -heating_w, 0.0)
        setting = np.where(heats, p["set_heating_c"], p["set_cooling_c"])
        drive = np.where(heats, around.outdoor_c + around.gains_w / p["room_ua_w_k"], around.room_c)
        room, moved = self._settle(p["room_ua_w_k"] * drive, setting, (least, most), step_s)
        speed = np.abs(moved) / np.where(heats, heating_w, cooling_w / LATENT)
        speed = np.where(stuck, 1.0, speed)
        on = np.minimum(speed / p["speed_min"], 1.0)
        speed = np.clip(speed, p["speed_min"], 1.0)
        cooling_p, heating_p = self.power(around, worn)
        full = np.where(heats, heating_p, cooling_p)
        fans = p["indoor_fan_w"] + p["outdoor_fan_w"]
        power = on * (speed * (0.6 + 0.4 * speed) * full + fans) + p["standby_w"]
        return _Run(cools.astype(np.int8) - heats.astype(np.int8), setting, room, on, speed, power)

    def _settle(
        self, pull_w: FloatArray, setting: FloatArray, limits: tuple[FloatArray, FloatArray], step_s: float
    ) -> tuple[FloatArray, FloatArray]:
        """Room temperature and the heat taken out of the room, step by step; the one loop over time."""
        least, most = limits
        ua, heat_j = self.parameters["room_ua_w_k"], self.parameters["room_kj_k"] * 1e3
        restore, gain = heat_j / RESTORE_S, step_s / heat_j
        room, moved = np.empty_like(pull_w), np.empty_like(pull_w)
        t = self.room_c
        for i in range(len(pull_w)):
            load = pull_w[i] - ua * t
            taken = np.minimum(np.maximum(load + restore * (t - setting[i]), least[i]), most[i])
            t = t + gain * (load - taken)
            room[i], moved[i] = t, taken
        self.room_c = t
        return room, moved


class _Report:
    """What N air conditioners tell of R reports, all (R, N)."""

    def __init__(
        self, machines: AirConditioners, around: Surroundings, worn: Mapping[str, FloatArray], run: _Run,
        reporting: Reporting,
    ) -> None:  # fmt: skip
        self.machines, self.p, self.around = machines, machines.parameters, around
        self.reporting, self.mean, self.span_s = reporting, reporting.mean, reporting.span_s
        self.steps_run = run
        self.s = {mode: self.mean(values) for mode, values in worn.items()}
        self.on, self.room_c, self.outdoor_c = self.mean(run.on), self.mean(run.room_c), self.mean(around.outdoor_c)
        self.speed = self.mean(run.speed * run.on) / np.maximum(self.on, 1e-9)
        self.wanted = reporting.last(run.wanted)
        self.heats = self.wanted < 0
        self.runs = (self.on > 0.02) & (self.wanted != 0)

    def told(self, rng: np.random.Generator) -> Told:
        """All readings, modes and codes."""
        run, totals = self.steps_run, self.machines.totals
        defrosting = self._defrost()
        clogged = np.where(self.wanted > 0, self.on * 3.0 * self.s["condensate_clog"] ** 2, 0.0)
        trips = rng.poisson(clogged / 3600.0 * self.span_s)
        mode = np.select(
            [self.wanted == 0, defrosting > 0.34, self.on < 0.1, self.heats], [OFF, DEFROST, IDLE, HEATING], COOLING
        ).astype(np.int8)
        settled = self.runs & (mode != DEFROST)
        columns = {
            "power_w": self.mean(run.power_w),
            "energy_kwh": counted(totals, "energy_kwh", self.mean(run.power_w) * self.span_s / 3.6e6),
            "room_c": self.room_c,
            "set_c": np.where(self.wanted == 0, np.nan, self.reporting.last(run.set_c)),
            "outdoor_c": self.outdoor_c,
            "humidity_pct": self._humidity(),
            "compressor_starts": counted(totals, "compressor_starts", self._starts()),
            "defrosts": counted(totals, "defrosts", self.defrosts),
            "condensate_trips": counted(totals, "condensate_trips", trips.astype(np.float64)),
            "defrost_end_c": np.where(self.heats, 12.0 - 9.0 * self.s["defrost_fault"], np.nan),
            **{name: np.where(settled, told, np.nan) for name, told in (self._circuit(rng) | self._fans()).items()},
        }
        return Told(in_columns(METRICS, columns, *mode.shape), mode, self._errors(trips))

    def _circuit(self, rng: np.random.Generator) -> dict[str, FloatArray]:
        """Temperatures and pressures of the circuit while the compressor runs.

        No equations of state, but how far each reading goes with the speed and with each fault: a report shows no more than that.
        """
        p, s, u = self.p, self.s, self.speed
        leak, flow = s["refrigerant_leak"], 1.0 - 0.5 * s["filter_clog"]
        left = self.machines.factor("cooling", "capacity", self.outdoor_c, self.s)
        strength = u * left / (0.7 + 0.3 * u) / flow
        hunting = 8.0 * s["expansion_valve_stuck"] * rng.uniform(-1.0, 1.0, leak.shape)
        superheat = p["superheat_k"] + 2.0 * leak + 13.0 * leak**2 + 5.0 * s["reversing_valve_leak"] + hunting
        air = 1.0 - 0.2 * s["outdoor_fan_wear"]
        rise = p["condenser_rise_k"] * (0.25 + 0.75 * u) / air**2 + 10.0 * s["outdoor_coil_fouling"]
        stuck = self.heats & (s["reversing_valve_leak"] >= STUCK)
        split = p["split_k"] * strength * np.where(self.heats & ~stuck, -1.6, 1.0)
        depth = (p["coil_drop_k"] * strength * flow + 6.0 * s["filter_clog"]) * np.where(self.heats, -1.4, 1.0)
        depth = depth + 5.0 * np.where(leak > 0.7, (leak - 0.7) / 0.3, 0.0)
        outdoor_coil = self.outdoor_c + np.where(self.heats, -6.0 * u - 4.0 * (1.0 / air - 1.0), rise)
        condensing = np.where(self.heats, self.room_c - depth, outdoor_coil)
        valve = p["valve_pct"] * (0.5 + 0.5 * u) * (1.0 + 0.9 * leak) + 0.5 * hunting
        return {
            "supply_c": self.room_c - split,
            "indoor_coil_c": self.room_c - depth,
            "outdoor_coil_c": outdoor_coil,
            "discharge_c": condensing + 22.0 + 8.0 * u + 1.2 * (superheat - p["superheat_k"])
            - 12.0 * s["compressor_valve_leak"],
            "superheat_k": np.maximum(superheat, 0.0),
            "subcooling_k": np.maximum(p["subcooling_k"] - leak - 7.0 * leak**2, 0.0),
            "valve_pct": np.clip(valve, 0.0, 100.0),
            "compressor_hz": p["hz_max"] * u,
        }  # fmt: skip

    def _fans(self) -> dict[str, FloatArray]:
        p, s = self.p, self.s
        pace = 0.7 + 0.3 * self.speed
        lost = 0.4 * s["outdoor_fan_wear"]
        turns = np.where(s["outdoor_fan_wear"] >= 1.0, 0.0, 1.0 - 0.2 * s["outdoor_fan_wear"])
        return {
            "indoor_fan_rpm": p["indoor_fan_rpm"] * pace * (1.0 + 0.25 * s["filter_clog"]),
            "indoor_fan_w": p["indoor_fan_w"] * pace**2.5 * (1.0 + 0.20 * s["filter_clog"]),
            "outdoor_fan_rpm": p["outdoor_fan_rpm"] * pace * turns,
            "outdoor_fan_start_s": p["outdoor_fan_start_s"] / (1.0 - lost) ** 1.5,
        }

    def _humidity(self) -> FloatArray:
        """Of the room: the unit dries it, a full drain pan doesn't."""
        dried = np.where(self.wanted > 0, self.on * (8.0 - 12.0 * self.s["condensate_clog"]), 0.0)
        damp = 0.15 * (np.nan_to_num(self.mean(self.around.outdoor_humidity_pct), nan=65.0) - 65.0)
        return np.clip(self.p["humidity_pct"] + damp - dried, 5.0, 99.0)

    def _starts(self) -> FloatArray:
        """Starts of the compressor: up to three an hour where it must cycle."""
        turns = np.where(self.runs, 12.0 * self.on * (1.0 - self.on), 0.0) / 3600.0 * self.span_s
        end = self.machines.phase + np.cumsum(turns, axis=0)
        begin = end - turns
        self.machines.phase = end[-1] % 1.0
        return np.asarray(np.floor(end) - np.floor(begin))

    def _defrost(self) -> FloatArray:
        """Share of each report spent defrosting; notes how many began."""
        p, s, span_s = self.p, self.s["defrost_fault"], self.span_s
        damp = np.where(self.outdoor_c < 8.0, np.exp(-(((self.outdoor_c - 1.0) / 6.0) ** 2)), 0.0)
        rate = np.where(self.heats, self.on, 0.0) * damp * (1.0 + 2.0 * s) / (p["defrost_every_min"] * 60.0)
        end = self.machines.frost + np.cumsum(rate * span_s, axis=0)
        self.defrosts = np.floor(end) - np.floor(end - rate * span_s)
        self.machines.frost = end[-1] % 1.0
        return np.asarray(np.minimum(self.defrosts * p["defrost_min"] * 60.0 / span_s, 1.0))

    def _errors(self, trips: NDArray[np.int64]) -> tuple[ErrorCode, ...]:
        s, runs = self.s, self.runs
        codes = {
            "CH": runs & (s["refrigerant_leak"] >= 0.95),
            "FIL": runs & (s["filter_clog"] >= 0.9),
            "HP": runs & (self.wanted > 0) & (s["outdoor_coil_fouling"] >= 0.95) & (self.outdoor_c > 32.0),
            "F4": runs & (s["outdoor_fan_wear"] >= 1.0),
            "E6": runs & self.heats & (s["reversing_valve_leak"] >= STUCK),
            "dF": runs & self.heats & (s["defrost_fault"] >= 0.9),
            "EL": trips > 0,
            "E9": runs & (s["expansion_valve_stuck"] >= 0.95),
        }
        return self.machines.codes.show(codes, self.reporting.ends_ms(self.around.ts_ms))


KIND = SteadyKind(
    name="air_conditioner",
    prefix="aircon",
    parameters=PARAMETERS,
    fault_modes=FAULT_MODES,
    metrics=METRICS,
    modes=MODES,
    feels=("room_c", "outdoor_c", "outdoor_humidity_pct", "occupied", "gains_w"),
    make=AirConditioners,
    settings=("set_cooling_c", "set_heating_c"),
)
