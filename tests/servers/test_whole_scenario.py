"""One scenario, two sets of parts: the same fleet leads to the same findings and tickets on embedded and on real servers.

Ten refrigerators and washing machines, some with faults that grow, send 45 days over MQTT as buffered batches, each on a
connection of its own, to a service on embedded parts. What arrived there is then sent in the same order by the same
appliances to a service on real servers; only the parts, and how they cut the stream into batches, are others. The times
are fixed: both services live at the same moment.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from alerts.alerting.tables import alerts
from alerts.database import open_database
from alerts.tickets.tables import tickets
from api.demo.demo import fleet_ids
from api.service.service import Service
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from ingest.clock import AcceleratedClock, SystemClock
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker
from ingest.mqtt.frames import unpack
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
class Stored:
    """What a run leaves in ledger and store."""

    stored: int
    dead_lettered: int
    gap: int
    readings: int


@dataclass(frozen=True, slots=True)
class Said:
    """What the detectors and the desk have said: a finding or a ticket → the event time at which it was first raised.

    What appliances learn of each other hangs on whose history is read first: the days of one may be judged before another's same
    days have come, and Kafka's parts are read in another order than the broker told them. So a score differs a little, and a
    slow fault may be seen a day sooner or later. Seen sooner it may have no name yet: an ``unknown`` that a named fault of
    the same appliance has taken over is no finding of its own here.
    """

    findings: dict[Row, int]
    """(appliance, fault mode, channel)."""
    tickets: dict[Row, int]
    """(appliance, fault mode, source)."""


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


def what_is_stored(service: Service, expected: int, ids: Collection[str]) -> Stored:
    """Ledger and store of these appliances, when so many messages are stored and every reader has read them.

    Another test may have left messages of others at the broker.
    """
    rooms = service.rooms
    deadline = time.monotonic() + PATIENCE_S
    while sum(row.stored for row in rooms.ingest.books.ledger_rows() if row.id in ids) < expected or any(
        position < rooms.ingest.journal.tip() for position in rooms.cursors().values()
    ):
        assert time.monotonic() < deadline, (expected, rooms.cursors())
        assert service.failure is None
        time.sleep(0.1)
    rows = [row for row in rooms.ingest.books.ledger_rows() if row.id in ids]
    return Stored(
        sum(row.stored for row in rows),
        sum(row.dead_lettered for row in rows),
        sum(row.gap or 0 for row in rows),
        sum(rooms.store.count_readings(kind, name) for kind in ("refrigerator", "washing_machine") for name in ids),
    )


def what_is_said(settings: Settings) -> Said:
    """Findings and tickets in the desk's database, after the service has stopped and saved what it knew."""
    engine = open_database(settings.resolved_database_url)
    found = select(alerts.c.appliance_id, alerts.c.fault_mode, alerts.c.channel, alerts.c.raised_ms)
    opened = select(tickets.c.appliance_id, tickets.c.fault_mode, tickets.c.source, tickets.c.onset_ms)
    try:
        with engine.connect() as connection:
            return Said(_named(_earliest(connection.execute(found))), _named(_earliest(connection.execute(opened))))
    finally:
        engine.dispose()


def _earliest(rows: Iterable[Sequence[Any]]) -> dict[Row, int]:
    """The first time of each."""
    first: dict[Row, int] = {}
    for *identity, ms in rows:
        first[tuple(identity)] = min(ms, first.get(tuple(identity), ms))
    return first


def _named(first: Mapping[Row, int]) -> dict[Row, int]:
    """Without the ``unknown`` of an appliance that was named later, by the same channel or source.

    >>> _named({("w1", "unknown", "evidence"): 5, ("w1", "leak", "evidence"): 7, ("w2", "unknown", "evidence"): 6})
    {('w1', 'leak', 'evidence'): 7, ('w2', 'unknown', 'evidence'): 6}
    """
    named = {(appliance, how) for appliance, mode, how in first if mode != "unknown"}
    return {row: ms for row, ms in first.items() if row[1] != "unknown" or (row[0], row[2]) not in named}


@contextmanager
def serving(settings: Settings, around: Surroundings) -> Iterator[Service]:
    """A running service that hears its broker."""
    service = Service(settings, around)
    service.start()
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not service.rooms.ingest.ingester.session.stats.is_connected:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield service
    finally:
        service.stop()


def on_embedded_parts(
    folder: Path, passwords: Mapping[str, str]
) -> tuple[Progress, Stored, Said, list[tuple[str, bytes]]]:
    """The scenario on the parts that need no server: what was sent, stored and said, and what arrived, in order."""
    with EmbeddedBroker({**passwords, "fettle": "f"}) as broker:
        settings = Settings(
            data_dir=folder, mqtt_url=broker.url("fettle"), http_listen="127.0.0.1:0", accept_past_days=2 * DAYS
        )
        around = Surroundings(clock=clock(), connection=broker.options("fettle"), window=WINDOW)
        with serving(settings, around) as service:
            told = tell_fleet(folder, broker.old_url(), passwords)
            stored = what_is_stored(service, told.published, passwords)
            arrived: list[tuple[str, bytes]] = []
            for batch in service.rooms.ingest.journal.read(0, limit_bytes=1 << 30):
                messages = unpack(batch.frames)
                arrived += zip(messages.topics, messages.payloads, strict=True)
        return told, stored, what_is_said(settings), arrived


async def forget_session(mosquitto: MosquittoServer) -> None:
    """Let the broker drop what it has kept for the service of an earlier test."""
    user, password = mosquitto.service
    async with aiomqtt.Client(
        "127.0.0.1", mosquitto.port, username=user, password=password, identifier=user, clean_session=True
    ):
        pass


async def say_again(port: int, passwords: Mapping[str, str], messages: Sequence[tuple[str, bytes]]) -> None:
    """Let each appliance publish its messages on a connection of its own, all of them in the given order."""
    async with AsyncExitStack() as connections:
        clients = {
            name: await connections.enter_async_context(
                aiomqtt.Client("127.0.0.1", port, username=name, password=password, identifier=name)
            )
            for name, password in passwords.items()
        }
        for topic, payload in messages:
            await clients[topic.split("/")[-2]].publish(topic, payload, qos=1)


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
    told, stored, said, arrived = on_embedded_parts(tmp_path / "embedded", passwords)
    for name, password in passwords.items():
        mosquitto.add_user(name, password)
    settings = Settings(
        data_dir=tmp_path / "real",
        mqtt_url=mosquitto.url,
        journal_url=kafka.url("scenario"),
        journal_retention_days=20_000,
        store_url=influxdb.create("scenario"),
        store_token=SecretStr(influxdb.token),
        database_url=postgres.create("scenario"),
        http_listen="127.0.0.1:0",
        accept_past_days=2 * DAYS,
    )

    asyncio.run(forget_session(mosquitto))
    with serving(settings, Surroundings(clock=clock())) as service:
        asyncio.run(say_again(mosquitto.port, passwords, arrived))
        really_stored = what_is_stored(service, told.published, passwords)
    really_said = what_is_said(settings)

    assert stored == Stored(told.published, 0, 0, told.readings)
    assert really_stored == stored
    assert said.tickets
    assert really_said.findings.keys() == said.findings.keys()
    assert really_said.tickets.keys() == said.tickets.keys()
    assert really_said.findings == pytest.approx(said.findings, abs=3 * DAY_MS)
    assert really_said.tickets == pytest.approx(said.tickets, abs=3 * DAY_MS)
