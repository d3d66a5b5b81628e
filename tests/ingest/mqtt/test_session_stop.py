"""A session that is asked to stop while it looks for the broker."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from ingest.mqtt.address import parse_address
from ingest.mqtt.connection import Connection, ConnectionOptions
from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.mqtt.session import Session, subscriptions

if TYPE_CHECKING:
    import pytest


def test_a_stop_that_meets_a_failed_attempt_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that is cancelled in the very step in which the broker turns out to be away does not try again."""

    async def story() -> None:
        async def fail(_connection: Connection) -> None:
            await asyncio.sleep(0)
            running.cancel()
            raise MqttError(BrokerReason.UNREACHABLE, "no broker")

        monkeypatch.setattr(Connection, "_connect", fail)
        filters = subscriptions("fettle/v1")
        session = Session(
            parse_address("mqtt://127.0.0.1:1"),
            ConnectionOptions("fettle"),
            filters,
            chance=random.Random(1),
            on_run=lambda _connection, _run: None,
            backoff_first_s=60.0,
        )
        running = asyncio.create_task(session.run())
        for _ in range(10):
            await asyncio.sleep(0)

        assert running.done()

    asyncio.run(story())
