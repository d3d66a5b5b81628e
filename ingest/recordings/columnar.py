"""A Parquet table → the same columns of cells that a CSV file has; the line of a cell is the number of its row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingest.recordings.recording import Column, RecordingError

_INDEX = "__index_level_0__"
"""What pandas calls the column in which it keeps its index."""


def columns_of(path: Path, table: pa.Table) -> list[Column]:
    """All columns as text; raises :class:`RecordingError` for one that holds lists or the like."""
    lines = range(1, table.num_rows + 1)
    names = ["time" if name == _INDEX else name for name in table.column_names]
    return [
        Column(path, name, _texts(path, name, column), lines) for name, column in zip(names, table.columns, strict=True)
    ]


def _texts(path: Path, name: str, column: pa.ChunkedArray) -> Sequence[str]:
    """One column's cells as text; moments in RFC 3339, where they have a zone with it."""
    try:
        if pa.types.is_dictionary(column.type):
            column = pc.cast(column, column.type.value_type)
        if pa.types.is_timestamp(column.type):
            suffix = "Z" if column.type.tz else ""
            plain = pc.cast(pc.cast(column, pa.timestamp("us", column.type.tz), safe=False), pa.timestamp("us"))
            texts = [f"{text}{suffix}" if text else "" for text in pc.cast(plain, pa.string()).to_pylist()]
        elif pa.types.is_decimal(column.type):
            texts = pc.cast(pc.cast(column, pa.float64()), pa.string()).to_pylist()
        else:
            texts = pc.cast(column, pa.string()).to_pylist()
    except pa.ArrowException as error:
        raise RecordingError(
            f"{path}, column {name!r} holds {column.type}, which is no reading; leave it out before you export."
        ) from error
    return [text or "" for text in texts]
