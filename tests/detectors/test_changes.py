"""Whatever changes in a profile or among the layers, what did not change goes on as if nothing had happened, in every kind.

The same checkpoint is taken over by the pipeline that wrote it, and by a changed one; then both see the same readings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from detectors.finding import Checkpoint, Cleared, Finding, FindingChannel
from detectors.kinds.kind import KindDetector
from detectors.layering.layer import Layer
from detectors.layering.piece import Piece
from detectors.pipeline import LAYERS, Pipeline, Restored
from detectors.state.columns import Arrays, Column
from detectors.state.part import Part
from ingest.profiles.definition import Metric, MetricKind, Profile
from tests.detectors.made_fleet import PROFILES
from tests.detectors.made_units import KINDS, stuck_metric, unit_batches
from tests.detectors.test_state import with_metrics
from tests.examples import some_of

STOP = 27
KIND = pytest.mark.parametrize("kind", some_of(KINDS, 3))
LAYER = pytest.mark.parametrize("layer", LAYERS, ids=[layer.name for layer in LAYERS])
"""Each change in three kinds, each layer in one; in a thorough run in all of them."""
Layers = Sequence[type[Layer]]
Seen = list[tuple[str, str, str, int, int | None]]


@dataclass(frozen=True, slots=True)
class GoneOn:
    """What became of a checkpoint: how it was taken over, what was there then, and what was found afterwards."""

    restored: Restored
    state: Arrays
    findings: tuple[Finding, ...]


@cache
def stored(kind: str) -> tuple[Checkpoint, frozenset[tuple[str, str]]]:
    """The state of some days or cycles, and what stands then."""
    pipeline, stands = Pipeline(PROFILES), set[tuple[str, str]]()
    for batch in unit_batches(kind)[:STOP]:
        for one in pipeline.fold(batch).findings:
            (stands.add if one.cleared_ms is None else stands.discard)((one.appliance_id, one.fault_mode))
    return Checkpoint(STOP, pipeline.packed_changes(), pipeline.shared()), frozenset(stands)


def gone_on(kind: str, profile: Profile, layers: Layers = LAYERS, *, units: int = 99) -> GoneOn:
    """Take the checkpoint over, look at what is there, and fold what follows."""
    pipeline = Pipeline({**PROFILES, kind: profile}, layers=layers)
    restored = pipeline.restore(stored(kind)[0])
    detector = pipeline.detector(kind)
    assert isinstance(detector, KindDetector)
    rows = np.arange(len(detector.ids))
    state = {}
    parts: list[Part] = [detector.standing, detector.data_standing, *detector.layers]
    for part in parts:
        for column in part.columns():
            values = part.seldom.read(column.name, rows) if column.is_seldom else part.own[column.name][rows]
            if column.codes is not None:  # a place on an axis, which may lie elsewhere now: what it stands for
                values = np.array([*column.codes.labels, ""], "U99")[np.clip(values, -1, len(column.codes.labels))]
            for at in np.ndindex(column.shape):
                labels = "/".join(axis.labels[place] for axis, place in zip(column.axes, at, strict=True))
                state[f"{part.name}/{column.name}/{labels}"] = values[(slice(None), *at)].copy()
    found = [one for batch in unit_batches(kind)[STOP : STOP + units] for one in pipeline.fold(batch).findings]
    return GoneOn(restored, state, tuple(found))


@cache
def unchanged(kind: str) -> GoneOn:
    """The same without any change."""
    return gone_on(kind, PROFILES[kind])


SHOWN_MOST = ("inhibition/showed/", "inhibition/side/")
"""Which feature an appliance showed most when it came over its threshold: where features go, it may be another."""


def assert_state_goes_on(before: GoneOn, after: GoneOn, *, less: str | tuple[str, ...] = ()) -> None:
    """Every value under a label that both know is the same to the last bit; ``less`` begins the names of what is anew."""
    known = {name for name in before.state.keys() & after.state.keys() if not name.startswith(less)}
    assert len(known) > 50
    for name in known:
        assert after.state[name].tobytes() == before.state[name].tobytes(), name


def seen_of_faulty(findings: Sequence[Finding]) -> Seen:
    """What was raised or cleared when of the appliance that has a fault, and by which way."""
    return [
        (one.appliance_id, one.fault_mode, one.channel, one.raised_ms, one.cleared_ms)
        for one in findings
        if one.appliance_id == "A1" and one.told_ms is None
    ]


def without_learning(findings: Sequence[Finding], *, but: Sequence[str] = ()) -> list[Finding]:
    """What rests on no comparison with what is usual."""
    return [
        one
        for one in findings
        if one.channel is not FindingChannel.EVIDENCE and one.fault_mode not in (*but, "sensor_drift")
    ]


def shuffled(profile: Profile) -> Profile:
    """The profile with everything in another order."""
    rng = np.random.default_rng(5)
    metrics, modes = list(profile.metrics.items()), list(profile.fault_modes.items())
    return replace(
        profile,
        features=tuple(profile.features[place] for place in rng.permutation(len(profile.features))),
        rules=tuple(profile.rules[place] for place in rng.permutation(len(profile.rules))),
        metrics=dict(metrics[place] for place in rng.permutation(len(metrics))),
        fault_modes=dict(modes[place] for place in rng.permutation(len(modes))),
    )


def with_metric(profile: Profile) -> Profile:
    """One metric more, which nothing looks at yet."""
    new = Metric("brand_new_c", "C", MetricKind.MEASUREMENT, -40.0, 100.0, label={"en": "new", "zh": "新"})
    return replace(profile, metrics={"brand_new_c": new, **profile.metrics})


def with_mode(profile: Profile) -> Profile:
    """One fault mode more, which only an error code can name."""
    first = next(iter(profile.fault_modes.values()))
    new = replace(first, name="brand_new", signature={}, error_codes=("NEW1",))
    return replace(profile, fault_modes={"brand_new": new, **profile.fault_modes})


class Counts(Layer):
    """A layer that counts pieces with units, by appliance."""

    name = "counts"

    def columns(self) -> tuple[Column, ...]:
        """How many there were."""
        return (Column("units", "u4"),)

    def take(self, piece: Piece) -> None:
        """Count."""
        if piece.units is not None:
            self.own["units"][piece.units.rows] += np.uint32(1)


def renamed(layer: type[Layer]) -> type[Layer]:
    """The same layer under another name."""
    return type(layer.__name__, (layer,), {"name": f"new_{layer.name}", "formerly": (layer.name, *layer.formerly)})


def raised(layer: type[Layer]) -> type[Layer]:
    """The same layer, whose columns mean something else now."""
    return type(layer.__name__, (layer,), {"version": layer.version + 1})


def put(layer: type[Layer], other: type[Layer]) -> Layers:
    """All layers, one in the place of another."""
    return [other if one is layer else one for one in LAYERS]


NOTHING_MOVES: dict[str, tuple[Callable[[Profile], Profile], Layers]] = {
    "everything in another order": (shuffled, LAYERS),
    "a metric more": (with_metric, LAYERS),
    "a fault mode more that has no signature": (with_mode, LAYERS),
    "a layer more": (lambda profile: profile, [*LAYERS[:6], Counts, *LAYERS[6:]]),
    "all layers under other names": (lambda profile: profile, [renamed(layer) for layer in LAYERS]),
    "layers less that nobody here needs": (lambda profile: profile, [one for one in LAYERS if one.name != "plug"]),
}


@KIND
def test_findings_of_every_way_are_among_what_is_compared(kind: str) -> None:
    """A code and a deviation stand when the change comes, a limit and a sensor follow: each way is among what is compared."""
    stands = {appliance_id for appliance_id, _ in stored(kind)[1]}

    assert {"A1", "A3"} <= stands
    assert {FindingChannel.RULE, FindingChannel.DATA} <= {one.channel for one in unchanged(kind).findings}


@KIND
@pytest.mark.parametrize("change", NOTHING_MOVES)
def test_what_did_not_change_leads_to_the_same_findings(kind: str, change: str) -> None:
    """Byte for byte: order, additions that nothing else looks at, names."""
    profile, layers = NOTHING_MOVES[change]

    after = gone_on(kind, profile(PROFILES[kind]), layers)

    assert after.restored == Restored()
    assert after.findings == unchanged(kind).findings
    if "names" not in change:
        assert_state_goes_on(unchanged(kind), after)


@KIND
def test_a_metric_that_is_gone_takes_only_what_was_said_of_it(kind: str) -> None:
    """Its features, rules and data faults go; what stands stands on, and everything else keeps its state."""
    profile, name = PROFILES[kind], list(PROFILES[kind].metrics)[stuck_metric(kind)]
    less = with_metrics(profile, set(profile.metrics) - {name})

    after = gone_on(kind, less)

    assert after.restored == Restored()
    assert_state_goes_on(unchanged(kind), after, less=SHOWN_MOST)
    assert "sensor_stuck" in {one.fault_mode for one in unchanged(kind).findings}
    assert ("A2", "sensor_stuck") not in {(one.appliance_id, one.fault_mode) for one in after.findings}
    assert without_learning(after.findings, but=("sensor_stuck",)) == without_learning(
        unchanged(kind).findings, but=("sensor_stuck",)
    )


def without_features(profile: Profile, keep: Sequence[str]) -> Profile:
    """The profile with some features only, in its signatures, too."""
    return replace(
        profile,
        features=tuple(feature for feature in profile.features if feature.name in keep),
        fault_modes={
            name: replace(mode, signature={f: shift for f, shift in mode.signature.items() if f in keep})
            for name, mode in profile.fault_modes.items()
        },
    )


@KIND
def test_a_feature_that_is_gone_moves_only_what_counts_features(kind: str) -> None:
    """All other columns go on, and what rests on no learning is the same byte for byte.

    What evidence says may move: thresholds share one budget among all features, and filters look past what is correlated,
    so that scores are others by little, and a healthy appliance at the edge may fall to its other side. Of the one that has
    a fault the same is said at the same time.
    """
    profile = PROFILES[kind]
    in_signatures = {name for mode in profile.fault_modes.values() for name in mode.signature}
    gone = next((one.name for one in profile.features if one.name not in in_signatures), profile.features[-1].name)
    before = unchanged(kind)

    after = gone_on(kind, without_features(profile, [one.name for one in profile.features if one.name != gone]))

    assert after.restored == Restored()
    assert_state_goes_on(before, after, less=SHOWN_MOST)
    assert without_learning(after.findings) == without_learning(before.findings)
    assert seen_of_faulty(after.findings) == seen_of_faulty(before.findings)


@KIND
def test_a_feature_that_is_new_is_learned_alone(kind: str) -> None:
    """It begins unlearned; all other columns go on, and what rests on no learning is the same byte for byte."""
    profile = PROFILES[kind]
    new = replace(
        profile.features[0], name="brand_new", statistic="min" if profile.features[0].statistic != "min" else "max"
    )
    before = unchanged(kind)

    after = gone_on(kind, replace(profile, features=(new, *profile.features)))

    assert after.restored == Restored()
    assert_state_goes_on(before, after)
    [weight] = [values for name, values in after.state.items() if name.startswith("context/weight/brand_new")]
    assert not weight.any()
    assert without_learning(after.findings) == without_learning(before.findings)
    assert seen_of_faulty(after.findings) == seen_of_faulty(before.findings)


@KIND
def test_a_fault_mode_that_is_new_with_a_signature_moves_only_what_shares_the_budget(kind: str) -> None:
    """Its filter begins empty; all other columns go on, and what rests on no learning is the same byte for byte.

    One filter more has a share of the same budget, so scores are others by little; of the appliance that has a fault the
    same is said at the same time, and nothing of the mode that nobody has.
    """
    profile, before = PROFILES[kind], unchanged(kind)
    first = next(mode for mode in profile.fault_modes.values() if mode.signature)
    away = {profile.features[0].name: 1.0, profile.features[-1].name: -1.0}
    new = replace(first, name="brand_new", signature=away, error_codes=(), symptom_of=())

    after = gone_on(kind, replace(profile, fault_modes={"brand_new": new, **profile.fault_modes}))

    assert after.restored == Restored()
    assert_state_goes_on(before, after)
    own = [values for name, values in after.state.items() if name.startswith("cusum/") and "brand_new" in name]
    assert own
    assert not any(values.any() for values in own)
    assert without_learning(after.findings) == without_learning(before.findings)
    assert seen_of_faulty(after.findings) == seen_of_faulty(before.findings)


@KIND
def test_a_finding_whose_mode_is_gone_is_cleared_for_that_reason(kind: str) -> None:
    """And for no other: what else stands stands on."""
    profile, stands = PROFILES[kind], stored(kind)[1]
    gone = next(mode for appliance_id, mode in sorted(stands) if appliance_id == "A3" and mode in profile.fault_modes)
    less = replace(
        profile,
        fault_modes={name: mode for name, mode in profile.fault_modes.items() if name != gone},
        rules=tuple(rule for rule in profile.rules if rule.fault_mode != gone),
    )

    after = gone_on(kind, less)

    ended = sorted((one.appliance_id, one.fault_mode, one.cleared_because) for one in after.restored.findings)
    assert ended == [(one, mode, Cleared.MODE_GONE) for one, mode in sorted(stands) if mode == gone]
    assert after.restored.relearning == 0
    assert_state_goes_on(unchanged(kind), after)
    assert without_learning(after.findings, but=(gone,)) == without_learning(unchanged(kind).findings, but=(gone,))


@pytest.mark.parametrize("kind", some_of(KINDS, 1, turn=6))
@LAYER
def test_a_layer_of_a_higher_version_starts_alone(kind: str, layer: type[Layer]) -> None:
    """Its columns begin unlearned, those of the others go on, and what stands stands on."""
    after = gone_on(kind, PROFILES[kind], put(layer, raised(layer)), units=0)

    assert after.restored == Restored()
    assert_state_goes_on(unchanged(kind), after, less=f"{layer.name}/")


@pytest.mark.parametrize("kind", some_of(KINDS, 1, turn=6))
@LAYER
def test_a_layer_that_is_gone_leaves_what_it_had_raised(kind: str, layer: type[Layer]) -> None:
    """Without a layer (and what reads it) whatever stands stands on, and the columns of the others go on."""
    needing = {"point_bank": {"hygiene", "noise"}}.get(layer.name, set())

    left = [one for one in LAYERS if one is not layer and one.name not in needing]
    after = gone_on(kind, PROFILES[kind], left, units=2)

    assert after.restored == Restored()
    assert_state_goes_on(unchanged(kind), after)
    again = {(one.appliance_id, one.fault_mode) for one in after.findings if one.cleared_ms is None}
    ended = {(one.appliance_id, one.fault_mode) for one in after.findings if one.cleared_ms is not None}
    assert not again & (stored(kind)[1] - ended)
