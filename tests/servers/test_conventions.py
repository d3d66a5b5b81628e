"""What mosquitto_pub sends to a service on a real mosquitto: every convention is stored, and what is none is told."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.conftest import ROOT, MosquittoServer
from tests.servers.test_real_input import READY_S, RunningService, serving

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def service(mosquitto: MosquittoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The service at mosquitto, on embedded parts behind it."""
    with serving(tmp_path_factory.mktemp("conventions"), mqtt_url=mosquitto.url) as running:
        yield running


def say(mosquitto: MosquittoServer, user: str, topic: str, payload: object, *, retain: bool = False) -> None:
    """Publish as a device does, with the credentials of ``user``."""
    mosquitto.add_user(user, f"{user}-password")
    text = payload if isinstance(payload, str) else json.dumps(payload)
    words = ["-h", "127.0.0.1", "-p", str(mosquitto.port), "-u", user, "-P", f"{user}-password", "-i", user]
    words += ["-q", "1", "-t", topic, "-m", text, *(["-r"] if retain else [])]
    deadline = time.monotonic() + READY_S
    while subprocess.run(["mosquitto_pub", *words], check=False, capture_output=True).returncode:
        assert time.monotonic() < deadline, f"{user} does not get in"  # the broker reads its users anew on a signal
        time.sleep(0.1)


def dead_letters(service: RunningService) -> list[dict[str, Any]]:
    """What was refused."""
    return [json.loads(line) for line in service.fettle("dead-letters", "--json").stdout.splitlines()]


def test_a_channel_of_its_own_making_stays_at_the_broker(service: RunningService, mosquitto: MosquittoServer) -> None:
    """An appliance's account may write its four channels and no other; nonsense on one of them is kept with its reason.

    What the service says itself does not come back.
    """
    say(mosquitto, "odd-1", "fettle/v1/refrigerator/odd-1/bogus", {"anything": 1})

    say(mosquitto, "odd-1", "fettle/v1/refrigerator/odd-1/telemetry", '{"boot": "b", "seq": 0, "metrics": {}}')

    deadline = time.monotonic() + READY_S
    while not (told := [(one["topic"], one["reason"]) for one in dead_letters(service) if "/odd-1/" in one["topic"]]):
        assert time.monotonic() < deadline
    service.wait_until_stored()
    assert told == [("fettle/v1/refrigerator/odd-1/telemetry", "schema")]
    assert not [one for one in dead_letters(service) if one["topic"].endswith("/nack")]


def golden(name: str) -> bytes:
    """A recorded payload."""
    return (ROOT / "tests" / "ingest" / "wire" / "foreign" / "golden" / f"{name}.json").read_bytes()


def stored(service: RunningService, appliance_id: str, names: set[str]) -> dict[str, float]:
    """The latest reading of each metric, once all of them are there."""
    params = {"start": "2026-11-01T00:00:00Z", "end": "2036-11-01T00:00:00Z", "points": "500"}
    deadline = time.monotonic() + READY_S
    while True:
        answer = service.http.get(f"/api/v1/appliances/{appliance_id}/telemetry", params=params)
        series = answer.json()["series"] if answer.status_code == 200 else {}
        latest = {
            name: [v for v in values if v is not None][-1]
            for name, values in series.items()
            if any(v is not None for v in values)
        }
        if names <= latest.keys():
            return latest
        assert time.monotonic() < deadline, (appliance_id, answer.text)
        time.sleep(0.1)


def availability(service: RunningService, appliance_id: str) -> str:
    """Whether an appliance can be heard."""
    return str(service.http.get(f"/api/v1/appliances/{appliance_id}").json()["availability"])


def test_a_shelly_plug_is_stored(service: RunningService, mosquitto: MosquittoServer) -> None:
    """A full status and a partial one behind it: the second sample holds what has not changed as well."""
    user = "shellyplus1pm-a8032abe54dc"
    for name in ("shelly_full", "shelly_partial"):
        say(mosquitto, user, f"{user}/events/rpc", golden(name).decode())

    latest = stored(service, user, {"power_w", "energy_kwh", "voltage_v"})

    service.wait_until_stored()
    latest = stored(service, user, {"power_w", "energy_kwh", "voltage_v"})
    assert (latest["power_w"], latest["voltage_v"], latest["current_a"]) == (120.9, 231.7, 0.57)


def test_a_zigbee_plug_is_stored(service: RunningService, mosquitto: MosquittoServer) -> None:
    """State and availability of a device with a folder in its name; the bridge registers nobody and is no dead letter."""
    for topic, payload in (
        ("zigbee2mqtt/bridge/state", '{"state": "online"}'),
        ("zigbee2mqtt/kitchen/plug", golden("z2m_plug").decode()),
        ("zigbee2mqtt/kitchen/plug/availability", '{"state": "offline"}'),
    ):
        say(mosquitto, "zigbee2mqtt", topic, payload)

    latest = stored(service, "kitchen_plug", {"power_w", "voltage_v", "energy_kwh"})

    assert (latest["power_w"], latest["voltage_v"], latest["energy_kwh"]) == (92.0, 230.0, 3.19)
    deadline = time.monotonic() + READY_S
    while availability(service, "kitchen_plug") != "offline":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    ids = {one["id"] for one in service.http.get("/api/v1/appliances", params={"limit": 500}).json()["items"]}
    assert not {"bridge", "state", "bridge_state"} & ids
    assert not [one for one in dead_letters(service) if one["topic"].startswith("zigbee2mqtt/")]


def test_a_described_device_is_stored(service: RunningService, mosquitto: MosquittoServer) -> None:
    """A description names a topic: it is subscribed to, read by its path, and survives that the description comes again."""
    topic, user = "devices/wm-1/state", "wm-1"
    description = {"~": "devices/wm-1", "name": "Power", "stat_t": "~/state", "val_tpl": "{{ value_json.p }}", "unit_of_meas": "kW", "dev": {"ids": ["wm-1"], "name": "Washer 1"}}  # fmt: skip
    say(mosquitto, user, "homeassistant/sensor/wm-1/config", description, retain=True)

    deadline = time.monotonic() + READY_S
    while service.http.get("/api/v1/appliances/wm-1").status_code != 200:
        assert time.monotonic() < deadline, dead_letters(service)
        say(mosquitto, user, topic, {"p": 1.25})

    assert stored(service, "wm-1", {"power_w"})["power_w"] == 1250.0
