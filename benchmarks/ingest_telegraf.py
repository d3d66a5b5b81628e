"""Against Telegraf: the same mosquitto, the same InfluxDB 2, the same messages at QoS 1, a persistent session each.

``ingest_vs_telegraf_cpu``: messages per CPU-second of the ingester, whose CPU has journal, admission and the detectors' columns
in it, against Telegraf's (``mqtt_consumer`` to ``influxdb_v2``, bodies of 5,000 lines). ``stored_vs_telegraf``: messages stored
per second of wall time, from the first message to InfluxDB's last answer.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure
from benchmarks.influxdb import BUCKET, has_influxdb, influxdb
from benchmarks.ingest_process import Specification, ingest_process
from benchmarks.mosquitto import SERVICE, mosquitto
from benchmarks.publisher import publisher
from benchmarks.workload import METRICS
from ingest.store.influx import InfluxStore
from ingest.store.influx_address import InfluxAddress
from tests.servers.running import cache_folder, find_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.influx_process import InfluxServer

FIGURES = ("ingest_vs_telegraf_cpu", "stored_vs_telegraf")
_RUNS = 3
_MESSAGES = 100_000
_TELEGRAF = "telegraf-1.39.3"
_LOOK_EVERY_S = 0.05
_IDLE_S = 1.5
_GIVE_UP_S = 90.0

_SETTINGS = """
[agent]
  metric_batch_size = 5000
  metric_buffer_limit = 1000000
  flush_interval = "200ms"
  omit_hostname = true
[[outputs.influxdb_v2]]
  urls = ["http://127.0.0.1:{influx_port}"]
  token = "{token}"
  organization = "{org}"
  bucket = "{bucket}"
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:{mqtt_port}"]
  topics = ["fettle/v1/+/+/telemetry"]
  qos = 1
  persistent_session = true
  client_id = "{user}"
  username = "{user}"
  password = "{password}"
  max_undelivered_messages = 20000
  topic_tag = ""
  data_format = "json"
  json_time_key = "ts"
  json_time_format = "2006-01-02T15:04:05.000Z07:00"
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "fettle/v1/+/+/telemetry"
    measurement = "_/_/measurement/_/_"
    tags = "_/_/_/appliance_id/_"
"""


@dataclass(frozen=True, slots=True)
class Run:
    """CPU and wall time of one side."""

    cpu_s: float
    wall_s: float


def measure() -> Iterator[Figure]:
    """Medians of several runs, both sides in each."""
    telegraf = find_program("telegraf", cache_folder() / _TELEGRAF)
    if telegraf is None or not has_influxdb(FIGURES[0]):
        print(f"{FIGURES[0]} needs Telegraf: bash deploy/servers.sh get telegraf", file=sys.stderr)
        return
    ours, theirs = [], []
    for _ in range(_RUNS):
        ours.append(_run(None))
        theirs.append(_run(telegraf))
    pairs = list(zip(ours, theirs, strict=True))
    median = statistics.median
    rate = _MESSAGES / median(run.cpu_s for run in ours)
    ratio = median(other.cpu_s / run.cpu_s for run, other in pairs)
    yield Figure(FIGURES[0], rate, "messages per CPU-second", _MESSAGES, "Telegraf", ratio)
    rate = _MESSAGES / median(run.wall_s for run in ours)
    ratio = median(other.wall_s / run.wall_s for run, other in pairs)
    yield Figure(FIGURES[1], rate, "messages stored/s", _MESSAGES, "Telegraf", ratio)


def _run(telegraf: Path | None) -> Run:
    """One side over a fresh broker and a fresh InfluxDB."""
    with ExitStack() as stack:
        port = stack.enter_context(mosquitto())
        if port is None:
            raise RuntimeError("mosquitto is missing: apt install mosquitto")
        server = stack.enter_context(influxdb())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fettle-bench-"))
        publish = stack.enter_context(publisher(port, _MESSAGES))
        if telegraf is not None:
            return _run_telegraf(stack, telegraf, Path(folder), port, server, publish)
        url = f"mqtt://{SERVICE[0]}:{SERVICE[1]}@127.0.0.1:{port}"
        specification = Specification(folder, _MESSAGES, url, server.url(BUCKET), server.token)
        wait = stack.enter_context(ingest_process(specification))
        publish()
        outcome = wait()
        return Run(outcome.cpu_s, outcome.wall_s)


def _run_telegraf(
    stack: ExitStack, program: Path, folder: Path, port: int, server: InfluxServer, publish: Callable[[], float]
) -> Run:
    settings = folder / "telegraf.conf"
    settings.write_text(
        _SETTINGS.format(
            influx_port=server.port,
            token=server.token,
            org=server.org,
            bucket=BUCKET,
            mqtt_port=port,
            user=SERVICE[0],
            password=SERVICE[1],
        )
    )
    log = stack.enter_context((folder / "log").open("wb"))
    process = subprocess.Popen([str(program), "--config", str(settings)], stdout=log, stderr=log)
    stack.callback(process.wait)
    stack.callback(process.kill)
    _wait_for(folder / "log", b"Connected")
    used_before = _cpu_s(process.pid)
    started = time.perf_counter()
    publish()
    store = InfluxStore.open(InfluxAddress.parse(server.url(BUCKET)), token=server.token)
    sent = _MESSAGES * (len(METRICS) + 1)  # it takes seq for a reading as well
    give_up = time.perf_counter() + _GIVE_UP_S
    while True:
        ended, used = _when_idle(process.pid)
        stored = store.count_readings("refrigerator")
        if stored == sent:
            break
        if time.perf_counter() > give_up:
            raise RuntimeError(f"Telegraf stored {stored} of {sent} readings")
    store.close()
    return Run(used - used_before, ended - started)


def _when_idle(pid: int) -> tuple[float, float]:
    """When a process last did more than idle, and its CPU until then."""
    used, moved = _cpu_s(pid), time.perf_counter()
    while time.perf_counter() - moved < _IDLE_S:
        time.sleep(_LOOK_EVERY_S)
        now = _cpu_s(pid)
        if now - used > 0.01:
            used, moved = now, time.perf_counter()
    return moved, used


def _cpu_s(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait_for(log: Path, word: bytes) -> None:
    deadline = time.monotonic() + 20
    while word not in log.read_bytes():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Telegraf does not connect: {log.read_text()[-500:]}")
        time.sleep(_LOOK_EVERY_S)
    time.sleep(0.5)
