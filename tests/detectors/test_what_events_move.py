"""New firmware, settings, moves and repairs: what moved is usual from then on, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.layering.data_standing import DataStanding
from detectors.layering.layer import Setting
from detectors.layering.piece import Accumulated, Piece, UnitRows
from detectors.layering.standing import Standing
from detectors.layers.context import Context
from ingest.sample import Event, EventType
from tests.detectors.made_fleet import DAY_MS, PROFILES, START_MS

DAYS, CUT = 80, 50
PROFILE = PROFILES["refrigerator"]
FEATURES = len(PROFILE.features)


class Fleet:
    """Refrigerators whose features are noise, without what lies before the context."""

    def __init__(self, count: int, *, cut: EventType | None, seed: int = 3) -> None:
        ids = [f"F{number}" for number in range(count)]
        self.layer = Context(Setting(PROFILE, 0.2, Standing(PROFILE, ids), DataStanding(PROFILE, ids), {}, ids))
        for column in self.layer.columns():
            if not column.is_seldom:
                self.layer.own[column.name] = column.empty(count)
        self.layer.seldom = type(self.layer.seldom)([one for one in self.layer.columns() if one.is_seldom])
        self.layer.seldom.grow(count)
        self.rows, self.rng, self.cut = np.arange(count), np.random.default_rng(seed), cut
        self.floor = self.layer.floor
        self.contexts = self.layer.own["ring"].shape[2] - FEATURES

    def deviations(self, moved: dict[int, float], *, before: dict[int, float] | None = None) -> np.ndarray:
        """Deviations (days, appliances, F) of all days; ``moved`` features by so many floors from the cut on, ``before`` always from day 30."""
        told = []
        for day in range(DAYS):
            if day == CUT and self.cut is not None:
                for row in self.rows.tolist():
                    event = Event(f"F{row}", "refrigerator", START_MS + day * DAY_MS, 0, self.cut)
                    self.layer.take(Piece([], [], event=event, row=row))
            features = 3 + self.rng.normal(0, 1, (len(self.rows), FEATURES)) * self.floor
            for feature, shift in (moved if day >= CUT else {}).items():
                features[:, feature] += shift * self.floor[feature]
            for feature, shift in ((before or {}) if day >= 30 else {}).items():
                features[:, feature] += shift * self.floor[feature]
            start = np.full(len(self.rows), START_MS + day * DAY_MS)
            units = UnitRows(self.rows, start, start + DAY_MS, np.ones(len(self.rows), bool), features,
                             np.zeros((len(self.rows), self.contexts)))  # fmt: skip
            piece = Piece([], [], units=units)
            self.layer.take_over()
            self.layer.take(piece)
            assert piece.deviations is not None
            told.append(piece.deviations.z)
            piece.accumulated = suspicious(piece.deviations.z)
            self.layer.learn(piece)
        return np.array(told)


def suspicious(z: np.ndarray) -> Accumulated:
    """What deviations look like to the context: the farther, the less they teach."""
    score = np.nan_to_num(np.abs(z)).max(axis=1) / 4
    return Accumulated(score, z, z, z > 0, np.zeros(0, int), np.zeros(0, int), z)


def test_what_firmware_moved_is_usual_soon() -> None:
    """Of two features that new firmware shifts nothing is seen two weeks later, and evidence waits for one week only."""
    z = Fleet(6, cut=EventType.FIRMWARE_UPDATED).deviations({0: 6.0, 4: -4.0})

    assert np.isnan(z[CUT : CUT + 7]).all()
    assert not np.isnan(z[CUT + 7 :]).any()
    assert np.abs(z[CUT + 14 :, :, [0, 4]].mean(axis=0)).max() < 1


def test_without_a_word_of_it_the_same_shift_stands() -> None:
    """So a cut that moves nothing fails here."""
    z = Fleet(6, cut=None).deviations({0: 6.0, 4: -4.0})

    assert np.abs(z[CUT + 14 :, :, [0, 4]].mean(axis=0)).min() > 1.5


@pytest.mark.parametrize("cut", [EventType.FIRMWARE_UPDATED, EventType.SETTING_CHANGED, EventType.MOVED])
def test_a_fault_from_before_stands_after(cut: EventType) -> None:
    """No event that repairs nothing hides what an appliance showed before it."""
    z = Fleet(3, cut=cut).deviations({}, before={2: 5.0})

    assert z[CUT - 7 : CUT, :, 2].mean() > 3
    assert z[CUT + 7 : CUT + 14, :, 2].mean() > 2.5


def test_after_a_repair_it_is_held_against_what_it_shows() -> None:
    """A part that reads a little differently than the old one is no fault."""
    z = Fleet(3, cut=EventType.PART_REPLACED).deviations({1: 5.0})

    assert np.abs(z[CUT + 7 :, :, 1].mean()) < 1
