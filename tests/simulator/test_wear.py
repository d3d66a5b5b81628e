"""How severity grows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.wear import LAWS, Wear, draw_staircase


def _wear(law: str, *, ceiling: float = 1.0, seed: int = 1) -> Wear:
    staircase = draw_staircase(6.0, np.random.default_rng(seed)) if law == "gamma" else ()
    return Wear("bearing_wear", "drum_bearing", 1_000, 10_000, law, 3.0, ceiling, staircase)


@pytest.mark.parametrize("law", LAWS)
def test_severity_goes_from_nothing_to_failure(law: str) -> None:
    """A fault has severity 0 up to its onset and 1 from its failure on, by every law."""
    wear = _wear(law)

    severity = wear.severity(np.array([0, 1_000, 6_000, 11_000, 99_000]))

    assert severity[[0, 1]].tolist() == [0.0, 0.0]
    assert 0.0 < severity[2] < 1.0
    assert severity[[3, 4]].tolist() == [1.0, 1.0]
    assert wear.failure_ms == 11_000


@given(st.sampled_from(LAWS), st.integers(0, 1000), st.lists(st.integers(0, 20_000), min_size=2, max_size=20))
def test_severity_never_falls(law: str, seed: int, times: list[int]) -> None:
    """Wear does not heal: a later severity is never below an earlier one."""
    severity = _wear(law, seed=seed).severity(np.array(sorted(times)))

    assert (np.diff(severity) >= 0).all()
    assert ((severity >= 0) & (severity <= 1)).all()


def test_a_mild_fault_never_fails() -> None:
    """A fault with a ceiling below 1 stays there and has no time of failure."""
    wear = _wear("linear", ceiling=0.4)

    assert wear.severity(np.array([99_000])).tolist() == [0.4]
    assert wear.failure_ms is None


def test_laws_differ_in_the_middle_of_life() -> None:
    """Half-way, exponential wear is still small, linear wear is half, and diffusion has done most."""
    middle = {law: _wear(law).severity(np.array([6_000]))[0] for law in ("exponential", "linear", "sqrt")}

    assert middle["exponential"] < 0.25
    assert middle["linear"] == pytest.approx(0.5)
    assert middle["sqrt"] == pytest.approx(0.7071, abs=1e-3)
