"""L1, rules: fixed limits that hold for a while. No learning, at once.

A limit fires once its metric has been beyond it in every reading for ``for_s`` seconds; one reading within starts the time
anew. What a rule said is over after a day without a reading beyond.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import Evidence, FindingChannel
from detectors.layering.grouping import passes
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece, Samples
from detectors.state.columns import Axis, Column

CALM_S = 86_400
RULE_PROBABILITY = 0.8
RULE_SEVERITY = 0.9

Bools = NDArray[np.bool_]


class Rules(Layer):
    """The fixed limits of one kind's profile."""

    name: ClassVar[str] = "rules"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        metrics = list(setting.profile.metrics)
        self.rules = setting.profile.rules
        self.column = np.array([metrics.index(rule.metric) for rule in self.rules], np.intp)
        self.above = np.array([np.inf if rule.above is None else rule.above for rule in self.rules])
        self.below = np.array([-np.inf if rule.below is None else rule.below for rule in self.rules])
        self.for_s = np.array([rule.for_s for rule in self.rules])
        self.mode = np.array([setting.standing.number[rule.fault_mode] for rule in self.rules], np.intp)

    def columns(self) -> tuple[Column, ...]:
        """By rule: since when its metric has been beyond, and when it was last; seconds since 1970, 0 for never."""
        labels = [f"{r.fault_mode}: {r.metric} above {r.above} below {r.below} for {r.for_s:g} s" for r in self.rules]
        axes = (Axis("rule", tuple(f"{label} ({labels[:n].count(label)})" for n, label in enumerate(labels))),)
        return (
            Column("beyond_since_s", "u4", axes, is_seldom=True),
            Column("beyond_last_s", "u4", axes, is_seldom=True),
        )

    def take(self, piece: Piece) -> None:
        """Look at the appliances that are or were beyond a limit, reading by reading."""
        samples = piece.samples
        if samples is None or not self.rules:
            return
        rows = samples.rows
        concerned = np.zeros(len(self.setting.ids), bool)
        concerned[rows[self.beyond(samples.readings).any(axis=1)]] = True
        concerned[rows] |= self.seldom.read("beyond_last_s", rows).any(axis=1)
        at = np.flatnonzero(concerned[rows])
        for place in passes(rows[at]):
            here = at[place]
            fires, calm = self.check(rows[here], samples.ts[here], samples.readings[here])
            self._raise(piece, samples, here, fires, calm)

    def beyond(self, readings: NDArray[np.float32]) -> Bools:
        """Which of B readings (B, M), each in its metric's unit, are beyond which rule's limit: (B, rules)."""
        read = readings[:, self.column]
        outside: Bools = (read > self.above) | (read < self.below)
        return outside

    def check(
        self, rows: NDArray[np.intp], ts_ms: NDArray[np.int64], readings: NDArray[np.float32]
    ) -> tuple[Bools, Bools]:
        """One sample of each of B ``rows``: which rules fire, and which are calm for long: (B, rules).

        ``ts_ms`` (B,) is in ms, ``readings`` (B, M) each in its metric's unit.
        """
        read = readings[:, self.column]
        beyond = self.beyond(readings)
        within = ~beyond & ~np.isnan(read)
        own, place = self.seldom.own, self.seldom.held(rows)
        since, last = own["beyond_since_s"][place], own["beyond_last_s"][place]
        now_s = (ts_ms // 1000)[:, None]
        last = np.where(beyond, now_s, last)
        own["beyond_last_s"][place] = last
        calm = within & (now_s - last >= CALM_S)
        since = np.where(within, 0, np.where(beyond & (since == 0), now_s, since)).astype(np.uint32)
        own["beyond_since_s"][place] = since
        fires = beyond & (now_s - since.astype(np.int64) >= self.for_s)
        return fires, calm

    def _raise(self, piece: Piece, samples: Samples, here: NDArray[np.intp], fires: Bools, calm: Bools) -> None:
        """Raise what a rule fires for, clear what is calm again."""
        rows, ts, standing = samples.rows[here], samples.ts[here], self.setting.standing
        by_rule = standing.are_by(rows, FindingChannel.RULE)[:, self.mode]
        for place in np.flatnonzero(fires.any(axis=1) | (by_rule & calm).any(axis=1)):
            row, now = int(rows[place]), int(ts[place])
            for number in np.flatnonzero(fires[place]).tolist():
                mode = int(self.mode[number])
                if standing.may_rise(row, mode, FindingChannel.RULE, now):
                    observed = float(samples.readings[here[place], self.column[number]])
                    piece.findings.append(standing.simple(
                        row, mode, FindingChannel.RULE, now, severity=RULE_SEVERITY, probability=RULE_PROBABILITY,
                        evidence=(self._evidence(row, number, observed),),
                    ))  # fmt: skip
            piece.findings.extend(
                standing.clear(row, mode, now)
                for mode in np.unique(self.mode[by_rule[place] & calm[place]]).tolist()
                if calm[place, self.mode == mode].all()
            )

    def _evidence(self, row: int, number: int, observed: float) -> Evidence:
        """The reading beyond its limit."""
        rule = self.rules[number]
        metric = self.setting.profile.metrics[rule.metric]
        low = metric.low if rule.below is None else rule.below
        high = metric.high if rule.above is None else rule.above
        since = int(self.seldom.own["beyond_since_s"][self.seldom.one(row), number]) * 1000
        return Evidence(rule.metric, observed, low, high, metric.unit, since, 1.0)
