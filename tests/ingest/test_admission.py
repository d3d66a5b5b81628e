"""Admission: each message is judged once, by the contract, and the books say the same after any restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.admission import Admission, AdmissionSettings, Admitted
from ingest.admitted import decode_admitted
from ingest.books import FILE_NAME, Books, BooksError, Entry
from ingest.dead_letters import KeptLetter, list_dead_letters
from ingest.event_time import DAY_MS
from ingest.ledger import GAP_GIVEN_UP_MS, LedgerRow
from ingest.registry import Registry
from ingest.sample import AdmittedBatch, SampleFlag
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import Reason
from ingest.wire.foreign import codecs_of

NOW = 1_795_293_552_250
TWO_SAMPLES = [{"ts": NOW, "metrics": {"new_c": 1}}, {"metrics": {"water_c": 4}}]
WASHER = "fettle/v1/washing_machine/w1"


class Bench:
    """Admission over real books in a folder; ``send`` is one journal batch."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.settings = AdmissionSettings(**settings)
        self.now = NOW
        self.position = 0
        self.sent: list[tuple[int, int, list[str], list[bytes]]] = []
        self.start()

    def start(self) -> None:
        """Open the books as after a start of the process."""
        self.books = Books.open(self.folder / FILE_NAME)
        self.admission = Admission(self.books, BatchDecoder(codecs=codecs_of(["tasmota"])), settings=self.settings)

    def restart(self) -> None:
        """Forget all memory."""
        self.books.close()
        self.start()

    def send(self, *messages: tuple[str, Any]) -> Admitted:
        """Judge one batch of (topic, payload); a payload that is no bytes is written as JSON."""
        topics = [topic for topic, _ in messages]
        payloads = [body if isinstance(body, bytes) else json.dumps(body).encode() for _, body in messages]
        self.position += 1
        self.now += 100
        self.sent.append((self.position, self.now, topics, payloads))
        return self.admission.admit(self.position, self.now, topics, payloads, [False] * len(topics))

    def telemetry(
        self, seq: int | None = None, *, boot: str = "b1", power: float = 1.0, **more: Any
    ) -> tuple[str, Any]:
        """A message of the washer."""
        head = {} if seq is None else {"boot": boot, "seq": seq}
        return f"{WASHER}/telemetry", head | {"metrics": {"power_w": power}} | more

    def ledger(self, appliance_id: str = "w1") -> list[LedgerRow]:
        """The rows of one appliance."""
        return list(self.books.ledger_rows(appliance_id))

    def letters(self) -> list[KeptLetter]:
        """All dead letters."""
        with self.books.snapshot() as connection:
            return list(list_dead_letters(connection))

    def read_back(self, at: int) -> AdmittedBatch:
        """A batch sent before, decoded again by its judgement."""
        position, _, topics, payloads = self.sent[at]
        judgement = self.books.judgement(position)
        assert judgement is not None
        decoder = BatchDecoder(codecs=codecs_of(["tasmota"]))
        return decode_admitted(decoder, judgement, topics, payloads, [False] * len(topics))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Admission over empty books."""
    made = Bench(tmp_path)
    yield made
    made.books.close()


def _row(boot: str | None, max_seq: int | None, counts: tuple[int, int, int | None, int]) -> LedgerRow:
    return LedgerRow("w1", boot, max_seq, counts[0], counts[1], counts[2], counts[3])


def _assert_equal(one: AdmittedBatch, other: AdmittedBatch) -> None:
    assert replace(one, blocks=()) == replace(other, blocks=())
    assert len(one.blocks) == len(other.blocks)
    for mine, theirs in zip(one.blocks, other.blocks, strict=True):
        assert (mine.kind, mine.metrics, list(mine.appliance_ids)) == (
            theirs.kind,
            theirs.metrics,
            list(theirs.appliance_ids),
        )
        assert (list(mine.modes), list(mine.cycles), mine.received_ms) == (
            list(theirs.modes),
            list(theirs.cycles),
            theirs.received_ms,
        )
        for name in ("ts_ms", "values", "seq", "index", "flags"):
            assert np.array_equal(getattr(mine, name), getattr(theirs, name), equal_nan=name == "values"), name
        assert mine.metrics_json is not None
        assert theirs.metrics_json is not None
        assert [json.loads(text) for text in mine.metrics_json] == [json.loads(text) for text in theirs.metrics_json]


def test_ordinary_messages_are_stored(bench: Bench) -> None:
    """Messages in order are good, stand in the block with their values, and close the ledger."""
    admitted = bench.send(*[bench.telemetry(seq, power=seq * 10.0, ts=NOW) for seq in range(5)])

    (block,) = admitted.batch.blocks
    assert block.values[:, block.metrics.index("power_w")].tolist() == [0.0, 10.0, 20.0, 30.0, 40.0]
    assert block.seq.tolist() == [0, 1, 2, 3, 4]
    assert admitted.judgement.codes is None
    assert bench.ledger() == [_row("b1", 4, (5, 0, 0, 0))]
    assert bench.books.cursor("admit") == 1


def test_repeated_message_is_a_duplicate(bench: Bench) -> None:
    """A message that comes again, in the same batch, a later one, or after a restart, counts once."""
    first = bench.send(bench.telemetry(0), bench.telemetry(0), bench.telemetry(1))
    second = bench.send(bench.telemetry(1), bench.telemetry(2))
    bench.restart()
    third = bench.send(bench.telemetry(0), bench.telemetry(2), bench.telemetry(3))

    assert [len(admitted.batch.blocks[0]) for admitted in (first, second, third)] == [2, 1, 1]
    assert (first.duplicates, second.duplicates, third.duplicates) == (1, 1, 2)
    assert bench.ledger() == [_row("b1", 3, (4, 0, 0, 4))]


def test_gap_is_counted_and_closed(bench: Bench) -> None:
    """A missing seq is a gap until it comes, in whatever order."""
    bench.send(bench.telemetry(0), bench.telemetry(5))
    open_gap = bench.ledger()
    bench.send(bench.telemetry(3), bench.telemetry(1))
    bench.restart()
    bench.send(bench.telemetry(4), bench.telemetry(2), bench.telemetry(6))

    assert open_gap == [_row("b1", 5, (2, 0, 4, 0))]
    assert bench.ledger() == [_row("b1", 6, (7, 0, 0, 0))]


def test_each_boot_has_its_row(bench: Bench) -> None:
    """Boots are accounted for one by one, also when their messages come mixed, and more of them than memory holds."""
    for boot in range(9):
        bench.send(*[bench.telemetry(seq, boot=f"b{boot}") for seq in range(2)])
    bench.send(*[bench.telemetry(2, boot=f"b{boot}") for boot in range(9)])

    rows = {row.boot: row for row in bench.ledger()}

    assert rows == {f"b{boot}": _row(f"b{boot}", 2, (3, 0, 0, 0)) for boot in range(9)}


def test_boot_left_in_mid_batch_is_accounted_for(bench: Bench) -> None:
    """What a boot sent just before another boot of the same appliance spoke is in the books with that very batch."""
    bench.send(bench.telemetry(0, boot="b1"))
    bench.send(bench.telemetry(1, boot="b1"), bench.telemetry(2, boot="b1"), bench.telemetry(0, boot="b2"))
    bench.restart()

    assert bench.ledger() == [_row("b1", 2, (3, 0, 0, 0)), _row("b2", 0, (1, 0, 0, 0))]


def test_other_content_is_equivocation(bench: Bench) -> None:
    """The same identity with other content is dead-lettered, told to the appliance, and outside the ledger."""
    bench.send(bench.telemetry(0, power=1.0), bench.telemetry(1, power=2.0))
    admitted = bench.send(bench.telemetry(1, power=3.0))

    assert admitted.refused == {Reason.EQUIVOCATION: 1}
    assert not admitted.batch.blocks
    assert [json.loads(said.payload) for said in admitted.nacks] == [{"boot": "b1", "seq": 1, "reason": "equivocation"}]
    assert bench.ledger() == [_row("b1", 1, (2, 0, 0, 0))]
    assert [letter.reason for letter in bench.letters()] == [Reason.EQUIVOCATION]


def test_refused_seq_is_dead_lettered(bench: Bench) -> None:
    """A refused message with a readable identity is accounted for; repeated, it is a duplicate and no second letter."""
    bad = (f"{WASHER}/telemetry", b'{"boot": "b1", "seq": 1, "metrics": {}}')
    first = bench.send(bench.telemetry(0), bad, bench.telemetry(2))
    second = bench.send(bad)

    assert first.refused == {Reason.SCHEMA: 1}
    assert second.duplicates == 1
    assert first.nacks[0].topic == f"{WASHER}/nack"
    assert bench.ledger() == [_row("b1", 2, (2, 1, 0, 1))]
    assert [(letter.reason, letter.payload) for letter in bench.letters()] == [(Reason.SCHEMA, bad[1])]


def test_unreadable_stays_in_the_gap(bench: Bench) -> None:
    """A message whose identity can't be read stands in the dead letters only; its seq stays in the gap."""
    admitted = bench.send(bench.telemetry(0), (f"{WASHER}/telemetry", b"nonsense"), bench.telemetry(2))

    assert json.loads(admitted.nacks[0].payload) == {"boot": None, "seq": None, "reason": "not_json"}
    assert bench.ledger() == [_row("b1", 2, (2, 0, 1, 0))]


def test_unknown_topic_has_no_appliance(bench: Bench) -> None:
    """A message under a topic of nobody is kept with its reason, and nobody is told."""
    admitted = bench.send(("somewhere/else", b"{}"))

    assert admitted.nacks == ()
    assert [letter.reason for letter in bench.letters()] == [Reason.UNKNOWN_TOPIC]
    assert list(bench.books.ledger_rows()) == []


def test_spoofed_identity_is_refused(bench: Bench) -> None:
    """A payload that claims to be another appliance is refused; an id keeps the kind under which it was first seen."""
    claimed = bench.send(bench.telemetry(0), bench.telemetry(1, appliance_id="w2"))
    other_kind = bench.send(("fettle/v1/dryer/w1/telemetry", {"boot": "b1", "seq": 2, "metrics": {"power_w": 1}}))

    assert claimed.refused == other_kind.refused == {Reason.IDENTITY_MISMATCH: 1}
    assert bench.ledger() == [_row("b1", 2, (1, 2, 0, 0))]


def test_only_registered_appliances_without_auto_register(tmp_path: Path) -> None:
    """With auto-registration off an unknown appliance is refused until it is added, and a retired one again."""
    bench = Bench(tmp_path, is_auto_registering=False)
    registry = Registry(bench.books)

    unknown = bench.send(bench.telemetry(0))
    registry.add("w1", "washing_machine", now_ms=bench.now)
    known = bench.send(bench.telemetry(1), bench.telemetry(2))
    registry.retire("w1", now_ms=bench.now)
    retired = bench.send(bench.telemetry(3), bench.telemetry(4))

    assert unknown.refused == {Reason.UNKNOWN_APPLIANCE: 1}
    assert known.refused == {}
    assert retired.refused == {Reason.UNKNOWN_APPLIANCE: 2}
    assert bench.ledger() == [_row("b1", 4, (2, 3, 0, 0))]
    bench.books.close()


def test_first_sight_registers(bench: Bench) -> None:
    """An unknown appliance that publishes is registered under its kind; garbage alone registers nobody."""
    bench.send(bench.telemetry(0), ("fettle/v1/dryer/d1/telemetry", b"garbage"))

    assert [(item.appliance_id, item.kind) for item in Registry(bench.books).list()] == [("w1", "washing_machine")]


def test_wrong_time_is_refused_or_redated(bench: Bench) -> None:
    """A time out of range is set by up-time where this boot gave a good one before, else the message is refused."""
    old = NOW - 40 * DAY_MS
    first = bench.send(bench.telemetry(0, ts=old, up_ms=1000))
    second = bench.send(
        bench.telemetry(1, ts=NOW, up_ms=5000), bench.telemetry(2, ts=old, up_ms=7000), bench.telemetry(3, ts=old)
    )

    (block,) = second.batch.blocks
    assert first.refused == second.refused == {Reason.TIME_OUT_OF_RANGE: 1}
    assert block.ts_ms.tolist() == [NOW, NOW + 2000]
    assert [SampleFlag(flag) for flag in block.flags.tolist()] == [SampleFlag.NONE, SampleFlag.REDATED]
    assert bench.ledger() == [_row("b1", 3, (2, 2, 0, 0))]


def test_anchor_survives_a_restart(bench: Bench) -> None:
    """What a boot's up-time meant is remembered over a restart of the service."""
    bench.send(bench.telemetry(0, ts=NOW, up_ms=5000))
    bench.restart()

    admitted = bench.send(bench.telemetry(1, ts=0, up_ms=6000))

    assert admitted.batch.blocks[0].ts_ms.tolist() == [NOW + 1000]


@pytest.mark.parametrize(
    ("ts_ms", "is_good"), [(-31 * DAY_MS, True), (-31 * DAY_MS - 1, False), (300_000, True), (300_001, False)]
)
def test_edges_of_the_window(bench: Bench, ts_ms: int, is_good: bool) -> None:
    """The acceptance window is 31 days back and 5 minutes ahead of arrival, both ends included."""
    admitted = bench.send(bench.telemetry(0, ts=NOW + 100 + ts_ms))

    assert (admitted.refused == {}) is is_good


def test_time_of_arrival_stands_in(bench: Bench) -> None:
    """A message without time gets the time of its arrival, flagged."""
    (block,) = bench.send(bench.telemetry(0), bench.telemetry(1)).batch.blocks

    assert block.ts_ms.tolist() == [NOW + 100] * 2
    assert set(block.flags.tolist()) == {int(SampleFlag.ARRIVAL_TIME)}
    assert len(set(block.time_ns().tolist())) == 2


def test_client_without_boot_is_known_by_time(bench: Bench) -> None:
    """(id, ts) identifies a message of a client that counts nothing, also over a restart."""
    bench.send(bench.telemetry(ts=NOW, power=1.0), bench.telemetry(ts=NOW + 1, power=2.0))
    bench.restart()
    again = bench.send(bench.telemetry(ts=NOW, power=1.0), bench.telemetry(ts=NOW + 1, power=3.0))

    assert again.duplicates == 1
    assert again.refused == {Reason.EQUIVOCATION: 1}
    assert bench.ledger() == [_row(None, None, (2, 0, None, 1))]


def test_client_without_boot_and_time_is_never_a_duplicate(bench: Bench) -> None:
    """Equal messages without any identity are each stored, a millisecond apart."""
    first = bench.send(*[bench.telemetry()] * 3)
    bench.now -= 100
    second = bench.send(bench.telemetry())

    times = [ts for admitted in (first, second) for ts in admitted.batch.blocks[0].ts_ms.tolist()]
    assert times == [NOW + 100, NOW + 101, NOW + 102, NOW + 103]
    assert bench.ledger() == [_row(None, None, (4, 0, None, 0))]
    _assert_equal(bench.read_back(0), first.batch)


def test_refused_message_of_a_client_without_boot(bench: Bench) -> None:
    """A client that counts nothing has its refused messages in its one row."""
    bench.send(bench.telemetry(ts=NOW), bench.telemetry(ts=0), (f"{WASHER}/telemetry", {"metrics": {}}))

    assert bench.ledger() == [_row(None, None, (1, 2, None, 0))]


def test_events_share_the_counter(bench: Bench) -> None:
    """Telemetry and events of a boot are one sequence."""
    event = {"boot": "b1", "seq": 1, "type": "error_code", "code": "E07", "ts": NOW}
    admitted = bench.send(
        bench.telemetry(0), (f"{WASHER}/event", event), bench.telemetry(2), (f"{WASHER}/event", event)
    )

    assert [(item.code, item.seq, item.ts_ms) for item in admitted.batch.events] == [("E07", 1, NOW)]
    assert bench.ledger() == [_row("b1", 2, (3, 0, 0, 1))]


def test_status_and_result_pass_outside_the_ledger(bench: Bench) -> None:
    """Statuses and results carry no identity: each is handed on and none is counted."""
    admitted = bench.send(
        (f"{WASHER}/status", {"state": "online", "ts": NOW, "model": "M"}),
        (f"{WASHER}/status", b""),
        (f"{WASHER}/result", {"id": "c1", "state": "accepted", "ts": NOW}),
        (f"{WASHER}/result", {"id": "c1", "state": "accepted", "ts": 0}),
    )

    assert [(item.state, item.model) for item in admitted.batch.statuses] == [("online", "M"), (None, None)]
    assert [item.command_id for item in admitted.batch.results] == ["c1", "c1"]
    assert bench.ledger() == []


def _acks(bench: Bench, after_ms: int = 0) -> list[dict[str, Any]]:
    bench.now += after_ms
    return [json.loads(said.payload) for said in bench.admission.acks_due(bench.now)]


def test_ack_for_appliances_that_buffer(bench: Bench) -> None:
    """After a birth with `buffer` the appliance hears what is durable, at most every two seconds; others hear nothing."""
    bench.send(bench.telemetry(0))
    silent = _acks(bench)
    bench.send((f"{WASHER}/status", {"state": "online", "capabilities": ["buffer"]}), bench.telemetry(1))
    first = _acks(bench)
    bench.send(bench.telemetry(2))
    too_early = _acks(bench)
    later = _acks(bench, 2000)
    nothing_new = _acks(bench, 2000)
    bench.restart()
    bench.send(bench.telemetry(2))
    repeated = _acks(bench)

    assert silent == too_early == nothing_new == []
    assert first == [{"boot": "b1", "upto": 1}]
    assert later == repeated == [{"boot": "b1", "upto": 2}]


def test_ack_stops_at_a_gap_for_ten_minutes(bench: Bench) -> None:
    """`upto` halts before a missing seq, passes refused ones, and gives the gap up ten minutes later."""
    bench.send((f"{WASHER}/status", {"state": "online", "capabilities": ["buffer"]}))
    bad = (f"{WASHER}/telemetry", b'{"boot": "b1", "seq": 1, "metrics": {}}')
    bench.send(bench.telemetry(0), bad, bench.telemetry(5), bench.telemetry(6))
    before = _acks(bench)
    waiting = _acks(bench, GAP_GIVEN_UP_MS // 2)
    given_up = _acks(bench, GAP_GIVEN_UP_MS // 2)
    bench.send(bench.telemetry(3))
    late = _acks(bench, 2000)

    assert before == [{"boot": "b1", "upto": 1}]
    assert waiting == []
    assert given_up == late == [{"boot": "b1", "upto": 6}]


def test_old_boot_is_acked_too(bench: Bench) -> None:
    """What an appliance still holds of an earlier boot is acked for that boot."""
    bench.send((f"{WASHER}/status", {"state": "online", "capabilities": ["buffer"]}))
    bench.send(bench.telemetry(0, boot="b1"), bench.telemetry(0, boot="b2"), bench.telemetry(1, boot="b1"))

    acks = _acks(bench) + _acks(bench, 2000)

    assert sorted(acks, key=lambda ack: ack["boot"]) == [{"boot": "b1", "upto": 1}, {"boot": "b2", "upto": 0}]


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
        _assert_equal(bench.read_back(at), admitted.batch)
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
    assert bench.ledger() == [_row("b1", 2, (3, 0, 0, 0))]
    books.close()


def test_ledger_is_exact_beside_a_running_service(bench: Bench) -> None:
    """Another reader sees every batch as soon as it is admitted, though rows are written only now and then."""
    for seq in range(150):
        bench.send(bench.telemetry(seq))
        reader = Books.open(bench.folder / FILE_NAME, read_only=True)
        assert list(reader.ledger_rows()) == [_row("b1", seq, (seq + 1, 0, 0, 0))]
        reader.close()


@pytest.mark.parametrize("seed", range(12))
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
        for row in bench.ledger():
            known = expected[str(row.boot)]
            states = list(known.values())
            assert row.max_seq == max(known)
            assert (row.stored, row.dead_lettered) == (states.count("stored"), states.count("dead"))
            assert row.max_seq + 1 == row.stored + row.dead_lettered + (row.gap or 0)
    bench.books.close()
