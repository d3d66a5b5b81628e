"""The loop of the cursor ``desk``: what appliances say of themselves, into the directory and the sessions.

Results go to their commands, statuses and last-seen times to the directory, what happened to an appliance into its
history. Batches are folded in memory (one entry per appliance, whatever the rate) and written together with the cursor
in one transaction: at once where a result waits, else every few seconds. What people wait for, a new appliance or a
status, is written ahead within half a second. After a crash the loop reads on from the cursor, so what was folded and
not written, or written ahead, is folded again and comes to the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import case, delete, func, insert, select, update

from alerts.appliances.directory import ensure_appliance
from alerts.appliances.searching import FOUND_BY, note_search
from alerts.appliances.tables import appliance_history, appliances
from alerts.cursors.checkpoint import move_cursor, read_cursor
from alerts.database import Transaction, UnitOfWork, upsert
from alerts.remote.answers import (
    HEARD,
    NewestReading,
    hear,
    hear_offline,
    is_running,
    take_answer,
    take_readings,
    watched_appliances,
)
from alerts.remote.effects import SeenSample, take_samples
from alerts.remote.policy import SessionLimits
from ingest.liveness import LastStatus, last_status, newer, next_interval_s
from ingest.profiles.definition import Profile
from ingest.sample import (
    TEST_MODE,
    AdmittedBatch,
    Event,
    EventType,
    Result,
    SampleBlock,
    SampleFlag,
    Status,
    StatusState,
)

CURSOR = "desk"
BATCHES_PER_TICK = 64
FOLDED_MAX = 20_000
"""Batches folded at most before they are written, however quick."""
EVENTS_MAX = 10_000
"""Events held at most before they are written."""
EVENTS_KEPT = 2_000
"""Events that an appliance's history holds; the oldest go first."""
DATA_TEXT_MAX = 200
SAMPLES_MAX = 5_000
"""Samples of appliances in sessions that are looked at together for what a command did."""

KEPT_EVENTS = frozenset(EventType) - {EventType.CYCLE_STARTED, EventType.CYCLE_FINISHED}


class Feed(Protocol):
    """Gives what admission let through, in order; :class:`ingest.feed.feed.AdmittedFeed` is one."""

    def next(self, after: int) -> AdmittedBatch | None:
        """The first batch behind this position, ``None`` when caught up."""
        ...


@dataclass(slots=True)
class _Seen:
    """What was folded of one appliance since the last write."""

    kind: str
    last_ms: int
    status: LastStatus | None = None
    is_cleared: bool = False
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Pace:
    """How often one appliance speaks, smoothed; kept for as long as the process lives."""

    last_ms: int
    interval_s: float | None = None
    is_told: bool = False
    """Whether the appliance announced its interval; then nothing is measured."""


@dataclass(slots=True)
class Inbox:
    """Reads the feed from the cursor ``desk`` on; :meth:`tick` is one step."""

    unit: UnitOfWork
    feed: Feed
    limits: SessionLimits = field(default_factory=SessionLimits)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    write_every_s: float = 5.0
    news_every_s: float = 0.5
    _position: int | None = None
    _folded: int = 0
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _pace: dict[str, _Pace] = field(default_factory=dict)
    _news: set[str] = field(default_factory=set)
    _events: list[Event] = field(default_factory=list)
    _results: list[Result] = field(default_factory=list)
    _watched: frozenset[str] = frozenset()
    _readings: dict[str, NewestReading] = field(default_factory=dict)
    _samples: list[SeenSample] = field(default_factory=list)
    _gone: set[str] = field(default_factory=set)
    _is_urgent: bool = False
    """Whether somebody waits for what was folded: a result, or a word of the customer at the appliance."""
    _written_at_s: float = field(default_factory=time.monotonic)
    _told_at_s: float = field(default_factory=time.monotonic)

    @property
    def is_watching(self) -> bool:
        """Whether somebody works with an appliance, and waits for its answers."""
        return bool(self._watched)

    def tick(self) -> int:
        """Read some batches, write if it is time; returns how many batches were read."""
        if self._position is None:
            self._position = self.unit.look(self._start)
        self._watched = self.unit.look(watched_appliances)
        count = 0
        while count < BATCHES_PER_TICK and (batch := self.feed.next(self._position)) is not None:
            self._fold(batch)
            self._position = batch.position
            count += 1
            if self._is_urgent or len(self._events) >= EVENTS_MAX:
                break
        now_s = time.monotonic()
        is_time = now_s - self._written_at_s >= self.write_every_s
        is_full = self._folded >= FOLDED_MAX or len(self._events) >= EVENTS_MAX
        if self._is_urgent or is_full or (self._folded and is_time):
            self.write()
        elif self._news and now_s - self._told_at_s >= self.news_every_s:
            self._write_news()
        return count

    def _start(self, t: Transaction) -> int:
        """Where to read on, with the usual intervals that are known from before."""
        known = select(appliances.c.id, appliances.c.interval_s).where(appliances.c.interval_s.is_not(None))
        self._pace = {row.id: _Pace(-1, row.interval_s) for row in t.connection.execute(known)}
        return read_cursor(t, CURSOR)

    def write(self) -> None:
        """Write what was folded, and the cursor with it."""
        position = self._position
        if position is None:
            return

        def work(t: Transaction) -> None:
            if not move_cursor(t, CURSOR, position):
                return
            _write_seen(t, self._seen, self._pace)
            _write_events(t, self._events)
            for event in self._events:
                if event.type in HEARD:
                    hear(t, event, self.limits, self.profiles)
            for result in self._results:
                take_answer(t, result, self.limits, self.profiles)
            self._write_readings(t)

        self.unit.write(work)
        self._folded = 0
        self._seen.clear()
        self._events.clear()
        self._results.clear()
        self._readings.clear()
        self._samples.clear()
        self._gone.clear()
        self._is_urgent = False
        self._news.clear()
        self._written_at_s = self._told_at_s = time.monotonic()

    def _write_news(self) -> None:
        """Write ahead, without the cursor, what was folded of appliances that are new or said how they are."""
        seen = {appliance_id: self._seen[appliance_id] for appliance_id in self._news if appliance_id in self._seen}

        def work(t: Transaction) -> None:
            _write_seen(t, seen, self._pace)
            self._write_readings(t)

        self.unit.write(work)
        self._news.clear()
        self._readings.clear()
        self._samples.clear()
        self._gone.clear()
        self._told_at_s = time.monotonic()

    def _write_readings(self, t: Transaction) -> None:
        """What sessions need to know of their appliances."""
        take_samples(t, self._samples, self.profiles)
        take_readings(t, self._readings, self.limits, self.profiles)
        if self._gone:
            for appliance_id in self._gone & watched_appliances(t):
                hear_offline(t, appliance_id)

    def _fold(self, batch: AdmittedBatch) -> None:
        self._folded += 1
        for block in batch.blocks:
            self._fold_block(block)
        for status in batch.statuses:
            self._fold_status(status)
        for event in batch.events:
            if event.type in KEPT_EVENTS:
                self._events.append(event)
                self._is_urgent |= event.type in HEARD
            self._see(event.appliance_id, event.kind, event.received_ms)
        self._results.extend(batch.results)
        self._is_urgent |= bool(batch.results)

    def _fold_block(self, block: SampleBlock) -> None:
        newest: dict[str, int] = {}
        counts: dict[str, int] = {}
        for appliance_id, ts_ms, flags in zip(
            block.appliance_ids, block.ts_ms.tolist(), block.flags.tolist(), strict=True
        ):
            if flags & SampleFlag.RETAINED:  # a state that the broker repeats: no sign of life
                self._see(appliance_id, block.kind, -1)
                self._news.add(appliance_id)
                continue
            counts[appliance_id] = counts.get(appliance_id, 0) + 1
            if newest.get(appliance_id, -1) < ts_ms:
                newest[appliance_id] = ts_ms
        if not self._watched.isdisjoint(newest):
            self._note_readings(block, newest)
        for appliance_id, last_ms in newest.items():
            self._see(appliance_id, block.kind, block.received_ms)
            self._measure_pace(appliance_id, last_ms, counts[appliance_id])

    def _note_readings(self, block: SampleBlock, newest: Mapping[str, int]) -> None:
        profile = self.profiles.get(block.kind)
        for row, (appliance_id, ts_ms) in enumerate(zip(block.appliance_ids, block.ts_ms.tolist(), strict=True)):
            if appliance_id not in self._watched:
                continue
            told = zip(block.metrics, block.values[row].tolist(), strict=True)
            metrics = {name: value for name, value in told if not math.isnan(value)}
            mode, cycle = block.modes[row], block.cycles[row]
            if len(self._samples) < SAMPLES_MAX:
                self._samples.append(SeenSample(appliance_id, ts_ms, cycle, metrics))
            self._news.add(appliance_id)
            if mode == TEST_MODE or newest.get(appliance_id) != ts_ms:
                continue
            self._readings[appliance_id] = NewestReading(
                appliance_id=appliance_id,
                heard_ms=block.received_ms,
                mode=mode,
                is_running=is_running(profile, mode, cycle=cycle),
                metrics=metrics,
                boot=None if block.boots is None else block.boots[row],
                lag_ms=block.received_ms - ts_ms,
            )

    def _measure_pace(self, appliance_id: str, last_ms: int, count: int) -> None:
        pace = self._pace.get(appliance_id)
        if pace is None:
            self._pace[appliance_id] = _Pace(last_ms)
            self._news.add(appliance_id)
        elif last_ms > pace.last_ms and not pace.is_told:
            if pace.last_ms >= 0:
                pace.interval_s = next_interval_s(pace.interval_s, (last_ms - pace.last_ms) / 1000 / count)
            pace.last_ms = last_ms

    def _see(self, appliance_id: str, kind: str, ts_ms: int) -> _Seen:
        seen = self._seen.get(appliance_id)
        if seen is None:
            seen = self._seen[appliance_id] = _Seen(kind, ts_ms)
        elif ts_ms > seen.last_ms:
            seen.last_ms = ts_ms
        return seen

    def _fold_status(self, status: Status) -> None:
        seen = self._see(status.appliance_id, status.kind, -1)
        self._news.add(status.appliance_id)
        if status.state is None:
            seen.status, seen.is_cleared = None, True
            return
        seen.status = newer(seen.status, last_status(status))
        if status.state is StatusState.OFFLINE and not status.is_retained and not status.is_followed:
            self._gone.add(status.appliance_id)
        else:
            self._gone.discard(status.appliance_id)
        told = {
            "model": status.model,
            "serial": status.serial,
            "firmware": status.firmware,
            "region": status.region,
            "home": status.home,
            "batch": status.batch,
            "capabilities": list(status.capabilities) or None,
            "interval_s": status.interval_s,
        }
        seen.told |= {name: value for name, value in told.items() if value is not None}
        if status.interval_s is not None:
            pace = self._pace.setdefault(status.appliance_id, _Pace(-1))
            pace.interval_s, pace.is_told = status.interval_s, True


_ATTRIBUTES = ("model", "serial", "firmware", "region", "home", "batch", "capabilities", "interval_s")


def _write_seen(t: Transaction, seen: Mapping[str, _Seen], pace: Mapping[str, _Pace]) -> None:
    if not seen:
        return
    statement = upsert(t.connection, appliances)
    new, old = statement.excluded, appliances.c
    is_newer = (new.status_ms.is_not(None)) & (new.status_ms >= func.coalesce(old.status_ms, 0))
    columns: dict[str, Any] = {name: func.coalesce(new[name], old[name]) for name in _ATTRIBUTES}
    for name in ("status", "status_ms", "status_until_ms"):
        columns[name] = case((is_newer, new[name]), else_=old[name])
    columns["last_seen_ms"] = case(
        (func.coalesce(new.last_seen_ms, 0) > func.coalesce(old.last_seen_ms, 0), new.last_seen_ms),
        else_=old.last_seen_ms,
    )
    rows = [_row(t, appliance_id, entry, pace.get(appliance_id)) for appliance_id, entry in seen.items()]
    gone = [appliance_id for appliance_id, entry in seen.items() if entry.is_cleared]
    if gone:
        t.connection.execute(
            update(appliances)
            .where(appliances.c.id.in_(gone))
            .values(status=None, status_ms=None, status_until_ms=None),
        )
    t.connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=columns), rows)
    said = [appliance_id for appliance_id, entry in seen.items() if entry.told.keys() & FOUND_BY]
    if said:
        note_search(t, said)


def _row(t: Transaction, appliance_id: str, entry: _Seen, pace: _Pace | None) -> dict[str, Any]:
    status = entry.status
    row: dict[str, Any] = dict.fromkeys(_ATTRIBUTES)
    row |= {
        "id": appliance_id,
        "kind": entry.kind,
        "registered_ms": t.now_ms,
        "last_seen_ms": entry.last_ms if entry.last_ms >= 0 else None,
        "status": status.state.value if status and status.state else None,
        "status_ms": status.heard_ms if status else None,
        "status_until_ms": status.until_ms if status else None,
        "interval_s": pace.interval_s if pace else None,
    }
    return row | entry.told


def _write_events(t: Transaction, events: list[Event]) -> None:
    for event in events:
        ensure_appliance(t, event.appliance_id, event.kind)
        if event.type is EventType.FIRMWARE_UPDATED and isinstance(event.data.get("to"), str):
            t.connection.execute(
                update(appliances)
                .where(appliances.c.id == event.appliance_id)
                .values(firmware=str(event.data["to"])[:DATA_TEXT_MAX]),
            )
    if events:
        t.connection.execute(
            insert(appliance_history),
            [
                {
                    "appliance_id": event.appliance_id,
                    "at_ms": event.ts_ms,
                    "type": event.type.value,
                    "code": event.code,
                    "data": dict(event.data),
                }
                for event in events
            ],
        )
        for appliance_id in {event.appliance_id for event in events}:
            _forget_old(t, appliance_id)


def _forget_old(t: Transaction, appliance_id: str) -> None:
    mine = appliance_history.c.appliance_id == appliance_id
    newest = select(appliance_history.c.n).where(mine).order_by(appliance_history.c.n.desc())
    last_kept = t.connection.execute(newest.offset(EVENTS_KEPT - 1).limit(1)).scalar_one_or_none()
    if last_kept is not None:
        t.connection.execute(delete(appliance_history).where(mine, appliance_history.c.n < last_kept))
