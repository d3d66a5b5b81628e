"""The embedded store: its contract, in the tail and in pages, and what it promises beyond."""

from __future__ import annotations

import gc
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.store import StoreAddressError, StoreRejected, StoreUnavailable, embedded, pages, tail
from ingest.store.embedded import EmbeddedStore
from ingest.store.opening import open_store
from tests.contract.store_suite import FOREVER, T0, Span, StoreSuite, columns, make_block, random_blocks
from tests.examples import tries

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestEmbeddedStore(StoreSuite):
    """The contract, everything in the tail."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[EmbeddedStore]:
        """An empty store."""
        store = EmbeddedStore.open(tmp_path / "telemetry.db")
        yield store
        store.close()


class TestEmbeddedStoreInPages(StoreSuite):
    """The contract with a tail and pages of a few samples, so that everything moves all the time."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedStore]:
        """An empty store with tiny limits."""
        monkeypatch.setattr(tail, "FAN_IN", 2)
        monkeypatch.setattr(tail, "TAIL_SAMPLES", 30)
        monkeypatch.setattr(pages, "PAGE_SAMPLES", 7)
        store = EmbeddedStore.open(tmp_path / "telemetry.db")
        yield store
        store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store's file will be."""
    return tmp_path / "folder" / "telemetry.db"


def test_everything_is_there_after_reopening(path: Path) -> None:
    """What was written is there when the file is opened again, without a clean close."""
    store = EmbeddedStore.open(path)
    store.write([make_block([("a1", T0, {"power_w": 1.0})], mode="cooling")])
    again = EmbeddedStore.open(path)

    assert columns(again.read("refrigerator", "a1", None, **FOREVER)) == ([T0], {"power_w": [1.0]})

    again.close()
    store.close()


def test_another_process_reads_while_this_one_writes(path: Path) -> None:
    """A second process sees each write as soon as it has returned."""
    code = (
        "import sys; from pathlib import Path; from ingest.store.embedded import EmbeddedStore\n"
        "store = EmbeddedStore.open(Path(sys.argv[1]))\n"
        "for _ in sys.stdin: print(store.count_readings('refrigerator'), flush=True)"
    )
    store = EmbeddedStore.open(path)
    reader = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdin is not None
    assert reader.stdout is not None

    counts = []
    for ms in range(5):
        store.write([make_block([("a1", T0 + ms, {"power_w": 1.0})])])
        reader.stdin.write("\n")
        reader.stdin.flush()
        counts.append(int(reader.stdout.readline()))

    reader.communicate(timeout=20)
    store.close()
    assert counts == [1, 2, 3, 4, 5]


def test_an_erased_appliance_leaves_no_trace_on_disk(path: Path) -> None:
    """After erasing, neither the id nor a raw value of the appliance stands anywhere in the store's files."""
    store = EmbeddedStore.open(path)
    value = 1234.5678901234567
    rows = [
        (name, T0 + ms, {"power_w": value if name == "victim-77" else float(ms)})
        for ms in range(500)
        for name in ("a1", "victim-77")
    ]
    for start in range(0, len(rows), 50):
        store.write([make_block(rows[start : start + 50], seq=start)])
    traces = (b"victim-77", struct.pack("<d", value))
    files = [path, path.with_name(path.name + "-wal")]
    assert all(any(trace in file.read_bytes() for file in files) for trace in traces)

    store.erase("refrigerator", "victim-77")

    assert not any(trace in file.read_bytes() for file in files for trace in traces)
    assert store.count_readings("refrigerator") == 500
    store.close()


def test_an_erased_appliance_may_come_back_from_another_process(path: Path) -> None:
    """A writer notices that another connection erased an appliance, and gives it a new number when it comes back."""
    writer, other = EmbeddedStore.open(path), EmbeddedStore.open(path)
    writer.write([make_block([("a1", T0, {"power_w": 1.0})])])
    other.erase("refrigerator", "a1")

    writer.write([make_block([("a1", T0 + 1, {"power_w": 2.0})])])

    assert other.latest("refrigerator", "a1") == {"power_w": (T0 + 1, 2.0)}
    writer.close()
    other.close()


def test_prunes_whole_pages(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages whose newest sample is too old are dropped, younger ones stay."""
    monkeypatch.setattr(tail, "TAIL_SAMPLES", 10)
    monkeypatch.setattr(pages, "PAGE_SAMPLES", 5)
    store = EmbeddedStore.open(path)
    store.write([make_block([("a1", T0 + ms, {"power_w": float(ms)}) for ms in range(20)])])

    store.prune(T0 + 12)

    assert store.read("refrigerator", "a1", None, **FOREVER).ts_ms.tolist() == [T0 + ms for ms in range(10, 20)]
    store.close()


def test_the_tail_stays_short(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many small writes: the tail has at most a fan-in of rows per tier, and never more samples than its limit."""
    monkeypatch.setattr(tail, "FAN_IN", 3)
    monkeypatch.setattr(tail, "TAIL_SAMPLES", 40)
    store = EmbeddedStore.open(path)
    with sqlite3.connect(path) as spy:
        for ms in range(200):
            store.write([make_block([("a1", T0 + ms, {"power_w": float(ms)})])])
            rows, samples = spy.execute("SELECT count(*), coalesce(sum(samples), 0) FROM tail").fetchone()
            assert rows <= 2 * 4
            assert samples < 40
    spy.close()

    assert store.count_readings("refrigerator", "a1") == 200
    store.close()


def test_reading_for_ever_keeps_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often an appliance is read, what Python remembers of the tail's blobs stays bounded."""
    monkeypatch.setattr(embedded, "BLOBS_PER_READER", 10)
    store = EmbeddedStore.open(path)
    store.write([make_block([("a1", T0, {"power_w": 1.0})])])
    gc.collect()
    before = _dead_references()

    for _ in range(300):
        store.read("refrigerator", "a1", None, **FOREVER)

    assert _dead_references() - before <= 10
    store.close()


def _dead_references() -> int:
    """How many weak references point at nothing."""
    return sum(type(one) is weakref.ref and one() is None for one in gc.get_objects())


def test_names_of_metrics_are_bounded(path: Path) -> None:
    """When too many different metrics have been seen, samples with further ones are refused and known ones still stored."""
    store = EmbeddedStore(path, metrics_max=2)
    path.parent.mkdir()
    store.prepare()

    with pytest.raises(StoreRejected, match="names of metrics") as refusal:
        store.write(
            [make_block([("a1", T0, {"a": 1.0, "b": 1.0}), ("a1", T0 + 1, {"c": 1.0}), ("a1", T0 + 2, {"a": 3.0})])]
        )

    assert [(block, row) for block, row, _ in refusal.value.rejected] == [(0, 1)]
    assert store.count_readings("refrigerator", "a1") == 3
    store.close()


def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    """A file that a newer Fettle wrote is not touched; the sentence says which version it has."""
    EmbeddedStore.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(StoreUnavailable, match="newer Fettle"):
        EmbeddedStore.open(path)


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    """A file with other content is not overwritten, and the sentence names it."""
    path.parent.mkdir()
    path.write_bytes(b"these are my holiday notes " * 100)

    with pytest.raises(StoreUnavailable, match=r"telemetry\.db"):
        EmbeddedStore.open(path)

    assert path.read_bytes().startswith(b"these are my holiday notes")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Where the data folder can't be made, the sentence says which."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnavailable, match="can't be made"):
        EmbeddedStore.open(tmp_path / "file" / "telemetry.db")


@given(st.integers(0, 2**32))
@settings(max_examples=tries(12))
def test_pages_say_what_the_tail_said(seed: int) -> None:
    """Whatever is written: sorting it into pages, at whatever moments, changes no answer."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        kept, paged = EmbeddedStore.open(Path(folder) / "kept.db"), EmbeddedStore.open(Path(folder) / "paged.db")
        for block in random_blocks(chance, blocks=8, size=9):
            kept.write([block])
            paged.write([block])
            if chance.random() < 0.4:
                paged.settle()
            appliance_id = f"a{chance.randrange(4)}"
            start = T0 + chance.randrange(40_000)
            span: Span = {"start_ms": start, "end_ms": start + chance.randrange(1, 40_000)}
            assert columns(kept.read("refrigerator", appliance_id, None, **span)) == columns(
                paged.read("refrigerator", appliance_id, None, **span)
            )
            assert kept.latest("refrigerator", appliance_id) == paged.latest("refrigerator", appliance_id)
            assert kept.count_readings("refrigerator") == paged.count_readings("refrigerator")
        kept.close()
        paged.close()


def test_the_url_chooses_the_store(tmp_path: Path) -> None:
    """Without a URL the store is a file in the data folder; with InfluxDB's it speaks to that; anything else is explained."""
    embedded = open_store(None, data_dir=tmp_path)
    influx = open_store("influxdb://127.0.0.1:1?org=o&bucket=b", token="t", data_dir=tmp_path)

    assert isinstance(embedded, EmbeddedStore)
    assert (tmp_path / "telemetry.db").exists()
    with pytest.raises(StoreUnavailable, match=r"can't be reached") as down:
        influx.check()
    assert down.value.kind == "down"
    with pytest.raises(StoreAddressError, match="influxdb://HOST:PORT"):
        open_store("postgresql://x", data_dir=tmp_path)
    embedded.close()
    influx.close()
