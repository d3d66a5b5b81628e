"""Admission: each message is judged once, by the contract, and the books say the same after any restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.admission import admission
from ingest.admission.admission import Admission
from ingest.admission.judge import Judge
from ingest.books.books import FILE_NAME, Books, BooksError, Entry
from ingest.books.ledger import LedgerRow
from ingest.books.registry import Registry
from ingest.feed.admitted import decode_admitted
from ingest.sample import SampleFlag
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.heard import UNSAID, Heard
from ingest.wire.foreign.tasmota import TasmotaCodec
from ingest.wire.message import Message
from tests.examples import some_of
from tests.ingest.admission.bench import NOW, TWO_SAMPLES, WASHER, Bench, assert_equal, row


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Admission over empty books."""
    made = Bench(tmp_path)
    yield made
    made.books.close()


def test_ordinary_messages_are_stored(bench: Bench) -> None:
    """Messages in order are good, stand in the block with their values, and close the ledger."""
    admitted = bench.send(*[bench.telemetry(seq, power=seq * 10.0, ts=NOW) for seq in range(5)])

    (block,) = admitted.batch.blocks
    assert block.values[:, block.metrics.index("power_w")].tolist() == [0.0, 10.0, 20.0, 30.0, 40.0]
    assert block.seq.tolist() == [0, 1, 2, 3, 4]
    assert admitted.judgement.codes is None
    assert bench.ledger() == [row("b1", 4, (5, 0, 0, 0))]
    assert bench.books.cursor("admit") == 1


def test_repeated_message_is_a_duplicate(bench: Bench) -> None:
    """A message that comes again, in the same batch, a later one, or after a restart, counts once."""
    first = bench.send(bench.telemetry(0), bench.telemetry(0), bench.telemetry(1))
    second = bench.send(bench.telemetry(1), bench.telemetry(2))
    bench.restart()
    third = bench.send(bench.telemetry(0), bench.telemetry(2), bench.telemetry(3))

    assert [len(admitted.batch.blocks[0]) for admitted in (first, second, third)] == [2, 1, 1]
    assert (first.duplicates, second.duplicates, third.duplicates) == (1, 1, 2)
    assert bench.ledger() == [row("b1", 3, (4, 0, 0, 4))]


def test_gap_is_counted_and_closed(bench: Bench) -> None:
    """A missing seq is a gap until it comes, in whatever order."""
    bench.send(bench.telemetry(0), bench.telemetry(5))
    open_gap = bench.ledger()
    bench.send(bench.telemetry(3), bench.telemetry(1))
    bench.restart()
    bench.send(bench.telemetry(4), bench.telemetry(2), bench.telemetry(6))

    assert open_gap == [row("b1", 5, (2, 0, 4, 0))]
    assert bench.ledger() == [row("b1", 6, (7, 0, 0, 0))]


def test_each_boot_has_itsrow(bench: Bench) -> None:
    """Boots are accounted for one by one, also when their messages come mixed, and more of them than memory holds."""
    for boot in range(9):
        bench.send(*[bench.telemetry(seq, boot=f"b{boot}") for seq in range(2)])
    bench.send(*[bench.telemetry(2, boot=f"b{boot}") for boot in range(9)])

    rows = {row.boot: row for row in bench.ledger()}

    assert rows == {f"b{boot}": row(f"b{boot}", 2, (3, 0, 0, 0)) for boot in range(9)}


def test_boot_left_in_mid_batch_is_accounted_for(bench: Bench) -> None:
    """What a boot sent just before another boot of the same appliance spoke is in the books with that very batch."""
    bench.send(bench.telemetry(0, boot="b1"))
    bench.send(bench.telemetry(1, boot="b1"), bench.telemetry(2, boot="b1"), bench.telemetry(0, boot="b2"))
    bench.restart()

    assert bench.ledger() == [row("b1", 2, (3, 0, 0, 0)), row("b2", 0, (1, 0, 0, 0))]


def test_other_content_is_equivocation(bench: Bench) -> None:
    """The same identity with other content is dead-lettered, told to the appliance, and outside the ledger."""
    bench.send(bench.telemetry(0, power=1.0), bench.telemetry(1, power=2.0))
    admitted = bench.send(bench.telemetry(1, power=3.0))

    assert admitted.refused == {RefusalReason.EQUIVOCATION: 1}
    assert not admitted.batch.blocks
    assert [json.loads(said.payload) for said in admitted.nacks] == [{"boot": "b1", "seq": 1, "reason": "equivocation"}]
    assert bench.ledger() == [row("b1", 1, (2, 0, 0, 0))]
    assert [letter.reason for letter in bench.letters()] == [RefusalReason.EQUIVOCATION]


def test_refused_seq_is_dead_lettered(bench: Bench) -> None:
    """A refused message with a readable identity is accounted for; repeated, it is a duplicate and no second letter."""
    bad = (f"{WASHER}/telemetry", b'{"boot": "b1", "seq": 1, "metrics": {}}')
    first = bench.send(bench.telemetry(0), bad, bench.telemetry(2))
    second = bench.send(bad)

    assert first.refused == {RefusalReason.SCHEMA: 1}
    assert second.duplicates == 1
    assert first.nacks[0].topic == f"{WASHER}/nack"
    assert bench.ledger() == [row("b1", 2, (2, 1, 0, 1))]
    assert [(letter.reason, letter.payload) for letter in bench.letters()] == [(RefusalReason.SCHEMA, bad[1])]


def test_unreadable_stays_in_the_gap(bench: Bench) -> None:
    """A message whose identity can't be read stands in the dead letters only; its seq stays in the gap."""
    admitted = bench.send(bench.telemetry(0), (f"{WASHER}/telemetry", b"nonsense"), bench.telemetry(2))

    assert json.loads(admitted.nacks[0].payload) == {"boot": None, "seq": None, "reason": "not_json"}
    assert bench.ledger() == [row("b1", 2, (2, 0, 1, 0))]


def test_unknown_topic_has_no_appliance(bench: Bench) -> None:
    """A message under a topic of nobody is kept with its reason, and nobody is told."""
    admitted = bench.send(("somewhere/else", b"{}"))

    assert admitted.nacks == ()
    assert [letter.reason for letter in bench.letters()] == [RefusalReason.UNKNOWN_TOPIC]
    assert list(bench.books.ledger_rows()) == []


def test_what_only_we_say_is_never_answered(bench: Bench) -> None:
    """Our own command, ack or nack that comes back is told in the dead letters, and not answered by another nack."""
    for channel in ("command", "ack", "nack"):
        admitted = bench.send((f"{WASHER}/{channel}", b'{"boot":"b1","upto":3}'))
        assert admitted.nacks == ()

    assert [letter.reason for letter in bench.letters()] == [RefusalReason.UNKNOWN_TOPIC] * 3


def test_spoofed_identity_is_refused(bench: Bench) -> None:
    """A payload that claims to be another appliance is refused; an id keeps the kind under which it was first seen."""
    claimed = bench.send(bench.telemetry(0), bench.telemetry(1, appliance_id="w2"))
    other_kind = bench.send(("fettle/v1/dryer/w1/telemetry", {"boot": "b1", "seq": 2, "metrics": {"power_w": 1}}))

    assert claimed.refused == other_kind.refused == {RefusalReason.IDENTITY_MISMATCH: 1}
    assert bench.ledger() == [row("b1", 2, (1, 2, 0, 0))]


def test_only_registered_appliances_without_auto_register(tmp_path: Path) -> None:
    """With auto-registration off an unknown appliance is refused until it is added, and a retired one again."""
    bench = Bench(tmp_path, is_auto_registering=False)
    registry = Registry(bench.books)

    unknown = bench.send(bench.telemetry(0))
    registry.add("w1", "washing_machine", now_ms=bench.now)
    known = bench.send(bench.telemetry(1), bench.telemetry(2))
    registry.retire("w1", now_ms=bench.now)
    retired = bench.send(bench.telemetry(3), bench.telemetry(4))

    assert unknown.refused == {RefusalReason.UNKNOWN_APPLIANCE: 1}
    assert known.refused == {}
    assert retired.refused == {RefusalReason.UNKNOWN_APPLIANCE: 2}
    assert bench.ledger() == [row("b1", 4, (2, 3, 0, 0))]
    bench.books.close()


def test_first_sight_registers(bench: Bench) -> None:
    """An unknown appliance that publishes is registered under its kind; garbage alone registers nobody."""
    bench.send(bench.telemetry(0), ("fettle/v1/dryer/d1/telemetry", b"garbage"))

    assert [(item.appliance_id, item.kind) for item in Registry(bench.books).list()] == [("w1", "washing_machine")]


def test_read_back_equals_what_was_handed_on(bench: Bench) -> None:
    """A batch decoded again from the journal by its judgement equals the one at the tip, whatever was in it."""
    mixed = [
        bench.telemetry(0, ts=NOW, up_ms=1000, mode="wash"),
        (f"{WASHER}/telemetry", b"garbage"),
        bench.telemetry(0, ts=NOW, up_ms=1000, mode="wash"),
        bench.telemetry(1, ts=5, up_ms=3000),
        (f"{WASHER}/telemetry", {"boot": "b1", "seq": 2, "samples": TWO_SAMPLES}),
        (f"{WASHER}/event", {"boot": "b1", "seq": 3, "type": "moved"}),
        ("fettle/v1/toaster/t1/telemetry", {"metrics": {"heat_c": 200}, "colour": "red"}),
        ("fettle/v1/toaster/t1/telemetry", {"metrics": {"heat_c": 210}}),
        ("tele/plug/SENSOR", {"Time": "2026-11-21T20:39:12", "ENERGY": {"Power": 92}}),
        ("tele/plug/LWT", b"Online"),
    ]
    sent = [bench.send(*mixed), bench.send(*mixed)]
    bench.restart()

    for at, admitted in enumerate(sent):
        assert_equal(bench.read_back(at), admitted.batch)
    assert [block.kind for block in sent[0].batch.blocks] == ["generic", "toaster", "washing_machine"]
    assert sent[0].batch.blocks[2].ts_ms.tolist() == [NOW, NOW + 2000, NOW, NOW + 100]


def test_unknown_metric_is_stored_and_flagged(bench: Bench) -> None:
    """A metric that the profile doesn't know is stored and flagged; a kind without profile knows none and flags none."""
    admitted = bench.send(
        (f"{WASHER}/telemetry", {"boot": "b", "seq": 0, "metrics": {"power_w": 1, "sparkle_lx": 7}}),
        (f"{WASHER}/telemetry", {"boot": "b", "seq": 1, "metrics": {"power_w": 1}}),
        ("fettle/v1/toaster/t1/telemetry", {"boot": "b", "seq": 0, "metrics": {"heat_c": 200}}),
    )

    toaster, washer = admitted.batch.blocks
    assert washer.metrics[-1] == "sparkle_lx"
    assert [bool(flag & SampleFlag.UNKNOWN_METRIC) for flag in washer.flags.tolist()] == [True, False]
    assert toaster.metrics == ("heat_c",)
    assert not toaster.flags[0] & SampleFlag.UNKNOWN_METRIC


class Fuse(TasmotaCodec):
    """A codec with a bug: one payload makes it fail."""

    def decode(self, topic: str, payload: bytes, device: Device, heard: Heard = UNSAID) -> Message | None:
        """Fail for `boom`."""
        if payload == b"boom":
            raise ZeroDivisionError
        return super().decode(topic, payload, device, heard)


def test_poison_is_set_aside(bench: Bench) -> None:
    """A message that makes the decoder fail is dead-lettered as poison; its neighbours pass, also when read back."""
    bench.admission = Admission(bench.books, BatchDecoder(codecs=[Fuse()]))

    admitted = bench.send(bench.telemetry(0), ("tele/plug/SENSOR", b"boom"), bench.telemetry(1))

    assert admitted.refused == {RefusalReason.POISON: 1}
    assert [letter.payload for letter in bench.letters()] == [b"boom"]
    assert bench.ledger() == [row("b1", 1, (2, 0, 0, 0))]
    _, _, topics, payloads = bench.sent[0]
    again = decode_admitted(BatchDecoder(codecs=[Fuse()]), admitted.judgement, topics, payloads, [False] * 3)
    assert_equal(again, admitted.batch)


class Trap(Judge):
    """A judge that fails at the payload ``trap``, until it has failed as often as ``failures`` says."""

    failures = 1_000_000
    seen = 0

    def look(self, number: int, checksum: int) -> None:
        """Fail at one appliance."""
        super().look(number, checksum)
        is_trap = self.decoded.sources[number].appliance_id == "trap" and number not in self.decoded.others
        if is_trap and Trap.seen < Trap.failures:
            Trap.seen += 1
            raise ZeroDivisionError("a defect")


@pytest.mark.parametrize("failures", [1, 1_000_000])
def test_failure_while_judging_is_poison_the_second_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """A message that can't be judged twice is dead-lettered alone, under its seq; what fails once passes."""
    monkeypatch.setattr(admission, "Judge", Trap)
    monkeypatch.setattr(Trap, "failures", failures)
    monkeypatch.setattr(Trap, "seen", 0)
    trap = "fettle/v1/dryer/trap/telemetry", {"boot": "t", "seq": 0, "metrics": {"power_w": 1}}
    bench.send(bench.telemetry(0))

    admitted = bench.send(bench.telemetry(1), trap, bench.telemetry(2))

    is_poison = failures > 1
    assert admitted.refused == ({RefusalReason.POISON: 1} if is_poison else {})
    assert len(admitted.nacks) == len(bench.letters()) == is_poison
    assert bench.ledger() == [row("b1", 2, (3, 0, 0, 0))]
    assert bench.ledger("trap") == [LedgerRow("trap", "t", 0, 1 - is_poison, int(is_poison), 0, 0)]
    assert_equal(bench.read_back(1), admitted.batch)
    bench.restart()
    assert bench.send(bench.telemetry(2)).duplicates == 1


class BrokenBooks(Books):
    """Books whose disk is full while ``is_full``."""

    is_full = False

    def commit(self, entry: Entry) -> None:
        """Refuse while the disk is full."""
        if self.is_full:
            raise BooksError("no space left")
        super().commit(entry)


def test_batch_that_could_not_be_kept_is_judged_again(tmp_path: Path) -> None:
    """After a failed commit nothing is remembered of the batch, and judging it again comes to the same."""
    bench = Bench(tmp_path)
    bench.send(bench.telemetry(0))
    bench.books.close()
    books = BrokenBooks.open(tmp_path / FILE_NAME)
    assert isinstance(books, BrokenBooks)
    bench.books, bench.admission = books, Admission(books, BatchDecoder())
    books.is_full = True

    with pytest.raises(BooksError):
        bench.send(bench.telemetry(1), bench.telemetry(2))
    books.is_full = False
    admitted = bench.send(bench.telemetry(1), bench.telemetry(2))

    assert admitted.duplicates == 0
    assert bench.ledger() == [row("b1", 2, (3, 0, 0, 0))]
    books.close()


def test_ledger_is_exact_beside_a_running_service(bench: Bench) -> None:
    """Another reader sees every batch as soon as it is admitted, though rows are written only now and then."""
    for seq in range(150):
        bench.send(bench.telemetry(seq))
        reader = Books.open(bench.folder / FILE_NAME, read_only=True)
        assert list(reader.ledger_rows()) == [row("b1", seq, (seq + 1, 0, 0, 0))]
        reader.close()


@pytest.mark.parametrize("seed", some_of(range(12), 4))
def test_ledger_law_holds_for_any_traffic(tmp_path: Path, seed: int) -> None:
    """max_seq + 1 = stored + dead_lettered + gap at any moment, whatever is lost, doubled, reordered or broken."""
    generator = np.random.default_rng(seed)
    bench = Bench(tmp_path)
    expected: dict[str, dict[int, str]] = {}
    for _ in range(40):
        messages = []
        for _ in range(int(generator.integers(1, 30))):
            boot = f"b{generator.integers(0, 6)}"
            known = expected.setdefault(boot, {})
            seq = max(0, len(known) + int(generator.integers(-5, 6)))
            is_bad = bool(generator.random() < 0.1) if seq not in known else known[seq] == "dead"
            known.setdefault(seq, "dead" if is_bad else "stored")
            messages.append(bench.telemetry(seq, boot=boot, mode=7 if is_bad else "wash"))
        bench.send(*messages)
        if generator.random() < 0.2:
            bench.restart()
        for found in bench.ledger():
            known = expected[str(found.boot)]
            states = list(known.values())
            assert found.max_seq == max(known)
            assert (found.stored, found.dead_lettered) == (states.count("stored"), states.count("dead"))
            assert found.max_seq + 1 == found.stored + found.dead_lettered + (found.gap or 0)
    bench.books.close()


def test_a_status_knows_what_follows_it_in_its_batch(bench: Bench) -> None:
    """Of one batch a status is told apart by whether good telemetry of its appliance stands behind it."""
    status = (f"{WASHER}/status", {"state": "offline"})
    other = ("fettle/v1/washing_machine/w2/telemetry", {"boot": "b", "seq": 0, "metrics": {"power_w": 1}})
    bad = (f"{WASHER}/telemetry", {"boot": "b1", "seq": 1, "metrics": {"power_w": "x"}})
    admitted = bench.send(status, bench.telemetry(0), status, other, bench.telemetry(0), bad)

    assert [one.is_followed for one in admitted.batch.statuses] == [True, False]
    assert_equal(bench.read_back(0), admitted.batch)
