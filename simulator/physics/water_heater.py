"""Water heater: an electric storage tank, m c dT/dt = u P - UA (T - Ta) - ṁ c (T - Tin), with P by the square of the mains.

The thermostat heats from its setting less its hysteresis up to its setting. Draws are of mixed water at 40 °C, so a cold
inlet takes more out of the tank. One temperature per tank; the outlet is drawn from its top.

Faults by severity s: scale of d = 3 s mm makes the element P d / (k A) hotter (47 K per mm) and the sensor up to 120 s
slower, with the limiter tripping at last, but takes as long to heat, because all power reaches the water; an element on
its way out leaks .1 to 30 mA and then loses half its power, or all; a spent anode's current falls by .9 s while its
voltage rises; a drifting thermostat cuts out 12 s K too late; a welding relay sticks ever longer, and at last heats to the
limiter; a leaking tank or valve loses 6 s L/h and wets the insulation, UA (1 + 2 s); a broken dip tube lets cold water to
the top: outlet up to 15 s K colder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray
from simulator.physics.codes import Codes
from simulator.physics.columns import in_columns
from simulator.physics.heating_element import element_w
from simulator.physics.kind import ErrorCode, Parameters, Sensor, SteadyKind, Told
from simulator.physics.reporting import Reporting, counted
from simulator.physics.surroundings import Surroundings

PARAMETERS = (
    "volume_l", "heater_w", "elements", "ua_w_k", "set_c", "hysteresis_k", "limit_c", "element_rise_k", "element_m2",
    "heat_lag_s", "leakage_ma", "anode_ma", "anode_v", "standby_w",
)  # fmt: skip
FAULT_MODES = (
    "scale", "element_burnout", "anode_depletion", "thermostat_drift", "relay_welded", "tank_leak", "dip_tube_break",
)  # fmt: skip
METRICS = {
    "power_w": Sensor(0.3, 0.008, 1),
    "energy_kwh": Sensor(0, 0, 4),
    "water_c": Sensor(0.15, 0, 1, can_lie=True),
    "outlet_c": Sensor(0.30, 0, 1, can_lie=True),
    "inlet_c": Sensor(0.20, 0, 1, can_lie=True),
    "ambient_c": Sensor(0.20, 0, 1, can_lie=True),
    "set_c": Sensor(0, 0, 0),
    "mains_v": Sensor(0.8, 0, 1, can_lie=True),
    "water_l": Sensor(0, 0, 1),
    "resting_flow_l_h": Sensor(0.05, 0.03, 2),
    "standby_k_h": Sensor(0.01, 0.06, 3),
    "element_c": Sensor(0.80, 0.005, 1),
    "heat_lag_s": Sensor(0, 0.06, 0),
    "leakage_ma": Sensor(0, 0.05, 3),
    "anode_ma": Sensor(0, 0.03, 3),
    "anode_v": Sensor(0, 0.01, 2),
    "heater_starts": Sensor(0, 0, 0),
    "limit_trips": Sensor(0, 0, 0),
    "unasked_s": Sensor(0, 0, 0),
}
MODES = ("idle", "heating")
IDLE, HEATING = range(2)
WATER_J_K = 4186.0
MIXED_C = 40.0
SCALE_MM = 3.0
SCALE_W_M_K = 1.0
HEATS = 0.9
"""A report is one of heating where at least so much of it was."""
BURNT = 0.9
WELDED = 0.9


@dataclass(frozen=True, slots=True)
class _Tank:
    """Per step: temperature at its end, share of it heating, hot water drawn, power of the element while on."""

    water_c: FloatArray
    heating: FloatArray
    hot_l: FloatArray
    element_w: FloatArray
    starts: FloatArray


class WaterHeaters:
    """N water heaters: parameters and the state that one span of time hands to the next."""

    def __init__(self, parameters: Parameters, rng: np.random.Generator) -> None:
        self.parameters = {
            **parameters,
            "set_c": np.rint(parameters["set_c"]),
            "elements": np.clip(np.rint(parameters["elements"]), 1, 2),
        }
        count = len(parameters["volume_l"])
        self.water_c = self.parameters["set_c"] - rng.random(count) * parameters["hysteresis_k"]
        self.is_heating = np.zeros(count, np.bool_)
        self.codes = Codes(count)
        age_d = rng.uniform(30, 3000, count)
        self.totals = {
            "energy_kwh": age_d * 6.0,
            "water_l": age_d * 90.0,
            "heater_starts": np.floor(age_d * 6.0),
            "limit_trips": np.zeros(count),
            "unasked_s": np.zeros(count),
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
        tank = self._integrate(around, worn, step_s)
        reporting = Reporting(tank.heating.shape, step_s, steps_per_report)
        return _Report(self, around, worn, tank, reporting).told(rng)

    def _integrate(self, around: Surroundings, worn: Mapping[str, FloatArray], step_s: float) -> _Tank:
        p = self.parameters
        shape = around.mains_v.shape
        left = np.where(worn["element_burnout"] >= BURNT, 1.0 - 1.0 / p["elements"], 1.0)
        heater_w = np.broadcast_to(element_w(p["heater_w"], around.mains_v) * left, shape)
        mass_j = p["volume_l"] * WATER_J_K
        welded = worn["relay_welded"] >= WELDED
        late_k = 12.0 * worn["thermostat_drift"] + 4.0 * worn["relay_welded"]
        cut_c = np.broadcast_to(np.where(welded, p["limit_c"], p["set_c"] + late_k), shape)
        low_c = cut_c - np.where(welded, 3.0, p["hysteresis_k"])
        loss = np.broadcast_to(p["ua_w_k"] * (1.0 + 2.0 * worn["tank_leak"]) * step_s / mass_j, shape)
        leak_l = 6.0 * worn["tank_leak"] * step_s / 3600.0 + np.zeros(shape)
        gain_k = heater_w * step_s / mass_j
        return self._settle(around, (cut_c, low_c, loss, leak_l, gain_k), heater_w)

    def _settle(
        self, around: Surroundings, steps: tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray],
        element_w: FloatArray,
    ) -> _Tank:  # fmt: skip
        """Temperature and heater, step by step; the one loop over time."""
        cut_c, low_c, loss, leak_l, gain_k = steps
        share = 1.0 / self.parameters["volume_l"]
        wanted = around.draw_l * (MIXED_C - around.inlet_c)
        water, heating, hot, starts = (np.empty(loss.shape) for _ in range(4))
        t, on = self.water_c, self.is_heating
        for i in range(len(loss)):
            above = t - around.inlet_c[i]
            drawn = np.minimum(wanted[i] / np.maximum(above, 5.0), around.draw_l[i])
            t = t - np.minimum((drawn + leak_l[i]) * share, 0.9) * above - loss[i] * (t - around.kitchen_c[i])
            again = on | (t < low_c[i])
            busy = np.minimum(np.maximum((cut_c[i] - t) / np.maximum(gain_k[i], 1e-9), 0.0), 1.0) * again
            starts[i] = again & ~on
            on = again & (busy >= 1.0)
            t = t + busy * gain_k[i]
            water[i], heating[i], hot[i] = t, busy, drawn
        self.water_c, self.is_heating = t, on
        return _Tank(water, heating, hot, element_w, starts)


class _Report:
    """What N water heaters tell of R reports, all (R, N)."""

    def __init__(
        self, heaters: WaterHeaters, around: Surroundings, worn: Mapping[str, FloatArray], tank: _Tank,
        reporting: Reporting,
    ) -> None:  # fmt: skip
        self.heaters, self.p, self.around, self.tank = heaters, heaters.parameters, around, tank
        self.reporting, self.mean, self.span_s = reporting, reporting.mean, reporting.span_s
        self.s = {mode: self.mean(values) for mode, values in worn.items()}
        self.heating, self.water_c = self.mean(tank.heating), self.mean(tank.water_c)
        self.element_w = self.mean(tank.element_w)

    def told(self, rng: np.random.Generator) -> Told:
        """All readings, modes and codes."""
        p, s, heats = self.p, self.s, self.heating > HEATS
        totals = self.heaters.totals
        drawn_l = self.mean(self.tank.hot_l) * self.reporting.steps
        power = self.mean(self.tank.heating * self.tank.element_w) + p["standby_w"]
        trips = rng.poisson(self.heating * 3.0 * np.maximum(s["scale"] - 0.5, 0.0) ** 2 / 3600.0 * self.span_s)
        columns = {
            "power_w": power,
            "energy_kwh": counted(totals, "energy_kwh", power * self.span_s / 3.6e6),
            "water_c": self.water_c,
            "outlet_c": np.where(drawn_l > 0.5, self.water_c + 1.0 - 15.0 * s["dip_tube_break"], np.nan),
            "inlet_c": self.mean(self.around.inlet_c),
            "ambient_c": self.mean(self.around.kitchen_c),
            "set_c": p["set_c"],
            "mains_v": self.mean(self.around.mains_v),
            "water_l": counted(totals, "water_l", drawn_l + 6.0 * s["tank_leak"] * self.span_s / 3600.0),
            "resting_flow_l_h": np.where(drawn_l == 0, 6.0 * s["tank_leak"] + 0.05, np.nan),
            "standby_k_h": np.where((drawn_l == 0) & (self.heating == 0), self._standby_k_h(), np.nan),
            **self._element(heats),
            "anode_ma": p["anode_ma"] * (1.0 - 0.9 * s["anode_depletion"]),
            "anode_v": p["anode_v"] * (1.0 + 0.8 * s["anode_depletion"]),
            "heater_starts": counted(totals, "heater_starts", self.mean(self.tank.starts) * self.reporting.steps),
            "limit_trips": counted(totals, "limit_trips", trips.astype(np.float64)),
            "unasked_s": counted(totals, "unasked_s", self._unasked_s()),
        }
        values = in_columns(METRICS, columns, *heats.shape)
        return Told(values, np.where(heats, HEATING, IDLE).astype(np.int8), self._errors(heats))

    def _unasked_s(self) -> FloatArray:
        """Heating above the setting while the relay should have opened."""
        late = (self.tank.water_c > self.p["set_c"] + 0.2) * self.tank.heating * self.reporting.step_s
        return np.where(self.s["relay_welded"] > 0, self.mean(late) * self.reporting.steps, 0.0)

    def _standby_k_h(self) -> FloatArray:
        """How fast the tank cools while nobody draws and nothing heats."""
        wet = 1.0 + 2.0 * self.s["tank_leak"]
        by_air = self.p["ua_w_k"] * wet * (self.water_c - self.mean(self.around.kitchen_c)) / WATER_J_K
        by_water = 6.0 * self.s["tank_leak"] / 3600.0 * (self.water_c - self.mean(self.around.inlet_c))
        return np.asarray((by_air + by_water) / self.p["volume_l"] * 3600.0)

    def _element(self, heats: NDArray[np.bool_]) -> dict[str, FloatArray]:
        """The element while it heats: its temperature, how late the sensor sees it, and what leaks to earth."""
        p, s = self.p, self.s
        scale_k = self.element_w * SCALE_MM * 1e-3 * s["scale"] / (SCALE_W_M_K * p["element_m2"])
        rise = p["element_rise_k"] * self.element_w / p["heater_w"]
        told = {
            "element_c": self.water_c + rise + scale_k,
            "heat_lag_s": p["heat_lag_s"] + 120.0 * s["scale"],
            "leakage_ma": p["leakage_ma"] * np.exp(np.log(300.0) * s["element_burnout"]) * (1.0 + 2.0 * s["scale"]),
        }
        return {name: np.where(heats, column, np.nan) for name, column in told.items()}

    def _errors(self, heats: NDArray[np.bool_]) -> tuple[ErrorCode, ...]:
        s = self.s
        codes = {
            "dry-fire": heats & (s["scale"] >= 0.95),
            "E-heat": heats & (s["element_burnout"] >= BURNT),
            "anode": s["anode_depletion"] >= 0.95,
            "E-sensor": s["thermostat_drift"] >= 0.95,
            "over-temp": self.water_c > self.p["limit_c"] - 4.0,
            "leak": s["tank_leak"] >= 0.9,
        }
        return self.heaters.codes.show(codes, self.reporting.ends_ms(self.around.ts_ms))


KIND = SteadyKind(
    name="water_heater",
    prefix="boiler",
    parameters=PARAMETERS,
    fault_modes=FAULT_MODES,
    metrics=METRICS,
    modes=MODES,
    feels=("kitchen_c", "inlet_c", "mains_v", "draw_l"),
    make=WaterHeaters,
    settings=("set_c",),
)
