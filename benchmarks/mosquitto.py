"""A mosquitto with the settings of deploy/ on a free port, for figures through a real broker."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPLOY = Path(__file__).parent.parent / "deploy"
_START_TIMEOUT_S = 10
FEEDER = ("feeder", "feeder-password")
SERVICE = ("fettle", "service-password")


@dataclass(slots=True)
class MosquittoProcess:
    """A mosquitto that can be restarted on its port and its files."""

    program: str
    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when it accepts connections."""
        with (self.folder / "log").open("a") as log:
            command = [self.program, "-c", str(self.folder / "mosquitto.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        _wait_for(self.port)

    def stop(self) -> None:
        """Stop politely."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


@contextmanager
def mosquitto_process() -> Iterator[MosquittoProcess | None]:
    """A running one, ``None`` where mosquitto isn't installed; :data:`FEEDER` may speak and listen as every appliance."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    program, password_program = shutil.which("mosquitto", path=path), shutil.which("mosquitto_passwd", path=path)
    if program is None or password_program is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="fettle-mosquitto-") as name, socket.socket() as probe:
        folder = Path(name)
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        _write_settings(folder, port)
        for user, password in (FEEDER, SERVICE):
            subprocess.run([password_program, "-b", folder / "passwords", user, password], check=True)
        process = MosquittoProcess(program, folder, port)
        process.start()
        try:
            yield process
        finally:
            process.stop()


@contextmanager
def mosquitto() -> Iterator[int | None]:
    """The port of a running one, ``None`` where mosquitto isn't installed."""
    with mosquitto_process() as process:
        yield None if process is None else process.port


def _write_settings(folder: Path, port: int) -> None:
    ours = {
        "listener": f"listener {port} 127.0.0.1",
        "password_file": f"password_file {folder / 'passwords'}",
        "acl_file": f"acl_file {folder / 'acl'}",
        "persistence_location": f"persistence_location {folder}/",
    }
    lines = (_DEPLOY / "mosquitto.conf").read_text().splitlines()
    ours["use_username_as_clientid"] = "use_username_as_clientid false"  # one feeder may have many connections
    settings = [ours.get(line.split(maxsplit=1)[0], line) if line.strip() else line for line in lines]
    settings.append(f"user {pwd.getpwuid(os.getuid()).pw_name}")
    (folder / "mosquitto.conf").write_text("\n".join(settings) + "\n")
    access = (_DEPLOY / "mosquitto.acl").read_text()
    (folder / "acl").write_text(f"user {FEEDER[0]}\ntopic fettle/v1/#\n\n{access}")
    (folder / "passwords").touch()
    for path in (folder / "acl", folder / "passwords"):
        path.chmod(0o600)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError("mosquitto does not accept connections")
