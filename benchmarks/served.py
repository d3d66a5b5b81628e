"""The whole service in a process of its own behind a broker, for figures of what it costs and how soon it answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.mosquitto import SERVICE, MosquittoProcess

GIVE_UP_S = 240.0
LOOK_S = 0.1
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """A running service: where it is, a client that may do everything, and its process."""

    base: str
    key: str
    client: httpx.Client
    process: int

    @property
    def cpu_s(self) -> float:
        """The processor time that it has taken, all its threads together."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


@contextmanager
def served(broker: MosquittoProcess) -> Iterator[Served]:
    """The whole service on embedded parts behind that broker."""
    with tempfile.TemporaryDirectory(prefix="fettle-bench-") as folder, Path(folder, "log").open("wb") as log:
        ours = {
            "FETTLE_DATA_DIR": f"{folder}/data",
            "FETTLE_HTTP_LISTEN": "127.0.0.1:0",
            "FETTLE_MQTT_URL": f"mqtt://{SERVICE[0]}:{SERVICE[1]}@127.0.0.1:{broker.port}",
        }
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FETTLE_")} | ours
        fettle = [sys.executable, "-m", "api"]
        key = subprocess.run(
            [*fettle, "users", "add", "bench", "--role", "admin", "--key"],
            env=environment, check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        process = subprocess.Popen([*fettle, "serve"], env=environment, stdout=log, stderr=log)
        try:
            said = Path(folder, "log")
            until(lambda: re.search(r"http://127[^\s\"']+", said.read_text()) is not None, "the service listens")
            found = re.search(r"http://127[^\s\"']+", said.read_text())
            assert found is not None
            with httpx.Client(base_url=found[0], headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
                yield Served(found[0], key, client, process.pid)
        finally:
            process.terminate()
            process.wait()


def until(is_true: Callable[[], bool], what: str) -> None:
    """Wait for something that must come."""
    end_s = time.monotonic() + GIVE_UP_S
    while not is_true():
        if time.monotonic() > end_s:
            raise TimeoutError(f"after {GIVE_UP_S:g} s it is not so that {what}")
        time.sleep(LOOK_S)
