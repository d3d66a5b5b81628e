"""The asked rate of false alarms is what sound appliances show: thresholds follow from how far excursions went."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.layering import budget
from detectors.layering.budget import BINS, followed, step_of, thresholds

YEARS = 300.0
PER_YEAR = 20.0
SCALE = 0.3


def excursions(years: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Peaks of that many years with an exponential tail twice as long as theory's, and their counts by step."""
    rng = np.random.default_rng(seed)
    peaks = budget.LEVEL_FIRST + rng.exponential(SCALE, rng.poisson(PER_YEAR * years))
    return peaks, np.bincount(step_of(peaks), minlength=BINS + 1)[1:].astype(float)


def level_of(counts: np.ndarray, years: float, asked: float) -> float:
    """The threshold of one statistic."""
    return float(thresholds(counts[None], years, np.array([asked]), np.array([budget.prior(asked)]))[0])


@pytest.mark.parametrize("asked", [0.02, 0.2, 2.0])
def test_what_is_asked_is_what_others_show(asked: float) -> None:
    """A threshold from one fleet's excursions is crossed by another's within 30 % as often as asked, from .02 to 2 a year."""
    _, counts = excursions(YEARS, 1)

    level = level_of(counts, YEARS, asked)

    peaks, _ = excursions(100 * YEARS, 2)
    assert (peaks > level).sum() / (100 * YEARS) == pytest.approx(asked, rel=0.3)


@pytest.mark.parametrize("asked", [0.02, 0.2, 2.0])
def test_who_has_seen_nothing_keeps_to_what_all_kinds_show(asked: float) -> None:
    """Two calm weeks of one appliance move no threshold."""
    assert level_of(np.zeros(BINS), 0.04, asked) == pytest.approx(budget.prior(asked), rel=0.1)


def test_one_wild_excursion_moves_little() -> None:
    """One that went eight times as far as theory thinks raises a threshold, and doesn't double it."""
    wild = np.zeros(BINS)
    wild[40] = 1.0

    assert 1 < level_of(wild, 0.04, 0.2) / budget.prior(0.2) < 2


def test_a_hundred_small_excursions_do_not_say_how_far_a_seldom_one_goes() -> None:
    """Ten years in which a hundred stayed low move what is asked for once in fifty years little, what is asked twice a year much."""
    small = np.zeros(BINS)
    small[4] = 100.0

    seldom, often = (level_of(small, 10.0, asked) / budget.prior(asked) for asked in (0.02, 2.0))

    assert seldom > 0.5
    assert often < seldom - 0.05


def test_statistics_are_judged_each_by_itself() -> None:
    """The same counts lead to the same level, whatever stands beside them."""
    _, many = excursions(YEARS, 1)
    both = thresholds(np.stack([many, np.zeros(BINS)]), YEARS, np.full(2, 0.2), np.full(2, budget.prior(0.2)))

    assert both[0] == pytest.approx(level_of(many, YEARS, 0.2))
    assert both[1] < both[0]


def test_a_seldom_alarm_is_believed_to_take_more() -> None:
    """What is believed before anything was seen rises as fewer alarms are asked for."""
    levels = [budget.prior(asked) for asked in (0.02, 0.1, 0.2, 1.0, 2.0)]

    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize(("expected", "ended", "like"), [(100.0, 200.0, 0.5), (100.0, 50.0, 2.0), (100.0, 1e6, 0.1)])
def test_alarms_that_come_too_often_are_put_right(expected: float, ended: float, like: float) -> None:
    """Twice as many alarms as expected halve the rate that thresholds are made for, within bounds."""
    assert budget.put_right(0.2, 0.0, 0.0) == 0.2 / budget.ALARM_SHARE
    assert budget.put_right(0.2, expected, ended) == pytest.approx(0.2 * like, rel=0.1)


def test_of_many_low_excursions_fewer_become_an_alarm() -> None:
    """Who asks for ten times as many alarms asks for more than ten times as many excursions, until alarms were counted."""
    rates = [budget.put_right(asked, 0.0, 0.0) / asked for asked in (0.02, 0.2, 2.0)]

    assert rates == sorted(rates)
    assert rates[0] >= 1
    assert budget.put_right(2.0, 1e4, 1e4) == pytest.approx(2.0, rel=0.01)


def test_what_does_not_heal_is_no_excursion() -> None:
    """A statistic that rises and stays teaches nothing; one that comes down tells how far it had been."""
    told = []
    for path in ([0.5, 1.2, 2.0, 2.0, 1.9], [0.5, 1.2, 0.9, 0.2, 0.0]):
        peak = np.zeros((1, 1), np.uint8)
        over = []
        for level in path:
            peak, ended = followed(peak, np.array([[level]]))
            over += ended[ended > 0].tolist()
        told.append(over)

    assert told == [[], [int(step_of(np.array([1.2]))[0])]]
