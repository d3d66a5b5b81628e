"""Network: the bad way from one appliance to the broker, decided from a seed, without any I/O.

A message may be lost, doubled or held back while later ones overtake it; now and then the line is down for a while,
and what was under way is gone.
"""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

import numpy as np

from simulator.outages import Outages
from simulator.specification import NetworkSpecification

HELD_MAX = 1024
Item = TypeVar("Item")


class BadNetwork(Generic[Item]):
    """One appliance's line; ``offer`` messages, take those that get through with ``due``."""

    def __init__(self, specification: NetworkSpecification, outages: Outages, *, rng: np.random.Generator) -> None:
        self.specification, self.rng = specification, rng
        self._outages = outages
        self._held: list[tuple[int, int, Item]] = []
        self._offered = 0

    def offer(self, item: Item, now_ms: int) -> None:
        """Hand over a message; at most ``HELD_MAX`` are under way, more are lost."""
        rules = self.specification
        chance = self.rng.random(3)
        if chance[0] < rules.loss or self.is_down(now_ms):
            return
        for _ in range(2 if chance[1] < rules.duplicate else 1):
            due_ms = now_ms
            if chance[2] < rules.delay:
                due_ms += round(float(rules.delay_s.draw(1, self.rng)[0]) * 1000)
            if len(self._held) < HELD_MAX:
                self._offered += 1
                heapq.heappush(self._held, (due_ms, self._offered, item))

    def due(self, now_ms: int) -> list[Item]:
        """What gets through now, in the order in which it arrives."""
        if self.is_down(now_ms):
            self._held.clear()
        through = []
        while self._held and self._held[0][0] <= now_ms:
            through.append(heapq.heappop(self._held)[2])
        return through

    @property
    def is_empty(self) -> bool:
        """Nothing is under way."""
        return not self._held

    def is_down(self, now_ms: int) -> bool:
        """Whether the line is cut."""
        return self._outages.is_down(now_ms)
