"""The point bank: a block of readings at once, and what the same readings teach one by one."""

from __future__ import annotations

import numpy as np

from detectors.layers.point_bank import update


def test_a_block_is_scored_as_its_readings_would_be_one_by_one() -> None:
    """To the last digit, however many each appliance has, whatever is missing, and for a metric that begins late or never."""
    rng = np.random.default_rng(5)
    rows = np.repeat(np.arange(7), [1, 9, 4, 4, 30, 2, 17])
    values = (20 + rng.normal(size=(len(rows), 4)) * rng.choice([1, 50], size=(len(rows), 4))).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:40, 2] = np.nan
    values[:, 3] = np.nan
    banks = [np.zeros((7, 3, 4), np.float32) for _ in range(2)]
    counts = [np.zeros(7, np.uint32) for _ in range(2)]

    for _ in range(2):
        at_once = update(banks[0], counts[0], rows, values)
        one_by_one = [update(banks[1], counts[1], rows[[n]], values[[n]]) for n in range(len(rows))]

        for together, alone in zip(at_once, zip(*one_by_one, strict=True), strict=True):
            np.testing.assert_array_equal(together, np.concatenate(alone))
    np.testing.assert_array_equal(banks[0], banks[1])
    np.testing.assert_array_equal(counts[0], counts[1])
