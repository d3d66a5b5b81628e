"""The keys that commands are signed with: made once, kept from others, and told by their public halves."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.service.command_keys import FILE_NAME, CommandKeysError, command_keys
from ingest.wire.signature import new_signing_key


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """The second reading finds the first one's key, in a file that nobody else may read."""
    first, again = command_keys(tmp_path), command_keys(tmp_path)

    assert first == again
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_broken_file_says_what_to_do(tmp_path: Path) -> None:
    """A file without a key stops whoever needs one, with its place and the cure."""
    (tmp_path / FILE_NAME).write_text("# nothing\n")

    with pytest.raises(CommandKeysError, match=f"{FILE_NAME}: there is no key in it. Bring the file back"):
        command_keys(tmp_path)


def test_the_public_keys_are_printed_the_signing_one_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator gives them to the appliances; the private ones are never shown."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path))
    new, old = new_signing_key(), new_signing_key()
    (tmp_path / FILE_NAME).write_text(f"{new}\n{old}\n")

    told = CliRunner().invoke(app, ["appliances", "command-keys"])

    shown = [json.loads(line)["public_key"] for line in told.output.splitlines()]
    assert shown == list(command_keys(tmp_path).public_keys)
    assert new not in told.output
    assert old not in told.output
