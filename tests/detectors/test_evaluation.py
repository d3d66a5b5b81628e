"""Findings against the truth of a fleet folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.evaluation.figures import Row, as_json, evaluate
from detectors.evaluation.table import as_table
from ingest.recordings.recording import RecordingError

HEAD = (
    "appliance_id,kind,fault_mode,raised_at,cleared_at,severity,probability,window_from,window_to,data_fault,evidence\n"
)
FOULING, WEAR, LEAK = "condenser_fouling", "evaporator_fan_wear", "refrigerant_leak"
FAULTS = (
    f"F1,condenser,{FOULING},2026-01-10T00:00:00Z,2026-01-30T00:00:00Z,gradual",
    f"F2,fan,{WEAR},2026-01-10T00:00:00Z,,gradual",
    f"F4,fan,{WEAR},2027-02-01T00:00:00Z,,gradual",
    f"F4,fan,{WEAR},2025-02-01T00:00:00Z,2025-03-01T00:00:00Z,gradual",
)


class Fleet:
    """Four refrigerators over a year of 365 days, with faults and findings as a test wants them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "truth").mkdir()
        (folder / "readings").mkdir()
        (folder / "appliances.csv").write_text("id,kind\n" + "".join(f"F{n},refrigerator\n" for n in range(1, 5)))
        (folder / "readings" / "a.csv").write_text(
            "id,ts,mode,cycle,power_w\nF1,2026-01-01T00:00:00Z,,,1\nF1,2027-01-01T00:00:00Z,,,1\n"
        )
        (folder / "truth" / "sensor_faults.csv").write_text(
            "id,metric,kind,start,end\nF3,freezer_c,stuck,2026-01-05T00:00:00Z,2026-01-07T00:00:00Z\n"
        )
        self.had(*FAULTS)

    def had(self, *faults: str) -> None:
        """Set the true faults."""
        head = "id,component,fault_mode,onset,failure_at,kind_of_onset\n"
        (self.folder / "truth" / "faults.csv").write_text(head + "".join(f"{line}\n" for line in faults))

    def repaired(self, appliance_id: str, at: str) -> None:
        """Replace a part."""
        (self.folder / "events.csv").write_text(f"id,ts,type,code,data\n{appliance_id},{at},part_replaced,,\n")

    def found(self, *findings: str) -> dict[str, Row]:
        """Set the findings (id, mode, raised, cleared, data fault, evidence); the figures by fault mode, ``all`` over all."""
        lines = []
        for line in findings:
            one, mode, raised, cleared, data, evidence = (line + ",,,").split(",")[:6]
            said = f'"[{{""metric"": ""{evidence}"", ""share"": 1.0}}]"' if evidence else "[]"
            lines.append(f"{one},refrigerator,{mode},{raised},{cleared},0.4,0.8,,,{data or 0},{said}\n")
        (self.folder / "findings.csv").write_text(HEAD + "".join(lines))
        rows = evaluate(self.folder, self.folder / "findings.csv")
        return {"all": rows[0]} | {row.about.fault_mode or str(row.about.kind): row for row in rows[1:]}


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """A fleet of which two appliances have faults within its readings."""
    return Fleet(tmp_path)


def test_a_finding_between_onset_and_failure_is_a_warning(fleet: Fleet) -> None:
    """Under any name it counts as raised; its lead is the time to the failure; other findings are false alarms."""
    rows = fleet.found(
        f"F1,{FOULING},2026-01-20T00:00:00Z", "F2,unknown,2026-01-15T00:00:00Z", f"F3,{FOULING},2026-01-05"
    )

    every = rows["all"]
    assert (every.slow.n, every.slow.raised, every.findings, every.false) == (2, 2, 3, 1)
    assert (every.slow.failed, every.slow.ahead_7d, every.slow.median_lead_d) == (1, 1, 10.0)
    assert (rows[FOULING].slow.raised, rows[FOULING].false, rows[WEAR].slow.raised) == (1, 1, 1)
    assert every.top1 == 1


def test_faults_outside_of_the_readings_do_not_count(fleet: Fleet) -> None:
    """What failed before the first reading, or begins after the last one, could not be found."""
    fleet.had(*FAULTS[2:])

    assert fleet.found()["all"].slow.n == 0


def test_a_finding_after_the_failure_is_neither_a_warning_nor_false(fleet: Fleet) -> None:
    """A broken appliance that is found broken was not warned of; once it is repaired, a finding is false."""
    fleet.repaired("F1", "2026-02-10T00:00:00Z")

    late = fleet.found(f"F1,{FOULING},2026-02-01T00:00:00Z")["all"]
    false = fleet.found(f"F1,{FOULING},2026-03-01T00:00:00Z")["all"]

    assert (late.slow.raised, late.false) == (0, 0)
    assert (false.slow.raised, false.false) == (0, 1)


def test_a_finding_that_stands_at_the_onset_is_a_warning_and_was_false_when_raised(fleet: Fleet) -> None:
    """What stands since before the fault counts as raised at its onset; had it been cleared, it would not."""
    stands = fleet.found("F1,unknown,2026-01-03T00:00:00Z")["all"]
    cleared = fleet.found("F1,unknown,2026-01-03T00:00:00Z,2026-01-04T00:00:00Z")["all"]

    assert (stands.slow.raised, stands.false, stands.slow.median_lead_d) == (1, 1, 20.0)
    assert (cleared.slow.raised, cleared.false) == (0, 1)


def test_a_wrong_name_is_no_miss_and_no_false_alarm(fleet: Fleet) -> None:
    """A fault that is told under another name is raised, and named wrongly."""
    rows = fleet.found(f"F1,{LEAK},2026-01-20T00:00:00Z")

    assert (rows["all"].slow.raised, rows["all"].false, rows["all"].top1) == (1, 0, 0)


def test_of_two_faults_the_one_that_is_named_is_meant(fleet: Fleet) -> None:
    """A finding that has the name of one fault says nothing of the other."""
    fleet.had(FAULTS[0], f"F1,fan,{WEAR},2026-01-10T00:00:00Z,,gradual")

    rows = fleet.found(f"F1,{FOULING},2026-01-20T00:00:00Z")

    assert (rows[FOULING].slow.raised, rows[WEAR].slow.raised) == (1, 0)


def test_slow_and_abrupt_faults_are_counted_apart(fleet: Fleet) -> None:
    """How an onset was is told by the truth."""
    fleet.had(FAULTS[1], f"F1,sealed_system,{LEAK},2026-01-10T00:00:00Z,2026-01-12T00:00:00Z,abrupt")

    every = fleet.found(f"F1,{LEAK},2026-01-11T00:00:00Z")["all"]

    assert (every.slow.n, every.slow.raised, every.abrupt.n, every.abrupt.raised) == (1, 0, 1, 1)


def test_false_alarms_are_counted_per_year_of_sound_appliances(fleet: Fleet) -> None:
    """The time in which an appliance has a fault is no time in which it could raise a false alarm."""
    fleet.had(f"F1,condenser,{FOULING},2026-01-01T00:00:00Z,,gradual")

    every = fleet.found(f"F3,{FOULING},2026-01-05T00:00:00Z")["all"]

    assert every.healthy_years == pytest.approx(3.0)
    assert every.false_per_year == pytest.approx(1 / 3)


def test_faults_of_sensors_are_told_by_the_right_metric(fleet: Fleet) -> None:
    """A data finding of another metric or another appliance is false; nothing said of the data is an alarm."""
    right = fleet.found("F3,sensor_stuck,2026-01-06T00:00:00Z,,1,freezer_c")["all"]
    wrong = fleet.found("F3,sensor_stuck,2026-01-06T00:00:00Z,,1,power_w", "F4,sensor_stuck,2026-01-06,,1,freezer_c")[
        "all"
    ]

    assert (right.sensors, right.right_metric, right.data_false, right.findings) == (1, 1, 0, 0)
    assert (wrong.right_metric, wrong.data_false, wrong.false) == (0, 2, 0)


def test_the_other_causes_count_among_three(fleet: Fleet) -> None:
    """Where a file of other causes stands beside the findings, a fault among the first three is counted."""
    (fleet.folder / "causes.csv").write_text(
        "appliance_id,fault_mode,raised_at,cause,probability\n"
        f"F1,{LEAK},2026-01-20T00:00:00Z,{WEAR},0.1\nF1,{LEAK},2026-01-20T00:00:00Z,{FOULING},0.3\n"
    )

    every = fleet.found(f"F1,{LEAK},2026-01-20T00:00:00Z")["all"]

    assert (every.top1, every.top3) == (0, 1)


def test_chance_stands_beside_every_figure(fleet: Fleet) -> None:
    """As many findings at random catch more of a long fault than of a short one, and none without findings."""
    found = fleet.found(*(f"F3,unknown,2026-0{month}-05T00:00:00Z,2026-0{month}-06T00:00:00Z" for month in range(1, 9)))

    said = found["all"].as_json()["no_skill"]
    assert found["all"].slow.raised == 0
    assert 0.3 < said["slow_recall"] < 0.6
    assert fleet.found()["all"].as_json()["no_skill"]["slow_recall"] == 0


def test_the_figures_as_json_have_all_kinds_and_modes(fleet: Fleet) -> None:
    """One object: over all, by kind, by kind and mode; each share with its interval."""
    fleet.found(f"F1,{FOULING},2026-01-20T00:00:00Z")

    said = as_json(evaluate(fleet.folder, fleet.folder / "findings.csv"))

    assert set(said) == {"all", "kinds", "modes"}
    assert set(said["kinds"]) == {"refrigerator"}
    assert set(said["modes"]) == {f"refrigerator/{FOULING}", f"refrigerator/{WEAR}"}
    assert said["all"]["slow"]["recall"] == 0.5
    assert said["all"]["slow"]["recall_ci"] == [0.0945, 0.9055]
    assert said["all"]["abrupt"]["recall"] is None


def test_the_table_has_a_line_per_row_and_one_for_chance(fleet: Fleet) -> None:
    """The table names each kind and fault mode, and writes a dash where there is nothing to count."""
    fleet.found(f"F1,{FOULING},2026-01-20T00:00:00Z", "F3,unknown,2026-01-05T00:00:00Z")

    table = as_table(evaluate(fleet.folder, fleet.folder / "findings.csv"))

    assert table.count("no skill  ") == 2
    assert "95 %" in table
    assert " - " in next(line for line in table.splitlines() if "unknown" in line)


def test_a_fleet_without_truth_is_refused(fleet: Fleet) -> None:
    """Without the file of faults there is nothing to compare with, and a sentence says so."""
    (fleet.folder / "truth" / "faults.csv").unlink()

    with pytest.raises(RecordingError, match=r"faults\.csv can't be read"):
        fleet.found()


def test_a_file_that_holds_no_findings_is_refused(fleet: Fleet) -> None:
    """Another CSV in the place of the findings is refused by the column that it lacks; a wrong line by its number."""
    with pytest.raises(RecordingError, match="has no column 'appliance_id'"):
        evaluate(fleet.folder, fleet.folder / "appliances.csv")
    with pytest.raises(RecordingError, match="line 2"):
        fleet.found("F1,unknown,yesterday")


def test_windows_are_judged_by_the_faults_that_failed(fleet: Fleet) -> None:
    """Each fault has one vote, shared by its windows; one that did not fail is counted apart, and where its window passed."""
    (fleet.folder / "told.csv").write_text(
        "appliance_id,kind,fault_mode,raised_at,told_at,severity,probability,window_from,window_to,coverage\n"
        + "".join(
            f"{one},refrigerator,{mode},2026-01-15T00:00:00Z,{told},0.4,0.8,{start},{end},0.8\n"
            for one, mode, told, start, end in (
                ("F1", FOULING, "2026-01-16T00:00:00Z", "2026-01-17T00:00:00Z", "2026-01-22T00:00:00Z"),
                ("F1", FOULING, "2026-01-18T00:00:00Z", "2026-01-28T00:00:00Z", "2026-02-03T00:00:00Z"),
                ("F1", FOULING, "2026-01-19T00:00:00Z", "", ""),
                ("F1", FOULING, "2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z"),
                ("F2", WEAR, "2026-01-18T00:00:00Z", "2026-01-28T00:00:00Z", "2026-02-07T00:00:00Z"),
            )
        )
    )

    rows = fleet.found(f"F1,{FOULING},2026-01-15T00:00:00Z", f"F2,{WEAR},2026-01-15T00:00:00Z")

    every = rows["all"].stated
    assert (every.faults, every.covered, every.windows, every.width_d) == (1, 0.5, 3, 6.0)
    assert (every.unfailed, every.passed) == (1, 1)
    assert rows[WEAR].stated.coverage is None
    assert as_json([*rows.values()])["all"]["windows"]["coverage"] == 0.5
