"""Whose a foreign device, a topic, a name is: what one account can't take from another by describing things."""

from __future__ import annotations

import json

import pytest

from ingest.wire.dead_letter import Refused
from ingest.wire.foreign import discovery as discovery_module
from ingest.wire.foreign.claims import Claims
from ingest.wire.foreign.devices import Device, DeviceBook
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.homeassistant import HomeAssistantCodec
from ingest.wire.telemetry import TelemetryMessage


def describe(
    codec: HomeAssistantCodec,
    account: str,
    topic: str,
    *,
    name: str = "power",
    device: str | None = None,
    key: str = "",
) -> None:
    """An account describes a value that comes under a topic, of itself or of another device."""
    said = {
        "name": name,
        "state_topic": topic,
        "unit_of_measurement": "W",
        "device": {"identifiers": [device or account]},
        "unique_id": f"{account}{name}{key}",
    }
    path = f"{account}/{key}" if key else account
    assert codec.decode(f"homeassistant/sensor/{path}/config", json.dumps(said).encode(), Device("")) is None


def reads(codec: HomeAssistantCodec, topic: str) -> dict[str, float]:
    """What a number under a topic is read as."""
    message = codec.decode(topic, b"12", Device(""))
    return dict(message.samples[0].metrics) if isinstance(message, TelemetryMessage) else {}


def test_nobody_sets_another_devices_value_by_describing_it() -> None:
    """A description of another account's device from under other topics makes a device of its own."""
    codec = HomeAssistantCodec()
    describe(codec, "washer", "devices/washer/power")

    describe(codec, "thief", "devices/thief/anything", name="temperature", device="washer")

    assert codec.device_of("devices/washer/power") == "homeassistant/washer"
    assert codec.device_of("devices/thief/anything") == "homeassistant/washer@thief"


def test_a_device_is_whose_level_bears_its_name_whoever_described_it_first() -> None:
    """Who took a device's name loses it when the device comes, with its id; what it described becomes a device of its own."""
    codec, book = HomeAssistantCodec(), DeviceBook()
    describe(codec, "thief", "devices/thief/anything", name="temperature", device="washer")
    assert book.of(codec.device_of("devices/thief/anything") or "", codec.roots).appliance_id == "washer"

    describe(codec, "washer", "devices/washer/power")
    kept, discovery = codec._discovery.learned(), Discovery()
    discovery.remember({key: said for key, said in kept.items() if said is not None})

    for one in (codec, HomeAssistantCodec(discovery)):
        assert one.device_of("devices/washer/power") == "homeassistant/washer"
        assert one.device_of("devices/thief/anything") == "homeassistant/washer@thief"
    assert book.of("homeassistant/washer", codec.roots).appliance_id == "washer"
    assert book.of("homeassistant/washer@thief", codec.roots).appliance_id != "washer"


def test_the_devices_file_decides_whoever_was_first() -> None:
    """A device that the operator names has its id although another took it before, also over a restart."""
    claims = Claims()
    assert DeviceBook(claims=claims).of("zigbee2mqtt/washer", ["zigbee2mqtt"]).appliance_id == "washer"

    named = DeviceBook({"homeassistant/0815@washer": Device("washer", "washing_machine")}, claims)
    named.own("washer")

    assert named.of("homeassistant/0815@washer").appliance_id == "washer"
    assert named.of("zigbee2mqtt/washer", ["zigbee2mqtt"]).appliance_id != "washer"


def test_one_device_may_describe_itself_under_several_names() -> None:
    """Where each object has its own level, what lies under the device's own topics is the device's."""
    codec = HomeAssistantCodec()
    describe(codec, "wm_power", "home/wm/power", device="wm")

    describe(codec, "wm_heat", "home/wm/heat", name="heat", device="wm")

    assert codec.device_of("home/wm/heat") == codec.device_of("home/wm/power") == "homeassistant/wm"


def test_a_topic_is_whose_level_it_bears_whoever_described_it_first() -> None:
    """Who describes another's topic first loses it when the other comes, also over a restart."""
    codec = HomeAssistantCodec()
    describe(codec, "thief", "devices/washer/power", name="noise")
    assert codec.device_of("devices/washer/power") == "homeassistant/thief"

    describe(codec, "washer", "devices/washer/power")
    describe(codec, "thief", "devices/washer/power", name="other noise", key="again")
    kept, discovery = codec._discovery.learned(), Discovery()
    discovery.remember({key: said for key, said in kept.items() if said is not None})

    for one in (codec, HomeAssistantCodec(discovery)):
        assert one.device_of("devices/washer/power") == "homeassistant/washer"
        assert reads(one, "devices/washer/power") == {"power_w": 12.0}


def test_one_account_has_a_part_of_the_descriptions_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its oldest unused one gives way; where all are in use it is told so, and others still have room."""
    monkeypatch.setattr(discovery_module, "OF_LEVEL_MAX", 3)
    codec = HomeAssistantCodec()
    for number in range(5):
        describe(codec, "thief", f"devices/thief/{number}", key=str(number))
    assert codec.device_of("devices/thief/1") is None
    assert codec.device_of("devices/thief/4") is not None
    for number in (2, 3, 4):
        reads(codec, f"devices/thief/{number}")

    with pytest.raises(Refused, match="thief has 3 descriptions in use"):
        describe(codec, "thief", "devices/thief/5", key="5")
    describe(codec, "washer", "devices/washer/power")

    assert codec.device_of("devices/washer/power") == "homeassistant/washer"


def test_where_all_is_in_use_whoever_holds_most_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer is not locked out by an account that uses all that it has described."""
    monkeypatch.setattr(discovery_module, "CONFIGURATIONS_MAX", 4)
    codec = HomeAssistantCodec()
    describe(codec, "washer", "devices/washer/power")
    for number in range(3):
        describe(codec, "thief", f"devices/thief/{number}", key=str(number))
    for topic in ("devices/washer/power", *(f"devices/thief/{number}" for number in range(3))):
        reads(codec, topic)

    describe(codec, "dryer", "devices/dryer/power")

    assert codec.device_of("devices/dryer/power") == "homeassistant/dryer"
    assert codec.device_of("devices/washer/power") == "homeassistant/washer"
    assert codec.device_of("devices/thief/0") is None
