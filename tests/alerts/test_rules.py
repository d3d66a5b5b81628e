"""The rules' file: what it says is taken, and what it can't mean is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.errors import InvalidError
from alerts.rules.desk_rules import DeskRules
from alerts.rules.reading import load_rules


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    """Without a file the defaults hold."""
    path = tmp_path / "rules.toml"
    path.write_text("[reopening]\nwithin_days = 30\n", "utf-8")

    assert load_rules(None) == DeskRules()
    assert load_rules(path).reopening.within_days == 30


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[reopening]\nwithin = 30", r"rules.toml: reopening.within: there is no such rule"),
        ("[reopening]\nwithin_days = -1", r"rules.toml: reopening.within_days: .*greater than or equal to 0"),
        ("[reopening", "are no TOML"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    """File, key and fault stand in one sentence."""
    path = tmp_path / "rules.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(InvalidError, match=sentence):
        load_rules(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A slip of the pen in the path is no empty file."""
    with pytest.raises(InvalidError, match="can't be read: No such file"):
        load_rules(tmp_path / "no.toml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[calendars.b]\ntimezone = "Berlin"\nweek = "mon 08:00-09:00"',
            "calendars.b.timezone: 'Berlin' is no time zone",
        ),
        ('[calendars.b]\ntimezone = "UTC"\nweek = "mon 8"', "calendars.b.week: '8' is no span of hours"),
        (
            '[calendars.b]\ntimezone = "UTC"\nweek = "mon 08:00-09:00"\nholidays = "XX"',
            "'XX' is no country with holidays",
        ),
        ('[[policies]]\nname = "p"\ncalendar = "b"', "policy 'p' names a calendar that is not there: 'b'"),
    ],
)
def test_calendars_and_policies_are_checked_where_they_are_read(tmp_path: Path, text: str, sentence: str) -> None:
    """A zone, a week, a country or a calendar that is none stops the start, not a ticket a month later."""
    path = tmp_path / "rules.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(InvalidError, match=sentence):
        load_rules(path)
