"""Admission's memory: bounded, and what it leaves out is read back from the books without a trace in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.admission import speakers, writing
from ingest.admission.speaker import BOOTS_MAX, WINDOW_MAX
from ingest.books.ledger import LedgerRow
from tests.ingest.admission.bench import NOW, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Admission over empty books."""
    made = Bench(tmp_path)
    yield made
    made.books.close()


def _of(name: str, seq: int) -> tuple[str, dict[str, object]]:
    return f"fettle/v1/dryer/{name}/telemetry", {"boot": "b", "seq": seq, "ts": NOW, "metrics": {"power_w": 1}}


@pytest.mark.parametrize("ids_max", [2, 1_000_000])
def test_forgotten_speakers_are_read_back(bench: Bench, monkeypatch: pytest.MonkeyPatch, ids_max: int) -> None:
    """More appliances than memory holds are judged as if it held them all."""
    monkeypatch.setattr(speakers, "SPEAKERS_MAX", 3)
    monkeypatch.setattr(speakers, "IDS_MAX", ids_max)
    monkeypatch.setattr(writing, "FLUSH_EVERY_BATCHES", 2)
    names = [f"d{number}" for number in range(9)]

    for seq in range(6):
        for name in names:
            bench.send(_of(name, seq), _of(name, seq))
            assert len(bench.admission._speakers._known) <= 3 + 2

    rows = sorted(bench.books.ledger_rows(), key=lambda found: found.id)
    assert rows == [LedgerRow(name, "b", 5, 6, 0, 0, 6) for name in names]


def test_many_boots_of_one_appliance(bench: Bench) -> None:
    """Only the newest boots stay in memory; an old one that speaks again is known all the same."""
    for boot in range(30):
        bench.send(bench.telemetry(0, boot=f"b{boot}"))
    again = bench.send(*[bench.telemetry(0, boot=f"b{boot}") for boot in range(30)])

    speaker = bench.admission._speakers.of("w1")
    assert len(speaker.ledgers) <= BOOTS_MAX
    assert again.duplicates == 30
    assert {(found.stored, found.duplicates) for found in bench.ledger()} == {(1, 1)}


def test_window_without_boot_is_bounded(bench: Bench) -> None:
    """Of a client that counts nothing the newest messages are remembered, in memory and on disk alike."""
    bench.send(*[bench.telemetry(ts=NOW - number) for number in range(WINDOW_MAX + 200)])
    bench.restart()

    newest = bench.send(bench.telemetry(ts=NOW - WINDOW_MAX - 100))
    oldest = bench.send(bench.telemetry(ts=NOW))

    (kept,) = bench.books.connection.execute("SELECT count(*) FROM window").fetchone()
    assert kept <= WINDOW_MAX
    assert (newest.duplicates, oldest.duplicates) == (1, 0)


def test_checksums_are_bounded_in_total(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """All remembered checksums together stay within their bound; beyond it repetition counts as duplicate."""
    monkeypatch.setattr(speakers, "CHECKSUMS_TOTAL_MAX", 300)
    monkeypatch.setattr(writing, "FLUSH_EVERY_BATCHES", 1)
    bench.send(*[bench.telemetry(seq) for seq in range(400)])
    admitted = bench.send(bench.telemetry(0, power=9.0), bench.telemetry(399, power=9.0))

    speaker = bench.admission._speakers.of("w1")
    assert speaker.ledger is not None
    assert len(speaker.ledger.checksums) < 300
    assert (admitted.duplicates, len(admitted.refused)) == (1, 1)
    assert bench.ledger()[0].stored == 400


def test_gaps_without_end_are_exact(bench: Bench) -> None:
    """A boot that loses every second message for ever has exact rows, through restarts and late fills."""
    for start in range(0, 3000, 300):
        bench.send(*[bench.telemetry(seq) for seq in range(start, start + 300, 2)])
    bench.restart()
    again = bench.send(bench.telemetry(0), bench.telemetry(1), bench.telemetry(1), bench.telemetry(2998))
    bench.restart()
    more = bench.send(bench.telemetry(1), bench.telemetry(3))

    assert (again.duplicates, more.duplicates) == (3, 1)
    assert [(found.max_seq, found.stored, found.gap) for found in bench.ledger()] == [(2998, 1502, 1497)]
