"""Commands, acks and nacks on their way to appliances."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ingest.clock import ManualClock
from ingest.mqtt.courier import ANSWERS_MAX, LOOK_BUSY_S, LOOK_EVERY_S, Courier
from ingest.mqtt.errors import BrokerReason, MqttError
from ingest.wire.outgoing import Outgoing


@dataclass
class Desk:
    """Commands in memory."""

    commands: list[Outgoing] = field(default_factory=list)
    done: list[tuple[str, int]] = field(default_factory=list)
    claimed: list[tuple[str, int]] = field(default_factory=list)
    forbidden: frozenset[str] = frozenset()

    def due(self, now_ms: int) -> list[Outgoing]:
        """All that were not sent."""
        del now_ms
        return [c for c in self.commands if c.command_id not in dict(self.done)]

    def claim(self, command_id: str, now_ms: int) -> bool:
        """Only what may go."""
        self.claimed.append((command_id, now_ms))
        return command_id not in self.forbidden

    def sent(self, command_id: str, now_ms: int) -> None:
        """Remember it."""
        self.done.append((command_id, now_ms))


@dataclass
class Line:
    """A session that works or doesn't."""

    is_up: bool = True
    published: list[tuple[str, bytes, int | None]] = field(default_factory=list)

    async def publish(self, topic: str, payload: bytes, *, expiry_s: int | None = None) -> None:
        """Keep it, or say that there is no connection."""
        if not self.is_up:
            raise MqttError(BrokerReason.LOST, "no connection")
        self.published.append((topic, payload, expiry_s))

    def publish_once(self, topic: str, payload: bytes) -> bool:
        """Keep it, or drop it."""
        if self.is_up:
            self.published.append((topic, payload, None))
        return self.is_up


def _command(number: int, not_after_ms: int) -> Outgoing:
    return Outgoing(f"c{number}", f"fettle/v1/refrigerator/f{number}/command", b"{}", not_after_ms)


def test_a_command_carries_the_time_that_is_left() -> None:
    """The message expires when the command does, rounded up to whole seconds, and the desk learns that it was sent."""
    desk, line = Desk([_command(1, 13_500)]), Line()

    asyncio.run(Courier(line, ManualClock(10_000), desk).tick())

    assert line.published == [("fettle/v1/refrigerator/f1/command", b"{}", 4)]
    assert desk.done == [("c1", 10_000)]


def test_a_command_waits_for_a_connection() -> None:
    """Without a connection nothing is marked as sent; with one the command goes out once."""
    desk, line = Desk([_command(1, 99_000), _command(2, 99_000)]), Line(is_up=False)
    courier = Courier(line, ManualClock(10_000), desk)

    asyncio.run(courier.tick())
    assert desk.done == []
    line.is_up = True
    asyncio.run(courier.tick())
    asyncio.run(courier.tick())

    assert [topic for topic, _, _ in line.published] == [c.topic for c in desk.commands]
    assert courier.stats.commands_failed == 1


def test_a_command_that_is_over_is_not_sent() -> None:
    """A command past its deadline never leaves, however long it waited."""
    desk, line = Desk([_command(1, 10_000)]), Line()

    asyncio.run(Courier(line, ManualClock(10_000), desk).tick())

    assert line.published == []
    assert desk.done == []


def test_answers_go_out_in_order() -> None:
    """Acks and nacks leave in the order in which admission gave them; without a connection they are dropped, counted."""
    line = Line()
    courier = Courier(line, ManualClock(0))

    courier.answer([("a/ack", b"1"), ("a/nack", b"2")])
    asyncio.run(courier.tick())
    line.is_up = False
    courier.answer([("a/ack", b"3")])
    asyncio.run(courier.tick())

    assert [payload for _, payload, _ in line.published] == [b"1", b"2"]
    assert (courier.stats.answers_sent, courier.stats.answers_dropped) == (2, 1)


def test_answers_are_bounded() -> None:
    """More answers than fit push out the oldest, and the loss is counted."""
    courier = Courier(Line(), ManualClock(0))

    courier.answer(("t", b"") for _ in range(ANSWERS_MAX + 5))

    assert courier.stats.answers_dropped == 5


def test_it_looks_more_often_while_somebody_works_with_an_appliance() -> None:
    """After a command that went out, for a while; before it, and after one that could not go out, in peace."""
    desk, line = Desk([_command(1, 99_000)]), Line(is_up=False)
    courier = Courier(line, ManualClock(10_000), desk)
    asyncio.run(courier.tick())
    before = courier.pause_s
    line.is_up = True
    asyncio.run(courier.tick())

    assert (before, courier.pause_s) == (LOOK_EVERY_S, LOOK_BUSY_S)
