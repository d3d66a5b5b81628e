"""The workload of the ingest figures: 10,000 refrigerators report in shuffled rounds, 10 metrics, about 300 B each."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import mqtt5

from ingest.wire.timestamp import format_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLIANCES = 10_000
MESSAGES = 200_000

METRICS = (
    ("power_w", 60, 120),
    ("energy_kwh", 100, 900),
    ("fresh_food_c", 2, 8),
    ("freezer_c", -22, -16),
    ("evaporator_c", -30, -20),
    ("condenser_c", 30, 48),
    ("ambient_c", 18, 30),
    ("compressor_duty_pct", 20, 80),
    ("evaporator_fan_rpm", 1200, 2400),
    ("condenser_fan_rpm", 900, 1500),
)


def messages(count: int, *, start_ms: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Topic and payload of ``count`` messages; one round takes 10 s of event time and ends at ``start_ms`` or before."""
    chance = random.Random(seed)
    order = list(range(APPLIANCES))
    rounds = -(-count // APPLIANCES)
    made = 0
    for number in range(rounds):
        chance.shuffle(order)
        for place, appliance in enumerate(order):
            if made == count:
                return
            made += 1
            document = {
                "boot": f"{appliance * 2654435761 % 2**64:016x}",
                "seq": number,
                "ts": format_ms(start_ms - (rounds - number) * 10_000 + place),
                "mode": "cooling",
                "metrics": {name: round(chance.uniform(low, high), 2) for name, low, high in METRICS},
            }
            payload = json.dumps(document, separators=(",", ":")).encode()
            yield f"fettle/v1/refrigerator/fridge-{appliance:05d}/telemetry", payload


def publish_frames(count: int, *, start_ms: int, seed: int = 1) -> Iterator[bytes]:
    """The same as MQTT 5 PUBLISH frames of QoS 1, with packet ids in turn."""
    for number, (topic, payload) in enumerate(messages(count, start_ms=start_ms, seed=seed)):
        yield mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=number % 65535 + 1).write()
