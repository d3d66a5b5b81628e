"""The data folder is nobody else's: it holds telemetry of homes, accounts and secrets of the broker.

Folder 0700, files 0600; what an earlier version left open is closed at the start. What another user owns is left as it is:
``fettle doctor`` tells of it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import structlog

log = structlog.get_logger()

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OUR_NAMES = (".db", ".lock", ".signs", ".attempt")


def make_private(folder: Path) -> None:
    """Make the folder where it is missing, and shut it and what of it is ours to others.

    A folder that holds other things too, as somebody's home, is itself left as it is.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    closed = [path for path in open_to_others(folder) if _close(path)]
    if closed:
        log.info("data_folder_closed_to_others", folder=str(folder), files=len(closed))


def open_to_others(folder: Path) -> list[Path]:
    """What of ours others may read or write, the folder first where it is ours alone; empty where it is missing."""
    if not folder.is_dir():
        return []
    inside = sorted(folder.iterdir())
    ours = [path for path in inside if _is_ours(path)]
    below = [deeper for path in ours if path.is_dir() for deeper in sorted(path.rglob("*"))]
    whole = [folder] if len(ours) == len(inside) else []
    return [path for path in (*whole, *ours, *below) if _is_open(path)]


def make_private_file(path: Path, text: str) -> None:
    """Write a new file that only its owner reads, on the disk before we go on; one that is there stays as it is."""
    with contextlib.suppress(FileExistsError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _is_ours(path: Path) -> bool:
    """By its name; SQLite's files beside a database begin as that does."""
    return path.name == "journal" or any(part in path.name for part in OUR_NAMES)


def _close(path: Path) -> bool:
    """Take the others' rights away; whether we could."""
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
    except OSError:
        return False  # another user's, or gone meanwhile
    return True


def _is_open(path: Path) -> bool:
    try:
        return not path.is_symlink() and bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False
