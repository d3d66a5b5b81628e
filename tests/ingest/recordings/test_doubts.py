"""What a recording may mean in two ways: decided by its other rows and cells where they decide, else said with the cure."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.profiles import load_profiles
from ingest.recordings.inspection import inspect_recording
from ingest.recordings.recording import CsvOptions
from tests.ingest.recorded import ISO, column, read, refusal

BERLIN = CsvOptions(zone="Europe/Berlin")


def clocks(day: str, texts: str) -> list[str]:
    """A file of these local times on one day."""
    return ["ts,a", *(f"{day} {text}:00,{row}" for row, text in enumerate(texts.split()))]


def utc(recording_ms: NDArray[np.int64]) -> str:
    """Times as hours and minutes in UTC."""
    return " ".join(datetime.fromtimestamp(ms / 1000, UTC).strftime("%H:%M") for ms in recording_ms.tolist())


@pytest.mark.parametrize(
    ("local", "told"),
    [
        ("01:30 02:00 02:30 02:00 02:30 03:00", "23:30 00:00 00:30 01:00 01:30 02:00"),
        ("03:00 02:30 02:00 02:30 02:00 01:30", "02:00 01:30 01:00 00:30 00:00 23:30"),
        ("02:00 02:30 03:00 03:30", "01:00 01:30 02:00 02:30"),
        ("01:00 01:30 02:00 02:30", "23:00 23:30 00:00 00:30"),
        ("02:30 02:00 01:30 01:00", "00:30 00:00 23:30 23:00"),
        ("01:00 02:00 02:00 03:00", "23:00 00:00 01:00 02:00"),
    ],
    ids=["goes back once", "newest first", "begins in it", "ends in it", "newest first, begins in it", "hourly"],
)
def test_an_hour_that_comes_twice_is_decided_by_the_order_of_rows(tmp_path: Path, local: str, told: str) -> None:
    """Where time goes back once, or only one time leaves no silence, it is that one; it is said which rows were decided."""
    recording = read(tmp_path, clocks("2026-10-25", local), BERLIN)

    assert utc(recording.ts_ms) == told
    (note,) = recording.notes
    assert note.endswith("showed twice; it is read by the order of rows.")


@pytest.mark.parametrize("local", ["01:30 02:00 02:30 03:00", "02:00 02:30", "01:30 02:30 02:10 02:50 02:05 03:00"])
def test_an_hour_that_comes_twice_is_said_where_nothing_decides(tmp_path: Path, local: str) -> None:
    """One of both hours is missing, or time goes to and fro: the first is taken, with line, cell and what to do."""
    recording = read(tmp_path, clocks("2026-10-25", local), BERLIN)

    (note,) = recording.notes
    assert ", column 'ts': '2026-10-25 02:" in note
    assert note.endswith("it is read as the first; export times in UTC or with their offset.")
    assert utc(recording.ts_ms[-1:]) in {"02:00", "00:30"}


def test_a_time_that_clocks_skipped_is_said_with_a_zone_that_fits(tmp_path: Path) -> None:
    """The recorder keeps one time all year; the zone that the sentence names reads every row in order."""
    lines = clocks("2026-03-29", "01:30 02:00 02:30 03:00")

    (note,) = read(tmp_path, lines, BERLIN).notes
    cure = note.partition("--zone ")[2].split()[0]
    cured = read(tmp_path, lines, CsvOptions(zone=cure))

    assert (
        "line 3, column 'ts': '2026-03-29 02:00:00' (and 1 more) is a time that clocks in Europe/Berlin skipped" in note
    )
    assert cure == "+01:00"
    assert utc(cured.ts_ms) == "00:30 01:00 01:30 02:00"
    assert cured.notes == ()


def test_other_days_and_times_with_an_offset_say_nothing(tmp_path: Path) -> None:
    """A place's clocks are believed the whole year but for two hours; a time with its own offset always."""
    plain = read(tmp_path, clocks("2026-07-01", "01:30 02:00 02:30"), BERLIN)
    exact = read(tmp_path, ["ts,a", "2026-10-25T02:30:00+01:00,1", "2026-03-29T02:30:00+01:00,2"], BERLIN)

    assert utc(plain.ts_ms) == "23:30 00:00 00:30"
    assert utc(exact.ts_ms) == "01:30 01:30"
    assert plain.notes == exact.notes == ()


@pytest.mark.parametrize(
    ("zone", "cure"),
    [
        ("CEST", "Europe/Berlin"),
        ("MEZ", "Europe/Berlin"),
        ("pst", "America/Los_Angeles"),
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("Asia/Shangai", "Asia/Shanghai"),
        ("Mars/Base", "one such as Europe/Berlin"),
        ("+25:00", "one such as Europe/Berlin"),
    ],
)
def test_a_zone_that_is_none_is_refused_with_one_that_is(tmp_path: Path, zone: str, cure: str) -> None:
    """What people call zones leads to the zone of a place, which reads the file."""
    lines = ["ts,a", "2026-11-29 10:00:00,1"]

    said = refusal(tmp_path, lines, CsvOptions(zone=zone))
    usable = cure if "/" in cure and " " not in cure else "Europe/Berlin"

    assert f"--zone {zone!r} is no time zone; write {cure}" in said
    assert len(read(tmp_path, lines, CsvOptions(zone=usable))) == 1


@pytest.mark.parametrize("text", ["2026-11-29 10:00:00 CET", "29.11.2026 10:00 MEZ", "2026-11-29T10:00:00 (CEST)"])
def test_a_zone_behind_a_time_is_refused_with_the_option_that_says_it(tmp_path: Path, text: str) -> None:
    """A short name is no zone, and the sentence says which one to name."""
    said = refusal(tmp_path, ["ts,a", f"{text},1"])

    assert f"line 2, column 'ts': {text!r} is no time" in said
    assert "take it away, and write --zone Europe/Berlin" in said


@pytest.mark.parametrize(
    ("zone", "told"), [("+01:00", "09:00"), ("UTC-3", "13:00"), ("GMT+5:30", "04:30"), ("utc", "10:00")]
)
def test_an_offset_is_a_zone(tmp_path: Path, zone: str, told: str) -> None:
    """A recorder that keeps one time all year is read by its offset."""
    assert utc(read(tmp_path, ["ts,a", "2026-11-29 10:00:00,1"], CsvOptions(zone=zone)).ts_ms) == told


@pytest.mark.parametrize(
    ("lines", "metrics", "values"),
    [
        (["time;temp;power;mode", ";°C;W;", "@;5;6;on"], ("temp_c", "power_w"), [5, 6]),
        (["time,temp,power", "s,[degF],(kW)", "@,50,6"], ("temp_c", "power_w"), [10, 6000]),
        (["time\ttemp\tcount", "UTC\tK\t-", "@\t5\t6"], ("temp_k", "count"), [5, 6]),
        (["time,temp", ",°C", "@,5", "time,temp", ",°C", "@,6"], ("temp_c",), [5]),
    ],
    ids=["semicolons", "brackets", "tabs", "joined files"],
)
def test_a_row_of_units_below_the_names_is_no_reading(
    tmp_path: Path, lines: list[str], metrics: tuple[str, ...], values: list[float]
) -> None:
    """The units are those of the columns, in the size of ours; the row is taken away, and that is said."""
    recording = read(tmp_path, [line.replace("@", ISO[0]) for line in lines])

    assert recording.metrics == metrics
    np.testing.assert_allclose(recording.values[0], values)
    assert len(recording) == sum("@" in line for line in lines)
    assert "line 2 names the units" in recording.notes[0]


@pytest.mark.parametrize("row", ["hallo,K,x", ",five,K", "1,K,", ",-,-"])
def test_a_row_of_anything_else_is_refused_where_it_stands(tmp_path: Path, row: str) -> None:
    """A row without a time is one of units only where it says nothing but units."""
    assert "line 2, column 'time'" in refusal(tmp_path, ["time,a,b", row, f"{ISO[0]},1,2"])


@pytest.mark.parametrize(
    ("cells", "values", "is_said"),
    [
        ("1.001 0.998", [1.001, 0.998], False),
        ("1.001 1.5", [1.001, 1.5], False),
        ("1500 1.001", [1500, 1.001], False),
        ("1.001.000 1.001", [1_001_000, 1001], False),
        ("1.001 998,5", [1001, 998.5], False),
        ("1.001,5 2.002", [1001.5, 2002], False),
        ("998 1.001", [998, 1001], True),
        ("1.001 1.002", [1.001, 1.002], True),
        ("5 1.001", [5, 1.001], True),
    ],
)
def test_a_point_divides_or_groups_as_the_columns_other_cells_say(
    tmp_path: Path, cells: str, values: list[float], is_said: bool
) -> None:
    """In a file with semicolons ``1.001`` is what the cells beside it make it; where they don't, that is said."""
    lines = ["ts;a", *(f"{ISO[row]};{cell}" for row, cell in enumerate(cells.split()))]

    recording = read(tmp_path, lines)

    assert column(recording, "a") == values
    assert [note.partition(" is read")[2].partition(";")[2] for note in recording.notes] == (
        [" --decimal . or --decimal , decides."] if is_said else []
    )


def test_a_column_decides_for_itself_beside_one_with_decimal_commas(tmp_path: Path) -> None:
    """A file's decimal comma does not make a thousand of another column's decimal point; alone it does, and is said."""
    rows = [("1.001", "1.001", "1,5"), ("1.5", "1.002", "2,5")]
    lines = ["ts;points;either;commas", *(";".join((ISO[row], *cells)) for row, cells in enumerate(rows))]

    recording = read(tmp_path, lines)
    told = read(tmp_path, lines, CsvOptions(decimal=","))

    assert recording.values.tolist() == [[1.001, 1001, 1.5], [1.5, 1002, 2.5]]
    (note,) = recording.notes
    assert "line 2, column 'either': '1.001' is read as thousands in groups" in note
    assert told.notes == ()


def test_a_cell_that_is_no_number_says_nothing_of_the_decimal_sign(tmp_path: Path) -> None:
    """Two commas as in no group are refused as they stand, and leave the decimal commas below what they are."""
    said = refusal(tmp_path, ["ts;flow", f"{ISO[0]};1,2,3", f"{ISO[1]};1486,40", f"{ISO[2]};2,5"])

    assert "line 2, column 'flow': '1,2,3' is no number, as 2 cells of the column are" in said


def test_a_word_of_absence_may_be_a_number(tmp_path: Path) -> None:
    """``--missing -327.68`` leaves such cells out of a column of plain numbers, too."""
    recording = read(tmp_path, ["ts,a", f"{ISO[0]},-327.68", f"{ISO[1]},5"], CsvOptions(missing=("-327.68",)))

    np.testing.assert_array_equal(recording.values[:, 0], [np.nan, 5])


@pytest.mark.parametrize(
    ("name", "cells", "count", "span"),
    [
        ("boiler [°C]", "20 -327.68 21 -327.68", 2, (20, 21)),
        ("probe_c", "20 -127 21", 1, (20, 21)),
        ("humidity [%]", "55 6553.5 54", 1, (54, 55)),
        ("level", "3 65535 4", 1, (3, 4)),
        ("flow", "0.5 0.7 -9999", 1, (0.5, 0.7)),
        ("power [W]", "-327.68 -300 200", 0, (-327.68, 200)),
        ("count", "998 999 1000", 0, (998, 1000)),
        ("total", "65000 65535 66000", 0, (65000, 66000)),
    ],
)
def test_marks_for_no_sensor_are_shown_and_are_no_extremes(
    tmp_path: Path, name: str, cells: str, count: int, span: tuple[float, float]
) -> None:
    """What can't be is counted beside the readings, with where it is and what to do; a value that may be is a reading."""
    lines = [f"ts,{name}", *(f"{ISO[row]},{cell}" for row, cell in enumerate(cells.split()))]

    told = inspect_recording(read(tmp_path, lines), load_profiles(), zone="UTC")

    (metric,) = told["metrics"]
    assert (metric["impossible"], metric["min"], metric["max"]) == (count, *span)
    assert metric["readings"] + metric["not_reported"] + metric["impossible"] == told["samples"]
    assert [f"{count} readings can't be" in doubt and "--missing" in doubt for doubt in told["doubts"]] == [True] * (
        count > 0
    )
