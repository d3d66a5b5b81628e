"""A load whose outcome is known: what refrigerators send, and what must stand in ledger, store and desk at the end.

Each appliance sends one message a round, a round is five minutes of event time. Half of the appliances keep their messages
until our ack (delivery class E, ids ``e...``), half don't (class M, ids ``m...``). A few messages are refused, a few of
class M can't be read at all, a few come twice. Four appliances have a plain fault, so that four tickets are due.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

ROUND_MS = 300_000
METRICS = {"power_w": (60, 120), "fresh_food_c": (3, 6), "freezer_c": (-20, -17), "ambient_c": (18, 24)}
ROOT = "fettle/v1/refrigerator"


class Fate(StrEnum):
    """What must become of a message."""

    GOOD = "good"
    REFUSED = "refused"
    """Dead-lettered under its own identity."""
    UNREADABLE = "unreadable"
    """Dead-lettered without identity: its seq stays in the gap."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, and what must become of it."""

    appliance_id: str
    seq: int
    channel: str
    payload: bytes
    fate: Fate = Fate.GOOD
    readings: int = 0

    @property
    def topic(self) -> str:
        """Where it is published."""
        return f"{ROOT}/{self.appliance_id}/{self.channel}"


@dataclass(frozen=True, slots=True)
class Account:
    """One appliance's row of the ledger, without duplicates."""

    max_seq: int
    stored: int
    dead_lettered: int
    gap: int


@dataclass(frozen=True)
class Load:
    """What to send; equal loads send equal bytes."""

    start_ms: int
    appliances: int = 60
    rounds: int = 100
    seed: int = 4
    is_clean: bool = False
    """Only good messages."""

    @cached_property
    def messages(self) -> list[Message]:
        """All messages in the order in which they are sent."""
        chance = random.Random(self.seed)
        sent = []
        for number in range(self.rounds):
            for appliance in range(self.appliances):
                message = self._message(chance, appliance, number)
                sent.append(message)
                if not self.is_clean and chance.random() < 0.01:
                    sent.append(message)  # twice
        return sent

    @property
    def names(self) -> list[str]:
        """Every appliance."""
        return [_name(appliance) for appliance in range(self.appliances)]

    @cached_property
    def accounts(self) -> dict[str, Account]:
        """The ledger's row of each appliance when everything has arrived."""
        found = {}
        fates: dict[str, Counter[Fate]] = {name: Counter() for name in self.names}
        for message in set(self.messages):
            fates[message.appliance_id][message.fate] += 1
        for name, count in fates.items():
            found[name] = Account(self.rounds - 1, count[Fate.GOOD], count[Fate.REFUSED], count[Fate.UNREADABLE])
        return found

    @property
    def distinct(self) -> int:
        """How many messages the ledger must know, stored or dead-lettered."""
        return sum(account.stored + account.dead_lettered for account in self.accounts.values())

    @property
    def sent(self) -> int:
        """How many distinct messages are sent."""
        return self.appliances * self.rounds

    @property
    def sent_twice(self) -> int:
        """How many messages of class M are sent twice and can be told from each other."""
        readable = [m for m in self.messages if not is_buffered(m.appliance_id) and m.fate is not Fate.UNREADABLE]
        return len(readable) - len(set(readable))

    @cached_property
    def readings(self) -> int:
        """How many readings the store must hold: those of distinct good messages."""
        return sum(message.readings for message in set(self.messages) if message.fate is Fate.GOOD)

    def _message(self, chance: random.Random, appliance: int, number: int) -> Message:
        """What one appliance sends in one round."""
        name, fault = _name(appliance), appliance % self.appliances
        at_ms = self.start_ms + number * ROUND_MS + appliance
        head = {"boot": f"b{appliance:07d}", "seq": number, "ts": at_ms}
        metrics: dict[str, object] = {
            metric: round(chance.uniform(low, high), 2) for metric, (low, high) in METRICS.items()
        }
        if fault == 0 and number == 20:
            return _message(name, "event", {**head, "type": "error_code", "code": "rF"})
        if fault == 1 and number == 30:
            return _message(name, "event", {**head, "type": "error_code", "code": "FF"})
        if fault == 2 and number >= 10:
            metrics["door_open"] = True
        if fault == 3 and number >= 5:
            metrics["fresh_food_c"] = 15.5
        luck = 1.0 if self.is_clean or fault < 4 or number == self.rounds - 1 else chance.random()
        if luck < 0.005:
            return _message(name, "telemetry", {**head, "metrics": {"power_w": None}}, Fate.REFUSED)
        if luck < 0.0075 and name.startswith("m"):
            return Message(name, number, "telemetry", b'{"boot": "b', Fate.UNREADABLE)
        return _message(name, "telemetry", {**head, "mode": "cooling", "metrics": metrics}, readings=len(metrics))


def birth(name: str) -> tuple[str, bytes]:
    """Topic and payload of the status with which an appliance of class E says that it keeps its messages."""
    return f"{ROOT}/{name}/status", json.dumps({"state": "online", "capabilities": ["buffer"]}).encode()


def is_buffered(name: str) -> bool:
    """Whether an appliance keeps its messages until our ack."""
    return name.startswith("e")


def _name(appliance: int) -> str:
    return f"{'em'[appliance % 2]}{appliance:05d}"


def _message(
    name: str, channel: str, document: dict[str, object], fate: Fate = Fate.GOOD, readings: int = 0
) -> Message:
    seq = document["seq"]
    assert isinstance(seq, int)
    return Message(name, seq, channel, json.dumps(document, separators=(",", ":")).encode(), fate, readings)
