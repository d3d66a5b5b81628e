"""What people write first: aiomqtt, ``json.loads`` and a ``Point`` per message, on the same feeder.

It acknowledges before the work and writes nowhere: the baseline has the easier task.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiomqtt
from influxdb_client.client.write.point import Point

from benchmarks.feeder import Feeder


def baseline_per_s(count: int) -> float:
    """Messages per second of the baseline."""
    with Feeder(count) as feeder:
        return asyncio.run(_receive(count, feeder.port))


async def _receive(count: int, port: int) -> float:
    async with aiomqtt.Client("127.0.0.1", port, identifier="baseline", keepalive=600) as client:
        await client.subscribe("fettle/v1/#", qos=1)
        started = time.perf_counter()
        lines: list[str] = []
        number = 0
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            document = json.loads(message.payload)
            appliance_id = message.topic.value.split("/")[3]
            point: Any = Point("refrigerator")  # type: ignore[no-untyped-call] # the client's own code is untyped
            point.tag("appliance_id", appliance_id).time(document["ts"])
            for name, value in document["metrics"].items():
                point.field(name, float(value))
            lines.append(point.to_line_protocol())
            if len(lines) == 5_000:
                "\n".join(lines).encode()
                lines.clear()
            number += 1
            if number == count:
                break
        return count / (time.perf_counter() - started)
