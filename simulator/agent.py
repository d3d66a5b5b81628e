"""Agent: the software inside one appliance, without its network.

It numbers messages, keeps them until they are acknowledged, and answers commands by its own rules.

Promises: boot and seq identify each message, seq counts telemetry and events together from 0 without a hole; each
message stays in the buffer until an ``ack`` covers it or a ``nack`` names it, within ``buffer_bytes`` (beyond that the
oldest go, counted); a command is done at most once: a repeated id gets the old answer, of the last 256. It refuses
what is late, what it does not know, and what its interlocks forbid, whatever the service has checked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from simulator.payload import encode_happening, pack
from simulator.reports import Happening

RESULTS_KEPT = 256
BUFFER_BYTES = 16 * 1024 * 1024
RUNNING_CLASSES = frozenset({"R2", "R3", "R4"})
"""Classes that move something: never while a programme runs or a door is open."""
CLASSES = frozenset({"R0", "R1", *RUNNING_CLASSES})


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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that the appliance wants to publish at QoS 1; ``seq`` where it is numbered."""

    topic: str
    payload: bytes
    retain: bool = False
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """What the display shows the customer."""

    code: str
    expires_at: str
    scope: str


@dataclass(slots=True)
class AgentCounts:
    """What the agent has done so far."""

    numbered: int = 0
    acknowledged: int = 0
    refused: int = 0
    dropped: int = 0
    commands: int = 0


@dataclass(slots=True)
class Agent:
    """One appliance's software; ``boot`` is new with each start."""

    identity: Identity
    boot: str
    topic_root: str = "fettle/v1"
    buffer_bytes: int = BUFFER_BYTES
    counts: AgentCounts = field(default_factory=AgentCounts)
    consent: Consent | None = None
    buffered_bytes: int = 0
    _next_seq: int = 0
    _buffer: OrderedDict[int, Outgoing] = field(default_factory=OrderedDict)
    _results: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _last_sample: bytes = b"{}"

    def topic(self, channel: str) -> str:
        """The topic of one of its channels."""
        return f"{self.topic_root}/{self.identity.kind}/{self.identity.appliance_id}/{channel}"

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The topics on which the service speaks to it."""
        return tuple(self.topic(channel) for channel in ("command", "ack", "nack"))

    def birth(self, now_ms: int) -> Outgoing:
        """What it says when it connects."""
        who = self.identity
        told = {"model": who.model, "serial": who.serial, "firmware": who.firmware, "region": who.region}
        status: dict[str, Any] = {"state": "online", "ts": now_ms, "capabilities": ["buffer"]}
        status |= {name: value for name, value in told.items() if value is not None}
        if who.interval_s is not None:
            status["interval_s"] = who.interval_s
        return Outgoing(self.topic("status"), msgspec.json.encode(status), retain=True)

    def last_will(self) -> Outgoing:
        """What the broker shall say when the connection breaks."""
        return Outgoing(self.topic("status"), b'{"state":"offline"}', retain=True)

    def farewell(self, now_ms: int) -> Outgoing:
        """What it says before it leaves on purpose."""
        return Outgoing(self.topic("status"), msgspec.json.encode({"state": "offline", "ts": now_ms}), retain=True)

    def report(self, samples: Sequence[bytes]) -> list[Outgoing]:
        """Number and keep encoded samples, in as few messages as the wire allows."""
        if not samples:
            return []
        self._last_sample = samples[-1]
        return [self._keep("telemetry", payload) for payload in pack(samples, boot=self.boot, seq=self._next_seq)]

    def tell(self, happening: Happening) -> Outgoing:
        """Number and keep an event."""
        return self._keep("event", encode_happening(happening, boot=self.boot, seq=self._next_seq))

    def unacknowledged(self) -> list[Outgoing]:
        """All that is kept, oldest first: what a new connection sends again."""
        return list(self._buffer.values())

    def is_wanted(self, message: Outgoing) -> bool:
        """Whether sending it still makes sense: nobody has acknowledged or refused it meanwhile."""
        return message.seq is None or message.seq in self._buffer

    def receive(self, topic: str, payload: bytes, now_ms: int) -> list[Outgoing]:
        """Take in what the service says; what is answered. Anything that makes no sense is ignored."""
        channel = topic.rsplit("/", 1)[-1]
        try:
            message = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            return []
        if not isinstance(message, dict):
            return []
        if channel == "command":
            return self._obey(message, now_ms)
        if channel == "command":
            return self._obey(message, now_ms)
        seq = message.get("upto" if channel == "ack" else "seq")
        if message.get("boot") != self.boot or not isinstance(seq, int):
            return []
        if channel == "ack":
            self.counts.acknowledged += self._release(seq)
        elif channel == "nack" and seq in self._buffer:
            self._drop(seq)
            self.counts.refused += 1
        return []

    def _keep(self, channel: str, payload: bytes) -> Outgoing:
        message = Outgoing(self.topic(channel), payload, seq=self._next_seq)
        self._buffer[self._next_seq] = message
        self._next_seq += 1
        self.counts.numbered += 1
        self.buffered_bytes += len(payload)
        while self.buffered_bytes > self.buffer_bytes and len(self._buffer) > 1:
            self._drop(next(iter(self._buffer)))
            self.counts.dropped += 1
        return message

    def _release(self, upto: int) -> int:
        released = 0
        while self._buffer and next(iter(self._buffer)) <= upto:
            self._drop(next(iter(self._buffer)))
            released += 1
        return released

    def _drop(self, seq: int) -> None:
        self.buffered_bytes -= len(self._buffer.pop(seq).payload)

    def _obey(self, command: dict[str, Any], now_ms: int) -> list[Outgoing]:
        command_id = command.get("id")
        if not isinstance(command_id, str):
            return []
        if command_id not in self._results:
            state, reason, data = self._decide(command, now_ms)
            result = {"id": command_id, "state": state, "ts": now_ms}
            result |= {"reason": reason} if reason else {}
            result |= {"data": data} if data else {}
            self._results[command_id] = msgspec.json.encode(result)
            self.counts.commands += 1
            while len(self._results) > RESULTS_KEPT:
                self._results.popitem(last=False)
        return [Outgoing(self.topic("result"), self._results[command_id])]

    def _decide(self, command: dict[str, Any], now_ms: int) -> tuple[str, str | None, dict[str, Any]]:
        """(state, reason, data); fails closed: what can't be read is not done."""
        name, arguments = command.get("name"), command.get("args") or {}
        not_after_ms = _moment_ms(command.get("not_after"))
        if not_after_ms is None or command.get("class") not in CLASSES or not isinstance(arguments, dict):
            return "rejected", "malformed", {}
        if now_ms > not_after_ms:
            return "rejected", "too_late", {}
        sample = msgspec.json.decode(self._last_sample)
        if command["class"] in RUNNING_CLASSES and (obstacle := _interlock(sample)) is not None:
            return "rejected", obstacle, {}
        if name == "snapshot.read":
            return "succeeded", None, {"mode": sample.get("mode"), "metrics": sample.get("metrics", {})}
        if name == "consent.show":
            return self._show(arguments)
        return "rejected", "unknown_command", {}

    def _show(self, arguments: dict[str, Any]) -> tuple[str, str | None, dict[str, Any]]:
        code = arguments.get("code")
        if not isinstance(code, str) or not code:
            return "rejected", "malformed", {}
        self.consent = Consent(code, str(arguments.get("expires_at")), str(arguments.get("scope")))
        return "succeeded", None, {}


def _interlock(sample: dict[str, Any]) -> str | None:
    """What forbids to move anything now: a running programme, an open door, or not knowing."""
    metrics = sample.get("metrics")
    if not metrics:
        return "interlock_unknown_state"
    if metrics.get("door_open"):
        return "interlock_door_open"
    if sample.get("cycle"):
        return "interlock_running"
    return None


def _moment_ms(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return round(moment.timestamp() * 1000) if moment.tzinfo else None
    return None
