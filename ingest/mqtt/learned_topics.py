"""Loop: topics that devices name in their descriptions → subscriptions of the running session, and back when they go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from ingest.mqtt.errors import MqttError
from ingest.mqtt.session import covers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from ingest.wire.foreign.discovery import Discovery

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.2


class LearnedTopics:
    """Keeps the session subscribed to what is known; runs in the loop of the MQTT session."""

    def __init__(
        self,
        discovery: Discovery,
        subscribe: Callable[[Collection[str]], Awaitable[None]],
        *,
        covered_by: Sequence[str],
        keep: Callable[[], None],
    ) -> None:
        """``subscribe`` takes all topics that are wanted now, ``keep`` makes what was learned durable."""
        self._discovery = discovery
        self._subscribe = subscribe
        self._covered_by = tuple(covered_by)
        self._keep = keep
        self._seen = 0

    async def run(self) -> None:
        """Look for news until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(LOOK_EVERY_S)

    async def tick(self) -> None:
        """Ask for what is known now, where that has changed."""
        revision = self._discovery.revision
        if revision == self._seen:
            return
        await asyncio.to_thread(self._keep)
        topics = [
            topic
            for topic in self._discovery.topics()
            if not any(covers(pattern, topic) for pattern in self._covered_by)
        ]
        try:
            await self._subscribe(topics)
        except MqttError as error:  # the next connection asks for all of them again
            log.warning("learned_topics_wait", sentence=str(error))
        self._seen = revision
