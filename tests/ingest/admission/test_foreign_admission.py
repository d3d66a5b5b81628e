"""Foreign devices through admission: who is registered, what repeats, and what is read back from the journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.admission.admission import Admission, AdmissionSettings, Admitted
from ingest.books.books import FILE_NAME, Books
from ingest.feed.admitted import decode_admitted
from ingest.sample import SampleFlag
from ingest.store.embedded import EmbeddedStore
from ingest.store.line_protocol import encode_block
from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.discovery import Discovery
from tests.ingest.admission.bench import NOW

DESCRIPTION = b'{"stat_t": "wm/state", "name": "Power", "unit_of_meas": "W", "val_tpl": "{{ value_json.p }}"}'


class Foreign:
    """Admission with all codecs, and a second decoder that reads back what was sent."""

    def __init__(self, folder: Path) -> None:
        self.discovery = Discovery()
        self.books = Books.open(folder / FILE_NAME)
        decoder = BatchDecoder(codecs=codecs_of(list(CODECS), self.discovery))
        self.admission = Admission(self.books, decoder, settings=AdmissionSettings())
        self.reader = BatchDecoder(codecs=codecs_of(list(CODECS), self.discovery, is_learning=False))
        self.position = 0

    def send(self, *messages: tuple[str, object], is_retained: bool = False) -> Admitted:
        """Judge one batch; it reads back the same."""
        topics = [topic for topic, _ in messages]
        payloads = [body if isinstance(body, bytes) else json.dumps(body).encode() for _, body in messages]
        retained = [is_retained] * len(topics)
        self.position += 1
        admitted = self.admission.admit(self.position, NOW, topics, payloads, retained)
        again = decode_admitted(self.reader, admitted.judgement, topics, payloads, retained)
        assert [(b.kind, list(b.appliance_ids), b.metrics) for b in again.blocks] == [
            (b.kind, list(b.appliance_ids), b.metrics) for b in admitted.batch.blocks
        ]
        return admitted

    def registered(self) -> set[str]:
        """Every appliance that the books know."""
        with self.books.snapshot() as connection:
            return {row[0] for row in connection.execute("SELECT id FROM appliance")}


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Foreign]:
    """Admission over empty books."""
    made = Foreign(tmp_path)
    yield made
    made.books.close()


def test_what_carries_nothing_registers_nobody(foreign: Foreign) -> None:
    """The bridge, commands, attributes without a number and descriptions are good, refused by nothing, and nobody's."""
    admitted = foreign.send(
        ("zigbee2mqtt/bridge/devices", [{"friendly_name": "fridge"}]),
        ("zigbee2mqtt/fridge/set", {"state": "ON"}),
        ("zigbee2mqtt/fridge/color", {"x": 0.3}),
        ("tele/plug/SENSOR", {"RC": {"Protocol": "NEC"}}),
        ("plug/events/rpc", {"method": "NotifyEvent", "params": {}}),
        ("homeassistant/sensor/wm/config", DESCRIPTION),
    )

    assert admitted.refused == {}
    assert foreign.registered() == set()


def test_a_device_may_say_several_things_at_one_time(foreign: Foreign) -> None:
    """Two notifications of one moment are two, one that comes again is one: times of foreign devices name no message."""
    first = {"method": "NotifyStatus", "params": {"ts": NOW / 1000, "switch:0": {"apower": 1}}}
    second = {"method": "NotifyStatus", "params": {"ts": NOW / 1000, "switch:1": {"apower": 2}}}

    admitted = foreign.send(("plug/events/rpc", first), ("plug/events/rpc", second), ("plug/events/rpc", second))

    assert admitted.refused == {}
    assert (len(admitted.batch.blocks[0]), admitted.duplicates) == (2, 1)


def test_a_described_topic_is_read_from_the_next_batch_on(foreign: Foreign) -> None:
    """A topic is nobody's until a description names it; then its values are stored, and read back alike."""
    before = foreign.send(("wm/state", {"p": 1}))
    foreign.send(("homeassistant/sensor/wm/config", DESCRIPTION))
    after = foreign.send(("wm/state", {"p": 92.5}))
    foreign.send(("homeassistant/sensor/wm/config", b""))
    gone = foreign.send(("wm/state", {"p": 1}))

    assert before.refused == gone.refused == {"unknown_topic": 1}
    (block,) = after.batch.blocks
    assert list(block.appliance_ids) == ["wm"]
    assert block.values[:, block.metrics.index("power_w")].tolist() == [92.5]
    assert foreign.registered() == {"wm"}


def test_a_bad_message_is_kept_with_one_reason(foreign: Foreign) -> None:
    """Bad input of each convention is a dead letter, and good input beside it is stored."""
    admitted = foreign.send(
        ("zigbee2mqtt/fridge", b'{"power": '),
        ("plug/events/rpc", {"method": "NotifyStatus", "params": {"switch:0": {"apower": "x"}}}),
        ("homeassistant/sensor/wm/config", b"\xff"),
        ("tele/plug/SENSOR", {"ENERGY": 4}),
        ("zigbee2mqtt/fridge", {"power": 4}),
    )

    assert admitted.refused == {"not_json": 1, "schema": 2, "not_utf8": 1}
    assert [len(block) for block in admitted.batch.blocks] == [1]


PLUG = "tele/st1/SENSOR"


def _energy(power: int, second: int = 0) -> bytes:
    """A Tasmota plug at a second of the minute before now."""
    return b'{"Time": "2026-11-21T20:38:%02d", "ENERGY": {"Power": %d, "Total": 1}}' % (second, power)


def test_two_messages_of_one_time_are_two_rows(foreign: Foreign, tmp_path: Path) -> None:
    """Case B1: 10 W and 2000 W of one second are two rows of every store, whichever batch they came in, and repeated none more."""
    first = foreign.send((PLUG, _energy(10)), (PLUG, _energy(2000)))
    again = foreign.send((PLUG, _energy(2000)), (PLUG, _energy(10)), (PLUG, _energy(30)))

    store = EmbeddedStore.open(tmp_path / "telemetry.db")
    for admitted in (first, again, first):
        store.write(admitted.batch.blocks)
    series = store.read("generic", "st1", ("power_w",), start_ms=NOW - 90_000, end_ms=NOW)

    assert (first.duplicates, again.duplicates) == (0, 2)
    assert series.values["power_w"].tolist() == [10.0, 2000.0, 30.0]
    assert len(set(first.batch.blocks[0].time_ns().tolist())) == 2
    assert len({line.rsplit(b" ", 1)[1] for line in encode_block(first.batch.blocks[0])}) == 2
    store.close()


def test_the_same_time_after_a_restart(foreign: Foreign) -> None:
    """What was said at a time before is remembered in the books: a repetition is one, another content a further row."""
    foreign.send((PLUG, _energy(10)))
    foreign.admission.forget()

    admitted = foreign.send((PLUG, _energy(10)), (PLUG, _energy(11)))

    assert admitted.duplicates == 1
    assert admitted.judgement.offsets == ((1, 1),)


def test_retained_without_a_time_is_no_news(foreign: Foreign) -> None:
    """Case RT: what the broker repeats of a device that gives no time, or one of long ago, is no sample, and registers nobody."""
    old = b'{"Time": "2024-01-01T00:00:00", "ENERGY": {"Power": 5}}'
    admitted = foreign.send(("zigbee2mqtt/fridge", {"power": 4}), (PLUG, old), is_retained=True)

    assert (admitted.batch.blocks, admitted.refused) == ((), {})
    assert foreign.registered() == set()


def test_retained_with_a_time_is_a_sample_of_then(foreign: Foreign) -> None:
    """It is stored once at its own time, flagged as no sign of life, however often the broker repeats it."""
    admitted = foreign.send((PLUG, _energy(10)), is_retained=True)
    again = foreign.send((PLUG, _energy(10)), is_retained=True)

    (block,) = admitted.batch.blocks
    assert block.flags.tolist() == [SampleFlag.RETAINED]
    assert NOW - 90_000 < block.ts_ms[0] < NOW
    assert (again.batch.blocks, again.duplicates) == ((), 1)
