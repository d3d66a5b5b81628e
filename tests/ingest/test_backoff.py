"""Waits double, stay bounded, and are spread."""

from __future__ import annotations

import random

import pytest

from ingest.backoff import Backoff


def test_ceiling_doubles_up_to_the_longest() -> None:
    """Each miss doubles the ceiling until it stands at the longest wait, however many misses follow."""
    backoff = Backoff(0.5, 15)

    assert [backoff.ceiling_s(misses) for misses in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]
    assert backoff.ceiling_s(10**9) == 15


@pytest.mark.parametrize("least", [0.0, 0.5, 1.0])
def test_wait_is_spread_between_the_least_share_and_the_ceiling(least: float) -> None:
    """No wait is shorter than its share of the ceiling or longer than it, and the whole span is used."""
    backoff, chance = Backoff(1, 60, least=least), random.Random(1)

    waits = [backoff.wait_s(3, chance) for _ in range(2000)]

    assert least * 8 <= min(waits) <= max(waits) <= 8
    assert max(waits) - min(waits) >= 0.95 * (1 - least) * 8
