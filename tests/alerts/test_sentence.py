"""The one sentence of a ticket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.tickets.sentence import number_text, summary_of, title_of
from alerts.tickets.sla import priority_of
from detectors.finding import Evidence
from ingest.clock import from_ms
from ingest.profiles import load_profiles
from tests.alerts.made import DAY_MS, FINDING, NOW_MS, WASHER

NOW = from_ms(NOW_MS)
KNOWN = [(kind, mode) for kind, profile in load_profiles().items() for mode in profile.fault_modes]


@pytest.mark.parametrize(("kind", "mode"), KNOWN)
def test_every_fault_mode_has_its_sentence_in_every_language(kind: str, mode: str) -> None:
    """For each fault mode that we know, the sentence has the title, the number, the normal and since when."""
    profile = load_profiles()[kind]
    metric = next(iter(profile.fault_modes[mode].signature), "power_w")
    evidence = (Evidence(metric, 96.0, 52.0, 64.0, "s", FINDING.onset_ms, 1.0),)
    finding = replace(FINDING, kind=kind, fault_mode=mode, evidence=evidence)

    said = summary_of(finding, profile, now=NOW)

    assert said["en"].startswith(title_of(finding, profile)["en"].rstrip("."))
    assert said["en"].endswith(" 96 s, normal is 52 to 64 s. Since 9 November.")
    assert said["zh"].endswith("正常为 52 至 64 s。自11月9日起。")
    assert metric not in said["en"] or "_" not in metric, "a label, not an identifier"


def test_unknown_fault_is_said_honestly() -> None:
    """Where no known mode fits, the sentence says that the appliance behaves unlike itself."""
    said = summary_of(replace(FINDING, fault_mode="unknown"), WASHER, now=NOW)

    assert said["en"].startswith("Washing machine behaves unlike itself: drain time 96 s")


def test_fault_mode_that_no_profile_knows_still_makes_a_sentence() -> None:
    """Without a profile the names themselves are said."""
    said = summary_of(replace(FINDING, kind="generic"), None, now=NOW)

    assert said["en"] == "Drain clog: drain time 96 s, normal is 52 to 64 s. Since 9 November."


def test_open_bands_and_other_years() -> None:
    """A band open on one side says at most or at least; another year is named."""
    evidence = replace(FINDING.evidence[0], expected_low=float("-inf"), observed=1234.5, unit="")
    finding = replace(FINDING, evidence=(evidence,), onset_ms=FINDING.onset_ms - 365 * DAY_MS)

    said = summary_of(finding, WASHER, now=NOW)

    assert said["en"].endswith("drain time 1234, normal is at most 64. Since 9 November 2025.")
    assert summary_of(replace(FINDING, evidence=()), WASHER, now=NOW)["en"] == (
        "The drain pump is clogging. Since 9 November."
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (96.0, "96"), (4.25, "4.25"), (0.01234, "0.0123"), (1e9, "1000000000"), (-3.5, "-3.5")],
)
def test_numbers_read_as_a_person_says_them(value: float, text: str) -> None:
    """Three figures, no trailing zeros."""
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("severity", "danger", "days", "priority"),
    [
        (0.2, 0, None, 4),
        (0.5, 1, None, 3),
        (0.8, 1, None, 2),
        (0.1, 2, 30, 2),
        (0.1, 3, None, 1),
        (0.5, 1, 1, 1),
        (0.2, 0, 5, 2),
    ],
)
def test_priority_is_severity_danger_and_time_left(
    severity: float, danger: int, days: int | None, priority: int
) -> None:
    """What is dangerous or fails soon comes first."""
    fails_by_ms = None if days is None else NOW_MS + days * DAY_MS

    assert priority_of(severity=severity, danger=danger, fails_by_ms=fails_by_ms, now_ms=NOW_MS) == priority
