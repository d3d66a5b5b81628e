"""A layer brings the faults of the data that it raises: name and titles stand nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from detectors.kinds.kind import KindDetector
from detectors.layering.layer import Layer
from detectors.pipeline import DATA_FAULTS, LAYERS, Pipeline
from ingest.profiles import load_profiles

PROFILES = load_profiles()


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
    assert detector.standing.number["silent_on_sundays"] == len(detector.standing.modes) - 1
