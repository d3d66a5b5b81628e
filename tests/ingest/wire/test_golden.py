"""The wire, version 1, payload by payload: the files in golden/v1 are what appliances in the field say and hear."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.sample import EventType, ResultState, StatusState
from ingest.wire import command, event, result, status, telemetry
from ingest.wire.command import AckMessage, CommandClass, CommandMessage, NackMessage
from ingest.wire.dead_letter import RefusalReason
from ingest.wire.event import EventMessage
from ingest.wire.message import Spoken, decode
from ingest.wire.result import ResultMessage
from ingest.wire.status import StatusMessage
from ingest.wire.telemetry import TelemetryMessage, WireSample
from ingest.wire.topic import Channel, Topic

GOLDEN = Path(__file__).parent / "golden"
BOOT = "6f1c2a9b3d4e5f60"
TS = 1795293552250
MINUTE = 60_000

FROM_APPLIANCE: dict[str, tuple[Channel, Spoken]] = {
    "telemetry_contract": (
        Channel.TELEMETRY,
        TelemetryMessage(
            (WireSample({"power_w": 92.4, "fresh_food_c": 4.3, "door_open": 0.0}, TS, "cooling", "1182", 7123456),),
            BOOT,
            1841,
        ),
    ),
    "telemetry_single": (
        Channel.TELEMETRY,
        TelemetryMessage(
            (WireSample({"power_w": 92.4, "fresh_food_c": 4.3}, TS, "cooling", "1182", 7123456),), BOOT, 1841
        ),
    ),
    "telemetry_batch": (
        Channel.TELEMETRY,
        TelemetryMessage(
            (WireSample({"power_w": 92.4}, TS, "cooling"), WireSample({"power_w": 3.5}, TS + 5 * MINUTE, "idle")),
            BOOT,
            1842,
        ),
    ),
    "telemetry_without_boot": (Channel.TELEMETRY, TelemetryMessage((WireSample({"power_w": 92.4}, TS),))),
    "telemetry_newer_firmware": (
        Channel.TELEMETRY,
        TelemetryMessage((WireSample({"power_w": 92.4, "sparkle_lx": 7.0}, TS),), BOOT, 1843, unknown_keys=1),
    ),
    "event_error_code": (Channel.EVENT, EventMessage(EventType.ERROR_CODE, BOOT, 1844, TS, "E07")),
    "event_cycle_finished": (
        Channel.EVENT,
        EventMessage(EventType.CYCLE_FINISHED, BOOT, 1845, TS, data={"cycle": "1182", "energy_kwh": 0.62}),
    ),
    "event_part_replaced": (
        Channel.EVENT,
        EventMessage(EventType.PART_REPLACED, ts_ms=TS, data={"component": "drain_pump", "sku": "WM-PMP-01"}),
    ),
    "event_setting_changed": (
        Channel.EVENT,
        EventMessage(EventType.SETTING_CHANGED, data={"name": "fresh_food_set_c", "from": 5, "to": 3}),
    ),
    "status_birth": (
        Channel.STATUS,
        StatusMessage(
            StatusState.ONLINE, TS, None, 300.0, "RF-210", "S-1", "1.4.2", "north", ("buffer", "snapshot.read")
        ),
    ),
    "status_sleep": (Channel.STATUS, StatusMessage(StatusState.SLEEPING, until_ms=1795327200000)),
    "status_will": (Channel.STATUS, StatusMessage(StatusState.OFFLINE)),
    "result_succeeded": (
        Channel.RESULT,
        ResultMessage("c-17", ResultState.SUCCEEDED, TS, data={"mode": "idle", "metrics": {"power_w": 3.5}}),
    ),
    "result_rejected": (Channel.RESULT, ResultMessage("c-18", ResultState.REJECTED, TS, "door is open")),
}
NOT_AS_WE_WRITE = {"telemetry_contract", "telemetry_newer_firmware"}


def _payload(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes()


def _encode(message: Spoken) -> bytes:
    match message:
        case TelemetryMessage():
            return telemetry.encode_telemetry(message)
        case EventMessage():
            return event.encode_event(message)
        case StatusMessage():
            return status.encode_status(message)
        case ResultMessage():
            return result.encode_result(message)


@pytest.mark.parametrize("name", FROM_APPLIANCE)
def test_golden_payload_of_an_appliance(name: str) -> None:
    """Each payload of version 1 is read as it always was."""
    channel, expected = FROM_APPLIANCE[name]

    assert decode(Topic("refrigerator", "f1", channel), _payload(name)) == expected


@pytest.mark.parametrize("name", sorted(FROM_APPLIANCE.keys() - NOT_AS_WE_WRITE))
def test_golden_payload_is_written_the_same(name: str) -> None:
    """Our appliance side writes version 1 byte for byte."""
    assert _encode(FROM_APPLIANCE[name][1]) == _payload(name)


COMMANDS = {
    "command_consent_show": CommandMessage(
        "c-16",
        "s-4",
        "consent.show",
        CommandClass.R0,
        TS,
        TS + 15 * MINUTE,
        {"code": "482913", "expires_at": "2026-11-21T20:54:12.250Z", "scope": "read"},
    ),
    "command_snapshot_read": CommandMessage(
        "c-17", "s-4", "snapshot.read", CommandClass.R0, TS, TS + MINUTE, {}, "bm9uZQ=="
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_golden_command(name: str) -> None:
    """A command is written byte for byte as version 1 says, and an appliance reads what was meant."""
    assert command.encode_command(COMMANDS[name]) == _payload(name)
    assert command.decode_command(_payload(name)) == COMMANDS[name]


def test_golden_ack_and_nack() -> None:
    """Acks and nacks are written and read as version 1 says, also where boot and seq could not be read."""
    ack = AckMessage(BOOT, 1844)
    nack = NackMessage(BOOT, 1845, RefusalReason.SCHEMA)
    unreadable = NackMessage(None, None, RefusalReason.NOT_JSON)

    assert command.encode_ack(ack) == _payload("ack")
    assert command.decode_ack(_payload("ack")) == ack
    assert command.encode_nack(nack) == _payload("nack")
    assert command.decode_nack(_payload("nack")) == nack
    assert command.encode_nack(unreadable) == _payload("nack_unreadable")
    assert command.decode_nack(_payload("nack_unreadable")) == unreadable


def test_every_golden_file_is_tested() -> None:
    """No golden file stands there unread."""
    used = FROM_APPLIANCE.keys() | COMMANDS.keys() | {"ack", "nack", "nack_unreadable"}
    foreign = {"tasmota_sensor", "tasmota_state"}

    assert {path.stem for path in GOLDEN.glob("*.json")} == used | foreign
