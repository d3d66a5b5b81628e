"""How long a stranger waits for the first prediction: process start to the first ticket of the evidence channel.

Runs ``fettle demo`` with 200 appliances as a process of its own, logs in by the link that it prints, and watches the
tickets over HTTP as a person would. A ticket counts whose source is ``prediction``, whose channel is ``evidence`` (no
limit rule, no error code) and whose severity is below .7; the run's summary must close the ledger.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figure import Figure

FIGURES = ("demo_first_ticket_s",)
APPLIANCES = 200
SEVERITY_MAX = 0.7
GIVE_UP_S = 600.0
LOOK_S = 0.2


def measure() -> Iterator[Figure]:
    """One run."""
    with tempfile.TemporaryDirectory() as folder:
        log, summary = Path(folder, "log"), Path(folder, "summary.json")
        words = ["demo", "--appliances", str(APPLIANCES), "--for", "1", "--summary", str(summary)]
        began_s = time.monotonic()
        with log.open("wb") as sink:
            demo = subprocess.Popen([sys.executable, "-m", "api", *words], stderr=sink, stdout=sink)
        try:
            waited_s = _wait_for_ticket(log, demo, began_s)
            demo.wait(GIVE_UP_S)
        finally:
            demo.terminate()
            demo.wait(30)
        told = json.loads(summary.read_text())
        assert told["gap"] == 0, told
        print(f"demo summary: {json.dumps(told)}", file=sys.stderr)
        yield Figure("demo_first_ticket_s", waited_s, "s", n=1)


def _wait_for_ticket(log: Path, demo: subprocess.Popen[bytes], began_s: float) -> float:
    """Seconds from the start of the process to the first ticket that counts."""
    with httpx.Client(follow_redirects=True, timeout=10) as client:
        base = None
        while time.monotonic() - began_s < GIVE_UP_S:
            assert demo.poll() is None, log.read_text()[-2000:]
            if base is None and (link := re.search(r"(http://[^/\s]+)/login/\S+", log.read_text())):
                base = link.group(1)
                client.get(link.group(0))
            if base is not None and any(_counts(ticket) for ticket in _tickets(client, base)):
                return time.monotonic() - began_s
            time.sleep(LOOK_S)
    raise TimeoutError(f"no ticket in {GIVE_UP_S:g} s")


def _tickets(client: httpx.Client, base: str) -> list[dict[str, Any]]:
    answer = client.get(f"{base}/api/v1/tickets", params={"limit": 500})
    answer.raise_for_status()
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _counts(ticket: dict[str, Any]) -> bool:
    is_prediction = ticket["source"] == "prediction" and ticket["channel"] == "evidence"
    return is_prediction and bool(ticket["severity"] < SEVERITY_MAX)
