"""Shelly, second generation and later: notifications as the devices send them, laid over what is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign import shelly
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.shelly import ShellyCodec
from ingest.wire.telemetry import TelemetryMessage, WireSample

GOLDEN = Path(__file__).parent / "golden"
TOPIC = "shellyplus1pm-a8032abe54dc/events/rpc"
DEVICE = Device("plug")
FULL = {
    "input": 0.0, "output": 1.0, "power_w": 92.4, "voltage_v": 231.7, "frequency_hz": 50.0, "current_a": 0.441,
    "power_factor": 0.9, "energy_kwh": 3.185226, "device_temperature_c": 41.3,
}  # fmt: skip


def golden(name: str) -> bytes:
    """A recorded payload."""
    return (GOLDEN / f"{name}.json").read_bytes()


def sample(codec: ShellyCodec, payload: bytes, topic: str = TOPIC) -> WireSample:
    """The one sample of a payload."""
    message = codec.decode(topic, payload, DEVICE)
    assert isinstance(message, TelemetryMessage)
    (one,) = message.samples
    return one


def status(component: str, value: str) -> bytes:
    """A NotifyStatus of one component."""
    return f'{{"method": "NotifyStatus", "params": {{"ts": 1795256099.5, "{component}": {value}}}}}'.encode()


def test_a_full_status_becomes_a_sample() -> None:
    """All that a plug measures, with the unit behind the name, energy in kWh, at the device's own time."""
    one = sample(ShellyCodec(), golden("shelly_full"))

    assert one == WireSample(FULL, 1795256032120)


def test_a_partial_update_is_laid_over_what_is_known() -> None:
    """What has not changed is not sent again, and still holds."""
    codec = ShellyCodec()
    sample(codec, golden("shelly_full"))

    one = sample(codec, golden("shelly_partial"))

    assert one == WireSample(FULL | {"power_w": 120.9, "current_a": 0.57}, 1795256065020)


def test_without_a_full_status_a_sample_holds_what_was_said() -> None:
    """A decoder that begins in the middle says less, and nothing wrong; each device has its own state."""
    codec = ShellyCodec()
    sample(codec, golden("shelly_full"), "other/events/rpc")

    assert sample(codec, golden("shelly_partial")).metrics == {"power_w": 120.9, "current_a": 0.57}


def test_null_takes_a_value_away_and_a_full_status_begins_anew() -> None:
    """A key that disappears is told by null; what a full status does not name is gone."""
    codec = ShellyCodec()
    sample(codec, golden("shelly_full"))

    less = sample(codec, status("switch:0", '{"voltage": null, "temperature": null}'))
    fresh = sample(codec, b'{"method": "NotifyFullStatus", "params": {"ts": 1795256100, "switch:0": {"apower": 1}}}')

    assert less.metrics == {name: FULL[name] for name in FULL if name not in ("voltage_v", "device_temperature_c")}
    assert fresh.metrics == {"power_w": 1.0}


def test_three_phases_and_their_sum() -> None:
    """A three-phase meter gives the total plainly and each phase with its letter."""
    metrics = sample(ShellyCodec(), golden("shelly_em")).metrics

    assert metrics["power_w"] == 2484.782
    assert (metrics["power_a_w"], metrics["power_b_w"], metrics["power_c_w"]) == (951.2, -951.1, 715.4)
    assert (metrics["voltage_c_v"], metrics["current_n_a"], metrics["power_factor_a"]) == (236.402, 11.029, 1.0)
    assert (metrics["energy_kwh"], metrics["energy_returned_kwh"]) == (305.0105, 0.012)


def test_channels_have_their_numbers() -> None:
    """Channel 0 has plain names, the others their number before the unit."""
    metrics = sample(ShellyCodec(), golden("shelly_4pm")).metrics

    assert metrics == {
        "output": 1.0, "power_w": 5.1, "output_2": 0.0, "power_2_w": 0.0, "energy_2_kwh": 12.0, "current_a": 0.1,
        "temperature_100_c": 4.6, "humidity_100_pct": 61.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "payload",
    [
        golden("shelly_event"),
        status("cloud", '{"connected": false}'),
        b'{"method": "NotifyStatus", "params": {"ts": 1}}',
        b'{"method": "SomethingNew", "params": 4}',
    ],
)
def test_what_measures_nothing_is_passed_over(payload: bytes) -> None:
    """Events, the cloud's state and new methods are sound, and nothing for us."""
    assert ShellyCodec().decode(TOPIC, payload, DEVICE) is None


@pytest.mark.parametrize("said", ["12.4", '"now"', "1e400", "true", "[1]"])
def test_a_device_without_the_time_gets_ours(said: str) -> None:
    """Before it knows the time a device counts from its start: then the time of arrival counts, as for what is no time."""
    payload = f'{{"method": "NotifyStatus", "params": {{"ts": {said}, "switch:0": {{"apower": 1}}}}}}'.encode()

    assert sample(ShellyCodec(), payload).ts_ms is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"online", RefusalReason.NOT_JSON),
        (b"[]", RefusalReason.SCHEMA),
        (b"{}", RefusalReason.SCHEMA),
        (b'{"method": "NotifyStatus"}', RefusalReason.SCHEMA),
        (status("switch:0", "4"), RefusalReason.SCHEMA),
        (status("switch:x", "{}"), RefusalReason.SCHEMA),
        (status("switch:9999", "{}"), RefusalReason.SCHEMA),
        (status("switch:0", '{"apower": "92"}'), RefusalReason.SCHEMA),
        (status("switch:0", '{"apower": true}'), RefusalReason.SCHEMA),
        (status("switch:0", '{"aenergy": 4}'), RefusalReason.SCHEMA),
    ],
)
def test_garbage_is_refused(payload: bytes, reason: RefusalReason) -> None:
    """Bad input has one reason, and leaves what is known as it was."""
    codec = ShellyCodec()
    sample(codec, golden("shelly_full"))

    with pytest.raises(Refused) as caught:
        codec.decode(TOPIC, payload, DEVICE)

    assert caught.value.reason is reason
    assert sample(codec, golden("shelly_partial")).metrics == FULL | {"power_w": 120.9, "current_a": 0.57}


def test_whose_a_topic_is() -> None:
    """The prefix of the topic names the device."""
    codec = ShellyCodec()

    assert codec.device_of(TOPIC) == "shellyplus1pm-a8032abe54dc"
    assert codec.device_of("house/cellar/shelly1/events/rpc") == "house/cellar/shelly1"
    assert codec.device_of("/events/rpc") is None
    assert codec.device_of("shelly/status/switch:0") is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more devices than the bound those that spoke last are remembered."""
    monkeypatch.setattr(shelly, "DEVICES_MAX", 2)
    codec = ShellyCodec()
    for name in ("a", "b", "a", "c"):
        sample(codec, golden("shelly_full"), f"{name}/events/rpc")

    assert len(sample(codec, golden("shelly_partial"), "a/events/rpc").metrics) == len(FULL)
    assert len(sample(codec, golden("shelly_partial"), "b/events/rpc").metrics) == 2
