"""Steady group: appliances that work all the time, a report of each at every interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.group import STEP_MS, Members
from simulator.physics.kind import SteadyKind
from simulator.reports import Happening, Reports

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class SteadyGroup:
    """Appliances of one steady kind."""

    def __init__(self, kind: SteadyKind, members: Members) -> None:
        self.kind, self.members, self.now_ms = kind, members, members.start_ms
        spreads = members.specification.kinds[kind.name].parameters
        parameters = {name: spread.draw(len(members), members.rng) for name, spread in spreads.items()}
        self.physics = kind.make(parameters, members.rng)
        self.place = members.rng.random(len(members))

    def advance(self, until_ms: int, *, is_live: bool) -> Reports | None:
        """Reports from now until then, to the last whole interval; ``None`` where there is none."""
        members = self.members
        intervals = members.specification.intervals
        interval_ms = round(intervals["live_interval_s" if is_live else "history_interval_s"] * 1000)
        reports = (until_ms - self.now_ms) // interval_ms
        if reports <= 0:
            return None
        per_report = interval_ms // STEP_MS
        begins = self.now_ms + np.arange(reports * per_report, dtype=np.int64) * STEP_MS
        around = members.homes.surroundings(begins, step_s=STEP_MS / 1000, feels=self.kind.feels, rng=members.rng)
        told = self.physics.advance(
            around, self._severity(begins), step_s=STEP_MS / 1000, steps_per_report=per_report, rng=members.rng
        )
        lateness = np.rint(self.place * interval_ms).astype(np.int64)
        ends = self.now_ms + (np.arange(reports, dtype=np.int64) + 1) * interval_ms
        ts_ms = ends[:, None] - lateness[None, :]
        errors = tuple(
            Happening(one.member + members.first, int(ts_ms[one.report, one.member]), "error_code", one.code)
            for one in sorted(told.errors, key=lambda error: (error.member, error.report))
        )
        self.now_ms += reports * interval_ms
        return self._measured(told.values, told.mode, ts_ms, errors)

    def _measured(
        self, values: FloatArray, mode: NDArray[np.int8], ts_ms: IntArray, errors: tuple[Happening, ...]
    ) -> Reports:
        """What the sensors make of it, in order of appliance and time."""
        reports, count, metrics = values.shape
        flat = np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(-1, metrics)
        when = np.ascontiguousarray(ts_ms.T).reshape(-1)
        member = np.repeat(np.arange(count, dtype=np.int64), reports)
        sensors = self.members.sensors
        noise = sensors.correlated_noise(reports).reshape(len(flat), -1)
        sent = sensors.measure(flat, noise, appliance=member, ts_ms=when)
        chunk = Reports(
            self.kind.name, tuple(self.kind.metrics), self.kind.modes, member + self.members.first, when,
            np.ascontiguousarray(mode.T).reshape(-1), np.zeros(len(flat), np.int64), flat,
        )  # fmt: skip
        return chunk.take(sent, errors)

    def _severity(self, ts_ms: IntArray) -> dict[str, FloatArray]:
        severity: dict[str, FloatArray] = {}
        for member, wear in self.members.wear:
            if wear.onset_ms < ts_ms[-1]:
                columns = severity.setdefault(wear.fault_mode, np.zeros((len(ts_ms), len(self.members))))
                columns[:, member] = wear.severity(ts_ms)
        return severity
