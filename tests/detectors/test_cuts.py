"""Where the stream is cut into batches decides nothing: the same samples lead to the same findings, times and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.finding import Finding
from detectors.kinds.kind import KindDetector
from detectors.loop.runner import Runner
from detectors.pipeline import Pipeline
from ingest.sample import AdmittedBatch, Event, EventType, SampleBlock
from tests.detectors.made_fleet import DAY_MS, FRIDGE, PER_DAY, PROFILES, START_MS, ListFeed, fridge, wash
from tests.detectors.memory_sink import MemorySink
from tests.examples import tries

DAYS = 30
FAULTS = {"F1": "evaporator_fan_wear", "F2": None, "F3": "refrigerant_leak", "F4": None, "F5": None, "F6": None}
FRESH_FOOD, FREEZER = FRIDGE.index("fresh_food_c"), FRIDGE.index("freezer_c")
PLUG_MINUTES = 3


@dataclass(frozen=True)
class Said:
    """One sample, or one event, as admission hands it on."""

    kind: str
    appliance_id: str
    ts_ms: int
    seq: int
    values: NDArray[np.float64] | None = None
    mode: str | None = None
    cycle: str | None = None
    type: EventType | None = None
    code: str | None = None


def metrics_of(kind: str) -> tuple[str, ...]:
    """The columns of a kind's blocks."""
    return tuple(PROFILES[kind].metrics) if PROFILES[kind].metrics else ("x", "y")


def refrigerators() -> list[Said]:
    """Six for a month: two wear out, one has a sensor that spikes, one a sensor that sticks, one leaves out readings."""
    rng = np.random.default_rng(8)
    said = []
    for number, (name, fault) in enumerate(FAULTS.items()):
        ts, values = fridge(number + 1, days=DAYS, fault=fault, onset_day=12)
        if name == "F2":
            values[12 * PER_DAY : 14 * PER_DAY : 5, FREEZER] += 40.0
            values[20 * PER_DAY : 22 * PER_DAY : 6, FRESH_FOOD] += 15.0
        if name == "F4":
            values[16 * PER_DAY : 19 * PER_DAY, FREEZER] = -17.25
            values[24 * PER_DAY : 24 * PER_DAY + 5, FRESH_FOOD] = 500.0
        if name == "F5":
            values[rng.random(values.shape) < 0.3] = np.nan
        seq = 0
        for place, at in enumerate(ts.tolist()):
            if name == "F6" and any(first * PER_DAY < place < (first + 2) * PER_DAY for first in (14, 18, 22)):
                continue
            said.append(Said("refrigerator", name, at + number, seq, values[place], "cooling"))
            seq += 1
            if name == "F3" and place in (14 * PER_DAY, 14 * PER_DAY + 3, 14 * PER_DAY + 9):
                said.append(Said("refrigerator", name, at + number, seq, type=EventType.ERROR_CODE, code="E99"))
                seq += 1
            if name == "F2" and place == 17 * PER_DAY + 5:
                said.append(Said("refrigerator", name, at + number, seq, type=EventType.PART_REPLACED))
                seq += 1
    return said


def plugged() -> list[Said]:
    """A refrigerator behind a power plug for eight days; on the seventh it begins to run three times as long."""
    rng = np.random.default_rng(9)
    minute = np.arange(0, 8 * 1440, PLUG_MINUTES)
    on = np.where(minute < 6 * 1440, minute % 60 < 20, minute % 90 < 66)
    power = np.where(on, 90.0, 1.0) + rng.normal(0, 0.5, len(minute))
    column = FRIDGE.index("power_w")
    said = []
    for seq, (at, watts) in enumerate(zip(minute.tolist(), power.tolist(), strict=True)):
        values = np.full(len(FRIDGE), np.nan)
        values[column] = max(watts, 0.0) if rng.random() > 0.02 else np.nan
        said.append(Said("refrigerator", "P1", START_MS + at * 60_000 + 11, seq, values))
    return said


def washers() -> list[Said]:
    """Three for forty washes, one a day, of which one drains ever more slowly; one tells when a wash is finished."""
    rng = np.random.default_rng(4)
    said = []
    seq = dict.fromkeys(("W1", "W2", "W3"), 0)
    for number in range(DAYS):
        for name in seq:
            slow = 1 + max(0, number - 14) * 0.08 if name == "W1" else 1.0
            one = wash(name, number, rng, drain_factor=slow)
            for place in range(0, len(one), 2):
                mode, cycle = one.modes[place], one.cycles[place]
                said.append(Said(one.kind, name, int(one.ts_ms[place]), seq[name], one.values[place], mode, cycle))
                seq[name] += 1
            if name == "W2":
                at = int(one.ts_ms[-1])
                said.append(Said(one.kind, name, at, seq[name], type=EventType.CYCLE_FINISHED))
                seq[name] += 1
    return said


def unknown() -> list[Said]:
    """An appliance without profile, whose readings change their ways half way."""
    rng = np.random.default_rng(5)
    values = rng.normal(0, 1, (900, 2))
    values[700:] += 40.0
    step = DAYS * DAY_MS // 900
    return [Said("generic", "G1", START_MS + n * step + 13, n, row) for n, row in enumerate(values)]


def stream(*parts: Sequence[Said]) -> list[Said]:
    """All that was said, in the order of its times."""
    return sorted((one for part in parts for one in part), key=lambda one: (one.ts_ms, one.appliance_id, one.seq))


def batch_of(position: int, piece: Sequence[Said]) -> AdmittedBatch:
    """A piece of the stream as one batch: a block per kind, in the order of arrival."""
    received = max(one.ts_ms for one in piece)
    by_kind: dict[str, list[Said]] = {}
    for one in piece:
        if one.values is not None:
            by_kind.setdefault(one.kind, []).append(one)
    events = tuple(
        Event(one.appliance_id, one.kind, one.ts_ms, received, one.type, one.code, boot="b", seq=one.seq)
        for one in piece
        if one.type is not None
    )
    blocks = tuple(_block(kind, samples, received) for kind, samples in sorted(by_kind.items()))
    return AdmittedBatch(position, received, len(piece), blocks, events)


def _block(kind: str, samples: Sequence[Said], received_ms: int) -> SampleBlock:
    count = len(samples)
    return SampleBlock(
        kind,
        metrics_of(kind),
        [one.appliance_id for one in samples],
        np.array([one.ts_ms for one in samples], np.int64),
        np.array([one.values for one in samples], float),
        [one.mode for one in samples],
        [one.cycle for one in samples],
        np.array([one.seq for one in samples], np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.uint8),
        received_ms,
        boots=["b"] * count,
    )


def cut(said: Sequence[Said], seed: int, *, longest: int) -> list[AdmittedBatch]:
    """The stream in batches of random lengths, short ones as likely as long ones."""
    rng = np.random.default_rng(seed)
    batches: list[AdmittedBatch] = []
    start = 0
    while start < len(said):
        length = max(1, int(np.exp(rng.uniform(0, np.log(longest)))))
        batches.append(batch_of(len(batches) + 1, said[start : start + length]))
        start += length
    return batches


def findings_of(batches: Sequence[AdmittedBatch]) -> list[Finding]:
    """What the detect path says, sorted."""
    sink = MemorySink()
    runner = Runner(ListFeed(list(batches)), sink, Pipeline(PROFILES), commit_every_s=1e12)
    runner.start()
    while runner.run_once():
        pass
    runner.commit()
    assert runner.order.late_samples == runner.order.held_samples == 0
    return sorted(sink.findings, key=lambda one: (one.appliance_id, one.fault_mode, one.raised_ms, one.cleared_ms or 0))


def assert_equal(found: Sequence[Finding], expected: Sequence[Finding]) -> None:
    """Equal to the millisecond, and in numbers but for the last digits of sums taken in another order."""
    assert [plain(one) for one in found] == [plain(one) for one in expected]
    for one, other in zip(found, expected, strict=True):
        for item, like in zip(one.evidence, other.evidence, strict=True):
            assert (item.metric, item.unit, item.since_ms) == (like.metric, like.unit, like.since_ms)
            assert numbers(item) == pytest.approx(numbers(like), rel=1e-9, abs=1e-9)
        assert [name for name, _ in one.alternatives] == [name for name, _ in other.alternatives]
        assert one.score == pytest.approx(other.score, rel=1e-9)
        assert one.severity == pytest.approx(other.severity, rel=1e-9)
        assert one.probability == pytest.approx(other.probability, rel=1e-9)


def plain(one: Finding) -> Finding:
    """A finding without its numbers."""
    return replace(one, score=0.0, severity=0.0, probability=0.0, evidence=(), alternatives=())


def numbers(item: object) -> list[float]:
    """The numbers of one piece of evidence."""
    return [getattr(item, name) for name in ("observed", "expected_low", "expected_high", "share")]


@pytest.fixture(scope="module")
def told() -> list[Said]:
    """All of them together."""
    return stream(refrigerators(), plugged(), washers(), unknown())


@pytest.fixture(scope="module")
def as_one(told: list[Said]) -> list[Finding]:
    """What is found where all is one batch."""
    return findings_of([batch_of(1, told)])


def test_the_stream_has_something_to_tell(as_one: list[Finding]) -> None:
    """Wear, plugs, faults of the data of every kind, found by days, by cycles and by runs."""
    assert {(one.appliance_id, one.fault_mode) for one in as_one} == {
        ("F1", "evaporator_fan_wear"),
        ("F2", "sensor_spikes"),
        ("F3", "refrigerant_leak"),
        ("F3", "unknown"),
        ("F4", "sensor_out_of_range"),
        ("F4", "sensor_stuck"),
        ("F6", "data_gap"),
        ("P1", "unknown"),
        ("P1", "compressor_stuck_on"),
        ("W1", "drain_pump_clog"),
        ("G1", "unknown"),
    }


@pytest.mark.thorough
@settings(max_examples=tries(3), phases=(Phase.generate,))
@given(seed=st.integers(0, 10**6), longest=st.sampled_from([300, 1_000, 100, 20_000]))
def test_where_the_stream_is_cut_decides_nothing(
    told: list[Said], as_one: list[Finding], seed: int, longest: int
) -> None:
    """Cut at random places into batches of one sample or of weeks: the findings of one single batch.

    Times and causes are equal. Numbers are equal to nine digits: what appliances teach each other is summed up in another
    order. Beyond what is promised here: what waits in the reorder buffer is put before the detectors appliance by
    appliance, so a portion of the fleet's teaching may end elsewhere; and a message that is missing for longer than the
    watermark is in time for a batch that brings it together with those behind it.
    """
    assert_equal(findings_of(cut(told, seed, longest=longest)), as_one)


def test_cuts_at_the_spikes_decide_nothing() -> None:
    """From the first spike on each sample a batch of its own: what was read last is carried over, so all is counted the same."""
    said = [one for one in refrigerators() if one.appliance_id == "F2"][: 15 * PER_DAY]
    before, spikes = said[: 12 * PER_DAY - 2], said[12 * PER_DAY - 2 :]
    singly = [batch_of(1, before), *(batch_of(position, [one]) for position, one in enumerate(spikes, start=2))]
    expected = findings_of([batch_of(1, said)])

    assert "sensor_spikes" in {one.fault_mode for one in expected}
    assert_equal(findings_of(singly), expected)


@pytest.mark.thorough
@pytest.mark.parametrize("made", [washers, plugged])
def test_cuts_leave_the_same_state(made: Callable[[], list[Said]]) -> None:
    """What is remembered after many small batches is what is remembered after one, also where readings are left out."""
    said = stream(made())
    whole, small = Pipeline(PROFILES), Pipeline(PROFILES)
    whole.fold(batch_of(1, said))
    for batch in cut(said, 7, longest=60):
        small.fold(batch)

    one, other = (pipeline.detector(said[0].kind) for pipeline in (whole, small))
    assert isinstance(one, KindDetector)
    assert isinstance(other, KindDetector)
    for part, like in zip(one.layers, other.layers, strict=True):
        for name, array in part.own.items():
            np.testing.assert_allclose(like.own[name], array, rtol=1e-9, err_msg=f"{part.name}/{name}")
    for name, array in one.shared().items():
        if array.dtype.kind == "S":
            np.testing.assert_array_equal(other.shared()[name], array, err_msg=name)
        else:
            np.testing.assert_allclose(other.shared()[name], array, rtol=1e-9, atol=1e-9, err_msg=name)
