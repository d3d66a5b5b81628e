"""The ledger of one boot: exact for any order of seq, bounded in memory."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.books.ledger import (
    CHECKSUMS_MAX,
    GAP_GIVEN_UP_MS,
    OPEN_GAPS_MAX,
    RANGES_MAX,
    BootLedger,
    SeqRanges,
    pack_ranges,
    shown,
    unpack_ranges,
)
from tests.examples import tries


def _never(_row: int, _seq: int) -> bool:
    return False


@settings(max_examples=tries(200))
@given(st.lists(st.integers(0, 60), unique=True))
def test_ranges_are_a_set(seqs: list[int]) -> None:
    """Ranges hold exactly the seq that were added, in as few ranges as there are runs."""
    ranges = SeqRanges()
    for seq in seqs:
        ranges.add(seq, seq + 1)

    assert [seq for seq in range(62) if seq in ranges] == sorted(seqs)
    assert len(ranges) == sum(1 for seq in seqs if seq - 1 not in seqs)


@settings(max_examples=tries(200))
@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), unique_by=lambda item: item[0]))
def test_law_holds_in_any_order(seqs: list[tuple[int, bool]]) -> None:
    """Stored, dead-lettered and gap always make up all seq up to the highest."""
    ledger = BootLedger(1, "b")
    for number, (seq, is_dead) in enumerate(seqs, start=1):
        assert not ledger.has(seq, _never)
        ledger.add(seq, is_dead=is_dead, now_ms=0)
        row = shown("w1", ledger.boot, ledger.next, (ledger.stored_count, ledger.dead_count, ledger.duplicates))
        assert row.max_seq is not None
        assert row.gap is not None
        assert row.max_seq + 1 == row.stored + row.dead_lettered + row.gap
        assert row.stored + row.dead_lettered == number
        open_seqs = {seq for start, end, _ in ledger.gaps for seq in range(start, end)}
        assert open_seqs == set(range(ledger.next)) - {seq for seq, _ in seqs[:number]}


def test_memory_is_bounded_and_nothing_forgotten() -> None:
    """With every second seq missing for ever, old ranges go cold, and every one is still known."""
    ledger = BootLedger(1, "b")
    for seq in range(0, 4000, 2):
        ledger.add(seq, is_dead=seq % 100 == 0, now_ms=0)
        assert len(ledger.stored) <= RANGES_MAX
        assert len(ledger.dead) <= RANGES_MAX

    assert all(ledger.has(seq, _never) == (seq % 2 == 0) for seq in range(4000))
    assert len(ledger.gaps) <= OPEN_GAPS_MAX
    assert ledger.stored_count + ledger.dead_count == 2000


def test_late_seq_below_the_floor_goes_cold() -> None:
    """A seq that fills an old gap is accounted for once, though its neighbours are on disk."""
    ledger = BootLedger(1, "b")
    for seq in range(0, 4000, 2):
        ledger.add(seq, is_dead=False, now_ms=0)
    ledger.cold.clear()

    ledger.add(3, is_dead=False, now_ms=0)

    assert ledger.cold == [(3, 4, False)]
    assert ledger.has(3, _never)
    assert ledger.has(4, lambda _row, seq: seq == 4)
    assert not ledger.has(5, _never)


def test_ranges_survive_packing() -> None:
    """What is written as bytes is read back the same."""
    ledger, copy = BootLedger(1, "b"), BootLedger(1, "b")
    for seq in (0, 1, 5, 7, 8):
        ledger.add(seq, is_dead=seq == 7, now_ms=0)

    unpack_ranges(copy, pack_ranges(ledger))

    assert (copy.stored.starts, copy.stored.ends) == ([0, 5, 8], [2, 6, 9])
    assert (copy.dead.starts, copy.dead.ends) == ([7], [8])


def test_gap_is_given_up_in_time_and_in_order() -> None:
    """`upto` halts before the oldest gap until later messages have been there for ten minutes."""
    ledger = BootLedger(1, "b")
    ledger.add(0, is_dead=False, now_ms=0)
    ledger.add(2, is_dead=False, now_ms=0)
    ledger.add(4, is_dead=True, now_ms=1000)

    assert ledger.upto(GAP_GIVEN_UP_MS - 1) == 0
    assert ledger.upto(GAP_GIVEN_UP_MS) == 2
    assert ledger.upto(GAP_GIVEN_UP_MS + 1000) == 4


@pytest.mark.parametrize("missing", [OPEN_GAPS_MAX, OPEN_GAPS_MAX + 1, 200, 700])
@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
@pytest.mark.parametrize("is_reread", [False, True])
def test_no_gap_is_given_up_early_however_many_are_open(missing: int, order: str, *, is_reread: bool) -> None:
    """Messages overtaken by hundreds of others are waited for; once all are there, `upto` goes to the end at once."""
    ledger = BootLedger(1, "b")
    for seq in range(0, 2 * missing + 1, 2):
        ledger.add(seq, is_dead=False, now_ms=0)
        assert ledger.upto(now_ms=GAP_GIVEN_UP_MS - 1) == 0
    if is_reread:
        ledger.gaps = []
        ledger.reopen_gaps(now_ms=0)
    late = list(range(1, 2 * missing, 2))
    if order == "shuffled":
        random.Random(missing).shuffle(late)
    absent = set(late)
    for seq in late if order != "descending" else reversed(late):
        ledger.add(seq, is_dead=False, now_ms=0)
        absent.remove(seq)
        assert ledger.upto(now_ms=GAP_GIVEN_UP_MS - 1) < min(absent, default=2 * missing + 1)
        assert len(ledger.gaps) <= OPEN_GAPS_MAX

    assert ledger.upto(now_ms=GAP_GIVEN_UP_MS - 1) == 2 * missing


def test_gaps_beyond_the_bound_are_given_up_in_time() -> None:
    """Also what is no longer told apart has its ten minutes, from the last of its messages on."""
    ledger = BootLedger(1, "b")
    for number in range(200):
        ledger.add(2 * number, is_dead=False, now_ms=number)

    assert ledger.upto(GAP_GIVEN_UP_MS + OPEN_GAPS_MAX - 1) == 2 * OPEN_GAPS_MAX - 2
    assert ledger.upto(GAP_GIVEN_UP_MS + 199) == 398
    ledger.add(400, is_dead=False, now_ms=GAP_GIVEN_UP_MS + 200)
    assert ledger.upto(GAP_GIVEN_UP_MS + 200) == 398


def test_reopened_gaps_start_anew_above_what_was_settled() -> None:
    """Read back from disk, open gaps get their ten minutes again; given-up ones stay given up."""
    ledger = BootLedger(1, "b")
    for seq in (0, 2, 5):
        ledger.add(seq, is_dead=False, now_ms=0)
    ledger.settled = 2
    ledger.gaps = []

    ledger.reopen_gaps(now_ms=50)

    assert ledger.gaps == [[3, 5, 50]]


def test_checksums_are_a_window() -> None:
    """The newest checksums are remembered across gaps and disorder; memory stays bounded."""
    ledger = BootLedger(1, "b")
    for seq in range(5000):
        ledger.remember(seq, seq + 1)
        assert len(ledger.checksums) <= 2 * CHECKSUMS_MAX
    ledger.remember(5003, 9)
    ledger.remember(5001, 8)

    assert [ledger.checksum_of(seq) for seq in (0, 4999, 5000, 5001, 5002, 5003, 5004)] == [
        None, 5000, None, 8, None, 9, None,
    ]  # fmt: skip
    ledger.remember(10**12, 5)
    assert len(ledger.checksums) == 1
    begun_late = BootLedger(1, "b")
    begun_late.remember(CHECKSUMS_MAX - 1, 5)
    assert (len(begun_late.checksums), begun_late.checksum_of(CHECKSUMS_MAX - 1)) == (1, 5)
