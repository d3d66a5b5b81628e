"""The data folder is for its own user only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.service.private_folder import make_private, open_to_others
from api.service.process_lock import ProcessLock


def mode(path: Path) -> int:
    """The rights of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    """A start makes the folder and all files in it unreadable for others."""
    folder = tmp_path / "data"
    (folder / "journal").mkdir(parents=True)
    for name in ("desk.db", "desk.db-wal", "ingest.lock", "ingest.signs", "journal/0001.db"):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    folder.chmod(0o755)

    lock = ProcessLock(folder, ("ingest",))
    lock.acquire()
    lock.release()

    assert mode(folder) == 0o700
    assert mode(folder / "journal") == 0o700
    assert {mode(path) for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert open_to_others(folder) == []


def test_a_folder_that_holds_other_things_keeps_its_rights(tmp_path: Path) -> None:
    """Where the data lie beside somebody's files, only the data are closed."""
    tmp_path.chmod(0o755)
    for name in ("letter.txt", "books.db"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)

    make_private(tmp_path)

    assert mode(tmp_path) == 0o755
    assert mode(tmp_path / "letter.txt") & 0o044
    assert mode(tmp_path / "books.db") == 0o600


def test_commands_make_files_for_their_user_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever umask the shell has, a first account and a first appliance leave nothing that others can read."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    before = os.umask(0)
    try:
        result = CliRunner().invoke(app, ["appliances", "add", "w1", "--kind", "washing_machine"])
    finally:
        os.umask(before)
    assert result.exit_code == 0, result.output

    made = list((tmp_path / "data").rglob("*"))

    assert made
    assert open_to_others(tmp_path / "data") == []
