"""zigbee2mqtt: states, availability in both forms, and what is passed over."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingest.sample import StatusState
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign.devices import Device, DeviceBook
from ingest.wire.foreign.zigbee2mqtt import Zigbee2MqttCodec
from ingest.wire.message import Message
from ingest.wire.status import CLEARED, StatusMessage
from ingest.wire.telemetry import TelemetryMessage, WireSample

GOLDEN = Path(__file__).parent / "golden"
DEVICE = Device("fridge")
TS = 1795256032000


def decode(payload: bytes, topic: str = "zigbee2mqtt/kitchen/fridge", device: Device = DEVICE) -> Message | None:
    """One payload."""
    return Zigbee2MqttCodec().decode(topic, payload, device)


@pytest.mark.parametrize(
    ("name", "metrics", "ts_ms"),
    [
        (
            "z2m_plug",
            {"current_a": 0.44, "energy_kwh": 3.19, "linkquality": 134, "power_w": 92, "state": 1, "voltage_v": 230},
            TS,
        ),
        (
            "z2m_sensor",
            {"battery_pct": 97, "humidity_pct": 61.4, "linkquality": 102, "pressure_hpa": 1013.2, "temperature_c": 4.61, "voltage_v": 3.015},
            TS + 123,
        ),
        (
            "z2m_strip",
            {"child_lock": 0, "power_l1_w": 12.5, "power_l2_w": 0, "state_l1": 1, "state_l2": 0, "occupancy": 0},
            TS + 250,
        ),
    ],
)  # fmt: skip
def test_a_state_becomes_a_sample(name: str, metrics: dict[str, float], ts_ms: int) -> None:
    """Numbers and states under their names with units, at ``last_seen`` in each of its forms."""
    message = decode((GOLDEN / f"{name}.json").read_bytes())

    assert message == TelemetryMessage((WireSample(metrics, ts_ms),))


def test_times_without_zone_and_without_time() -> None:
    """``last_seen`` without zone is the device's; without it the time of arrival counts."""
    berlin = Device("fridge", timezone=ZoneInfo("Europe/Berlin"))

    local = decode(b'{"power": 1, "last_seen": "2026-11-21T11:13:52"}', device=berlin)
    bare = decode(b'{"power": 1}')

    assert local == TelemetryMessage((WireSample({"power_w": 1.0}, TS),))
    assert bare == TelemetryMessage((WireSample({"power_w": 1.0}),))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"online", StatusMessage(StatusState.ONLINE)),
        (b'{"state": "offline"}', StatusMessage(StatusState.OFFLINE)),
        (b"", CLEARED),
    ],
)
def test_availability_in_both_forms(payload: bytes, expected: StatusMessage) -> None:
    """Availability is a status, as text or as an object; an empty one clears it."""
    assert decode(payload, "zigbee2mqtt/kitchen/fridge/availability") == expected


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("zigbee2mqtt/fridge", "zigbee2mqtt/fridge"),
        ("zigbee2mqtt/kitchen/fridge/availability", "zigbee2mqtt/kitchen/fridge"),
        ("zigbee2mqtt/availability", "zigbee2mqtt/availability"),
        ("zigbee2mqtt/bridge/state", ""),
        ("zigbee2mqtt/bridge", ""),
        ("zigbee2mqtt/fridge/set", ""),
        ("zigbee2mqtt/fridge/get/power", ""),
        ("zigbee2mqtt//fridge", ""),
        ("zigbee2mqtt", None),
        ("other/fridge", None),
    ],
)
def test_whose_a_topic_is(topic: str, device: str | None) -> None:
    """A name may hold slashes; the bridge and commands are nobody's."""
    assert Zigbee2MqttCodec().device_of(topic) == device


@pytest.mark.parametrize("said", ['"soon"', "true", "-1", '"0001-01-01T00:00:00"'])
def test_a_time_that_is_none_is_the_arrival(said: str) -> None:
    """One odd field loses only itself."""
    message = decode(f'{{"power": 1, "last_seen": {said}}}'.encode())

    assert message == TelemetryMessage((WireSample({"power_w": 1.0}),))


def test_an_unmapped_name_keeps_its_folders() -> None:
    """Two fridges in two rooms are two appliances."""
    assert DeviceBook().of("zigbee2mqtt/kitchen/fridge 1", ("zigbee2mqtt",)) == Device("kitchen_fridge_1")


@pytest.mark.parametrize("payload", [b"21.5", b"ON", b"", b'{"action": "single"}', b'{"update": {"state": "idle"}}'])
def test_what_is_no_measurement_is_passed_over(payload: bytes) -> None:
    """Single attributes, actions and updates are sound, and nothing for us; so is whatever the bridge says."""
    assert decode(payload) is None
    assert decode(b"\xff{", "zigbee2mqtt/bridge/logging") is None


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("zigbee2mqtt/f", b'{"power": 1', RefusalReason.NOT_JSON),
        ("zigbee2mqtt/f", b"\xff", RefusalReason.NOT_UTF8),
        ("zigbee2mqtt/f", b"[1]", RefusalReason.SCHEMA),
        ("zigbee2mqtt/f", b"x" * 70_000, RefusalReason.TOO_LARGE),
        ("zigbee2mqtt/f", b'{"power": "much"}', RefusalReason.SCHEMA),
        ("zigbee2mqtt/f/availability", b"perhaps", RefusalReason.SCHEMA),
        ("zigbee2mqtt/f/availability", b'{"state": 4}', RefusalReason.SCHEMA),
        ("zigbee2mqtt/f/availability", b"\xff", RefusalReason.NOT_UTF8),
    ],
)
def test_garbage_is_refused(topic: str, payload: bytes, reason: RefusalReason) -> None:
    """Bad input has one reason."""
    with pytest.raises(Refused) as caught:
        decode(payload, topic, Device("f", timezone=ZoneInfo("Europe/Berlin")))

    assert caught.value.reason is reason
