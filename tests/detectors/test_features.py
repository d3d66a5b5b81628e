"""Features of a recording made by hand: each statistic gives the number that one reads off it, however it is cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from detectors.kinds.kind import KindDetector
from detectors.layering.piece import Piece, UnitRows
from detectors.layers.point_bank import PointBank
from detectors.layers.units import Units
from ingest.profiles.definition import Feature, Measure, Metric, MetricKind, Profile, Quantity, Unit
from tests.detectors.made_fleet import DAY_MS, START_MS, block

MIN_MS = 60_000
Row = tuple[float, str | None, float, float]
"""Minute, mode, level, total."""


def _profile(features: Sequence[Feature], quantities: Sequence[Quantity] = (), unit: Unit = Unit.CYCLE) -> Profile:
    metrics = {
        "level": Metric("level", "mm", MetricKind.MEASUREMENT, -100, 1000),
        "total": Metric("total", "L", MetricKind.TOTAL_INCREASING, 0, 1e6),
        "told": Metric("told", "s", MetricKind.MEASUREMENT, 0, 1000, is_computed=True),
    }
    return Profile(
        "kettle", {"en": "Kettle"}, unit, 30.0, ("idle", "fill", "wash"), metrics,
        quantities={one.name: one for one in quantities}, features=tuple(features), running_modes=("fill", "wash"),
    )  # fmt: skip


def _units(profile: Profile, rows: Sequence[Row], *, cuts: Sequence[int] = (), told: float = np.nan) -> UnitRows:
    """The first closed unit of one appliance, its recording folded in pieces."""
    detector = KindDetector(profile, (PointBank, Units), alarms_per_year=0.2)
    closed: list[UnitRows] = []

    def hear(piece: Piece) -> None:
        if piece.units is not None and len(piece.units.rows):
            closed.append(piece.units)

    detector.listen = hear
    samples = [
        ("K1", START_MS + round(minute * MIN_MS), np.array([level, total, told]), mode,
         "1" if mode in {"fill", "wash"} and profile.unit is Unit.CYCLE else None)
        for minute, mode, level, total in rows
    ]  # fmt: skip
    edges = [0, *cuts, len(samples)]
    for begin, end in pairwise(edges):
        detector.fold(block("kettle", tuple(profile.metrics), samples[begin:end]))
    return closed[0]


def _one(feature: Feature, rows: Sequence[Row], *, unit: Unit = Unit.CYCLE, told: float = np.nan) -> float:
    """A feature's value, the same for every cut."""
    profile = _profile([feature], unit=unit)
    values = [
        float(_units(profile, rows, cuts=cuts, told=told).features[0, 0])
        for cuts in ((), (len(rows) // 2,), tuple(range(1, len(rows))))
    ]
    assert values == pytest.approx([values[0]] * 3, nan_ok=True, rel=1e-6)
    return values[0]


WASH: list[Row] = [
    (0, "idle", 0, 10), (1, "fill", 0, 10), (2, "fill", 40, 15), (3, "fill", 80, 20), (4, "wash", 80, 20),
    (6, "wash", 76, 20), (8, "wash", 72, 20), (9, "fill", 72, 20), (10, "fill", 80, 21), (11, "wash", 80, 21),
    (13, "wash", 76, 21), (14, "idle", 0, 21), (20, "idle", 0, 21),
]  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (Measure("rise_per_min", "level", mode="fill"), (80 + 8) / 3),
        (Measure("fall_per_min", "level", mode="wash"), (8 + 4) / 6),
        (Measure("rise_per_min", "total", mode="fill"), (10 + 1) / 3),
        (Measure("stay_s", mode="fill"), (3 + 2) * 60 / 2),
        (Measure("count", mode="fill"), 2),
        (Measure("share_pct", mode="wash"), 100 * (5 + 2) / 12),
        (Measure("jitter", "level", mode="wash"), 4.0),
        (Measure("peak", "level"), 80),
        (Measure("trough", "level"), 40),
        (Measure("mean", "level", mode="wash", after_s=120), (76 + 72 + 76) / 3),
        (Measure("spread_pct", "level", mode="wash"), 100 * np.std([80, 76, 72, 80, 76]) / np.mean([80, 76, 72, 80, 76])),
    ],
    ids=lambda one: one.statistic if isinstance(one, Measure) else "",
)  # fmt: skip
def test_a_statistic_is_what_one_reads_off_the_recording(measure: Measure, value: float) -> None:
    """Rates, stays, entries and steadied extremes of a wash written down by hand, folded whole and sample by sample."""
    feature = Feature(
        measure.statistic, measure.metric, measure.minus, measure.mode, measure.after_s, name="f", unit=""
    )

    assert _one(feature, WASH) == pytest.approx(value)


def test_the_calmest_two_hours_show_what_runs_when_nobody_draws() -> None:
    """Three litres an hour run all day; draws in the morning and in the evening don't hide them."""
    rows: list[Row] = []
    total = 0.0
    for minute in range(0, 1460, 10):
        total += 0.5 + (30.0 if 400 <= minute < 600 or 1100 <= minute < 1300 else 0.0)
        rows.append((minute, "idle", 60 - minute / 60, total))

    assert _one(Feature("calm_rise_per_h", "total", name="f", unit="L/h"), rows, unit=Unit.DAY) == pytest.approx(3.0)
    fall = Feature("calm_fall_per_h", "level", mode="idle", name="f", unit="K/h")
    assert _one(fall, rows, unit=Unit.DAY) == pytest.approx(1.0)


def test_one_wild_reading_moves_no_steadied_extreme() -> None:
    """The peak is what two readings in a row reach."""
    rows = [*WASH[:5], (5.0, "wash", 900.0, 20.0), *WASH[5:]]

    assert _one(Feature("peak", "level", name="f", unit="mm"), rows) == 80


def test_what_the_appliance_does_not_tell_is_derived_and_the_two_are_never_mixed() -> None:
    """A told duration is taken as it is; without it the stay in the mode stands in, and once told, nothing stands in."""
    feature = Feature("last", "told", name="f", unit="s", instead=(Measure("stay_s", mode="fill"),))
    profile = _profile([feature])
    detector = KindDetector(profile, (PointBank, Units), alarms_per_year=0.2)
    values = profile_values = detector.layers[-1].setting.values
    measured = np.array([[np.nan, 150.0]])

    derived, _, source = profile_values.made(measured, np.zeros((1, 1), np.uint8))
    told, _, source_told = values.made(np.array([[140.0, 150.0]]), source)
    missing, _, _ = values.made(measured, source_told)

    assert _one(feature, WASH) == pytest.approx(150)
    assert _one(feature, WASH, told=140.0) == pytest.approx(140)
    assert derived[0, 0] == 150
    assert told[0, 0] == 140
    assert np.isnan(missing[0, 0])


def test_a_feature_is_a_ratio_or_a_difference_of_what_is_not_judged_itself() -> None:
    """Litres per minute over millimetres per minute, and a level less the level at rest."""
    area = Quantity("rise_per_min", "level", mode="fill", name="rise")
    rest = Quantity("min", "level", name="rest")
    per_mm = Feature("rise_per_min", "total", mode="fill", over="rise", name="per_mm", unit="L/mm")
    above = Feature("max", "level", less="rest", name="above", unit="mm", context=("rise",))

    rows = _units(_profile([per_mm, above], [area, rest]), WASH)

    assert rows.features[0].tolist() == pytest.approx([11 / 88, 80])
    assert rows.contexts[0].tolist() == pytest.approx([88 / 3])


def test_days_begin_and_end_where_they_do() -> None:
    """A day's number doesn't depend on the day before."""
    rows: list[Row] = [
        (minute, "wash" if minute % 120 < 60 else "idle", 5.0, minute / 10) for minute in range(0, 3000, 10)
    ]

    assert _one(Feature("count_per_day", mode="wash", name="f", unit="1/d"), rows, unit=Unit.DAY) == pytest.approx(
        12 * DAY_MS / (1430 * MIN_MS)
    )
