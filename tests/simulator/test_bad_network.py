"""The bad way to the broker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.distribution import Distribution
from simulator.fleet_file import read_fleet
from simulator.network import BadNetwork
from simulator.outages import draw_outages

NEVER = Distribution(0.0, 0.0)


def _network(seed: int = 1, **more: object) -> BadNetwork[int]:
    good = {"loss": 0.0, "duplicate": 0.0, "delay": 0.0, "delay_s": NEVER, "disconnects_per_day": 0.0}
    rules = replace(read_fleet("demo").network, **(good | more))  # type: ignore[arg-type]  # the rules are a plain table
    outages = draw_outages(rules, start_ms=0, seed=seed, appliance=0)
    return BadNetwork(rules, outages, rng=np.random.default_rng(seed))


def _pass(network: BadNetwork[int], count: int, *, step_ms: int = 100) -> list[int]:
    through = []
    for number in range(count):
        network.offer(number, number * step_ms)
        through += network.due(number * step_ms)
    return through + network.due(10**12)


def test_a_good_network_passes_everything_in_order() -> None:
    """Without faults every message comes through once, in order, at once."""
    assert _pass(_network(), 100) == list(range(100))


def test_loss_and_duplicates_come_as_often_as_asked() -> None:
    """A share of the messages is lost, a share comes twice, the rest once."""
    through = _pass(_network(loss=0.1, duplicate=0.2), 5000)
    times = np.bincount(through, minlength=5000)

    assert abs((times == 0).mean() - 0.1) < 0.02
    assert abs((times == 2).mean() - 0.18) < 0.02


def test_delayed_messages_are_overtaken() -> None:
    """A delayed message arrives later than those behind it, and none is lost."""
    through = _pass(_network(delay=0.3, delay_s=Distribution(1.0, 5.0)), 500)

    assert sorted(through) == list(range(500))
    assert through != list(range(500))


def test_a_cut_line_loses_what_is_under_way() -> None:
    """While the line is down nothing gets through, and what was held back is gone."""
    network = _network(disconnects_per_day=24.0, disconnect_s=Distribution(600.0, 600.0))
    cut = next(ms for ms in range(0, 10**9, 1000) if network.is_down(ms))

    network.offer(1, cut)

    assert network.due(cut) == []
    assert network.is_empty
    assert not network.is_down(cut + 601_000)


@given(st.integers(0, 1000))
def test_one_seed_is_one_fate(seed: int) -> None:
    """The same seed loses, doubles and delays the same messages."""
    rules = {"loss": 0.1, "duplicate": 0.1, "delay": 0.3, "delay_s": Distribution(1.0, 9.0)}

    assert _pass(_network(seed, **rules), 60) == _pass(_network(seed, **rules), 60)
