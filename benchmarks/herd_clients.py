"""A herd in a process of its own: thousands of connected appliances that come back by themselves when their broker goes.

``python -m benchmarks.herd_clients PORT COUNT``. Each says that it is there when it connects, with the number of its
connection as its firmware, and is back ``0`` to ``BACK_S_MAX`` seconds after its line broke. At each line on its input the
process answers how many are acknowledged on their newest connection, and when (monotonic clock) the last of them was.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from dataclasses import dataclass, field

import mqtt5

from benchmarks.mosquitto import FEEDER
from ingest.clock import SystemClock

BACK_S_MAX = 5.0
CONNECTING_AT_ONCE = 200


@dataclass(slots=True)
class Herd:
    """Who is there since when, by connection."""

    port: int
    back_at: dict[int, tuple[int, float]] = field(default_factory=dict)
    """Appliance → (number of its connection, when the broker had acknowledged its birth)."""
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTING_AT_ONCE))
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    async def live(self, number: int) -> None:
        """Connect, and again after every end."""
        generation = 0
        while True:
            generation += 1
            try:
                await self._connect(number, generation)
            except OSError:
                generation -= 1
            await asyncio.sleep(self.chance.uniform(0, BACK_S_MAX))

    async def _connect(self, number: int, generation: int) -> None:
        """One connection until its end."""
        name = f"herd-{number:05d}"
        topic = f"fettle/v1/refrigerator/{name}/status"
        async with self.gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            will = mqtt5.Will(topic, payload=b'{"state":"offline"}', qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)
            login = mqtt5.ConnectPacket(
                name, username=FEEDER[0], password=FEEDER[1].encode(), will=will, keep_alive=120, clean_start=True
            )
            birth = {"state": "online", "ts": SystemClock().now_ms(), "interval_s": 60, "firmware": str(generation)}
            said = mqtt5.PublishPacket(
                topic, json.dumps(birth).encode(), qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True, packet_id=1
            )
            writer.write(login.write() + said.write())
            kinds = {(await self._packet(reader)) >> 4 for _ in range(2)}
        if kinds != {2, 4}:
            raise OSError(f"{name} was answered by packets {kinds}")
        self.back_at[number] = (generation, time.monotonic())
        try:
            while await reader.read(4096):
                pass
        finally:
            writer.close()

    @staticmethod
    async def _packet(reader: asyncio.StreamReader) -> int:
        """The first byte of the next packet; all that a broker says here is shorter than 128 bytes."""
        try:
            head = await reader.readexactly(2)
            await reader.readexactly(head[1])
        except asyncio.IncompleteReadError as error:
            raise OSError("the line broke") from error
        return head[0]


async def main(port: int, count: int) -> None:
    """Keep the herd, and answer."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    herd = Herd(port)
    tasks = [asyncio.create_task(herd.live(number)) for number in range(count)]
    while await asyncio.to_thread(sys.stdin.readline):
        newest = max((generation for generation, _ in herd.back_at.values()), default=0)
        there = [at for generation, at in herd.back_at.values() if generation == newest]
        print(json.dumps({"generation": newest, "there": len(there), "last_at": max(there, default=0.0)}), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
