"""Exports of Home Assistant, Grafana, InfluxDB and Excel: what is written is read back, or refused so that it can be mended."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.recordings.recording import Recording, RecordingError
from tests.examples import tries
from tests.ingest.recordings.exports import FORMS, Made, Truth, export_of

NO_NUMBERS = (
    "abc",
    "1_0",
    "--5",
    "1.2.3.4",
    "12:30",
    "5 W 3",
    "#REF!",
    "#DIV/0!",
    "٣",
    "1e",
    "0x10",
    "5..",
    "1,2,3",
    "Überlauf",
    "+",
    "9 9",
)
NO_TIMES = (
    "never",
    "2026-13-45 10:00",
    "1850-01-01 00:00:00",
    "2101-01-01T00:00:00Z",
    "25:61",
    "0",
    "2026-11-29 10:00:00 CET",
    "#N/A",
)

made_up: st.SearchStrategy[Made] = st.tuples(st.sampled_from(FORMS), st.integers(0, 2**32))


def told(recording: Recording) -> Truth:
    """What a recording reports."""
    return {
        (metric, ms): value
        for place, metric in enumerate(recording.metrics)
        for ms, value in zip(recording.ts_ms.tolist(), recording.values[:, place].tolist(), strict=True)
        if value == value  # noqa: PLR0124  (NaN is not itself)
    }


def agrees(recording: Recording, truth: Truth) -> None:
    """What is read is what was written, to the millisecond."""
    found = told(recording)
    assert found.keys() == truth.keys()
    assert [found[key] for key in truth] == pytest.approx(list(truth.values()), rel=1e-9, abs=1e-12)


@settings(max_examples=tries(500, quick=12))
@given(made_up)
def test_what_an_export_says_is_read_back(tmp_path_factory: pytest.TempPathFactory, made: Made) -> None:
    """Every number at its time under its name, in our unit; nothing else."""
    export, _ = export_of(made)

    agrees(export.read(tmp_path_factory.getbasetemp()), export.truth)


@settings(max_examples=tries(500, quick=12))
@given(made_up, st.sampled_from(NO_NUMBERS))
def test_a_cell_that_is_no_number_is_refused_and_its_cure_works(
    tmp_path_factory: pytest.TempPathFactory, made: Made, wrong: str
) -> None:
    """The sentence has file, line, column and cell; the option that it names reads all other cells."""
    (export, chance), folder = export_of(made), tmp_path_factory.getbasetemp()
    if not export.encoding.startswith("utf"):
        wrong = wrong if wrong.isascii() else "abc"  # of what this encoding can't write
    (line, place), (column, metric, ms) = chance.choice(list(export.readings.items()))
    export.lines[line][place] = wrong
    del export.truth[metric, ms]

    with pytest.raises(RecordingError) as error:
        export.read(folder)

    said = str(error.value)
    assert said.startswith(f"{folder / 'export.csv'}, line {line + 1}, column {column!r}: {wrong!r} is no number"), said
    assert f"--missing {wrong!r}" in said
    agrees(export.read(folder, missing=(wrong,)), export.truth)


@settings(max_examples=tries(300, quick=6))
@given(made_up, st.sampled_from(NO_TIMES))
def test_a_cell_that_is_no_time_is_refused_where_it_stands(
    tmp_path_factory: pytest.TempPathFactory, made: Made, wrong: str
) -> None:
    """The sentence has file, line, column, cell and what to write; without the line the rest is read."""
    (export, chance), folder = export_of(made), tmp_path_factory.getbasetemp()
    line, place = chance.choice(export.times)
    export.lines[line][place] = wrong

    with pytest.raises(RecordingError) as error:
        export.read(folder)

    said = str(error.value)
    assert said.startswith(f"{folder / 'export.csv'}, line {line + 1}, column {export.time_label!r}: {wrong!r}"), said
    assert "write " in said
    gone = {(metric, ms) for (at, _), (_, metric, ms) in export.readings.items() if at == line}
    del export.lines[line]
    agrees(export.read(folder), {key: value for key, value in export.truth.items() if key not in gone})


@settings(max_examples=tries(200, quick=6))
@given(made_up)
def test_a_line_with_a_cell_too_many_is_refused_where_it_stands(
    tmp_path_factory: pytest.TempPathFactory, made: Made
) -> None:
    """A separator inside of a cell moves none of the others in silence."""
    (export, chance), folder = export_of(made), tmp_path_factory.getbasetemp()
    line, _ = chance.choice(export.times)
    export.lines[line].append("7")

    with pytest.raises(RecordingError) as error:
        export.read(folder)

    said = str(error.value)
    assert said.startswith(f"{folder / 'export.csv'}, line {line + 1}: "), said
    assert "'7'" in said
    assert "quotes" in said
