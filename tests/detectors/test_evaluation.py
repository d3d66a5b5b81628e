"""Findings against the truth of a fleet folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.evaluation.figures import Row, as_table, evaluate
from ingest.recordings.recording import RecordingError

FINDINGS = """appliance_id,kind,fault_mode,raised_at,cleared_at,severity,probability,window_from,window_to,data_fault,evidence
F1,refrigerator,condenser_fouling,2026-01-20T00:00:00Z,,0.4,0.8,,,0,[]
F2,refrigerator,unknown,2026-01-15T00:00:00Z,,0.4,0.5,,,0,[]
F3,refrigerator,condenser_fouling,2026-01-05T00:00:00Z,,0.4,0.8,,,0,[]
F3,refrigerator,sensor_stuck,2026-01-06T00:00:00Z,,0.3,0.9,,,1,[]
F4,refrigerator,sensor_stuck,2026-01-06T00:00:00Z,,0.3,0.9,,,1,[]
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """Four refrigerators over a year of 365 days; two fail, one after the readings end."""
    (tmp_path / "truth").mkdir()
    (tmp_path / "readings").mkdir()
    (tmp_path / "appliances.csv").write_text("id,kind\n" + "".join(f"F{n},refrigerator\n" for n in range(1, 5)))
    (tmp_path / "readings" / "a.csv").write_text(
        "id,ts,mode,cycle,power_w\nF1,2026-01-01T00:00:00Z,,,1\nF1,2027-01-01T00:00:00Z,,,1\n"
    )
    (tmp_path / "truth" / "faults.csv").write_text(
        "id,component,fault_mode,onset,failure_at,kind_of_onset\n"
        "F1,condenser,condenser_fouling,2026-01-10T00:00:00Z,2026-01-30T00:00:00Z,gradual\n"
        "F2,fan,evaporator_fan_wear,2026-01-10T00:00:00Z,,gradual\n"
        "F4,fan,evaporator_fan_wear,2027-02-01T00:00:00Z,,gradual\n"
    )
    (tmp_path / "truth" / "sensor_faults.csv").write_text(
        "id,metric,kind,start,end\nF3,freezer_c,stuck,2026-01-05T00:00:00Z,2026-01-07T00:00:00Z\n"
    )
    (tmp_path / "findings.csv").write_text(FINDINGS)
    return tmp_path


def row(rows: list[Row], mode: str) -> Row:
    """The row of a fault mode."""
    return next(one for one in rows if one.fault_mode == mode)


def test_faults_are_counted_by_mode_and_in_all(fleet: Path) -> None:
    """A finding under the fault's mode or as unknown within its time is a hit; each other one is a false alarm."""
    rows = evaluate(fleet, fleet / "findings.csv")

    fouling, every = row(rows, "condenser_fouling"), row(rows, "all")
    assert (fouling.faults, fouling.caught, fouling.named, fouling.false_alarms) == (1, 1, 1, 1)
    assert (fouling.recall, fouling.precision, fouling.median_lead_days) == (1.0, 0.5, 10.0)
    assert (every.faults, every.caught, every.named, every.findings, every.false_alarms) == (2, 2, 1, 3, 1)
    assert every.false_alarms_per_appliance_year == pytest.approx(0.25)


def test_faults_of_data_are_counted_apart(fleet: Path) -> None:
    """What is said of the data is held against sensor faults only."""
    data = row(evaluate(fleet, fleet / "findings.csv"), "data")

    assert (data.faults, data.caught, data.findings, data.false_alarms) == (1, 1, 2, 1)


def test_the_table_has_a_line_per_row(fleet: Path) -> None:
    """The table names each kind and fault mode, and writes a dash where there is nothing to count."""
    rows = evaluate(fleet, fleet / "findings.csv")

    lines = as_table(rows).splitlines()

    assert len(lines) == 1 + len(rows)
    assert " - " in next(line for line in lines if "unknown" in line)


def test_a_fleet_without_truth_is_refused(fleet: Path) -> None:
    """Without the file of faults there is nothing to compare with, and a sentence says so."""
    (fleet / "truth" / "faults.csv").unlink()

    with pytest.raises(RecordingError, match=r"faults\.csv can't be read"):
        evaluate(fleet, fleet / "findings.csv")


def test_a_file_that_holds_no_findings_is_refused(fleet: Path) -> None:
    """Another CSV in the place of the findings is refused by the column that it lacks."""
    with pytest.raises(RecordingError, match="has no column 'appliance_id'"):
        evaluate(fleet, fleet / "appliances.csv")
