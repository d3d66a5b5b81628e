"""Whatever comes under a foreign topic has a value, carries nothing, or has exactly one reason; nothing else is raised."""

from __future__ import annotations

import json
import math
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.sample import StatusState
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import Refused
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.devices import Device
from ingest.wire.message import Message
from ingest.wire.status import StatusMessage
from ingest.wire.telemetry import METRICS_MAX, TelemetryMessage, is_metric_name
from tests.examples import tries

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
TOPICS = (
    "tele/plug/SENSOR",
    "tele/plug/STATE",
    "tele/plug/LWT",
    "shellyplus1pm-a8032abe54dc/events/rpc",
    "zigbee2mqtt/kitchen/fridge",
    "zigbee2mqtt/kitchen/fridge/availability",
    "zigbee2mqtt/bridge/devices",
    "homeassistant/sensor/wm/power/config",
    "homeassistant/binary_sensor/wm_door/config",
    "homeassistant/device/fridge/config",
    "wm/laundry/state",
    "wm/laundry/status",
    "wm/laundry/door",
    "fridge/kitchen/state",
)
DESCRIPTIONS = {
    "homeassistant/sensor/wm/power/config": "ha_sensor_short",
    "homeassistant/binary_sensor/wm_door/config": "ha_door",
    "homeassistant/device/fridge/config": "ha_device",
}
DEVICES = {
    name: Device("washer", timezone=zone)
    for name, zone in (("tele/plug", ZoneInfo("Asia/Tokyo")), ("zigbee2mqtt/kitchen/fridge", UTC))
}

words = st.sampled_from(
    ["ENERGY", "Time", "Power", "method", "params", "NotifyStatus", "NotifyFullStatus", "ts", "switch:0", "em:0",
     "temperature:100", "apower", "aenergy", "total", "temperature", "tC", "last_seen", "state", "online", "power",
     "voltage", "battery", "~", "stat_t", "state_topic", "val_tpl", "{{ value_json.power }}", "name", "dev", "ids", "cmps",
     "p", "sensor", "avty", "t", "unit_of_meas", "kW", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "wm/laundry/state",
     "ON", "platform", "switch", "pl_on", "device", "dev_cla"]
)  # fmt: skip
leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(width=64) | words | st.text(max_size=8)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=6), inner, max_size=6)
)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Bytes of any kind: noise, JSON of the conventions' own words, recorded payloads with a piece cut or changed."""
    way = draw(st.integers(0, 2))
    if way == 0:
        return draw(st.binary(max_size=60))
    if way == 1:
        return json.dumps(draw(trees)).encode(errors="surrogatepass")
    good = draw(st.sampled_from(GOLDEN)).read_bytes()
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, min(len(good), start + 30)))
    return good[:start] + draw(st.binary(max_size=4) | words.map(str.encode)) + good[end:]


def is_well_formed(message: Message | None) -> bool:
    """Whether a value keeps what every value promises."""
    if message is None or isinstance(message, StatusMessage):
        return message is None or message.state is None or message.state in set(StatusState)
    assert isinstance(message, TelemetryMessage)
    (sample,) = message.samples
    return 1 <= len(sample.metrics) <= METRICS_MAX and all(
        is_metric_name(name) and math.isfinite(value) for name, value in sample.metrics.items()
    )


@settings(max_examples=tries(100))
@given(sent=st.lists(st.tuples(st.sampled_from(TOPICS), payloads()), min_size=1, max_size=8))
@example(sent=[("fridge/kitchen/state", b'{"temperature": -101}')])
def test_garbage_gives_exactly_one_reason(sent: list[tuple[str, bytes]]) -> None:
    """A batch of whatever is decoded whole: each message is a sound value, one that can't be, nothing, or refused with one reason."""
    decoder = BatchDecoder(codecs=codecs_of(list(CODECS)), devices=DEVICES)
    known = [(topic, (GOLDEN[0].parent / f"{name}.json").read_bytes()) for topic, name in DESCRIPTIONS.items()]
    decoder.decode([topic for topic, _ in known], [payload for _, payload in known])

    decoded = decoder.decode([topic for topic, _ in sent], [payload for _, payload in sent])

    rows = {int(number) for part in (*decoded.rows, *decoded.impossible) for number in part.message}
    for number in range(len(sent)):
        other = decoded.others.get(number)
        assert (number in rows) is (number not in decoded.others)
        assert isinstance(other, Refused) or number in rows or is_well_formed(other)


@pytest.mark.parametrize("name", CODECS)
@settings(max_examples=tries(200))
@given(data=st.data(), payload=payloads())
def test_each_codec_keeps_what_a_value_promises(name: str, data: st.DataObject, payload: bytes) -> None:
    """What a codec gives out has metrics with possible names and finite values, or is a status, or is nothing."""
    (codec,) = codecs_of([name])
    for topic, description in DESCRIPTIONS.items():
        if codec.device_of(topic) is not None:
            codec.decode(topic, (GOLDEN[0].parent / f"{description}.json").read_bytes(), DEVICES["tele/plug"])
    topics = [topic for topic in TOPICS if codec.device_of(topic) is not None]
    assert topics, f"no topic of {codec} stands in TOPICS: add one"
    topic = data.draw(st.sampled_from(topics))
    try:
        message = codec.decode(topic, payload, DEVICES["tele/plug"])
    except Refused:
        return
    assert is_well_formed(message)
