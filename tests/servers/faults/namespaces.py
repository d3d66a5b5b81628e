"""A network of its own for one thread and every process that it starts: its loopback can be taken down for real.

Linux gives each thread its network; what a thread starts inherits it. This needs a right that not everybody has: where it is
refused, the test is reported as not run.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.running import find_program

if TYPE_CHECKING:
    from collections.abc import Callable

CLONE_NEWNET = 0x40000000
BODY_TIMEOUT_S = 300.0


def in_a_network_of_its_own(body: Callable[[Callable[[str], None]], None]) -> None:
    """Run the body in a thread with a loopback of its own; it gets what takes that loopback ``up`` or ``down``."""
    program = find_program("ip", Path("/usr/sbin"))
    if program is None:
        pytest.skip("not run: ip is missing (Debian: iproute2)")
    errors: list[BaseException] = []

    def switch(to: str) -> None:
        subprocess.run([program, "link", "set", "lo", to], check=True)

    def run() -> None:
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
                pytest.skip(f"not run: a network of its own is refused ({os.strerror(ctypes.get_errno())})")
            switch("up")
            body(switch)
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            errors.append(error)

    thread = threading.Thread(target=run, name="network", daemon=True)
    thread.start()
    thread.join(BODY_TIMEOUT_S)
    assert not thread.is_alive(), "the body has not ended"
    for error in errors:
        raise error
