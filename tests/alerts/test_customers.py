"""The customer file on SQLite, its words, hours and files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.customers.access_hours import DAYS, format_hours, parse_hours
from alerts.customers.csv_rows import read_lines
from alerts.customers.sealing import read_keys
from alerts.customers.words import kept_words, wanted_words
from alerts.desk import Desk
from alerts.errors import DatabaseError, InvalidError
from tests.contract.customers_suite import CustomersSuite, desk_with_seal


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that can read and write what is sealed."""
    return desk_with_seal(desk.unit, desk)


class TestCustomersOnSqlite(CustomersSuite):
    """SQLite keeps the customer file's promises."""


@given(st.text(min_size=1, max_size=60))
def test_whatever_was_kept_is_found_by_itself(text: str) -> None:
    """The words looked for are among the words kept, for any text."""
    assert wanted_words(text) <= kept_words([text], [text])


SPAN = st.tuples(st.integers(0, 47), st.integers(1, 48)).filter(lambda span: span[0] < span[1])


@given(st.dictionaries(st.sampled_from(DAYS), SPAN))
def test_hours_are_read_as_they_are_written(spans: dict[str, tuple[int, int]]) -> None:
    """What is written of any hours is read as the same hours."""

    def clock(half_hours: int) -> str:
        return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"

    hours = {day: [(clock(spans[day][0]), clock(spans[day][1]))] for day in DAYS if day in spans}

    assert parse_hours(format_hours(hours)) == hours


@pytest.mark.parametrize("text", ["monday 8-9", "mon", "mon 18:00-08:00", "mon 08:00-12:00, 11:00-13:00", "x" * 501])
def test_hours_that_are_none_are_refused(text: str) -> None:
    """With a sentence that names them."""
    with pytest.raises(InvalidError, match="access_hours"):
        parse_hours(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("external_id,nome\n1,A", "no column is called 'nome'"),
        ("name\nA", "external_id is missing"),
        ("external_id,name,name\n1,A,B", "twice"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_whole(text: str, sentence: str) -> None:
    """Its head is looked at before any row."""
    with pytest.raises(InvalidError, match=sentence):
        list(read_lines(text))


def test_semicolons_marks_and_lines_in_cells_are_read() -> None:
    """A file of a spreadsheet: a byte order mark, semicolons, a line break in a cell; rows keep their line."""
    text = '\ufeffexternal_id;name;note\r\n1;Ada;"two\r\nlines"\r\n\r\n2;Grace;\r\n'

    lines = list(read_lines(text))

    assert [(line.number, line.cells["name"]) for line in lines] == [(2, "Ada"), (5, "Grace")]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "not a key\n", "ä\n"])
def test_a_key_file_without_a_key_is_refused(text: str) -> None:
    """With how to make one, or that there is none."""
    with pytest.raises(DatabaseError, match="key"):
        read_keys(text)
