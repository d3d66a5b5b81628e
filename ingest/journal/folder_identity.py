"""Who a journal's folder is: a word made once, by which readers elsewhere know that their positions belong to it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ingest.journal import JournalError

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "identity"
_WORD = re.compile(rb"[0-9a-f]{24}")
_CURE = "bring the file back; or remove it, and desk and detectors read the journal once more from its beginning"


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
    """The folder's word; raises :class:`JournalError` while there is no journal, and where its word is damaged.

    A damaged word is not replaced: everybody's positions would begin anew, where a copy of the file would bring them back.
    """
    path = folder / _FILE
    try:
        word = path.read_bytes().strip()
    except FileNotFoundError as error:
        raise JournalError(f"the journal {folder} does not say who it is: it has no file {_FILE} yet") from error
    except OSError as error:
        raise JournalError(
            f"{path}, which says who the journal is, can't be read ({error.strerror}): {_CURE}"
        ) from error
    if not _WORD.fullmatch(word):
        raise JournalError(f"{path}, which says who the journal is, is damaged: {_CURE}")
    return word.decode("ascii")
