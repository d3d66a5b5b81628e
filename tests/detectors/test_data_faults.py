"""Faults of the data: a layer brings those that it raises, and each sensor has its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pytest

from detectors.finding import Cleared
from detectors.kinds.kind import KindDetector
from detectors.layering.data_standing import DATA_REFRACTORY_MS, FAULTS_MAX, DataFault, DataStanding, gone_faults
from detectors.layering.layer import Layer
from detectors.layering.standing import gone
from detectors.pipeline import DATA_FAULTS, LAYERS, Pipeline
from detectors.state.columns import Axis, Column
from detectors.state.layout import Layout
from detectors.state.table import Table
from ingest.profiles import load_profiles

PROFILES = load_profiles()
FRIDGE = PROFILES["refrigerator"]
METRICS = list(FRIDGE.metrics)
DAY_MS = 86_400_000


@pytest.fixture
def faults() -> DataStanding:
    """Those of one refrigerator, with a table of their own."""
    made = DataStanding(FRIDGE, ["F1"], DATA_FAULTS)
    Table([made]).hold(1)
    return made


class _Sundays(Layer):
    name: ClassVar[str] = "sundays"
    data_faults: ClassVar[Mapping[str, Mapping[str, str]]] = {"silent_on_sundays": {"en": "Silent", "zh": "无声"}}


def test_every_fault_of_the_data_is_named_once_in_both_languages() -> None:
    """No two layers share one, none is a fault mode of a profile, and readers of both languages have a title."""
    names = [name for layer in LAYERS for name in layer.data_faults]

    assert sorted(DATA_FAULTS) == sorted(set(names)) == sorted(names)
    assert not {mode for profile in PROFILES.values() for mode in profile.fault_modes} & set(names)
    assert all(title["en"] and title["zh"] for title in DATA_FAULTS.values())


def test_a_layer_more_brings_its_own() -> None:
    """What a further layer raises can stand, with nothing written but the layer."""
    detector = Pipeline(PROFILES, layers=[*LAYERS, _Sundays]).detector("refrigerator")

    assert isinstance(detector, KindDetector)
    assert DataFault("silent_on_sundays") in detector.data_standing.number


def test_each_sensor_rests_by_itself(faults: DataStanding) -> None:
    """A fault that was cleared is not raised again for a week; the same fault of another sensor is."""
    mine, other = (DataFault("sensor_stuck", name) for name in ("freezer_c", "fresh_food_c"))
    faults.rise(0, mine, DAY_MS, None, probability=0.9)
    faults.clear(0, mine, 2 * DAY_MS)

    assert not faults.may_rise(0, mine, 2 * DAY_MS)
    assert faults.may_rise(0, other, 2 * DAY_MS)
    assert faults.may_rise(0, mine, DAY_MS + DATA_REFRACTORY_MS)


def test_what_stands_never_makes_room(faults: DataStanding) -> None:
    """Where every place stands no further fault is raised; one that is cleared makes room, and the others stand on."""
    several = [DataFault("sensor_stuck", name) for name in METRICS[:FAULTS_MAX]]
    for day, fault in enumerate(several):
        faults.rise(0, fault, day * DAY_MS, None, probability=0.9)
    more = DataFault("sensor_noisy", METRICS[0])
    assert not faults.may_rise(0, more, 100 * DAY_MS)

    faults.clear(0, several[3], 100 * DAY_MS)
    assert faults.may_rise(0, more, 100 * DAY_MS)
    faults.rise(0, more, 100 * DAY_MS, None, probability=0.9)

    assert faults.of(0, "sensor_noisy") == [more]
    assert faults.of(0, "sensor_stuck") == [one for one in several if one != several[3]]


def test_of_a_metric_that_is_gone_what_stands_is_ended(faults: DataStanding) -> None:
    """Read back under a profile without it; the other's finding stands on with its time."""
    kept, lost = DataFault("sensor_stuck", "freezer_c"), DataFault("sensor_stuck", "fresh_food_c")
    for fault in (kept, lost):
        faults.rise(0, fault, DAY_MS, None, probability=0.9)
    table = Table([faults])
    faults.go_on(0, kept, DAY_MS)
    faults.go_on(0, lost, DAY_MS)
    [(has, _, records)] = table.records(np.array([0]))
    known = [fault for fault in faults.known if fault.metric != "fresh_food_c"]

    [end] = gone_faults(["F1"], FRIDGE.kind, table.layout.holding(has), records, np.array([2 * DAY_MS]), known)

    assert (end.fault_mode, end.metric, end.raised_ms, end.cleared_ms) == (*lost, DAY_MS, 2 * DAY_MS)
    assert end.cleared_because is Cleared.MODE_GONE


def test_what_stood_of_all_sensors_together_is_ended_when_it_is_read_back() -> None:
    """A row from before they stood one by one: its finding ends under its old identity, as those of its sensors take its place."""
    axes = (Axis("fault_mode", ("leak", "sensor_stuck")),)
    columns = Column("standing", "u1", axes), Column("raised", "i8", axes)
    layout = Layout.of([("standing", 1, columns)])
    record = np.concatenate([np.array([0, 4], np.uint8), np.array([0, DAY_MS], "i8").view(np.uint8)])[None]

    [end] = gone(["F1"], FRIDGE.kind, layout, record, np.array([2 * DAY_MS]), {"leak"})

    assert (end.fault_mode, end.metric, end.raised_ms, end.cleared_ms) == ("sensor_stuck", None, DAY_MS, 2 * DAY_MS)
    assert (end.is_data_fault, end.cleared_because) == (True, Cleared.NAMED)
