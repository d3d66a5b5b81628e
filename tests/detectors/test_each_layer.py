"""Every layer alone: what holds for all that are listed, and what each is for, by the smallest case that shows it."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pytest

from detectors.finding import UNKNOWN, Cleared, ConditionState, FindingChannel
from detectors.layering.budget import ALARM_SHARE, EXPONENT, PENDING_ROWS, prior, put_right
from detectors.layering.data_standing import DataStanding
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Accumulated, Deviations, Diagnosis, Piece, Samples, UnitRows
from detectors.layering.standing import Standing
from detectors.layers.conditions import Conditions
from detectors.layers.context import MEAN, Context
from detectors.layers.cusum import Cusum
from detectors.layers.diagnosis import Diagnoses, diagnose
from detectors.layers.error_codes import ErrorCodes
from detectors.layers.predictions import CALM_ROWS, Predictions
from detectors.layers.rules import Rules
from detectors.layers.units import Units
from detectors.pipeline import LAYERS
from detectors.state.columns import Arrays
from detectors.state.table import Table
from ingest.sample import Event, EventType
from tests.detectors.made_fleet import DAY_MS, PROFILES, START_MS

KIND = "refrigerator"
IDS = ["F0", "F1", "F2"]
ALONE = TypeVar("ALONE", bound=Layer)


def alone(layer: type[ALONE], kind: str = KIND, asked: float = 0.2) -> ALONE:
    """A layer of one kind with a table of its own."""
    profile, ids = PROFILES[kind], list(IDS)
    codes = {code: name for name, mode in reversed([*profile.fault_modes.items()]) for code in mode.codes}
    standing, faults = Standing(profile, ids), DataStanding(profile, ids, layer.data_faults)
    made = layer(Setting(profile, asked, standing, faults, codes, ids))
    Table([standing, faults, made])
    return made


def values_of(layer: Layer) -> Arrays:
    """All its columns, of all appliances."""
    rows = np.arange(len(IDS))
    return {
        column.name: layer.seldom.read(column.name, rows) if column.is_seldom else layer.own[column.name][rows].copy()
        for column in layer.columns()
    }


def happened(kind: EventType, row: int = 0, day: float = 0.0, code: str | None = None) -> Piece:
    """A piece that is an event."""
    ts_ms = START_MS + round(day * DAY_MS)
    return Piece([], [], event=Event(IDS[row], KIND, ts_ms, ts_ms, kind, code=code), row=row)


def samples(layer: Layer, readings: dict[str, list[float]], step_s: int = 1800, day: int = 0) -> Samples:
    """Samples of the first appliance, one after another."""
    metrics = list(layer.setting.profile.metrics)
    count = len(next(iter(readings.values())))
    values = np.full((count, len(metrics)), np.nan)
    for name, column in readings.items():
        values[:, metrics.index(name)] = column
    ts_ms = START_MS + day * DAY_MS + np.arange(count, dtype=np.int64) * step_s * 1000
    modes, before = np.zeros(count, np.int64), np.r_[0, ts_ms[:-1]]
    rows = np.zeros(count, np.intp)
    return Samples(
        rows, ts_ms, values.astype(np.float32), values, modes, ts_ms // DAY_MS + 2, before, modes, np.arange(count)
    )


def day_of(layer: Layer, features: np.ndarray[tuple[int], np.dtype[np.float64]], day: int) -> UnitRows:
    """A closed day of each appliance with the same features, and no context."""
    count = len(IDS)
    closed = np.full(count, START_MS + day * DAY_MS, np.int64)
    contexts = np.full((count, len(layer.setting.values.contexts)), np.nan)
    rows = np.arange(count, dtype=np.intp)
    return UnitRows(rows, closed - DAY_MS, closed, np.ones(count, bool), np.tile(features, (count, 1)), contexts)


def judged(layer: Layer, score: float, mode: str | int | None, day: int, rows_before: int = 99) -> Piece:
    """A piece of one day with a score, and a signature (or the first of a mode) that explains it for sure."""
    setting = layer.setting
    number = setting.signed.index(mode) if isinstance(mode, str) else mode
    units = day_of(layer, np.zeros(len(setting.profile.features)), day)
    size, signed = units.features.shape, (len(IDS), len(setting.signed))
    deviations = Deviations(
        units, np.zeros(size), np.zeros(size), np.ones(size), np.full(len(IDS), rows_before, np.int64), 14
    )
    posterior = np.zeros((signed[0], signed[1] + 1))
    posterior[:, -1 if number is None else number] = 1.0
    smooth = np.tile(setting.signatures[number or 0], (len(IDS), 1)) * score / 4
    told = Accumulated(
        np.full(len(IDS), score), np.full(signed, score), smooth, np.ones(size, bool), np.ones(signed, np.int64),
        np.ones(size, np.int64), np.eye(size[1]),
    )  # fmt: skip
    diagnosis = Diagnosis(posterior, np.zeros(signed), np.ones(signed))
    return Piece([], [], units=units, deviations=deviations, accumulated=told, diagnosis=diagnosis)


ALL = pytest.mark.parametrize("layer", LAYERS, ids=[layer.name for layer in LAYERS])


@ALL
def test_a_layer_stands_pieces_in_which_nothing_is(layer: type[Layer]) -> None:
    """A piece without samples and units, and one that is an event of no concern, are no error and raise nothing."""
    one = alone(layer)
    before = values_of(one)

    for piece in (Piece([], []), happened(EventType.ERROR_CODE, row=1, code="never heard of")):
        one.take(piece)
        one.learn(piece)
        assert piece.findings == []
        assert piece.conditions == []

    if layer is not ErrorCodes:
        for name, values in values_of(one).items():
            np.testing.assert_array_equal(values, before[name], err_msg=name)


@ALL
def test_a_layer_forgets_one_appliance_and_no_other(layer: type[Layer]) -> None:
    """Everything that it holds of the one is as it was in the beginning."""
    one = alone(layer)
    fresh, rows = values_of(one), np.arange(len(IDS))
    for column in one.columns():
        ones = np.ones((len(IDS), *column.shape), column.type)
        if column.is_seldom:
            one.seldom.write(rows, {column.name: ones})
        else:
            one.own[column.name][rows] = ones

    one.forget(1)

    for name, values in values_of(one).items():
        np.testing.assert_array_equal(values[1], fresh[name][1], err_msg=name)
        assert (values[[0, 2]] == 1).all()


@ALL
def test_a_layer_says_what_it_is(layer: type[Layer]) -> None:
    """Its name is its own, its columns have names of their own, and its file says what it is for."""
    names = [column.name for column in alone(layer).columns()]

    assert [one.name for one in LAYERS].count(layer.name) == 1
    assert len(set(names)) == len(names)
    assert len([one for one in LAYERS if one.__module__ == layer.__module__]) == 1
    assert layer.__doc__


def test_a_rule_fires_once_its_metric_was_beyond_for_long() -> None:
    """One reading within the limit starts the time anew."""
    rules = alone(Rules)
    rule = rules.rules[0]
    assert rule.above is not None
    beyond, within = rule.above + 1, rule.above - 1
    steps = int(rule.for_s // 1800)

    short, long = (
        Piece([], [], samples=samples(rules, {rule.metric: readings}, day=day))
        for day, readings in enumerate(([beyond] * steps + [within], [beyond] * (steps + 1)))
    )
    rules.take(short)
    rules.take(long)

    assert short.findings == []
    assert [(one.fault_mode, one.channel) for one in long.findings] == [(rule.fault_mode, FindingChannel.RULE)]


def test_a_known_code_speaks_at_once_and_an_unknown_one_the_third_time() -> None:
    """Within fourteen days; later ones count anew."""
    codes = alone(ErrorCodes)
    known, mode = next(iter(codes.setting.mode_of_code.items()))
    days = [("odd", 0.0), ("odd", 15.0), ("odd", 16.0), (known, 17.0), ("odd", 18.0)]

    pieces = [happened(EventType.ERROR_CODE, day=day, code=code) for code, day in days]
    for piece in pieces:
        codes.take(piece)

    assert [[one.fault_mode for one in piece.findings] for piece in pieces] == [[], [], [], [mode], ["unknown"]]


def test_a_day_is_closed_by_the_first_sample_of_the_next() -> None:
    """Its features are those of its own samples."""
    units = alone(Units)
    number, feature = next(
        (number, one) for number, one in enumerate(units.setting.profile.features)
        if one.statistic == "mean" and one.mode is None and one.minus is None and one.scale == "linear"
    )  # fmt: skip
    assert feature.metric is not None

    for day, level in enumerate((3.0, 5.0)):
        piece = Piece([], [], samples=samples(units, {feature.metric: [level] * 48}, day=day))
        units.take(piece)

    assert piece.units is not None
    assert piece.units.features[0, number] == pytest.approx(3.0)
    assert piece.units.closed_ms.tolist() == [START_MS + DAY_MS]


def test_the_context_layer_learns_what_is_usual_and_measures_from_there() -> None:
    """After two weeks of days alike, one that is five floors higher is far, and the one before was not."""
    context = alone(Context)
    usual, z = np.zeros(len(context.floor)), []
    for day in range(20):
        piece = Piece([], [], units=day_of(context, usual + 5 * context.floor * (day == 19), day))
        context.take(piece)
        context.learn(piece)
        assert piece.deviations is not None
        z.append(float(np.nanmax(np.abs(piece.deviations.z))) if day > 14 else 0.0)

    assert max(z[:-1]) < 0.1
    assert z[-1] > 2


@pytest.mark.parametrize(("days", "is_alarm"), [(1, False), (12, True)])
def test_deviations_of_many_days_come_to_an_alarm_and_one_wild_day_does_not(days: int, *, is_alarm: bool) -> None:
    """Along the signature of a fault mode, row after row."""
    cusum = alone(Cusum)
    signature = cusum.signatures[0] / np.linalg.norm(cusum.signatures[0])
    for day in range(20):
        piece = judged(cusum, 0.0, None, day)
        assert piece.deviations is not None
        far = 3.0 if days > 1 else 30.0
        piece.deviations.z = np.tile(signature * (far if 20 - day <= days else 0.0), (len(IDS), 1))
        cusum.take(piece)

    assert piece.accumulated is not None
    assert (piece.accumulated.score.max() >= 1) == is_alarm


@pytest.mark.parametrize("asked", [0.02, 0.2, 2.0])
def test_a_budget_moves_thresholds_and_not_what_they_are_counted_in(asked: float) -> None:
    """A fleet that has seen nothing stands where all kinds do: for each statistic, and no second time for the highest."""
    cusum = alone(Cusum, asked=asked)

    assert cusum.slow_mode == alone(Cusum).slow_mode
    assert cusum.thresholds()[:-1] == pytest.approx(prior(asked))
    assert cusum.thresholds()[-1] == pytest.approx((asked / put_right(asked, 0.0, 0.0)) ** (1 / EXPONENT))


@pytest.mark.parametrize(("feature", "is_followed"), [("defrosts_per_day", False), ("condenser_rise", True)])
def test_a_count_that_falls_is_no_alarm_where_no_fault_makes_it_fall(feature: str, *, is_followed: bool) -> None:
    """Spring ends the defrosting of an air conditioner; a warmth that falls for as long is followed."""
    cusum = alone(Cusum, "air_conditioner")
    place = [one.name for one in cusum.setting.profile.features].index(feature)
    told = []
    for side in (1.0, -1.0):
        cusum.forget(0)
        for day in range(20):
            piece = judged(cusum, 0.0, None, day)
            assert piece.deviations is not None
            piece.deviations.z = np.zeros((len(IDS), len(cusum.only_up)))
            piece.deviations.z[:, place] = 3.0 * side
            cusum.take(piece)
        assert piece.accumulated is not None
        told.append(cusum.own["slow_single"][0, :, place].max() > 0)

    assert told == [True, is_followed]


def test_nothing_is_expected_to_happen_less_often_than_never() -> None:
    """A count that falls with warmth ends at none, however warm it gets."""
    context = alone(Context, "air_conditioner")
    place = [one.name for one in context.setting.profile.features].index("defrosts_per_day")
    reference = np.zeros((1, len(context.reference), len(context.floor)))
    reference[:, MEAN, place] = 3.0
    far = np.full((1, len(context.floor)), 1e3)
    context.fleet["cross"][:, 0, 0], context.fleet["weight"][:] = 1e4, 100.0
    context.fleet["covariance"][:, 0] = -1e4

    assert context._expected(reference, far, np.full_like(far, np.nan))[0, place] == 0.0


def test_the_fleet_counts_alarms_that_ended_by_themselves_and_calm_rows_of_the_grown() -> None:
    """Excursions of the young are not over, so their rows are no calm ones; and what a new part ended was no false alarm."""
    cusum = alone(Cusum)
    young, grown = (judged(cusum, 0.0, None, 0, rows) for rows in (PENDING_ROWS - 1, PENDING_ROWS))
    told = []
    for piece in (young, grown):
        cusum.take(piece)
        told.append((float(cusum.told["rows"][0]), float(cusum.told["alarms"][0])))
    for because, rows in ((Cleared.CALM, 80), (Cleared.STARTED_OVER, 80), (Cleared.CALM, 20)):
        piece = judged(cusum, 0.0, None, 0, rows)
        cusum.setting.standing.go_on(0, UNKNOWN, FindingChannel.EVIDENCE, START_MS)
        piece.findings.append(cusum.setting.standing.clear(0, cusum.setting.standing.unknown, START_MS, because))
        cusum.learn(piece)

    assert told[0] == (0.0, 0.0)
    assert told[1] == pytest.approx((len(IDS), 0.2 / ALARM_SHARE * len(IDS) / 365))
    assert cusum.told["alarms"][1] == 1


def test_the_mode_whose_signature_fits_is_the_most_probable() -> None:
    """Each mode's own signature, at failure level, is explained by it or by one that looks alike."""
    diagnoses = alone(Diagnoses)
    for number in range(len(diagnoses.setting.signed)):
        piece = judged(diagnoses, 4.0, number, 0)

        diagnoses.take(piece)

        assert piece.diagnosis is not None
        assert piece.diagnosis.posterior[0, number] >= piece.diagnosis.posterior[0, :-1].max() - 0.35
        assert piece.diagnosis.severity[0, number] == pytest.approx(1.0)


def test_a_prediction_is_raised_once_and_cleared_when_it_is_calm() -> None:
    """One finding while the alarm lasts, and its end after some calm days."""
    predictions = alone(Predictions)
    mode = predictions.setting.signed[0]
    pieces = [judged(predictions, 1.5 if day < 5 else 0.1, mode, day) for day in range(5 + CALM_ROWS)]

    for piece in pieces:
        predictions.take(piece)

    said = [[(one.fault_mode, one.cleared_ms is None) for one in piece.findings] for piece in pieces]
    assert said[0] == [(mode, True)] * len(IDS)
    assert said[-1] == [(mode, False)] * len(IDS)
    assert not any(said[1:-1])


def test_a_condition_is_said_when_it_changes() -> None:
    """Learning, then well, then watched; and nothing where it is as before."""
    conditions = alone(Conditions)
    pieces = [
        judged(conditions, score, None, day, rows_before)
        for day, (score, rows_before) in enumerate([(0.0, 3), (0.0, 50), (0.0, 51), (0.8, 52)])
    ]

    for piece in pieces:
        conditions.take(piece)

    said = [{one.state for one in piece.conditions} for piece in pieces]
    assert said == [{ConditionState.LEARNING}, {ConditionState.OK}, set(), {ConditionState.WATCH}]


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ("refrigerant_leak", {"valve_opening_heating": 6.0, "discharge_rise_heating": 5.0}),
        ("filter_clog", {"heating_split": 4.0, "coil_rise": 4.0, "indoor_fan_speed_heating": 3.0}),
        ("outdoor_fan_wear", {"outdoor_fan_speed_heating": -5.0}),
        ("compressor_valve_leak", {"heating_split": -3.0, "coil_rise": -3.0, "discharge_rise_heating": -8.0}),
        ("reversing_valve_leak", {"heating_split": -6.0, "discharge_rise_heating": 3.0}),
        ("expansion_valve_stuck", {"valve_jitter_heating": 5.0}),
    ],
)
def test_a_fault_of_an_air_conditioner_has_its_name_in_winter(mode: str, shown: dict[str, float]) -> None:
    """Who only heats tells nothing of cooling, and is not judged by it."""
    layer = alone(Diagnoses, "air_conditioner")
    profile = layer.setting.profile
    known = np.array([[one.mode == "heating" for one in profile.features]])
    smooth = np.array([[shown.get(one.name, 0.0) for one in profile.features]])

    told = diagnose(smooth, known, layer.setting.signatures, np.eye(len(profile.features)), layer.hazards)

    assert layer.setting.signed[int(told.posterior[0, :-1].argmax())] == mode
    assert told.posterior[0].max() == told.posterior[0, :-1].max()
