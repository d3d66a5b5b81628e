"""The servers themselves: each starts, lets in whom it should, and the script that gets them can be run again."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.servers.conftest import MosquittoServer, PostgresServer

pytestmark = pytest.mark.servers
SCRIPT = Path(__file__).parents[2] / "deploy" / "servers.sh"


def publish(server: MosquittoServer, user: str, password: str, topic: str) -> int:
    """The exit status of mosquitto_pub at QoS 1."""
    command = [
        "mosquitto_pub",
        "-V",
        "5",
        "-p",
        str(server.port),
        "-u",
        user,
        "-P",
        password,
        "-q",
        "1",
        "-m",
        "{}",
        "-t",
        topic,
    ]
    return subprocess.run(command, check=False, capture_output=True, timeout=20).returncode


def test_mosquitto_lets_in_who_has_a_password(mosquitto: MosquittoServer) -> None:
    """A user with the right password may publish its own telemetry; a wrong password is refused."""
    assert publish(mosquitto, "f1", "f1-password", "fettle/v1/refrigerator/f1/telemetry") == 0
    assert publish(mosquitto, "f1", "wrong", "fettle/v1/refrigerator/f1/telemetry") != 0


def test_mosquitto_ties_the_topic_to_the_user(mosquitto: MosquittoServer) -> None:
    """What an appliance publishes under another id reaches nobody, what it publishes under its own id does."""
    name, password = mosquitto.service
    listen = ["mosquitto_sub", "-V", "5", "-p", str(mosquitto.port), "-u", name, "-P", password, "-i", name]
    listen += ["-q", "1", "-c", "-x", "60", "-t", "fettle/v1/+/+/telemetry"]
    subprocess.run([*listen, "-E"], check=True, capture_output=True, timeout=20)

    publish(mosquitto, "f1", "f1-password", "fettle/v1/refrigerator/w1/telemetry")
    publish(mosquitto, "f1", "f1-password", "fettle/v1/refrigerator/f1/telemetry")

    heard = subprocess.run([*listen, "-C", "1", "-W", "20", "-F", "%t"], check=True, capture_output=True, text=True)
    assert heard.stdout.split() == ["fettle/v1/refrigerator/f1/telemetry"]


def test_mosquitto_learns_of_new_users_while_it_runs(mosquitto: MosquittoServer) -> None:
    """A user added to the password file is let in without a restart."""
    mosquitto.add_user("late", "late-password")

    tries = (publish(mosquitto, "late", "late-password", "fettle/v1/dryer/late/telemetry") for _ in range(20))

    assert 0 in tries


def test_postgres_answers(postgres: PostgresServer) -> None:
    """A query at the fixture's address is answered by PostgreSQL."""
    with psycopg.connect(postgres.url().replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT current_user, current_setting('server_version_num')::int").fetchone()

    assert row is not None
    assert row[0] == "fettle"
    assert row[1] >= 130_000


def test_getting_what_is_there_does_nothing(mosquitto: MosquittoServer) -> None:
    """The script that gets servers says nothing and succeeds when they are there."""
    assert mosquitto.port

    done = subprocess.run(["bash", SCRIPT, "get", "mosquitto"], check=True, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("", "")


def test_an_unknown_server_is_named(mosquitto: MosquittoServer) -> None:
    """A name that is no server is wrong use, and the sentence lists the right ones."""
    assert mosquitto.port

    done = subprocess.run(["bash", SCRIPT, "get", "oracle"], check=False, capture_output=True, text=True)

    assert done.returncode == 2
    assert "There is no server called 'oracle'" in done.stderr
