"""Flux queries as text, and the CSV that answers them as arrays.

Names of kinds and appliances reach a query only through :func:`series_of`, which checks them against their patterns; every
text is quoted by :func:`quoted`, the only place where that is done.
"""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.sample import OFFSETS_PER_MS
from ingest.store import StoreUnavailable
from ingest.store.limits import APPLIANCE_ID, KIND, TIME_MS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TEXT_FIELDS = ("mode", "cycle")
_HEADER = b",result,table,"
_ERROR_HEADER = b",error,"

COLUMNS = 'keep(columns: ["_time", "_field", "_value", "appliance_id"])'


class Columns(NamedTuple):
    """Rows by appliance and time: whose they are, when in ns, names of metrics, and values (rows, names) with NaN."""

    appliance_ids: NDArray[np.str_]
    time_ns: NDArray[np.int64]
    names: tuple[str, ...]
    values: NDArray[np.float64]


NOTHING = Columns(np.empty(0, np.str_), np.empty(0, np.int64), (), np.empty((0, 0)))


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


def texts_only(query: str, *, mode: str | None = None) -> str:
    """The query for the fields that are text, or where ``mode`` is given for the samples of that mode."""
    if mode is not None:
        return query + f' |> filter(fn: (r) => r._field == "mode") |> filter(fn: (r) => r._value == {quoted(mode)})'
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
    """The answer to a query that ends in :data:`COLUMNS`.

    A field that holds no numbers, which another client may have written, is left out.
    """
    import pyarrow as pa  # noqa: PLC0415  (26 MB, which whoever only writes does without)
    import pyarrow.csv  # noqa: PLC0415

    tables = []
    types = {
        "_time": pa.timestamp("ns", "UTC"),
        "_field": pa.string(),
        "_value": pa.float64(),
        "appliance_id": pa.string(),
    }
    for section in sections(answer):
        options = pyarrow.csv.ConvertOptions(include_columns=list(types), column_types=types)
        with suppress(pa.ArrowInvalid):
            tables.append(pyarrow.csv.read_csv(pa.BufferReader(section), convert_options=options))
    if not tables:
        return NOTHING
    table = pa.concat_tables(tables)
    ids, who = np.unique(table["appliance_id"].to_numpy().astype(str), return_inverse=True)
    names, column = np.unique(table["_field"].to_numpy().astype(str), return_inverse=True)
    times = table["_time"].cast(pa.int64()).to_numpy()
    order = np.lexsort((times, who))
    is_new = (np.diff(times[order], prepend=-1) != 0) | (np.diff(who[order], prepend=-1) != 0)
    row = np.empty(len(order), np.int64)
    row[order] = np.cumsum(is_new) - 1
    first = order[is_new]
    values = np.full((len(first), len(names)), np.nan)
    values[row, column] = table["_value"].to_numpy()
    return Columns(ids[who[first]], times[first], tuple(names.tolist()), values)


def parse_rows(answer: bytes) -> list[dict[str, str]]:
    """An answer's rows as texts by column."""
    rows = []
    for section in sections(answer):
        rows += list(csv.DictReader(io.StringIO(section.decode(), newline="")))
    return rows


def parse_texts(answer: bytes) -> Iterator[tuple[tuple[str, int], str, str]]:
    """((appliance, time in ns), field, text) of fields that are text."""
    import pyarrow as pa  # noqa: PLC0415

    rows = parse_rows(answer)
    times = pa.array([row["_time"] for row in rows], pa.string()).cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    for at, row in zip(times.to_pylist(), rows, strict=True):
        yield (row["appliance_id"], at), row["_field"], row["_value"]
