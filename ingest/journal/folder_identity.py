"""Who a journal's folder is: a word made once, by which readers elsewhere know that their positions belong to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ingest.journal import JournalError

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "identity"


def make_identity(folder: Path) -> None:
    """Give the folder its word, where it has none; raises :class:`OSError`."""
    path = folder / _FILE
    if path.exists():
        return
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="ascii") as file:
        file.write(os.urandom(12).hex())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_identity(folder: Path) -> str:
    """The folder's word; raises :class:`JournalError` while there is no journal."""
    try:
        word = (folder / _FILE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"the journal {folder} does not say who it is: {error}") from error
    if not word:
        raise JournalError(f"the journal {folder} does not say who it is: its file {_FILE} is empty")
    return word
