"""Outages: when the line of one appliance is down. Short breaks, long absences, and storms that take many at once.

Each kind of outage is an endless stream of (begin, end), drawn from its own generator, so that the same seed gives the
same outages whenever they are asked for. Where outages touch each other they are one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from simulator.distribution import Distribution
from simulator.specification import NetworkSpecification
from simulator.weather import DAY_MS

YEAR_DAYS = 365.25
NEVER_MS = 2**62
Outage = tuple[int, int]
"""From when to when (not included), ms."""


class Outages:
    """The union of some streams of outages, asked in the order of time."""

    def __init__(self, streams: Iterable[Iterator[Outage]]) -> None:
        self._coming = heapq.merge(*streams)
        self._pending = next(self._coming, None)
        self._begin_ms, self._end_ms = self._next()

    def is_down(self, now_ms: int) -> bool:
        """Whether the line is cut; ``now_ms`` never goes back."""
        while now_ms >= self._end_ms:
            self._begin_ms, self._end_ms = self._next()
        return now_ms >= self._begin_ms

    def _next(self) -> Outage:
        if self._pending is None:
            return NEVER_MS, NEVER_MS
        begin, end = self._pending
        while (following := next(self._coming, None)) is not None and following[0] <= end:
            end = max(end, following[1])
        self._pending = following
        return begin, end


def draw_outages(rules: NetworkSpecification, *, start_ms: int, seed: int, appliance: int) -> Outages:
    """The outages of one appliance of a fleet from ``start_ms`` on."""
    rng = np.random.default_rng([seed, 3, appliance])
    streams = [breaks(rules.disconnects_per_day, _length_ms(rules.disconnect_s, 1.0, rng), start_ms=start_ms, rng=rng)]
    if rules.absences_per_year:
        own = np.random.default_rng([seed, 4, appliance])
        length_ms = _length_ms(rules.absence_days, 86_400.0, own)
        streams.append(breaks(rules.absences_per_year / YEAR_DAYS, length_ms, start_ms=start_ms, rng=own))
    if rules.storms_per_year:
        streams.append(
            storms(
                rules.storms_per_year / YEAR_DAYS, rules.storm_share, rules.storm_s, start_ms=start_ms,
                common=np.random.default_rng([seed, 5]), own=np.random.default_rng([seed, 6, appliance]),
            )
        )  # fmt: skip
    return Outages(streams)


def _length_ms(length: Distribution, unit_s: float, rng: np.random.Generator) -> Callable[[], int]:
    return lambda: round(float(length.draw(1, rng)[0]) * unit_s * 1000)


def breaks(
    rate_per_day: float, length_ms: Callable[[], int], *, start_ms: int, rng: np.random.Generator
) -> Iterator[Outage]:
    """Outages at random, ``rate_per_day`` of them on average; none at a rate of 0."""
    after_ms = start_ms
    while rate_per_day > 0:
        begin = after_ms + round(float(rng.exponential(DAY_MS / rate_per_day)))
        after_ms = begin + max(length_ms(), 1)
        yield begin, after_ms


def storms(
    rate_per_day: float,
    share: Distribution,
    length_s: Distribution,
    *,
    start_ms: int,
    common: np.random.Generator,
    own: np.random.Generator,
) -> Iterator[Outage]:
    """Outages that take a drawn share of all appliances at the same moment, and let all of them back at the same moment.

    ``common`` must be made from the same seed for every appliance, ``own`` from one of its own.
    """
    for outage in breaks(rate_per_day, _length_ms(length_s, 1.0, common), start_ms=start_ms, rng=common):
        if own.random() < float(share.draw(1, common)[0]):
            yield outage
