"""Home Assistant discovery: descriptions in both forms, values by plain paths, removal, bounds."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ingest.sample import StatusState
from ingest.wire.columns import BatchDecoder
from ingest.wire.dead_letter import RefusalReason, Refused
from ingest.wire.foreign import codecs_of
from ingest.wire.foreign import discovery as discovery_module
from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.heard import Heard
from ingest.wire.foreign.homeassistant import HomeAssistantCodec
from ingest.wire.foreign.traces import Traces
from ingest.wire.foreign.units import Unit, unit_of
from ingest.wire.message import Message
from ingest.wire.status import StatusMessage
from ingest.wire.telemetry import TelemetryMessage, WireSample

GOLDEN = Path(__file__).parent / "golden"
POWER, TEMPERATURE = "homeassistant/sensor/wm/power/config", "homeassistant/sensor/wm_temperature/config"
DOOR, FRIDGE = "homeassistant/binary_sensor/wm_door/config", "homeassistant/device/fridge/config"
STATE = "wm/laundry/state"


def say(codec: HomeAssistantCodec, topic: str, payload: bytes) -> Message | None:
    """One payload."""
    return codec.decode(topic, payload, Device("washer"))


def describe(codec: HomeAssistantCodec, topic: str, name: str) -> None:
    """A recorded description."""
    assert say(codec, topic, (GOLDEN / f"{name}.json").read_bytes()) is None


@pytest.fixture
def codec() -> HomeAssistantCodec:
    """A codec that knows a washer by three descriptions and a fridge by one."""
    made = HomeAssistantCodec()
    for topic, name in ((POWER, "ha_sensor_short"), (TEMPERATURE, "ha_sensor_long"), (DOOR, "ha_door"), (FRIDGE, "ha_device")):  # fmt: skip
        describe(made, topic, name)
    return made


def readings(message: Message | None) -> dict[str, float]:
    """The readings of the one sample."""
    assert isinstance(message, TelemetryMessage)
    (one,) = message.samples
    assert one == WireSample(one.metrics)
    return dict(one.metrics)


def test_values_come_by_name_unit_and_path(codec: HomeAssistantCodec) -> None:
    """One state topic gives all that descriptions name of it, in our units, abbreviated or not."""
    message = say(codec, STATE, b'{"power": 1.95, "drum": {"t": "104"}, "more": [1]}')

    assert readings(message) == {"power_w": 1950.0, "drum_temperature_c": 40.0}


def test_two_states_become_0_and_1(codec: HomeAssistantCodec) -> None:
    """A door says open or shut in its own words; any other word says nothing."""
    assert readings(say(codec, "wm/laundry/door", b"open")) == {"door": 1.0}
    assert readings(say(codec, "wm/laundry/door", b"shut")) == {"door": 0.0}
    assert say(codec, "wm/laundry/door", b"ajar") is None


def test_a_device_message_names_all_its_components(codec: HomeAssistantCodec) -> None:
    """Shared topic, short keys, arithmetic with constants; a button and a removed component are left out."""
    message = say(codec, "fridge/kitchen/state", b'{"temperature": 4.25, "humidity": 61, "a": 7}')

    assert readings(message) == {"temperature_c": 4.25, "humidity_pct": 61.0, "x_w": 14.0}
    assert codec.device_of("fridge/kitchen/state") == "homeassistant/ea334450945afc"


def test_availability_is_a_status(codec: HomeAssistantCodec) -> None:
    """The words of the description say whether the device is there."""
    assert say(codec, "wm/laundry/status", b"up") == StatusMessage(StatusState.ONLINE)
    assert say(codec, "wm/laundry/status", b"down") == StatusMessage(StatusState.OFFLINE)
    assert say(codec, "wm/laundry/status", b"online") is None


def test_all_topics_of_a_device_are_one_appliance(codec: HomeAssistantCodec) -> None:
    """Every topic belongs to the device that its description names; descriptions are nobody's; others are not ours."""
    names = {codec.device_of(topic) for topic in (STATE, "wm/laundry/door", "wm/laundry/status")}

    assert names == {"homeassistant/wm_0815"}
    assert codec.device_of(POWER) == ""
    assert codec.device_of("homeassistant/status") is None
    assert codec.device_of("wm/other") is None


def test_what_devices_share_is_nobodys_or_the_firsts(codec: HomeAssistantCodec) -> None:
    """The presence of a bridge behind several devices says nothing of one; a shared state topic is the first device's."""
    for name in ("a", "b"):
        shared = {
            "stat_t": f"gateway/{name}",
            "avty": [{"t": "gateway/bridge"}],
            "name": "Power",
            "dev": {"name": name},
        }
        say(codec, f"homeassistant/sensor/{name}/config", json.dumps(shared).encode())
    say(codec, "homeassistant/sensor/c/config", b'{"stat_t": "gateway/a", "name": "Energy", "dev": {"name": "c"}}')

    assert codec.device_of("gateway/bridge") == ""
    assert codec.device_of("gateway/a") == "homeassistant/a"
    assert readings(say(codec, "gateway/a", b"4")) == {"power": 4.0}


def test_an_empty_description_removes_it(codec: HomeAssistantCodec) -> None:
    """What is described no more is not read any more; the rest of the device stays."""
    say(codec, POWER, b"")

    assert readings(say(codec, STATE, b'{"power": 1.95, "drum": {"t": 104}}')) == {"drum_temperature_c": 40.0}

    say(codec, TEMPERATURE, b"")

    assert codec.device_of(STATE) is None


@pytest.mark.parametrize("payload", [b"", b"unavailable", b"None", b'{"power": null}', b'{"power": "unknown"}', b"{}"])
def test_no_value_is_no_reading(codec: HomeAssistantCodec, payload: bytes) -> None:
    """Words for "nothing", null and an absent key give no reading and no dead letter."""
    assert say(codec, STATE, payload) is None


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (STATE, b"{", RefusalReason.NOT_JSON),
        (STATE, b"\xff", RefusalReason.NOT_UTF8),
        (STATE, b"x" * 70_000, RefusalReason.TOO_LARGE),
        (STATE, b'{"power": "much"}', RefusalReason.SCHEMA),
        (STATE, b'{"power": [1]}', RefusalReason.SCHEMA),
        (STATE, b'{"power": "inf"}', RefusalReason.SCHEMA),
        (POWER, b"{", RefusalReason.NOT_JSON),
        (POWER, b"[]", RefusalReason.SCHEMA),
        (POWER, b'{"stat_t": 4}', RefusalReason.SCHEMA),
        (POWER, b'{"stat_t": "a/+/b"}', RefusalReason.SCHEMA),
        (POWER, b'{"stat_t": "a", "val_tpl": 4}', RefusalReason.SCHEMA),
        (POWER, b'{"stat_t": "a", "unit_of_meas": 4}', RefusalReason.SCHEMA),
        (POWER, b'{"stat_t": "a", "dev": 4}', RefusalReason.SCHEMA),
        (FRIDGE, b'{"dev": {}}', RefusalReason.SCHEMA),
    ],
)
def test_garbage_is_refused(codec: HomeAssistantCodec, topic: str, payload: bytes, reason: RefusalReason) -> None:
    """Bad input has one reason, and what is known stays as it was."""
    before = codec.revision

    with pytest.raises(Refused) as caught:
        say(codec, topic, payload)

    assert caught.value.reason is reason
    assert codec.revision == before


def test_units_become_ours() -> None:
    """Another size of one of our units is converted; an unknown one stands as it is."""
    assert (unit_of("kW").suffix, unit_of("kW").factor) == ("w", 1000.0)
    assert 212 * unit_of("°F").factor + unit_of("°F").offset == pytest.approx(100)
    assert unit_of("furlong / fortnight").suffix != unit_of("furlong / fortnights").suffix
    assert unit_of("㎾") == unit_of("kw") == unit_of("kW")
    assert unit_of("μA") == unit_of("µA") == unit_of("uA") == Unit("a", 1e-6)
    assert unit_of("mW").factor * 1e9 == unit_of("MW").factor
    assert unit_of("摄氏").suffix not in ("", unit_of("华氏").suffix)
    assert unit_of("").suffix == ""


def test_what_was_learned_outlives_the_process() -> None:
    """Given back it is the same knowledge, and what was taken back meanwhile is gone; each is told once."""
    known, again = Discovery(), Discovery()
    describe(HomeAssistantCodec(known), POWER, "ha_sensor_short")
    kept = {key: said for key, said in known.learned().items() if said is not None}

    again.remember(kept)

    assert again.topics() == known.topics()
    assert not known.learned()
    assert not again.learned()
    known.learn(POWER, None)
    assert [said for key, said in known.learned().items() if key.endswith(POWER)] == [None]


def test_the_file_of_an_earlier_version_is_taken_over() -> None:
    """What stands in it is known, and is told to be kept anew; something else is not taken for it."""
    known, again = Discovery(), Discovery()
    describe(HomeAssistantCodec(known), POWER, "ha_sensor_short")
    told = {key.partition("\n"): said for key, said in known.learned().items() if said is not None}
    file = {
        "configurations": {key: msgspec.Raw(said) for (what, _, key), said in told.items() if what == "description"},
        "claims": {key: said.decode() for (what, _, key), said in told.items() if what == "claim"},
    }

    assert again.load(msgspec.json.encode(file))
    assert again.topics() == known.topics()
    assert {key.partition("\n"): said for key, said in again.learned().items()} == told
    assert not again.load(b"[1]")
    assert again.topics() == known.topics()


def test_the_same_again_is_no_news(codec: HomeAssistantCodec) -> None:
    """A broker repeats retained descriptions at each connect: nothing changes by it."""
    before = codec.revision

    describe(codec, POWER, "ha_sensor_short")

    assert codec.revision == before


def test_a_reader_of_old_messages_learns_nothing() -> None:
    """Whoever reads the journal again leaves what is known now as it is."""
    known = Discovery()
    describe(HomeAssistantCodec(known), POWER, "ha_sensor_short")
    reader = HomeAssistantCodec(known, is_learning=False)

    say(reader, POWER, b"")

    assert readings(say(reader, STATE, b'{"power": 2}')) == {"power_w": 2000.0}


def test_what_is_learned_is_bounded_and_what_is_read_stays(
    codec: HomeAssistantCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound a further description takes the place of the oldest whose topics nobody has used."""
    monkeypatch.setattr(discovery_module, "CONFIGURATIONS_MAX", 4)
    say(codec, STATE, b'{"power": 1}')
    more = b'{"stat_t": "more", "name": "More"}'

    say(codec, "homeassistant/sensor/more/config", more)

    assert codec.device_of("more") == "homeassistant/more"
    assert codec.device_of(STATE) == "homeassistant/wm_0815"
    assert codec.device_of("wm/laundry/door") is None

    for topic in ("more", "fridge/kitchen/state"):
        say(codec, topic, b"{}" if topic != "more" else b"4")
    with pytest.raises(Refused, match="are in use"):
        say(codec, "homeassistant/sensor/last/config", b'{"stat_t": "last", "name": "Last"}')


def test_many_descriptions_cost_no_more_each_than_few() -> None:
    """A description touches its own topics only: those of the devices described before it are not looked at again."""
    looked: list[str] = []

    class Counting(Discovery):
        """Counts how many topics are worked out anew."""

        def _look(self, topic: str) -> None:
            looked.append(topic)
            super()._look(topic)

    codec = HomeAssistantCodec(Counting())

    for number in range(300):
        description = {"stat_t": f"d/{number}", "name": "P", "dev": {"ids": [f"d{number}"]}}
        say(codec, f"homeassistant/sensor/d{number}/config", json.dumps(description).encode())

    assert len(looked) == 300


def test_a_shared_presence_speaks_for_all_that_were_heard() -> None:
    """A bridge that goes takes the devices behind it with it; when it is back, they are as available as they sound."""
    discovery, traces = Discovery(), Traces()
    decoder = BatchDecoder(codecs=codecs_of(["homeassistant"], discovery), traces=traces)
    for name in ("a", "b"):
        described = {"stat_t": f"g/{name}", "name": "P", "avty_t": "g/bridge", "dev": {"ids": [name]}}
        decoder.decode([f"homeassistant/sensor/{name}/config"], [json.dumps(described).encode()])
        decoder.decode([f"g/{name}"], [b"4"])

    gone, back = (decoder.decode(["g/bridge"], [word]).others[0] for word in (b"offline", b"online"))

    both = (("a", "generic"), ("b", "generic"))
    assert gone == StatusMessage(StatusState.OFFLINE, of=both)
    assert back == StatusMessage(None, of=both)


def test_the_devices_file_may_say_a_devices_name_for_people() -> None:
    """A device is its identifier; where the file has only its name that counts."""
    mapped = frozenset({"homeassistant/Washer cellar"})
    codec = HomeAssistantCodec(mapped=mapped)
    describe(codec, POWER, "ha_sensor_short")

    assert codec.device_of(STATE) == "homeassistant/Washer cellar"


def test_what_the_broker_kept_is_no_news(codec: HomeAssistantCodec) -> None:
    """A retained value without a time of its own is a state: no sample, however often we subscribe."""
    kept = codec.decode(STATE, b'{"power": 1}', Device("washer"), Heard(received_ms=1, is_retained=True))

    assert kept is None
