"""Homes: what surrounds an appliance: the weather of its region, the mains, the water, and the habits of its people.

The weather of a region is common to all its homes, so that a heat wave moves a whole fleet at once. Every series is a
function of time (the drawn parts are drawn once, for a horizon that then repeats), whatever way time is cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.specification import FleetSpecification, Region

DAY_MS = 86_400_000
HORIZON_DAYS = 1461
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weather:
    """The day-to-day departures from the climate of one region, one number per day, in units of its ``weather``."""

    region: Region
    departures: FloatArray
    start_ms: int

    def outdoor_c(self, ts_ms: NDArray[np.int64]) -> FloatArray:
        """Outdoor temperature at each time."""
        climate = self.region.outdoor_c
        local_ms = ts_ms + self.region.utc_offset_ms
        year = np.cos(2 * np.pi * (local_ms / DAY_MS - climate["warmest_day"]) / 365.2425)
        hour = np.cos(2 * np.pi * (local_ms / DAY_MS - 15 / 24))
        return climate["mean"] + climate["annual"] * year + climate["daily"] * hour + self._departure(ts_ms)

    def inlet_c(self, ts_ms: NDArray[np.int64]) -> FloatArray:
        """Temperature of the mains water: the year's wave, a month late, without days."""
        inlet = self.region.inlet_c
        late = ts_ms / DAY_MS - self.region.outdoor_c["warmest_day"] - 30
        return inlet["mean"] + inlet["annual"] * np.cos(2 * np.pi * late / 365.2425)

    def _departure(self, ts_ms: NDArray[np.int64]) -> FloatArray:
        position = (ts_ms - self.start_ms) / DAY_MS % HORIZON_DAYS
        day = position.astype(np.int64)
        here, there = self.departures[day], self.departures[(day + 1) % HORIZON_DAYS]
        return (here + (there - here) * (position - day)) * self.region.outdoor_c["weather"]


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

    def kitchen_c(self, ts_ms: NDArray[np.int64]) -> FloatArray:
        """Temperature of the kitchen, shape (times, homes)."""
        outdoor = self._by_region([weather.outdoor_c(ts_ms) for weather in self.weather])
        warmth = np.logaddexp(0.0, (outdoor - 18.0) / 2.0) * 2.0
        hour = self._local_hour(ts_ms)
        cooking = np.exp(-(((hour - 18.5) / 1.6) ** 2)) * self.parameters["cooking_k"]
        night = np.where((hour < 6) | (hour >= 23), -0.8, 0.0)
        return self.parameters["kitchen_c"] + self.parameters["follows_outdoor"] * warmth + cooking + night

    def door_opens_per_s(self, ts_ms: NDArray[np.int64]) -> FloatArray:
        """How often the refrigerator is opened, shape (times, homes)."""
        return self._rhythm(ts_ms) * self.parameters["door_opens_per_day"] / 3600.0

    def washes_per_s(self, ts_ms: NDArray[np.int64]) -> FloatArray:
        """How often a wash is started, shape (times, homes)."""
        at_home = 1.0 - self.parameters["away_days_per_year"] / 365.0
        return self._rhythm(ts_ms) * self.parameters["washes_per_year"] / 365.0 / at_home / 3600.0

    def inlet_c(self, ts_ms: NDArray[np.int64], home: NDArray[np.int64]) -> FloatArray:
        """Inlet water of one home at one time each."""
        result = np.empty(len(ts_ms))
        for index, weather in enumerate(self.weather):
            rows = self.region[home] == index
            result[rows] = weather.inlet_c(ts_ms[rows])
        return result

    def mains_v(self, ts_ms: NDArray[np.int64], home: NDArray[np.int64]) -> FloatArray:
        """Mains voltage of one home at one time each: lower in the evening."""
        nominal = np.array([weather.region.mains_v for weather in self.weather])[self.region[home]]
        offset_ms = np.array([weather.region.utc_offset_ms for weather in self.weather])[self.region[home]]
        hour = (ts_ms + offset_ms) % DAY_MS / 3.6e6
        evening = 2.5 * np.exp(-(((hour - 19) / 3) ** 2))
        return np.asarray(nominal + self.parameters["mains_offset_v"][home] - evening)

    def _rhythm(self, ts_ms: NDArray[np.int64]) -> FloatArray:
        hour = self._local_hour(ts_ms).astype(np.int64)
        share = np.take_along_axis(self.hours.T, hour, axis=0)
        day = (ts_ms - self.start_ms) // DAY_MS % HORIZON_DAYS
        return np.asarray(share * ~self.away[:, day].T)

    def _local_hour(self, ts_ms: NDArray[np.int64]) -> FloatArray:
        offsets = [(ts_ms + weather.region.utc_offset_ms) % DAY_MS / 3.6e6 for weather in self.weather]
        return self._by_region(offsets)

    def _by_region(self, series: Sequence[FloatArray]) -> FloatArray:
        return np.stack(series, axis=1)[:, self.region]


def draw_homes(specification: FleetSpecification, *, count: int, start_ms: int, rng: np.random.Generator) -> Homes:
    """``count`` homes of a fleet; the same generator state gives the same homes."""
    weather = tuple(Weather(region, _draw_departures(rng), start_ms) for region in specification.regions.values())
    region = draw_shares([one.share for one in specification.regions.values()], count, rng)
    habit = draw_shares([one.share for one in specification.habits.values()], count, rng)
    hours = np.array([one.hours for one in specification.habits.values()], dtype=np.float64)
    hours /= hours.sum(axis=1, keepdims=True)
    parameters = {name: spread.draw(count, rng) for name, spread in specification.homes.items()}
    pressures = [one.pressure_bar.draw(count, rng) for one in specification.regions.values()]
    parameters["pressure_bar"] = np.stack(pressures)[region, np.arange(count)]
    away = _draw_absences(parameters["away_days_per_year"], rng)
    return Homes(weather, region, hours[habit], away, parameters, start_ms)


def draw_shares(shares: Sequence[float], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``count`` indices, each as frequent as its share says."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, rng.random(count), side="right"), len(shares) - 1)


def _draw_departures(rng: np.random.Generator) -> FloatArray:
    departures = rng.normal(size=HORIZON_DAYS)
    for day in range(1, HORIZON_DAYS):
        departures[day] = 0.75 * departures[day - 1] + 0.66 * departures[day]
    return departures


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
