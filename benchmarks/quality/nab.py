"""The Numenta Anomaly Benchmark, all its files: 0 is an alarm never, 100 one at the beginning of each window and nowhere else.

``nab_standard``: the score column, with the one threshold that is best on the labels, as NAB itself does. ``nab_logo``: that
threshold chosen on the other groups of files. ``nab_alarms``: alarms as they are raised at a budget of 100 a year, without
labels; ``nab_alarms_default`` at the default budget. The settings of the detector were found while looking at this set.

Reference: Lavin and Ahmad 2015; the scorer follows its published code.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from benchmarks.quality.series import Bools, Floats, Labelled, backtest, spans, starts

BUDGETS = {"nab_alarms": 100.0, "nab_alarms_default": 0.2}
FALSE_WEIGHT = 0.11
PROBATION_SHARE, PROBATION_ROWS = 0.15, 750
EVERY_SHARE = 0.05
THRESHOLDS = np.arange(0.0, 12.0, 0.05)
DRAWS = 400


def measure(folder: Path) -> Iterator[Figure]:
    """All figures of the set."""
    files = list(_read(folder))
    rng = np.random.default_rng(1)
    results = {
        name: [backtest(one, "generic", ("value",), alarms_per_year=per_year) for one in files]
        for name, per_year in BUDGETS.items()
    }
    parts = parts_of(files, [one.scores for one in results["nab_alarms"]], THRESHOLDS)
    count = len(files)
    standard = normalised(parts, range(count))
    best = int(standard.argmax())
    drawn = [normalised(parts, rng.integers(0, count, count))[best] for _ in range(DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    yield Figure("nab_standard", float(standard[best]), "of 100, threshold by labels", count)
    yield Figure("nab_standard_low", low, "of 100, 95 % over files, seed 1", count)
    yield Figure("nab_standard_high", high, "of 100, 95 % over files, seed 1", count)
    yield Figure("nab_logo", _held_out(files, parts), "of 100, threshold by the other groups", count)
    for name, found in results.items():
        alarms = [starts(one.alarms).astype(float) for one in found]
        score = float(normalised(parts_of(files, alarms, np.array([0.5])), range(count))[0])
        yield Figure(name, score, f"of 100, {BUDGETS[name]:g} alarms a year, no labels", count)
    every = [
        (np.arange(len(one.wrong)) % max(1, int(EVERY_SHARE * len(one.wrong))) == 0).astype(float) for one in files
    ]
    yield Figure(
        "nab_no_skill_every",
        float(normalised(parts_of(files, every, np.array([0.5])), range(count))[0]),
        "of 100",
        count,
    )
    chance = [rng.random(len(one.wrong)) for one in files]
    likely = normalised(parts_of(files, chance, np.arange(0.9, 1, 0.0005)), range(count)).max()
    yield Figure("nab_no_skill_random", float(likely), "of 100, threshold by labels, seed 1", count)


def _read(folder: Path) -> Iterator[Labelled]:
    """All files with their windows."""
    windows = json.loads((folder / "labels" / "combined_windows.json").read_text())
    for name in sorted(windows):
        with (folder / "data" / name).open(newline="") as file:
            rows = list(csv.reader(file))[1:]
        ts = np.array([row[0] for row in rows], "datetime64[ms]").astype(np.int64)
        wrong = np.zeros(len(rows), bool)
        for window in windows[name]:
            start, end = np.array(window, "datetime64[ms]").astype(np.int64).tolist()
            wrong |= (ts >= start) & (ts <= end)
        yield Labelled(name.split("/")[0], ts, np.array([[float(row[1])] for row in rows]), wrong)


def _worth(position: Floats) -> Floats:
    """What an alarm is worth by its place in its window (-1 at the beginning, 0 at the end) or behind it (> 0)."""
    worth: Floats = np.where(position > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(position, 3.0))) - 1)
    return worth


def parts_of(files: Sequence[Labelled], scores: Sequence[Floats], thresholds: Floats) -> Floats:
    """Per file and threshold: sums of false alarms, of windows found, and windows missed; and windows (files, T, 4)."""
    parts = np.zeros((len(files), len(thresholds), 4))
    for number, (one, given) in enumerate(zip(files, scores, strict=True)):
        said = given.copy()
        said[: min(int(PROBATION_SHARE * len(said)), PROBATION_ROWS)] = -1.0
        outside = np.full(len(said), -1.0)
        windows = spans(one.wrong)
        for start, stop in windows:
            after = np.arange(stop, len(said))
            outside[stop:] = _worth((after - stop + 1) / max(stop - start - 1, 1))
            place = np.arange(start, stop)
            value = _worth(-(stop - place) / (stop - start)) / _worth(np.array([-1.0]))
            first = np.searchsorted(np.maximum.accumulate(said[start:stop]), thresholds, side="left")
            found = first < stop - start
            parts[number, :, 1] += np.where(found, value[np.minimum(first, stop - start - 1)], 0.0)
            parts[number, :, 2] += ~found
        parts[number, :, 0] = _above(said[~one.wrong], outside[~one.wrong], thresholds)
        parts[number, :, 3] = len(windows)
    return parts


def _above(said: Floats, worth: Floats, thresholds: Floats) -> Floats:
    """The sum of worths of rows whose score reaches each threshold."""
    order = np.argsort(-said, kind="stable")
    total: Floats = np.r_[0.0, np.cumsum(worth[order])][np.searchsorted(-said[order], -thresholds, side="right")]
    return total


def normalised(parts: Floats, files: Sequence[int] | NDArray[np.intp]) -> Floats:
    """The score of some files by threshold."""
    false, found, missed, windows = np.moveaxis(parts[np.array(files)].sum(axis=0), -1, 0)
    score: Floats = 100 * (FALSE_WEIGHT * false + found - missed + windows) / (2 * np.maximum(windows, 1))
    return score


def _held_out(files: Sequence[Labelled], parts: Floats) -> float:
    """Each group scored at the threshold that is best for the others."""
    chosen = np.zeros((len(files), 1, 4))
    groups = np.array([one.group for one in files])
    for group in sorted(set(groups.tolist())):
        mine: Bools = groups == group
        best = int(normalised(parts, np.flatnonzero(~mine)).argmax())
        chosen[mine, 0] = parts[mine, best]
    return float(normalised(chosen, range(len(files)))[0])
