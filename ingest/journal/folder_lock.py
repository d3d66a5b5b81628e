"""One process writes to a journal's folder: a lock that the system releases with the process."""

from __future__ import annotations

import fcntl
import os
from contextlib import closing
from typing import TYPE_CHECKING

from ingest.journal import JournalError

if TYPE_CHECKING:
    from pathlib import Path


def lock_folder(folder: Path) -> int:
    """Hold the folder for this process; the error names the process that holds it."""
    descriptor = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        with closing(os.fdopen(descriptor, encoding="ascii", errors="replace")) as holder:
            first = holder.read().strip() or "unknown"
        raise JournalError(
            f"the journal {folder} is in use by process {first}: stop that one, or choose another FETTLE_DATA_DIR"
        ) from error
    os.truncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor
