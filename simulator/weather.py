"""Weather: outdoor temperature, humidity, sun and mains water of one region, as functions of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import FloatArray, IntArray
from simulator.specification import Region

DAY_MS = 86_400_000
HORIZON_DAYS = 1461


@dataclass(frozen=True, slots=True)
class Weather:
    """The day-to-day departures from the climate of one region, one number per day, in units of its ``weather``."""

    region: Region
    departures: FloatArray
    start_ms: int

    def local_hour(self, ts_ms: IntArray) -> FloatArray:
        """Hour of the local day, 0 to 24."""
        return np.asarray((ts_ms + self.region.utc_offset_ms) % DAY_MS / 3.6e6)

    def outdoor_c(self, ts_ms: IntArray) -> FloatArray:
        """Outdoor temperature at each time."""
        climate = self.region.outdoor_c
        hour = np.cos(2 * np.pi * (self.local_hour(ts_ms) / 24 - 15 / 24))
        departure = self._departure(ts_ms) * climate["weather"]
        return climate["mean"] + climate["annual"] * self.season(ts_ms) + climate["daily"] * hour + departure

    def humidity_pct(self, ts_ms: IntArray) -> FloatArray:
        """Relative humidity outdoors: lowest in the afternoon, lower on days warmer than usual."""
        hour = np.cos(2 * np.pi * (self.local_hour(ts_ms) / 24 - 15 / 24))
        return np.clip(self.region.humidity_pct - 12.0 * hour - 4.0 * self._departure(ts_ms), 15.0, 100.0)

    def sun_w_m2(self, ts_ms: IntArray) -> FloatArray:
        """Sun on a horizontal square metre: longer and higher in the warm season, clearer on warm days."""
        season = self.season(ts_ms)
        height = np.sin(np.pi * (self.local_hour(ts_ms) - 12.5) / (12.0 + 3.0 * season) + np.pi / 2)
        clear = np.clip(0.65 + 0.12 * self._departure(ts_ms), 0.2, 1.0)
        day = np.abs(self.local_hour(ts_ms) - 12.5) < (12.0 + 3.0 * season) / 2
        return np.asarray(np.where(day, (600.0 + 250.0 * season) * np.maximum(height, 0.0) * clear, 0.0))

    def inlet_c(self, ts_ms: IntArray) -> FloatArray:
        """Temperature of the mains water: the year's wave, a month late, without days."""
        inlet = self.region.inlet_c
        late = ts_ms / DAY_MS - self.region.outdoor_c["warmest_day"] - 30
        return inlet["mean"] + inlet["annual"] * np.cos(2 * np.pi * late / 365.2425)

    def season(self, ts_ms: IntArray) -> FloatArray:
        """1 on the warmest day, -1 half a year away."""
        local_days = (ts_ms + self.region.utc_offset_ms) / DAY_MS
        return np.asarray(np.cos(2 * np.pi * (local_days - self.region.outdoor_c["warmest_day"]) / 365.2425))

    def _departure(self, ts_ms: IntArray) -> FloatArray:
        position = (ts_ms - self.start_ms) / DAY_MS % HORIZON_DAYS
        day = position.astype(np.int64)
        here, there = self.departures[day], self.departures[(day + 1) % HORIZON_DAYS]
        return np.asarray(here + (there - here) * (position - day))


def draw_departures(rng: np.random.Generator) -> FloatArray:
    """Warm and cold spells of unit strength, a number per day."""
    departures = rng.normal(size=HORIZON_DAYS)
    for day in range(1, HORIZON_DAYS):
        departures[day] = 0.75 * departures[day - 1] + 0.66 * departures[day]
    return departures
