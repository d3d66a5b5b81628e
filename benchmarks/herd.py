"""A broker restarted under 10,000 connected appliances: how soon the service hears again, and whether anybody is belied.

``herd_back_s``: from the moment at which the broker takes connections again to a service that is ready.
``herd_status_s``: from the last appliance's return to every status read (desk caught up); every appliance must then be
online under its new connection. ``herd_false_offline``: how many appliances are shown as offline although they are back,
beyond those that came back within the last ``READ_WITHIN_S``. (Mosquitto speaks the last wills as it stops, so an
appliance is rightly offline until it is back.)
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from benchmarks.figure import Figure
from benchmarks.mosquitto import MosquittoProcess, mosquitto_process
from benchmarks.served import served, until

FIGURES = ("herd_back_s", "herd_status_s", "herd_false_offline")
COUNT = 10_000
READ_WITHIN_S = 5.0
"""What comes back has been read by then; the bar for a status is 15 s."""


def measure() -> Iterator[Figure]:
    """One run; nothing where mosquitto is missing."""
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto_process())
        if broker is None:
            print("herd_back_s needs mosquitto: apt install mosquitto", file=sys.stderr)
            return
        api = stack.enter_context(served(broker)).client
        herd = stack.enter_context(_herd(broker))
        until(lambda: herd()["there"] == COUNT, "the herd is connected")
        until(lambda: _is_caught_up(api) and _count(api, "online") == COUNT, "everybody is online")
        broker.stop()
        time.sleep(1.0)
        broker.start()
        began_s = time.monotonic()
        until(lambda: api.get("/readyz").status_code == 200, "the service is ready")
        back_s = time.monotonic() - began_s
        false = 0
        there = [(began_s, 0)]

        def is_whole() -> bool:
            nonlocal false
            told = herd()
            there.append((time.monotonic(), told["there"] if told["generation"] > 1 else 0))
            back = max(count for at_s, count in there if at_s <= time.monotonic() - READ_WITHIN_S or count == 0)
            false = max(false, _count(api, "offline") - (COUNT - back))
            return there[-1][1] == COUNT

        until(is_whole, "the herd is back")
        last_at = herd()["last_at"]
        until(lambda: _is_caught_up(api), "every status is read")
        status_s = time.monotonic() - last_at
        false = max(false, _count(api, "offline"))
        assert _count(api, "online") == COUNT
        assert all(one["firmware"] == "2" for one in _appliances(api, {}))
    yield Figure("herd_back_s", back_s, "s", 1)
    yield Figure("herd_status_s", status_s, "s", 1)
    yield Figure("herd_false_offline", false, "appliances", COUNT)


@contextmanager
def _herd(broker: MosquittoProcess) -> Iterator[Any]:
    """The appliances; what is given asks them how many are there."""
    command = [sys.executable, "-m", "benchmarks.herd_clients", str(broker.port), str(COUNT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        put, get = process.stdin, process.stdout

        def ask() -> dict[str, Any]:
            put.write("\n")
            put.flush()
            answer: dict[str, Any] = json.loads(get.readline())
            return answer

        try:
            yield ask
        finally:
            process.kill()


def _is_caught_up(api: httpx.Client) -> bool:
    """Whether every cursor has read everything."""
    lags = re.findall(r"^fettle_cursor_lag_messages\{[^}]*\} (\S+)$", api.get("/metrics").text, re.MULTILINE)
    return bool(lags) and all(float(lag) == 0 for lag in lags)


def _count(api: httpx.Client, availability: str) -> int:
    return sum(1 for _ in _appliances(api, {"availability": availability}))


def _appliances(api: httpx.Client, wanted: dict[str, str]) -> Iterator[dict[str, Any]]:
    """All of them, page by page."""
    cursor = None
    while True:
        asked = {**wanted, "limit": "500", **({"cursor": cursor} if cursor else {})}
        page = api.get("/api/v1/appliances", params=asked).raise_for_status().json()
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return
