"""How soon a technician sees what an appliance answers, and how soon a reading is on the page: in the demo, at the speed of life.

Runs ``fettle demo`` as a process of its own and works in it over HTTP as a technician does: a session on each of some
appliances, consented with the code from its display, readings once a second in all of them. A round trip goes from the
POST of ``snapshot.read`` until a poll of the session, every 30 ms, reads its success; a reading from its publish, by
the demo's own clock, to the WebSocket. Baseline: one reading of the session over HTTP.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import websockets

from benchmarks.figure import Figure
from ingest.clock import SystemClock

FIGURES = ("remote_round_trip_p99_ms", "live_reading_p99_ms")
APPLIANCES = 20
SESSIONS = 8
COMMANDS = 150
READINGS_S = 40.0
GIVE_UP_S = 300.0
ANSWER_S = 60.0
WALL = SystemClock()
LOOK_S = 0.5
POLL_S = 0.03


@dataclass
class Demo:
    """The demo's address, a client that is logged in, and what was measured."""

    base: str
    client: httpx.AsyncClient
    trips_ms: list[float] = field(default_factory=list)
    polls_ms: list[float] = field(default_factory=list)
    readings_ms: list[float] = field(default_factory=list)
    ahead_ms: float = float("-inf")
    """The demo's clock less ours."""

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """One call."""
        answer = await self.client.request(method, f"{self.base}{path}", json=body)
        answer.raise_for_status()
        return answer.json()


def measure() -> Iterator[Figure]:
    """One run."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        words = ["demo", "--appliances", str(APPLIANCES), "--speed", "1"]
        with log.open("wb") as sink:
            process = subprocess.Popen([sys.executable, "-m", "api", *words], stderr=sink, stdout=sink)
        try:
            demo = asyncio.run(_work(_login_link(log, process)))
        finally:
            process.terminate()
            process.wait(30)
    poll = float(np.median(demo.polls_ms))
    trips, readings = (float(np.quantile(one, 0.99)) for one in (demo.trips_ms, demo.readings_ms))
    medians = {"trip": float(np.median(demo.trips_ms)), "reading": float(np.median(demo.readings_ms)), "poll": poll}
    print(f"medians in ms: {json.dumps(medians)}", file=sys.stderr)
    yield Figure(FIGURES[0], trips, "ms", len(demo.trips_ms), ratio_to="one poll", ratio=trips / poll)
    yield Figure(FIGURES[1], readings, "ms", len(demo.readings_ms), ratio_to="one poll", ratio=readings / poll)


async def _work(link: str) -> Demo:
    async with httpx.AsyncClient(follow_redirects=True, timeout=60) as client:
        demo = Demo(await _log_in(link, client), client)
        appliances = (await demo.ask("GET", f"/api/v1/appliances?limit={APPLIANCES}"))["items"]
        sessions: list[tuple[str, str]] = []
        for one in appliances:
            if len(sessions) < SESSIONS and (session := await _open(demo, one["id"])) is not None:
                sessions.append((one["id"], session))
        for _, session in sessions:
            await demo.ask("POST", f"/api/v1/sessions/{session}/commands", _command("config.sampling", interval_s=1))
        clock = asyncio.create_task(_listen(demo))
        watching = [asyncio.create_task(_watch(demo, appliance)) for appliance, _ in sessions]
        for number in range(COMMANDS):
            await _trip(demo, sessions[number % len(sessions)][1])
        await asyncio.wait(watching)
        clock.cancel()
        return demo


def _login_link(log: Path, process: subprocess.Popen[bytes]) -> str:
    """The link that the demo prints."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < GIVE_UP_S:
        assert process.poll() is None, log.read_text()[-2000:]
        if link := re.search(r"http://[^/\s]+/login/\S+", log.read_text()):
            return link.group(0)
        time.sleep(LOOK_S)
    raise TimeoutError(log.read_text()[-2000:])


async def _log_in(link: str, client: httpx.AsyncClient) -> str:
    """The demo's address, once it knows all of its appliances."""
    base = link.partition("/login/")[0]
    await client.get(link)
    client.headers["Origin"] = base
    for _ in range(round(GIVE_UP_S / LOOK_S)):
        known = await client.get(f"{base}/api/v1/appliances?limit={APPLIANCES}")
        if len(known.json()["items"]) == APPLIANCES:
            return base
        await asyncio.sleep(LOOK_S)
    raise TimeoutError("The demo does not know its appliances.")


async def _open(demo: Demo, appliance_id: str) -> str | None:
    """A consented session on an appliance; None where it does not answer in time."""
    new = {"appliance_id": appliance_id, "title": "How soon do you answer?"}
    ticket = (await demo.ask("POST", "/api/v1/tickets", new))["number"]
    session = str((await demo.ask("POST", f"/api/v1/tickets/{ticket}/sessions", {"scope": "test"}))["id"])
    began_s = time.monotonic()
    while time.monotonic() - began_s < ANSWER_S:
        shown = await demo.ask("GET", f"/demo/appliances/{appliance_id}/display")
        if shown["code"] is not None:
            await demo.ask("POST", f"/api/v1/sessions/{session}/consent", {"code": shown["code"]})
            return session
        await asyncio.sleep(0.1)
    return None


def _command(name: str, **args: float) -> dict[str, Any]:
    return {"name": name, "args": args}


async def _trip(demo: Demo, session: str) -> None:
    """One command, until its success is read."""
    began_s = time.monotonic()
    command = await demo.ask("POST", f"/api/v1/sessions/{session}/commands", _command("snapshot.read"))
    is_done = False
    while not is_done and time.monotonic() - began_s < ANSWER_S:
        await asyncio.sleep(POLL_S)
        polled_s = time.monotonic()
        seen = (await demo.ask("GET", f"/api/v1/sessions/{session}"))["commands"]
        demo.polls_ms.append((time.monotonic() - polled_s) * 1000)
        is_done = any(one["id"] == command["id"] and one["state"] == "succeeded" for one in seen)
    demo.trips_ms.append((time.monotonic() - began_s) * 1000)


async def _listen(demo: Demo) -> None:
    """How far the demo's clock is ahead of ours: the least late of its words tells best."""
    async with demo.client.stream("GET", f"{demo.base}/api/v1/events", timeout=None) as stream:
        async for line in stream.aiter_lines():
            told = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            if "now" in told:
                demo.ahead_ms = max(demo.ahead_ms, told["now"] - WALL.now_ms())


async def _watch(demo: Demo, appliance_id: str) -> None:
    """Readings of one appliance for a while, each with how old it was when it came."""
    cookies = "; ".join(f"{one.name}={one.value}" for one in demo.client.cookies.jar)
    address = f"ws{demo.base.removeprefix('http')}/api/v1/live?appliance_id={appliance_id}"
    heard: list[tuple[int, float]] = []
    headers = {"Cookie": cookies, "Origin": demo.base}
    began_ms, ends_s = WALL.now_ms(), time.monotonic() + READINGS_S
    async with websockets.connect(address, additional_headers=headers, proxy=None) as socket:
        while time.monotonic() < ends_s:
            try:
                text = await asyncio.wait_for(socket.recv(), 5)
            except TimeoutError:
                continue
            heard.append((json.loads(text)["ts"], WALL.now_ms()))
    # What was buffered before, in the fleet's past or in an outage of its network, is not on its way now.
    fresh = [(ts_ms, came_ms) for ts_ms, came_ms in heard if ts_ms >= began_ms + demo.ahead_ms]
    demo.readings_ms += [came_ms + demo.ahead_ms - ts_ms for ts_ms, came_ms in fresh]
