"""How severity grows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.wear import DAY_MS, LAWS, RANDOM_LAWS, GroupWear, UseClock, Wear, draw_staircase


def _wear(law: str, *, ceiling: float = 1.0, seed: int = 1) -> Wear:
    staircase = draw_staircase(law, 6.0, np.random.default_rng(seed)) if law in RANDOM_LAWS else ()
    return Wear("bearing_wear", "drum_bearing", 1_000, 10_000, law, 3.0, ceiling, staircase)


@pytest.mark.parametrize("law", LAWS)
def test_severity_goes_from_nothing_to_failure(law: str) -> None:
    """A fault has severity 0 up to its onset and 1 from its failure on, by every law."""
    wear = _wear(law)

    severity = wear.severity(np.array([0, 1_000, 6_000, 11_000, 99_000]))

    assert severity[[0, 1]].tolist() == [0.0, 0.0]
    assert 0.0 <= severity[2] <= 1.0
    assert law in {"step", "shocks"} or 0.0 < severity[2] < 1.0
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


def test_a_step_is_there_at_once_and_a_jump_begins_with_part_of_it() -> None:
    """An abrupt fault has its severity right after its onset, and says that it is abrupt."""
    step, jump = _wear("step"), replace(_wear("linear"), jump=0.6)

    assert step.severity(np.array([1_000, 1_001])).tolist() == [0.0, 1.0]
    assert jump.severity(np.array([1_000, 1_001, 6_000, 11_000])) == pytest.approx([0.0, 0.6, 0.8, 1.0], abs=1e-3)
    assert step.is_abrupt
    assert jump.is_abrupt
    assert not _wear("gamma").is_abrupt


def test_shocks_are_a_few_jumps() -> None:
    """Between shocks nothing gets worse; as many shocks as the shape says."""
    severity = _wear("shocks").severity(np.arange(1_001, 11_002, 10))

    assert 2 <= len(np.unique(severity)) <= 8
    assert severity[-1] == 1.0


def test_a_repair_resets_the_part_and_may_leave_something() -> None:
    """From its repair on a fault has the severity that the repair has left."""
    wear = replace(_wear("linear"), repaired_ms=15_000, residual=0.05)

    assert wear.severity(np.array([14_999, 15_000, 99_000])).tolist() == [1.0, 0.05, 0.05]


def test_an_appliance_that_shows_its_fault_strongly_never_goes_beyond_failure() -> None:
    """Physics feels severity times effect, up to 1; the severity that truth tells is the same for all."""
    strong, weak = replace(_wear("linear"), effect=1.6), replace(_wear("linear"), effect=0.5)
    times = np.array([6_000, 11_000])

    assert strong.felt(times) == pytest.approx([0.8, 1.0])
    assert weak.felt(times) == pytest.approx([0.25, 0.5])
    assert strong.severity(times) == pytest.approx(weak.severity(times))


def test_wear_by_use_waits_while_nobody_is_at_home() -> None:
    """Ten days of use take twelve days with two days away, and nothing wears on these."""
    days = np.array([1.0] * 4 + [0.0] * 2 + [1.0] * 20)
    clock = UseClock(0, np.concatenate([[0.0], np.cumsum(days)]))
    wear = replace(_wear("linear"), onset_ms=0, duration_ms=10 * DAY_MS, clock=clock)

    assert wear.failure_ms == pytest.approx(12 * DAY_MS, abs=10)
    assert wear.severity(np.array([4 * DAY_MS, 6 * DAY_MS, 8 * DAY_MS])) == pytest.approx([0.4, 0.4, 0.6])
    assert clock.when_ms(60.0 * DAY_MS) == pytest.approx(62 * DAY_MS, abs=10)
    assert clock.used_ms(np.array([-DAY_MS, 30 * DAY_MS])) == pytest.approx([-DAY_MS, 28 * DAY_MS])


def test_several_faults_meet_in_one_appliance() -> None:
    """Each fault mode has its own severity; of two lives of one part the worse counts."""
    first = replace(_wear("linear"), repaired_ms=12_000, residual=0.1)
    second, other = replace(_wear("linear"), onset_ms=20_000), replace(_wear("step"), fault_mode="drain_pump_clog")
    wear = GroupWear([(0, first), (0, second), (0, other), (2, other)])

    over = wear.over(np.array([6_000, 25_000]), count=3)
    at = wear.at(np.array([0, 1, 2]), np.array([25_000, 25_000, 500]))

    assert over["bearing_wear"].tolist() == [[0.5, 0.0, 0.0], [0.5, 0.0, 0.0]]
    assert over["drain_pump_clog"].tolist() == [[1.0, 0.0, 1.0]] * 2
    assert at["bearing_wear"].tolist() == [0.5, 0.0, 0.0]
    assert at["drain_pump_clog"].tolist() == [1.0, 0.0, 0.0]
    assert wear.over(np.array([500]), count=3) == {}


def test_what_is_mended_is_gone_from_then_on_and_once() -> None:
    """Only the fault that is there, only of this member, and not again."""
    wear = GroupWear([(0, _wear("step")), (1, _wear("step"))])

    before = wear.mend(0, "bearing_wear", 50_000)

    assert before is not None
    assert wear.mend(0, "bearing_wear", 60_000) is None
    assert wear.mend(0, "drain_pump_clog", 60_000) is None
    assert wear.over(np.array([40_000, 60_000]), count=2)["bearing_wear"].tolist() == [[1.0, 1.0], [0.0, 1.0]]
