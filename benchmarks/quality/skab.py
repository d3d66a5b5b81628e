"""Skoltech's pump rig: 34 files of eight sensors; the first 400 rows teach, the rest is judged row by row.

No skill: to call every row wrong. The settings of the detector were found while looking at this set; no threshold was.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure
from benchmarks.quality.series import Labelled, backtest

TRAINING_ROWS = 400
SENSORS = 8
BUDGET = 0.2


def measure(folder: Path) -> Iterator[Figure]:
    """F1, false alarm rate and missed alarm rate, pooled."""
    counts, wrong, rows, files = np.zeros(4), 0, 0, 0
    for one in _read(folder):
        metrics = tuple(f"sensor_{number}" for number in range(SENSORS))
        result = backtest(one, "generic", metrics, calibrate_rows=TRAINING_ROWS, alarms_per_year=BUDGET)
        alarm, truth = result.alarms[TRAINING_ROWS:], one.wrong[TRAINING_ROWS:]
        counts += [(alarm & truth).sum(), (alarm & ~truth).sum(), (~alarm & truth).sum(), (~alarm & ~truth).sum()]
        wrong, rows, files = wrong + int(truth.sum()), rows + len(truth), files + 1
    hit, false, missed, calm = counts.tolist()
    yield Figure("skab_f1", 2 * hit / (2 * hit + false + missed), "of 1, default budget, no labels", files)
    yield Figure("skab_far", 100 * false / (false + calm), "% of sound rows", files)
    yield Figure("skab_mar", 100 * missed / (missed + hit), "% of wrong rows", files)
    yield Figure("skab_no_skill_always_f1", 2 * wrong / (wrong + rows), "of 1, at 100 % false", files)


def _read(folder: Path) -> Iterator[Labelled]:
    """All files with faults."""
    for file in sorted(folder.rglob("*.csv")):
        if "anomaly-free" in file.parts or file.stem == "anomaly-free":
            continue
        with file.open(newline="") as lines:
            head, *rows = csv.reader(lines, delimiter=";")
        label = head.index("anomaly")
        ts = np.array([row[0] for row in rows], "datetime64[ms]").astype(np.int64)
        values = np.array([[float(cell) for cell in row[1 : 1 + SENSORS]] for row in rows])
        yield Labelled(file.parent.name, ts, values, np.array([float(row[label]) > 0 for row in rows]))
