"""Programme group: appliances that run cycles; readings while one runs, and now and then a sign of life."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.group import Members
from simulator.physics.kind import ProgrammeKind
from simulator.physics.programme import Conditions, Cycles, Rows
from simulator.reports import Happening, Reports, join, split

HOUR_MS = 3_600_000
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class ProgrammeGroup:
    """Appliances of one programme kind."""

    def __init__(self, kind: ProgrammeKind, members: Members) -> None:
        self.kind, self.members, self.now_ms = kind, members, members.start_ms
        self.specification = members.specification.kinds[kind.name]
        spreads = self.specification.parameters
        parameters = {name: spread.draw(len(members), members.rng) for name, spread in spreads.items()}
        self.physics = kind.make(parameters, members.rng)
        self.per_year = self.specification.programmes_per_year.draw(len(members), members.rng)
        self.idle_ms = round(members.specification.intervals["idle_interval_h"] * HOUR_MS)
        self.place_ms = np.rint(members.rng.random(len(members)) * self.idle_ms).astype(np.int64)
        self.busy_until_ms = np.full(len(members), members.start_ms, dtype=np.int64)
        self.left: list[Reports] = []

    def advance(self, until_ms: int, *, is_live: bool) -> Reports | None:
        """Readings and events from now until then; what a running cycle tells later is kept for the next call."""
        if until_ms <= self.now_ms:
            return None
        interval_s = self.members.specification.intervals[
            "programme_interval_s" if is_live else "programme_history_interval_s"
        ]
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
            parts.append(self._run(who, when, interval_s))
        self._tell_idle(waiting, np.arange(0), np.arange(0), parts)
        self.now_ms = until_ms
        if not parts:
            return None
        now, later = split(join(parts), until_ms)
        self.left = [later] if len(later) or later.happenings else []
        return now if len(now) or now.happenings else None

    def _starts(self, until_ms: int) -> tuple[IntArray, IntArray]:
        """Who wants to start a cycle when, until then; in order of appliance and time."""
        edges = np.arange(self.now_ms, until_ms, HOUR_MS, dtype=np.int64)
        length_ms = np.minimum(edges + HOUR_MS, until_ms) - edges
        wanted = self.members.rng.poisson(
            self.members.homes.starts_per_s(edges, self.per_year, self.specification.hours)
            * length_ms[:, None]
            / 1000.0
        )
        hour, who = np.nonzero(wanted)
        again = wanted[hour, who]
        hour, who = np.repeat(hour, again), np.repeat(who, again)
        when = edges[hour] + np.rint(self.members.rng.random(len(hour)) * length_ms[hour]).astype(np.int64)
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
        """Add the signs of life between the last cycle and the one that starts now; what is left over."""
        who, when = waiting
        limit = np.full(len(self.members), np.iinfo(np.int64).max if not len(starting) else np.int64(0))
        limit[starting] = start_ms
        due = when < limit[who]
        told = due & (when > self.busy_until_ms[who])
        if told.any():
            values = self.physics.idle(who[told], self._conditions(who[told], when[told]))
            parts.append(
                self._chunk(
                    who[told], when[told], np.zeros(told.sum(), np.int8), np.zeros(told.sum(), np.int64), values
                )
            )
        return who[~due], when[~due]

    def _run(self, who: IntArray, when: IntArray, interval_s: float) -> Reports:
        conditions = self._conditions(who, when)
        cycles = self.physics.plan(who, when, conditions, self.members.rng)
        rows = self.physics.run(cycles, interval_s=interval_s, rng=self.members.rng)
        self.busy_until_ms[who] = when + cycles.duration_ms
        chunk = self._chunk(who[rows.cycle], rows.ts_ms, rows.mode, cycles.number[rows.cycle], rows.values)
        return chunk.take(np.arange(len(chunk)), self._happenings(cycles, rows))

    def _chunk(
        self, who: IntArray, when: IntArray, mode: NDArray[np.int8], cycle: IntArray, values: FloatArray
    ) -> Reports:
        sent = self.members.sensors.measure(
            values, self.members.sensors.white_noise(len(values)), appliance=who, ts_ms=when
        )
        whole = Reports(
            self.kind.name,
            tuple(self.kind.metrics),
            self.kind.modes,
            who + self.members.first,
            when,
            mode,
            cycle,
            values,
        )
        return whole.take(sent, ())

    def _conditions(self, who: IntArray, when: IntArray) -> Conditions:
        return self.members.homes.conditions(when, who, severity=self._severity(who, when), rng=self.members.rng)

    def _severity(self, who: IntArray, when: IntArray) -> dict[str, FloatArray]:
        severity: dict[str, FloatArray] = {}
        for member, wear in self.members.wear:
            rows = np.nonzero(who == member)[0]
            if len(rows):
                severity.setdefault(wear.fault_mode, np.zeros(len(who)))[rows] = wear.severity(when[rows])
        return severity

    def _happenings(self, cycles: Cycles, rows: Rows) -> tuple[Happening, ...]:
        found = []
        places, begins = cycles.appliance + self.members.first, cycles.start_ms
        ends = begins + cycles.duration_ms
        for i in range(len(cycles)):
            cycle = {"cycle": str(cycles.number[i])}
            found.append(Happening(int(places[i]), int(begins[i]), "cycle_started", None, cycle))
            summary = {name: round(float(told[i]), 4) for name, told in rows.summary.items()}
            summary = {"duration_s": round(int(ends[i] - begins[i]) / 1000), **summary}
            found.append(Happening(int(places[i]), int(ends[i]), "cycle_finished", None, {**cycle, **summary}))
        for error in cycles.errors:
            cycle = {"cycle": str(cycles.number[error.cycle])}
            when = int(begins[error.cycle]) + round(error.at_s * 1000)
            found.append(Happening(int(places[error.cycle]), when, "error_code", error.code, cycle))
        return tuple(sorted(found, key=lambda one: (one.appliance, one.ts_ms)))


def _turns(appliance: IntArray) -> list[NDArray[np.int64]]:
    """Rows in turns, so that each appliance appears at most once in each; rows are in order of appliance."""
    if not len(appliance):
        return []
    begins = np.concatenate([[0], np.nonzero(np.diff(appliance))[0] + 1])
    nth = np.arange(len(appliance)) - np.repeat(begins, np.diff(np.concatenate([begins, [len(appliance)]])))
    return [np.nonzero(nth == turn)[0] for turn in range(int(nth.max()) + 1)]
