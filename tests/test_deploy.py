"""What deploy/ hands to users is true: the broker's settings, the services' units, the servers' compose file, the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.service.role import ServiceRole
from api.service.service import STOP_WITHIN_S
from api.settings.sources import load
from ingest.mqtt.session import covers, subscriptions
from ingest.wire.foreign import CODECS, codecs_of
from ingest.wire.topic import FROM_APPLIANCE, TO_APPLIANCE

DEPLOY = Path(__file__).parents[1] / "deploy"
BROKER = (DEPLOY / "mosquitto.conf").read_text()
ACCESS = (DEPLOY / "mosquitto.acl").read_text()

NEEDED = {
    "allow_anonymous": "false",
    "use_username_as_clientid": "true",
    "max_queued_messages": "1000000",
    "max_queued_bytes": "500000000",
    "memory_limit": "1073741824",
    "max_inflight_messages": "20000",
    "max_packet_size": "65536",
    "retain_available": "true",
    "persistence": "true",
    "autosave_interval": "60",
    "persistent_client_expiration": "7d",
}
"""Each of these was measured or is relied on: see the comments in mosquitto.conf."""


def faults_of_broker(text: str) -> list[str]:
    """What is wrong with settings for the broker."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        if name and not name.startswith("#"):
            found.setdefault(name, []).append(value.strip())
    faults = [f"{name} must be {value}" for name, value in NEEDED.items() if found.get(name) != [value]]
    faults += [f"{name} must not be set" for name in ("set_tcp_nodelay", "message_size_limit") if name in found]
    faults += [f"{name} is missing" for name in ("password_file", "acl_file") if name not in found]
    faults += [f"listener {value} is open to all" for value in found.get("listener", []) if "127.0.0.1" not in value]
    return faults


def faults_of_access(text: str) -> list[str]:
    """What is wrong with access rules: an appliance may speak and hear only under its own name."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    faults = [
        f"{' '.join(words)} lets an appliance speak where it should hear"
        for words in lines
        if words[:2] == ["pattern", "write"]
        and words[2].startswith("fettle/")
        and words[2].split("/")[-1] not in FROM_APPLIANCE
    ]
    faults += [
        f"{' '.join(words)} isn't tied to the user" for words in lines if words[0] == "pattern" and "%u" not in words[2]
    ]
    owner = ""
    for words in lines:
        owner = words[1] if words[0] == "user" else owner
        if words[0] == "topic" and owner != "fettle" and words[-1].split("/")[0] in {"#", "+", "fettle"}:
            faults.append(f"{' '.join(words)} isn't for {owner or 'everybody'}")
    return faults


def test_the_brokers_settings_are_those_that_lose_nothing() -> None:
    """Queue, window, packet size, retained messages, sessions and logins are set as measured; nothing is open to all."""
    assert faults_of_broker(BROKER) == []


@pytest.mark.parametrize("name", [*NEEDED, "password_file", "acl_file"])
def test_without_a_line_the_brokers_settings_are_refused(name: str) -> None:
    """Each line that matters is noticed when it is gone, or has another value."""
    without = re.sub(rf"(?m)^{name} .*$", "", BROKER)

    assert faults_of_broker(without)
    assert faults_of_broker(BROKER + f"\n{name} 0\n") or name in {"password_file", "acl_file"}
    assert faults_of_broker(BROKER + "\nset_tcp_nodelay true\nlistener 1883\n")


def test_the_access_rules_tie_every_topic_to_its_speaker() -> None:
    """Each rule for appliances names its user; the service may hear all it subscribes to, and say what it must."""
    rules = [line.split() for line in ACCESS.splitlines() if line.startswith("topic ")]
    heard = [words[2] for words in rules if words[1] == "read"]
    said = [words[2] for words in rules if words[1] == "write"]

    assert faults_of_access(ACCESS) == []
    assert all(any(covers(rule, wanted.pattern) for rule in heard) for wanted in subscriptions("fettle/v1"))
    foreign = [topic for codec in codecs_of(CODECS) for topic in codec.subscriptions()]
    assert [topic for topic in foreign if not any(covers(rule, topic) for rule in heard)] == []
    assert {words.split("/")[-1] for words in ACCESS.split() if words.startswith("fettle/v1/+/%u/")} == {
        *FROM_APPLIANCE,
        *TO_APPLIANCE,
    }
    assert all(any(covers(rule, f"fettle/v1/dryer/d1/{channel}") for rule in said) for channel in TO_APPLIANCE)


@pytest.mark.parametrize(
    "rule",
    [
        "pattern write fettle/v1/+/+/telemetry",
        "pattern write fettle/v1/+/%u/+",
        "pattern write fettle/v1/+/%u/command",
        "user guest\ntopic readwrite #",
    ],
)
def test_an_open_access_rule_is_refused(rule: str) -> None:
    """A rule for appliances without their name, and one for another user, are noticed."""
    assert faults_of_access(f"{ACCESS}\n{rule}\n")


def environment() -> dict[str, str]:
    """The settings of deploy/fettle.env."""
    lines = (DEPLOY / "fettle.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_settings_load() -> None:
    """Every line of deploy/fettle.env is a setting of this version with a value that makes sense."""
    settings = load(environ=environment()).settings

    assert settings.journal_url == "kafka://127.0.0.1:9092/telemetry"
    assert settings.mqtt_client_id == "fettle"


def unit(name: str) -> dict[str, str]:
    """The lines of a systemd unit."""
    lines = (DEPLOY / "systemd" / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.mark.parametrize(("name", "word"), [("fettle.service", "serve"), ("fettle@.service", "%i")])
def test_the_units_start_what_is_there_and_leave_time_to_stop(name: str, word: str) -> None:
    """The command is ours, an orderly stop has the time that it may take, and a death is followed by a start."""
    found = unit(name)

    assert found["ExecStart"] == f"/opt/fettle/.venv/bin/fettle {word}"
    assert float(found["TimeoutStopSec"]) > STOP_WITHIN_S
    assert found["Restart"] == "on-failure"
    assert (found["UMask"], found["StateDirectoryMode"]) == ("0077", "0700")
    assert environment()["FETTLE_DATA_DIR"].startswith(f"/var/lib/{found['StateDirectory']}/")
    assert set(re.findall(r"fettle@(\w+)", (DEPLOY / "systemd" / "fettle@.service").read_text())) == set(ServiceRole)


def test_the_compose_file_opens_nothing_to_the_net() -> None:
    """Every port is bound to loopback, every image has a version, every secret comes from outside, and the addresses fit."""
    services: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    ours = environment()

    assert all(port.startswith("127.0.0.1:") for one in services.values() for port in one.get("ports", []))
    assert all(":" in one["image"] for one in services.values())
    for one in services.values():
        values = one.get("environment", {})
        assert all(str(v).startswith("${") for name, v in values.items() if "PASSWORD" in name or "TOKEN" in name)
        assert all((DEPLOY / v.split(":")[0]).exists() for v in one["volumes"] if v.startswith("./mosquitto"))
    assert services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].endswith("127.0.0.1:9092")
    assert ours["FETTLE_JOURNAL_URL"].startswith("kafka://127.0.0.1:9092/")
    assert "/var/lib/mosquitto" in BROKER
