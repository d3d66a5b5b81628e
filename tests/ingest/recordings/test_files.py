"""Times, encodings and packages of recordings, as spreadsheets and exporters write them."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.profiles import load_profiles
from ingest.recordings.inspection import inspect_recording, propose_kind
from ingest.recordings.reading import read_recording
from ingest.recordings.recording import CsvOptions, RecordingError
from tests.ingest.recorded import ISO, MINUTE_MS, TEN_MS, read, refusal


@pytest.mark.parametrize(
    "time",
    ["2026-11-29T10:00:00Z", "2026-11-29 10:00", "2026/11/29 10:00:00", "2026-11-29T11:00:00+01:00", "20261129100000",
     "202611291000", "29.11.2026 10:00", "29.11.26 10:00:00", "29/11/2026 10:00", "11/29/2026 10:00:00 AM", "11/29/26 10:00",
     "1795946400", "1795946400.0", "1795946400000", "1795946400000000", "1795946400000000000", "46355.4166667",
     "2026-11-29 10:00:00,000", "2026-11-29 10:00:00 UTC", "29-11-2026 10:00"],
)  # fmt: skip
def test_times_are_told_apart_by_form_and_size(tmp_path: Path, time: str) -> None:
    """The same moment in all the forms that tools write."""
    assert read(tmp_path, ["time;a", f"{time};1"]).ts_ms.tolist() == [TEN_MS]


def test_serial_days_of_a_spreadsheet_keep_their_minutes(tmp_path: Path) -> None:
    """Forty minutes in days are forty minutes, to the second."""
    days = [f"{46355.4166667 + minute / 1440:.7f}" for minute in range(40)]

    recording = read(tmp_path, ["time,power", *(f"{day},1" for day in days)])

    assert np.diff(recording.ts_ms).tolist() == [MINUTE_MS] * 39


@pytest.mark.parametrize(
    ("days", "first"),
    [(["11/05/2026", "13/05/2026"], "2026-05-11"), (["05/11/2026", "05/13/2026"], "2026-05-11"),
     (["11/05/2026", "12/05/2026", "01/06/2026"], "2026-05-11"), (["05/11/2026", "05/12/2026", "06/01/2026"], "2026-05-11")],
)  # fmt: skip
def test_the_data_decides_between_day_and_month(tmp_path: Path, days: list[str], first: str) -> None:
    """A number above 12 decides, else the order in which time does not go back; nothing need be said then."""
    recording = read(tmp_path, ["time,power", *(f"{day} 10:00,1" for day in days)])

    assert np.datetime64(int(recording.ts_ms[0]), "ms").astype("datetime64[D]") == np.datetime64(first)
    assert not recording.notes


def test_doubtful_days_are_said_and_the_option_decides(tmp_path: Path) -> None:
    """Where day and month can't be told apart it is month/day, and a sentence names the option."""
    lines = ["time,power", "11/05/2026 10:00,0", "11/05/2026 22:00,1", "12/05/2026 10:00,2"]

    guessed = read(tmp_path, lines)
    told = read(tmp_path, lines, CsvOptions(day_first=True))

    assert "--dates dm" in guessed.notes[0]
    assert np.diff(told.ts_ms).tolist() == [12 * 60 * MINUTE_MS] * 2
    assert not told.notes


@pytest.mark.parametrize(
    "time", ["0", "60", "1976-11-29T10:00:00Z", "2206-01-01 00:00", "1e30", "-5", "99999999999999"]
)
def test_years_that_can_not_be_are_refused(tmp_path: Path, time: str) -> None:
    """A time before 1990 or after 2100 is refused with its place and the way out."""
    said = refusal(tmp_path, ["ts,a", f"{ISO[0]},1", f"{time},1"])

    assert f"line 3, column 'ts': '{time}' is no time" in said
    assert "--time" in said


def test_a_zone_is_taken_for_times_without_one(tmp_path: Path) -> None:
    """Local times become UTC, the repeated hour of autumn once before and once after the change."""
    local = ["2026-10-25 02:30", "2026-10-25 02:59", "2026-10-25 02:30", "2026-10-25 03:30", "2026-10-25T01:00:00Z"]

    recording = read(tmp_path, ["ts,a", *(f"{t},1" for t in local)], CsvOptions(zone="Europe/Berlin"))

    minutes = (recording.ts_ms - recording.ts_ms[0]) // MINUTE_MS
    assert minutes.tolist() == [0, 29, 60, 120, 30]
    assert "--zone 'Mars'" in refusal(tmp_path, ["ts,a", f"{local[0]},1"], CsvOptions(zone="Mars"))


def test_date_and_clock_in_two_columns_are_one_time(tmp_path: Path) -> None:
    """A column of dates and one of clock times belong together, whichever the time column is."""
    for header in ("Date;Time;a", "Datum;Uhrzeit;a"):
        recording = read(tmp_path, [header, "29.11.2026;10:00:00;1", "29.11.2026;10:01:00;2"])

        assert recording.ts_ms.tolist() == [TEN_MS, TEN_MS + MINUTE_MS]
        assert recording.metrics == ("a",)


def test_titles_above_the_header_are_passed_over_and_said(tmp_path: Path) -> None:
    """Lines of title are no header; a header in a comment is one where nothing else is."""
    titled = read(tmp_path, ["Report of the plug", "serial;17", "", "Time;a", f"{ISO[0]};1"])
    commented = read(tmp_path, ["# time,a", f"{ISO[0]},1"])

    assert (titled.metrics, commented.metrics) == (("a",), ("a",))
    assert "line 4 names the columns" in titled.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_marked_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with mark and UTF-16 with or without are read."""
    recording = read(tmp_path, f"ts;Kühler °C\n{ISO[0]};4,5\n".encode(encoding))

    assert recording.metrics == ("kuhler_c",)
    assert recording.values.tolist() == [[4.5]]


def test_another_encoding_is_named(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are refused with their line; with the option they are read."""
    content = f"ts;a (°C)\n{ISO[0]};4\n".encode("cp1252")

    assert "line 1" in refusal(tmp_path, content)
    assert read(tmp_path, content, CsvOptions(encoding="cp1252")).metrics == ("a_c",)
    assert "unknown" in refusal(tmp_path, content, CsvOptions(encoding="klingon"))


def test_gzip_zip_and_parquet_are_opened(tmp_path: Path) -> None:
    """The same rows from each kind of file."""
    text = f"ts,a,on\n{ISO[0]},1,true\n{ISO[1]},2,false\n".encode()
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("folder/a.csv", text)
    moments = pa.array([TEN_MS, TEN_MS + MINUTE_MS], pa.timestamp("ms", "Europe/Berlin"))
    pq.write_table(pa.table({"ts": moments, "a": [1, 2], "on": [True, False]}), tmp_path / "a.parquet")

    for name in ("a.csv.gz", "a.zip", "a.parquet"):
        recording = read_recording([tmp_path / name])
        assert recording.ts_ms.tolist() == [TEN_MS, TEN_MS + MINUTE_MS], name
        assert recording.values.tolist() == [[1, 1], [2, 0]], name


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\x1f\x8b\x08\x00broken", "damaged"), (b"PK\x03\x04broken", "damaged"), (b"PAR1broken", "damaged"),
     (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel workbook")],
)  # fmt: skip
def test_damaged_packages_get_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    """What can't be unpacked is refused without a library's traceback."""
    assert says in refusal(tmp_path, content)


def test_a_zip_of_several_files_is_refused(tmp_path: Path) -> None:
    """Which of them are one series, only their owner knows."""
    with zipfile.ZipFile(tmp_path / "recorded.csv", "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")

    with pytest.raises(RecordingError, match="holds 2 files"):
        read_recording([tmp_path / "recorded.csv"])


def test_modes_and_cycles_are_kept(tmp_path: Path) -> None:
    """Words in ``mode`` and whatever stands in ``cycle`` go with the sample; a numeric ``mode`` is a metric."""
    words = read(tmp_path, ["ts,mode,cycle,a", f"{ISO[0]},heating,17,1", f"{ISO[1]},,17,2"])
    numbers = read(tmp_path, ["ts,mode,a", f"{ISO[0]},3,1"])

    assert (list(words.modes), list(words.cycles), words.metrics) == (["heating", None], ["17", "17"], ("a",))
    assert (list(numbers.modes), numbers.metrics) == ([], ("mode_value", "a"))


def test_names_of_other_scripts_stay_different(tmp_path: Path) -> None:
    """Two Chinese names are two metrics."""
    recording = read(tmp_path, ["时间,功率,温度", f"{ISO[0]},1,2"])

    assert len(set(recording.metrics)) == 2
    assert recording.values.tolist() == [[1, 2]]


def test_an_inspection_says_what_would_be_read(tmp_path: Path) -> None:
    """Metrics with column and unit, times, gaps, first rows and the kind whose profile knows the metrics."""
    minutes = [0, 1, 2, 3, 30, 31]
    lines = ["time,fresh_food_c,freezer_c,Power", *(f"{ISO[m]},4.5,-18,{m} W" for m in minutes)]

    told = inspect_recording(read(tmp_path, lines), load_profiles(), zone="UTC")

    assert told["kind"] == "refrigerator"
    assert (told["samples"], told["interval_s"], told["gaps"]) == (6, 60, 1)
    assert told["longest_gaps"] == [{"start": "2026-11-29T10:03:00.000Z", "end": "2026-11-29T10:30:00.000Z"}]
    assert [one["metric"] for one in told["metrics"]] == ["fresh_food_c", "freezer_c", "power_w"]
    assert told["metrics"][2]["unit"] == "w"
    assert told["first_rows"][1]["metrics"]["power_w"] == 1


def test_where_two_kinds_know_as_many_metrics_the_modes_decide() -> None:
    """An oven and a dryer may report the same; what they call their modes is their own."""
    profiles = load_profiles()
    washer, dishwasher = profiles["washing_machine"], profiles["dishwasher"]
    shared = sorted(set(washer.metrics) & set(dishwasher.metrics))
    own = sorted(set(dishwasher.modes) - set(washer.modes))

    assert propose_kind(shared, own, {"washing_machine": washer, "dishwasher": dishwasher}) == "dishwasher"
    assert propose_kind(shared, (), {"washing_machine": washer, "dishwasher": dishwasher}) == "generic"


@given(st.binary(max_size=300))
def test_garbage_gives_exactly_one_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever stands in a file: a recording, or a sentence."""
    path = tmp_path_factory.getbasetemp() / "garbage.csv"
    path.write_bytes(b"ts,a\n2026-11-29T10:00:00Z,1\n" + content)

    try:
        recording = read_recording([path])
    except RecordingError as error:
        assert str(path) in str(error)  # noqa: PT017  (either outcome is right)
    else:
        assert recording.values.shape[0] == len(recording)
