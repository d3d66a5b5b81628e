"""A fleet folder read back: appliances, readings and events in the order of time, a window at a time.

Each file of readings is in time order; windows of all files are merged, so that memory is bounded by the window and one
row group per file. ``truth/`` is never opened here.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ingest.recordings.recording import RecordingError
from ingest.recordings.times import parse_time
from ingest.sample import AdmittedBatch, Event, EventType, SampleBlock, Status, StatusState

WINDOW_MS = 86_400_000
FILES_MAX = 10_000
_TEXTS = ["id", "mode", "cycle"]
_NOT_METRICS = frozenset({"ts", *_TEXTS})


@dataclass(frozen=True, slots=True)
class FleetFolder:
    """An exchange folder; constructing it touches nothing."""

    path: Path

    def kinds(self) -> dict[str, str]:
        """Appliance id → kind, from ``appliances.csv``."""
        file = self.path / "appliances.csv"
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                kinds = {row["id"]: row["kind"] for row in csv.DictReader(lines)}
        except OSError as error:
            raise RecordingError(f"{file} can't be read: {error.strerror}; a fleet folder has this file.") from error
        except KeyError as error:
            raise RecordingError(f"{file} has no column {error.args[0]!r}; it needs id and kind.") from error
        if not kinds:
            raise RecordingError(f"{file} names no appliance.")
        return kinds

    def files(self) -> list[Path]:
        """The files of readings."""
        files = sorted([*(self.path / "readings").glob("*.parquet"), *(self.path / "readings").glob("*.csv")])
        if not files:
            raise RecordingError(f"{self.path / 'readings'} holds no .parquet or .csv file.")
        return files[:FILES_MAX]

    def spans(self) -> dict[str, tuple[int, int]]:
        """When each appliance's first and last reading were taken; the fleet's first and last where it has none."""
        known: dict[str, tuple[int, int]] = {}
        for file in self.files():
            for table in _tables(file, ["id", "ts"]):
                times = pa.table({"id": table.column("id").cast(pa.string()), "ts": _as_ms(table.column("ts"))})
                ends = times.group_by("id").aggregate([("ts", "min"), ("ts", "max")])
                names, first, last = (ends.column(name).to_pylist() for name in ("id", "ts_min", "ts_max"))
                for appliance_id, low, high in zip(names, first, last, strict=True):
                    before = known.get(appliance_id, (low, high))
                    known[appliance_id] = min(before[0], low), max(before[1], high)
        if not known:
            raise RecordingError(f"{self.path / 'readings'} holds no reading.")
        whole = min(first for first, _ in known.values()), max(last for _, last in known.values())
        return {appliance_id: known.get(appliance_id, whole) for appliance_id in self.kinds()}

    def batches(self) -> Iterator[AdmittedBatch]:
        """Everything in time order, a window per batch."""
        kinds = self.kinds()
        readers = [_Reader(file, kinds) for file in self.files()]
        events = sorted(self._events(kinds), key=lambda event: event.ts_ms)
        births = tuple(self._births())
        position, at = 0, 0
        while any(reader.next_ms is not None for reader in readers):
            end = min(reader.next_ms for reader in readers if reader.next_ms is not None) // WINDOW_MS * WINDOW_MS
            end += WINDOW_MS
            blocks = tuple(block for reader in readers for block in reader.until(end))
            until = at
            while until < len(events) and events[until].ts_ms < end:
                until += 1
            position += 1
            yield AdmittedBatch(
                position, end, sum(map(len, blocks)) + until - at, _merged(blocks), tuple(events[at:until]), births
            )
            at, births = until, ()
        if at < len(events):
            yield AdmittedBatch(position + 1, events[-1].ts_ms, len(events) - at, (), tuple(events[at:]))

    def _births(self) -> Iterator[Status]:
        """What each appliance is, as far as ``appliances.csv`` says."""
        with (self.path / "appliances.csv").open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                model, firmware, region = (row.get(name) or None for name in ("model", "firmware", "region"))
                yield Status(
                    row["id"], row["kind"], 0, 0, StatusState.ONLINE, model=model, firmware=firmware, region=region
                )

    def _events(self, kinds: dict[str, str]) -> Iterator[Event]:
        """The rows of ``events.csv``, which may be absent."""
        file = self.path / "events.csv"
        if not file.exists():
            return
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                try:
                    data = json.loads(row["data"]) if row.get("data") else {}
                    ts_ms = parse_time(row["ts"])
                    kind = EventType(row["type"])
                    yield Event(
                        row["id"], kinds.get(row["id"], "generic"), ts_ms, ts_ms, kind, row["code"] or None, data
                    )
                except (KeyError, ValueError, RecordingError) as error:
                    raise RecordingError(f"{file}, line {number}: {error}.") from error


class _Reader:
    """One file of readings, read on demand."""

    def __init__(self, file: Path, kinds: dict[str, str]) -> None:
        self._file = file
        self._kinds = kinds
        self._tables = _tables(file)
        self._rest: pa.Table | None = None
        self._ts = np.empty(0, np.int64)
        self.next_ms: int | None = None
        self._advance()

    def _advance(self) -> None:
        """Make the next rows available."""
        while self._rest is None or not self._rest.num_rows:
            table = next(self._tables, None)
            if table is None:
                self._rest, self.next_ms = None, None
                return
            self._rest = table
        self._ts = _as_ms(self._rest.column("ts"))
        self.next_ms = int(self._ts[0])

    def until(self, end_ms: int) -> Iterator[SampleBlock]:
        """Blocks of all rows before ``end_ms``."""
        while self.next_ms is not None and self.next_ms < end_ms and self._rest is not None:
            count = int(np.searchsorted(self._ts, end_ms, side="left")) or 1
            yield from self._blocks(self._rest.slice(0, count), self._ts[:count])
            self._rest = self._rest.slice(count)
            self._ts = self._ts[count:]
            if self._rest.num_rows:
                self.next_ms = int(self._ts[0])
            else:
                self._advance()

    def _blocks(self, table: pa.Table, ts: np.ndarray[Any, Any]) -> Iterator[SampleBlock]:
        """One block per appliance kind."""
        of, ids = _coded(table, "id")
        kinds = [self._kinds.get(i or "", "generic") for i in ids]
        kind_of = np.array([kinds.index(kind) for kind in kinds], np.intp)[of]
        metrics = tuple(name for name in table.column_names if name not in _NOT_METRICS)
        values = np.full((len(of), len(metrics)), np.nan)
        for number, name in enumerate(metrics):
            column = table.column(name)
            if not pa.types.is_null(column.type):
                values[:, number] = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        modes, cycles = (_texts(table, name) for name in ("mode", "cycle"))
        names = np.array(ids, object)[of]
        for number in dict.fromkeys(kind_of.tolist()):
            kind, rows = kinds[number], np.flatnonzero(kind_of == number)
            yield SampleBlock(
                kind=kind,
                metrics=metrics,
                appliance_ids=names[rows].tolist(),
                ts_ms=ts[rows],
                values=values[rows],
                modes=modes[rows].tolist(),
                cycles=cycles[rows].tolist(),
                seq=np.full(len(rows), -1, np.int64),
                index=np.zeros(len(rows), np.int64),
                flags=np.zeros(len(rows), np.uint8),
                received_ms=int(ts[-1]),
            )


def _coded(table: pa.Table, name: str) -> tuple[NDArray[np.intp], list[str | None]]:
    """A column of texts: the number of each row's text (N,), and the texts."""
    column = table.column(name).combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    texts = [*column.dictionary.cast(pa.string()).to_pylist(), None]
    return pc.fill_null(column.indices, len(texts) - 1).to_numpy(zero_copy_only=False).astype(np.intp), texts


def _texts(table: pa.Table, name: str) -> NDArray[np.object_]:
    """The texts of a column that may be missing (N,), None for an empty one."""
    if name not in table.column_names:
        return np.full(table.num_rows, None, object)
    of, texts = _coded(table, name)
    return np.array([text or None for text in texts], object)[of]


def _tables(file: Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """A file of readings in parts, all its columns or some; raises :class:`RecordingError` where it can't be read."""
    try:
        if file.suffix == ".parquet":
            with pq.ParquetFile(file, read_dictionary=_TEXTS) as opened:
                _check(file, opened.schema_arrow.names)
                for group in range(opened.num_row_groups):
                    yield opened.read_row_group(group, columns=columns)
        else:
            text = pa_csv.ConvertOptions(column_types=dict.fromkeys(_TEXTS, pa.string()))
            table = pa_csv.read_csv(file, convert_options=text)
            _check(file, table.column_names)
            yield table if columns is None else table.select(columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise RecordingError(f"{file} can't be read: {error}.") from error


def _check(file: Path, names: Sequence[str]) -> None:
    """Refuse a file without the columns that all need."""
    missing = {"id", "ts"} - set(names)
    if missing:
        raise RecordingError(f"{file} has no column {min(missing)!r}.")


def _merged(blocks: tuple[SampleBlock, ...]) -> tuple[SampleBlock, ...]:
    """Blocks of one kind and the same metrics as one."""
    groups: dict[tuple[str, tuple[str, ...]], list[SampleBlock]] = {}
    for block in blocks:
        groups.setdefault((block.kind, block.metrics), []).append(block)
    return tuple(
        group[0]
        if len(group) == 1
        else SampleBlock(
            kind=kind,
            metrics=metrics,
            appliance_ids=[one for block in group for one in block.appliance_ids],
            ts_ms=np.concatenate([block.ts_ms for block in group]),
            values=np.concatenate([block.values for block in group]),
            modes=[one for block in group for one in block.modes],
            cycles=[one for block in group for one in block.cycles],
            seq=np.concatenate([block.seq for block in group]),
            index=np.concatenate([block.index for block in group]),
            flags=np.concatenate([block.flags for block in group]),
            received_ms=max(block.received_ms for block in group),
        )
        for (kind, metrics), group in groups.items()
    )


def _as_ms(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """The column ``ts`` as ms: integers, RFC 3339 text or timestamps."""
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.timestamp("ms"), safe=False)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.fromiter((parse_time(text) for text in column.to_pylist()), np.int64, len(column))
    return np.asarray(pc.cast(column, pa.int64(), safe=False).to_numpy(zero_copy_only=False))
