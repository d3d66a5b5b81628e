"""An InfluxDB 2 in a process of its own that can be killed and started again on the same files and the same port."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient

from tests.servers.running import INFLUXD, cache_folder, find_program, free_port, missing, wait_until

END_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class InfluxServer:
    """A running InfluxDB with one organisation."""

    port: int
    org: str
    token: str
    pid: int

    def url(self, bucket: str) -> str:
        """The store's address for a bucket."""
        return f"influxdb://127.0.0.1:{self.port}?org={self.org}&bucket={bucket}"

    def create(self, bucket: str) -> str:
        """A new, empty bucket of its own for a service; its address."""
        with InfluxDBClient(url=f"http://127.0.0.1:{self.port}", token=self.token, org=self.org) as client:
            client.buckets_api().create_bucket(bucket_name=bucket, org=self.org)
        return self.url(bucket)


class InfluxProcess:
    """One InfluxDB; skips the test where the program is missing."""

    def __init__(self, folder: Path) -> None:
        program = find_program("influxd", cache_folder() / INFLUXD)
        if program is None:
            missing("InfluxDB is missing: run 'bash deploy/servers.sh get influxdb'.")
        self._log = folder / "log"
        self.port = free_port()
        self._command = [str(program), "--http-bind-address", f"127.0.0.1:{self.port}"]
        for option, name in (("bolt", "i.bolt"), ("sqlite", "i.sqlite"), ("engine", "engine")):
            self._command += [f"--{option}-path", str(folder / name)]
        self._command += ["--reporting-disabled", "--ui-disabled", "--log-level", "error"]
        self._http = urllib3.PoolManager(retries=False)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_until(self._is_ready, self._process, self._log)

    def set_up(self) -> InfluxServer:
        """Make the organisation, a bucket and a token, once."""
        assert self._process is not None
        wanted = {"username": "fettle", "password": "password1", "org": "fettle", "bucket": "telemetry"}
        url = f"http://127.0.0.1:{self.port}/api/v2/setup"
        answer = self._http.request("POST", url, json={**wanted, "token": "test-token"})
        assert answer.status == 201, answer.data
        self._http.clear()
        return InfluxServer(self.port, "fettle", "test-token", self._process.pid)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(END_TIMEOUT_S)

    def stop(self) -> None:
        """Ask it to end, and kill it if it doesn't."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(END_TIMEOUT_S)
            self.kill()

    def _is_ready(self) -> bool:
        with suppress(urllib3.exceptions.HTTPError):
            ready = self._http.request("GET", f"http://127.0.0.1:{self.port}/health").status == 200
            self._http.clear()
            return ready
        return False
