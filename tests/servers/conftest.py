"""Real servers for the tests that are marked ``servers``: each is started when the first test asks for it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from tests.servers.influx_process import InfluxProcess, InfluxServer
from tests.servers.kafka_server import KafkaServer, kafka_jars
from tests.servers.running import (
    accepts,
    find_program,
    free_port,
    missing,
    running,
    stop_process,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """An InfluxDB 2, set up with the organisation ``fettle``."""
    process = InfluxProcess(tmp_path_factory.mktemp("influxdb"))
    process.start()
    try:
        yield process.set_up()
    finally:
        process.stop()


@dataclass(frozen=True, slots=True)
class MosquittoServer:
    """A running mosquitto with a user for the service and two appliances."""

    port: int
    folder: Path
    pid: int
    service: tuple[str, str] = ("fettle", "service-password")
    appliances: tuple[tuple[str, str], ...] = (("f1", "f1-password"), ("w1", "w1-password"))

    @property
    def url(self) -> str:
        """The address for the service."""
        return f"mqtt://{self.service[0]}:{self.service[1]}@127.0.0.1:{self.port}"

    def add_user(self, name: str, password: str) -> None:
        """Let a further user in at once."""
        subprocess.run(
            ["mosquitto_passwd", "-b", self.folder / "passwords", name, password], check=True, capture_output=True
        )
        os.kill(self.pid, signal.SIGHUP)


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MosquittoServer]:
    """A mosquitto with the settings and access rules of deploy/, on a free port."""
    program = find_program("mosquitto", Path("/usr/sbin"))
    if program is None or find_program("mosquitto_passwd") is None:
        missing("mosquitto is missing: run 'bash deploy/servers.sh get mosquitto'.")
        return
    folder, port = tmp_path_factory.mktemp("mosquitto"), free_port()
    (folder / "mosquitto.conf").write_text(adapted_settings(folder, port))
    shutil.copy(ROOT / "deploy" / "mosquitto.acl", folder / "mosquitto.acl")
    server = MosquittoServer(port, folder, 0)
    (folder / "passwords").touch()
    for name, password in (server.service, *server.appliances):
        subprocess.run(
            ["mosquitto_passwd", "-b", folder / "passwords", name, password], check=True, capture_output=True
        )
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    command: list[str | Path] = [program, "-c", folder / "mosquitto.conf"]
    with running(command, log=folder / "log", is_ready=lambda: accepts(port)) as process:
        yield MosquittoServer(port, folder, process.pid)


def adapted_settings(folder: Path, port: int) -> str:
    """deploy/mosquitto.conf with this run's port, files and user."""
    ours = {
        "listener": f"listener {port} 127.0.0.1",
        "password_file": f"password_file {folder / 'passwords'}",
        "acl_file": f"acl_file {folder / 'mosquitto.acl'}",
        "persistence_location": f"persistence_location {folder}/",
        "log_dest": "log_dest stderr",
        "pid_file": "",
        "user": "",
    }
    text = (ROOT / "deploy" / "mosquitto.conf").read_text()
    lines = [ours.get(line.split(maxsplit=1)[0], line) if line.strip() else line for line in text.splitlines()]
    return "\n".join([*lines, f"user {pwd.getpwuid(os.getuid()).pw_name}", ""])


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A Kafka of one node."""
    jars = kafka_jars()
    if jars is None:
        missing("Kafka is missing: run 'bash deploy/servers.sh get kafka'.")
        return
    server = KafkaServer(tmp_path_factory.mktemp("kafka"), jars)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running PostgreSQL; everybody on loopback is trusted."""

    port: int

    def url(self, database: str = "postgres") -> str:
        """The address of a database for SQLAlchemy."""
        return f"postgresql+psycopg://fettle@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """A new, empty database of its own for a service; its address."""
        with psycopg.connect(self.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL with the user ``fettle``."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    initdb, pg_ctl = find_program("initdb", *folders), find_program("pg_ctl", *folders)
    if initdb is None or pg_ctl is None:
        missing("PostgreSQL is missing: run 'bash deploy/servers.sh get postgresql'.")
        return
    folder, port = tmp_path_factory.mktemp("postgres"), free_port()
    as_server: list[str] = []
    if os.getuid() == 0:
        as_server = ["runuser", "-u", "postgres", "--"]
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == 0 and parent.is_relative_to(tmp_path_factory.getbasetemp().parent):
                parent.chmod(0o755)
        shutil.chown(folder, "postgres")
    data = folder / "data"
    subprocess.run(
        [*as_server, initdb, "-D", data, "-A", "trust", "-U", "fettle", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run(
        [*as_server, pg_ctl, "-D", data, "-o", options, "-l", folder / "log", "-w", "start"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pid = int((data / "postmaster.pid").read_text().split()[0])
    try:
        yield PostgresServer(port)
    finally:
        stop_process(pid, signal.SIGINT)
