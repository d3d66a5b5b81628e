"""What mosquitto_pub sends to a service on a real mosquitto: every convention is stored, and what is none is told."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.conftest import MosquittoServer
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


def test_an_unknown_channel_is_told(service: RunningService, mosquitto: MosquittoServer) -> None:
    """A message on a channel that is none is kept with its reason; what the service says itself does not come back."""
    topic = "fettle/v1/refrigerator/odd-1/bogus"
    say(mosquitto, "odd-1", "fettle/v1/refrigerator/odd-1/telemetry", '{"boot": "b", "seq": 0, "metrics": {}}')

    say(mosquitto, "odd-1", topic, {"anything": 1})

    deadline = time.monotonic() + READY_S
    while (
        len(told := [(one["topic"], one["reason"]) for one in dead_letters(service) if "/odd-1/" in one["topic"]]) < 2
    ):
        assert time.monotonic() < deadline, told
    service.wait_until_stored()
    assert (topic, "unknown_topic") in told
    assert ("fettle/v1/refrigerator/odd-1/telemetry", "schema") in told
    assert not [one for one in dead_letters(service) if one["topic"].endswith("/nack")]
