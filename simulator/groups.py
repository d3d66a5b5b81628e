"""Groups: up to some hundred appliances of one kind that are moved through time together, physics and sensors and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.homes import Homes
from simulator.physics import refrigerator, washing_machine
from simulator.reports import Happening, Reports, join, split
from simulator.sensors import Sensors
from simulator.specification import FleetSpecification
from simulator.wear import Wear

STEP_MS = refrigerator.STEP_S * 1000
HOUR_MS = 3_600_000
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class RefrigeratorGroup:
    """Refrigerators: a report of each at every interval."""

    def __init__(
        self,
        specification: FleetSpecification,
        homes: Homes,
        wear: Sequence[tuple[int, Wear]],
        sensors: Sensors,
        *,
        first: int,
        start_ms: int,
        rng: np.random.Generator,
    ) -> None:
        self.specification, self.homes, self.wear, self.sensors = specification, homes, wear, sensors
        self.first, self.now_ms, self.rng = first, start_ms, rng
        spreads = specification.kinds["refrigerator"].parameters
        self.parameters = {name: spread.draw(len(homes), rng) for name, spread in spreads.items()}
        for name in ("fresh_set_c", "freezer_set_c"):
            self.parameters[name] = np.rint(self.parameters[name])
        self.physics = refrigerator.Refrigerators(self.parameters, rng)
        self.place = rng.random(len(homes))

    def advance(self, until_ms: int, *, is_live: bool) -> Reports | None:
        """Reports from now until then, to the last whole interval; ``None`` where there is none."""
        interval_ms = round(self.specification.intervals["live_interval_s" if is_live else "history_interval_s"] * 1000)
        reports = (until_ms - self.now_ms) // interval_ms
        if reports <= 0:
            return None
        per_report = interval_ms // STEP_MS
        begins = self.now_ms + np.arange(reports * per_report, dtype=np.int64) * STEP_MS
        severity = self._severity(begins)
        values, mode = self.physics.advance(
            self._surroundings(begins), severity, steps_per_report=per_report, rng=self.rng
        )
        count = len(self.homes)
        lateness = np.rint(self.place * interval_ms).astype(np.int64)
        ends = self.now_ms + (np.arange(reports, dtype=np.int64) + 1) * interval_ms
        ts_ms = (ends[None, :] - lateness[:, None]).reshape(-1)
        flat = np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(-1, values.shape[2])
        member = np.repeat(np.arange(count, dtype=np.int64), reports)
        noise = self.sensors.correlated_noise(reports).reshape(len(flat), -1)
        sent = self.sensors.measure(flat, noise, appliance=member, ts_ms=ts_ms)
        self.now_ms += reports * interval_ms
        chunk = Reports(
            "refrigerator", refrigerator.METRICS, refrigerator.MODES, member + self.first, ts_ms,
            np.ascontiguousarray(mode.T).reshape(-1), np.zeros(len(flat), np.int64), flat,
        )  # fmt: skip
        return chunk.take(sent, ())

    def _severity(self, ts_ms: IntArray) -> dict[str, FloatArray]:
        severity: dict[str, FloatArray] = {}
        for member, wear in self.wear:
            if wear.onset_ms < ts_ms[-1]:
                columns = severity.setdefault(wear.fault_mode, np.zeros((len(ts_ms), len(self.homes))))
                columns[:, member] = wear.severity(ts_ms)
        return severity

    def _surroundings(self, ts_ms: IntArray) -> refrigerator.Surroundings:
        home = self.homes.parameters
        opens = self.rng.poisson(self.homes.door_opens_per_s(ts_ms) * refrigerator.STEP_S)
        door_s = np.minimum(self.rng.standard_gamma(opens * 2.0) * home["door_open_s"] / 2.0, refrigerator.STEP_S)
        shopped = (opens > 0) & (self.rng.random(opens.shape) < 2.5 / 7.0 / home["door_opens_per_day"])
        food_j = shopped * home["food_load_kj_per_week"] / 2.5 * 1000.0
        return refrigerator.Surroundings(self.homes.kitchen_c(ts_ms), door_s, food_j)


class WashingMachineGroup:
    """Washing machines: readings while a programme runs, and now and then when idle."""

    def __init__(
        self,
        specification: FleetSpecification,
        homes: Homes,
        wear: Sequence[tuple[int, Wear]],
        sensors: Sensors,
        *,
        first: int,
        start_ms: int,
        rng: np.random.Generator,
    ) -> None:
        self.specification, self.homes, self.wear, self.sensors = specification, homes, wear, sensors
        self.first, self.now_ms, self.rng = first, start_ms, rng
        spreads = specification.kinds["washing_machine"].parameters
        self.parameters = {name: spread.draw(len(homes), rng) for name, spread in spreads.items()}
        self.parameters["spin_rpm"] = np.rint(self.parameters["spin_rpm"] / 200) * 200
        self.physics = washing_machine.WashingMachines(self.parameters, rng)
        self.idle_ms = round(specification.intervals["idle_interval_h"] * HOUR_MS)
        self.place_ms = np.rint(rng.random(len(homes)) * self.idle_ms).astype(np.int64)
        self.busy_until_ms = np.full(len(homes), start_ms, dtype=np.int64)
        self.left: list[Reports] = []

    def advance(self, until_ms: int, *, is_live: bool) -> Reports | None:
        """Readings and events from now until then; what a running wash tells later is kept for the next call."""
        if until_ms <= self.now_ms:
            return None
        interval_s = self.specification.intervals["washing_interval_s" if is_live else "washing_history_interval_s"]
        parts = list(self.left)
        appliance, start_ms = self._starts(until_ms)
        waiting = self._idle_times(until_ms)
        for turn in _turns(appliance):
            who, when = appliance[turn], start_ms[turn]
            free = when > self.busy_until_ms[who] + 60_000
            who, when = who[free], when[free]
            if not len(who):
                continue
            waiting = self._tell_idle(waiting, who, when, parts)
            parts.append(self._wash(who, when, interval_s))
        self._tell_idle(waiting, np.arange(0), np.arange(0), parts)
        self.now_ms = until_ms
        if not parts:
            return None
        now, later = split(join(parts), until_ms)
        self.left = [later] if len(later) or later.happenings else []
        return now if len(now) or now.happenings else None

    def _starts(self, until_ms: int) -> tuple[IntArray, IntArray]:
        """Who wants to start a wash when, until then; in order of appliance and time."""
        edges = np.arange(self.now_ms, until_ms, HOUR_MS, dtype=np.int64)
        length_ms = np.minimum(edges + HOUR_MS, until_ms) - edges
        wanted = self.rng.poisson(self.homes.washes_per_s(edges) * length_ms[:, None] / 1000.0)
        hour, who = np.nonzero(wanted)
        again = wanted[hour, who]
        hour, who = np.repeat(hour, again), np.repeat(who, again)
        when = edges[hour] + np.rint(self.rng.random(len(hour)) * length_ms[hour]).astype(np.int64)
        order = np.lexsort((when, who))
        return who[order], when[order]

    def _idle_times(self, until_ms: int) -> tuple[IntArray, IntArray]:
        first = (self.now_ms - self.place_ms + self.idle_ms - 1) // self.idle_ms
        last = (until_ms - 1 - self.place_ms) // self.idle_ms
        counts = np.maximum(last - first + 1, 0)
        who = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
        nth = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
        return who, (np.repeat(first, counts) + nth) * self.idle_ms + self.place_ms[who]

    def _tell_idle(
        self, waiting: tuple[IntArray, IntArray], starting: IntArray, start_ms: IntArray, parts: list[Reports]
    ) -> tuple[IntArray, IntArray]:
        """Add the signs of life between the last wash and the one that starts now; what is left over."""
        who, when = waiting
        limit = np.full(len(self.homes), np.iinfo(np.int64).max if not len(starting) else np.int64(0))
        limit[starting] = start_ms
        due = when < limit[who]
        told = due & (when > self.busy_until_ms[who])
        if told.any():
            values = self.physics.idle(who[told], self.homes.mains_v(when[told], who[told]))
            parts.append(
                self._chunk(
                    who[told], when[told], np.zeros(told.sum(), np.int8), np.zeros(told.sum(), np.int64), values
                )
            )
        return who[~due], when[~due]

    def _wash(self, who: IntArray, when: IntArray, interval_s: float) -> Reports:
        pressure = self.homes.parameters["pressure_bar"][who] * self.rng.uniform(0.92, 1.05, len(who))
        conditions = washing_machine.Conditions(
            self.homes.inlet_c(when, who), self.homes.mains_v(when, who), pressure, self._severity(who, when)
        )
        cycles = self.physics.plan(who, when, conditions, self.rng)
        rows = self.physics.run(cycles, interval_s=interval_s, rng=self.rng)
        self.busy_until_ms[who] = when + cycles.duration_ms
        chunk = self._chunk(who[rows.cycle], rows.ts_ms, rows.mode, cycles.number[rows.cycle], rows.values)
        return chunk.take(np.arange(len(chunk)), self._happenings(cycles, rows))

    def _chunk(
        self, who: IntArray, when: IntArray, mode: NDArray[np.int8], cycle: IntArray, values: FloatArray
    ) -> Reports:
        sent = self.sensors.measure(values, self.sensors.white_noise(len(values)), appliance=who, ts_ms=when)
        whole = Reports(
            "washing_machine",
            washing_machine.METRICS,
            washing_machine.MODES,
            who + self.first,
            when,
            mode,
            cycle,
            values,
        )
        return whole.take(sent, ())

    def _severity(self, who: IntArray, when: IntArray) -> Mapping[str, FloatArray]:
        severity: dict[str, FloatArray] = {}
        for member, wear in self.wear:
            rows = np.nonzero(who == member)[0]
            if len(rows):
                severity.setdefault(wear.fault_mode, np.zeros(len(who)))[rows] = wear.severity(when[rows])
        return severity

    def _happenings(self, cycles: washing_machine.Cycles, rows: washing_machine.Rows) -> tuple[Happening, ...]:
        found = []
        for i in range(len(cycles)):
            place, begin = int(cycles.appliance[i]) + self.first, int(cycles.start_ms[i])
            end = begin + int(cycles.duration_ms[i])
            cycle = {"cycle": str(cycles.number[i])}
            found.append(Happening(place, begin, "cycle_started", None, cycle))
            if cycles.gave_up_filling[i]:
                found.append(Happening(place, begin + 480_000, "error_code", "IE", cycle))
            if cycles.gave_up_draining[i]:
                found.append(
                    Happening(
                        place, begin + round(float(cycles.phase_s[i, :4].sum()) * 1000), "error_code", "OE", cycle
                    )
                )
            summary = {
                **cycle,
                "duration_s": round((end - begin) / 1000),
                "energy_kwh": round(float(rows.energy_kwh[i]), 4),
                "water_l": round(float(cycles.water_l[i].sum()), 1),
            }
            found.append(Happening(place, end, "cycle_finished", None, summary))
        return tuple(found)


def _turns(appliance: IntArray) -> list[NDArray[np.int64]]:
    """Rows in turns, so that each appliance appears at most once in each; rows are in order of appliance."""
    if not len(appliance):
        return []
    begins = np.concatenate([[0], np.nonzero(np.diff(appliance))[0] + 1])
    nth = np.arange(len(appliance)) - np.repeat(begins, np.diff(np.concatenate([begins, [len(appliance)]])))
    return [np.nonzero(nth == turn)[0] for turn in range(int(nth.max()) + 1)]
