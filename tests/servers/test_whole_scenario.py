"""One scenario, two sets of parts: the same fleet leads to the same findings and tickets on embedded and on real servers.

Ten refrigerators and washing machines, some with faults that grow, send 45 days over MQTT as buffered batches, each
on a connection of its own. The times are fixed: both services live at the same moment.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from alerts.schema import alerts, tickets
from api.demo import fleet_ids
from api.rooms import Surroundings
from api.serve import Service
from api.settings import Settings
from ingest.clock import AcceleratedClock, SystemClock
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker
from simulator.child import FleetOrder, run_child
from simulator.driver import Progress
from simulator.weather import DAY_MS
from tests.servers.conftest import MosquittoServer, PostgresServer
from tests.servers.influx_process import InfluxServer
from tests.servers.kafka_server import KafkaServer

pytestmark = [pytest.mark.servers, pytest.mark.timeout(280)]

APPLIANCES = 10
DAYS = 45
SEED = 5
START_MS = 1_780_000_000_000
END_MS = START_MS + DAYS * DAY_MS
PATIENCE_S = 90.0

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run leaves."""

    progress: Progress
    sums: tuple[int, int, int]
    """Stored, dead-lettered and missing messages of the ledger."""
    readings: int
    findings: dict[Row, float]
    """(appliance, fault mode, channel, onset, raised) → score. What is learned of the fleet as a whole depends on whose day comes
    first, so scores differ a little; and the moment at which a data fault is seen depends on how messages were batched."""
    tickets: frozenset[Row]


FLEET = """\
base = "demo"
[sensors]
faulty_share = 0
[kinds.refrigerator.faults]
condenser_fouling = { share = 0.3, onset_days = [14, 20], duration_days = [20, 30], mild_share = 0 }
evaporator_fan_wear = { share = 0.3, onset_days = [14, 20], duration_days = [20, 30], mild_share = 0 }
"""
"""The demo's households, in which about every second refrigerator has a fault that begins and grows within the scenario."""


def clock() -> AcceleratedClock:
    """The scenario's end, going on from now as a clock does."""
    return AcceleratedClock(SystemClock().now_ms(), END_MS, 1.0)


def tell_fleet(folder: Path, url: str, passwords: Mapping[str, str]) -> Progress:
    """Let the fleet, in a process of its own, tell its days at a broker until everything is acknowledged.

    Its own time stands still at the end, so that nothing is added however long that takes.
    """
    file = folder / "fleet.toml"
    file.write_text(FLEET)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    order = FleetOrder(
        fleet=str(file), seed=SEED, appliances=APPLIANCES, start_ms=START_MS, history_until_ms=END_MS, mqtt_url=url,
        clock=AcceleratedClock(SystemClock().now_ms(), END_MS, 1e-9), truth_folder=folder / "truth",
        passwords=dict(passwords), bad_network=False,
    )  # fmt: skip
    child = context.Process(target=run_child, args=(order, theirs), daemon=True)
    child.start()
    theirs.close()
    deadline = time.monotonic() + PATIENCE_S
    progress = Progress()
    try:
        while progress.phase != "ended":
            assert ours.poll(deadline - time.monotonic()), progress
            progress = ours.recv()
            assert isinstance(progress, Progress), progress
            if progress.phase == "live" and not progress.unacknowledged:
                ours.send("stop")
    finally:
        ours.close()
        child.join(10)
    return progress


def outcome_of(service: Service, progress: Progress) -> Outcome:
    """What stands in ledger, store and desk when every reader has read everything."""
    rooms = service.rooms
    deadline = time.monotonic() + PATIENCE_S
    while sum(row.stored for row in rooms.books.ledger_rows()) < progress.published or any(
        position < rooms.journal.tip() for position in rooms.cursors().values()
    ):
        assert time.monotonic() < deadline, (progress, rooms.cursors())
        assert service.failure is None
        time.sleep(0.1)
    rows = list(rooms.books.ledger_rows())
    with rooms.desk.engine.connect() as connection:
        opened = select(tickets.c.appliance_id, tickets.c.fault_mode, tickets.c.source, tickets.c.onset_ms)
        found = select(
            alerts.c.appliance_id, alerts.c.fault_mode, alerts.c.channel, alerts.c.onset_ms, alerts.c.raised_ms,
            alerts.c.score,
        )  # fmt: skip
        return Outcome(
            progress,
            (sum(r.stored for r in rows), sum(r.dead_lettered for r in rows), sum(r.gap or 0 for r in rows)),
            sum(rooms.store.count_readings(kind) for kind in rooms.profiles),
            dict(_finding(row) for row in connection.execute(found)),
            frozenset(tuple(row) for row in connection.execute(opened)),
        )


def _finding(row: Sequence[Any]) -> tuple[Row, float]:
    """What identifies a finding, and its score."""
    *identity, score = row
    return tuple(identity[:3] if row[2] == "data" else identity), score


@contextmanager
def serving(settings: Settings, around: Surroundings) -> Iterator[Service]:
    """A running service that hears its broker."""
    service = Service(settings, around)
    service.start()
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not service.rooms.pipes.ingester.session.stats.is_connected:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield service
    finally:
        service.stop()


def on_embedded_parts(folder: Path, passwords: Mapping[str, str]) -> Outcome:
    """The scenario on the parts that need no server."""
    with EmbeddedBroker({**passwords, "fettle": "f"}) as broker:
        settings = Settings(
            data_dir=folder, mqtt_url=broker.url("fettle"), http_listen="127.0.0.1:0", accept_past_days=2 * DAYS
        )
        around = Surroundings(clock=clock(), connection=broker.options("fettle"), window=WINDOW)
        with serving(settings, around) as service:
            return outcome_of(service, tell_fleet(folder, broker.old_url(), passwords))


def test_the_same_fleet_leads_to_the_same_tickets_on_real_servers(
    mosquitto: MosquittoServer,
    influxdb: InfluxServer,
    postgres: PostgresServer,
    kafka: KafkaServer,
    tmp_path: Path,
) -> None:
    """On mosquitto, Kafka, InfluxDB 2 and PostgreSQL: the ledger closed, readings, findings and tickets as on embedded parts."""
    file = tmp_path / "fleet.toml"
    file.write_text(FLEET)
    passwords = {name: f"{name}-password" for name in fleet_ids(str(file), seed=SEED, appliances=APPLIANCES)}
    embedded = on_embedded_parts(tmp_path / "embedded", passwords)
    for name, password in passwords.items():
        mosquitto.add_user(name, password)
    settings = Settings(
        data_dir=tmp_path / "real",
        mqtt_url=mosquitto.url,
        journal_url=kafka.url("scenario"),
        journal_retention_days=20_000,
        store_url=influxdb.url("telemetry"),
        store_token=SecretStr(influxdb.token),
        database_url=postgres.create("scenario"),
        http_listen="127.0.0.1:0",
        accept_past_days=2 * DAYS,
    )

    with serving(settings, Surroundings(clock=clock())) as service:
        real = outcome_of(service, tell_fleet(tmp_path, f"mqtt://127.0.0.1:{mosquitto.port}", passwords))

    assert embedded.tickets
    assert embedded.sums == real.sums == (embedded.progress.published, 0, 0)
    assert real.progress.published == embedded.progress.published
    assert real.readings == embedded.readings == embedded.progress.readings
    assert real.findings.keys() == embedded.findings.keys()
    assert real.findings == pytest.approx(embedded.findings, rel=0.05)
    assert real.tickets == embedded.tickets
