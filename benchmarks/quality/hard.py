"""The fleet ``hard`` on seeds that no setting was found with: simulated, backtested at the default budget, evaluated."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.quality.series import profiles
from detectors.backtest.fleet import run_fleet_backtest, write_findings
from detectors.evaluation import figures
from ingest.recordings.times import parse_time
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder

SEEDS = (90_101, 90_102)
APPLIANCES, DAYS = 100, 150
START_MS = parse_time("2026-01-05T00:00:00Z")


def measure() -> Iterator[Figure]:
    """The row over all kinds, with its intervals and what chance reaches."""
    rows = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            fleet = Fleet(read_fleet("hard"), seed=seed, appliances=APPLIANCES, start_ms=START_MS)
            write_folder(fleet, folder / "fleet", days=DAYS)
            write_findings(run_fleet_backtest(folder / "fleet", profiles()), folder)
            rows.append(figures.evaluate(folder / "fleet", folder / "findings.csv")[0].as_json())
    for seed, row in zip(SEEDS, rows, strict=True):
        yield from _figures(row, seed)


def _figures(row: dict[str, object], seed: int) -> Iterator[Figure]:
    """The figures of one fleet."""
    of = {
        "hard_slow_recall": (("slow", "recall"), ("slow", "n")),
        "hard_ahead_7d": (("slow", "ahead_7d_share"), ("slow", "failed")),
        "hard_abrupt_recall": (("abrupt", "recall"), ("abrupt", "n")),
        "hard_no_skill_slow_recall": (("no_skill", "slow_recall"), ("slow", "n")),
        "hard_no_skill_abrupt_recall": (("no_skill", "abrupt_recall"), ("abrupt", "n")),
        "hard_no_skill_top1": (("no_skill", "top1"), ("findings",)),
        "hard_top1": (("top1",), ("findings",)),
        "hard_false_per_year": (("false_per_year",), ("false",)),
        "hard_data_false_per_year": (("data_false_per_year",), ("data_false",)),
        "hard_tickets_per_fault": (("tickets_per_fault",), ("findings",)),
        "window_coverage": (("windows", "coverage"), ("windows", "n")),
    }
    for name, (path, count) in of.items():
        value, n = _at(row, path), _at(row, count)
        if value is not None:
            yield Figure(name, value, f"seed {seed}, {APPLIANCES} appliances, {DAYS} days", int(n or 0))


def _at(row: object, path: tuple[str, ...]) -> float | None:
    """The number at a path of names."""
    for name in path:
        row = row[name] if isinstance(row, dict) else None
    return row if isinstance(row, int | float) else None
