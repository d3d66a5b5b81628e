"""Flux queries as text, and the CSV that answers them as arrays.

Names of kinds and appliances reach a query only through :func:`series_of`, which checks them against their patterns; every
text is quoted by :func:`quoted`, the only place where that is done.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv

from ingest.sample import OFFSETS_PER_MS
from ingest.store import StoreUnavailable
from ingest.store.limits import APPLIANCE_ID, KIND, TIME_MS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

TEXT_FIELDS = ("mode", "cycle")
_HEADER = b",result,table,"
_ERROR_HEADER = b",error,"

Columns = tuple["NDArray[np.int64]", tuple[str, ...], "NDArray[np.float64]"]
"""Times in ns, names, and values (times, names)."""
NOTHING: Columns = (np.empty(0, np.int64), (), np.empty((0, 0)))


def quoted(text: str) -> str:
    """A text as a Flux string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def series_of(bucket: str, kind: str, appliance_ids: Sequence[str], *, start_ns: int, end_ns: int) -> str:
    """The beginning of a query: all fields of some appliances (none named: all) of a kind in [start, end)."""
    if not KIND.fullmatch(kind) or not all(APPLIANCE_ID.fullmatch(name) for name in appliance_ids):
        raise ValueError("no such kind or appliance id")
    query = (
        f"from(bucket: {quoted(bucket)})"
        f" |> range(start: time(v: {start_ns}), stop: time(v: {end_ns}))"
        f" |> filter(fn: (r) => r._measurement == {quoted(kind)})"
    )
    if appliance_ids:
        query += f" |> filter(fn: (r) => {' or '.join(f'r.appliance_id == {quoted(name)}' for name in appliance_ids)})"
    return query


def metrics_only(query: str) -> str:
    """The query without the fields that are text."""
    return query + f" |> filter(fn: (r) => {' and '.join(f'r._field != {quoted(name)}' for name in TEXT_FIELDS)})"


def texts_only(query: str) -> str:
    """The query for the fields that are text."""
    return query + f" |> filter(fn: (r) => {' or '.join(f'r._field == {quoted(name)}' for name in TEXT_FIELDS)})"


def span_ns(start_ms: int, end_ms: int) -> tuple[int, int]:
    """A range in ms as ns, cut to what InfluxDB holds."""
    return max(0, start_ms) * OFFSETS_PER_MS, min(max(0, end_ms), TIME_MS_MAX) * OFFSETS_PER_MS


def sections(answer: bytes) -> Iterator[bytes]:
    """The tables of an answer, each with its header; an error that came in the middle of it is raised.

    Blank lines part the tables; inside a quoted text a blank line may stand as well, so a section begins at a header only.
    """
    pending = b""
    for part in answer.split(b"\r\n\r\n"):
        if part.startswith((_HEADER, _ERROR_HEADER)) or not pending:
            if pending.strip():
                yield pending
            pending = part
        else:
            pending += b"\r\n\r\n" + part
        if part.startswith(_ERROR_HEADER):
            raise StoreUnavailable(f"InfluxDB broke off an answer: {part.splitlines()[-1].decode(errors='replace')}")
    if pending.strip():
        yield pending


def parse_floats(answer: bytes) -> Columns:
    """(_time, _field, _value) as times in ns ascending, names of fields, and a matrix (times, fields) with NaN.

    A field that holds no numbers, which another client may have written, is left out.
    """
    times, fields, values = [], [], []
    for section in sections(answer):
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(section),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=["_time", "_field", "_value"],
                    column_types={"_time": pa.timestamp("ns", "UTC"), "_field": pa.string(), "_value": pa.float64()},
                ),
            )
        except pa.ArrowInvalid:
            continue
        times.append(table["_time"].cast(pa.int64()).to_numpy())
        fields.append(table["_field"].to_numpy(zero_copy_only=False))
        values.append(table["_value"].to_numpy())
    if not times:
        return NOTHING
    time_ns, row = np.unique(np.concatenate(times), return_inverse=True)
    names, column = np.unique(np.concatenate(fields).astype(str), return_inverse=True)
    matrix = np.full((len(time_ns), len(names)), np.nan)
    matrix[row, column] = np.concatenate(values)
    return time_ns, tuple(names.tolist()), matrix


def parse_rows(answer: bytes) -> list[dict[str, str]]:
    """An answer's rows as texts by column."""
    rows = []
    for section in sections(answer):
        rows += list(csv.DictReader(io.StringIO(section.decode(), newline="")))
    return rows


def parse_texts(answer: bytes) -> Iterator[tuple[int, str, str]]:
    """(_time, _field, _value) of fields that are text."""
    rows = parse_rows(answer)
    times = pa.array([row["_time"] for row in rows], pa.string()).cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    for at, row in zip(times.to_pylist(), rows, strict=True):
        yield at, row["_field"], row["_value"]
