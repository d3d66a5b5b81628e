"""Tasmota plugs beside our own wire: energy, state, last will, and the devices file that names them."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingest.sample import StatusState
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.foreign.devices import Device, DeviceBook, DevicesError, load_devices
from ingest.wire.foreign.tasmota import TasmotaCodec
from ingest.wire.status import CLEARED, StatusMessage
from ingest.wire.telemetry import TelemetryMessage, WireSample
from ingest.wire.timestamp import parse_ms

GOLDEN = Path(__file__).parents[1] / "golden"
TS = 1795293552000
DEVICE = Device("washer-1", "washing_machine")


def _decode(last: str, payload: bytes, device: Device = DEVICE) -> object:
    return TasmotaCodec().decode(f"tele/washer1/{last}", payload, device)


def test_energy_becomes_a_sample() -> None:
    """ENERGY gives all that it measures, at the plug's time taken as UTC; what follows from the total is left out."""
    payload = (GOLDEN / "tasmota_sensor.json").read_bytes()

    expected = {
        "power_w": 92.0, "voltage_v": 230.0, "current_a": 0.44, "energy_kwh": 3.185, "apparent_power_va": 101.0,
        "reactive_power_var": 41.0, "power_factor": 0.91,
    }  # fmt: skip
    assert _decode("SENSOR", payload) == TelemetryMessage((WireSample(expected, TS),))


def test_state_and_will_become_a_status() -> None:
    """STATE says the plug is there; the last will says whether it is; an empty one clears it."""
    assert _decode("STATE", (GOLDEN / "tasmota_state.json").read_bytes()) == StatusMessage(StatusState.ONLINE, TS)
    assert _decode("LWT", b"Online") == StatusMessage(StatusState.ONLINE)
    assert _decode("LWT", b"Offline") == StatusMessage(StatusState.OFFLINE)
    assert _decode("LWT", b"") == CLEARED


@pytest.mark.parametrize(
    ("last", "payload", "reason"),
    [
        ("LWT", b"Perhaps", RefusalReason.SCHEMA),
        ("LWT", b"x" * 70000, RefusalReason.TOO_LARGE),
        ("SENSOR", b"Online", RefusalReason.NOT_JSON),
        ("SENSOR", b"[]", RefusalReason.SCHEMA),
        ("SENSOR", b'{"ENERGY": 4}', RefusalReason.SCHEMA),
        ("SENSOR", b'{"ENERGY": {"Power": "much"}}', RefusalReason.SCHEMA),
        ("SENSOR", b'{"ENERGY": {"Power": "1_000"}}', RefusalReason.SCHEMA),
        ("SENSOR", b'{"ENERGY": {"Power": true}}', RefusalReason.SCHEMA),
        ("SENSOR", b'{"ENERGY": {"Power": 1, "Power": 2}}', RefusalReason.SCHEMA),
    ],
)
def test_garbage_is_refused(last: str, payload: bytes, reason: RefusalReason) -> None:
    """A plug's garbage is refused by the same order of reasons as ours."""
    with pytest.raises(Refused) as caught:
        _decode(last, payload)

    assert caught.value.reason is reason


@pytest.mark.parametrize("said", ["4", '"soon"', "true", '"1970-01-01T00:05:12"', '"0001-01-01T00:00:00"', "[1]"])
def test_a_time_that_is_none_is_the_arrival(said: str) -> None:
    """One odd field loses only itself: the readings stay, and count as said when they came."""
    message = _decode("SENSOR", f'{{"Time": {said}, "ENERGY": {{"Power": 92}}}}'.encode())

    assert message == TelemetryMessage((WireSample({"power_w": 92.0}),))


def test_what_measures_nothing_is_sound() -> None:
    """A message without a number carries nothing for us, and is no dead letter."""
    assert _decode("SENSOR", b'{"Time": "2026-11-21T20:39:12", "ENERGY": {"Power": null}}') is None
    assert _decode("SENSOR", b'{"Time": "2026-11-21T20:39:12", "RC": {"Protocol": "NEC"}}') is None


def test_devices_file_names_id_kind_and_zone(tmp_path: Path) -> None:
    """The devices file maps a plug to an appliance, and its zone applies to times without one."""
    path = tmp_path / "devices.toml"
    path.write_text('["tele/washer1"]\nid = "w1"\nkind = "washing_machine"\ntimezone = "Europe/Berlin"\n')
    devices = load_devices(path)
    decoder = BatchDecoder(codecs=codecs_of(["tasmota"]), devices=devices)

    decoded = decoder.decode(
        ["tele/washer1/SENSOR", "tele/Kitchen plug/SENSOR", "plugs/a/SENSOR"],
        [b'{"Time": "2026-11-21T21:39:12", "ENERGY": {"Power": 92}}'] * 3,
    )

    assert [(source.appliance_id, source.kind) for source in decoded.sources[:2]] == [
        ("w1", "washing_machine"),
        ("Kitchen_plug", "generic"),
    ]
    assert {rows.kind: rows.ts_ms.tolist() for rows in decoded.rows} == {
        "washing_machine": [TS],
        "generic": [TS + 3_600_000],
    }
    assert isinstance(decoded.others[2], Refused)
    assert decoded.others[2].reason is RefusalReason.UNKNOWN_TOPIC


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('["tele/x"]\nkind = "dryer"', "needs id"),
        ('["tele/x"]\nid = "a b"', "must be 1 to 64 characters"),
        ('["tele/x"]\nid = "a"\nkind = "Dryer"', "must be lower_snake"),
        ('["tele/x"]\nid = "a"\ntimezone = "Mars/Base"', "is unknown; write one such as"),
        ('["tele/x"]\nid = "a"\nzone = "UTC"', "unknown key 'zone'; known: id, kind, timezone"),
        ('["tele/x"', "can't be read"),
    ],
)
def test_broken_devices_file(tmp_path: Path, content: str, says: str) -> None:
    """A devices file that can't be used is refused with a sentence that says what to write."""
    path = tmp_path / "devices.toml"
    path.write_text(content)

    with pytest.raises(DevicesError, match=says):
        load_devices(path)


def test_names_that_are_no_id() -> None:
    """An unmapped device gets its name as id, in letters that an id may have, at most 64 of them."""
    book = DeviceBook()

    assert book.of("tele/Küche.1", ("tele",)) == Device("Kuche_1")
    assert len(book.of("tele/" + "x" * 90, ("tele",)).appliance_id) == 64


def test_unknown_codec_is_named() -> None:
    """A codec that isn't there is named together with those that are."""
    with pytest.raises(ValueError, match=f"unknown codec 'zwave'; known: {', '.join(CODECS)}"):
        codecs_of(["zwave"])


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-10-25T01:59:59", "2026-10-24T23:59:59.000Z"),
        ("2026-10-25T02:30:00", None),
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00.000Z"),
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59.000Z"),
        ("2026-03-29T02:30:00", None),
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00.000Z"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00.000Z"),
    ],
)
def test_an_hour_that_comes_twice_or_never_dates_nothing(time: str, expected: str | None) -> None:
    """T15: where summer time ends or begins a time without zone may be either of two: the time of arrival stands instead."""
    device = Device("washer-1", "washing_machine", timezone=ZoneInfo("Europe/Berlin"))

    decoded = _decode("SENSOR", b'{"Time": "%s", "ENERGY": {"Power": 92}}' % time.encode(), device)

    assert decoded == TelemetryMessage((WireSample({"power_w": 92.0}, parse_ms(expected) if expected else None),))
