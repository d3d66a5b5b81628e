"""Each fault moves the features that its profile names, in that direction, and no others: held against sound twins."""

from __future__ import annotations

import functools

import pytest

from ingest.profiles import load_profiles
from simulator.physics import KINDS
from tests.examples import some_of
from tests.simulator.moves import SUMMER_MS, WINTER_MS, Moves, moves

GROWN, NEAR_FAILURE = 0.6, 0.95
SEASONS = {
    "air_conditioner": (SUMMER_MS, WINTER_MS),
    "refrigerator": (WINTER_MS,),
    "washing_machine": (WINTER_MS,),
    "water_heater": (WINTER_MS,),
}
DAYS = {"washing_machine": 36}
MOVED = 0.5
"""A feature of the signature moves at least so many standard deviations of the healthy, its way."""
STILL = 3.0
"""Any other feature moves at most so far."""
BY_PLUG = ("on_mean", "on_run_s", "off_run_s")
"""Statistics that need readings closer together than those of a history."""


@functools.cache
def _moves(kind: str) -> tuple[dict[float, Moves], ...]:
    days = DAYS.get(kind, 22)
    return tuple(moves(kind, (0.0, GROWN, NEAR_FAILURE), each=2, days=days, start_ms=start) for start in SEASONS[kind])


def _largest(kind: str, mode: str, severity: float) -> dict[str, float]:
    """Feature → its larger move in any season."""
    found: dict[str, float] = {}
    for season in _moves(kind):
        for name, value in season[severity].of(mode).items():
            found[name] = max(found.get(name, 0.0), value, key=abs)
    return found


@pytest.mark.parametrize("kind", some_of(tuple(SEASONS), 1, turn=1))
def test_a_fault_moves_its_signature_and_nothing_else(kind: str) -> None:
    """Every feature of the signature moves its way by half a healthy standard deviation or more before it fails.

    At severity .6 no other feature moves by more than 3. Weather, people and sensors are those of the sound twin.
    """
    profile = load_profiles()[kind]
    unread = {feature.name for feature in profile.features if feature.statistic in BY_PLUG}
    for mode in KINDS[kind].fault_modes:
        signature = profile.fault_modes[mode].signature
        grown, late = _largest(kind, mode, GROWN), _largest(kind, mode, NEAR_FAILURE)

        still = {
            name: (grown.get(name), late.get(name))
            for name, wanted in signature.items()
            if name not in unread
            and max(wanted * grown.get(name, 0.0), wanted * late.get(name, 0.0)) < abs(wanted) * MOVED
        }
        besides = {name: value for name, value in grown.items() if name not in signature and abs(value) > STILL}

        assert still == {}, mode
        assert besides == {}, mode


@pytest.mark.parametrize("kind", some_of(tuple(SEASONS), 1, turn=1))
def test_without_a_fault_twins_are_alike(kind: str) -> None:
    """A fault of severity 0 moves nothing: the twins differ by the fault alone."""
    alike = [abs(move) for mode in KINDS[kind].fault_modes for move in _largest(kind, mode, 0.0).values()]

    assert max(alike) < 2.0


@pytest.mark.parametrize("kind", sorted(SEASONS))
def test_the_profile_knows_each_fault_of_the_physics(kind: str) -> None:
    """Every fault that can be simulated has a signature, a remedy, a first check and words in both languages."""
    profile = load_profiles()[kind]

    for mode in KINDS[kind].fault_modes:
        known = profile.fault_modes[mode]
        assert known.signature
        for words in (known.title, known.remedy, known.first_check):
            assert words["en"]
            assert words["zh"]
        assert known.test in profile.tests
