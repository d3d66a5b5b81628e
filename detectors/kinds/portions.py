"""Portions: when what the units of the fleet have taught is taken over for the units that follow.

Units of many appliances are judged at once, so what they teach each other can't be taken over unit by unit. It is taken
over in portions whose ends the units decide, in the order in which they were closed, and never a batch: before the first
unit that is closed on a later UTC day than any before it, and before a unit at which as many wait as were taken over so
far (at least :data:`PORTION_MIN`), so that a history sent by one appliance after another teaches, too.

Within a portion the order of the appliances changes nothing: what they teach is a sum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DAY_MS = 86_400_000
PORTION_MIN = 16
NEWEST_DAY, WAITING, TAKEN = range(3)


class Portions:
    """The counters of one appliance kind, part of its shared state."""

    def __init__(self) -> None:
        self.counts = np.zeros(3, np.int64)

    def first(self, closed_ms: NDArray[np.int64]) -> NDArray[np.intp]:
        """Note units in the order in which they were closed: the places of those with which a portion begins.

        ``closed_ms`` (N,) are times in ms.

        >>> Portions().first(np.array([5, 6, 6, 5, 7]) * DAY_MS).tolist()
        [0, 1, 4]
        """
        newest, waiting, taken = self.counts.tolist()
        found = []
        for place, day in enumerate((closed_ms // DAY_MS).tolist()):
            if day > newest or waiting >= max(PORTION_MIN, taken):
                found.append(place)
                taken, waiting = taken + waiting, 0
            newest, waiting = max(newest, day), waiting + 1
        self.counts[:] = newest, waiting, taken
        return np.array(found, np.intp)
