"""The network itself goes away under everybody and comes back: nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.faults.conftest import Tell
from tests.servers.faults.fleet import Fleet
from tests.servers.faults.installation import FEEDER, Installation, Ticket, assert_nothing_lost
from tests.servers.faults.load import Load
from tests.servers.faults.namespaces import in_a_network_of_its_own

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]


def test_a_network_that_goes_away_loses_nothing(
    folder: Path, start_ms: int, tickets_due: Callable[[Load], list[Ticket]], tell: Tell
) -> None:
    """T14: the loopback of appliances, broker and service is taken down under load, several times, for seconds."""
    load = Load(start_ms, appliances=60, rounds=100)
    due = tickets_due(load)

    def body(switch: Callable[[str], None]) -> None:
        with Installation(folder) as installation, Fleet(installation.broker.port, FEEDER, load.messages) as fleet:
            service = installation.service
            service.start()
            service.wait_until_connected()
            for away_s in (0.2, 1.0, 3.0):
                fleet.release(1000, per_s=2000)
                time.sleep(0.2)
                switch("down")
                time.sleep(away_s)
                switch("up")
            fleet.release()
            installation.wait_until_settled(load.distinct)
            fleet.wait_until_done()
            service.stop()
            outcome = installation.outcome()
            tell("connections of the service", len(service.said("mqtt_connected")))
        assert_nothing_lost(outcome, load, due)

    in_a_network_of_its_own(body)
