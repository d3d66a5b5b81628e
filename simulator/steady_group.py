"""Steady group: appliances that work all the time, a report of each at every interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.group import Members, Span
from simulator.physics.kind import Parameters, SteadyKind, Told
from simulator.reports import Happening, Reports

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class SteadyGroup:
    """Appliances of one steady kind."""

    def __init__(self, kind: SteadyKind, members: Members, rng: np.random.Generator) -> None:
        self.kind, self.members = kind, members
        spreads = members.specification.kinds[kind.name].parameters
        self.parameters: Parameters = {name: spread.draw(len(members), rng) for name, spread in spreads.items()}
        self.physics = kind.make(self.parameters, rng)
        self.place = rng.random(len(members))

    def advance(self, span: Span) -> Reports | None:
        """A report at the end of each interval, each appliance with its own lateness."""
        members, intervals = self.members, self.members.specification.intervals
        interval_ms = round(intervals["live_interval_s" if span.is_live else "history_interval_s"] * 1000)
        step_ms = round(intervals["step_s"] * 1000)
        begins = np.arange(span.begin_ms, span.end_ms, step_ms, dtype=np.int64)
        step_s, per_report = step_ms / 1000, interval_ms // step_ms
        around = members.homes.surroundings(begins, step_s=step_s, feels=self.kind.feels, rng=span.rng)
        severity = self._severity(begins)
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
        return chunk.take(sent, errors)

    def _severity(self, ts_ms: IntArray) -> dict[str, FloatArray]:
        severity: dict[str, FloatArray] = {}
        for member, wear in self.members.wear:
            if wear.onset_ms < ts_ms[-1]:
                columns = severity.setdefault(wear.fault_mode, np.zeros((len(ts_ms), len(self.members))))
                columns[:, member] = wear.severity(ts_ms)
        return severity
