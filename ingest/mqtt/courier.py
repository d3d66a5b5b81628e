"""What the service says to appliances: commands that are due, acks and nacks.

Commands come from a :class:`CommandSource`, which another room implements, and go out at QoS 1 with the time that is
left to them as message expiry, never retained. One that can't be handed to the broker stays due; the appliance answers a
repeated id with its old result. Acks and nacks go out at QoS 0: a lost one is repeated by the next. They wait in a
bounded queue, and the oldest is dropped and counted when it is full.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from ingest.mqtt.errors import MqttError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.clock import Clock
    from ingest.wire.outgoing import CommandSource, Outgoing

log = structlog.get_logger(__name__)

ANSWERS_MAX = 100_000
LOOK_EVERY_S = 0.2
LOOK_BUSY_S = 0.03
"""How often it looks while somebody works with an appliance: a command has just been carried, and the next is near."""
BUSY_FOR_S = 60.0
_ANSWERS_PER_TICK = 5_000


class Publisher(Protocol):
    """What the courier needs of the session with the broker."""

    async def publish(self, topic: str, payload: bytes, *, expiry_s: int | None = None) -> None:
        """Publish at QoS 1; raises :class:`MqttError`."""
        ...

    def publish_once(self, topic: str, payload: bytes) -> bool:
        """Publish at QoS 0; False where it was dropped."""
        ...


@dataclass(slots=True)
class CourierStats:
    """What the courier has carried; read by health and metrics."""

    commands_sent: int = 0
    commands_failed: int = 0
    answers_sent: int = 0
    answers_dropped: int = 0


class Courier:
    """Carries commands, acks and nacks; runs in the loop of the MQTT session."""

    def __init__(self, publisher: Publisher, clock: Clock, source: CommandSource | None = None) -> None:
        self._publisher = publisher
        self._clock = clock
        self._source = source
        self._answers: deque[tuple[str, bytes]] = deque(maxlen=ANSWERS_MAX)
        self._trouble: str | None = None
        self._busy_until_s = 0.0
        self.stats = CourierStats()

    def answer(self, answers: Iterable[tuple[str, bytes]]) -> None:
        """Queue acks and nacks as topic and payload; may be called from any thread."""
        for topic_payload in answers:
            if len(self._answers) == ANSWERS_MAX:
                self.stats.answers_dropped += 1
            self._answers.append(topic_payload)

    async def run(self) -> None:
        """Look for something to carry until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(self.pause_s)

    @property
    def pause_s(self) -> float:
        """How long until it looks again."""
        return LOOK_BUSY_S if time.monotonic() < self._busy_until_s else LOOK_EVERY_S

    async def tick(self) -> None:
        """Carry what is there now."""
        self._send_answers()
        if self._source is None:
            return
        now_ms = self._clock.now_ms()
        for command in await asyncio.to_thread(self._source.due, now_ms):
            if not await self._send(command, self._source):
                return

    def _send_answers(self) -> None:
        for _ in range(min(len(self._answers), _ANSWERS_PER_TICK)):
            topic, payload = self._answers.popleft()
            if self._publisher.publish_once(topic, payload):
                self.stats.answers_sent += 1
            else:
                self.stats.answers_dropped += 1

    async def _send(self, command: Outgoing, source: CommandSource) -> bool:
        """Hand one command to the broker; False where it is better to try again later."""
        now_ms = self._clock.now_ms()
        left_ms = command.not_after_ms - now_ms
        if left_ms <= 0:
            return True  # too late: a command fails closed, and the desk lets it expire
        if not await asyncio.to_thread(source.claim, command.command_id, now_ms):
            return (
                True  # its session has ended, or something stands in its way: that is written down where it was decided
            )
        try:
            await self._publisher.publish(command.topic, command.payload, expiry_s=-(-left_ms // 1000))
        except MqttError as error:
            self.stats.commands_failed += 1
            if self._trouble != str(error):
                log.warning("command_waits", command_id=command.command_id, sentence=str(error))
            self._trouble = str(error)
            return False
        self._trouble = None
        self._busy_until_s = time.monotonic() + BUSY_FOR_S
        self.stats.commands_sent += 1
        await asyncio.to_thread(source.sent, command.command_id, now_ms)
        return True
