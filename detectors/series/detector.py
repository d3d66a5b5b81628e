"""The detector of kinds without a profile: each appliance's metrics as series, one standing finding at most.

An alarm means "clearly not as before, cause unknown"; when it is raised and cleared: see standing.py. Rows of one appliance
are taken together, as many as come; how a stream is cut decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from detectors.finding import UNKNOWN, Cleared, Condition, ConditionState, Evidence, Finding, FindingChannel
from detectors.layering.data_standing import gone_faults
from detectors.layering.standing import gone, stored
from detectors.reasons import Reason, ReasonCode, reason
from detectors.series.packing import pack, unpacked
from detectors.series.scorer import METRICS_MAX, Scored
from detectors.series.soundness import faults_over, look
from detectors.series.standing import STANDING_ROWS_MAX, Standing, Turn
from detectors.series.window import METRICS_MIN
from detectors.state.checkpoint import Layouts, Packed
from detectors.state.columns import Arrays
from detectors.state.layout import Layout
from ingest.plausible import impossible
from ingest.sample import Event, SampleBlock, SampleFlag

LEARN_ROWS = 400
ROWS_AT_ONCE = STANDING_ROWS_MAX
APPLIANCES_MAX = 20_000
REFUSED_MAX = 200_000
NO_ROOM = reason(ReasonCode.NO_ROOM, of=APPLIANCES_MAX)
SCORE_AT_SEVERITY_1 = 10.0
TENTHS = 10

T = TypeVar("T")
Said = tuple[list[Finding], list[Condition]]


class SeriesDetector:
    """Folds samples of a kind without features into findings and conditions."""

    def __init__(self, kind: str, *, alarms_per_year: float, learn_rows: int = LEARN_ROWS) -> None:
        self.kind = kind
        self.alarms_per_year = alarms_per_year
        self.learn_rows = learn_rows
        self.appliances: dict[str, Standing] = {}
        self.changed: set[str] = set()
        self._refused: set[str] = set()
        """Who was told that there is no room."""
        self.listen: Callable[[NDArray[np.intp], NDArray[np.float64]], None] | None = None
        """Where a backtest hears the places of rows in a fold, and their scores."""

    def fold(self, block: SampleBlock, events: Sequence[Event] = ()) -> Said:
        """Take in one block; late samples are left out, and ``events`` tell a kind without profile nothing."""
        del events
        findings: list[tuple[int, Finding]] = []
        conditions: list[tuple[int, Condition]] = []
        order = np.argsort(block.ts_ms, kind="stable")
        order = order[(block.flags[order] & SampleFlag.LATE) == 0]
        odd = impossible(block.metrics, block.values)
        by_appliance: dict[str, list[int]] = {}
        for place in order.tolist():
            by_appliance.setdefault(block.appliance_ids[place], []).append(place)
        for appliance_id, places in by_appliance.items():
            one = self.appliances.get(appliance_id)
            if one is None:
                if len(self.appliances) >= APPLIANCES_MAX:
                    conditions += self._no_room(appliance_id, block, places[-1])
                    continue
                one = self.appliances[appliance_id] = Standing(self.learn_rows)
            mine = np.array(places, np.intp)
            mine = mine[block.ts_ms[mine] >= one.last_ts]
            if len(mine):
                self.changed.add(appliance_id)
                mine, readings, said = look(one, (appliance_id, self.kind), block, mine, odd[mine])
                findings += said
                self._take(one, appliance_id, block, (mine, readings), findings, conditions)
        return _in_order(findings), _in_order(conditions)

    def happen(self, events: Sequence[Event]) -> Said:
        """Events tell a kind without profile nothing."""
        del events
        return [], []

    def _no_room(self, appliance_id: str, block: SampleBlock, place: int) -> list[tuple[int, Condition]]:
        """Say once of an appliance that it is one too many to be looked at."""
        if appliance_id in self._refused or len(self._refused) >= REFUSED_MAX:
            return []
        self._refused.add(appliance_id)
        return [
            (place, Condition(appliance_id, self.kind, ConditionState.CANNOT_SAY, NO_ROOM, int(block.ts_ms[place])))
        ]

    def _take(
        self,
        one: Standing,
        appliance_id: str,
        block: SampleBlock,
        sound: tuple[NDArray[np.intp], NDArray[np.float64]],
        findings: list[tuple[int, Finding]],
        conditions: list[tuple[int, Condition]],
    ) -> None:
        """The rows of one appliance, their places and sound readings, cut where its window is fitted anew or a metric appears."""
        scorer = one.scorer
        places, readings = sound
        while len(places):
            count = min(
                len(places),
                max(1, scorer.window.next_fit - scorer.rows_seen),
                STANDING_ROWS_MAX - one.stood_rows,
                ROWS_AT_ONCE,
            )
            count = _until_new(readings[:count], block.metrics, scorer.names)
            part, places = places[:count], places[count:]
            values, readings = readings[:count], readings[count:]
            slots = scorer.places(block.metrics, values)
            rows = np.full((count, len(scorer.names)), np.nan)
            rows[:, slots[slots >= 0]] = values[:, slots >= 0]
            before, ts = scorer.rows_seen, block.ts_ms[part]
            scored = scorer.score(ts, rows)
            turns, calm = one.turns(
                ts.tolist(), scored, rows_before=before, learn_rows=self.learn_rows,
                alarms_per_year=self.alarms_per_year,
            )  # fmt: skip
            scorer.window.learn(scored.rows, np.array(calm), scorer.rows_seen)
            if any(turn.what == "became_usual" for turn in turns):
                scorer.window.start_over(scorer.rows_seen)
            findings += [(int(part[turn.place]), self._finding(one, appliance_id, ts, scored, turn)) for turn in turns]
            said = self._conditions(one, appliance_id, ts, before, turns)
            conditions += [(int(part[place]), condition) for place, condition in said]
            if self.listen is not None:
                self.listen(part, scored.score)

    def _finding(
        self, one: Standing, appliance_id: str, ts_ms: NDArray[np.int64], scored: Scored, turn: Turn
    ) -> Finding:
        """A finding of unknown cause that is raised, or its end."""
        is_raised = turn.what == "raised"
        now, score = int(ts_ms[turn.place]), float(max(scored.worst[turn.place], scored.together[turn.place]))
        found = Finding(
            appliance_id,
            self.kind,
            UNKNOWN,
            "appliance",
            FindingChannel.EVIDENCE,
            raised_ms=now if is_raised else turn.since_ms,
            onset_ms=turn.since_ms,
            score=score,
            severity=min(1.0, score / SCORE_AT_SEVERITY_1),
            probability=0.5,
            evidence=_evidence(one.scorer.names, turn.since_ms, scored, turn.place) if is_raised else (),
        )
        return found if is_raised else replace(found, cleared_ms=now, cleared_because=Cleared.CALM)

    def _conditions(
        self, one: Standing, appliance_id: str, ts_ms: NDArray[np.int64], before: int, turns: Sequence[Turn]
    ) -> list[tuple[int, Condition]]:
        """What is said of the appliance, where it is another than before, by the row that changed it."""
        tenths = [-(-self.learn_rows * tenth // TENTHS) - before - 1 for tenth in range(TENTHS + 1)]
        at = {0, *(place for place in tenths if 0 <= place < len(ts_ms)), *(turn.place for turn in turns)}
        alert = {turn.place: turn.what == "raised" for turn in turns}
        stands = not next(iter(alert.values())) if alert else bool(one.raised_ms)
        told = []
        for place in sorted(at):
            stands = alert.get(place, stands)
            state, why = self._state(one, before + place + 1, stands=stands)
            if why.text != one.said:
                one.said = why.text
                told.append((place, Condition(appliance_id, self.kind, state, why, int(ts_ms[place]))))
        return told

    def _state(self, one: Standing, seen: int, *, stands: bool) -> tuple[ConditionState, Reason]:
        """The condition after so many rows, with its reason."""
        if stands:
            return ConditionState.ALERT, reason(ReasonCode.NOT_BEFORE)
        if seen < self.learn_rows:
            tenth = TENTHS * seen // self.learn_rows
            return ConditionState.LEARNING, reason(ReasonCode.SERIES, done=100 // TENTHS * tenth, of=self.learn_rows)
        window = one.scorer.window
        if len(one.scorer.names) >= METRICS_MIN and window.silent:
            return ConditionState.OK, reason(ReasonCode.ALONE, of=window.rows_needed)
        return ConditionState.OK, reason(ReasonCode.BEFORE)

    def touch(self, appliance_id: str) -> None:
        """Have an appliance among the next changes, where it is known."""
        if appliance_id in self.appliances:
            self.changed.add(appliance_id)

    def packed_changes(self) -> dict[str, bytes]:
        """The appliances changed since the last call, packed."""
        packed = {appliance_id: pack(self.kind, self.appliances[appliance_id]) for appliance_id in sorted(self.changed)}
        self.changed.clear()
        return packed

    def restore(self, rows: Sequence[Packed], layouts: Layouts) -> tuple[int, list[Finding]]:
        """Take over packed appliances; returns how many were refused, and the ends of findings that can't stand here.

        Of a row from when the kind had a profile, the finding ``unknown`` stands on, and its appliance learns anew.
        """
        refused, ended = 0, list[Finding]()
        for group in rows:
            layout = layouts.of(group)
            for appliance_id, body in group.bodies():
                if layout is not None and len(body) == layout.size:
                    one = Standing(self.learn_rows)
                    ended += self._from_profile(one, appliance_id, body, layout)
                    self.appliances[appliance_id] = one
                elif (read := unpacked(group, body, self.learn_rows)) is not None:
                    self.appliances[appliance_id] = read
                    if read.data_raised_ms:
                        ended += faults_over(read, (appliance_id, self.kind), is_gone=False)
                        self.changed.add(appliance_id)
                else:
                    refused += 1
        return refused, ended

    def _from_profile(self, one: Standing, appliance_id: str, body: bytes, layout: Layout) -> list[Finding]:
        """Let ``unknown`` stand on; the ends of all else that stood."""
        records = np.frombuffer(body, np.uint8)[None]
        for _, mode, channel, raised_ms in stored(layout, records):
            if mode == UNKNOWN and channel is FindingChannel.EVIDENCE:
                one.raised_ms = raised_ms
        self.changed.add(appliance_id)
        about = [appliance_id], self.kind, layout, records, np.zeros(1, np.int64)
        return [*gone(*about, {UNKNOWN}), *gone_faults(*about, ())]

    def shared(self) -> Arrays:
        """Nothing is shared between appliances of which nothing is known."""
        return {}

    def restore_shared(self, arrays: Mapping[str, NDArray[Any]], layout: Layout) -> None:
        """Nothing to take over."""


def _until_new(values: NDArray[np.float64], metrics: Sequence[str], known: Sequence[str]) -> int:
    """How many rows may be taken together: up to where a metric appears after the first row."""
    if len(known) >= METRICS_MAX or not set(metrics) - set(known):
        return len(values)
    given = ~np.isnan(values)
    fresh = [
        given[:, column].argmax() for column, name in enumerate(metrics) if name not in known and given[:, column].any()
    ]
    return min([int(row) for row in fresh if row > 0], default=len(values))


def _evidence(names: Sequence[str], since_ms: int, scored: Scored, place: int) -> tuple[Evidence, ...]:
    """The metrics that surprise most, against their recent band."""
    surprise = scored.fused[:, place]
    total = float(surprise.sum())
    worst = [metric for metric in np.argsort(-surprise, kind="stable")[:3].tolist() if surprise[metric] > 0]
    return tuple(
        Evidence(
            names[metric],
            float(scored.rows[place, metric]),
            float(scored.mean[metric, place] - scored.width[metric, place]),
            float(scored.mean[metric, place] + scored.width[metric, place]),
            "",
            since_ms,
            float(surprise[metric]) / total,
        )
        for metric in worst
    )


def _in_order(told: list[tuple[int, T]]) -> list[T]:
    """What was said, in the order of the rows that it was said of."""
    return [one for _, one in sorted(told, key=lambda item: item[0])]
