"""How long a stranger waits for the first prediction: process start to the first ticket of the evidence channel.

Runs ``fettle demo`` with 200 appliances as a process of its own, logs in by the link that it prints, and watches the
tickets over HTTP as a person would. A ticket counts whose source is ``prediction``, whose channel is ``evidence`` (no
limit rule, no error code) and whose appliance has a gradual fault that is truly at a severity below .7 when the alert is
raised: the truth is drawn again from the same seed. The run's summary must close the ledger.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from api.demo.demo import DAY_MS, FLEET, HISTORY_DAYS
from benchmarks.figure import Figure
from ingest.clock import SystemClock
from simulator.fleet import Fleet
from simulator.fleet_file import read_fleet
from simulator.truth import Truth

FIGURES = ("demo_first_ticket_s",)
APPLIANCES = 200
SEED = 1
SEVERITY_MAX = 0.7
GIVE_UP_S = 600.0
LOOK_S = 0.2


def measure() -> Iterator[Figure]:
    """One run."""
    with tempfile.TemporaryDirectory() as folder:
        log, summary = Path(folder, "log"), Path(folder, "summary.json")
        words = ["demo", "--appliances", str(APPLIANCES), "--for", "1", "--seed", str(SEED), "--summary", str(summary)]
        began_s = time.monotonic()
        truth = _truth(began_ms=SystemClock().now_ms())  # off by the second or two that the demo takes to start
        with log.open("wb") as sink:
            demo = subprocess.Popen([sys.executable, "-m", "api", *words], stderr=sink, stdout=sink)
        try:
            first = _wait_for_ticket(log, demo, truth, began_s)
            demo.wait(GIVE_UP_S)
        finally:
            demo.terminate()
            demo.wait(30)
        told = json.loads(summary.read_text())
        assert told["gap"] == 0, told
        print(f"demo summary: {json.dumps(told)}", file=sys.stderr)
        print(f"first ticket: {first.fault_mode} at a true severity of {first.severity:.2f}", file=sys.stderr)
        yield Figure("demo_first_ticket_s", first.waited_s, "s", n=1)


@dataclass(frozen=True, slots=True)
class _First:
    """The first ticket that counts: how long it took, of which fault, and how bad that truly was."""

    waited_s: float
    fault_mode: str
    severity: float


def _truth(*, began_ms: int) -> Truth:
    """What the demo's fleet knows of its faults and keeps to itself."""
    start_ms = began_ms - HISTORY_DAYS * DAY_MS
    return Fleet(read_fleet(FLEET), seed=SEED, appliances=APPLIANCES, start_ms=start_ms).truth


def _wait_for_ticket(log: Path, demo: subprocess.Popen[bytes], truth: Truth, began_s: float) -> _First:
    """Wait until there is a ticket that counts."""
    with httpx.Client(follow_redirects=True, timeout=10) as client:
        base = None
        while time.monotonic() - began_s < GIVE_UP_S:
            assert demo.poll() is None, log.read_text()[-2000:]
            if base is None and (link := re.search(r"(http://[^/\s]+)/login/\S+", log.read_text())):
                base = f"{link.group(1)}/api/v1"
                client.get(link.group(0))
            for ticket in _tickets(client, base) if base is not None else ():
                waited_s = time.monotonic() - began_s
                severity = _true_severity(client, f"{base}/alerts/{ticket['alert_id']}", truth)
                if severity is not None and 0.0 < severity < SEVERITY_MAX:
                    return _First(waited_s, ticket["fault_mode"], severity)
            time.sleep(LOOK_S)
    raise TimeoutError(f"no ticket in {GIVE_UP_S:g} s")


def _tickets(client: httpx.Client, base: str) -> list[dict[str, Any]]:
    """The predictions of the evidence channel, oldest first."""
    answer = client.get(f"{base}/tickets", params={"limit": 500})
    answer.raise_for_status()
    items: list[dict[str, Any]] = answer.json()["items"]
    return [one for one in reversed(items) if one["source"] == "prediction" and one["channel"] == "evidence"]


def _true_severity(client: httpx.Client, alert_address: str, truth: Truth) -> float | None:
    """How bad the alert's appliance was when it was raised; None where it has no gradual fault."""
    alert = client.get(alert_address).raise_for_status().json()
    raised_ms = round(datetime.fromisoformat(alert["raised_at"]).timestamp() * 1000)
    begun = [one.wear for one in truth.faults if one.appliance_id == alert["appliance_id"]]
    return max((float(wear.severity(np.array([raised_ms]))[0]) for wear in begun), default=None)
