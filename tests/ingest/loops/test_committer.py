"""Silence in the journal: noted once, when it has lasted long enough, and never before anything was said."""

from __future__ import annotations

import mqtt5

from ingest.clock import ManualClock
from ingest.journal import JournalError
from ingest.loops.commit import SILENCE_MS, Committer, ReceivedBatch
from ingest.mqtt.frames import take_publishes
from tests.ingest.journal.memory_journal import MemoryJournal

START_MS = 1_790_000_000_000


def committer(journal: MemoryJournal, clock: ManualClock) -> Committer:
    """A committer that tells nobody."""
    return Committer(
        journal, on_durable=lambda _batches: None, on_appended=lambda _before, _batch: None, clock=clock, retry_s=0
    )


def received(at_ms: int) -> ReceivedBatch:
    """One message."""
    run = take_publishes(memoryview(mqtt5.PublishPacket("t", b"{}", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write()))
    assert run is not None
    batch = ReceivedBatch(at_ms)
    batch.take(run)
    return batch


def test_silence_is_noted_once() -> None:
    """A minute after the last message there is one batch without messages; after the next message it may come again."""
    journal, clock = MemoryJournal(), ManualClock(START_MS)
    loop = committer(journal, clock)

    for _ in range(2):
        loop.submit(received(clock.ms))
        loop.run_once(0)
        for step_ms in (SILENCE_MS - 1, 1, 1, SILENCE_MS):
            clock.advance(step_ms)
            loop.run_once(0)

    assert [(batch.count, batch.received_ms - START_MS) for batch in journal.batches] == [
        (1, 0), (0, SILENCE_MS), (1, 2 * SILENCE_MS + 1), (0, 3 * SILENCE_MS + 1)
    ]  # fmt: skip


def test_an_empty_journal_notes_no_silence() -> None:
    """Where nothing was ever said, nothing can wait."""
    journal, clock = MemoryJournal(), ManualClock(START_MS)
    loop = committer(journal, clock)

    clock.advance(SILENCE_MS)
    loop.run_once(0)

    assert journal.batches == []


def test_after_a_start_silence_is_counted_anew() -> None:
    """What waited when the process ended is released, too: a minute after the next start."""
    journal, clock = MemoryJournal(), ManualClock(START_MS)
    journal.append([b"frame"], count=1, received_ms=START_MS - 10)
    loop = committer(journal, clock)

    clock.advance(SILENCE_MS)
    loop.run_once(0)

    assert [batch.count for batch in journal.batches] == [1, 0]


def test_a_journal_that_is_away_hears_of_the_silence_later() -> None:
    """Silence that can't be written down is written down as soon as it can, and holds up nothing."""
    journal, clock = MemoryJournal(), ManualClock(START_MS)
    journal.append([b"frame"], count=1, received_ms=START_MS)
    loop = committer(journal, clock)
    clock.advance(SILENCE_MS)
    journal.failure = JournalError("away")

    assert loop.run_once(0)
    journal.failure = None
    loop.run_once(0)

    assert [batch.count for batch in journal.batches] == [1, 0]


def test_a_clock_that_is_set_back_does_not_prolong_the_silence() -> None:
    """An hour back: silence is counted from there, not from an hour ahead."""
    journal, clock = MemoryJournal(), ManualClock(START_MS)
    loop = committer(journal, clock)
    loop.submit(received(START_MS))
    loop.run_once(0)

    clock.ms = START_MS - 3_600_000
    loop.run_once(0)
    clock.advance(SILENCE_MS)
    loop.run_once(0)

    assert [batch.count for batch in journal.batches] == [1, 0]
