"""The appliance's encoder against the service's decoder: two implementations of one contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.wire.event import EventMessage
from ingest.wire.message import decode
from ingest.wire.telemetry import TelemetryMessage
from ingest.wire.topic import Channel, Topic
from simulator.fleet import Fleet
from simulator.payload import PAYLOAD_BYTES_MAX, SAMPLES_MAX, SampleEncoder, encode_happening, pack
from simulator.physics import KINDS
from simulator.reports import Happening, Reports
from simulator.specification import FleetSpecification
from tests.simulator.made import START_MS, run_days


@pytest.mark.parametrize("kind", ["refrigerator", "washing_machine"])
def test_what_appliances_say_is_what_the_service_reads(specification: FleetSpecification, kind: str) -> None:
    """Every sample arrives with its time, mode, cycle and exactly the readings that were reported."""
    chunk = run_days(Fleet(specification, seed=4, appliances=6, start_ms=START_MS), 3, kind=kind)
    messages = pack(SampleEncoder(KINDS[kind].metrics).encode(chunk, ts_ms=chunk.ts_ms), boot="a1", seq=17)

    read = [decode(Topic(kind, "x1", Channel.TELEMETRY), message) for message in messages]

    samples: list[Any] = []
    for number, message in enumerate(read):
        assert isinstance(message, TelemetryMessage)
        assert (message.boot, message.seq) == ("a1", 17 + number)
        samples += message.samples
    assert len(samples) == len(chunk)
    for row, sample in enumerate(samples):
        there = {n: v for n, v in zip(chunk.metrics, chunk.values[row].tolist(), strict=True) if v == v}  # noqa: PLR0124  (NaN)
        assert {name: float(value) for name, value in sample.metrics.items()} == there
        assert sample.ts_ms == chunk.ts_ms[row]
        assert sample.mode == chunk.modes[chunk.mode[row]]
        assert sample.cycle == (str(chunk.cycle[row]) if chunk.cycle[row] else None)


@given(st.lists(st.integers(2, 3000), min_size=1, max_size=1200))
def test_messages_keep_within_their_limits(lengths: list[int]) -> None:
    """However long the samples are, no message is over 60 KiB or 512 samples, and nothing is lost or reordered."""
    samples = [b'{"n":%d,"x":"%s"}' % (number, b"y" * length) for number, length in enumerate(lengths)]

    messages = pack(samples, boot="b" * 32, seq=10**12)

    assert all(len(message) <= PAYLOAD_BYTES_MAX for message in messages)
    assert all(message.count(b'"n":') <= SAMPLES_MAX for message in messages)
    assert [part.split(b",")[0] for message in messages for part in message.split(b'"n":')[1:]] == [
        str(number).encode() for number in range(len(lengths))
    ]


def test_booleans_travel_as_booleans_and_counts_as_whole_numbers() -> None:
    """A door is true or false on the wire, a count has no decimal point, a missing reading is absent."""
    chunk = Reports(
        "refrigerator", ("door_open", "compressor_starts", "power_w"), ("idle",), np.zeros(1, np.int64),
        np.array([5]), np.zeros(1, np.int8), np.zeros(1, np.int64), np.array([[1.0, 7.0, np.nan]]),
    )  # fmt: skip

    assert SampleEncoder({name: KINDS[chunk.kind].metrics[name] for name in chunk.metrics}).encode(
        chunk, ts_ms=chunk.ts_ms
    ) == [b'{"ts":5,"mode":"idle","metrics":{"door_open":true,"compressor_starts":7}}']


def test_events_arrive_as_told() -> None:
    """An event reaches the service with its type, code, data and identity."""
    payload = encode_happening(Happening(0, 77_000, "error_code", "OE", {"cycle": "12"}), boot="c3", seq=4)

    event = decode(Topic("washing_machine", "w1", Channel.EVENT), payload)

    assert isinstance(event, EventMessage)
    assert (event.type, event.code, event.ts_ms, event.boot, event.seq) == ("error_code", "OE", 77_000, "c3", 4)
