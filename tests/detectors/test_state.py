"""What an appliance costs, what is kept only of those who have it, and that a checkpoint is read back as it was written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.finding import Checkpoint
from detectors.kinds.kind import KindDetector
from detectors.pipeline import Pipeline
from detectors.state.columns import Arrays, Axis, Column
from detectors.state.layout import Layout
from detectors.state.seldom import Seldom
from detectors.state.table import Table
from ingest.profiles.definition import Measure, Profile
from ingest.sample import AdmittedBatch, Event, EventType
from tests.detectors.made_fleet import PROFILES, START_MS, fridge_batches

KINDS = sorted(kind for kind, profile in PROFILES.items() if profile.features)
BYTES_OF_TEN_METRICS = 1_500
BYTES_PER_METRIC = 145
"""Of an appliance with ten metrics that carry as many features as ten metrics of its kind can; 132 when this was written."""


def of_metrics(profile: Profile, count: int) -> Profile:
    """The profile less all but ``count`` metrics, those that carry the most features."""
    keep: set[str] = set()
    while len(keep) < count:
        left = [name for name in profile.metrics if name not in keep]
        keep.add(max(left, key=lambda name: (len(features_of(profile, {*keep, name})), name in named(profile))))
    return with_metrics(profile, keep)


def with_metrics(profile: Profile, keep: set[str]) -> Profile:
    """The profile less all metrics but these, and less what needs others."""
    quantities = {name: one for name, one in profile.quantities.items() if needed(one) <= keep}
    features = tuple(
        replace(feature, instead=tuple(one for one in feature.instead if needed(one) <= keep),
                context=tuple(name for name in feature.context if name in keep | set(quantities)))
        for feature in features_of(profile, keep)
    )  # fmt: skip
    quantities = {
        name: replace(one, instead=tuple(way for way in one.instead if needed(way) <= keep))
        for name, one in quantities.items()
    }
    names = {feature.name for feature in features}
    return replace(
        profile,
        quantities=quantities,
        metrics={name: metric for name, metric in profile.metrics.items() if name in keep},
        features=features,
        rules=tuple(rule for rule in profile.rules if rule.metric in keep),
        fault_modes={
            name: replace(
                mode,
                signature={f: shift for f, shift in mode.signature.items() if f in names},
                or_signature=tuple({f: by for f, by in way.items() if f in names} for way in mode.or_signature),
            )
            for name, mode in profile.fault_modes.items()
        },
    )


def features_of(profile: Profile, metrics: set[str]) -> tuple:  # type: ignore[type-arg]  # of features
    """The features that need no other metrics."""
    return tuple(
        feature
        for feature in profile.features
        if needed(feature) | {name for name in feature.context[:2] if name in profile.metrics} <= metrics
        and all(needed(profile.quantities[name]) <= metrics for name in (feature.over, feature.less) if name)
    )


def needed(one: Measure) -> set[str]:
    """The metrics that a measure is taken of."""
    return {name for name in (one.metric, one.minus) if name}


def named(profile: Profile) -> set[str | None]:
    """The metrics that features speak of."""
    return {name for feature in profile.features for name in (feature.metric, feature.minus, *feature.context[:2])}


def detector(kind: str, profile: Profile) -> KindDetector:
    """The detector of one kind under a profile."""
    made = Pipeline({**PROFILES, kind: profile}).detector(kind)
    assert isinstance(made, KindDetector)
    return made


def bytes_held(one: KindDetector) -> int:
    """What an appliance costs that has no finding, code, spike, limit or plug, its places among those included."""
    return one.table.layout.holding(0).size + one.table.places_size


@pytest.mark.parametrize("kind", KINDS)
def test_an_appliance_of_ten_metrics_costs_at_most_one_and_a_half_kilobytes(kind: str) -> None:
    """Whichever ten metrics of the kind they are: 145 bytes per metric, all that is learned of features included."""
    ten = detector(kind, of_metrics(PROFILES[kind], 10))

    assert len(ten.metrics) == 10
    assert len(ten.profile.features) >= 7
    assert bytes_held(ten) <= 10 * BYTES_PER_METRIC <= BYTES_OF_TEN_METRICS


@pytest.mark.parametrize("kind", KINDS)
def test_state_is_bounded(kind: str) -> None:
    """However long it reports: an appliance costs at most 120 bytes per metric, and 35 more with all that is seldom."""
    whole = detector(kind, PROFILES[kind])

    assert bytes_held(whole) <= 120 * len(whole.metrics)
    assert whole.table.bytes_per_row <= 155 * len(whole.metrics)


def test_who_has_nothing_seldom_stores_nothing_of_it() -> None:
    """A row grows by the first error code by what codes need, and its other parts stay as they were."""
    pipeline = Pipeline(PROFILES)
    [batch] = fridge_batches({"F1": None}, days=1)
    pipeline.fold(batch)
    before = pipeline.packed_changes()["F1"]
    kind = pipeline.detector("refrigerator")
    assert isinstance(kind, KindDetector)

    code = Event("F1", "refrigerator", batch.received_ms + 1, batch.received_ms + 1, EventType.ERROR_CODE, code="odd")
    pipeline.fold(AdmittedBatch(2, code.ts_ms, 1, (), (code,)))
    after = pipeline.packed_changes()["F1"]

    codes = 5 * (len(PROFILES["refrigerator"].fault_modes) + 1)
    assert len(after) == len(before) + codes
    assert len(before) < kind.table.layout.holding(0).size + 40


def test_what_is_seldom_is_read_back_for_those_who_have_it() -> None:
    """Of two appliances only one has reported a code; both go on from the checkpoint as they were."""
    going = Pipeline(PROFILES)
    [first, second] = fridge_batches({"F1": None, "F2": None}, days=2)
    code = Event("F2", "refrigerator", START_MS + 1, START_MS + 1, EventType.ERROR_CODE, code="odd")
    going.fold(replace(first, events=(code,)))
    rows = going.packed_changes()
    restored = Pipeline(PROFILES)
    assert restored.restore(Checkpoint(1, rows, going.shared())).relearning == 0

    for pipeline in (going, restored):
        pipeline.fold(second)

    assert len(rows["F2"]) > len(rows["F1"])
    assert restored.packed_changes() == going.packed_changes()


class Owner:
    """A part with a column by metric, and a seldom one."""

    name, version = "owner", 1
    formerly: tuple[str, ...] = ()

    def __init__(self, *metrics: str) -> None:
        self.metrics = metrics
        self.own: Arrays = {}
        self.seldom = Seldom()

    def columns(self) -> tuple[Column, ...]:
        """The columns."""
        axes = (Axis("metric", self.metrics),)
        return Column("mean", "f4", axes), Column("odd", "f4", axes, fill=np.nan, is_seldom=True)


def test_rows_survive_as_bytes_under_their_names() -> None:
    """A record is read back name by name: in another order, without what is gone, and unlearned where it is new."""
    before, after = Owner("a", "b"), Owner("c", "b", "a")
    table, changed = Table([before]), Table([after])
    before.own["mean"][2] = 1.5, 2.5
    before.seldom.write(np.array([2]), {"odd": np.array([[7, 8]], "f4")})

    for has, which, records in table.records(np.array([2, 3])):
        changed.take(which, table.layout.holding(has), records)

    assert after.own["mean"][:2].tolist() == [[0.0, 2.5, 1.5], [0.0, 0.0, 0.0]]
    assert after.seldom.read("odd", np.array([0]))[0, 1:].tolist() == [8.0, 7.0]
    assert np.isnan(after.seldom.read("odd", np.array([1]))).all()
    assert after.seldom.used == 2
    assert Layout.of([("owner", 1, before.columns())]).number == table.number != changed.number


def test_seldom_values_cost_a_place_only_where_there_are_any() -> None:
    """Writing nothing makes no place; what is forgotten is as if it had never been."""
    part = Owner("a")
    Table([part])
    rows = np.arange(40)
    part.seldom.write(rows, {"odd": np.where(rows == 7, 1.0, np.nan)[:, None].astype("f4")})

    assert part.seldom.used == 2
    assert part.seldom.have(rows).nonzero()[0].tolist() == [7]

    part.seldom.forget(7)
    part.seldom.forget(8)

    assert not part.seldom.have(rows).any()
