"""Attempts: what the pipeline is taking in, noted where the death of the process leaves it; and what is left out for it.

A record that makes a detector fail, or kills the process, would do so again after every restart. So what is about to be
taken in is noted before the try: a whole batch at first; the batch at which it failed, appliance by appliance; and what one
appliance has in a batch is left out, and kept as poison, when it has failed twice. One bad record costs three restarts at
most, and the others nothing.

The note is written without a sync: the system keeps it when the process dies, and a machine that dies begins to count anew.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ingest.sample import AdmittedBatch

ATTEMPTS_MAX = 2
_RECORD = struct.Struct("<QI64s")
_CHECKSUM = struct.Struct("<I")


class FoldFailed(RuntimeError):  # noqa: N818 - named for what the caller does: start again from the checkpoint
    """The pipeline failed at a batch; its state can't be trusted any more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was being taken in; of a whole batch the appliance is None."""

    position: int
    appliance_id: str | None = None
    count: int = 1


class Attempts(Protocol):
    """Keeps the last attempt."""

    def begin(self, attempt: Attempt) -> None:
        """Note what is about to be tried."""
        ...

    def done(self) -> None:
        """Note that it went well."""
        ...

    def last(self) -> Attempt | None:
        """What was tried last and has not gone well."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class MemoryAttempts:
    """Attempts of this process only."""

    def __init__(self) -> None:
        self._last: Attempt | None = None

    def begin(self, attempt: Attempt) -> None:
        """Note what is about to be tried."""
        self._last = attempt

    def done(self) -> None:
        """Note that it went well."""
        self._last = None

    def last(self) -> Attempt | None:
        """What was tried last and has not gone well."""
        return self._last

    def close(self) -> None:
        """Nothing is held."""


class AttemptFile:
    """Attempts in a file, so that the next process knows at what the last one died."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def begin(self, attempt: Attempt) -> None:
        """Note what is about to be tried."""
        self._write(_RECORD.pack(attempt.position, attempt.count, (attempt.appliance_id or "").encode()))

    def done(self) -> None:
        """Note that it went well."""
        self._write(_RECORD.pack(0, 0, b""))

    def last(self) -> Attempt | None:
        """What was tried last and has not gone well; nothing where the note can't be read."""
        data = os.pread(self._file, _RECORD.size + _CHECKSUM.size, 0)
        record, checksum = data[: _RECORD.size], data[_RECORD.size :]
        if len(data) < _RECORD.size + _CHECKSUM.size or _CHECKSUM.pack(zlib.crc32(record)) != checksum:
            return None
        position, count, name = _RECORD.unpack(record)
        return Attempt(position, name.rstrip(b"\0").decode() or None, count) if position else None

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)

    def _write(self, record: bytes) -> None:
        os.pwrite(self._file, record + _CHECKSUM.pack(zlib.crc32(record)), 0)


def by_appliance(batch: AdmittedBatch) -> Iterator[tuple[str, AdmittedBatch]]:
    """What each appliance has in a batch, in the order of their ids."""
    ids = {appliance_id for block in batch.blocks for appliance_id in block.appliance_ids}
    ids |= {event.appliance_id for event in batch.events} | {status.appliance_id for status in batch.statuses}
    for appliance_id in sorted(ids):
        parts = [
            (block, np.array([row for row, name in enumerate(block.appliance_ids) if name == appliance_id], np.intp))
            for block in batch.blocks
        ]
        blocks = tuple(block.taken(rows) for block, rows in parts if len(rows))
        events = tuple(event for event in batch.events if event.appliance_id == appliance_id)
        statuses = tuple(status for status in batch.statuses if status.appliance_id == appliance_id)
        yield appliance_id, replace(batch, blocks=blocks, events=events, statuses=statuses)
