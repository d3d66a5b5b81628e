"""PCAD: the power of household appliances by the minute; normal days 1 to 5 teach, days 6 to 10 are judged.

Days with faults are the same days with the fault put in, so each kind of fault is judged in a run of its own. An event is
found where an alarm stands within it, or within five minutes after it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure
from benchmarks.quality.series import Bools, Labelled, backtest, spans, starts
from ingest.recordings.times import parse_time

KINDS = {
    "Dishwasher": "dishwasher", "Fridge": "refrigerator", "Washing_Machine": "washing_machine",
    "Water_Heater": "water_heater",
}  # fmt: skip
BUDGET = 20.0
TEACH, JUDGE = range(1, 6), range(6, 11)
AFTER_ROWS = 5


def measure(folder: Path) -> Iterator[Figure]:
    """Event recall and false episodes a day, of each kind and of all."""
    total = np.zeros(4)
    for name, kind in KINDS.items():
        counts = sum((_unit(unit, kind) for unit in sorted((folder / "data" / name).iterdir())), np.zeros(4))
        total += counts
        yield from _figures(f"pcad_{kind}", counts)
    yield from _figures("pcad", total)


def _figures(name: str, counts: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Iterator[Figure]:
    """Recall and false episodes of some counts."""
    events, found, days, false = counts.tolist()
    yield Figure(f"{name}_recall", found / max(events, 1), f"of 1, {BUDGET:g} alarms a year", int(events))
    yield Figure(f"{name}_false_per_day", false / max(days, 1), "episodes a normal day", int(days))


def _unit(unit: Path, kind: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Events, events found, normal days and false episodes of one appliance."""
    normal = _days(unit / "Normal")
    teach = [normal[day] for day in TEACH if day in normal]
    sound = [normal[day] for day in JUDGE if day in normal]
    counts = np.array([0.0, 0.0, len(sound), starts(_alarms(teach, sound, kind)).sum()])
    for faulty in sorted(one for one in unit.iterdir() if one.is_dir() and one.name != "Normal"):
        days = _days(faulty)
        judged = [days[day] for day in JUDGE if day in days]
        if judged:
            alarms = _alarms(teach, judged, kind)
            events = spans(np.concatenate([day.wrong for day in judged]))
            counts[:2] += len(events), sum(bool(alarms[start : stop + AFTER_ROWS].any()) for start, stop in events)
    return counts


def _alarms(teach: Sequence[Labelled], judge: Sequence[Labelled], kind: str) -> Bools:
    """The alarms in the days to be judged."""
    days = [*teach, *judge]
    ts, values, wrong = (np.concatenate([getattr(day, name) for day in days]) for name in ("ts_ms", "values", "wrong"))
    first = sum(len(day.wrong) for day in teach)
    result = backtest(Labelled("", ts, values, wrong), kind, ("power_w",), calibrate_rows=first, alarms_per_year=BUDGET)
    return result.alarms[first:]


def _days(folder: Path) -> dict[int, Labelled]:
    """The files of a folder by their day."""
    days = {}
    for file in sorted(folder.glob("*.csv")):
        number = re.search(r"day(\d+)", file.name)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            head, *rows = csv.reader(lines)
        rows = [row[not head[0] :] for row in rows]  # some files number their rows
        if number is None or not rows:
            continue
        ts = np.array([parse_time(row[0]) for row in rows], np.int64)
        values = np.array([[float(row[1] or "nan")] for row in rows])
        wrong = np.array([len(row) > 2 and row[2] not in {"", "0", "0.0", "nan"} for row in rows])
        days[int(number[1])] = Labelled("", ts, values, wrong)
    return days
