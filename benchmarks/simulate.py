"""How fast the simulator is: rows into a fleet folder per CPU-second, and what a live fleet takes of a core.

The folder: 100 appliances of all kinds in equal shares, 90 days, steady ones every 5 minutes, programmes every 5 s thinned
by report-on-change, as the fleet ``hard`` says. Live: the demo's fleet of 200 appliances at 600 times real time, as a
process of its own against the embedded broker, with somebody who acknowledges; CPU time of that process, start
excluded, over the time it ran.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import re
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import aiomqtt

from benchmarks.figure import Figure
from ingest.clock import AcceleratedClock, SystemClock
from ingest.mqtt.embedded_broker import EmbeddedBroker
from simulator.child import FleetOrder, run_child
from simulator.driver import Progress
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.folder import write_folder

FIGURES = ("simulate_rows_per_cpu_s", "simulate_live_core_share")
APPLIANCES = 100
DAYS = 90
START_MS = 1_790_000_100_000
MEMORY_MB_MAX = 300.0
LIVE_APPLIANCES = 200
SPEED = 600.0
WARM_UP_S = 10.0
LIVE_S = 40.0
NUMBERED = re.compile(rb'^\{"boot":"(\w+)","seq":(\d+),')


def measure() -> Iterator[Figure]:
    """Both figures."""
    yield _folder()
    yield asyncio.run(_live())


def _folder() -> Figure:
    hard = read_fleet("hard")
    mixed = replace(hard, kinds={name: replace(kind, share=1.0) for name, kind in hard.kinds.items()})
    fleet = Fleet(mixed, seed=1, appliances=APPLIANCES, start_ms=START_MS)
    before_mb = _memory_mb()
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.process_time()
        rows = write_folder(fleet, Path(folder), days=DAYS)
        took_s = time.process_time() - began_s
    grown_mb = _memory_mb() - before_mb
    if grown_mb > MEMORY_MB_MAX:
        raise RuntimeError(f"{DAYS} days took {grown_mb:.0f} MB, more than {MEMORY_MB_MAX:.0f}.")
    return Figure("simulate_rows_per_cpu_s", rows / took_s, "rows per CPU-second", n=rows)


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _live() -> Figure:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    now_ms = SystemClock().now_ms()
    with EmbeddedBroker() as broker, tempfile.TemporaryDirectory() as folder:
        order = FleetOrder(
            fleet="demo", seed=1, appliances=LIVE_APPLIANCES, start_ms=now_ms, history_until_ms=None,
            mqtt_url=f"mqtt://127.0.0.1:{broker.old_port}", clock=AcceleratedClock(now_ms, now_ms, SPEED),
            truth_folder=Path(folder),
        )  # fmt: skip
        child = context.Process(target=run_child, args=(order, theirs))
        child.start()
        theirs.close()
        acknowledging = asyncio.create_task(_acknowledge(broker.old_port))
        try:
            await _hear_for(ours, WARM_UP_S)
            cpu_s, wall_s = _cpu_s(child.pid), time.monotonic()
            last = await _hear_for(ours, LIVE_S)
            share = (_cpu_s(child.pid) - cpu_s) / (time.monotonic() - wall_s)
        finally:
            ours.send("stop")
            acknowledging.cancel()
            await asyncio.gather(acknowledging, return_exceptions=True)
            await asyncio.to_thread(child.join, 30)
    if last.connected < LIVE_APPLIANCES:
        raise RuntimeError(f"Only {last.connected} of {LIVE_APPLIANCES} appliances were connected.")
    return Figure("simulate_live_core_share", share, "cores", n=last.samples)


async def _hear_for(pipe: Connection, seconds: float) -> Progress:
    """What the fleet said last within that time."""
    last, end_s = Progress(), time.monotonic() + seconds
    while time.monotonic() < end_s:
        if await asyncio.to_thread(pipe.poll, 0.2):
            heard = pipe.recv()
            if not isinstance(heard, Progress):
                raise RuntimeError(f"The fleet ended: {heard}.")
            last = heard
    return last


def _cpu_s(pid: int | None) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _acknowledge(port: int) -> None:
    """What the service would say: everything is durable up to here."""
    async with aiomqtt.Client("127.0.0.1", port, identifier="service") as client:
        await client.subscribe([("fettle/v1/+/+/telemetry", 1), ("fettle/v1/+/+/event", 1)])
        upto: dict[tuple[str, str], int] = {}
        told_s = time.monotonic()
        async for message in client.messages:
            found = NUMBERED.match(bytes(message.payload) if isinstance(message.payload, bytes) else b"")
            if found is not None:
                upto[str(message.topic).rpartition("/")[0], found[1].decode()] = int(found[2])
            if time.monotonic() - told_s > 2.0:
                told_s = time.monotonic()
                for (who, boot), seq in upto.items():
                    with contextlib.suppress(aiomqtt.MqttError):
                        await client.publish(f"{who}/ack", json.dumps({"boot": boot, "upto": seq}))
                upto.clear()
