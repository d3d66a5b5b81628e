"""What the detectors have no room for they say; nobody is passed over without a word."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.finding import ConditionState
from detectors.series import detector as module
from detectors.series.detector import NO_ROOM, SeriesDetector
from ingest.sample import SampleBlock


def block(ids: list[str], ts_ms: int) -> SampleBlock:
    """One reading of each."""
    count = len(ids)
    zeros = np.zeros(count, np.int64)
    return SampleBlock(
        kind="generic",
        metrics=("power_w",),
        appliance_ids=ids,
        ts_ms=np.full(count, ts_ms),
        values=np.ones((count, 1)),
        modes=[None] * count,
        cycles=[None] * count,
        seq=zeros - 1,
        index=zeros,
        flags=np.zeros(count, np.uint8),
        received_ms=ts_ms,
    )


def test_an_appliance_for_which_there_is_no_room_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound an appliance's condition is that nothing can be said, with the reason; the others learn on."""
    monkeypatch.setattr(module, "APPLIANCES_MAX", 2)
    detector = SeriesDetector("generic", alarms_per_year=0.2)

    _, first = detector.fold(block(["a", "b", "c"], 1000))
    _, second = detector.fold(block(["c", "b"], 2000))

    said = {one.appliance_id: one.state for one in first}
    assert said == {"a": ConditionState.LEARNING, "b": ConditionState.LEARNING, "c": ConditionState.CANNOT_SAY}
    assert next(one.reason for one in first if one.appliance_id == "c") == NO_ROOM
    assert "c" not in {one.appliance_id for one in second}
