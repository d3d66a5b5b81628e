"""A foreign message means when it is read again what it meant when it was admitted, whatever was said since."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.admission.admission import Admission
from ingest.books.books import FILE_NAME, Books, BooksError, Entry
from ingest.feed.admitted import decode_admitted
from ingest.sample import AdmittedBatch
from ingest.wire.columns import BatchDecoder
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.discovery import Discovery
from tests.examples import tries
from tests.ingest.admission.bench import NOW, assert_equal

Message = tuple[str, bytes, bool]


class Full(Books):
    """Books whose disk is full for the next ``failures`` batches."""

    failures = 0

    def commit(self, entry: Entry) -> None:
        """Fail, or write."""
        if self.failures:
            self.failures -= 1
            raise BooksError("no space left")
        super().commit(entry)


APART_MS = 1000
"""Batches lie so far apart: no killed process is back within the millisecond in which it was killed."""


class House:
    """A service that admits foreign messages, and readers of any age beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent: list[tuple[int, list[Message], AdmittedBatch]] = []
        self.start()

    def start(self) -> None:
        """As after a start of the process: whatever codecs remember is read back from the books."""
        self.discovery = Discovery()
        books = Full.open(self.folder / FILE_NAME)
        assert isinstance(books, Full)
        self.books = books
        codecs = codecs_of(list(CODECS), self.discovery)
        self.admission = Admission(self.books, BatchDecoder(codecs=codecs, remembering=(self.discovery,)))

    def reader(self) -> BatchDecoder:
        """The decoder of another thread."""
        return BatchDecoder(codecs=codecs_of(list(CODECS), self.discovery, is_learning=False))

    def admit(self, batch: list[Message], *, failures: int = 0) -> None:
        """Judge one batch; ``failures`` times the books can't be written first."""
        position = len(self.sent) + 1
        topics, payloads, retained = _columns(batch)
        self.books.failures = failures
        for _ in range(failures):
            with pytest.raises(BooksError):
                self.admission.admit(position, NOW + position * APART_MS, topics, payloads, retained)
        admitted = self.admission.admit(position, NOW + position * APART_MS, topics, payloads, retained)
        self.sent.append((position, batch, admitted.batch))

    def read(self, decoder: BatchDecoder, place: int, *, is_kept: bool = True) -> AdmittedBatch:
        """One batch again; where ``is_kept`` is off, as of books that never kept what was meant."""
        position, batch, _ = self.sent[place]
        judgement = self.books.judgement(position)
        assert judgement is not None
        if not is_kept:
            judgement = replace(judgement, meanings=None)
        return decode_admitted(decoder, judgement, *_columns(batch))


def _columns(batch: list[Message]) -> tuple[list[str], list[bytes], list[bool]]:
    return [topic for topic, _, _ in batch], [payload for _, payload, _ in batch], [held for _, _, held in batch]


values = st.floats(-5, 3000, allow_nan=False).map(lambda number: round(number, 3))
seconds = st.integers(0, 50).map(lambda number: number + NOW // 1000 - 60)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


@st.composite
def tasmota(draw: st.DrawFn) -> Message:
    """What a Tasmota plug says."""
    name = draw(st.sampled_from(["plug", "washer"]))
    if draw(st.integers(0, 4)) == 0:
        return f"tele/{name}/LWT", draw(st.sampled_from([b"Online", b"Offline", b"?"])), draw(st.booleans())
    body: dict[str, Any] = {"ENERGY": {"Power": draw(values), "Total": draw(values)}}
    if draw(st.booleans()):
        body["Time"] = f"2026-11-21T20:38:{draw(st.integers(0, 59)):02d}"
    return f"tele/{name}/SENSOR", _json(body), draw(st.booleans())


@st.composite
def shelly(draw: st.DrawFn) -> Message:
    """Changes and whole states of a Shelly."""
    name = draw(st.sampled_from(["plug1", "plug2"]))
    method = draw(st.sampled_from(["NotifyStatus", "NotifyStatus", "NotifyFullStatus", "NotifyEvent"]))
    fields = draw(st.dictionaries(st.sampled_from(["apower", "voltage", "current"]), values | st.none(), max_size=3))
    params = {"ts": draw(seconds), f"switch:{draw(st.integers(0, 1))}": fields}
    return f"{name}/events/rpc", _json({"method": method, "params": params}), False


@st.composite
def zigbee2mqtt(draw: st.DrawFn) -> Message:
    """States and presence of devices behind a bridge."""
    name = draw(st.sampled_from(["fridge", "kitchen/plug", "kitchen/power"]))
    if draw(st.integers(0, 4)) == 0:
        listed = draw(st.lists(st.sampled_from(["kitchen", "kitchen/power", "fridge"]), unique=True))
        return "zigbee2mqtt/bridge/devices", _json([{"friendly_name": one} for one in listed]), draw(st.booleans())
    if draw(st.integers(0, 4)) == 0:
        said = draw(st.sampled_from([b"online", b"offline", b'{"state": "online"}', b""]))
        return f"zigbee2mqtt/{name}/availability", said, draw(st.booleans())
    body = draw(st.dictionaries(st.sampled_from(["power", "state", "temperature", "odd one"]), values, min_size=1))
    if draw(st.booleans()):
        body["last_seen"] = draw(seconds) * 1000
    return f"zigbee2mqtt/{name}", _json(body), draw(st.booleans())


@st.composite
def homeassistant(draw: st.DrawFn) -> Message:
    """Descriptions, described anew and taken back, and what is said under the topics that they name."""
    way = draw(st.integers(0, 3))
    if way == 0:
        node = draw(st.sampled_from(["wm", "dryer", "house"]))
        config = {
            "stat_t": draw(st.sampled_from(["house/a", "house/b"])),
            "name": draw(st.sampled_from(["Power", "Other"])),
            "unit_of_meas": draw(st.sampled_from(["W", "kW", "°C"])),
            "val_tpl": "{{ value_json.p }}",
            "dev": draw(
                st.sampled_from(
                    [
                        {"ids": [node], "name": node},
                        {"ids": ["0815", node]},
                        {"ids": ["wm"], "cns": [["mac", "5c:cf:7f:00:11:22"]]},
                        {"cns": [["mac", "5ccf7f001122"]], "name": "wm"},
                    ]
                )
            ),
        }
        return f"homeassistant/sensor/{node}/p/config", draw(st.sampled_from([b"", _json(config), _json(config)])), True
    return draw(st.sampled_from(["house/a", "house/b"])), _json({"p": draw(values)}), draw(st.booleans())


SAYINGS = {"tasmota": tasmota, "shelly": shelly, "zigbee2mqtt": zigbee2mqtt, "homeassistant": homeassistant}


def test_every_codec_is_here() -> None:
    """A new convention gets its own sayings."""
    assert SAYINGS.keys() == set(CODECS)


@pytest.mark.hypothesis
@pytest.mark.parametrize("codec", SAYINGS)
def test_handed_on_is_read_back(codec: str) -> None:
    """Over any split, failures of the books, restarts, orders of readers, and changes of what is known of a device."""

    @settings(max_examples=tries(40), deadline=None)
    @given(st.data())
    def prove(data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as folder:
            house = House(Path(folder))
            for _ in range(data.draw(st.integers(1, 5))):
                batch = data.draw(st.lists(SAYINGS[codec](), min_size=1, max_size=6))
                house.admit(batch, failures=data.draw(st.sampled_from([0, 0, 1])))
                if data.draw(st.integers(0, 3)) == 0:
                    house.books.close()
                    house.start()
            decoders = [house.reader(), BatchDecoder()]
            for place in data.draw(st.permutations(range(len(house.sent)))):
                for decoder in decoders:
                    assert_equal(house.read(decoder, place), house.sent[place][2])
            house.books.close()

    prove()


@pytest.mark.hypothesis
@pytest.mark.parametrize("codec", SAYINGS)
def test_a_killed_process_forgets_nothing(codec: str) -> None:
    """Whatever is said after a kill means what it would have meant without one."""

    @settings(max_examples=tries(12), deadline=None)
    @given(st.data())
    def prove(data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            steady, killed = House(Path(one)), House(Path(other))
            for _ in range(data.draw(st.integers(2, 6))):
                batch = data.draw(st.lists(SAYINGS[codec](), min_size=1, max_size=4))
                steady.admit(batch)
                killed.books.close()
                killed.start()
                killed.admit(batch)
                assert_equal(killed.sent[-1][2], steady.sent[-1][2])
            steady.books.close()
            killed.books.close()

    prove()


DESCRIBED = "homeassistant/sensor/wm/p/config"


def _description(unit: str) -> bytes:
    config = {"stat_t": "house/a", "name": "Power", "unit_of_meas": unit, "val_tpl": "{{ value_json.p }}"}
    return _json({**config, "dev": {"ids": ["wm"], "name": "wm"}})


@pytest.mark.parametrize("anew", [_description("kW"), b""])
def test_a_new_description_changes_no_old_reading(tmp_path: Path, anew: bytes) -> None:
    """Case R: an entity in W is described anew in kW, or no more, while a reader is behind: 1600 W stay 1600 W."""
    house = House(tmp_path)
    house.admit([(DESCRIBED, _description("W"), True)])
    house.admit([("house/a", b'{"p": 1600}', False)])
    house.admit([(DESCRIBED, anew, True)])

    (block,) = house.read(house.reader(), 1).blocks
    guessed = house.read(house.reader(), 1, is_kept=False).blocks

    assert (list(block.appliance_ids), dict(zip(block.metrics, block.values[0].tolist(), strict=True))) == (
        ["wm"],
        {"power_w": 1600.0},
    )
    assert [found.values[0].tolist() for found in guessed] != [[1600.0]]
    house.books.close()


def test_what_is_said_of_a_topic_counts_from_the_next_message_on(tmp_path: Path) -> None:
    """Where a batch ends makes no difference: a list of names, or a description, is heeded within its batch."""
    house = House(tmp_path)
    house.admit([
        ("zigbee2mqtt/bridge/devices", b'[{"friendly_name": "cellar/power"}]', False),
        ("zigbee2mqtt/cellar/power", b'{"power": 7}', False),
        (DESCRIBED, _description("kW"), True),
        ("house/a", b'{"p": 1}', False),
        (DESCRIBED, _description("W"), True),
        ("house/a", b'{"p": 1}', False),
    ])  # fmt: skip

    said = [
        (who, value)
        for block in house.sent[0][2].blocks
        for who, row in zip(block.appliance_ids, block.values.tolist(), strict=True)
        for value in row
        if value == value  # noqa: PLR0124 - NaN is not itself
    ]

    assert said == [("cellar_power", 7.0), ("wm", 1000.0), ("wm", 1.0)]
    house.books.close()


def test_books_of_an_older_version_are_read_by_the_codecs(tmp_path: Path) -> None:
    """Where nothing was kept of what messages meant, the codecs are asked again."""
    house = House(tmp_path)
    house.admit([("tele/plug/SENSOR", b'{"ENERGY": {"Power": 12}}', False)])

    assert_equal(house.read(house.reader(), 0, is_kept=False), house.sent[0][2])
    house.books.close()
