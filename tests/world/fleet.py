"""The world's appliances and their broker: what was to be said, and a way there that loses, doubles and mixes it.

A :class:`Plan` is drawn from its own seed and says what happens at the appliances; how it travels is the fault schedule's
matter. Every sample carries a serial number of its own as a reading, so that a store can be asked what it holds twice.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

import mqtt5

from ingest.mqtt.frames import PublishRun, take_publishes
from ingest.profiles.definition import FaultMode, Feature, Metric, MetricKind, Profile, Rule, Unit
from ingest.sample import EventType, StatusState
from ingest.wire.command import AckMessage
from ingest.wire.event import EventMessage, encode_event
from ingest.wire.status import BUFFER_CAPABILITY, StatusMessage, encode_status
from ingest.wire.telemetry import WireSample, batched

START_MS = 1_795_293_552_250
STEP_MS = 60_000
KIND = "heater"
TAIL = 5
"""So many messages at the end of each appliance's last boot come in order: what is wrong shows itself once more."""
RESEND_AFTER_MS = 5 * STEP_MS

HEATER = Profile(
    kind=KIND,
    label={"en": "Heater", "zh": "加热器"},
    unit=Unit.DAY,
    usual_interval_s=60,
    modes=("on",),
    metrics={
        name: Metric(name, unit, MetricKind.MEASUREMENT, low, high)
        for name, unit, low, high in (("power_w", "W", 0, 5000), ("serial", "", 0, 1e9))
    },
    features=(Feature(name="power", unit="W", statistic="mean", metric="power_w"),),
    rules=(Rule("power_w", "element_short", above=3000, for_s=100),),
    fault_modes={
        name: FaultMode(
            name=name,
            component=component,
            title={"en": name, "zh": name},
            signature={"power": 1.0},
            danger=1,
            hazard_per_year=0.05,
            time_scale_days=(7, 21),
            error_codes=codes,
        )
        for name, component, codes in (("element_short", "element", ()), ("pump_blocked", "pump", ("E18",)))
    },
    running_modes=("on",),
)
PROFILES = {KIND: HEATER}


class Fate(StrEnum):
    """What must become of one message."""

    STORED = "stored"
    REFUSED = "schema"
    UNREADABLE = "not_json"


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """One message of an appliance, due at ``at_ms`` true time; ``samples`` are (serial, power) a minute apart."""

    appliance_id: str
    boot: str
    seq: int
    at_ms: int
    fate: Fate
    samples: tuple[tuple[int, float], ...] = ()
    code: str | None = None
    is_steady: bool = False
    """Sent in order, with the right clock, whatever the faults."""

    @property
    def topic(self) -> str:
        """Where it is published."""
        return f"fettle/v1/{KIND}/{self.appliance_id}/{'event' if self.code else 'telemetry'}"

    def payload(self, clock_off_ms: int = 0) -> bytes:
        """The bytes; ``clock_off_ms`` is how wrong the appliance's clock is."""
        if self.fate is Fate.REFUSED:
            return b'{"boot":"%s","seq":%d,"metrics":{}}' % (self.boot.encode(), self.seq)
        if self.fate is Fate.UNREADABLE:
            return b'{"boot":"%s","seq":%d,"metr' % (self.boot.encode(), self.seq)
        if self.code:
            return encode_event(EventMessage(EventType.ERROR_CODE, self.boot, self.seq, self.at_ms, self.code))
        samples = [
            WireSample(
                {"power_w": power, "serial": serial},
                self.at_ms + clock_off_ms - (len(self.samples) - 1 - place) * STEP_MS,
                "on",
                None,
                self.at_ms - START_MS + 3_600_000 - (len(self.samples) - 1 - place) * STEP_MS,
            )
            for place, (serial, power) in enumerate(self.samples)
        ]
        return batched(samples, boot=self.boot, seq=self.seq)


@dataclass(frozen=True, slots=True)
class Plan:
    """What all appliances say: appliance id → its messages in order; ``buffered`` are those of delivery class E."""

    number: int
    messages: dict[str, list[Said]]
    buffered: frozenset[str]

    @property
    def all(self) -> list[Said]:
        """Every message."""
        return [said for some in self.messages.values() for said in some]

    @property
    def calm_ms(self) -> int:
        """When the first appliance begins with its last messages: from then on nothing fails any more."""
        return min(some[-TAIL].at_ms for some in self.messages.values()) - 1


def make_plan(number: int) -> Plan:
    """One to three appliances with one or two boots each; many of them develop a fault, or two."""
    chance = random.Random(number)
    numbers = [f"h{number}" for number in range(chance.randint(1, 3))]
    serials = count()
    messages = {appliance_id: _messages(appliance_id, chance, serials) for appliance_id in numbers}
    return Plan(number, messages, frozenset(appliance_id for appliance_id in numbers if chance.random() < 0.5))


def _messages(appliance_id: str, chance: random.Random, serials: Iterator[int]) -> list[Said]:
    """What one appliance says, boot by boot; a fault shows itself now and then, and at the end for sure."""
    faults = chance.sample(("code", "power"), chance.randint(0, 2))
    at_ms = START_MS + chance.randint(0, STEP_MS)
    boots = [chance.randint(5, 10) for _ in range(chance.randint(1, 2))]
    some: list[Said] = []
    for boot, early in enumerate(boots):
        late = TAIL if boot == len(boots) - 1 else 0
        for seq in range(early + late):
            is_steady = seq == 0 or seq >= early
            fate = Fate.STORED
            if not is_steady and chance.random() < 0.12:
                # None knows of an unreadable message behind the last one of its boot, so its sender would wait for ever.
                fate = chance.choice((Fate.REFUSED, Fate.UNREADABLE if seq < early - 1 else Fate.REFUSED))
            is_due = seq % 3 == 1 if seq < early else seq == early + late - 1
            is_code = "code" in faults and fate is Fate.STORED and is_due
            size = 0 if is_code or fate is not Fate.STORED else 1 if is_steady else chance.choice((1, 1, 3))
            at_ms += max(1, size) * STEP_MS
            power = 4000.0 if "power" in faults and seq > early // 3 else 1000.0 + chance.randint(0, 99)
            samples = tuple((next(serials), power) for _ in range(size))
            code = "E18" if is_code else None
            some.append(Said(appliance_id, f"{appliance_id}b{boot}", seq, at_ms, fate, samples, code, is_steady))
    return some


@dataclass(slots=True, eq=False)
class Link:
    """One connection of the service to the broker; a later one makes it worthless."""

    is_open: bool = True


@dataclass(slots=True)
class Broker:
    """Keeps what was published until it is acknowledged; delivers it again after each loss of the connection."""

    queue: deque[tuple[str, bytes]] = field(default_factory=deque)
    in_flight: list[tuple[int, str, bytes]] = field(default_factory=list)
    link: Link | None = None
    lost: list[tuple[str, bytes]] = field(default_factory=list)
    """What a kill cost: published, and gone."""
    _packet_id: int = 0

    def publish(self, topic: str, payload: bytes) -> None:
        """Take a message of an appliance; the broker acknowledges it at once, durable or not."""
        self.queue.append((topic, payload))

    def connect(self) -> Link:
        """A new connection of the service: what was not acknowledged comes again, first."""
        if self.link is not None:
            self.link.is_open = False
        self.queue.extendleft((topic, payload) for _, topic, payload in reversed(self.in_flight))
        self.in_flight.clear()
        self.link = Link()
        return self.link

    def deliver(self, most: int) -> tuple[PublishRun, list[int]] | None:
        """The next frames as they come from the socket, and their packet ids."""
        frames, ids = [], []
        for _ in range(min(most, len(self.queue))):
            topic, payload = self.queue.popleft()
            self._packet_id = self._packet_id % 65_535 + 1
            self.in_flight.append((self._packet_id, topic, payload))
            ids.append(self._packet_id)
            frames.append(
                mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self._packet_id).write()
            )
        if not frames:
            return None
        run = take_publishes(memoryview(b"".join(frames)))
        assert run is not None
        return run, ids

    def acknowledged(self, link: Link, ids: Sequence[int]) -> list[bytes]:
        """Take PUBACKs; those of a former connection are worth nothing. Answers the payloads that are done with."""
        if link is not self.link or not link.is_open:
            return []
        done = [payload for packet_id, _, payload in self.in_flight if packet_id in ids]
        self.in_flight = [item for item in self.in_flight if item[0] not in ids]
        return done

    def kill(self) -> None:
        """The broker's process dies and forgets everything it held."""
        self.lost += [*self.queue, *((topic, payload) for _, topic, payload in self.in_flight)]
        self.queue.clear()
        self.in_flight.clear()


@dataclass(slots=True)
class Agent:
    """One appliance's sending side. A buffered one keeps each message until the service says that it is durable."""

    appliance_id: str
    messages: list[Said]
    is_buffered: bool
    at: int = 0
    held: list[tuple[Said, bytes]] = field(default_factory=list)
    """Said and not sent yet, as the way is cut."""
    kept: list[tuple[Said, bytes]] = field(default_factory=list)
    """Sent, and not acknowledged end to end."""
    sent_ms: int = START_MS
    clock_off_ms: int = 0
    is_born: bool = False

    @property
    def is_busy(self) -> bool:
        """Whether there is more to say, or something said is not yet done with."""
        return self.at < len(self.messages) or bool(self.held or self.kept)

    def say(self, now_ms: int) -> None:
        """Say what is due."""
        while self.at < len(self.messages) and self.messages[self.at].at_ms <= now_ms:
            said = self.messages[self.at]
            self.held.append((said, said.payload(0 if said.is_steady else self.clock_off_ms)))
            self.at += 1

    def send(self, broker: Broker) -> None:
        """Publish what is held, after the birth that says how it delivers."""
        if not self.is_born:
            self.is_born = True
            birth = StatusMessage(StatusState.ONLINE, capabilities=(BUFFER_CAPABILITY,) if self.is_buffered else ())
            broker.publish(f"fettle/v1/{KIND}/{self.appliance_id}/status", encode_status(birth))
        for said, payload in self.held:
            broker.publish(said.topic, payload)
        if self.is_buffered:
            self.kept += self.held
        self.held.clear()

    def resend(self, broker: Broker, now_ms: int) -> None:
        """A buffered appliance sends again, every few minutes, what it still keeps: well before a gap is given up."""
        if not self.kept:
            self.sent_ms = now_ms
        elif now_ms - self.sent_ms >= RESEND_AFTER_MS:
            self.sent_ms = now_ms
            self.is_born = False
            self.send(broker)
            for said, payload in self.kept:
                broker.publish(said.topic, payload)

    def hear(self, ack: AckMessage) -> list[bytes]:
        """Take an ack: all up to it of that boot is dropped; answers the payloads let go."""
        gone = [payload for said, payload in self.kept if said.boot == ack.boot and said.seq <= ack.upto]
        self.kept = [item for item in self.kept if not (item[0].boot == ack.boot and item[0].seq <= ack.upto)]
        return gone
