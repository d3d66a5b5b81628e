"""All layers for the appliances of one kind, over one state: a struct of arrays with a record per appliance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import checkpoint, point_bank
from detectors.context import Context
from detectors.cusum import Evidence as Statistics
from detectors.cycles import NO_UNIT, Cycles
from detectors.diagnosis import UNKNOWN
from detectors.episodes import Episodes
from detectors.finding import Channel, Condition, Evidence, Finding
from detectors.hygiene import DATA_FAULTS, GAP, Hygiene, Sorted, Verdicts
from detectors.judgement import Judgement
from detectors.plug import PlugFindings
from detectors.portions import Portions
from detectors.rules import CODE_WINDOW_S, Rules
from detectors.runs import Runs
from detectors.slices import ends, marked, order_of, slices
from ingest.profiles.definition import Profile, Unit
from ingest.sample import Event, EventType, SampleBlock, SampleFlag

ROWS_PER_YEAR = {Unit.DAY: 365.0, Unit.CYCLE: 220.0, Unit.NONE: 365.0}
CAPACITY_FIRST = 64
ALIASES = {"active_power": "power_w"}
"""Names under which plugs and recordings report a profile's metric, where that itself is absent; only its shape counts."""
RULE_PROBABILITY = 0.8
CODE_PROBABILITY = 0.7

State = dict[str, NDArray[Any]]


class KindDetector:
    """Folds samples and events of one appliance kind into findings and conditions."""

    def __init__(self, profile: Profile, *, alarms_per_year: float) -> None:
        self.profile = profile
        self.metrics = tuple(profile.metrics)
        modes = (*profile.fault_modes, UNKNOWN)
        components = tuple(mode.component for mode in profile.fault_modes.values())
        self.hygiene = Hygiene(profile)
        self.rules = Rules(profile, modes)
        self.cycles = Cycles(profile)
        self.context = Context(profile, self.cycles.context_of, len(self.cycles.contexts))
        self.episodes = Episodes(
            profile.kind, (*modes, *DATA_FAULTS), (*components, "appliance", *["data"] * len(DATA_FAULTS))
        )
        self.data_modes = len(modes)
        signed = [name for name, mode in profile.fault_modes.items() if mode.signature]
        features = [feature.name for feature in profile.features]
        signatures = np.array(
            [[profile.fault_modes[name].signature.get(f, 0.0) for f in features] for name in signed]
        ).reshape(len(signed), len(features))
        self.statistics = Statistics(
            signatures, rows_per_year=ROWS_PER_YEAR[profile.unit], alarms_per_year=alarms_per_year
        )
        self.runs = Runs(profile, alarms_per_year=alarms_per_year)
        self.plugs = PlugFindings(profile, self.runs, self.episodes)
        self.judgement = Judgement(profile, self.context, self.statistics, self.episodes, signed)
        self.portions = Portions()
        self.index: dict[str, int] = {}
        self.ids: list[str] = []
        self.state: State = {
            name: np.zeros((CAPACITY_FIRST, *shape), kind)
            for layer in (self, self.hygiene, self.rules, self.cycles, self.context, self.statistics, self.episodes, self.judgement, self.runs)
            for name, (kind, shape) in layer.layout().items()
        }  # fmt: skip
        self.changed: set[int] = set()

    def layout(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Name → (type, shape per appliance) of what belongs to no layer alone."""
        measured = len(self.hygiene.measured)
        return {
            "number": ("u4", ()),
            "last_ts": ("i8", ()),
            "seen": ("u4", ()),
            "bank": ("f4", (6, measured)),
            "data_faults": ("?", (4,)),
        }

    def row_of(self, appliance_id: str) -> int:
        """The row of an appliance, made at first sight."""
        row = self.index.get(appliance_id)
        if row is None:
            row = len(self.ids)
            self.index[appliance_id] = row
            self.ids.append(appliance_id)
            if row >= len(self.state["number"]):
                for name, array in self.state.items():
                    self.state[name] = np.concatenate([array, np.zeros_like(array)])
            self.state["number"][row] = row
        return row

    def restore(self, rows: Sequence[tuple[str, bytes]]) -> int:
        """Take over packed rows in the order in which the appliances were first seen; returns how many were refused."""
        start = len(self.ids)
        refused = 0
        taken: list[tuple[int, str, bytes]] = []
        for appliance_id, packed in rows:
            row = self.row_of(appliance_id)
            if checkpoint.unpack_row(self.state, row, packed):
                taken.append((int(self.state["number"][row]), appliance_id, packed))
            else:
                refused += 1
        for name in self.state:
            self.state[name][start:] = 0
        del self.ids[start:]
        self.index = {appliance_id: row for row, appliance_id in enumerate(self.ids)}
        for _, appliance_id, packed in sorted(taken):
            row = self.row_of(appliance_id)
            checkpoint.unpack_row(self.state, row, packed)
            self.state["number"][row] = row
        return refused

    def touch(self, appliance_id: str) -> None:
        """Have the row of an appliance among the next changes, where there is one."""
        if appliance_id in self.index:
            self.changed.add(self.index[appliance_id])

    def packed_changes(self) -> dict[str, bytes]:
        """The rows changed since the last call, packed."""
        rows = np.array(sorted(self.changed), np.intp)
        self.changed.clear()
        packed = checkpoint.pack_rows(self.state, self.profile.kind, rows)
        return {self.ids[row]: data for row, data in zip(rows.tolist(), packed, strict=True)}

    def shared(self) -> dict[str, NDArray[Any]]:
        """The fleet's part of the state."""
        arrays = {f"{layer}/{name}": array for layer, part in self._fleet().items() for name, array in part.items()}
        return {**arrays, "portions": self.portions.counts}

    def restore_shared(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over the fleet's part; arrays of another shape are left out, and learned anew."""
        for layer, part in self._fleet().items():
            for name, array in part.items():
                stored = arrays.get(f"{layer}/{name}")
                if stored is not None and stored.shape == array.shape:
                    part[name] = stored.copy()
        if "portions" in arrays:
            self.portions.counts[:] = arrays["portions"]

    def _fleet(self) -> Mapping[str, State]:
        """What appliances know of each other, and what waits to be taken over."""
        context, statistics = self.context, self.statistics
        return {
            "context": context.fleet,
            "context_told": context.told,
            "statistics": statistics.fleet,
            "statistics_told": statistics.told,
        }

    def fold(self, block: SampleBlock, events: Sequence[Event] = ()) -> tuple[list[Finding], list[Condition]]:
        """Take in one block, with ``events`` of its appliances; late samples are left out."""
        rows = np.fromiter((self.row_of(i) for i in block.appliance_ids), np.intp, len(block))
        in_time = (block.flags & SampleFlag.LATE == 0) & (block.ts_ms >= self.state["last_ts"][rows])
        order = np.lexsort((block.ts_ms, rows))
        order = order[in_time[order]]
        if not len(order):
            return self.happen(events)
        rows, ts = rows[order], block.ts_ms[order]
        self.changed.update(np.unique(rows).tolist())
        raw = self._columns(block)[order]
        modes = self.cycles.mode_numbers(block.modes)[order]
        findings: list[Finding] = []
        samples = Sorted.of(rows, ts)
        clean = self._readings(samples, raw, modes, findings)
        cycles = [block.cycles[place] for place in order]
        values = np.where(np.isnan(clean), np.nan, raw)
        keys = self.cycles.keys(self.state, rows, ts, values, modes, cycles)
        groups = {self.ids[row]: number for number, row in enumerate(rows[samples.starts].tolist())}
        marks = marked(samples, block.seq[order], groups, events)
        open_before = self.cycles.open_before(self.state, rows, keys)
        closes, ending = ends(samples, keys, open_before, self.state["previous_ts"][rows[samples.starts]], marks)
        conditions: list[Condition] = []
        for piece in slices(samples, closes, order, marks, ending, self.portions):
            part = piece.part
            if piece.begins:
                self._take_over()
            if len(ts[part]):
                self._rules(rows[part], ts[part], clean[part], findings)
                runs = self.runs.fold(self.state, rows[part], ts[part], values[part], modes[part])
                if runs is not None:
                    runs = replace(runs, at=np.arange(len(rows))[part][runs.at])
                    self.plugs.judge(self.state, self.ids, rows, ts, runs, findings)
                units = self.cycles.fold(self.state, rows[part], ts[part], values[part], modes[part], keys[part])
                conditions += self.judgement.judge(self.state, self.ids, units, findings)
            for event in piece.events:
                conditions += self._event(event, findings)
        found, said = self.happen([event for event in events if event.appliance_id not in groups])
        return findings + found, conditions + said

    def happen(self, events: Sequence[Event]) -> tuple[list[Finding], list[Condition]]:
        """Take in events of appliances of which no sample is there."""
        findings: list[Finding] = []
        conditions: list[Condition] = []
        for event in sorted(events, key=order_of):
            row = self.row_of(event.appliance_id)
            finishes = event.type is EventType.CYCLE_FINISHED and event.ts_ms >= self.state["previous_ts"][row]
            is_open = self.state["unit_key"][row] != NO_UNIT
            if finishes and is_open and len(self.portions.first(np.array([event.ts_ms]))):
                self._take_over()
            conditions += self._event(event, findings)
        return findings, conditions

    def _take_over(self) -> None:
        """Begin a new portion of what the fleet is taught."""
        self.context.take_over()
        self.statistics.take_over()

    def _event(self, event: Event, findings: list[Finding]) -> list[Condition]:
        """Take in what an appliance says has happened."""
        row = self.row_of(event.appliance_id)
        self.changed.add(row)
        if event.type is EventType.ERROR_CODE:
            self._error_code(row, event, findings)
        elif event.type is EventType.CYCLE_FINISHED:
            if event.ts_ms >= self.state["previous_ts"][row]:  # else samples of what came after have closed it
                units = self.cycles.close(self.state, np.array([row], np.intp), np.array([event.ts_ms]))
                return self.judgement.judge(self.state, self.ids, units, findings)
        elif event.type in (EventType.PART_REPLACED, EventType.MOVED, EventType.SETTING_CHANGED):
            findings += self.judgement.start_over(self.state, row, event.appliance_id, event.ts_ms)
        return []

    def _columns(self, block: SampleBlock) -> NDArray[np.float64]:
        """The block's values in the order of the profile's metrics; what the profile doesn't know is left out."""
        if block.metrics == self.metrics:
            return block.values
        place = {ALIASES.get(name, name): number for number, name in enumerate(block.metrics)}
        place.update({name: number for number, name in enumerate(block.metrics)})
        padded = np.concatenate([block.values, np.full((len(block), 1), np.nan)], axis=1)
        return padded[:, [place.get(name, -1) for name in self.metrics]]

    def _readings(
        self, samples: Sorted, raw: NDArray[np.float64], modes: NDArray[np.int64], findings: list[Finding]
    ) -> NDArray[np.float32]:
        """Point bank and hygiene; returns the readings that are believed."""
        state, measured = self.state, self.hygiene.measured
        rows, ts = samples.rows, samples.ts
        first = rows[samples.starts]
        clean = self.hygiene.in_range(raw)
        last, seen, last_ts = state["bank"][first, point_bank.LAST], state["seen"][first], state["last_ts"][first]
        z, sigma = (np.empty((len(rows), len(measured)), np.float32) for _ in range(2))
        readings = np.ascontiguousarray(clean[:, measured])
        for place in point_bank.passes(rows):
            z[place], sigma[place] = point_bank.update(state["bank"], state["seen"], rows[place], readings[place])
        before = np.r_[-1, modes[:-1]]
        before[samples.starts] = state["previous_mode"][first]
        is_working = (modes < 0) | self.cycles.running[modes] | (len(self.cycles.running) == 1)
        seen_before = seen.astype(np.int64)[samples.group] + np.arange(len(rows)) - samples.starts[samples.group]
        verdicts = self.hygiene.check(
            state,
            samples,
            raw[:, measured],
            readings,
            (z, sigma),
            last,
            seen_before,
            is_working,
            modes == before,
            last_ts,
        )
        clean[:, measured] = verdicts.believed
        self._data_faults(samples, verdicts, raw, findings)
        state["last_ts"][first] = ts[samples.ends]
        return clean

    def _data_faults(
        self, samples: Sorted, verdicts: Verdicts, raw: NDArray[np.float64], findings: list[Finding]
    ) -> None:
        """Raise and clear what is said of the data, where it begins and ends."""
        standing = verdicts.standing()
        standing[:, GAP] &= self.profile.unit is Unit.DAY
        first = samples.rows[samples.starts]
        if not standing.any() and not self.state["data_faults"][first].any():
            return
        before = np.concatenate([standing[:1], standing[:-1]])
        before[samples.starts] = self.state["data_faults"][first]
        self.state["data_faults"][first] = standing[samples.ends]
        for sample, fault in np.argwhere(standing != before).tolist():
            row, mode, now = int(samples.rows[sample]), self.data_modes + fault, int(samples.ts[sample])
            if not standing[sample, fault]:
                if self.episodes.stands(self.state, row, mode):
                    findings.append(self.episodes.clear(self.state, row, mode, self.ids[row], now))
            elif self.episodes.may_rise(self.state, row, mode, Channel.DATA, now):
                columns = verdicts.metrics(sample, fault)
                observed = raw[sample, self.hygiene.measured]
                evidence = tuple(self._reading_evidence(c, float(observed[c]), now, len(columns)) for c in columns[:4])
                findings.append(self.episodes.rise(self.state, row, mode, self._finding(
                    row, mode, Channel.DATA, now, severity=0.3, probability=0.9, evidence=evidence,
                )))  # fmt: skip

    def _rules(
        self, rows: NDArray[np.intp], ts: NDArray[np.int64], clean: NDArray[np.float32], findings: list[Finding]
    ) -> None:
        """Fixed limits, reading by reading, of the appliances that are or were beyond one."""
        if not self.rules.rules:
            return
        concerned = np.zeros(len(self.ids), bool)
        concerned[rows[self.rules.beyond(clean).any(axis=1)]] = True
        concerned[rows] |= self.state["beyond_last_s"][rows].any(axis=1)
        at = np.flatnonzero(concerned[rows])
        for place in point_bank.passes(rows[at]):
            here = at[place]
            fires, calm = self.rules.check(self.state, rows[here], ts[here], clean[here])
            self._rule_findings(rows[here], ts[here], fires, calm, clean[here], findings)

    def _reading_evidence(self, column: int, observed: float, now: int, among: int) -> Evidence:
        """A measured metric outside of what it can be."""
        metric = self.profile.metrics[self.metrics[int(self.hygiene.measured[column])]]
        return Evidence(metric.name, observed, metric.low, metric.high, metric.unit, now, 1 / among)

    def _rule_findings(
        self,
        rows: NDArray[np.intp],
        ts: NDArray[np.int64],
        fires: NDArray[np.bool_],
        calm: NDArray[np.bool_],
        values: NDArray[np.float32],
        findings: list[Finding],
    ) -> None:
        """Raise what a rule fires for, clear what is calm again."""
        mode_of = self.rules.mode
        by_rule = self.state["standing"][rows][:, mode_of] == 2
        for place in np.flatnonzero(fires.any(axis=1) | (by_rule & calm).any(axis=1)):
            row, now = int(rows[place]), int(ts[place])
            for number in np.flatnonzero(fires[place]):
                mode = int(mode_of[number])
                if self.episodes.may_rise(self.state, row, mode, Channel.RULE, now):
                    evidence = (self._rule_evidence(row, int(number), float(values[place, self.rules.column[number]])),)
                    findings.append(self.episodes.rise(self.state, row, mode, self._finding(
                        row, mode, Channel.RULE, now, severity=0.9, probability=RULE_PROBABILITY, evidence=evidence,
                    )))  # fmt: skip
            findings.extend(
                self.episodes.clear(self.state, row, mode, self.ids[row], now)
                for mode in np.unique(mode_of[by_rule[place] & calm[place]]).tolist()
                if calm[place, mode_of == mode].all()
            )

    def _rule_evidence(self, row: int, number: int, observed: float) -> Evidence:
        """The reading beyond its limit."""
        rule = self.rules.rules[number]
        metric = self.profile.metrics[rule.metric]
        low = metric.low if rule.below is None else rule.below
        high = metric.high if rule.above is None else rule.above
        since = int(self.state["beyond_since_s"][row, number]) * 1000
        return Evidence(rule.metric, observed, low, high, metric.unit, since, 1.0)

    def _error_code(self, row: int, event: Event, findings: list[Finding]) -> None:
        """Raise a finding for a code that speaks; clear old ones of modes whose code has not come again."""
        mode, count, speaks = self.rules.error_code(self.state, row, event.code, event.ts_ms)
        findings.extend(
            self.episodes.clear(self.state, row, other, event.appliance_id, event.ts_ms)
            for other in self.episodes.standing_by(self.state, row, Channel.ERROR_CODE)
            if other != mode and event.ts_ms // 1000 - int(self.state["code_last_s"][row, other]) > CODE_WINDOW_S
        )
        if speaks and self.episodes.may_rise(self.state, row, mode, Channel.ERROR_CODE, event.ts_ms):
            findings.append(self.episodes.rise(self.state, row, mode, self._finding(
                row, mode, Channel.ERROR_CODE, event.ts_ms, severity=min(1.0, 0.5 + 0.2 * count),
                probability=CODE_PROBABILITY, error_code=event.code,
            )))  # fmt: skip

    def _finding(
        self,
        row: int,
        mode: int,
        channel: Channel,
        now: int,
        *,
        severity: float,
        probability: float,
        evidence: tuple[Evidence, ...] = (),
        error_code: str | None = None,
    ) -> Finding:
        """A finding that needed no learning."""
        onset = min((item.since_ms for item in evidence), default=now)
        return Finding(
            self.ids[row], self.profile.kind, self.episodes.names[mode], self.episodes.components[mode], channel,
            raised_ms=now, onset_ms=onset, score=1.0, severity=severity, probability=probability,
            evidence=evidence, error_code=error_code,
        )  # fmt: skip
