"""Samples as they are admitted, to whoever watches one appliance; for pages that are open, never for keeping.

Promises: a slow watcher loses its oldest samples and harms nobody; with no watcher, a batch costs one comparison.
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

MAX_WATCHERS = 500
MAX_WAITING = 1000


class TooManyWatchers(Exception):  # noqa: N818  (a limit reached is no accident)
    """No more watchers can be served at once."""


@dataclass(frozen=True, slots=True)
class LiveSample:
    """One sample of one appliance, as it is shown."""

    appliance_id: str
    ts_ms: int
    metrics: dict[str, float]


@dataclass(eq=False)
class Watcher:
    """One open page's queue; made and used in the event loop, filled from any thread."""

    appliance_id: str
    loop: asyncio.AbstractEventLoop
    waiting: deque[LiveSample] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self) -> list[LiveSample]:
        """All that waits, at least one."""
        await self.ready.wait()
        self.ready.clear()
        taken = []
        while self.waiting:
            taken.append(self.waiting.popleft())
        return taken

    def offer(self, samples: list[LiveSample]) -> None:
        """Hand samples over, from any thread."""
        self.waiting.extend(samples)
        try:
            self.loop.call_soon_threadsafe(self.ready.set)
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
            for appliance_id, watchers in watched.items():
                samples = [_sample(block, row) for row, name in enumerate(block.appliance_ids) if name == appliance_id]
                for watcher in watchers if samples else ():
                    watcher.offer(samples)


def _sample(block: SampleBlock, row: int) -> LiveSample:
    """One row of a block."""
    values = block.values[row]
    reported = np.flatnonzero(~np.isnan(values))
    metrics = {block.metrics[column]: float(values[column]) for column in reported}
    return LiveSample(block.appliance_ids[row], int(block.ts_ms[row]), metrics)
