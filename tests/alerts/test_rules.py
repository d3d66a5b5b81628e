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
