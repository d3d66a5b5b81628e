"""All cases of the foreign conventions, published to a service on a real mosquitto: the API gives the readings that stand there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from ingest.clock import SystemClock, to_ms
from tests.ingest.wire.foreign.house import payload_of
from tests.ingest.wire.foreign.test_field_cases import CASES
from tests.servers.running import accepts, find_program, free_port, missing, running
from tests.servers.test_real_input import READY_S, RunningService, serving

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
KNOWN_S, SUBSCRIBED_S = 5.0, 1.0
KEPT = {"start": "2026-01-01T00:00:00Z", "end": "2036-01-01T00:00:00Z", "points": "500"}


@contextmanager
def open_broker(folder: Path) -> Iterator[int]:
    """A mosquitto that lets anybody say anything, as many homes have it; yields its port."""
    program = find_program("mosquitto", Path("/usr/sbin"))
    if program is None:
        missing("mosquitto is missing: run 'bash deploy/servers.sh get mosquitto'.")
        return
    port = free_port()
    (folder / "open.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n")
    with running([program, "-c", folder / "open.conf"], log=folder / "open.log", is_ready=lambda: accepts(port)):
        yield port


@contextmanager
def speaking(port: int) -> Iterator[Client]:
    """A client that publishes."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def latest(service: RunningService, appliance_id: str) -> dict[str, float]:
    """The last reading of each metric, once the desk has heard of the appliance."""
    deadline = time.monotonic() + KNOWN_S
    while (answer := service.http.get(f"/api/v1/appliances/{appliance_id}/telemetry", params=KEPT)).status_code != 200:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    series = answer.json()["series"] if answer.status_code == 200 else {}
    said = {name: [value for value in values if value is not None] for name, values in series.items()}
    return {name: values[-1] for name, values in said.items() if values}


def say_all(cases: list[dict[str, Any]], client: Client, service: RunningService) -> None:
    """Publish all messages in order, what a case begins by describing before all else, so that it is subscribed to."""
    first, then = [], []
    for case in cases:
        begun = next((n for n, one in enumerate(case["messages"]) if not is_description(one)), len(case["messages"]))
        first += case["messages"][:begun]
        then += case["messages"][begun:]
    for messages in (first, then):
        for message in messages:
            said = payload_of(message, to_ms(SystemClock().now()))
            client.publish(message["topic"], said, qos=1, retain=is_description(message)).wait_for_publish(READY_S)
            if messages is then and is_description(message):
                time.sleep(SUBSCRIBED_S)
        service.wait_until_stored()
        time.sleep(SUBSCRIBED_S)


def is_description(message: dict[str, Any]) -> bool:
    """Whether a message says what other topics carry."""
    return bool(message["topic"].endswith("/config"))


@pytest.mark.parametrize("file", sorted(CASES.glob("*.json")), ids=lambda file: file.stem)
def test_what_is_said_is_served(file: Path, tmp_path: Path) -> None:
    """Each convention at a service of its own; a message that the broker kept comes as news only where it is subscribed to."""
    cases = [
        case
        for case in json.loads(file.read_text(encoding="utf-8"))
        if not any(message.get("retain") for message in case["messages"])
    ]
    topics = ",".join(item for case in cases for item in case.get("topics", ()))
    settings = {"foreign_topics": topics} if topics else {}
    with (
        open_broker(tmp_path) as port,
        serving(tmp_path, mqtt_url=f"mqtt://127.0.0.1:{port}", **settings) as service,
        speaking(port) as client,
    ):
        say_all(cases, client, service)

        wrong = {}
        for case in cases:
            for appliance_id, readings in case["readings"].items():
                served = latest(service, appliance_id)
                if served != pytest.approx(readings):
                    wrong[case["name"]] = (appliance_id, served, readings)

        assert not wrong
