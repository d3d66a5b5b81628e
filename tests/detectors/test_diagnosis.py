"""Diagnosis and predictions: which fault mode is named, by what an appliance tells and by what it doesn't."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.finding import Cleared, Finding, FindingChannel
from detectors.layering.data_standing import DataStanding
from detectors.layering.layer import Setting
from detectors.layering.piece import Accumulated, Deviations, Diagnosis, Piece, UnitRows
from detectors.layering.standing import Standing
from detectors.layers.cusum import YOUNG_ROWS, Cusum
from detectors.layers.diagnosis import diagnose
from detectors.layers.predictions import DOUBTFUL_ROWS, Predictions
from detectors.state.table import Table
from ingest.profiles.definition import Unit
from tests.detectors.made_fleet import DAY_MS, PROFILES, START_MS

HAZARDS = np.array([0.02, 0.02])
TWO_SIGNS = np.array([[6.0, 6.0, 0.0], [6.0, 0.0, 6.0]])


def test_a_feature_that_was_never_told_does_not_speak_against_a_fault_mode() -> None:
    """Of two modes that share their only visible sign neither is taken for refuted by what nobody measures."""
    deviation = np.array([[5.0, 0.0, 0.0]])

    usual = diagnose(deviation, np.array([[True, True, True]]), TWO_SIGNS, np.eye(3), HAZARDS)
    untold = diagnose(deviation, np.array([[True, False, False]]), TWO_SIGNS, np.eye(3), HAZARDS)

    assert usual.severity[0, 0] == pytest.approx(5 / 12)
    assert untold.severity[0].tolist() == pytest.approx([5 / 6, 5 / 6])
    assert untold.posterior[0, 0] > usual.posterior[0, 0]


def test_a_mode_of_which_only_a_lesser_sign_is_visible_is_less_probable() -> None:
    """One deviation names the mode whose main sign it is, not the one of which it is a side effect."""
    signatures = np.array([[10.0, 0.0], [1.0, 10.0]])

    told = diagnose(np.array([[4.0, 0.0]]), np.array([[True, False]]), signatures, np.eye(2), HAZARDS)

    assert told.posterior[0, 0] > 5 * told.posterior[0, 1]


def test_nothing_told_names_nothing() -> None:
    """An appliance that tells none of the features has no severity, and every mode keeps its prior."""
    told = diagnose(np.zeros((1, 3)), np.zeros((1, 3), bool), TWO_SIGNS, np.eye(3), HAZARDS)

    assert not told.severity.any()
    assert np.isfinite(told.posterior).all()


class _Watched:
    """The predictions of one washing machine, row by row."""

    def __init__(self) -> None:
        profile = PROFILES["washing_machine"]
        standing, faults = Standing(profile, ["W1"]), DataStanding(profile, ["W1"], Predictions.data_faults)
        self.setting = Setting(profile, 0.2, standing, faults, ids=["W1"])
        self.layer = Predictions(self.setting)
        Table([standing, faults, self.layer]).hold(1)
        self.row = 0

    def cycle(self, *, score: float, mode: str | None, feature: str = "spin_power", up: float = 6.0) -> list[Finding]:
        """What one cycle leads to, whose cause is clearly ``mode``, or unclear."""
        features = [one.name for one in self.setting.profile.features]
        smooth = np.zeros((1, len(features)))
        smooth[0, features.index(feature)] = up
        posterior = np.full((1, len(self.setting.signed) + 1), 0.01)
        posterior[0, -1 if mode is None else self.setting.signed.index(mode)] = 0.9
        modes = np.full((1, len(self.setting.signed)), score)
        stamp, none = np.array([START_MS + self.row * DAY_MS]), np.zeros((1, 0))
        self.row += 1
        rows = UnitRows(np.array([0]), stamp, stamp, np.array([True]), smooth, none)
        piece = Piece([], [])
        piece.deviations = Deviations(rows, smooth, smooth * 0, smooth * 0 + 1, np.array([99]), 10)
        piece.accumulated = Accumulated(
            np.array([score]), modes, smooth, np.ones(smooth.shape, bool), np.ones((1, modes.shape[1]), np.int64),
            np.ones(smooth.shape, np.int64), np.eye(len(features)),
        )  # fmt: skip
        piece.diagnosis = Diagnosis(posterior, modes * 0, modes * 0 + 1)
        self.layer.take(piece)
        return piece.findings


def test_what_stands_as_unknown_gives_way_to_the_mode_that_explains_it() -> None:
    """Once the cause is clear, the unknown finding is cleared for that reason and the named one is raised."""
    watched = _Watched()
    for _ in range(DOUBTFUL_ROWS[Unit.CYCLE]):
        doubtful = watched.cycle(score=1.2, mode=None)
    assert [one.fault_mode for one in doubtful] == ["unknown"]

    ended, named = watched.cycle(score=1.3, mode="bearing_wear")

    assert (ended.fault_mode, ended.cleared_because) == ("unknown", Cleared.NAMED)
    assert (named.fault_mode, named.cleared_ms) == ("bearing_wear", None)
    assert watched.cycle(score=1.3, mode="belt_slip") == []


def test_a_lone_sign_of_a_fault_is_never_called_a_lying_sensor() -> None:
    """A feature that a fault moves this way is raised as unknown; moved against every fault, it speaks for its sensor."""
    signs, lies = _Watched(), _Watched()

    for _ in range(DOUBTFUL_ROWS[Unit.CYCLE]):
        sign = signs.cycle(score=1.2, mode=None, feature="leakage", up=8.0)
        lie = lies.cycle(score=1.2, mode=None, feature="leakage", up=-8.0)

    assert [(one.fault_mode, one.channel) for one in sign] == [("unknown", FindingChannel.EVIDENCE)]
    assert [(one.fault_mode, one.channel) for one in lie] == [("sensor_drift", FindingChannel.DATA)]


def test_a_young_baseline_asks_for_more_evidence() -> None:
    """The same deviations count for less while few cycles say what is usual, and ever more nearly in full later."""
    profile = PROFILES["washing_machine"]
    scores = []
    for rows_before in (12, 600):
        setting = Setting(profile, 0.2, Standing(profile, ["W1"]), DataStanding(profile, ["W1"]), ids=["W1"])
        layer = Cusum(setting)
        Table([layer]).hold(1)
        z, stamp = np.full((1, len(profile.features)), 2.0), np.array([START_MS])
        piece = Piece([], [])
        rows = UnitRows(np.array([0]), stamp, stamp, np.array([True]), z, np.zeros((1, 0)))
        piece.deviations = Deviations(rows, z, z * 0, z * 0 + 1, np.array([rows_before]), 10)
        for _ in range(4):
            layer.take(piece)
        assert piece.accumulated is not None
        scores.append(float(piece.accumulated.score[0]))

    assert scores[0] / scores[1] == pytest.approx(np.sqrt((1 + YOUNG_ROWS / 600) / (1 + YOUNG_ROWS / 12)))
