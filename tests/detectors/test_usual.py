"""What is usual of an appliance is what its detectors have learned, read from their checkpoint."""

from __future__ import annotations

from detectors.finding import Checkpoint
from detectors.pipeline import Pipeline
from detectors.usual import Usual, usual_of
from tests.detectors.made_fleet import PROFILES, fridge_batches


def learned(days: int, fault: str | None = None) -> dict[str, Usual]:
    """What is usual of a refrigerator after so many days."""
    pipeline = Pipeline(PROFILES)
    for batch in fridge_batches({"F1": fault}, days=days):
        pipeline.fold(batch)
    stored = Checkpoint(1, pipeline.packed_changes(), pipeline.shared())
    return {one.feature: one for one in usual_of(stored, PROFILES).get("F1", ())}


def test_a_sound_appliance_lies_where_it_is_said_to() -> None:
    """The newest day of nearly every feature is inside its band, in the feature's own unit."""
    usual = learned(days=30)
    speed = usual["evaporator_fan_speed"]

    assert speed.unit == "rpm"
    assert 1000 < speed.low < speed.high < 3500
    inside = [one.low <= one.newest <= one.high for one in usual.values() if one.newest is not None]
    assert len(inside) > 5
    assert sum(inside) >= 0.8 * len(inside)


def test_nothing_is_said_of_what_is_still_learned() -> None:
    """A week is no band, and an empty checkpoint is none either."""
    assert learned(days=8) == {}
    assert usual_of(Checkpoint(0, {}, None), PROFILES) == {}
    assert usual_of(Checkpoint(0, {"F1": b"no row of ours"}, None), PROFILES) == {}
