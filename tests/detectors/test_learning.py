"""Learning from verdicts: fits, their files, what they change, and when they are released."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from detectors.evaluation.truth import DAY_MS, Fault, Truth
from detectors.finding import Finding, FindingChannel
from detectors.kinds.kind import KindDetector
from detectors.layering.fits import GENERAL, Fit, Fits, Forecast, Moment, Steps, Trees, tenth
from detectors.layering.piece import Piece
from detectors.layers.conditions import Conditions
from detectors.layers.forecasts import Forecasts
from detectors.learning.card import card_of, comparison_as_text, page_of
from detectors.learning.cases import Case, Cases, Look, Outcome, hash_of
from detectors.learning.comparing import compared
from detectors.learning.fit_file import FitError, packed, read_fit, version_of
from detectors.learning.training import Trained, as_trees, trained
from detectors.learning.verdicts import Verdict, read_verdicts, supposed
from detectors.pipeline import Pipeline
from ingest.sample import Lesson
from tests.detectors.made_fleet import PROFILES
from tests.detectors.made_units import unit_batches
from tests.detectors.test_each_layer import IDS, alone, judged

KIND, MODE = "refrigerator", "condenser_fouling"
NAMES = (*GENERAL, *(f"z {feature.name}" for feature in PROFILES[KIND].features))


def moment(appliance_id: str, *, severity: float, at: int = 0, raised: int = 0) -> Moment:
    """A unit of a finding."""
    inputs = np.full(len(NAMES), 0.5)
    inputs[GENERAL.index("severity")] = severity
    inputs[GENERAL.index("posterior")] = 0.6 + severity / 3
    return Moment(0, appliance_id, MODE, raised, at, at == raised, 0.6 + severity / 3, inputs)


def cases(count: int = 160, *, seed: int = 1) -> Cases:
    """Findings of which the worse are the truer, and fail the sooner."""
    rng = np.random.default_rng(seed)
    made = Cases(names={KIND: NAMES}, fleets={f"fleet {seed}": f"{seed:064d}"})
    for number in range(count):
        severity = float(rng.random())
        is_right, fails = bool(rng.random() < severity), bool(rng.random() < severity)
        made.cases.append(Case(f"A{number}", KIND, moment(f"A{number}", severity=severity), is_right, fails))
        made.looks += [Look(f"A{number}", KIND, made.cases[-1], fails), Look(f"B{number}", KIND, None, number < 2)]
    return made


@cache
def made_fit() -> Trained:
    """What such findings teach."""
    return trained(cases())


def steady(value: float) -> Forecast:
    """A forecast that says the same of everything."""
    nothing = np.zeros(0, np.int64)
    trees = Trees((), nothing, nothing, np.zeros(0), nothing > 0, nothing, nothing, nothing > 0, np.zeros(0), 0.0)
    return Forecast(trees, Steps(np.array([0.5]), np.array([value])))


def test_trees_say_what_scikit_learn_says() -> None:
    """Trees as arrays give the probabilities of the booster that they come from, whatever is missing."""
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(300, 4))
    inputs[rng.random(inputs.shape) < 0.2] = np.nan
    labels = np.nan_to_num(inputs[:, 0]) + 0.5 * np.isnan(inputs[:, 1]) + rng.normal(size=300) > 0.3
    booster = HistGradientBoostingClassifier(max_iter=12, max_depth=3, early_stopping=False).fit(inputs, labels)

    raw = as_trees(booster, ("a", "b", "c", "d")).raw(inputs)

    np.testing.assert_allclose(1 / (1 + np.exp(-raw)), booster.predict_proba(inputs)[:, 1], rtol=1e-9)


def test_enough_verdicts_give_a_mode_its_own_trees_that_rise_with_severity() -> None:
    """From fifty confirmed findings on a mode has trees; worse is never less probable, and held-out skill is there."""
    made = made_fit()
    fit = made.as_fit("v")

    said = [fit.confirmed(KIND, NAMES, moment("x", severity=severity)) for severity in np.linspace(0, 1, 21)]
    fails = [fit.fails(NAMES, moment("x", severity=severity)) or -1.0 for severity in np.linspace(0, 1, 21)]

    assert set(made.modes) == {f"{KIND}/{MODE}"}
    assert said == sorted(said)
    assert said[-1] > said[0] + 0.3
    assert fails == sorted(fails)
    assert min(fails) > 0
    assert made.quiet_30d == pytest.approx(2 / 160)


def test_a_mode_with_few_verdicts_keeps_its_profile_and_the_card_says_so() -> None:
    """Below fifty confirmed findings the evidence's own probability is calibrated by shared steps, and nothing else."""
    few = cases(70)

    made = trained(few)
    card = card_of(made, few, "v")

    assert not made.modes
    assert made.others is not None
    assert "keeps its profile's evidence" in made.left_out[f"{KIND}/{MODE}"]
    assert "keeps its profile's evidence" in page_of(card)
    assert json.loads(json.dumps(card))["data"]["findings"] == 70


def test_a_held_out_appliance_teaches_nothing_of_itself() -> None:
    """Labels that follow from nothing but the appliance give no skill to those held out."""
    rng = np.random.default_rng(5)
    blind = cases(120)
    blind.cases = [replace(one, is_confirmed=bool(rng.random() < 0.5)) for one in blind.cases]

    card = card_of(trained(blind), blind, "v")

    assert card["held out"][f"{KIND}/{MODE}"]["skill"]["value"] < 0.05


def test_a_fit_outlives_its_file(tmp_path: Path) -> None:
    """A fit that is read back says the same to the last bit; its version is of its bytes; equal fits have equal bytes."""
    made = made_fit()
    content = packed(made.as_fit(""))
    (tmp_path / "fit.npz").write_bytes(content)

    fit = read_fit(tmp_path / "fit.npz")

    assert content == packed(made.as_fit(""))
    assert fit.version == version_of(content)
    assert fit.fleets == made.fleets
    for severity in (0.1, 0.5, 0.9):
        one = moment("x", severity=severity)
        assert fit.confirmed(KIND, NAMES, one) == made.as_fit("").confirmed(KIND, NAMES, one)
        assert fit.fails(NAMES, one) == made.as_fit("").fails(NAMES, one)


def test_a_file_that_is_no_fit_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Pickles, other schemas, trees that lead to themselves and plain noise are no fits."""
    content = packed(made_fit().as_fit(""))
    with np.load(io.BytesIO(content)) as opened:
        arrays = {name: opened[name] for name in opened.files}
    header = json.loads(arrays["header"].tobytes())
    wrong = {
        "pickle": arrays | {"header": np.array([{"schema": 1}], object)},
        "schema": arrays | {"header": np.frombuffer(json.dumps(header | {"schema": 99}).encode(), np.uint8)},
        "circle": arrays | {"failing/left": np.zeros_like(arrays["failing/left"])},
        "outside": arrays | {"failing/right": arrays["failing/right"] + 100_000},
        "falling": arrays | {"failing/y": arrays["failing/y"][::-1]},
    }
    file = tmp_path / "fit.npz"
    for one in wrong.values():
        np.savez(file, **one)
        with pytest.raises(FitError, match="no fit"):
            read_fit(file)
    file.write_bytes(b"PK\x03\x04 noise")
    with pytest.raises(FitError, match="no fit"):
        read_fit(file)
    with pytest.raises(FitError, match="can't be read"):
        read_fit(tmp_path / "nothing.npz")


def test_inputs_go_by_their_names() -> None:
    """A profile whose features stand in another order, or lack one, gets the same of what is left."""
    fit = made_fit().as_fit("")
    one = moment("x", severity=0.7)
    backwards = replace(one, inputs=one.inputs[::-1])

    assert fit.confirmed(KIND, NAMES[::-1], backwards) == fit.confirmed(KIND, NAMES, one)
    assert fit.fails(NAMES[: len(GENERAL)], replace(one, inputs=one.inputs[: len(GENERAL)])) == fit.fails(NAMES, one)


def folded(fits: Fits) -> tuple[list[Finding], KindDetector]:
    """What the made refrigerators lead to."""
    pipeline = Pipeline(PROFILES, fits=fits)
    found = [finding for batch in unit_batches(KIND) for finding in pipeline.fold(batch).findings]
    detector = pipeline.detector(KIND)
    assert isinstance(detector, KindDetector)
    return found, detector


def forecasts(detector: KindDetector) -> Forecasts:
    """The layer that judges by fits."""
    return next(layer for layer in detector.layers if isinstance(layer, Forecasts))


def named(found: list[Finding]) -> list[Finding]:
    """Those by evidence that name a mode, raised or told again."""
    return [
        one for one in found
        if one.channel is FindingChannel.EVIDENCE and one.fault_mode != "unknown" and one.cleared_ms is None
    ]  # fmt: skip


def test_a_released_fit_changes_probabilities_and_nothing_else() -> None:
    """The same is raised, told again and cleared, at the same times; probability and failure are the fit's."""
    fit = Fit("v", others=Steps(np.array([0.0, 1.0]), np.array([0.25, 0.25])), failing=steady(0.125))

    before, _ = folded(Fits())
    after, _ = folded(Fits(fit))

    assert named(after)
    assert {one.probability for one in named(after)} == {0.25}
    assert {one.failing_30d for one in named(after)} == {0.125}
    assert {one.failing_30d for one in named(before)} == {None}
    assert [replace(one, probability=0.0, failing_30d=None) for one in after] == [
        replace(one, probability=0.0, failing_30d=None) for one in before
    ]


@pytest.mark.thorough
def test_a_candidate_is_held_against_verdicts_and_changes_nothing() -> None:
    """What a candidate says is heard by nobody; a verdict that comes back moves its error, once."""
    sure = Fit("sure", others=Steps(np.array([0.0, 1.0]), np.array([1.0, 1.0])))

    before, _ = folded(Fits())
    after, detector = folded(Fits(candidate=sure))
    one = named(after)[0]
    lesson = Lesson(one.appliance_id, KIND, 1, one.raised_ms, one.fault_mode, "confirmed")
    for _ in range(2):
        detector.hear(lesson)

    assert after == before
    judged = forecasts(detector).judged()
    assert judged["candidate"] == (1, 0.0)
    assert judged["evidence"][0] == 1
    assert judged["evidence"][1] == pytest.approx((1 - one.probability) ** 2, rel=1e-5)
    assert "released" not in judged


@pytest.mark.thorough
def test_drift_is_told_once_enough_was_seen() -> None:
    """Findings like those of the training have little drift, others much; of few nothing is said; another fit begins anew."""
    edges = {"severity": np.arange(1, 10) / 10}
    fit = Fit("v", edges=edges, shares={"severity": np.full(10, 0.1)})
    _, detector = folded(Fits(fit))
    layer = forecasts(detector)

    def see(severities: np.ndarray) -> dict[str, float]:
        piece = Piece([], [], moments=[moment("A0", severity=float(one)) for one in severities])
        layer.take(piece)
        layer.take_over()
        return layer.drift()

    assert see(np.linspace(0.01, 0.99, 20)) == {}
    assert see(np.linspace(0.01, 0.99, 200))["severity"] < 0.1
    assert see(np.full(400, 0.95))["severity"] > 0.5
    layer.numbers[0] += 1
    assert layer.drift() == {}
    assert see(np.linspace(0.01, 0.99, 20)) == {}


def test_tenths_part_what_was_learned_from() -> None:
    """Values at an edge belong above it."""
    assert [tenth(np.arange(1.0, 10.0), value) for value in (0.0, 1.0, 9.5)] == [0, 1, 9]


def test_a_better_candidate_is_released_and_a_worse_one_is_not() -> None:
    """The rule's sentences say why; too few verdicts release nothing."""
    good = made_fit().as_fit("good")
    bad = Fit("bad", others=Steps(np.array([0.0, 1.0]), np.array([0.99, 0.99])))

    for candidate, released, count, is_released in (
        (good, bad, 160, True),
        (bad, good, 160, False),
        (good, bad, 30, False),
    ):
        found = compared(cases(count, seed=9), candidate, released)
        assert found.is_released is is_released
        assert comparison_as_text(found).endswith("Released." if is_released else "Not released.")


def test_a_finding_has_the_verdict_of_the_first_who_looked() -> None:
    """Within sixty days; who found another fault, or nothing, refutes it; nobody's look leaves it open."""

    def confirms(*verdicts: Verdict) -> bool | None:
        return Outcome(verdicts, (), (), 400 * DAY_MS).confirms(moment("A", severity=0.5))

    assert confirms(Verdict("A", 5 * DAY_MS, MODE)) is True
    assert confirms(Verdict("A", 5 * DAY_MS, None), Verdict("A", 9 * DAY_MS, MODE)) is False
    assert confirms(Verdict("A", 90 * DAY_MS, MODE)) is None


def test_what_is_not_known_of_a_failure_is_no_label() -> None:
    """Thirty days before the end of the record, before a repair that came first, and while broken, nothing is known."""
    outcome = Outcome((), (100 * DAY_MS,), (110 * DAY_MS, 200 * DAY_MS), 300 * DAY_MS)

    said = [outcome.fails(day * DAY_MS) for day in (60, 80, 105, 130, 180, 250, 280)]

    assert said == [False, True, None, False, None, False, None]


def test_supposed_visits_say_no_more_than_a_desk_knows() -> None:
    """Each finding gets a visit a week later and each breakdown one at once; a fault nobody looked at stays unknown."""

    def fault(appliance_id: str, failure: int | None) -> Fault:
        last = failure or 300
        return Fault(
            appliance_id,
            KIND,
            MODE,
            is_abrupt=False,
            onset_ms=50 * DAY_MS,
            failure_ms=failure and failure * DAY_MS,
            last_ms=last * DAY_MS,
            over_ms=last * DAY_MS,
        )

    truth = Truth(
        dict.fromkeys("ABC", KIND), dict.fromkeys("ABC", (0, 300 * DAY_MS)), [fault("A", 100), fault("B", None)], ()
    )

    found = supposed(truth, [("A", MODE, 60 * DAY_MS), ("C", MODE, 10 * DAY_MS)])

    assert found == [
        Verdict("C", 17 * DAY_MS, None),
        Verdict("A", 67 * DAY_MS, MODE),
        Verdict("A", 100 * DAY_MS, MODE, 100 * DAY_MS),
    ]


def test_verdicts_are_read_from_the_fleet_folder(tmp_path: Path) -> None:
    """In the order of time; without the file there are none; another hash for other data."""
    assert read_verdicts(tmp_path) is None
    before = hash_of(tmp_path)
    (tmp_path / "verdicts.csv").write_text(
        "id,ts,fault_mode,failed_at\nB,2000000000000,,\nA,1900000000000,leak,1800000000000\n"
    )

    assert read_verdicts(tmp_path) == [
        Verdict("A", 1_900_000_000_000, "leak", 1_800_000_000_000),
        Verdict("B", 2_000_000_000_000, None),
    ]
    assert hash_of(tmp_path) != before


def test_how_probably_it_fails_is_said_with_the_condition() -> None:
    """What the fit learned of the quiet, then of what stands, each once while it is the same; nothing of the young, or without a fit."""
    conditions, without = alone(Conditions), alone(Conditions)
    conditions.setting.fits = Fits(Fit("v", failing=steady(0.25), quiet_30d=0.04))
    said = []
    for day, (rows_before, failing) in enumerate([(3, {}), (50, {}), (51, {}), (52, {0: 0.5}), (53, {0: 0.505})]):
        piece = judged(conditions, 0.0, None, day, rows_before)
        piece.failing = failing
        conditions.take(piece)
        said.append([one.failing_30d for one in piece.conditions if one.appliance_id == IDS[0]])
    quiet = judged(without, 0.0, None, 0, 50)
    without.take(quiet)

    assert said == [[None], [0.04], [], [0.5], []]
    assert {one.failing_30d for one in quiet.conditions} == {None}


def test_what_ends_between_two_days_is_said_anew_on_the_next() -> None:
    """The desk forgets how probably it fails when a finding ends; so what was said last is forgotten here, too."""
    conditions = alone(Conditions)
    conditions.setting.fits = Fits(Fit("v", failing=steady(0.25), quiet_30d=0.04))
    conditions.take(judged(conditions, 0.0, None, 1, 50))
    mode = next(iter(PROFILES[KIND].fault_modes))
    over = Finding(IDS[0], KIND, mode, "", FindingChannel.RULE, 1, 1, 1.0, 0.5, 0.5, cleared_ms=2)
    between, next_day = Piece([], [], row=0), judged(conditions, 0.0, None, 2, 51)
    between.findings.append(over)

    conditions.take(between)
    conditions.take(next_day)

    assert [(one.failing_30d, dict(one.health)) for one in between.conditions] == [(None, {})]
    assert [one.failing_30d for one in next_day.conditions if one.appliance_id == IDS[0]] == [0.04]
