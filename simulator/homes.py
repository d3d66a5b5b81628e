"""Homes: what surrounds an appliance: the weather of its region, the mains, the water, and the habits of its people.

The weather of a region is common to all its homes, so that a heat wave moves a whole fleet at once. Every series is a
function of time (the drawn parts are drawn once, for a horizon that then repeats), whatever way time is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray, IntArray
from simulator.physics.programme import Conditions
from simulator.physics.surroundings import Surroundings
from simulator.specification import FleetSpecification
from simulator.wear import UseClock
from simulator.weather import DAY_MS, HORIZON_DAYS, Weather, draw_departures

Rows = IntArray | slice
ALL = slice(None)
OUTSIDE = {
    "outdoor_c": Weather.outdoor_c,
    "outdoor_humidity_pct": Weather.humidity_pct,
    "sun_w_m2": Weather.sun_w_m2,
    "inlet_c": Weather.inlet_c,
}


@dataclass(frozen=True, slots=True)
class Homes:
    """N homes as a struct of arrays; ``region`` and ``habit`` index the fleet's regions and habits."""

    weather: tuple[Weather, ...]
    region: NDArray[np.int64]
    hours: FloatArray
    away: NDArray[np.bool_]
    parameters: Mapping[str, FloatArray]
    start_ms: int

    def __len__(self) -> int:
        return len(self.region)

    def take(self, rows: NDArray[np.int64]) -> Homes:
        """The homes at ``rows``."""
        parameters = {name: values[rows] for name, values in self.parameters.items()}
        return Homes(self.weather, self.region[rows], self.hours[rows], self.away[rows], parameters, self.start_ms)

    def with_home(self, member: int, other: Homes, row: int) -> Homes:
        """The same homes, but ``member`` lives in that other one."""

        def moved(mine: NDArray[Any], its: NDArray[Any]) -> NDArray[Any]:
            copied = mine.copy()
            copied[member] = its[row]
            return copied

        parameters = {name: moved(values, other.parameters[name]) for name, values in self.parameters.items()}
        region, hours, away = (
            moved(self.region, other.region),
            moved(self.hours, other.hours),
            moved(self.away, other.away),
        )
        return Homes(self.weather, region, hours, away, parameters, self.start_ms)

    def use_clock(self, member: int) -> UseClock:
        """A clock that stands still while the people of a home are away."""
        return UseClock(self.start_ms, np.concatenate([[0.0], np.cumsum(~self.away[member])]))

    @property
    def at_home(self) -> FloatArray:
        """Share of the year for which people are at home."""
        return np.asarray(1.0 - self.parameters["away_days_per_year"] / 365.0)

    def kitchen_c(self, ts_ms: IntArray, home: Rows = ALL) -> FloatArray:
        """Temperature of the kitchen: (times, homes), or of one ``home`` at one time each."""
        outdoor, hour = self._told(Weather.outdoor_c, ts_ms, home), self._told(Weather.local_hour, ts_ms, home)
        return self._kitchen_c(outdoor, hour, home)

    def mains_v(self, ts_ms: IntArray, home: Rows = ALL) -> FloatArray:
        """Mains voltage, lower in the evening: (times, homes), or of one ``home`` at one time each."""
        return self._mains_v(self._told(Weather.local_hour, ts_ms, home), home)

    def surroundings(
        self, ts_ms: IntArray, *, step_s: float, feels: Sequence[str], rng: np.random.Generator
    ) -> Surroundings:
        """What acts on a steady appliance in each home in the steps that begin then; only what it feels is computed."""
        hour = self._told(Weather.local_hour, ts_ms)
        presence = self._rhythm(ts_ms, hour)
        felt = {name: self._told(tell, ts_ms) for name, tell in OUTSIDE.items() if name in feels}
        if "kitchen_c" in feels or "room_c" in feels:
            outdoor = felt["outdoor_c"] if "outdoor_c" in felt else self._told(Weather.outdoor_c, ts_ms)
            felt["kitchen_c"], felt["room_c"] = self._kitchen_c(outdoor, hour, ALL), self._room_c(outdoor)
        if "mains_v" in feels:
            felt["mains_v"] = self._mains_v(hour, ALL)
        if "hardness_dh" in feels:
            felt["hardness_dh"] = self.parameters["hardness_dh"]
        if "occupied" in feels:
            felt["occupied"] = np.asarray(presence > 0, np.float64)
        if "gains_w" in feels:
            felt["gains_w"] = np.asarray(60.0 + 2400.0 * presence)
        if "door_s" in feels or "food_j" in feels:
            felt["door_s"], felt["food_j"] = self._doors(presence, step_s, rng)
        if "draw_l" in feels:
            felt["draw_l"] = self._draws(presence, step_s, rng)
        return Surroundings.of(len(ts_ms), len(self), felt, step_s=step_s, begin_ms=int(ts_ms[0]))

    def conditions(
        self, ts_ms: IntArray, home: IntArray, *, severity: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> Conditions:
        """What surrounds a cycle of one home at one time each."""
        outdoor, hour = self._told(Weather.outdoor_c, ts_ms, home), self._told(Weather.local_hour, ts_ms, home)
        return Conditions(
            kitchen_c=self._kitchen_c(outdoor, hour, home),
            outdoor_c=outdoor,
            inlet_c=self._told(Weather.inlet_c, ts_ms, home),
            hardness_dh=self.parameters["hardness_dh"][home],
            mains_v=self._mains_v(hour, home),
            pressure_bar=self.parameters["pressure_bar"][home] * rng.uniform(0.92, 1.05, len(home)),
            severity=severity,
        )

    def starts_per_s(
        self, ts_ms: IntArray, per_year: FloatArray, hours: Sequence[float], *, more_in_winter: float
    ) -> FloatArray:
        """How often a programme that runs ``per_year`` times, wanted at these ``hours``, is started, (times, homes)."""
        wanted = self.hours * np.asarray(hours)
        wanted /= wanted.sum(axis=1, keepdims=True)
        season = 1.0 - more_in_winter * self._told(Weather.season, ts_ms) if more_in_winter else 1.0
        return np.asarray(
            self._rhythm(ts_ms, self._told(Weather.local_hour, ts_ms), wanted)
            * per_year
            / 365.0
            / self.at_home
            / 3600.0
            * season
        )

    def _doors(self, presence: FloatArray, step_s: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Seconds of open door and heat of new food in each step."""
        home = self.parameters
        opens = rng.poisson(presence * home["door_opens_per_day"] / 3600.0 * step_s)
        door_s = np.minimum(rng.standard_gamma(opens * 2.0) * home["door_open_s"] / 2.0, step_s)
        shopped = (opens > 0) & (rng.random(opens.shape) < 2.5 / 7.0 / home["door_opens_per_day"])
        return door_s, shopped * home["food_load_kj_per_week"] / 2.5 * 1000.0

    def _draws(self, presence: FloatArray, step_s: float, rng: np.random.Generator) -> FloatArray:
        """Litres of hot water in each step: many short draws, few long ones."""
        home = self.parameters
        taps = rng.poisson(presence * home["hot_water_draws_per_day"] / 3600.0 * step_s)
        return rng.standard_gamma(taps * 0.5) * 2.0 * home["hot_water_l_per_day"] / home["hot_water_draws_per_day"]

    def _kitchen_c(self, outdoor_c: FloatArray, hour: FloatArray, home: Rows) -> FloatArray:
        warmth = np.logaddexp(0.0, (outdoor_c - 18.0) / 2.0) * 2.0
        cooking = np.exp(-(((hour - 18.5) / 1.6) ** 2)) * self.parameters["cooking_k"][home]
        night = np.where((hour < 6) | (hour >= 23), -0.8, 0.0)
        return self.parameters["kitchen_c"][home] + self.parameters["follows_outdoor"][home] * warmth + cooking + night

    def _room_c(self, outdoor_c: FloatArray) -> FloatArray:
        """Of the living room, if nothing cools it."""
        warmth = np.logaddexp(0.0, (outdoor_c - 17.0) / 2.0) * 2.0
        return np.asarray(self.parameters["kitchen_c"] - 0.5 + 0.8 * warmth)

    def _mains_v(self, hour: FloatArray, home: Rows) -> FloatArray:
        nominal = np.array([weather.region.mains_v for weather in self.weather])[self.region[home]]
        evening = 2.5 * np.exp(-(((hour - 19) / 3) ** 2))
        return np.asarray(nominal + self.parameters["mains_offset_v"][home] - evening)

    def _rhythm(self, ts_ms: IntArray, hour: FloatArray, hours: FloatArray | None = None) -> FloatArray:
        """Which share of the day's doings falls in an hour like this one; 0 while people are away."""
        share = np.take_along_axis((self.hours if hours is None else hours).T, hour.astype(np.int64), axis=0)
        day = (ts_ms - self.start_ms) // DAY_MS % HORIZON_DAYS
        return np.asarray(share * ~self.away[:, day].T)

    def _told(self, tell: Callable[[Weather, IntArray], FloatArray], ts_ms: IntArray, home: Rows = ALL) -> FloatArray:
        """What the weather of each home's region tells: (times, homes), or of one home at one time each."""
        series = np.stack([tell(weather, ts_ms) for weather in self.weather], axis=1)
        region = self.region[home]
        return series[:, region] if isinstance(home, slice) else series[np.arange(len(ts_ms)), region]


def draw_weather(specification: FleetSpecification, *, start_ms: int, rng: np.random.Generator) -> tuple[Weather, ...]:
    """The weather of each region, common to all its homes."""
    return tuple(Weather(region, draw_departures(rng), start_ms) for region in specification.regions.values())


def draw_homes(
    specification: FleetSpecification,
    weather: tuple[Weather, ...],
    *,
    count: int,
    start_ms: int,
    rng: np.random.Generator,
) -> Homes:
    """``count`` homes of a fleet; the same generator state gives the same homes."""
    region = draw_shares([one.share for one in specification.regions.values()], count, rng)
    habit = draw_shares([one.share for one in specification.habits.values()], count, rng)
    hours = np.array([one.hours for one in specification.habits.values()], dtype=np.float64)
    hours /= hours.sum(axis=1, keepdims=True)
    parameters = {name: spread.draw(count, rng) for name, spread in specification.homes.items()}
    pressures = [one.pressure_bar.draw(count, rng) for one in specification.regions.values()]
    parameters["pressure_bar"] = np.stack(pressures)[region, np.arange(count)]
    hardness = [one.hardness_dh.draw(count, rng) for one in specification.regions.values()]
    parameters["hardness_dh"] = np.stack(hardness)[region, np.arange(count)]
    away = _draw_absences(parameters["away_days_per_year"], rng)
    return Homes(weather, region, hours[habit], away, parameters, start_ms)


def draw_shares(shares: Sequence[float], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``count`` indices, each as frequent as its share says."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, rng.random(count), side="right"), len(shares) - 1)


def _draw_absences(days_per_year: FloatArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which days each home stands empty: absences of 2 to 14 days, none on the first two days."""
    away = np.zeros((len(days_per_year), HORIZON_DAYS), dtype=np.bool_)
    for home, days in enumerate(days_per_year):
        left = days * HORIZON_DAYS / 365.0
        while left > 1:
            length = int(min(left, rng.integers(2, 15)))
            first = int(rng.integers(2, HORIZON_DAYS - 14))
            away[home, first : first + length] = True
            left -= length
    return away
