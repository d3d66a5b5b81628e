"""Recorded readings and foreign plugs through real servers: what was sent is what is stored, and a plain fault opens a ticket."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.store.opening import open_store
from tests.servers.conftest import ROOT, MosquittoServer, PostgresServer
from tests.servers.influx_process import InfluxServer
from tests.servers.running import free_port

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

DATA = Path(os.environ.get("FETTLE_TEST_DATA", ROOT.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the public recordings are not at {DATA}")
READY_S = 60.0


@dataclass(frozen=True, slots=True)
class RunningService:
    """``fettle serve`` in a process of its own."""

    environment: dict[str, str]
    http: httpx.Client

    def fettle(self, *words: str | Path, user: str | None = None) -> subprocess.CompletedProcess[str]:
        """Another command beside the service, at the broker as ``user``."""
        environment = self.environment | ({"FETTLE_MQTT_URL": user} if user else {})
        command = [sys.executable, "-m", "api", *map(str, words)]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    def ledger(self, appliance_id: str) -> list[dict[str, Any]]:
        """The ledger rows of an appliance."""
        rows = [json.loads(line) for line in self.fettle("ledger", "--json").stdout.splitlines()]
        return [row for row in rows if row["id"] == appliance_id]

    def wait_until_stored(self) -> None:
        """Until every reader has read what was acknowledged."""
        deadline = time.monotonic() + READY_S
        while any(lag > 0 for lag in self._lags()) or self.http.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline, self.http.get("/readyz").text
            time.sleep(0.1)

    def _lags(self) -> list[float]:
        lines = self.http.get("/metrics").text.splitlines()
        return [float(line.rpartition(" ")[2]) for line in lines if line.startswith("fettle_cursor_lag_messages{")]


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[RunningService]:
    """A service on real parts; yields when it is ready."""
    port = free_port()
    ours = {f"FETTLE_{name.upper()}": value for name, value in settings.items()}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FETTLE_")} | ours
    environment |= {"FETTLE_DATA_DIR": str(folder / "data"), "FETTLE_HTTP_LISTEN": f"127.0.0.1:{port}"}
    key = subprocess.run(
        [sys.executable, "-m", "api", "users", "add", "tester", "--role", "admin", "--key"],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "api", "serve"], env=environment, cwd=ROOT, stderr=log)
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    try:
        deadline = time.monotonic() + READY_S
        while not _is_ready(http):
            assert process.poll() is None, (folder / "service.log").read_text()
            assert time.monotonic() < deadline, (folder / "service.log").read_text()
            time.sleep(0.1)
        yield RunningService(environment, http)
    finally:
        http.close()
        process.terminate()
        assert process.wait(15) == 0, (folder / "service.log").read_text()


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def readings_of(files: Sequence[Path], *, delimiter: str = ",", leave_out: Sequence[str] = ()) -> int:
    """How many readings a recording holds: finite numbers in the columns that are metrics."""
    count = 0
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines, delimiter=delimiter):
                cells = {name: cell for name, cell in row.items() if name and name not in leave_out}
                count += sum(cell not in {"", "nan", "NaN", None} for cell in cells.values())
    return count


def pcad(kind: str, unit: str, folder: str, days: Sequence[int]) -> list[Path]:
    """Day files of a recorded appliance, in order."""
    place = DATA / "pcad" / "data" / kind / unit / folder
    suffix = "" if folder == "Normal" else "_ANOMALIES"
    return [place / f"{unit.lower()}_day{day}{suffix}.csv" for day in days]


@pytest.fixture(scope="module")
def real_parts(
    mosquitto: MosquittoServer,
    influxdb: InfluxServer,
    postgres: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningService]:
    """The service on mosquitto, InfluxDB 2 and PostgreSQL."""
    for name in ("fridge-a", "fridge-b", "washer-a", "rig-a", "sensor-a", "plug"):
        mosquitto.add_user(name, f"{name}-password")
    with serving(
        tmp_path_factory.mktemp("real"),
        mqtt_url=mosquitto.url,
        store_url=influxdb.url("telemetry"),
        store_token=influxdb.token,
        database_url=postgres.create("real_input"),
        accept_past_days="3650",
    ) as service:
        yield service


def at_broker(mosquitto: MosquittoServer, user: str) -> str:
    """The broker's address for an appliance."""
    return f"mqtt://{user}:{user}-password@127.0.0.1:{mosquitto.port}"


CASES: dict[str, tuple[str, Callable[[], list[Path]], list[str], str]] = {
    "fridge-a": ("refrigerator", lambda: pcad("Fridge", "Fridge_1", "Normal", range(1, 6)), ["ctime"], ","),
    "washer-a": (
        "washing_machine",
        lambda: pcad("Washing_Machine", "Washing_machine_1", "Normal", range(1, 4)),
        ["ctime"],
        ",",
    ),
    "rig-a": (
        "generic",
        lambda: [DATA / "skab" / "data" / "valve1" / "0.csv"],
        ["datetime", "anomaly", "changepoint"],
        ";",
    ),
    "sensor-a": (
        "generic",
        lambda: [DATA / "nab" / "data" / "realKnownCause" / "ambient_temperature_system_failure.csv"],
        ["timestamp"],
        ",",
    ),
}


@needs_data
@pytest.mark.parametrize("appliance_id", CASES)
def test_a_recording_arrives_reading_for_reading(
    appliance_id: str, real_parts: RunningService, mosquitto: MosquittoServer, influxdb: InfluxServer, tmp_path: Path
) -> None:
    """A replayed recording is stored in InfluxDB reading for reading, through mosquitto, and the ledger closes."""
    kind, files, leave_out, delimiter = CASES[appliance_id]

    done = real_parts.fettle(
        "replay", *files(), "--kind", kind, "--id", appliance_id, user=at_broker(mosquitto, appliance_id)
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("shift_ms ")
    real_parts.wait_until_stored()
    (row,) = real_parts.ledger(appliance_id)
    assert (row["gap"], row["dead_lettered"], row["stored"]) == (0, 0, row["max_seq"] + 1)
    store = open_store(influxdb.url("telemetry"), token=influxdb.token, data_dir=tmp_path)
    stored = store.count_readings(kind, appliance_id)
    store.close()
    assert stored == readings_of(files(), delimiter=delimiter, leave_out=leave_out)
    condition = real_parts.http.get(f"/api/v1/appliances/{appliance_id}").json()
    assert condition["condition_reason"]


def test_a_tasmota_plug_is_stored(real_parts: RunningService, mosquitto: MosquittoServer) -> None:
    """An energy report of a Tasmota plug, sent by mosquitto_pub, ends in the store under the contract's names."""
    payload = {"Time": "2026-11-21T10:13:52", "ENERGY": {"Total": 1.2, "Power": 90, "Voltage": 231, "Current": 0.41}}
    words = ["-h", "127.0.0.1", "-p", str(mosquitto.port), "-u", "plug", "-P", "plug-password", "-i", "plug"]
    subprocess.run(
        ["mosquitto_pub", *words, "-q", "1", "-t", "tele/plug/SENSOR", "-m", json.dumps(payload)], check=True
    )
    deadline = time.monotonic() + READY_S
    while real_parts.http.get("/api/v1/appliances/plug").status_code != 200:
        assert time.monotonic() < deadline, "the plug did not appear"
        time.sleep(0.1)
    real_parts.wait_until_stored()

    answer = real_parts.http.get(
        "/api/v1/appliances/plug/telemetry",
        params={"start": "2026-11-21T00:00:00Z", "end": "2026-11-22T00:00:00Z", "points": 100},
    ).json()

    latest = {name: [v for v in values if v is not None] for name, values in answer["series"].items()}
    assert latest == {"energy_kwh": [1.2], "power_w": [90.0], "voltage_v": [231.0], "current_a": [0.41]}


@needs_data
def test_a_plain_fault_of_a_recorded_fridge_opens_a_ticket(
    real_parts: RunningService, mosquitto: MosquittoServer
) -> None:
    """Five normal days, then days with the recorded fault plainly in them: one open ticket for that fridge."""
    files = pcad("Fridge", "Fridge_1", "Normal", (8, 10, 9, 7, 3))  # the days' numbers are not in the order of time
    files += pcad("Fridge", "Fridge_1", "anomaly_Faulty_Compressor", (4, 5, 6, 2, 1))
    words: list[str | Path] = ["replay", *files, "--kind", "refrigerator", "--id", "fridge-b"]

    done = real_parts.fettle(*words, "--metric", "activePower=power_w", user=at_broker(mosquitto, "fridge-b"))

    assert done.returncode == 0, done.stderr
    real_parts.wait_until_stored()
    tickets = real_parts.http.get("/api/v1/tickets", params={"appliance_id": "fridge-b"}).json()["items"]
    modes = [ticket["fault_mode"] for ticket in tickets]
    assert len(tickets) == len(set(modes)) >= 1
    assert all(ticket["evidence"] for ticket in tickets)
