"""When lines are down, and what time it is for appliances whose clocks are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.device_clock import draw_clocks
from simulator.distribution import Distribution
from simulator.fleet_file import read_fleet
from simulator.outages import Outage, Outages, draw_outages
from simulator.specification import NetworkSpecification
from simulator.weather import DAY_MS

HOUR_MS = 3_600_000
Streams = st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6), max_size=4)


def _rules(**more: object) -> NetworkSpecification:
    return replace(read_fleet("demo").network, disconnects_per_day=0.0, **more)  # type: ignore[arg-type]  # a plain table


@given(Streams)
def test_a_line_is_down_while_any_outage_lasts(drawn: list[list[tuple[int, int]]]) -> None:
    """The line is down exactly at the moments that some outage covers, however they overlap."""
    streams: list[list[Outage]] = [sorted((begin, begin + length) for begin, length in one) for one in drawn]
    outages = Outages(map(iter, streams))

    told = [outages.is_down(ms) for ms in range(100)]

    assert told == [any(begin <= ms < end for one in streams for begin, end in one) for ms in range(100)]


def test_a_storm_takes_many_at_once_and_lets_them_back_at_once() -> None:
    """In a storm about the drawn share of the lines is down, all from the same moment to the same moment."""
    rules = _rules(storms_per_year=365.25, storm_share=Distribution(0.5, 0.5), storm_s=Distribution(3600.0, 3600.0))
    lines = [draw_outages(rules, start_ms=0, seed=4, appliance=number) for number in range(200)]

    down = np.array([[one.is_down(minute * 60_000) for minute in range(10 * 24 * 60)] for one in lines])
    shares = down.mean(axis=0)

    assert 5 <= (np.diff((shares > 0).astype(int)) == 1).sum() <= 16
    assert 0.4 < shares[shares > 0].min() <= shares.max() < 0.6


def test_absences_are_as_long_as_drawn() -> None:
    """A line may be away for 15 days on end."""
    outages = draw_outages(
        _rules(absences_per_year=4.0, absence_days=Distribution(15.0, 15.0)), start_ms=0, seed=1, appliance=2
    )

    down = np.array([outages.is_down(hour * HOUR_MS) for hour in range(4 * 365 * 24)])
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[False], down, [False]]).astype(int))))[::2]

    assert 8 <= len(runs) <= 25
    assert (runs >= 15 * 24 - 1).all()


def test_the_same_seed_has_the_same_outages() -> None:
    """Outages depend on seed and appliance, and on nothing else."""
    rules = _rules(absences_per_year=20.0, storms_per_year=50.0)

    def told(seed: int, appliance: int) -> list[bool]:
        outages = draw_outages(rules, start_ms=0, seed=seed, appliance=appliance)
        return [outages.is_down(hour * HOUR_MS) for hour in range(2000)]

    assert told(1, 1) == told(1, 1)
    assert told(1, 1) != told(1, 2)
    assert told(1, 1) != told(2, 1)


def test_a_clock_is_off_and_drifts_until_it_is_set_again() -> None:
    """What an appliance takes the time for is off by its offset and by its drift since its last start; up_ms is true."""
    rules = _rules(
        reboots_per_year=30.0, clock_offset_s=Distribution(60.0, 60.0), clock_drift_s_per_day=Distribution(2.0, 2.0)
    )
    clocks = draw_clocks(rules, count=5, start_ms=1_000_000, seed=3)
    who = np.full(400, 2)
    ts_ms = 1_000_000 + np.arange(400, dtype=np.int64) * DAY_MS // 4

    wrong_s = (clocks.shown_ms(who, ts_ms) - ts_ms) / 1000
    up_days = clocks.up_ms(who, ts_ms) / DAY_MS

    np.testing.assert_allclose(wrong_s, 60.0 + 2.0 * up_days, atol=0.01)
    starts = clocks.start(who, ts_ms)
    assert 2 <= len(set(starts.tolist())) <= 20
    np.testing.assert_allclose(np.diff(up_days)[np.diff(starts) == 0], 0.25)
    assert up_days[0] == 0
    assert clocks.first_starts()[2] == starts[0]


def test_true_clocks_change_nothing() -> None:
    """Without offset and drift the shown time is the time."""
    clocks = draw_clocks(_rules(), count=3, start_ms=0, seed=1)
    ts_ms = np.arange(10, dtype=np.int64)

    assert clocks.is_true
    assert clocks.shown_ms(np.zeros(10, dtype=np.int64), ts_ms) is ts_ms
