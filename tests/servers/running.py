"""Starts real servers on free loopback ports, and stops each by its own process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

INFLUXD = "influxd-2.9.1"
START_TIMEOUT_S = 30.0
LOOK_EVERY_S = 0.05


def missing(sentence: str) -> None:
    """A server isn't there: skip, or fail where servers are required (``FETTLE_REQUIRE_SERVERS=1``)."""
    if os.environ.get("FETTLE_REQUIRE_SERVERS") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


def find_program(name: str, *folders: Path) -> Path | None:
    """A program on PATH or in one of the folders."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)]))
    return Path(found) if found else None


def cache_folder() -> Path:
    """Where deploy/servers.sh keeps what it builds."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fettle"


def free_port() -> int:
    """A port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[str | Path], *, log: Path, is_ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that is ready; it is asked to end, and killed if it doesn't."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    try:
        wait_until(is_ready, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Look until a server is ready; fail with the end of its log if it ends or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:]
            pytest.fail(f"{process.args!r} did not become ready:\n{tail}")
        time.sleep(LOOK_EVERY_S)


def stop_process(pid: int, ask: signal.Signals) -> None:
    """Ask a process that is no child of ours to end, and kill it if it doesn't."""
    deadline = time.monotonic() + START_TIMEOUT_S
    with suppress(ProcessLookupError):
        os.kill(pid, ask)
        while time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
            os.kill(pid, 0)
        os.kill(pid, signal.SIGKILL)
