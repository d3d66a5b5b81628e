"""Told again: what stands says what has become of it, by steps, and when it will fail, where its growth is seen."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from detectors.backtest.fleet import Findings, write_findings
from detectors.finding import Finding, FindingChannel, FleetFinding
from detectors.layering import windows
from detectors.layers.retelling import Retelling
from tests.detectors.made_fleet import DAY_MS, START_MS
from tests.detectors.test_each_layer import IDS, alone, judged

MODE = "refrigerant_leak"


class Watched:
    """One appliance of which a finding stands, day by day; the others are sound."""

    def __init__(self) -> None:
        self.layer = alone(Retelling)
        self.way = self.layer.setting.signed.index(MODE)
        self.raised_ms = START_MS
        self.day = 0

    def told(self, severity: float, *, beside: str | None = None) -> list[Finding]:
        """What is told on a day on which it is so severe; the first day is that of the raise. ``beside`` is raised on the day, too."""
        piece = judged(self.layer, 1.5, self.way, self.day)
        assert piece.diagnosis is not None
        piece.diagnosis.severity[0, self.way] = severity
        if self.day == 0:
            raised = self.layer.setting.standing.simple(
                0, self.layer.setting.standing.number[MODE], FindingChannel.EVIDENCE, START_MS, severity=severity,
                probability=0.9,
            )  # fmt: skip
            piece.findings.append(raised)
        if beside is not None:
            standing = self.layer.setting.standing
            piece.findings.append(
                standing.simple(
                    0, standing.number[beside], FindingChannel.RULE, START_MS, severity=0.3, probability=0.9
                )
            )
        before = len(piece.findings)
        self.layer.take(piece)
        self.day += 1
        return piece.findings[before:]

    def after(self, *severities: float) -> list[Finding]:
        """All that is told over these days."""
        return [one for severity in severities for one in self.told(severity)]


def test_what_stands_is_told_again_by_steps_up_and_down() -> None:
    """A tenth more or less is news, under the identity of the raise; what trembles is not, nor is anything of others."""
    watched = Watched()

    assert watched.after(0.2, 0.25, 0.18, 0.29) == []
    [worse] = watched.after(0.31)
    [better] = watched.after(0.25, 0.2)

    assert (worse.appliance_id, worse.fault_mode, worse.raised_ms) == (IDS[0], MODE, watched.raised_ms)
    assert (worse.told_ms, worse.is_new) == (START_MS + 4 * DAY_MS, False)
    assert worse.severity == pytest.approx(0.31)
    assert better.severity == pytest.approx(0.2)


def test_another_finding_of_the_appliance_begins_nothing_anew() -> None:
    """What is told on a day on which something else is raised, too, is told as if nobody had said so."""
    told = []
    for beside in (None, "insufficient_cooling"):
        watched = Watched()
        watched.after(0.2, 0.25)
        told.append([*watched.told(0.29, beside=beside), *watched.after(0.31)])

    assert len(told[0]) == 1
    assert told[0] == told[1]


def test_a_window_is_told_while_growth_is_seen_and_withdrawn_when_it_ends() -> None:
    """None at the raise and none from noise; one ahead of now once severity rises beyond doubt; none where it stays as it is."""
    rng = np.random.default_rng(3)
    noisy, growing = Watched(), Watched()

    chance = noisy.after(0.3, *(0.3 + rng.normal(0, 0.05, 30)))
    told = growing.after(*(0.2 + 0.02 * np.arange(20)))
    ended = growing.after(*([0.58] * 40))

    assert [one.failure_window_ms for one in chance if one.failure_window_ms] == []
    given = [one for one in told if one.failure_window_ms]
    assert given
    assert all(
        one.told_ms is not None and one.failure_window_ms is not None and one.failure_window_ms[0] > one.told_ms
        for one in given
    )
    assert {one.failure_window_ms[2] for one in given if one.failure_window_ms} == {windows.COVERAGE}
    assert ended[-1].failure_window_ms is None


def test_a_window_stands_where_severity_has_come_to_its_end_until_it_has_passed() -> None:
    """At failure level no growth is seen any more: what was told holds, and is withdrawn when the last day of it is over."""
    watched = Watched()
    given = watched.after(*(0.2 + 0.04 * np.arange(19)))[-1].failure_window_ms
    assert given is not None

    later = watched.after(*([1.0] * 400))

    gone = next(one for one in later if one.failure_window_ms is None)
    assert gone.told_ms is not None
    assert given[1] <= gone.told_ms


def test_an_appliance_that_is_another_one_starts_over() -> None:
    """Growth of before the raise says nothing of what is raised then."""
    watched = Watched()
    watched.after(*(0.2 + 0.04 * np.arange(19)))

    watched.day = 0

    assert all(one.failure_window_ms is None for one in watched.after(0.3, 0.34, 0.38))


def test_a_slower_mode_and_slower_growth_leave_more_days() -> None:
    """Both what the profile says of the mode and how fast severity rises move the window."""
    fast, slow = np.zeros(6, np.float32), np.zeros(6, np.float32)
    for day in range(20):
        fast, slow = windows.grown(fast, day, 0.2 + 0.02 * day), windows.grown(slow, 4 * day, 0.2 + 0.02 * day)

    at = [
        windows.days_left(growth, 0.6, rows=20, usual_days=usual)
        for growth, usual in ((fast, 30.0), (slow, 30.0), (slow, 300.0))
    ]

    edges = [edge for one in at if one is not None for edge in one]
    assert edges[::2] == sorted(edges[::2])
    assert edges[1::2] == sorted(edges[1::2])
    assert windows.days_left(fast, 0.6, rows=windows.ROWS_MIN - 1, usual_days=30.0) is None


def test_findings_are_written_as_they_were_raised_and_what_became_of_them_beside_it(tmp_path: Path) -> None:
    """``findings.csv`` knows nothing of later days; ``told.csv`` has a line for each time it was told again."""
    watched = Watched()
    told = watched.after(*(0.2 + 0.02 * np.arange(20)))

    write_findings(Findings([], told), tmp_path)

    rows = list(csv.DictReader((tmp_path / "told.csv").read_text().splitlines()))
    assert [row["severity"] for row in rows] == [f"{one.severity:.3f}" for one in told]
    assert [row["coverage"] for row in rows] == ["0.8" if one.failure_window_ms else "" for one in told]
    assert (tmp_path / "findings.csv").read_text().count("\n") == 1


def test_what_many_showed_at_once_is_written_with_its_end(tmp_path: Path) -> None:
    """One line for each flood, as it was last told."""
    many = FleetFinding(
        "dryer", DAY_MS, 0, firmware="2", model="M", exposed=60, appliances=("a", "b"), cleared_ms=4 * DAY_MS
    )

    write_findings(Findings([], [], [many]), tmp_path)

    [row] = csv.DictReader((tmp_path / "fleet.csv").read_text().splitlines())
    assert (row["firmware"], row["crossed"], row["exposed"], row["reads"]) == ("2", "2", "60", "high")
    assert row["cleared_at"] > row["raised_at"]
