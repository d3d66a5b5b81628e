"""What every journal promises; each implementation runs this suite.

A subclass provides ``open_journal``: a function that opens the same journal again each time it is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import mqtt5
import pytest

from ingest.mqtt.frames import unpack

if TYPE_CHECKING:
    from ingest.journal import Journal

OpenJournal = Callable[[], "Journal"]


def frames(count: int, *, first: int = 0, payload_bytes: int = 20, appliance: str = "f1") -> list[bytes]:
    """PUBLISH frames whose payloads are told apart by their number."""
    return [
        mqtt5.PublishPacket(
            f"fettle/v1/refrigerator/{appliance}/telemetry",
            str(number).encode().rjust(payload_bytes, b"0")[:payload_bytes],
            qos=mqtt5.QoS.AT_LEAST_ONCE,
            packet_id=number % 65535 + 1,
        ).write()
        for number in range(first, first + count)
    ]


class JournalSuite:
    """The promises of :class:`ingest.journal.Journal`."""

    @pytest.fixture
    def open_journal(self) -> OpenJournal:
        """A function that opens the journal under test."""
        raise NotImplementedError

    def test_an_empty_journal_is_at_position_0(self, open_journal: OpenJournal) -> None:
        """A journal to which nothing was appended has tip 0 and reads as nothing."""
        journal = open_journal()

        assert journal.tip() == 0
        assert journal.read(0, limit_bytes=1000) == []
        journal.close()

    def test_what_was_appended_is_read_back(self, open_journal: OpenJournal) -> None:
        """A batch comes back with the frames, the count and the time with which it was appended."""
        journal = open_journal()
        pieces = frames(3)

        position = journal.append(
            [pieces[0], memoryview(pieces[1] + pieces[2])], count=3, received_ms=1_790_000_000_123
        )
        (batch,) = journal.read(0, limit_bytes=1)

        assert (batch.position, batch.received_ms, batch.count) == (position, 1_790_000_000_123, 3)
        assert batch.frames == b"".join(pieces)
        assert [int(payload) for payload in unpack(batch.frames).payloads] == [0, 1, 2]
        journal.close()

    def test_positions_increase(self, open_journal: OpenJournal) -> None:
        """Positions are positive and strictly increasing, and the newest is the tip."""
        journal = open_journal()

        positions = [journal.append(frames(1, first=n), count=1, received_ms=n) for n in range(5)]

        assert positions[0] > 0
        assert positions == sorted(set(positions))
        assert journal.tip() == positions[-1]
        journal.close()

    def test_reading_goes_on_behind_a_position(self, open_journal: OpenJournal) -> None:
        """A reader that starts behind position n gets all later batches in order, and each once."""
        journal = open_journal()
        positions = [journal.append(frames(1, first=n), count=1, received_ms=n) for n in range(6)]

        rest = journal.read(positions[2], limit_bytes=1 << 20)

        assert [batch.position for batch in rest] == positions[3:]
        assert journal.read(positions[-1], limit_bytes=1 << 20) == []
        journal.close()

    def test_a_read_is_bounded_and_makes_progress(self, open_journal: OpenJournal) -> None:
        """A read stops near its limit of bytes, but gives at least one batch however large it is."""
        journal = open_journal()
        for number in range(10):
            journal.append(frames(10, payload_bytes=1000), count=10, received_ms=number)

        one = journal.read(0, limit_bytes=1)
        some = journal.read(0, limit_bytes=25_000)

        assert len(one) == 1
        assert 2 <= len(some) <= 4
        journal.close()

    def test_a_journal_opened_again_goes_on(self, open_journal: OpenJournal) -> None:
        """After closing and opening, the batches are there and the next position is higher."""
        journal = open_journal()
        first = journal.append(frames(2), count=2, received_ms=1)
        journal.close()

        journal = open_journal()
        second = journal.append(frames(2, first=2), count=2, received_ms=2)

        assert second > first
        assert [batch.position for batch in journal.read(0, limit_bytes=1 << 20)] == [first, second]
        assert journal.quarantined_batches == 0
        journal.close()

    def test_a_journal_says_who_it_is(self, open_journal: OpenJournal) -> None:
        """The word is the same after closing and opening, and while it is read and written."""
        journal = open_journal()
        journal.append(frames(1), count=1, received_ms=1)
        word = journal.identity()
        journal.close()

        journal = open_journal()

        assert word
        assert journal.identity() == word
        journal.close()

    def test_what_a_reader_has_before_it_is_counted(self, open_journal: OpenJournal) -> None:
        """The messages behind a position are counted without reading them."""
        journal = open_journal()
        positions = [journal.append(frames(3, first=n), count=3, received_ms=n) for n in range(5)]

        counts = [journal.count_messages(position) for position in (0, *positions)]

        assert counts == [15, 12, 9, 6, 3, 0]
        journal.close()

    def test_many_appliances_are_read_back_in_the_order_of_arrival(self, open_journal: OpenJournal) -> None:
        """However many appliances a batch holds, its frames come back byte for byte as they were appended."""
        journal = open_journal()
        pieces = [piece for number in range(40) for piece in frames(5, first=5 * number, appliance=f"f{number}")]
        pieces = pieces[::3] + pieces[1::3] + pieces[2::3]

        journal.append(pieces[:90], count=90, received_ms=1)
        journal.append(pieces[90:], count=110, received_ms=2)

        first, second = journal.read(0, limit_bytes=1 << 20)
        assert first.frames == b"".join(pieces[:90])
        assert second.frames == b"".join(pieces[90:])
        journal.close()

    def test_frames_of_every_length_are_kept(self, open_journal: OpenJournal) -> None:
        """Empty payloads, the largest of the contract, and a batch of several megabytes come back as they were."""
        journal = open_journal()
        pieces = [frames(1, payload_bytes=n)[0] for n in (0, 80, 81, 82, 83, 84, 127, 128, 16_300, 16_400, 60 * 1024)]
        large = [piece for number in range(50) for piece in frames(1, first=number, payload_bytes=60 * 1024)]

        journal.append(pieces, count=len(pieces), received_ms=1)
        journal.append(large, count=len(large), received_ms=2)

        assert [batch.frames for batch in journal.read(0, limit_bytes=1 << 24)] == [b"".join(pieces), b"".join(large)]
        journal.close()

    def test_a_batch_without_messages_stands_in_its_place(self, open_journal: OpenJournal) -> None:
        """That nothing has come until some time is a batch like any other, in its order and with its time."""
        journal = open_journal()
        positions = [journal.append(frames(1), count=1, received_ms=1), journal.append([], count=0, received_ms=61_001)]
        positions.append(journal.append(frames(1, first=1), count=1, received_ms=70_000))

        read = journal.read(0, limit_bytes=1 << 20)

        assert [(batch.position, batch.received_ms, batch.count) for batch in read] == list(
            zip(positions, (1, 61_001, 70_000), (1, 0, 1), strict=True)
        )
        assert read[1].frames == b""
        assert journal.count_messages(positions[0]) == 1
        journal.close()

    def test_the_oldest_position_is_never_behind_what_is_read_first(self, open_journal: OpenJournal) -> None:
        """An empty journal's oldest position is 0; later it is at most that of the first batch that a read gives."""
        journal = open_journal()
        before = journal.oldest()
        positions = [journal.append(frames(1, first=n), count=1, received_ms=n) for n in range(4)]

        assert before == 0
        assert 0 < journal.oldest() <= positions[0]
        journal.close()

    def test_a_sound_journal_has_no_trouble_and_may_show_cursors(self, open_journal: OpenJournal) -> None:
        """Nothing is said against a journal that works, and showing it the readers' cursors changes nothing."""
        journal = open_journal()
        positions = [journal.append(frames(1, first=n), count=1, received_ms=n) for n in range(3)]

        journal.show_cursors({"store": positions[0], "detect": positions[2], "desk": 0})

        assert journal.trouble() is None
        assert [batch.position for batch in journal.read(0, limit_bytes=1 << 20)] == positions
        journal.close()

    def test_size_is_told(self, open_journal: OpenJournal) -> None:
        """A journal with batches takes room, and says how much."""
        journal = open_journal()
        journal.append(frames(100), count=100, received_ms=1)

        assert journal.size_bytes() > 0
        journal.close()

    def test_pruning_keeps_what_is_still_needed(self, open_journal: OpenJournal) -> None:
        """Pruning below a position never drops a batch at or above it."""
        journal = open_journal()
        positions = [journal.append(frames(5, first=n), count=5, received_ms=n) for n in range(10)]

        journal.prune(positions[6])

        kept = [batch.position for batch in journal.read(0, limit_bytes=1 << 20)]
        assert kept[-4:] == positions[6:]
        journal.close()
