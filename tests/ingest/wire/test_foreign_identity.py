"""Whose a topic is and which descriptions are of one device: the same in any order of arrival, also over restarts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sample import StatusState
from ingest.wire.foreign import claims
from ingest.wire.foreign.devices import Device, DeviceBook, DevicesError, assigned, load_devices
from ingest.wire.foreign.heard import Heard
from ingest.wire.foreign.homeassistant import HomeAssistantCodec
from ingest.wire.foreign.ownership import account_of
from ingest.wire.foreign.traces import Traces
from ingest.wire.status import StatusMessage
from ingest.wire.telemetry import TelemetryMessage
from tests.examples import tries
from tests.ingest.wire.self_described import Description, Listener, Names, description

OWNERS: dict[str, tuple[list[Description], dict[str, bytes]]] = {
    "an account": (
        [description("washer", "devices/washer/power", (["washer"], []))],
        {"devices/washer/power": b"12"},
    ),
    "an account whose device is named by its address": (
        [
            description("washer/p", "devices/washer/power", (["5ccf7f001122"], [("mac", "5c:cf:7f:00:11:22")])),
            description("washer/t", "devices/washer/heat", (["5ccf7f001122"], []), name="Heat", unit="°C"),
        ],
        {"devices/washer/power": b"12", "devices/washer/heat": b"13"},
    ),
    "a node with a root of its own": (
        [
            description("washer/p", "washer/sensor/power/state", ([], [("mac", "5c:cf:7f:00:11:22")])),
            description("washer/t", "washer/sensor/heat/state", ([], [("mac", "5C-CF-7F-00-11-22")]), name="Heat"),
        ],
        {"washer/sensor/power/state": b"12", "washer/sensor/heat/state": b"13"},
    ),
    "a node within a house": (
        [description("washer/p", "home/washer/state", (["0815", "x9"], []), template="{{ value_json.p }}")],
        {"home/washer/state": b'{"p": 12}'},
    ),
    "a device behind a bridge": (
        [description("0x00a1/power", "zigbee2/fridge", (["zigbee2mqtt_0x00a1"], []), label="fridge")],
        {"zigbee2/fridge": b"12"},
    ),
}
TAKEN = ("washer", "5ccf7f001122", "0815", "zigbee2mqtt_0x00a1", "x9")


@st.composite
def strangers(draw: st.DrawFn) -> Description:
    """What another account says: of the owner's names and topics as if they were its own, or of both at once."""
    level = draw(st.sampled_from(["evil", "dryer", "aaa"]))
    identifiers = draw(st.lists(st.sampled_from([*TAKEN, level, "other"]), max_size=3, unique=True))
    connections = draw(st.lists(st.just(("mac", "5c:cf:7f:00:11:22")), max_size=1))
    topics = [f"devices/{level}/x", *(topic for _, topics in OWNERS.values() for topic in topics)]
    return description(
        f"{level}/{draw(st.sampled_from('abc'))}",
        draw(st.sampled_from(topics)),
        (identifiers, connections),
        name=draw(st.sampled_from(["Power", "Heat", "Noise"])),
        unit=draw(st.sampled_from(["kW", "W", "°F", ""])),
        template=draw(st.sampled_from(["", "{{ value_json.p }}", "{{ value | float * 2 }}"])),
    )


@pytest.mark.hypothesis
@pytest.mark.parametrize("owner", OWNERS)
def test_what_an_owner_says_of_its_topics_counts_whoever_came_first(owner: str) -> None:
    """Whatever others describe before, between and after: the owner's values are its own, in its units, under its names."""
    described, values = OWNERS[owner]
    alone = Listener()
    alone.hear(*described)
    expected = {topic: alone.reads(topic, payload) for topic, payload in values.items()}
    assert all(metrics for _, metrics in expected.values())
    assert len({device for device, _ in expected.values()}) == 1

    @settings(max_examples=tries(60), deadline=None)
    @given(st.data())
    def prove(data: st.DataObject) -> None:
        said = data.draw(st.permutations([*described, *data.draw(st.lists(strangers(), max_size=4))]))
        listener = Listener()
        listener.hear(*said, is_restarted=data.draw(st.booleans()))

        for topic, payload in values.items():
            assert listener.reads(topic, payload)[1] == expected[topic][1]
        devices = {listener.reads(topic, payload)[0] for topic, payload in values.items()}
        assert len(devices) == 1
        for topic in ("devices/evil/x", "devices/dryer/x", "devices/aaa/x"):
            assert listener.codec.device_of(topic) not in devices

    prove()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_name_of_a_device_goes_with_its_level(order: tuple[int, ...]) -> None:
    """A level that bears the name of a device, or a topic of its own, has it before those that only say so."""
    said = [
        description("evil/a", "devices/evil/x", (["washer", "evil"], []), unit="kW"),
        description("aaa/a", "house/power", (["washer"], []), unit="kW"),
        description("washer/a", "devices/washer/power", (["washer"], [])),
    ]
    listener, book = Listener(), DeviceBook()
    listener.hear(*(said[number] for number in order))

    ids = [book.of(str(listener.reads(topic)[0]), ["homeassistant"]).appliance_id for topic in ("devices/washer/power", "devices/evil/x", "house/power")]  # fmt: skip

    assert ids[0] == "washer"
    assert len(set(ids)) == 3


def test_a_bridge_keeps_the_names_of_its_devices() -> None:
    """A level akin to a name of a device has it before one that describes topics of its own, in any order."""
    said = [
        description("0x00a1/power", "zigbee2/fridge", (["zigbee2mqtt_0x00a1"], [])),
        description("evil/a", "devices/evil/x", (["zigbee2mqtt_0x00a1"], [])),
    ]
    for order in permutations(said):
        listener = Listener()
        listener.hear(*order)

        assert listener.codec.device_of("zigbee2/fridge") == "homeassistant/zigbee2mqtt_0x00a1"
        assert listener.codec.device_of("devices/evil/x") == "homeassistant/zigbee2mqtt_0x00a1@evil"


def test_the_operator_gives_a_topic_to_a_device() -> None:
    """Where nothing says whose a topic is the first describer has it, and the devices file decides otherwise."""
    said = [
        description("aaa/p", "house/power", (["aaa"], []), unit="kW"),
        description("bbb/p", "house/power", (["bbb"], [])),
    ]
    first, assigned = Listener(), Listener({"house/#": "bbb"})
    first.hear(*said)
    assigned.hear(*said, is_restarted=True)

    assert first.reads("house/power") == ("homeassistant/aaa", {"power_w": 12000.0})
    assert assigned.reads("house/power") == ("homeassistant/bbb", {"power_w": 12.0})


NAMES = ("identifier a", "identifier b", "identifier mac_1", "connection mac 1", "connection zigbee b")


def _names(names: Sequence[str]) -> Names:
    """Identifiers and connections, in their order."""
    parts = [name.split() for name in names]
    return [p[1] for p in parts if p[0] == "identifier"], [(p[1], p[2]) for p in parts if p[0] == "connection"]


def _components(said: Sequence[Sequence[str]]) -> list[set[int]]:
    """Which descriptions are of one device: the slow way."""
    parts: list[tuple[set[int], set[str]]] = []
    for number, names in enumerate(said):
        joined = [part for part in parts if part[1] & set(names)]
        parts = [part for part in parts if part not in joined]
        parts.append(({number}.union(*(p[0] for p in joined)), set(names).union(*(p[1] for p in joined))))
    return sorted((part[0] for part in parts), key=min)


@pytest.mark.hypothesis
@pytest.mark.parametrize("form", ["object{0}", "wm/object{0}"])
def test_a_shared_name_makes_one_device(form: str) -> None:
    """Descriptions are of one device where identifiers or connections join them, in any order, and never by mere text."""

    @settings(max_examples=tries(60), deadline=None)
    @given(
        said=st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True), min_size=1, max_size=6),
        data=st.data(),
    )
    def prove(said: list[list[str]], data: st.DataObject) -> None:
        all_said = [
            description(form.format(number), f"house/{number}", _names(names)) for number, names in enumerate(said)
        ]
        listener = Listener()
        listener.hear(*data.draw(st.permutations(all_said)), is_restarted=data.draw(st.booleans()))

        devices = [listener.codec.device_of(f"house/{number}") for number in range(len(said))]

        found = [{n for n, one in enumerate(devices) if one == device} for device in dict.fromkeys(devices)]
        assert found == _components(said)

    prove()


def test_a_device_keeps_the_name_that_it_had_first() -> None:
    """A later description that says its names in another order, or one more, changes no id; what was forgotten is known again."""
    listener = Listener()
    listener.hear(description("o1", "house/1", (["a", "b"], [])))
    listener.hear(("homeassistant/sensor/o1/config", b""), is_restarted=True)
    listener.hear(description("o2", "house/2", (["c", "b"], [])))
    listener.hear(description("o3", "house/3", (["c"], [])))

    assert {listener.codec.device_of(f"house/{number}") for number in (2, 3)} == {"homeassistant/a"}


def test_the_devices_file_may_say_any_name_of_a_device() -> None:
    """Whichever identifier or connection the operator knows, it is the device's; a stranger's saying so is not."""
    listener = Listener()
    listener.codec = HomeAssistantCodec(listener.discovery, mapped=frozenset({"homeassistant/b"}))
    listener.hear(
        description("washer/1", "devices/washer/1", (["a", "b"], [])),
        description("evil/1", "devices/evil/1", (["b"], [])),
    )

    assert listener.codec.device_of("devices/washer/1") == "homeassistant/b"
    assert listener.codec.device_of("devices/evil/1") != "homeassistant/b"


def test_two_devices_of_one_label_are_not_one_by_the_devices_file() -> None:
    """Where the file has a name for people, it is the device that had it first."""
    listener = Listener()
    listener.codec = HomeAssistantCodec(listener.discovery, mapped=frozenset({"homeassistant/Washer"}))
    listener.hear(
        description("a/1", "house/1", (["a"], []), label="Washer"),
        description("b/1", "house/2", (["b"], []), label="Washer"),
    )

    assert listener.codec.device_of("house/1") == "homeassistant/Washer"
    assert listener.codec.device_of("house/2") == "homeassistant/b"


def test_topics_of_accounts_are_those_of_the_access_list() -> None:
    """Each topic that the shipped list lets an account write is known as that account's, and no description's own."""
    file = Path(__file__).resolve().parents[3] / "deploy" / "mosquitto.acl"
    patterns = [line.split()[2] for line in file.read_text().splitlines() if line.startswith("pattern write")]
    foreign = [one for one in patterns if not one.startswith(("fettle/", "homeassistant/"))]

    assert len(foreign) > 5
    for pattern in foreign:
        assert account_of(pattern.replace("%u", "washer").replace("#", "x")) == "washer"


def test_the_devices_file_gives_topics_away(tmp_path: Path) -> None:
    """The topics of a device stand in its table; anything else there is refused with its place."""
    file = tmp_path / "devices.toml"
    file.write_text('["homeassistant/wm"]\nid = "washer"\ntopics = ["house/#", "a/b"]\n["tele/x"]\nid = "x"\n')

    assert assigned(load_devices(file), "homeassistant") == {"house/#": "wm", "a/b": "wm"}

    file.write_text('["homeassistant/wm"]\nid = "washer"\ntopics = "house/#"\n')
    with pytest.raises(DevicesError, match="topics must be a list"):
        load_devices(file)


def test_nobody_adds_to_a_device_of_another_codec() -> None:
    """Where another codec reads a topic a description adds to it only as its own account; what does not count has a trace."""
    listener, traces = Listener(), Traces()
    heard = Heard(topic="tele/washer/SENSOR", device="tele/washer", notebook=traces)
    payload = b'{"ENERGY": {"Power": 12}}'

    listener.hear(
        description("evil/a", "tele/washer/SENSOR", (["evil"], []), template="{{ value_json.ENERGY.Power * 9 }}")
    )
    stolen = listener.codec.decode("tele/washer/SENSOR", payload, Device("washer"), heard)
    listener.hear(description("washer/a", "tele/washer/SENSOR", (["w"], []), template="{{ value_json.ENERGY.Power }}"))
    own = listener.codec.decode("tele/washer/SENSOR", payload, Device("washer"), heard)

    assert stolen is None
    assert isinstance(own, TelemetryMessage)
    assert dict(own.samples[0].metrics) == {"power_w": 12.0}
    assert {(left.what, left.reason) for one in traces.told().devices for left in one.left_out} == {
        ("described for evil as well", "topic_shared")
    }


def test_nobody_says_what_anothers_presence_means() -> None:
    """The presence under an account's own topic has the words that the account gives it."""
    listener = Listener()
    words = {"washer": ("up", "down"), "evil": ("down", "up")}
    for level, (there, gone) in words.items():
        said = {
            "stat_t": f"devices/{level}/p",
            "avty_t": "devices/washer/state",
            "pl_avail": there,
            "pl_not_avail": gone,
            "dev": {"ids": [level]},
        }
        listener.hear((f"homeassistant/sensor/{level}/config", json.dumps(said).encode()))

    status = listener.codec.decode("devices/washer/state", b"up", Device("washer"))

    assert listener.codec.device_of("devices/washer/state") == "homeassistant/washer"
    assert status == StatusMessage(StatusState.ONLINE)


def test_the_owner_of_a_device_names_its_metrics_before_its_family() -> None:
    """Two of one name: the device's own level has it, in any order, and no two are ever one metric."""
    own = description("wm/p", "house/wm/p", (["wm"], []))
    family = description("wm_power", "house/wm/q", (["wm"], []))
    more = description("wm/h", "house/wm/h", (["wm"], []), name="Heat")
    for order, is_restarted in product(permutations([own, family, more]), (False, True)):
        listener = Listener()
        listener.hear(*order, is_restarted=is_restarted)

        assert listener.reads("house/wm/p") == ("homeassistant/wm", {"power_w": 12.0})
        assert listener.reads("house/wm/q") == ("homeassistant/wm", {"wm_power_power_w": 12.0})


def test_one_value_has_one_meaning() -> None:
    """Where an entity of a device reads what its own level reads already, its word does not count, and has a trace."""
    listener, traces = Listener(), Traces()
    listener.hear(
        description("other", "wm/p", (["wm"], []), unit="kW"),
        description("wm", "wm/p", (["wm"], [])),
    )

    message = listener.codec.decode("wm/p", b"12", Device("wm"), Heard(device="homeassistant/wm", notebook=traces))

    assert isinstance(message, TelemetryMessage)
    assert dict(message.samples[0].metrics) == {"power_w": 12.0}
    [account] = traces.told().devices
    assert [(left.what, left.reason) for left in account.left_out] == [
        ("described for wm by other as well", "topic_shared")
    ]


def test_what_went_before_its_owner_came_leaves_no_name_behind() -> None:
    """Metrics of a device that others described and describe no more are free for the level to which the device goes."""
    mac: Names = ([], [("mac", "5c:cf:7f:00:11:22")])
    evil = "devices/washer/power"
    listener = Listener()
    listener.hear(
        description("evil/a", "devices/evil/x", (["washer"], []), unit="kW"),
        description("evil/a", evil, mac, unit="kW"),
        description("evil/a", evil, (["washer"], mac[1]), unit="kW"),
        description("washer/p", "washer/sensor/power/state", mac),
    )

    assert listener.reads("washer/sensor/power/state") == ("homeassistant/mac_5c:cf:7f:00:11:22", {"power_w": 12.0})


def test_devices_stay_apart_where_there_is_no_room_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A house with more names than are remembered goes on; what is new to it is not joined with what is known."""
    listener = Listener()
    listener.hear(description("o1", "house/1", (["a"], [])), description("o2", "house/2", (["b"], [])))
    monkeypatch.setattr(claims, "CLAIMS_MAX", 0)

    listener.hear(description("o3", "house/3", (["a", "b"], [])))

    assert [listener.codec.device_of(f"house/{number}") for number in (1, 2, 3)] == [
        "homeassistant/a",
        "homeassistant/b",
        "homeassistant/a",
    ]


def test_what_leaves_a_device_leaves_its_names_of_metrics() -> None:
    """Where a level takes a name from a device, what goes with it is called anew there and no longer here."""
    listener = Listener()
    listener.hear(
        description("o1", "house/1", (["q", "wm"], []), name="Heat"),
        description("o2", "house/2", (["wm"], [])),
    )
    assert listener.reads("house/2") == ("homeassistant/q", {"power_w": 12.0})

    listener.hear(
        description("wm", "wm/power", (["wm"], [])),
        description("o3", "house/3", (["q"], [])),
    )

    assert listener.reads("wm/power") == ("homeassistant/wm", {"power_w": 12.0})
    assert listener.reads("house/3") == ("homeassistant/q", {"power_w": 12.0})
