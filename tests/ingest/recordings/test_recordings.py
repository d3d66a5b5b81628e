"""Recorded readings in CSV files of any common form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ingest.recordings.names import metric_name
from ingest.recordings.reading import read_recording
from ingest.recordings.recording import CsvOptions, RecordingError
from ingest.recordings.times import parse_time

MINUTE_MS = 1_577_836_800_000


def written(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.123Z"])
def test_columns_of_plain_times_are_read_as_each_time_by_itself(tmp_path: Path, form: str) -> None:
    """Times of one plain form are read all at once, and are those that each is; one that can't be is refused where it stands."""
    texts = [datetime.fromtimestamp(1_709_160_000 + 86_399 * n, UTC).strftime(form) for n in range(40)]
    rows = [f"{text},{n}" for n, text in enumerate(texts)]
    wrong = rows[7].replace("-03-06", "-02-30")

    read = read_recording([written(tmp_path, "ts,a\n" + "\n".join(rows))])

    assert read.ts_ms.tolist() == [parse_time(text) for text in texts]
    with pytest.raises(RecordingError, match=r"line 9, column 'ts'.*is no time"):
        read_recording([written(tmp_path, "ts,a\n" + "\n".join([*rows[:7], wrong, *rows[8:]]))])


@pytest.mark.parametrize(
    "time",
    [
        "2020-01-01T00:00:00Z",
        "2020-01-01T01:00:00+01:00",
        "2020-01-01 00:00:00",
        "2020-01-01 00:00",
        "1/1/2020 0:00",
        "1/1/2020 0:00:00",
        "1577836800",
        "1577836800.0",
        "1577836800000",
    ],
)
def test_times_are_read_in_every_form_of_the_contract(tmp_path: Path, time: str) -> None:
    """The same moment is read from each form, and kept as it was written."""
    recording = read_recording([written(tmp_path, f"ts,power\n{time},1\n")])

    assert recording.ts_ms.tolist() == [MINUTE_MS]
    assert list(recording.ts_text) == [time]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimiters_and_byte_order_marks_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    """Comma, semicolon and tab work, with or without a byte order mark."""
    text = delimiter.join(["Timestamp", "activePower"]) + "\n" + delimiter.join(["2020-01-01 00:00", "4.5"]) + "\n"

    recording = read_recording([written(tmp_path, text, encoding=encoding)])

    assert recording.metrics == ("active_power",)
    assert recording.values.tolist() == [[4.5]]


def test_labels_and_unnamed_columns_are_left_out(tmp_path: Path) -> None:
    """Labels never become metrics, nor do columns without a name or with words; all are named."""
    text = ",ctime,power,label,anomaly,changepoint,note\n0,2020-01-01 00:00,5,1,1,1,fine\n"

    recording = read_recording([written(tmp_path, text)])

    assert recording.metrics == ("power",)
    assert recording.left_out == ("unnamed column 1", "label", "anomaly", "changepoint", "note")


def test_empty_and_nan_are_not_reported(tmp_path: Path) -> None:
    """An empty cell, NaN and infinity are no readings; rows stay in file order."""
    recording = read_recording([written(tmp_path, "ts,a,b\n1577836860,1,\n1577836800,NaN,2\n1577836920,inf,3\n")])

    assert (recording.ts_ms - MINUTE_MS).tolist() == [60_000, 0, 120_000]
    np.testing.assert_array_equal(recording.values, [[1, np.nan], [np.nan, 2], [np.nan, 3]])


def test_several_files_are_one_series(tmp_path: Path) -> None:
    """Files follow each other in the order given; a metric that one lacks is not reported there."""
    first = written(tmp_path, "ts,a\n1577836800,1\n", "1.csv")
    second = written(tmp_path, "ts,b,a\n1577836860,3,2\n", "2.csv")

    recording = read_recording([first, second])

    assert recording.metrics == ("a", "b")
    np.testing.assert_array_equal(recording.values, [[1, np.nan], [2, 3]])


def test_columns_can_be_dropped_and_renamed(tmp_path: Path) -> None:
    """--time, --drop and --metric name columns as they stand in the file."""
    path = written(tmp_path, "When,Power (kW),x\n1577836800,1,2\n")

    recording = read_recording([path], CsvOptions(time="When", drop=("x",), names={"Power (kW)": "power_w"}))

    assert recording.metrics == ("power_w",)
    assert recording.left_out == ("x",)


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("power\n1\n", CsvOptions(), "has no time column"),
        ("ts,a\n0,1\n", CsvOptions(time="when"), "has no column 'when'"),
        ("ts,a\n1577836800,1\n", CsvOptions(drop=("b",)), "has no column 'b'"),
        ("ts,a\n1577836800,1\n", CsvOptions(names={"a": "Power W"}), "can't be a metric's name"),
        ("ts,a\n1577836800,1\nsoon,2\n", CsvOptions(), "line 3, column 'ts': 'soon' is no time"),
        ("ts,powerW,power_w\n1577836800,1,2\n", CsvOptions(), "both be the metric 'power_w'"),
        ("ts,note\n1577836800,fine\n", CsvOptions(), "no numeric column"),
        ("", CsvOptions(), "is empty"),
    ],
)
def test_bad_files_get_a_sentence(tmp_path: Path, text: str, options: CsvOptions, says: str) -> None:
    """What can't be read is refused with a sentence that names the file and the way out."""
    path = written(tmp_path, text)

    with pytest.raises(RecordingError, match=says) as error:
        read_recording([path], options)

    assert str(path) in str(error.value) or "name" in str(error.value)


def test_a_missing_file_and_bytes_get_a_sentence(tmp_path: Path) -> None:
    """An absent file and a file that is no text are refused, without a traceback of the library."""
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"ts,a\n\xff\xfe,1\n")

    with pytest.raises(RecordingError, match="can't be read"):
        read_recording([tmp_path / "none.csv"])
    with pytest.raises(RecordingError, match="no CSV file in UTF-8"):
        read_recording([binary])
    with pytest.raises(RecordingError, match="at least one"):
        read_recording([])


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("activePower", "active_power"),
        ("Volume Flow RateRMS", "volume_flow_rate_rms"),
        ("Accelerometer1RMS", "accelerometer1_rms"),
        ("2nd value", "m_2nd_value"),
        ("mode", "mode_value"),
        ("°C", "c"),
    ],
)
def test_names_become_snake_case(column: str, name: str) -> None:
    """A column's name becomes a metric name that the wire takes."""
    assert metric_name(column) == name


def test_a_time_on_the_command_line_is_read_alike() -> None:
    """parse_time takes the forms of the files and refuses the rest with a sentence."""
    assert parse_time("2020-01-01T00:00:00Z") == MINUTE_MS
    with pytest.raises(RecordingError, match="is no time"):
        parse_time("tomorrow")
