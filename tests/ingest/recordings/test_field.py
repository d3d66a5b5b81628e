"""Recordings as Home Assistant, Grafana, InfluxDB and spreadsheets export them, each with the values that its owner means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ingest.recordings.recording import CsvOptions
from tests.ingest.recorded import ISO, MINUTE_MS, TEN_MS, column, read, refusal


@pytest.mark.parametrize("word", ["unavailable", "unknown", "Unavailable", "None", "-", "n/a", "#N/A", "null", "nan"])
def test_words_of_absence_are_not_reported(tmp_path: Path, word: str) -> None:
    """A history of one power sensor with words where it was away has readings but there."""
    states = ["100", "101.5", word, "103"]
    lines = [
        "entity_id,state,last_changed",
        *(f"sensor.washer_power,{s},{t}" for s, t in zip(states, ISO, strict=False)),
    ]

    recording = read(tmp_path, lines)

    assert recording.metrics == ("washer_power",)
    np.testing.assert_array_equal(recording.values[:, 0], [100, 101.5, np.nan, 103])
    assert (recording.ts_ms - TEN_MS).tolist() == [0, MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS]


def test_a_history_of_two_sensors_is_two_metrics(tmp_path: Path) -> None:
    """The long form becomes a column per entity and a sample per time, which is said; the option names other columns."""
    rows = [("power", 100, 0), ("temp", 30.5, 0), ("power", 101, 1), ("temp", 30.6, 1), ("temp", 30.7, 2)]
    history = [f"sensor.washer_{name},{value},{ISO[at]}" for name, value, at in rows]
    other = [f"{ISO[at]},{name},{value}" for name, value, at in rows]

    guessed = read(tmp_path, ["entity_id,state,last_changed", *history])
    told = read(tmp_path, ["ts,what,amount", *other], CsvOptions(long=("what", "amount"), names={"power": "power_w"}))

    assert guessed.metrics == ("washer_power", "washer_temp")
    assert told.metrics == ("power_w", "temp")
    for recording in (guessed, told):
        np.testing.assert_array_equal(recording.values, [[100, 30.5], [101, 30.6], [np.nan, 30.7]])
    assert "--long ENTITY,VALUE" in guessed.notes[0]
    assert not told.notes


@pytest.mark.parametrize(
    ("entity", "value", "names"),
    [
        ("id", "val", ("a.power", "a.temp")),
        ("DEVICE_ID", "power", ("fridge", "washer")),
        ("指标", "数值", ("power", "temp")),
        ("sensor_id", "amount", ("1", "2")),
    ],
)
def test_rows_of_one_time_that_differ_by_a_word_are_of_several_things(
    tmp_path: Path, entity: str, value: str, names: tuple[str, str]
) -> None:
    """Whatever the columns are called: a metric for each, which is said; without that column the rows stand as they are."""
    lines = [
        f"time,{entity},{value},ack",
        *(f"{ISO[at]},{name},{at + 100 * no},true" for at in range(3) for no, name in enumerate(names)),
    ]

    found = read(tmp_path, lines)
    plain = read(tmp_path, lines, CsvOptions(drop=(entity,)))

    assert found.values.tolist() == [[0, 100], [1, 101], [2, 102]]
    assert f"what stands in {entity!r}, its value in {value!r}" in found.notes[0]
    assert column(plain, plain.metrics[0]) == [0, 100, 1, 101, 2, 102]


def test_several_values_of_several_things_are_refused_with_the_cure(tmp_path: Path) -> None:
    """A table of two devices with two values each can't be one series; each cure that the sentence names works."""
    rows = [f"{ISO[at]},{name},{at},{at + 50}" for at in range(3) for name in ("fridge", "washer")]
    lines = ["time,device,power,temp", *rows]

    said = refusal(tmp_path, lines)

    assert "--long 'device,power'" in said
    assert read(tmp_path, lines, CsvOptions(long=("device", "power"))).metrics == ("fridge", "washer")
    assert read(tmp_path, lines, CsvOptions(drop=("device",))).metrics == ("power", "temp")


@pytest.mark.parametrize("words", [("heat", "heat", "off", "off"), ("a", "a", "b", "b"), ("x", "x", "x", "x")])
def test_words_that_tell_nothing_apart_leave_a_file_as_it_is(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A state beside readings, also where two rows share a second, is left out as before."""
    lines = ["time,program,power", *(f"{ISO[at // 2]},{word},{at}" for at, word in enumerate(words))]

    assert column(read(tmp_path, lines), "power") == [0, 1, 2, 3]


def test_a_number_beyond_any_is_refused_with_its_cell(tmp_path: Path) -> None:
    """It is not taken for silence, as the word inf is."""
    assert "line 2, column 'v': '1e400' is no number" in refusal(tmp_path, ["time,v", f"{ISO[0]},1e400", f"{ISO[1]},1"])
    assert np.isnan(column(read(tmp_path, ["time,v", f"{ISO[0]},inf", f"{ISO[1]},1"]), "v")[0])


def test_a_file_of_words_is_told_by_its_first_cell_that_is_none(tmp_path: Path) -> None:
    """The number before it is not blamed."""
    said = refusal(tmp_path, ["time,v", f"{ISO[0]},5", f"{ISO[1]},off", f"{ISO[2]},Eco"])

    assert "line 3, column 'v': 'off' is no number" in said


def test_entities_written_one_after_another_meet_at_their_times(tmp_path: Path) -> None:
    """An export that writes one entity after the other is put in the order of time."""
    lines = ["entity_id,state,last_changed"]
    lines += [f"sensor.{name},{base + at},{ISO[at]}" for name, base in (("a", 0), ("b", 50)) for at in range(3)]

    recording = read(tmp_path, lines)

    assert column(recording, "a") == [0, 1, 2]
    assert column(recording, "b") == [50, 51, 52]


def test_switches_are_booleans_and_words_are_left_out(tmp_path: Path) -> None:
    """``on`` and ``off`` are 1 and 0; an entity that speaks in words is left out and named."""
    states = [("binary_sensor.door", "on"), ("sensor.program", "Eco 50"), ("binary_sensor.door", "off")]
    lines = ["entity_id,state,last_changed", *(f"{e},{s},{t}" for (e, s), t in zip(states, ISO, strict=False))]

    recording = read(tmp_path, lines)

    assert recording.metrics == ("door",)
    assert recording.left_out == ("sensor.program",)


def test_statistics_give_means_or_totals_with_their_units(tmp_path: Path) -> None:
    """Of statistics the first of state, mean and sum that says something is the value, in the size of our unit."""
    lines = [
        "statistic_id,unit,start,min,max,mean,state,sum",
        f"sensor.power,kW,{ISO[0]},0.9,1.3,1.2,,",
        f"sensor.energy,Wh,{ISO[0]},,,,1500,20",
        f"sensor.power,kW,{ISO[1]},0.9,1.3,0.95,,",
    ]

    recording = read(tmp_path, lines)

    assert recording.metrics == ("power_w", "energy_kwh")
    np.testing.assert_allclose(recording.values, [[1200, 1.5], [950, np.nan]])
    assert recording.left_out == ("unit", "min", "max")


@pytest.mark.parametrize("cell", ["12:30", "9 9", "--5"])
def test_a_statistic_that_is_no_number_is_quoted_as_it_stands(tmp_path: Path, cell: str) -> None:
    """Without the unit of its row, so that the cell is found, and the option that the sentence names takes it out."""
    lines = [
        "statistic_id,unit,start,mean",
        *(f"sensor.power,kW,{ISO[row]},{text}" for row, text in enumerate(("1", "2", cell))),
    ]

    said = refusal(tmp_path, lines)
    mended = read(tmp_path, lines, CsvOptions(missing=(cell,)))

    assert f"line 4, column 'sensor.power': {cell!r} is no number" in said
    np.testing.assert_array_equal(column(mended, "power_w"), [1000, 2000, np.nan])


def test_cells_with_units_are_numbers_in_one_size(tmp_path: Path) -> None:
    """Units behind numbers are taken off, sizes brought together, and the metric is named after the unit."""
    lines = ['"Time","Power","Boiler temp"', "2026-11-29 10:00:00,950 mW,21.5 °C", "2026-11-29 10:01:00,1.2 kW,70.7°F"]

    recording = read(tmp_path, lines)

    assert recording.metrics == ("power_w", "boiler_temp_c")
    np.testing.assert_allclose(recording.values, [[0.95, 21.5], [1200, 21.5]])


def test_units_of_two_kinds_in_one_column_are_refused_with_the_cell(tmp_path: Path) -> None:
    """Watts and degrees in one column can't be one metric."""
    said = refusal(tmp_path, ["time,mixed", f"{ISO[0]},5 W", f"{ISO[1]},21 °C"])

    assert "line 3, column 'mixed': '21 °C'" in said
    assert "--drop 'mixed'" in said


def test_equal_headers_are_numbered_and_each_can_be_named(tmp_path: Path) -> None:
    """Two columns of one name are two metrics, and options reach each of them."""
    lines = ["Time,washer power,washer power", f"{ISO[0]},100,5"]

    plain = read(tmp_path, lines)
    named = read(tmp_path, lines, CsvOptions(names={"washer power#1": "power_w"}, drop=("washer power#2",)))

    assert plain.metrics == ("washer_power_1", "washer_power_2")
    assert "washer power#2" in plain.notes[0]
    assert (named.metrics, named.values.tolist()) == (("power_w",), [[100]])


def test_the_advice_for_two_columns_of_one_metric_works(tmp_path: Path) -> None:
    """What the refusal tells to write makes the file readable."""
    lines = ["ts,powerW,power_w", f"{ISO[0]},1,2"]
    said = refusal(tmp_path, lines)
    advice = said.partition("--metric '")[2].partition("'")[0]
    label, _, name = advice.partition("=")

    recording = read(tmp_path, lines, CsvOptions(names={label: name}))

    assert recording.values.tolist() == [[1, 2]]


@pytest.mark.parametrize("mark", ["sep=;", '"sep=;"', "SEP=;"])
def test_spreadsheet_exports_are_read(tmp_path: Path, mark: str) -> None:
    """``sep=``, semicolons, decimal commas, brackets with units, comments and blank lines are what they mean."""
    lines = [
        mark,
        "",
        "# exported",
        "Time;Leistung [W];Temperatur (°C)",
        f"{ISO[0]};1.100,5;40,25",
        "",
        ";;",
        f"{ISO[1]};99;41",
    ]

    recording = read(tmp_path, lines)

    assert recording.metrics == ("leistung_w", "temperatur_c")
    assert recording.values.tolist() == [[1100.5, 40.25], [99, 41]]
    assert [origin.unit for origin in recording.origins] == ["W", "°C"]


def test_only_thousands_in_groups_are_doubtful_and_said(tmp_path: Path) -> None:
    """Where nothing but the separator tells a decimal comma from thousands, that is said; the option decides."""
    lines = ["ts;a", f"{ISO[0]};1,234"]

    guessed = read(tmp_path, lines)
    told = read(tmp_path, lines, CsvOptions(decimal="."))

    assert column(guessed, "a") == [1.234]
    assert "'1,234' is read with a decimal comma; --decimal" in guessed.notes[0]
    assert column(told, "a") == [1234]
    assert not told.notes


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1,234.5", 1234.5), ("1.234,5", 1234.5), ("-3,5", -3.5), ("1 234 567,8", 1234567.8), ("1'234.5", 1234.5), ("−2.5", -2.5),
     ("1e3", 1000), (" 7 ", 7), ("+4", 4), (".5", 0.5), ("12,5 %", 12.5), ("true", 1)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(tmp_path: Path, cell: str, value: float) -> None:
    """Signs, groups, either decimal sign, exponents and known units."""
    recording = read(tmp_path, ["ts\ta", f"{ISO[0]}\t{cell}"])

    assert recording.values[0, 0] == pytest.approx(value)


@pytest.mark.parametrize("cell", ["1_00", "1_0.5"])
def test_what_only_looks_like_a_number_is_refused_with_its_place(tmp_path: Path, cell: str) -> None:
    """Underscores and digits of other scripts are no number, and never a column that is silently gone."""
    said = refusal(tmp_path, ["ts,power,fine", f"{ISO[0]},{cell},1"])

    assert "recorded.csv, line 2, column 'power'" in said
    assert "--missing" in said


def test_a_mostly_numeric_column_is_never_dropped(tmp_path: Path) -> None:
    """One odd word among numbers is refused with file, line, column, cell; each cure that is named works."""
    lines = ["ts,power,x", *(f"{t},{'OVR' if n == 7 else n},1" for n, t in enumerate(ISO[:20]))]
    said = refusal(tmp_path, lines)

    missing = read(tmp_path, lines, CsvOptions(missing=("OVR",)))
    dropped = read(tmp_path, lines, CsvOptions(drop=("power",)))

    assert "line 9, column 'power': 'OVR'" in said
    assert np.isnan(missing.values[7, 0])
    assert missing.values[8, 0] == 8
    assert dropped.metrics == ("x",)


def test_more_cells_than_names_are_refused(tmp_path: Path) -> None:
    """Unquoted decimal commas between commas can't be told apart, and a sentence says so."""
    assert "line 2: 3 cells under 2 column names" in refusal(tmp_path, ["ts,a", f"{ISO[0]},100,5"])


ANNOTATED = [
    "#group,false,false,true,true,false,false,true,true",
    "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string",
    "#default,_result,,,,,,,",
    ",result,table,_start,_stop,_time,_value,_field,_measurement",
]


def test_annotated_csv_of_influxdb_is_read(tmp_path: Path) -> None:
    """One table after another becomes one column per field, in the order of time."""
    rows = [
        f",,{n},{ISO[0]},{ISO[9]},{ISO[at]},{at + 0.5},{f},plug"
        for n, f in enumerate(("power", "temp"))
        for at in (0, 1)
    ]

    recording = read(tmp_path, [*ANNOTATED, *rows[:2], "", *ANNOTATED, *rows[2:]])

    assert recording.metrics == ("power", "temp")
    assert recording.values.tolist() == [[0.5, 0.5], [1.5, 1.5]]


def test_annotated_tables_may_have_columns_of_their_own(tmp_path: Path) -> None:
    """A second table with another tag is read by its own header, and equal fields are kept apart by what differs."""
    second = [
        *ANNOTATED[:3],
        ",result,table,_time,room,_value,_field,_measurement",
        f",,1,{ISO[0]},cellar,7,power,plug",
    ]
    first = [*ANNOTATED, f",,0,{ISO[0]},{ISO[9]},{ISO[0]},5,power,plug"]

    recording = read(tmp_path, [*first, "", *second])

    assert sorted(zip(recording.metrics, recording.values[0].tolist(), strict=True)) == [
        ("cellar_power", 7),
        ("power", 5),
    ]
