"""The telemetry store on InfluxDB 2, in the layout of contract section 6.

The client library carries bytes, one request at a time; batching, retry and bounds are ours: a body has at most
:data:`BODY_LINES` lines and :data:`BODY_BYTES` bytes, each is tried once, and :class:`StoreUnavailable` hands the repetition
to the writer, which keeps everything in the journal meanwhile. Where the server refuses what is in a body, the body is
halved until the bad lines stand alone; writing good lines twice is the same points. Where a body gets no answer in time,
because the way to the server is narrow or the server slow, the next ones are half as long, and longer again as soon as they
are answered quickly: otherwise the same body would fail for ever.
A bucket's own retention drops old samples: :meth:`InfluxStore.prune` does nothing, because a bucket may hold other data.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.dialect import Dialect

from ingest.sample import MAX_SAMPLES_PER_MESSAGE, OFFSETS_PER_MS, SampleBlock
from ingest.store import Series, StoreRejected, StoreUnavailable, flux
from ingest.store.influx_errors import RefusedBody, translated
from ingest.store.limits import APPLIANCE_ID, KIND, TIME_MS_MAX, refusals
from ingest.store.line_protocol import encode_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.store.influx_address import InfluxAddress

BODY_LINES = 5_000
BODY_BYTES = 4 * 1024 * 1024
BODY_BYTES_MIN = 4 * 1024
KINDS_MAX = 256
CONNECT_TIMEOUT_MS = 5_000
READ_TIMEOUT_MS = 60_000
SCAN_SAMPLES = 50_000
SCAN_APPLIANCES = 50
FIRST_SLICE_NS = 86_400 * 10**9
START_OF_TIME = "1970-01-01T00:00:00Z"
END_OF_TIME = "2262-01-01T00:00:00Z"

Line = tuple[bytes, int, int]
"""A line, the number of its block, and its row there."""


class InfluxStore:
    """A telemetry store in one bucket of an InfluxDB 2; open it with :meth:`open`, nothing is sent before the first call."""

    def __init__(self, client: InfluxDBClient, address: InfluxAddress) -> None:
        self._client = client
        self._address = address
        self._writes = client.write_api(write_options=SYNCHRONOUS)
        self._queries = client.query_api()
        self._heads: dict[str, dict[str, bytes]] = {}
        self._body_bytes = BODY_BYTES
        self._dialect = Dialect(  # type: ignore[no-untyped-call]  # the client library is typed in parts only
            header=True, annotations=[], delimiter=",", date_time_format="RFC3339Nano"
        )

    @classmethod
    def open(cls, address: InfluxAddress, *, token: str) -> InfluxStore:
        """A store that will speak to the server at an address."""
        client = InfluxDBClient(
            address.base_url,
            token=token,
            org=address.org,
            timeout=(CONNECT_TIMEOUT_MS, READ_TIMEOUT_MS),
            enable_gzip=False,
            retries=False,
        )
        return cls(client, address)

    def write(self, blocks: Sequence[SampleBlock]) -> None:
        """Store all samples of all blocks; refused rows are named by :class:`StoreRejected` after all others are stored."""
        rejected: list[tuple[int, int, str]] = []
        lines: list[bytes] = []
        origins: list[tuple[int, NDArray[np.intp]]] = []
        for number, block in enumerate(blocks):
            refused = refusals(block)
            rejected += [(number, row, why) for row, why in refused]
            rows = np.delete(np.arange(len(block)), [row for row, _ in refused])
            kept = block.taken(rows) if refused else block
            lines += encode_block(kept, self._heads.setdefault(block.kind, {}))
            origins.append((number, rows))
        for start, end in _bodies(lines, self._body_bytes):
            try:
                self._send(b"\n".join(lines[start:end]))
            except RefusedBody as error:
                rejected += self._bad_of(_lines(lines, origins)[start:end], error)
        if len(self._heads) > KINDS_MAX:
            self._heads.clear()
        if rejected:
            raise StoreRejected(sorted(rejected))

    def read(
        self,
        kind: str,
        appliance_id: str,
        metrics: Sequence[str] | None,
        *,
        start_ms: int,
        end_ms: int,
        mode: str | None = None,
    ) -> Series:
        """All rows of [start, end) as stored, of one mode where it is named; ``metrics=None`` gives every metric seen."""
        start_ns, end_ns = flux.span_ns(start_ms, end_ms)
        rows = self._read(kind, [appliance_id], start_ns, end_ns)
        if mode is not None:
            rows = self._in_mode(rows, kind, appliance_id, mode, start_ns=start_ns, end_ns=end_ns)
        column = {name: rows.values[:, place] for place, name in enumerate(rows.names)}
        if metrics is not None:
            column = {name: column.get(name, np.full(len(rows.time_ns), np.nan)) for name in metrics}
        return Series(rows.time_ns // OFFSETS_PER_MS, column)

    def latest(self, kind: str, appliance_id: str) -> Mapping[str, tuple[int, float]]:
        """Newest reading of each metric: metric → (ts_ms, value)."""
        start_ns, end_ns = flux.span_ns(0, TIME_MS_MAX)
        rows = self._read(kind, [appliance_id], start_ns, end_ns, only="last() |> ")
        found = {}
        for place, name in enumerate(rows.names):
            row = int(np.flatnonzero(~np.isnan(rows.values[:, place]))[-1])
            found[name] = int(rows.time_ns[row]) // OFFSETS_PER_MS, float(rows.values[row, place])
        return found

    def scan(self, kind: str, *, start_ms: int, end_ms: int) -> Iterator[SampleBlock]:
        """All samples of a kind in [start, end), some appliances after others, each in time order, in slices of time.

        ``seq`` and ``index`` are not stored: they are filled so that :meth:`SampleBlock.time_ns` gives the stored time.
        """
        start_ns, end_ns = flux.span_ns(start_ms, end_ms)
        everyone = self._appliances(kind, start_ns, end_ns)
        for first in range(0, len(everyone), SCAN_APPLIANCES):
            some = everyone[first : first + SCAN_APPLIANCES]
            oldest = self._read(kind, some, start_ns, end_ns, only="first() |> ").time_ns
            newest = self._read(kind, some, start_ns, end_ns, only="last() |> ").time_ns
            at_ns, until_ns = int(oldest.min(initial=end_ns)), int(newest.max(initial=start_ns - 1)) + 1
            slice_ns = FIRST_SLICE_NS
            while at_ns < until_ns:
                block = self._scan_slice(kind, some, at_ns, min(until_ns, at_ns + slice_ns))
                if len(block):
                    yield block
                at_ns += slice_ns
                if len(block) > SCAN_SAMPLES:
                    slice_ns = max(FIRST_SLICE_NS // 1024, slice_ns // 2)
                elif len(block) < SCAN_SAMPLES // 4:
                    slice_ns *= 2

    def count_readings(self, kind: str, appliance_id: str | None = None) -> int:
        """How many readings (one per metric and sample) are stored, of a kind or of one appliance."""
        start_ns, end_ns = flux.span_ns(0, TIME_MS_MAX)
        query = self._beginning(kind, [] if appliance_id is None else [appliance_id], start_ns, end_ns)
        if query is None:
            return 0
        metrics = flux.metrics_only(query)
        try:
            answer = self._query(f"{metrics} |> group() |> count()")
        except StoreUnavailable as error:
            if "schema collision" not in str(error):
                raise
            # Another client wrote fields that are no floats: count series by series, which is five times as slow.
            answer = self._query(f"{metrics} |> count() |> group() |> sum()")
        return sum(int(row["_value"]) for row in flux.parse_rows(answer))

    def erase(self, kind: str, appliance_id: str) -> None:
        """Remove everything of one appliance, for good."""
        if KIND.fullmatch(kind) and APPLIANCE_ID.fullmatch(appliance_id):
            with translated(self._address):
                self._client.delete_api().delete(
                    START_OF_TIME,
                    END_OF_TIME,
                    f'_measurement="{kind}" AND appliance_id="{appliance_id}"',
                    bucket=self._address.bucket,
                    org=self._address.org,
                )

    def prune(self, before_ms: int) -> None:
        """Nothing: a bucket has its own retention, and may hold what isn't ours."""

    def check(self) -> None:
        """Raise :class:`StoreUnavailable` with a sentence if the server can't be asked now."""
        self._query(f"from(bucket: {flux.quoted(self._address.bucket)}) |> range(start: -1m) |> limit(n: 1)")

    def close(self) -> None:
        """Close the connections; nothing else may be called afterwards."""
        self._client.close()  # type: ignore[no-untyped-call]  # the same

    def _post(self, lines: Sequence[Line]) -> list[tuple[int, int, str]]:
        """Write lines of which some may be bad; returns those that the server refuses for good."""
        try:
            self._send(b"\n".join(line for line, _, _ in lines))
        except RefusedBody as error:
            return self._bad_of(lines, error)
        return []

    def _bad_of(self, lines: Sequence[Line], error: RefusedBody) -> list[tuple[int, int, str]]:
        """Which of the lines of a refused body are bad, found by halving; all others are written."""
        if len(lines) == 1 or f"dropped={len(lines)}" in str(error).split():
            return [(number, row, str(error)) for _, number, row in lines]
        half = len(lines) // 2
        return self._post(lines[:half]) + self._post(lines[half:])

    def _send(self, body: bytes) -> None:
        """Write one body, and learn from how long that took how long bodies may be."""
        started = time.monotonic()
        try:
            with translated(self._address):
                self._writes.write(self._address.bucket, self._address.org, body)
        except StoreUnavailable as error:
            if error.kind == "timeout":
                self._body_bytes = max(BODY_BYTES_MIN, len(body) // 2)
            raise
        if self._body_bytes < BODY_BYTES and time.monotonic() - started < READ_TIMEOUT_MS / 1000 / 4:
            self._body_bytes = min(BODY_BYTES, self._body_bytes * 2)

    def _query(self, query: str) -> bytes:
        """The CSV that answers a query."""
        with translated(self._address):
            response = self._queries.query_raw(query, dialect=self._dialect)
            try:
                return bytes(response.read())
            finally:
                response.release_conn()

    def _beginning(self, kind: str, appliance_ids: Sequence[str], start_ns: int, end_ns: int) -> str | None:
        """The beginning of a query for appliances (none named: all); None where nothing of that name can be stored."""
        if start_ns >= end_ns or not KIND.fullmatch(kind) or not all(map(APPLIANCE_ID.fullmatch, appliance_ids)):
            return None
        return flux.series_of(self._address.bucket, kind, appliance_ids, start_ns=start_ns, end_ns=end_ns)

    def _read(
        self, kind: str, appliance_ids: Sequence[str], start_ns: int, end_ns: int, *, only: str = ""
    ) -> flux.Columns:
        """The readings of some appliances, or of each series ``only`` what a selector gives."""
        query = self._beginning(kind, appliance_ids, start_ns, end_ns)
        if query is None:
            return flux.NOTHING
        return flux.parse_floats(self._query(f"{flux.metrics_only(query)} |> {only}{flux.COLUMNS}"))

    def _in_mode(
        self, rows: flux.Columns, kind: str, appliance_id: str, mode: str, *, start_ns: int, end_ns: int
    ) -> flux.Columns:
        """Those rows of one appliance whose sample was reported in a mode, and the metrics that they have."""
        query = self._beginning(kind, [appliance_id], start_ns, end_ns)
        if query is None or not len(rows.time_ns):
            return flux.NOTHING
        texts = flux.parse_texts(self._query(f"{flux.texts_only(query, mode=mode)} |> {flux.COLUMNS}"))
        times = np.array([at for (_, at), _, _ in texts], np.int64)
        is_there = np.isin(rows.time_ns, times)
        values = rows.values[is_there]
        seen = np.flatnonzero(~np.isnan(values).all(axis=0))
        names = tuple(rows.names[place] for place in seen)
        return flux.Columns(rows.appliance_ids[is_there], rows.time_ns[is_there], names, values[:, seen])

    def _appliances(self, kind: str, start_ns: int, end_ns: int) -> list[str]:
        """All appliances of a kind that may have a sample in [start, end), sorted."""
        query = self._beginning(kind, [], start_ns, end_ns)
        if query is None:
            return []
        # In just this form the server answers from its index.
        distinct = 'keep(columns: ["appliance_id"]) |> group() |> distinct(column: "appliance_id")'
        rows = flux.parse_rows(self._query(f"{query} |> {distinct}"))
        return sorted(row["_value"] for row in rows)

    def _scan_slice(self, kind: str, appliance_ids: Sequence[str], start_ns: int, end_ns: int) -> SampleBlock:
        """The samples of some appliances in [start, end) with their texts."""
        rows = self._read(kind, appliance_ids, start_ns, end_ns)
        names = rows.appliance_ids.tolist()
        texts: dict[str, list[str | None]] = {name: [None] * len(names) for name in flux.TEXT_FIELDS}
        query = self._beginning(kind, appliance_ids, start_ns, end_ns)
        if names and query:
            place = {key: row for row, key in enumerate(zip(names, rows.time_ns.tolist(), strict=True))}
            for key, name, text in flux.parse_texts(self._query(f"{flux.texts_only(query)} |> {flux.COLUMNS}")):
                if key in place:
                    texts[name][place[key]] = text
        offset = rows.time_ns % OFFSETS_PER_MS
        return SampleBlock(
            kind=kind,
            metrics=rows.names,
            appliance_ids=names,
            ts_ms=rows.time_ns // OFFSETS_PER_MS,
            values=rows.values,
            modes=texts["mode"],
            cycles=texts["cycle"],
            seq=offset // MAX_SAMPLES_PER_MESSAGE,
            index=offset % MAX_SAMPLES_PER_MESSAGE,
            flags=np.zeros(len(names), np.uint8),
            received_ms=0,
        )


def _bodies(lines: Sequence[bytes], body_bytes: int) -> Iterator[tuple[int, int]]:
    """Lines in bodies of bounded length: from which to which."""
    ends = np.cumsum(np.fromiter(map(len, lines), dtype=np.int64, count=len(lines)) + 1)
    start = 0
    while start < len(lines):
        before = int(ends[start - 1]) if start else 0
        fitting = int(np.searchsorted(ends, before + body_bytes + 1, side="right"))
        end = min(max(fitting, start + 1), start + BODY_LINES, len(lines))
        yield start, end
        start = end


def _lines(lines: Sequence[bytes], origins: Sequence[tuple[int, NDArray[np.intp]]]) -> list[Line]:
    """All lines with where they come from."""
    places = [(number, row) for number, rows in origins for row in rows.tolist()]
    return [(line, number, row) for line, (number, row) in zip(lines, places, strict=True)]
