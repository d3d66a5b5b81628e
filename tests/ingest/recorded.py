"""Recorded files for tests: written with these lines, and read as anybody's would be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.recordings.reading import read_recording
from ingest.recordings.recording import CsvOptions, Recording, RecordingError

TEN_MS = 1_795_946_400_000
"""2026-11-29 10:00 UTC."""
MINUTE_MS = 60_000
ISO = [f"2026-11-29T10:{minute:02d}:00Z" for minute in range(60)]


def read(folder: Path, lines: Sequence[str] | bytes, options: CsvOptions | None = None) -> Recording:
    """What is read of a file with these lines."""
    path = folder / "recorded.csv"
    path.write_bytes(lines if isinstance(lines, bytes) else ("\n".join(lines) + "\n").encode())
    return read_recording([path], options)


def refusal(folder: Path, lines: Sequence[str] | bytes, options: CsvOptions | None = None) -> str:
    """The sentence with which a file with these lines is refused."""
    with pytest.raises(RecordingError) as error:
        read(folder, lines, options)
    return str(error.value)


def column(recording: Recording, metric: str) -> list[float]:
    """One metric's values."""
    values: list[float] = recording.values[:, recording.metrics.index(metric)].tolist()
    return values
