"""Types of tickets: on SQLite, and as data in the rules' file."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.errors import InvalidError
from alerts.rules.reading import load_rules
from tests.contract.ticket_types_suite import TicketTypesSuite

OWN = """
[ticket_types.trade_in]
label = { en = "Trade-in", zh = "以旧换新" }
sources = ["store"]
resolve_hours = 72
respond_hours = 24
"""


class TestTicketTypesOnSqlite(TicketTypesSuite):
    """SQLite keeps the promises of types."""


def test_a_type_is_added_beside_those_that_are_shipped(tmp_path: Path) -> None:
    """Eight are there, each in both languages; a file adds one."""
    path = tmp_path / "rules.toml"
    path.write_text(OWN, "utf-8")

    types = load_rules(path).ticket_types

    assert len(types) == 9
    assert types["complaint"].resolve_hours == 72
    labels = [one.label for one in types.values()]
    labels += [step.label for one in types.values() for step in one.steps]
    labels += [field.label for one in types.values() for field in one.form]
    labels += [field.words.get(choice, {}) for one in types.values() for field in one.form for choice in field.choices]
    assert all(set(label) == {"en", "zh"} for label in labels)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[ticket_types.x]\nlabel = {en = "X"}\nsources = ["store"]\nrespond_hours = 1', "both, or neither"),
        ('[ticket_types.x]\nlabel = {en = "X"}\nsources = []', "ticket_types.x.sources"),
        (
            '[ticket_types.x]\nlabel = {en = "X"}\nsources = ["store"]\nform = [{name = "a", label = {}, kind = "choice"}]',
            "field 'a': a choice has choices",
        ),
        (
            '[ticket_types.repair]\nlabel = {en = "R"}\nsources = ["store"]\nsteps = [{name = "a", label = {}, needed = true}]',
            "nothing of it is needed: 'a'",
        ),
        ('[[policies]]\nname = "p"\ntypes = ["party"]', "policy 'p' names a type that is not there: 'party'"),
    ],
)
def test_a_type_that_can_not_be_meant_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """With its place."""
    path = tmp_path / "rules.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(InvalidError, match=sentence):
        load_rules(path)


def test_words_for_what_is_no_choice_are_refused(tmp_path: Path) -> None:
    """Whoever misspells a choice hears it when the rules are read."""
    path = tmp_path / "rules.toml"
    field = 'name = "state", label = { en = "State" }, kind = "choice", choices = ["good"]'
    path.write_text(f"{OWN}form = [{{ {field}, words = {{ god = {{ en = 'Good' }} }} }}]\n", "utf-8")

    with pytest.raises(InvalidError, match="words for 'god', which is no choice of it"):
        load_rules(path)
