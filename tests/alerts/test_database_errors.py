"""What a database says is wrong becomes a wait with a sentence, the caller's mistake, or stays a programmer's error."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from alerts.database import migrate, open_database
from alerts.database_errors import translate
from alerts.errors import InvalidError, UnavailableError
from api import cli


def foreign(sqlstate: str) -> DBAPIError:
    """The error as SQLAlchemy hands it over."""
    said = psycopg.errors.lookup(sqlstate)(f"said {sqlstate}")
    error = DBAPIError.instance("SELECT 1", None, said, psycopg.Error)
    assert isinstance(error, DBAPIError)
    return error


@pytest.mark.parametrize(
    ("sqlstate", "sentence"),
    [
        ("25006", "read-only, as a standby is"),
        ("55P03", "held a lock for too long"),
        ("57P01", "starting or stopping"),
        ("57014", "cancelled what took too long"),
        ("42501", "GRANT CREATE"),
        ("3F000", "search_path"),
        ("3D000", "ENCODING 'UTF8'"),
        ("26000", "pooler"),
        ("42P05", "pooler"),
        ("42P01", "run 'fettle migrate'"),
        ("42703", "run 'fettle migrate'"),
        ("08006", "the line to it broke"),
        ("28P01", "refuses the role or its password"),
        ("53100", "disk is full"),
        ("53300", "no more connections"),
        ("58030", "machine fails"),
        ("40001", "in the way again and again"),
        ("XX001", "damaged"),
    ],
)
def test_what_may_pass_is_waited_for_with_a_sentence(sqlstate: str, sentence: str) -> None:
    """Whatever class the driver files it under, it is told by its SQLSTATE, and a loop waits for its end."""
    ours = translate(foreign(sqlstate), verb="keep")

    assert isinstance(ours, UnavailableError)
    assert f"can't be used now (said {sqlstate}): " in str(ours)
    assert sentence in str(ours)


@pytest.mark.parametrize("sqlstate", ["42601", "23505", "25P02", "0A000"])
def test_a_programmers_error_is_hidden_behind_no_wait(sqlstate: str) -> None:
    """A wrong statement or a broken promise ends in what it is."""
    assert translate(foreign(sqlstate), verb="keep") is None


def test_a_value_that_can_not_be_kept_is_the_callers() -> None:
    """The sentence says so, and nobody waits."""
    assert isinstance(translate(foreign("22021"), verb="keep"), InvalidError)


@pytest.mark.parametrize("content", [b"this is no database at all, but long enough to look like one" * 20, None])
def test_a_damaged_file_is_told_in_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    """Garbage from the first byte, or a file whose inner pages are overwritten."""
    path = tmp_path / "desk.db"
    if content is None:
        engine = open_database(f"sqlite:///{path}")
        migrate(engine)
        engine.dispose()
        whole = bytearray(path.read_bytes())
        whole[100:8192] = b"\xff" * (8192 - 100)
        path.write_bytes(whole)
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
    else:
        path.write_bytes(content)
    engine = open_database(f"sqlite:///{path}")

    with pytest.raises(UnavailableError, match="restore a copy of the file"):
        migrate(engine)
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite:///desk.db?colour=blue", "postgresql+psycopg://u@127.0.0.1:1/d?colour=blue"])
def test_an_option_that_is_none_is_one_sentence_of_the_command(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt option of the URL is named, without a traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FETTLE_DATABASE_URL", url)
    monkeypatch.setattr(sys, "argv", ["fettle", "migrate"])

    with pytest.raises(SystemExit) as caught:
        cli.main()

    said = capsys.readouterr().err
    assert (caught.value.code, said.count("\n")) == (1, 1)
    assert "FETTLE_DATABASE_URL has an option that is none" in said
    assert "colour" in said
