"""Programme group: appliances that run cycles; readings while one runs, and now and then a sign of life."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import FloatArray, IntArray
from simulator.group import Members, Span
from simulator.homes import Homes
from simulator.physics.kind import ProgrammeKind
from simulator.physics.programme import Conditions, Cycles, Rows
from simulator.report_on_change import worth_telling
from simulator.reports import Happening, Reports, join, split

HOUR_MS = 3_600_000


class ProgrammeGroup:
    """Appliances of one programme kind."""

    def __init__(self, kind: ProgrammeKind, members: Members, rng: np.random.Generator) -> None:
        self.kind, self.members = kind, members
        self.specification = members.specification.kinds[kind.name]
        self.homes = members.homes
        self.physics = kind.make(members.parameters, rng)
        self.per_year = members.uses_per_year
        self.idle_ms = round(members.specification.intervals["idle_interval_h"] * HOUR_MS)
        self.place_ms = np.rint(rng.random(len(members)) * self.idle_ms).astype(np.int64)
        self.busy_until_ms = np.full(len(members), members.start_ms, dtype=np.int64)
        self.left: list[Reports] = []

    @property
    def settings(self) -> dict[str, FloatArray]:
        """None: these appliances are set anew with each programme."""
        return {}

    def move(self, member: int, homes: Homes, row: int) -> None:
        """Put a member up in another home, between two spans."""
        self.homes = self.homes.with_home(member, homes, row)

    def advance(self, span: Span) -> Reports | None:
        """Readings and events of the span; what a running cycle tells later is kept for the next call."""
        parts = list(self.left)
        appliance, start_ms = self._starts(span)
        waiting = self._idle_times(span)
        for turn in _turns(appliance):
            who, when = appliance[turn], start_ms[turn]
            free = when > self.busy_until_ms[who] + 60_000
            who, when = who[free], when[free]
            if not len(who):
                continue
            waiting = self._tell_idle(waiting, (who, when), parts, span.rng)
            parts.append(self._run(who, when, span))
        self._tell_idle(waiting, (np.arange(0), np.arange(0)), parts, span.rng)
        if not parts:
            return None
        now, later = split(join(parts), span.end_ms)
        self.left = [later] if len(later) or later.happenings else []
        return now if len(now) or now.happenings else None

    def _starts(self, span: Span) -> tuple[IntArray, IntArray]:
        """Who wants to start a cycle when; in order of appliance and time."""
        edges = np.arange(span.begin_ms, span.end_ms, HOUR_MS, dtype=np.int64)
        often = self.homes.starts_per_s(
            edges, self.per_year, self.specification.hours, more_in_winter=self.specification.more_in_winter
        )
        wanted = span.rng.poisson(often * HOUR_MS / 1000)
        hour, who = np.nonzero(wanted)
        again = wanted[hour, who]
        hour, who = np.repeat(hour, again), np.repeat(who, again)
        when = edges[hour] + np.rint(span.rng.random(len(hour)) * HOUR_MS).astype(np.int64)
        order = np.lexsort((when, who))
        return who[order], when[order]

    def _idle_times(self, span: Span) -> tuple[IntArray, IntArray]:
        first = (span.begin_ms - self.place_ms + self.idle_ms - 1) // self.idle_ms
        last = (span.end_ms - 1 - self.place_ms) // self.idle_ms
        counts = np.maximum(last - first + 1, 0)
        who = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
        nth = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
        return who, (np.repeat(first, counts) + nth) * self.idle_ms + self.place_ms[who]

    def _tell_idle(
        self,
        waiting: tuple[IntArray, IntArray],
        starting: tuple[IntArray, IntArray],
        parts: list[Reports],
        rng: np.random.Generator,
    ) -> tuple[IntArray, IntArray]:
        """Add the signs of life between the last cycle and the one that starts now; what is left over."""
        (who, when), (starts, start_ms) = waiting, starting
        limit = np.full(len(self.members), 0 if len(starts) else np.iinfo(np.int64).max)
        limit[starts] = start_ms
        due = when < limit[who]
        told = due & (when > self.busy_until_ms[who])
        if told.any():
            idle, at = who[told], when[told]
            values = self.physics.idle(idle, self._conditions(idle, at, rng))
            nothing = np.zeros(len(idle), np.int64)
            parts.append(self._chunk(idle, Rows(nothing, at, nothing.astype(np.int8), values), nothing, rng))
        return who[~due], when[~due]

    def _run(self, who: IntArray, when: IntArray, span: Span) -> Reports:
        intervals = self.members.specification.intervals
        interval_s = intervals["programme_interval_s" if span.is_live else "programme_history_interval_s"]
        cycles = self.physics.plan(who, when, self._conditions(who, when, span.rng), span.rng)
        rows = self.physics.run(cycles, interval_s=interval_s, rng=span.rng)
        rows = rows.take(worth_telling(rows, self.kind.metrics, silence_s=intervals["programme_silence_s"]))
        self.busy_until_ms[who] = when + cycles.duration_ms
        chunk = self._chunk(who[rows.cycle], rows, cycles.number[rows.cycle], span.rng)
        return replace(chunk, happenings=self._happenings(cycles, rows))

    def _chunk(self, who: IntArray, rows: Rows, number: IntArray, rng: np.random.Generator) -> Reports:
        sensors = self.members.sensors
        noise = sensors.noise_of(who, rng)
        sent = sensors.measure(rows.values, noise, appliance=who, ts_ms=rows.ts_ms, rng=rng)
        whole = Reports(
            self.kind.name, tuple(self.kind.metrics), self.kind.modes, who + self.members.first, rows.ts_ms, rows.mode,
            number, rows.values,
        )  # fmt: skip
        return whole.chosen(sent, ())

    def _conditions(self, who: IntArray, when: IntArray, rng: np.random.Generator) -> Conditions:
        return self.homes.conditions(when, who, severity=self.members.wear.at(who, when), rng=rng)

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
