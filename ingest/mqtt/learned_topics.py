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
    from ingest.wire.foreign.traces import Traces

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.2
NOTES_EVERY = 10
"""Looks between two writings of the notes."""


class LearnedTopics:
    """Keeps the session subscribed to what is known; runs in the loop of the MQTT session."""

    def __init__(
        self,
        discovery: Discovery,
        subscribe: Callable[[Collection[str]], Awaitable[None]],
        *,
        covered_by: Sequence[str],
        traces: Traces | None = None,
        keep_traces: Callable[[], None] = lambda: None,
    ) -> None:
        """``subscribe`` takes all topics that are wanted now; ``keep_traces`` writes down what was noted of unread messages."""
        self._discovery = discovery
        self._subscribe = subscribe
        self._covered_by = tuple(covered_by)
        self._seen = 0
        self._traces = traces
        self._keep_traces = keep_traces
        self._noted = 0
        self._ticks = 0

    async def run(self) -> None:
        """Look for news until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(LOOK_EVERY_S)

    async def tick(self) -> None:
        """Ask for what is known now, where that has changed."""
        await self._keep_news()
        revision = self._discovery.revision
        if revision == self._seen:
            return
        topics = [
            topic
            for topic in self._discovery.topic_names()
            if not any(covers(pattern, topic) for pattern in self._covered_by)
        ]
        try:
            await self._subscribe(topics)
        except MqttError as error:  # the next connection asks for all of them again
            log.warning("learned_topics_wait", sentence=str(error))
        self._seen = revision

    async def _keep_news(self) -> None:
        """Write down notes of what was not read, every few seconds."""
        self._ticks += 1
        if self._traces is None or self._ticks % NOTES_EVERY or self._traces.changes == self._noted:
            return
        self._noted = self._traces.changes
        await asyncio.to_thread(self._keep_traces)
