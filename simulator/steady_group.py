"""Steady group: appliances that work all the time, a report of each at every interval."""

from __future__ import annotations

import numpy as np

from simulator.arrays import FloatArray, IntArray
from simulator.group import Members, Span
from simulator.homes import Homes
from simulator.physics.kind import SteadyKind, Told
from simulator.reports import Happening, Reports


class SteadyGroup:
    """Appliances of one steady kind."""

    def __init__(self, kind: SteadyKind, members: Members, rng: np.random.Generator) -> None:
        self.kind, self.members = kind, members
        self.homes = members.homes
        self.physics = kind.make(members.parameters, rng)
        self.place = rng.random(len(members))

    @property
    def settings(self) -> dict[str, FloatArray]:
        """The parameters that people may set anew, between two spans."""
        return {name: self.physics.parameters[name] for name in self.kind.settings}

    def move(self, member: int, homes: Homes, row: int) -> None:
        """Put a member up in another home, between two spans."""
        self.homes = self.homes.with_home(member, homes, row)

    def advance(self, span: Span) -> Reports | None:
        """A report at the end of each interval, each appliance with its own lateness."""
        members, intervals = self.members, self.members.specification.intervals
        interval_ms = round(intervals["live_interval_s" if span.is_live else "history_interval_s"] * 1000)
        step_ms = round(intervals["step_s"] * 1000)
        begins = np.arange(span.begin_ms, span.end_ms, step_ms, dtype=np.int64)
        step_s, per_report = step_ms / 1000, interval_ms // step_ms
        around = self.homes.surroundings(begins, step_s=step_s, feels=self.kind.feels, rng=span.rng)
        severity = members.wear.over(begins, count=len(members))
        told = self.physics.advance(around, severity, step_s=step_s, steps_per_report=per_report, rng=span.rng)
        earliness = np.maximum(np.rint(self.place * interval_ms), 1).astype(np.int64)
        ts_ms = np.arange(span.begin_ms, span.end_ms, interval_ms)[:, None] + interval_ms - earliness
        errors = tuple(
            Happening(one.member + members.first, int(ts_ms[one.report, one.member]), "error_code", one.code)
            for one in sorted(told.errors, key=lambda error: (error.member, error.report))
        )
        return self._measured(told, ts_ms, errors, span.rng)

    def _measured(
        self, told: Told, ts_ms: IntArray, errors: tuple[Happening, ...], rng: np.random.Generator
    ) -> Reports:
        """What the sensors make of it, in order of appliance and time."""
        reports, count, metrics = told.values.shape
        flat = np.ascontiguousarray(told.values.transpose(1, 0, 2)).reshape(-1, metrics)
        when = np.ascontiguousarray(ts_ms.T).reshape(-1)
        member = np.repeat(np.arange(count, dtype=np.int64), reports)
        sensors = self.members.sensors
        noise = sensors.correlated_noise(reports, rng).reshape(len(flat), -1)
        sent = sensors.measure(flat, noise, appliance=member, ts_ms=when, rng=rng)
        chunk = Reports(
            self.kind.name, tuple(self.kind.metrics), self.kind.modes, member + self.members.first, when,
            np.ascontiguousarray(told.mode.T).reshape(-1), np.zeros(len(flat), np.int64), flat,
        )  # fmt: skip
        return chunk.chosen(sent, errors)
