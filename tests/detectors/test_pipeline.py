"""From samples to findings and conditions, over made-up fleets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.finding import Condition, ConditionState, Finding, FindingChannel
from detectors.kinds.kind import KindDetector
from detectors.layers.cusum import Cusum
from detectors.pipeline import Pipeline
from ingest.sample import AdmittedBatch, Event, EventType, SampleFlag
from tests.detectors.made_fleet import (
    DAY_MS,
    FRIDGE,
    PER_DAY,
    PROFILES,
    START_MS,
    WASHER,
    block,
    fridge,
    fridge_batches,
    wash,
)
from tests.examples import some_of

HEALTHY = dict.fromkeys([f"H{number}" for number in range(8)])


def fold(pipeline: Pipeline, batches: list[AdmittedBatch]) -> tuple[list[Finding], list[Condition]]:
    """All findings and conditions of some batches."""
    outcomes = [pipeline.fold(batch) for batch in batches]
    return [f for one in outcomes for f in one.findings], [c for one in outcomes for c in one.conditions]


def repairs(findings: list[Finding]) -> list[Finding]:
    """What was raised of appliances, not of data."""
    return [finding for finding in findings if finding.is_new and not finding.is_data_fault]


@pytest.mark.parametrize("fault", some_of(["refrigerant_leak", "condenser_fouling", "evaporator_fan_wear"], 1))
def test_a_growing_fault_is_named_before_it_is_a_failure(fault: str) -> None:
    """Each fault of a refrigerator is raised under its own name, by evidence, well before failure level."""
    findings, _ = fold(Pipeline(PROFILES), fridge_batches({"F1": fault, **HEALTHY}, days=45))

    [found] = repairs(findings)

    assert (found.appliance_id, found.fault_mode, found.channel) == ("F1", fault, FindingChannel.EVIDENCE)
    severity = ((found.raised_ms - START_MS) / DAY_MS - 20) / 20
    assert 0 < severity < 0.7
    assert START_MS + 14 * DAY_MS < found.onset_ms <= found.raised_ms
    assert 0.6 <= found.probability <= 0.95


def test_evidence_shows_what_is_beyond_its_band() -> None:
    """The strongest evidence lies outside of its expected band, and the shares sum to at most 1."""
    findings, _ = fold(Pipeline(PROFILES), fridge_batches({"F1": "condenser_fouling", **HEALTHY}, days=45))

    [found] = repairs(findings)

    strongest = found.evidence[0]
    assert strongest.metric == "condenser_rise"
    assert strongest.observed > strongest.expected_high > strongest.expected_low
    assert strongest.unit == "K"
    assert 10 < strongest.observed < 25
    assert sum(item.share for item in found.evidence) <= 1 + 1e-9


def test_healthy_appliances_stay_quiet() -> None:
    """Ninety days of eight healthy refrigerators raise nothing."""
    findings, conditions = fold(Pipeline(PROFILES), fridge_batches(HEALTHY, days=90, seed=5))

    assert findings == []
    assert {condition.state for condition in conditions} <= {
        ConditionState.LEARNING,
        ConditionState.OK,
        ConditionState.WATCH,
    }


def test_learning_says_which_day_it_is() -> None:
    """While it learns, an appliance's condition names the day; then it is ok."""
    _, conditions = fold(Pipeline(PROFILES), fridge_batches({"F1": None}, days=20))

    assert conditions[0].reason.text == "learning, day 1 of 14"
    assert conditions[12].reason.text == "learning, day 13 of 14"
    assert conditions[-1].state is ConditionState.OK
    signed = [mode.component for mode in PROFILES["refrigerator"].fault_modes.values() if mode.signature]
    assert conditions[-1].health == dict.fromkeys(signed, 1.0)


def test_without_any_known_metric_it_cannot_say() -> None:
    """An appliance that reports nothing the features need gets an honest answer instead of a guess."""
    rows = [("F1", START_MS + n * 1_800_000, np.full(1, 1.0), None, None) for n in range(3 * PER_DAY)]
    one = block("refrigerator", ("unheard_of",), rows)

    _, conditions = fold(Pipeline(PROFILES), [AdmittedBatch(1, one.received_ms, len(rows), (one,))])

    assert conditions[0].state is ConditionState.CANNOT_SAY
    assert "none of the metrics" in conditions[0].reason.text


def test_power_alone_is_enough_to_say_something() -> None:
    """From a plug's power every three minutes come runs, pauses and power: the appliance learns and is judged."""
    pipeline = Pipeline(PROFILES)
    minutes = np.arange(0, 16 * 1440, 3)
    rng = np.random.default_rng(3)
    power = np.maximum(np.where(minutes % 60 < 20, 90.0, 1.0) + rng.normal(0, 0.5, len(minutes)), 0.0)
    rows = [
        ("F1", START_MS + at * 60_000, np.array([watts]), None, None)
        for at, watts in zip(minutes.tolist(), power.tolist(), strict=True)
    ]
    one = block("refrigerator", ("power_w",), rows)

    _, conditions = fold(pipeline, [AdmittedBatch(1, one.received_ms, len(rows), (one,))])

    detector = pipeline.detector("refrigerator")
    assert isinstance(detector, KindDetector)
    names = [feature.name for feature in PROFILES["refrigerator"].features]
    means = dict(zip(names, detector.own("context")["mean"][0].tolist(), strict=True))
    assert np.exp(means["on_run"]) == pytest.approx(1200, rel=0.1)
    assert np.exp(means["off_run"]) == pytest.approx(2400, rel=0.1)
    assert np.exp(means["on_power"]) == pytest.approx(90, rel=0.05)
    assert conditions[-1].state is ConditionState.OK


@pytest.mark.thorough
def test_where_batches_end_makes_no_difference() -> None:
    """The same samples in batches of a day or of three hours lead to the same findings."""
    faults = {"F1": "evaporator_fan_wear", **HEALTHY}

    by_day, _ = fold(Pipeline(PROFILES), fridge_batches(faults, days=32))
    by_hours, _ = fold(Pipeline(PROFILES), fridge_batches(faults, days=32, hours=3))

    assert [(f.appliance_id, f.fault_mode, f.raised_ms) for f in by_day] == [
        (f.appliance_id, f.fault_mode, f.raised_ms) for f in by_hours
    ]
    assert repairs(by_day)


def test_a_late_sample_is_not_scored() -> None:
    """A sample flagged late changes nothing."""
    batches = fridge_batches({"F1": None}, days=3)
    late = batches[1].blocks[0]
    late = replace(late, flags=np.full(len(late), SampleFlag.LATE, np.uint8))
    pipeline = Pipeline(PROFILES)
    pipeline.fold(batches[0])
    pipeline.packed_changes()

    pipeline.fold(AdmittedBatch(2, late.received_ms, len(late), (late,)))

    assert pipeline.packed_changes() == {}


def test_a_clogging_drain_pump_is_found_from_washes() -> None:
    """Washes whose draining takes longer and longer raise the drain pump, wash by wash."""
    pipeline = Pipeline(PROFILES)
    rng = np.random.default_rng(4)
    findings: list[Finding] = []
    for number in range(40):
        blocks = []
        for appliance_id in ("W1", "W2", "W3"):
            factor = 1 + max(0, number - 20) * 0.03 if appliance_id == "W1" else 1.0
            blocks.append(wash(appliance_id, number, rng, drain_factor=factor))
        received_ms = max(one.received_ms for one in blocks)
        findings += pipeline.fold(AdmittedBatch(number + 1, received_ms, sum(map(len, blocks)), tuple(blocks))).findings

    [found] = repairs(findings)

    assert (found.appliance_id, found.fault_mode) == ("W1", "drain_pump_clog")
    assert {item.metric for item in found.evidence} >= {"drain_time"}
    assert (found.raised_ms - START_MS) // DAY_MS < 35


def test_what_is_told_once_per_cycle_counts_in_each() -> None:
    """A coast-down time that is told with one reading per wash, and differs by a tenth, is no spike: each wash counts."""
    pipeline, rng, column = Pipeline(PROFILES), np.random.default_rng(4), WASHER.index("coast_down_s")
    for number in range(30):
        one = wash("W1", number + 1, rng)
        spins = [place for place, mode in enumerate(one.modes) if mode == "spin"]
        one.values[:, column] = np.nan
        one.values[spins[-1], column] = 25 * np.exp(rng.normal(0, 0.1))
        pipeline.fold(AdmittedBatch(number + 1, one.received_ms, len(one), (one,)))

    detector = pipeline.detector("washing_machine")
    assert isinstance(detector, KindDetector)
    names = [feature.name for feature in PROFILES["washing_machine"].features]
    weight = dict(zip(names, detector.own("context")["weight"][0].tolist(), strict=True))
    assert weight["coast_down"] == pytest.approx(weight["drain_time"], rel=0.01)


@pytest.mark.parametrize(("every", "is_fault"), [(12, True), (120, False)])
def test_spikes_are_a_fault_where_they_are_frequent(every: int, is_fault: bool) -> None:
    """One wild reading in a dozen is a fault of the sensor; one in a hundred is not, however many a fast reporter has in a day."""
    rng, rows = np.random.default_rng(5), []
    for at in range(2400):
        values = np.full(len(FRIDGE), np.nan)
        values[FRIDGE.index("freezer_c")] = -18 + rng.normal(0, 0.1) + 20 * (at > 400 and at % every == 0)
        rows.append(("F1", START_MS + at * 30_000, values, "cooling", None))

    one = block("refrigerator", FRIDGE, rows)
    findings, _ = fold(Pipeline(PROFILES), [AdmittedBatch(1, one.received_ms, len(rows), (one,))])

    assert any(found.fault_mode == "sensor_spikes" for found in findings) == is_fault


def test_a_warm_freezer_is_raised_by_its_rule_and_cleared() -> None:
    """A freezer above its limit for six hours is raised at once without learning, and cleared a calm day later."""
    ts, values = fridge(7, days=5)
    warm = slice(2 * PER_DAY, 2 * PER_DAY + 20)
    values[warm, FRIDGE.index("freezer_c")] = -2.0
    rows = [("F1", int(t), value, "cooling", None) for t, value in zip(ts, values, strict=True)]
    one = block("refrigerator", FRIDGE, rows)

    findings, conditions = fold(Pipeline(PROFILES), [AdmittedBatch(1, one.received_ms, len(rows), (one,))])

    raised, cleared = [finding for finding in findings if finding.channel is FindingChannel.RULE]
    alerts = [condition for condition in conditions if condition.state is ConditionState.ALERT]
    assert {condition.reason.text for condition in alerts} == {
        PROFILES["refrigerator"].fault_modes["insufficient_cooling"].title["en"]
    }
    assert conditions[-1].state is ConditionState.LEARNING
    assert raised.fault_mode == "insufficient_cooling"
    assert raised.raised_ms == ts[warm.start] + 6 * 3_600_000
    assert raised.evidence[0].observed == -2.0
    assert cleared.cleared_ms is not None
    assert (cleared.raised_ms, cleared.fault_mode) == (raised.raised_ms, raised.fault_mode)
    assert cleared.cleared_ms >= ts[warm.stop - 1] + DAY_MS


def test_a_condition_follows_a_rule_before_the_day_is_over() -> None:
    """Where a finding is raised or ends between two ends of days, the condition says so at once, and keeps the health."""
    ts, values = fridge(7, days=4)
    warm = slice(PER_DAY, PER_DAY + PER_DAY // 2)
    values[warm, FRIDGE.index("freezer_c")] = -2.0
    pipeline, told = Pipeline(PROFILES), []
    for at in range(0, len(ts), PER_DAY // 24):
        part = slice(at, at + PER_DAY // 24)
        rows = [("F1", int(t), value, "cooling", None) for t, value in zip(ts[part], values[part], strict=True)]
        one = block("refrigerator", FRIDGE, rows)
        told += pipeline.fold(AdmittedBatch(1, one.received_ms, len(rows), (one,))).conditions

    between = [(condition.state, condition.health) for condition in told if not condition.health]

    assert between == [(ConditionState.ALERT, {}), (ConditionState.LEARNING, {})]


def code(value: str, ts_ms: int) -> Event:
    """An error code of one washing machine."""
    return Event("W1", "washing_machine", ts_ms, ts_ms, EventType.ERROR_CODE, code=value)


def test_an_error_code_names_its_fault_mode() -> None:
    """A known error code is a finding at once, and stands once however often it comes."""
    pipeline = Pipeline(PROFILES)
    events = tuple(code("OE", START_MS + n * 60_000) for n in range(3))

    findings, conditions = fold(pipeline, [AdmittedBatch(1, START_MS, 3, (), events)])

    [found] = findings
    assert [condition.state for condition in conditions] == [ConditionState.ALERT]
    assert (found.fault_mode, found.channel, found.error_code) == ("drain_pump_clog", FindingChannel.ERROR_CODE, "OE")


def test_a_code_of_several_modes_counts_for_the_first() -> None:
    """Of the modes that share a code, as makers do, the one that the profile names first is meant."""
    washer = PROFILES["washing_machine"]
    modes = list(washer.fault_modes)
    shared = {name: replace(mode, maker_codes={"acme": ("Z1",)}) for name, mode in washer.fault_modes.items()}
    pipeline = Pipeline({"washing_machine": replace(washer, fault_modes=shared), "generic": PROFILES["generic"]})

    findings, _ = fold(pipeline, [AdmittedBatch(1, START_MS, 1, (), (code("Z1", START_MS),))])

    assert [found.fault_mode for found in findings] == modes[:1]


def test_an_unknown_code_speaks_when_it_repeats() -> None:
    """An error code of no known fault mode is raised with its third coming within two weeks."""
    pipeline = Pipeline(PROFILES)

    found = [
        len(pipeline.fold(AdmittedBatch(n + 1, START_MS, 1, (), (code("X99", START_MS + n * DAY_MS),))).findings)
        for n in range(4)
    ]

    assert found == [0, 0, 1, 0]


def test_a_replaced_part_ends_what_stood() -> None:
    """After a part was replaced the finding ends, and so does what had come together for it; what is usual stays known."""
    batches = fridge_batches({"F1": "evaporator_fan_wear", **HEALTHY}, days=45)
    pipeline = Pipeline(PROFILES)
    before, _ = fold(pipeline, batches)
    [raised] = repairs(before)
    moment = batches[-1].received_ms + 1

    event = Event("F1", "refrigerator", moment, moment, EventType.PART_REPLACED, data={"component": "evaporator_fan"})
    findings, _ = fold(pipeline, [AdmittedBatch(len(batches) + 1, moment, 1, (), (event,))])

    [cleared] = findings
    assert (cleared.fault_mode, cleared.raised_ms, cleared.cleared_ms) == (raised.fault_mode, raised.raised_ms, moment)
    detector = pipeline.detector("refrigerator")
    assert isinstance(detector, KindDetector)
    row = detector.index["F1"]
    assert not detector.own("cusum")["slow_mode"][row].any()
    assert detector.own("context")["rows_seen"][row] == 44


def test_the_alarm_budget_moves_the_thresholds() -> None:
    """Fewer allowed false alarms mean higher thresholds everywhere."""
    strict, loose = (Pipeline(PROFILES, alarms_per_year=rate).detector("refrigerator") for rate in (0.02, 1.0))

    assert isinstance(strict, KindDetector)
    assert isinstance(loose, KindDetector)
    first, second = (next(one for one in kind.layers if isinstance(one, Cusum)) for kind in (strict, loose))
    assert (first.thresholds()[:-1] > second.thresholds()[:-1]).all()


def test_a_finished_cycle_is_judged_at_once() -> None:
    """The event that a cycle has finished closes it; one that comes behind later samples closes nothing."""
    pipeline = Pipeline(PROFILES)
    one = wash("W1", 0, np.random.default_rng(1))
    running = [place for place, mode in enumerate(one.modes) if mode != "idle"]
    rows = [("W1", int(one.ts_ms[p]), one.values[p], one.modes[p], one.cycles[p]) for p in running]
    part = block("washing_machine", one.metrics, rows)
    detector = pipeline.detector("washing_machine")
    assert isinstance(detector, KindDetector)
    pipeline.fold(AdmittedBatch(1, part.received_ms, len(rows), (part,)))

    for ts_ms, closed in ((START_MS, 0), (int(part.ts_ms[-1]), 1)):
        event = Event("W1", "washing_machine", ts_ms, ts_ms, EventType.CYCLE_FINISHED, data={"cycle": "0"})
        pipeline.fold(AdmittedBatch(2, ts_ms, 1, (), (event,)))
        assert detector.own("context")["rows_seen"][0] == closed


def test_what_a_remote_test_caused_teaches_nothing_and_raises_nothing() -> None:
    """A fleet in which tests were run, with readings far from usual, comes to the same findings and the same memory."""
    plain, tried = Pipeline(PROFILES), Pipeline(PROFILES)
    batches = list(fridge_batches({"F1": "condenser_fouling", **HEALTHY}, days=45))
    alone = fold(plain, batches)

    with_tests = []
    for batch in batches:
        blocks = []
        for one in batch.blocks:
            wild = replace(one, values=one.values * 10.0, modes=["test"] * len(one), ts_ms=one.ts_ms + 1)
            blocks += [one, wild]
        with_tests.append(replace(batch, blocks=tuple(blocks)))
    among = fold(tried, with_tests)

    assert among == alone
    assert tried.packed_changes() == plain.packed_changes()
