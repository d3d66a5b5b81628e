"""Samples as they are admitted, to whoever watches one appliance; for pages that are open, never for keeping.

Promises: each sample has a number of its watcher's own, so that a missing one is seen; a watcher that does not keep up is told
so and dropped, and harms nobody; with no watcher, a batch costs one comparison. At most :data:`MAX_WATCHERS` times
:data:`MAX_WAITING` samples are held.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ingest.sample import AdmittedBatch, SampleBlock

MAX_WATCHERS = 1000
MAX_WAITING = 1000


class TooManyWatchers(Exception):  # noqa: N818  (a limit reached is no accident)
    """No more watchers can be served at once."""


@dataclass(frozen=True, slots=True)
class LiveSample:
    """One sample of one appliance, as it is shown; ``seq`` counts those of its watcher from 0."""

    seq: int
    appliance_id: str
    ts_ms: int
    metrics: dict[str, float]


@dataclass(eq=False)
class Watcher:
    """One open page's queue; made and used in the event loop, filled from any thread."""

    appliance_id: str
    loop: asyncio.AbstractEventLoop
    waiting: deque[LiveSample] = field(default_factory=deque)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    too_slow: asyncio.Event = field(default_factory=asyncio.Event)
    """More has come than it has taken: it gets nothing any more and is to be dropped."""
    _next_seq: int = 0
    _is_dropped: bool = False

    async def take(self) -> list[LiveSample]:
        """All that waits, at least one."""
        await self.ready.wait()
        self.ready.clear()
        taken = []
        while self.waiting:
            taken.append(self.waiting.popleft())
        return taken

    def offer(self, samples: list[tuple[int, dict[str, float]]]) -> None:
        """Hand samples (ts_ms, metrics) over, from any thread, one thread at a time."""
        if self._is_dropped:
            return
        if len(self.waiting) + len(samples) > MAX_WAITING:
            self._is_dropped = True
            self.waiting.clear()
            self._tell(self.too_slow)
            return
        for ts_ms, metrics in samples:
            self.waiting.append(LiveSample(self._next_seq, self.appliance_id, ts_ms, metrics))
            self._next_seq += 1
        self._tell(self.ready)

    def _tell(self, word: asyncio.Event) -> None:
        try:
            self.loop.call_soon_threadsafe(word.set)
        except RuntimeError:
            return  # the loop has ended, and with it the page


class LiveSamples:
    """Hands admitted samples to the watchers of their appliance."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watcher]] = {}
        self._lock = threading.Lock()

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches anything."""
        return bool(self._watchers)

    def watch(self, appliance_id: str) -> Watcher:
        """Begin to watch one appliance; must be called in the event loop."""
        watcher = Watcher(appliance_id, asyncio.get_running_loop())
        with self._lock:
            if sum(map(len, self._watchers.values())) >= MAX_WATCHERS:
                raise TooManyWatchers(f"{MAX_WATCHERS} live views are open; close one.")
            self._watchers.setdefault(appliance_id, []).append(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Stop watching."""
        with self._lock:
            others = self._watchers.get(watcher.appliance_id, [])
            if watcher in others:
                others.remove(watcher)
            if not others:
                self._watchers.pop(watcher.appliance_id, None)

    def show(self, batch: AdmittedBatch) -> None:
        """Hand a batch's samples to whom they concern; from any thread."""
        if not self._watchers:
            return
        with self._lock:
            watched = {appliance_id: list(watchers) for appliance_id, watchers in self._watchers.items()}
        for block in batch.blocks:
            samples: dict[str, list[tuple[int, dict[str, float]]]] = {}
            for row, appliance_id in enumerate(block.appliance_ids):
                if appliance_id in watched:
                    samples.setdefault(appliance_id, []).append(_sample(block, row))
            for appliance_id, told in samples.items():
                for watcher in watched[appliance_id]:
                    watcher.offer(told)


def _sample(block: SampleBlock, row: int) -> tuple[int, dict[str, float]]:
    """One row of a block: when, and what was reported."""
    values = block.values[row]
    reported = np.flatnonzero(~np.isnan(values))
    return int(block.ts_ms[row]), {block.metrics[column]: float(values[column]) for column in reported}
