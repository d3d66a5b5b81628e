"""Cuts: after an event that may have changed what is usual, which features did move, and how far.

New firmware reads a sensor half a kelvin higher, a setting or a new home changes how long a compressor runs. Nobody says
which features are concerned, so the rows decide. Evidence waits while the newest :data:`HIDDEN_ROWS` come in; then their
median deviation is held against where the appliance stood before. A median of so few rows is rough, and the fleet knows
better what such an event does: with m and t² the mean and variance of what others moved by, and s² that of the median::

    moved = (d t² + m s²) / (t² + s²)          or d itself, where |d - m| is more than 2.5 standard deviations

So what no update touches stays as it was, and what each update shifts is put right with the first rows. The fleet may know
only later: until :data:`SETTLING_ROWS` rows are in, each :data:`AGAIN_ROWS` the appliance is put right once more. A fault that
stood before the event stands after it. After a repair it is the usual value that is expected, not what stood before.

Only evidence waits. Rules, error codes and what finds faults of the data go on.

Reference: Gelman and Hill 2007, Data Analysis Using Regression and Multilevel/Hierarchical Models, part 2A, for the fleet's
share in what one appliance shows.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from ingest.profiles.definition import Unit
from ingest.sample import EventType

CUTS = (EventType.PART_REPLACED, EventType.MOVED, EventType.SETTING_CHANGED, EventType.FIRMWARE_UPDATED)
HIDDEN_ROWS = {Unit.DAY: 7, Unit.CYCLE: 5, Unit.NONE: 0}
AGAIN_ROWS = 3
SETTLING_ROWS = {unit: rows + 6 * AGAIN_ROWS for unit, rows in HIDDEN_ROWS.items()}
FAR_SIGMA = 2.5
STOOD_SIGMA = 1.5
"""An appliance that stood nearer to what is usual is taken for usual before the event."""
MEDIAN_VARIANCE = 0.5
"""Of the median of so few rows, each a little like the one before, in squared standard deviations of one row."""
PRIOR_EVENTS = 3.0
PRIOR_VARIANCE = 0.2
KNOWN_EVENTS = 3.0
SETTLED_WEIGHT = 8.0
"""So many rows a moved value counts for: it is known that well, and goes on to settle."""
MOVED_SIGMA = 0.3
"""Less is left as it is."""
TOLD_SIGMA = 6.0
"""No single appliance tells the fleet of more."""
READ_MIN = 3
COUNT, SUM, SQUARES = range(3)

Floats = NDArray[np.float64]


def level(deviations: Floats) -> Floats:
    """Where an appliance stands by its last rows (n, F), in standard deviations: (F,), NaN where too few were read.

    >>> level(np.array([[0.0, 1.0], [9.0, np.nan], [1.0, np.nan]])).tolist()
    [1.0, nan]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of features that were never read
        middle: Floats = np.nanmedian(deviations, axis=0)
    return np.where((~np.isnan(deviations)).sum(axis=0) >= READ_MIN, middle, np.nan)


def before(deviations: Floats) -> Floats:
    """The same of the rows (n, F) before an event, in standard deviations: (F,), 0 where the appliance was as usual."""
    stood = np.nan_to_num(level(deviations))
    return np.where(np.abs(stood) < STOOD_SIGMA, 0.0, stood)


def shift(deviations: Floats, stood: Floats) -> Floats:
    """How far each feature has moved, in standard deviations (F,), NaN where too few rows tell.

    ``deviations`` (n, F) are those of the rows since the event, ``stood`` (F,) what it showed before.
    """
    moved: Floats = level(deviations) - stood
    return moved


def believed(moved: Floats, others: Floats, *, is_first: bool) -> Floats:
    """How far each feature's usual value is moved (F,), by what it shows and what the same event did to others.

    ``others`` (F, 3): how many moved, the sum and the sum of squares of how far, in standard deviations.

    >>> told = np.array([[9, 0.0, 4.5], [9, 18.0, 40.5], [0, 0, 0], [0, 0, 0]])
    >>> believed(np.array([1.0, 1.0, 1.0, 6.0]), told, is_first=True).round(1).tolist()
    [0.1, 1.1, 0.3, 6.0]
    """
    count = others[:, COUNT] + PRIOR_EVENTS
    mean = others[:, SUM] / count
    spread = others[:, SQUARES] - others[:, COUNT] * MEDIAN_VARIANCE + PRIOR_EVENTS * PRIOR_VARIANCE
    variance = np.maximum(spread / count - np.square(mean) * others[:, COUNT] / count, 0.05)
    drawn = (moved * variance + mean * MEDIAN_VARIANCE) / (variance + MEDIAN_VARIANCE)
    if is_first:
        drawn = np.where(np.abs(moved - mean) > FAR_SIGMA, moved, drawn)
    else:  # by now a fault may have grown: only what the fleet knows of is put right
        drawn = np.where((others[:, COUNT] >= KNOWN_EVENTS) & (np.abs(mean) > 1), drawn, 0.0)
    return np.nan_to_num(drawn)
