"""Agent: the software inside one appliance, without its network.

It numbers messages, keeps them until they are acknowledged, says when it sleeps and wakes, and hands commands to its own
rules (obedience.py).

Promises: boot and seq identify each message, seq counts telemetry and events of a boot together from 0 without a hole;
each message stays in the buffer until an ``ack`` covers it or a ``nack`` names it, also over a reboot, within
``buffer_bytes`` (beyond that the oldest go, counted). An appliance with ``buffer_bytes`` 0 keeps nothing and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ingest.profiles.definition import RemoteTest
from ingest.wire.signature import is_signed
from simulator.buffer import Buffer, Outgoing
from simulator.obedience import Bench, Obedience
from simulator.payload import encode_happening, pack
from simulator.reports import Happening
from simulator.surface import Consent, Surface

BUFFER_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the appliance is, as its birth tells it."""

    appliance_id: str
    kind: str
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    region: str | None = None
    interval_s: float | None = None


@dataclass(slots=True)
class AgentCounts:
    """What the agent has done so far."""

    numbered: int = 0
    acknowledged: int = 0
    refused: int = 0
    dropped: int = 0
    spurned: int = 0
    """Commands that bore no signature of those who may command it."""
    boots: int = 1


class Agent:
    """One appliance's software; ``boot`` is new with each start."""

    def __init__(
        self,
        identity: Identity,
        *,
        boot: str,
        topic_root: str = "fettle/v1",
        buffer_bytes: int = BUFFER_BYTES,
        tests: Sequence[RemoteTest] = (),
        bench: Bench | None = None,
        command_keys: Sequence[str] = (),
        gentle_hours: Mapping[str, float] | None = None,
    ) -> None:
        """``command_keys``: the public keys whose commands it obeys; without any it obeys unsigned ones, too."""
        self.identity, self.boot, self.topic_root = identity, boot, topic_root
        self.counts = AgentCounts()
        self.buffer = Buffer(buffer_bytes)
        self.surface = Surface()
        self.command_keys = tuple(command_keys)
        self.obedience = Obedience(identity.firmware, self.surface, tests, bench, gentle_hours or {})
        self.asleep_until_ms: int | None = None
        self._next_seq = 0

    def topic(self, channel: str) -> str:
        """The topic of one of its channels."""
        return f"{self.topic_root}/{self.identity.kind}/{self.identity.appliance_id}/{channel}"

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The topics on which the service speaks to it."""
        return tuple(self.topic(channel) for channel in ("command", "ack", "nack"))

    @property
    def consent(self) -> Consent | None:
        """The code on its display."""
        return self.surface.consent

    @property
    def is_testing(self) -> bool:
        """Whether a remote test runs, whose result is still to come."""
        return self.obedience.is_testing

    @property
    def is_busy(self) -> bool:
        """Whether a test or a trace runs, whose result is still to come."""
        return self.obedience.is_busy

    @property
    def capabilities(self) -> list[str]:
        """What it tells at birth: whether it keeps messages, that it follows sessions, and its tests with their limits."""
        kept = ["buffer"] if self.has_memory else []
        gentle = (f"protect:{name}" for name in self.obedience.gentle_hours)
        tests = (":".join(("test", test.name, *_longest(test))) for test in self.obedience.tests)
        return [*kept, "session", *tests, *gentle]

    @property
    def has_memory(self) -> bool:
        """Whether it keeps messages until they are acknowledged (delivery class E)."""
        return self.buffer.limit_bytes > 0

    def greet(self, now_ms: int) -> list[Outgoing]:
        """What it says when it connects: a birth, and that it sleeps where it does."""
        asleep = [] if self.asleep_until_ms is None else [self._status(now_ms, "sleeping", until=self.asleep_until_ms)]
        return [self.birth(now_ms), *asleep]

    def birth(self, now_ms: int) -> Outgoing:
        """Online, who it is and what it can."""
        who = self.identity
        told = {"model": who.model, "serial": who.serial, "firmware": who.firmware, "region": who.region}
        return self._status(
            now_ms,
            "online",
            capabilities=self.capabilities,
            **{name: value for name, value in told.items() if value is not None},
            **({} if who.interval_s is None else {"interval_s": who.interval_s}),
        )

    def last_will(self) -> Outgoing:
        """What the broker shall say when the connection breaks."""
        return Outgoing(self.topic("status"), b'{"state":"offline"}', retain=True)

    def farewell(self, now_ms: int) -> Outgoing:
        """What it says before it leaves on purpose."""
        return self._status(now_ms, "offline")

    def sleep(self, now_ms: int, *, until_ms: int) -> Outgoing:
        """Say that nothing is to be expected before ``until_ms``."""
        self.asleep_until_ms = until_ms
        return self._status(now_ms, "sleeping", until=until_ms)

    def wake(self, now_ms: int) -> list[Outgoing]:
        """Say that it is there again, where it slept."""
        if self.asleep_until_ms is None:
            return []
        self.asleep_until_ms = None
        return [self.birth(now_ms)]

    def reboot(self, boot: str) -> None:
        """Start anew under another boot, numbered from 0; what was kept stays kept, what power held is gone."""
        self.boot, self._next_seq, self.asleep_until_ms = boot, 0, None
        self.counts.boots += 1
        self.obedience.lose_power()

    def report(self, samples: Sequence[bytes]) -> list[Outgoing]:
        """Number and keep encoded samples, in as few messages as the wire allows."""
        if not samples:
            return []
        self.surface.sample = samples[-1]
        return [self._keep("telemetry", payload) for payload in pack(samples, boot=self.boot, seq=self._next_seq)]

    def tell(self, happening: Happening) -> Outgoing:
        """Number and keep an event."""
        if happening.type == "error_code" and happening.code is not None:
            self.surface.errors.append((happening.ts_ms, happening.code))
        return self._keep("event", encode_happening(happening, boot=self.boot, seq=self._next_seq))

    def unacknowledged(self) -> list[Outgoing]:
        """All that is kept, oldest first: what a new connection sends again."""
        return list(self.buffer)

    def is_wanted(self, message: Outgoing) -> bool:
        """Whether sending it still makes sense: nobody has acknowledged or refused it meanwhile."""
        return message.seq is None or not self.has_memory or message in self.buffer

    def receive(self, topic: str, payload: bytes, now_ms: int, *, is_retained: bool = False) -> list[Outgoing]:
        """Take in what the service says; what is answered. Anything that makes no sense is ignored.

        A command that the broker had kept (``is_retained``) is refused: the service never sends one that way.
        """
        channel = topic.rsplit("/", 1)[-1]
        try:
            message = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            return []
        if not isinstance(message, dict):
            return []
        if channel == "command":
            if is_retained:
                return self._results(self.obedience.refuse(message, now_ms, "retained"))
            if self.command_keys and not is_signed(self.identity.appliance_id, message, self.command_keys):
                self.counts.spurned += 1
                return self._results(self.obedience.refuse(message, now_ms, "signature"))
            return self._results(self.obedience.obey(message, now_ms))
        boot, seq = message.get("boot"), message.get("upto" if channel == "ack" else "seq")
        if isinstance(boot, str) and isinstance(seq, int):
            if channel == "ack":
                self.counts.acknowledged += self.buffer.release(boot, seq)
            elif channel == "nack" and self.buffer.refuse(boot, seq):
                self.counts.refused += 1
        return []

    def due(self, now_ms: int) -> list[Outgoing]:
        """What a test has brought to light by now: its trace as telemetry, and its result."""
        messages: list[Outgoing] = []
        for answer in self.obedience.due(now_ms):
            told = pack(answer.trace, boot=self.boot, seq=self._next_seq)
            messages += [self._keep("telemetry", payload) for payload in told]
            messages += self._results([answer.payload])
        return messages

    def break_off(self, now_ms: int, reason: str) -> list[Outgoing]:
        """End a running test, because somebody opened the door or the power went."""
        return self._results(self.obedience.break_off(now_ms, reason))

    def _results(self, payloads: Sequence[bytes]) -> list[Outgoing]:
        return [Outgoing(self.topic("result"), payload) for payload in payloads]

    def _status(self, now_ms: int, state: str, **more: Any) -> Outgoing:
        return Outgoing(self.topic("status"), msgspec.json.encode({"state": state, "ts": now_ms, **more}), retain=True)

    def _keep(self, channel: str, payload: bytes) -> Outgoing:
        message = Outgoing(self.topic(channel), payload, boot=self.boot, seq=self._next_seq)
        self.counts.dropped += self.buffer.keep(message, boot=self.boot, seq=self._next_seq)
        self._next_seq += 1
        self.counts.numbered += 1
        return message


def _longest(test: RemoteTest) -> tuple[str, ...]:
    """For how many seconds it does a test at most, where that can be chosen."""
    return (f"{test.args['seconds']:g}",) if "seconds" in test.args else ()
