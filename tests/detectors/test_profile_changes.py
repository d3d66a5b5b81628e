"""A changed profile: what was learned of what stays goes on, and nothing stands under a name that is gone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from detectors.finding import Checkpoint, Cleared, Finding
from detectors.kind import KindDetector
from detectors.pipeline import Pipeline, Restored
from ingest.profiles.definition import Profile
from tests.detectors.made_fleet import PROFILES, fridge_batches

KIND = "refrigerator"
WRITTEN = PROFILES[KIND]
FAULTS = {"F1": "evaporator_fan_wear", "F2": "refrigerant_leak", "F3": None, "F4": None}
BATCHES = fridge_batches(FAULTS, days=45)
STOP = 35


@cache
def stored(less: int = 0, stop: int = STOP) -> tuple[Checkpoint, tuple[Finding, ...]]:
    """The state after some days, with the profile less its last features; and what stands then."""
    count = len(WRITTEN.features) - less
    pipeline = Pipeline({**PROFILES, KIND: replace(WRITTEN, features=WRITTEN.features[:count])})
    found = [one for batch in BATCHES[:stop] for one in pipeline.fold(batch).findings]
    ended = {(one.appliance_id, one.fault_mode) for one in found if one.cleared_ms is not None}
    stands = tuple(one for one in found if (one.appliance_id, one.fault_mode) not in ended)
    return Checkpoint(stop, pipeline.packed_changes(), pipeline.shared()), stands


def gone_on(profile: Profile, checkpoint: Checkpoint) -> tuple[KindDetector, Restored, list[Finding]]:
    """The detector of a changed profile as it took the state over, and the findings of the days after it."""
    pipeline = Pipeline({**PROFILES, KIND: profile})
    restored = pipeline.restore(checkpoint)
    taken = Pipeline({**PROFILES, KIND: profile})
    taken.restore(checkpoint)
    detector = taken.detector(KIND)
    assert isinstance(detector, KindDetector)
    return (
        detector,
        restored,
        [one for batch in BATCHES[checkpoint.position :] for one in pipeline.fold(batch).findings],
    )


def weights(detector: KindDetector) -> dict[str, float]:
    """How many rows each feature of F3 has learned from."""
    names = [feature.name for feature in detector.profile.features]
    return dict(zip(names, detector.own("context")["weight"][detector.index["F3"]].tolist(), strict=True))


def test_a_feature_that_is_gone_takes_nothing_else_with_it() -> None:
    """Everything else keeps what it has learned."""
    before, _, _ = gone_on(WRITTEN, stored()[0])
    after, restored, _ = gone_on(replace(WRITTEN, features=WRITTEN.features[1:]), stored()[0])

    assert restored.relearning == 0
    assert weights(after) == {name: value for name, value in weights(before).items() if name in weights(after)}
    assert max(weights(after).values()) > 10


def test_a_feature_that_is_new_is_learned_alone() -> None:
    """It begins unlearned, and the others go on."""
    after, restored, _ = gone_on(WRITTEN, stored(1)[0])

    new = WRITTEN.features[-1].name
    assert restored.relearning == 0
    assert weights(after)[new] == 0
    assert max(weights(after).values()) > 10


def test_a_finding_whose_mode_is_gone_is_cleared_for_that_reason() -> None:
    """Nothing stands under a name that nobody knows."""
    checkpoint, stands = stored()
    modes = [one.fault_mode for one in stands if one.fault_mode in WRITTEN.fault_modes]
    without = {name: mode for name, mode in WRITTEN.fault_modes.items() if name != modes[0]}

    _, restored, _ = gone_on(replace(WRITTEN, fault_modes=without), checkpoint)

    assert {(one.fault_mode, one.cleared_because) for one in restored.findings} == {(modes[0], Cleared.MODE_GONE)}


def test_the_order_within_a_profile_decides_nothing() -> None:
    """Features, metrics and fault modes in another order lead to the same findings."""
    rng = np.random.default_rng(1)
    metrics, modes = list(WRITTEN.metrics.items()), list(WRITTEN.fault_modes.items())
    shuffled = replace(
        WRITTEN,
        features=tuple(WRITTEN.features[place] for place in rng.permutation(len(WRITTEN.features))),
        metrics=dict(metrics[place] for place in rng.permutation(len(metrics))),
        fault_modes=dict(modes[place] for place in rng.permutation(len(modes))),
    )

    _, restored, found = gone_on(shuffled, stored(stop=22)[0])

    assert restored.findings == []
    assert found == gone_on(WRITTEN, stored(stop=22)[0])[2]
    assert found
