"""What people write first: aiomqtt, ``json.loads`` and a ``Point`` per message, on the same feeder.

It acknowledges before the work, and writes nowhere or to InfluxDB, 5,000 lines at a time: the baseline has the easier task.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import aiomqtt
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import SYNCHRONOUS

from benchmarks.feeder import Feeder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.influx_process import InfluxServer


def baseline_per_s(count: int) -> float:
    """Messages per second of the baseline that writes nowhere."""
    with Feeder(count) as feeder:
        started = time.perf_counter()
        asyncio.run(_receive(count, feeder.port, lambda _body: None))
        return count / (time.perf_counter() - started)


async def baseline_us(count: int, port: int, server: InfluxServer, bucket: str) -> float:
    """CPU per message of the baseline that writes to InfluxDB."""
    client = InfluxDBClient(f"http://127.0.0.1:{server.port}", token=server.token, org=server.org)
    writes = client.write_api(write_options=SYNCHRONOUS)
    started = time.process_time()
    await _receive(count, port, lambda body: writes.write(bucket, record=body))
    used = time.process_time() - started
    client.close()  # type: ignore[no-untyped-call] # the client's own code is untyped
    return used / count * 1e6


async def _receive(count: int, port: int, write: Callable[[bytes], object]) -> None:
    async with aiomqtt.Client("127.0.0.1", port, identifier="baseline", keepalive=600) as client:
        await client.subscribe("fettle/v1/#", qos=1)
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
            number += 1
            if len(lines) == 5_000 or number == count:
                write("\n".join(lines).encode())
                lines.clear()
            if number == count:
                break
