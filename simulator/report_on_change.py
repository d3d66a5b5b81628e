"""Report on change: which readings of a running programme a device tells; the others would say nothing new.

A reading is told when a measured metric has left the band it was in, four times as wide as its sensor's noise, when
the phase begins or ends, and when nothing was told for ``silence_s``. Counters and settings travel along. The bands lie on
a fixed grid, u = ln(1 + r v/σ)/r for noise of σ + r v, so that all readings are judged at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.physics.kind import Sensor
from simulator.physics.programme import Rows

BAND = 4.0
NOT_TOLD = -np.inf


def worth_telling(rows: Rows, metrics: Mapping[str, Sensor], *, silence_s: float) -> NDArray[np.bool_]:
    """Which rows are told; ``rows`` hold the truth, each cycle in time order."""
    told = np.ones(len(rows.cycle), np.bool_)
    if len(told) < 2:
        return told
    same_cycle = rows.cycle[1:] == rows.cycle[:-1]
    begins = np.concatenate([[0], np.nonzero(~same_cycle)[0] + 1])
    lengths = np.diff(np.concatenate([begins, [len(told)]]))
    into_ms = rows.ts_ms - np.repeat(rows.ts_ms[begins], lengths)
    beat = into_ms // max(round(silence_s * 1000), 1)
    changed = ~same_cycle | (rows.mode[1:] != rows.mode[:-1]) | (beat[1:] != beat[:-1])
    told[1:] = changed
    told[:-1] |= ~same_cycle | (rows.mode[1:] != rows.mode[:-1])
    told[-1] = True
    band = _bands(rows.values, metrics)
    told[1:] |= (band[1:] != band[:-1]).any(axis=1)
    return told


def _bands(values: NDArray[np.float64], metrics: Mapping[str, Sensor]) -> NDArray[np.float64]:
    """In which band each noisy metric is, (rows, noisy metrics); nothing told is a band of its own."""
    noisy = [(place, one) for place, one in enumerate(metrics.values()) if one.sd or one.relative_sd]
    spread = np.array([max(one.sd, 0.5 * 10.0**-one.decimals) for _, one in noisy])
    relative = np.array([one.relative_sd for _, one in noisy])
    scaled = values[:, [place for place, _ in noisy]] / spread
    curved = relative > 0
    bent = scaled[:, curved]
    scaled[:, curved] = np.copysign(np.log1p(relative[curved] * np.abs(bent)) / relative[curved], bent)
    band = np.floor(scaled / BAND)
    band[np.isnan(band)] = NOT_TOLD
    return np.asarray(band)
