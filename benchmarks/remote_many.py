"""What 500 remote sessions at once cost the service: processor seconds of its process in each second of their life.

In every second of it each appliance tells a reading (``config.sampling``), and a technician reads an appliance's values in
every thirtieth session. The pages do what the console's do (``api/console/src/api/sessions.ts`` and ``news.ts``): each holds
a WebSocket for the readings and a stream of changes, asks for its session where a change names it, and else every 10 or 30 s.
A second of life is over when its readings are on all pages and at least a second has passed, so that a machine which is busy
otherwise does not hide what is left to do; what was asked of the appliances must be on the pages before the last is over.
The broker is a mosquitto of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiomqtt
import httpx
import msgspec
import numpy as np
import websockets

from benchmarks.figure import Figure
from benchmarks.mosquitto import FEEDER, mosquitto_process
from benchmarks.served import Served, served
from ingest.clock import SystemClock
from simulator.agent import Agent, Identity

FIGURES = ("remote_500_sessions_cores",)
SESSIONS = 500
SECONDS = 30
CALM_EVERY, SOON_EVERY = 30, 10
PASSES = frozenset({"limit", "idle", "hot"})
"""What goes away by itself: a page asks sooner."""
GATHERED_S, BUSY_EVERY_S = 0.1, 3.0
LAST_WORDS = frozenset({"succeeded", "failed", "rejected", "expired", "unknown"})
COMMAND_EVERY = 30
TECHNICIANS = 20
"""One asks for 60 sessions an hour at most."""
OPENED_AT_ONCE = 8
KEPT = httpx.Limits(max_connections=100, max_keepalive_connections=100)
"""Connections for what the pages ask; like a browser's they are kept."""
GIVE_UP_S = 900.0
AWAKE_S = 100.0
BUSY = 503
"""Said where a machine is so busy that nobody gets a turn in time."""
LOOK_S = 0.02
CLOCK = SystemClock()
METRICS = {"power_w": 81.5, "fresh_food_c": 4.2, "freezer_c": -18.4, "ambient_c": 21.5, "door_open": False}


def measure() -> Iterator[Figure]:
    """One run; nothing where mosquitto is missing."""
    with mosquitto_process() as broker:
        if broker is None:
            print(f"{FIGURES[0]} needs mosquitto: apt install mosquitto", file=sys.stderr)
            return
        with served(broker) as service:
            yield asyncio.run(_run(broker.port, service))


@dataclass
class Crowd:
    """All appliances behind one line, and the technicians who look into them."""

    line: aiomqtt.Client
    http: httpx.AsyncClient
    agents: dict[str, Agent]
    keys: list[str] = field(default_factory=list)
    sessions: dict[str, str] = field(default_factory=dict)
    """Appliance → session."""
    heard: dict[str, int] = field(default_factory=dict)
    """Appliance → the newest reading that its page has."""
    told: dict[str, asyncio.Event] = field(default_factory=dict)
    """Appliance → whether its page has news of its session."""
    ends: Counter[str] = field(default_factory=Counter)
    """What came of reading values; on a machine that is too busy some come too late."""
    seen: dict[str, Any] = field(default_factory=dict)
    """Appliance → its session as its page last read it."""

    asked: Counter[str] = field(default_factory=Counter)
    """How often what was asked."""
    calls: Iterator[int] = field(default_factory=itertools.count)

    async def answer(self) -> None:
        """Let the appliances answer what the service says to them."""
        async for message in self.line.messages:
            topic = str(message.topic)
            payload = message.payload if isinstance(message.payload, bytes) else b""
            for said in self.agents[topic.split("/")[3]].receive(topic, payload, CLOCK.now_ms()):
                await self.line.publish(said.topic, said.payload, qos=1)

    async def ask(self, appliance_id: str, method: str, path: str, body: object = None) -> Any:
        """One call of the technician whose appliance it is."""
        key = self.keys[int(appliance_id.rpartition("-")[2]) % len(self.keys)]
        headers = {"Authorization": f"Bearer {key}"}
        self.asked[method] += 1
        if method == "POST":
            headers["Idempotency-Key"] = f"call-{next(self.calls)}"
        while True:
            try:
                answer = await self.http.request(method, f"/api/v1{path}", json=body, headers=headers)
                if answer.status_code != BUSY:
                    answer.raise_for_status()
                    return answer.json()
            except httpx.TransportError:  # a line that was kept and has been closed meanwhile
                pass
            await asyncio.sleep(LOOK_S)

    async def say(self, appliance_id: str, ts_ms: int) -> None:
        """A reading."""
        sample = msgspec.json.encode({"ts": ts_ms, "mode": "cooling", "metrics": METRICS})
        for said in self.agents[appliance_id].report([sample]):
            await self.line.publish(said.topic, said.payload, qos=1)

    async def open(self, appliance_id: str, gate: asyncio.Semaphore) -> None:
        """A ticket, and a session on it."""
        async with gate:
            ask = self.ask
            new = {"appliance_id": appliance_id, "title": "How is it?"}
            ticket = (await ask(appliance_id, "POST", "/tickets", new))["number"]
            session = (await ask(appliance_id, "POST", f"/tickets/{ticket}/sessions", {"scope": "test"}))["id"]
            agent = self.agents[appliance_id]
            await _until(lambda: agent.consent is not None and agent.consent.session == session)
            assert agent.consent is not None
            await ask(appliance_id, "POST", f"/sessions/{session}/consent", {"code": agent.consent.code})
            self.sessions[appliance_id] = session

    async def read(self, appliance_id: str) -> None:
        """A technician reads the values; news bring the page to them, and while they are to come it asks as well."""
        session = self.sessions[appliance_id]
        issued = await self.ask(appliance_id, "POST", f"/sessions/{session}/commands", {"name": "snapshot.read"})
        while (state := await self.state_of(appliance_id, issued["id"])) not in LAST_WORDS:
            pass
        self.ends[state] += 1

    async def state_of(self, appliance_id: str, command_id: str) -> str:
        """What the page says of a command, a while after it asked; sooner where it is told meanwhile."""
        await self.look(appliance_id)
        asked_s = time.monotonic()
        while time.monotonic() - asked_s < BUSY_EVERY_S:
            found = next(one["state"] for one in self.seen[appliance_id]["commands"] if one["id"] == command_id)
            if found in LAST_WORDS:
                break
            await asyncio.sleep(LOOK_S)
        return str(found)

    async def look(self, appliance_id: str) -> None:
        """The page asks for its session."""
        self.seen[appliance_id] = await self.ask(appliance_id, "GET", f"/sessions/{self.sessions[appliance_id]}")

    def looks_every(self, appliance_id: str) -> int:
        """How often the page asks without being told."""
        reasons = {reason for test in self.seen[appliance_id]["tests"] for reason in test["why_not"]}
        return SOON_EVERY if reasons & PASSES else CALM_EVERY

    async def follow(self, appliance_id: str) -> None:
        """The page of a session asks for it again whenever it is told to."""
        told = self.told[appliance_id]
        while True:
            await told.wait()
            await asyncio.sleep(GATHERED_S)
            told.clear()
            await self.look(appliance_id)

    async def hear(self, appliance_id: str) -> None:
        """The page of a session: the stream of changes, of which it picks its own."""
        mine, url = self.sessions[appliance_id].encode(), self.http.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: Bearer {self.keys[0]}\r\n\r\n"
        writer.write(head.encode())
        assert b" 200 " in await reader.readline()
        self.told[appliance_id] = asyncio.Event()
        rest = b""
        while piece := await reader.read(1 << 16):
            if mine in rest + piece:
                self.told[appliance_id].set()
            rest = piece[-len(mine) :]

    async def stay_awake(self) -> None:
        """On a slow machine the first sessions must not fall asleep before the last is open."""
        while True:
            await asyncio.sleep(AWAKE_S)
            for appliance_id, session in list(self.sessions.items()):
                await self.ask(appliance_id, "POST", f"/sessions/{session}/commands", {"name": "snapshot.read"})

    def is_shown(self, ts_ms: int) -> bool:
        """Whether every page has the readings of that moment."""
        return all(newest >= ts_ms for newest in self.heard.values())

    async def watch(self, appliance_id: str) -> None:
        """The page of a session: what comes live."""
        address = (
            f"ws{str(self.http.base_url).removeprefix('http').rstrip('/')}/api/v1/live?appliance_id={appliance_id}"
        )
        headers = {"Authorization": f"Bearer {self.keys[0]}"}
        async with websockets.connect(address, additional_headers=headers, proxy=None, open_timeout=120) as socket:
            self.heard[appliance_id] = 0
            async for text in socket:
                self.heard[appliance_id] = json.loads(text)["ts"]


async def _run(port: int, service: Served) -> Figure:
    names = [f"fridge-{number:03d}" for number in range(SESSIONS)]
    agents = {
        name: Agent(Identity(name, "refrigerator"), boot=f"{random.Random(name).getrandbits(64):016x}")
        for name in names
    }
    async with AsyncExitStack() as stack:
        line = aiomqtt.Client(
            "127.0.0.1", port, username=FEEDER[0], password=FEEDER[1], max_queued_incoming_messages=0, timeout=60
        )
        await stack.enter_async_context(line)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=service.base, timeout=120, limits=KEPT))
        crowd = Crowd(line, http, agents)
        await line.subscribe([(f"fettle/v1/+/+/{channel}", 1) for channel in ("command", "ack", "nack")])
        tasks = [asyncio.create_task(crowd.answer())]
        for number in range(TECHNICIANS):
            new = {"name": f"tess{number}", "role": "dispatcher", "key": True}
            crowd.keys.append(service.client.post("/api/v1/users", json=new).raise_for_status().json()["key"])
        for name, agent in agents.items():
            for said in agent.greet(CLOCK.now_ms()):
                await line.publish(said.topic, said.payload, qos=1, retain=said.retain)
            await crowd.say(name, CLOCK.now_ms())
        last = f"/api/v1/appliances/{names[-1]}"
        await _until(lambda: service.client.get(last).status_code == 200)
        gate = asyncio.Semaphore(OPENED_AT_ONCE)
        awake = asyncio.create_task(crowd.stay_awake())
        await asyncio.gather(*(crowd.open(name, gate) for name in names))
        awake.cancel()
        tasks += [asyncio.create_task(crowd.watch(name)) for name in names]
        tasks += [asyncio.create_task(crowd.hear(name)) for name in names]
        await _until(lambda: len(crowd.heard) == len(crowd.told) == SESSIONS)
        for name in names:
            await crowd.look(name)
        tasks += [asyncio.create_task(crowd.follow(name)) for name in names]
        await _live(crowd, names, 3)
        crowd.asked.clear()
        began_s, began_cpu_s = time.monotonic(), service.cpu_s
        await _live(crowd, names, SECONDS)
        cores = (service.cpu_s - began_cpu_s) / SECONDS
        told = f"{SECONDS} s of life took {time.monotonic() - began_s:.1f} s; values were read: {dict(crowd.ends)}; asked: {dict(crowd.asked)}"
        print(told, file=sys.stderr)
        active = [service.client.get(f"/api/v1/sessions/{one}").json()["state"] for one in crowd.sessions.values()]
        assert active.count("active") == SESSIONS, f"{SESSIONS - active.count('active')} sessions have ended"
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
    return Figure(FIGURES[0], cores, "cores", SESSIONS, ratio_to="one core", ratio=cores)


async def _live(crowd: Crowd, names: list[str], seconds: int) -> None:
    """So many seconds of the life of all sessions."""
    order = np.random.default_rng(5).permutation(names).tolist()
    reads: list[asyncio.Task[None]] = []
    for second in range(seconds):
        began_s, ts_ms = time.monotonic(), CLOCK.now_ms()
        reads += [asyncio.create_task(crowd.read(name)) for name in order[second % COMMAND_EVERY :: COMMAND_EVERY]]
        due = [name for at, name in enumerate(order) if (at - second) % crowd.looks_every(name) == 0]
        for name in names:
            await crowd.say(name, ts_ms)
        await asyncio.gather(*map(crowd.look, due))
        await _until(partial(crowd.is_shown, ts_ms))
        await asyncio.sleep(max(0.0, began_s + 1.0 - time.monotonic()))
    await asyncio.gather(*reads)


async def _until(is_true: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    ends_s = time.monotonic() + GIVE_UP_S
    while not is_true():
        if time.monotonic() > ends_s:
            raise TimeoutError("it took too long")
        await asyncio.sleep(LOOK_S)
