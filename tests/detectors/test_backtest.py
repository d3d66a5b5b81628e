"""Backtests over recorded series and fleet folders."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from detectors.backtest.fleet import COLUMNS, run_fleet_backtest, write_findings
from detectors.backtest.recording import run_backtest, write_backtest
from ingest.recordings.recording import Recording, RecordingError
from tests.detectors.made_fleet import FRIDGE, PROFILES, fridge
from tests.examples import some_of


def recording(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], *, step_s: int = 60) -> Recording:
    """Rows of some metrics as a recording."""
    table = values if values.ndim == 2 else values[:, None]
    ts = 1_577_836_800_000 + np.arange(len(table), dtype=np.int64) * step_s * 1000
    names = tuple(f"m{number}" for number in range(table.shape[1]))
    return Recording(names, ts, table, [str(one) for one in ts], ())


def noise(count: int, metrics: int = 1, seed: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Quiet noise."""
    return np.random.default_rng(seed).normal(10, 1, (count, metrics))


def test_a_break_is_an_episode_and_quiet_noise_is_none() -> None:
    """A jump by fifteen standard deviations is one alarm that begins with it; noise alone is none."""
    values = noise(2000)
    quiet = run_backtest(recording(values), "generic", PROFILES)
    values[1500:1560] += 15

    broken = run_backtest(recording(values), "generic", PROFILES)

    assert not quiet.alarms.any()
    assert np.flatnonzero(broken.alarms)[0] == 1500
    assert len(broken.episodes) == 1
    assert broken.episodes[0].fault_mode == "unknown"
    assert broken.episodes[0].evidence[0].metric == "m0"
    assert broken.episodes[0].evidence[0].observed > broken.episodes[0].evidence[0].expected_high


def test_lost_correlation_is_found_by_the_window() -> None:
    """Metrics that stay in their ranges but no longer move together are an alarm."""
    rng = np.random.default_rng(2)
    common = np.sin(np.arange(1600) / 9) * 3
    values = common[:, None] * np.array([1.0, -1.0, 0.5, 2.0]) + rng.normal(0, 0.2, (1600, 4))
    values[1000:, 1] = -values[1000:, 1]

    result = run_backtest(recording(values, step_s=1), "generic", PROFILES, calibrate_rows=500)

    assert not result.alarms[:1000].any()
    assert result.alarms[1000:1100].any()


@pytest.mark.parametrize(("kind", "metrics"), some_of([("generic", 1), ("generic", 4), ("refrigerator", 1)], 1, turn=1))
def test_no_row_knows_the_future(kind: str, metrics: int) -> None:
    """Rows appended later leave every earlier score and alarm as it was."""
    values = noise(3000, metrics)
    values[1200:1300] *= 3
    start = recording(values[:2000])
    metric = ("power_w",) if kind == "refrigerator" else start.metrics

    short, long = (
        run_backtest(Recording(metric, one.ts_ms, one.values, one.ts_text, ()), kind, PROFILES, calibrate_rows=400)
        for one in (start, recording(values))
    )

    np.testing.assert_array_equal(long.scores[:2000], short.scores)
    np.testing.assert_array_equal(long.alarms[:2000], short.alarms)


def test_scores_of_a_profile_are_causal_over_days() -> None:
    """With a profile too, appended days leave earlier scores as they were."""
    ts, values = fridge(3, days=40, fault="condenser_fouling")
    texts = [str(one) for one in ts]
    cut = len(ts) - 500

    short = run_backtest(Recording(FRIDGE, ts[:cut], values[:cut], texts[:cut], ()), "refrigerator", PROFILES)
    long = run_backtest(Recording(FRIDGE, ts, values, texts, ()), "refrigerator", PROFILES)

    np.testing.assert_array_equal(long.scores[:cut], short.scores)
    assert "condenser_fouling" in {episode.fault_mode for episode in long.episodes}


def test_calibration_rows_raise_nothing() -> None:
    """No alarm is raised in the calibration prefix, given as rows or as a time."""
    values = noise(1500)
    values[600:640] += 20
    one = recording(values)

    by_rows = run_backtest(one, "generic", PROFILES, calibrate_rows=700)
    by_time = run_backtest(one, "generic", PROFILES, calibrate_until_ms=int(one.ts_ms[700]))

    assert not by_rows.alarms[:700].any()
    np.testing.assert_array_equal(by_rows.alarms, by_time.alarms)
    assert run_backtest(one, "generic", PROFILES, calibrate_rows=500).alarms[600]


def test_files_are_written_as_the_contract_says(tmp_path: Path) -> None:
    """One line per input row with its time as written; episodes as JSON."""
    values = noise(900)
    values[700:] += 30
    values[800] = np.nan
    one = recording(values)
    result = run_backtest(one, "generic", PROFILES)

    write_backtest(result, one, tmp_path / "out")

    rows = list(csv.DictReader((tmp_path / "out" / "scores.csv").read_text().splitlines()))
    assert [row["ts"] for row in rows] == list(one.ts_text)
    assert all(float(row["score"]) >= 0 and row["alarm"] in "01" for row in rows)
    episodes = json.loads((tmp_path / "out" / "episodes.json").read_text())
    assert set(episodes[0]) == {"start", "end", "peak_score", "fault_mode", "evidence"}
    assert episodes[0]["start"] == one.ts_text[700]


def test_an_empty_recording_is_refused() -> None:
    """A recording without rows gets a sentence."""
    with pytest.raises(RecordingError, match="holds no row"):
        run_backtest(recording(np.empty((0, 1))), "generic", PROFILES)


def fleet_folder(folder: Path, *, as_csv: bool) -> Path:
    """Four refrigerators, one fouling, in one file of readings each; truth that must not be read."""
    (folder / "readings").mkdir(parents=True)
    lines = ["id,kind,model,firmware,region,home,installed_at"]
    for number in range(4):
        ts, values = fridge(40 + number, days=45, fault="condenser_fouling" if number == 1 else None)
        name = f"F{number}"
        lines.append(f"{name},refrigerator,KF,1.0,north,h{number},2025-01-01T00:00:00Z")
        columns: dict[str, object] = {"id": [name] * len(ts), "ts": ts, "mode": ["cooling"] * len(ts)}
        columns |= {"cycle": pa.nulls(len(ts), pa.string())}
        columns |= {metric: pa.array(values[:, place], from_pandas=True) for place, metric in enumerate(FRIDGE)}
        table = pa.table(columns)
        if as_csv:
            pa_csv.write_csv(table, folder / "readings" / f"{name}.csv")
        else:
            pq.write_table(table, folder / "readings" / f"{name}.parquet", row_group_size=500)
    (folder / "appliances.csv").write_text("\n".join(lines) + "\n")
    (folder / "events.csv").write_text(f'id,ts,type,code,data\nF2,{ts[-1]},error_code,rF,"{{""a"":1}}"\n')
    (folder / "truth").mkdir()
    (folder / "truth" / "faults.csv").write_bytes(b"\xff\x00 not to be opened")
    return folder


@pytest.mark.parametrize("as_csv", some_of([False, True], 1))
def test_a_fleet_folder_gives_findings(tmp_path: Path, as_csv: bool) -> None:
    """The live pipeline over a folder names the fault, takes the events, and never opens the truth."""
    folder = fleet_folder(tmp_path / "fleet", as_csv=as_csv)

    findings = run_fleet_backtest(folder, PROFILES)
    write_findings(findings, tmp_path / "out")

    rows = list(csv.DictReader((tmp_path / "out" / "findings.csv").read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert {(row["appliance_id"], row["fault_mode"]) for row in rows} == {
        ("F1", "condenser_fouling"),
        ("F2", "evaporator_fan_wear"),
    }
    assert all(row["data_fault"] == "0" and row["raised_at"].endswith("Z") for row in rows)
    assert json.loads(rows[0]["evidence"])[0]["metric"] == "condenser_rise"


def test_a_folder_that_is_no_fleet_is_refused(tmp_path: Path) -> None:
    """Missing files get a sentence."""
    with pytest.raises(RecordingError, match=r"appliances\.csv can't be read"):
        run_fleet_backtest(tmp_path, PROFILES)

    (tmp_path / "appliances.csv").write_text("id,kind\nF1,refrigerator\n")
    with pytest.raises(RecordingError, match=r"holds no \.parquet or \.csv"):
        run_fleet_backtest(tmp_path, PROFILES)
