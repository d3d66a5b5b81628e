"""Foreign devices through admission: who is registered, what repeats, and what is read back from the journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.admission.admission import Admission, AdmissionSettings, Admitted
from ingest.books.books import FILE_NAME, Books
from ingest.feed.admitted import decode_admitted
from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.discovery import Discovery
from tests.ingest.admission_bench import NOW

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

    def send(self, *messages: tuple[str, object]) -> Admitted:
        """Judge one batch; it reads back the same."""
        topics = [topic for topic, _ in messages]
        payloads = [body if isinstance(body, bytes) else json.dumps(body).encode() for _, body in messages]
        retained = [False] * len(topics)
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
    """The bridge, commands, single attributes and descriptions are good, refused by nothing, and nobody's."""
    admitted = foreign.send(
        ("zigbee2mqtt/bridge/devices", [{"friendly_name": "fridge"}]),
        ("zigbee2mqtt/fridge/set", {"state": "ON"}),
        ("zigbee2mqtt/fridge/temperature", b"4.5"),
        ("tele/plug/SENSOR", {"AM2301": {"Temperature": 21}}),
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
        ("plug/events/rpc", {"method": "NotifyStatus", "params": {"switch:0": 4}}),
        ("homeassistant/sensor/wm/config", b"\xff"),
        ("tele/plug/SENSOR", {"ENERGY": 4}),
        ("zigbee2mqtt/fridge", {"power": 4}),
    )

    assert admitted.refused == {"not_json": 1, "schema": 2, "not_utf8": 1}
    assert [len(block) for block in admitted.batch.blocks] == [1]
