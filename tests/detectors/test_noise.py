"""Noise: one sensor that begins to scatter is named; what scatters several, or always did, is no fault of a sensor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from detectors.finding import Finding
from detectors.layers.hygiene import Hygiene
from detectors.layers.noise import MODE, Noise
from detectors.layers.point_bank import PointBank
from detectors.pipeline import Pipeline
from ingest.sample import AdmittedBatch
from tests.detectors.made_fleet import DAY_MS, FRIDGE, PER_DAY, PROFILES, START_MS, block, fridge

DAYS, FROM, UNTIL = 34, 18, 26


def found(
    wider: Mapping[str, float], *, since: int = FROM, rows_at_once: int = PER_DAY, later: int = 0
) -> list[Finding]:
    """What is said of one refrigerator whose sensors scatter by so much more, in standard deviations, for some days, each days later."""
    ts, values = fridge(5, days=DAYS)
    rng = np.random.default_rng(6)
    for number, (name, width) in enumerate(wider.items()):
        begins, ends = since + number * later, UNTIL + number * later
        values[begins * PER_DAY : ends * PER_DAY, FRIDGE.index(name)] += width * rng.normal(
            size=(ends - begins) * PER_DAY
        )
    pipeline = Pipeline(PROFILES, layers=(PointBank, Noise, Hygiene))
    told: list[Finding] = []
    for start in range(0, len(ts), rows_at_once):
        part = range(start, min(start + rows_at_once, len(ts)))
        one = block("refrigerator", FRIDGE, [("F0", int(ts[at]), values[at], None, None) for at in part])
        told += pipeline.fold(AdmittedBatch(start + 1, int(ts[part[-1]]), len(one), (one,))).findings
    return [one for one in told if one.fault_mode == MODE]


def test_a_sensor_that_begins_to_scatter_is_named_once_and_cleared() -> None:
    """It is raised within its time under the name of its metric, and ends when it is over."""
    raised, cleared = found({"fresh_food_c": 3.0})

    assert [one.metric for one in raised.evidence] == ["fresh_food_c"]
    assert FROM + 2 < (raised.raised_ms - START_MS) / DAY_MS < FROM + 5
    assert cleared.cleared_ms is not None
    assert UNTIL <= (cleared.cleared_ms - START_MS) / DAY_MS < UNTIL + 3


@pytest.mark.parametrize(
    ("wider", "since"),
    [
        ({}, FROM),
        ({"fresh_food_c": 0.3}, FROM),
        ({"fresh_food_c": 3.0, "condenser_c": 8.0}, FROM),
        ({"fresh_food_c": 3.0}, 0),
    ],
    ids=["sound", "a little more", "two at once: the appliance", "from the beginning"],
)
def test_what_is_usual_or_shared_is_no_fault_of_a_sensor(wider: Mapping[str, float], since: int) -> None:
    """Nothing is said."""
    assert found(wider, since=since) == []


def test_a_second_sensor_is_told_beside_one_that_is_known_to_scatter() -> None:
    """Both are named, and the end of one is not the end of the other."""
    told = found({"fresh_food_c": 3.0, "condenser_c": 8.0}, later=5)

    assert [(one.metric, one.cleared_ms is None) for one in told] == [
        ("fresh_food_c", True),
        ("condenser_c", True),
        ("fresh_food_c", False),
        ("condenser_c", False),
    ]


def test_where_a_batch_is_cut_changes_nothing() -> None:
    """Neither what is said nor when."""
    assert found({"fresh_food_c": 3.0}, rows_at_once=7) == found({"fresh_food_c": 3.0}, rows_at_once=10_000)


@pytest.mark.parametrize(
    ("kind", "metric", "level", "is_told"),
    [("dryer", "mains_v", 230.0, True), ("refrigerator", "evaporator_fan_rpm", 1500.0, False)],
)
def test_sensors_of_cycles_are_told_and_speeds_are_not(kind: str, metric: str, level: float, is_told: bool) -> None:
    """What scatters while a programme runs is told as well; a fan that runs unevenly is no sensor at fault."""
    pipeline = Pipeline(PROFILES, layers=(PointBank, Noise))
    width = np.where(np.arange(1800) < 1000, 1.0, 8.0) * level / 200
    values = level + width * np.random.default_rng(4).normal(size=1800)
    rows = [("A", START_MS + at * 60_000, values[at : at + 1], "dry", "1") for at in range(1800)]
    one = block(kind, (metric,), rows)

    told = pipeline.fold(AdmittedBatch(1, 0, len(one), (one,))).findings

    assert [found.evidence[0].metric for found in told] == [metric] * is_told
