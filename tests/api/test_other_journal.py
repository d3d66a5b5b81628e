"""A data folder that was lost, or a second one, beside a desk database that was kept."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from alerts.cursors import claim
from alerts.cursors.tables import cursors
from alerts.database import open_database
from alerts.inbox import Inbox
from api.service import claiming, table
from api.service.housekeeping import durable_cursors
from api.service.service import Service, ServiceError
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker
from tests.api.test_service import USERS, publish, readings, wait_until


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """A broker in a child process."""
    with EmbeddedBroker(users=USERS) as running:
        yield running


def service_at(broker: EmbeddedBroker, tmp_path: Path, folder: str) -> Service:
    """A service with a data folder of its own, on the database that all share."""
    settings = Settings(
        data_dir=tmp_path / folder,
        database_url=f"sqlite:///{tmp_path / 'desk.db'}",
        mqtt_url=broker.url("fettle"),
        http_listen="127.0.0.1:0",
    )
    return Service(settings, Surroundings(connection=broker.options("fettle"), window=WINDOW))


def lose_the_folder(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """An installation ran, its readers came to position 10,000, and its data folder is gone."""
    first = service_at(broker, tmp_path, "lost")
    first.start()
    first.stop()
    engine = open_database(f"sqlite:///{tmp_path / 'desk.db'}")
    with engine.begin() as connection:
        connection.execute(update(cursors).where(cursors.c.name.in_(claim.OF_THE_JOURNAL)).values(position=10_000))
        if not connection.execute(cursors.select().where(cursors.c.name == "desk")).all():
            connection.execute(cursors.insert(), [{"name": name, "position": 10_000} for name in claim.OF_THE_JOURNAL])
    engine.dispose()


def test_a_new_journal_beside_an_old_database_is_read_from_its_beginning(
    broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes after the data folder was lost reaches directory and detectors, though the old cursors stood far ahead."""
    lose_the_folder(broker, tmp_path)
    monkeypatch.setattr(
        table, "Inbox", partial(Inbox, write_every_s=0.1)
    )  # it writes every five seconds, and is waited for
    second = service_at(broker, tmp_path, "new")
    second.start()
    try:
        wait_until(lambda: second.rooms.ingest.ingester.session.stats.is_connected)
        publish(broker, readings(20))
        wait_until(lambda: second.rooms.ingest.writer.stats.readings_stored == 20)
        tip = second.rooms.ingest.journal.tip()
        wait_until(lambda: second.rooms.cursors()["detect"] == tip)
        wait_until(lambda: [one.id for one in second.rooms.desk.appliances.page().items] == ["fridge-1"])
        wait_until(lambda: 0 < durable_cursors(second.rooms.ingest.books, second.rooms.desk)["desk"] <= tip)
    finally:
        second.stop()


def test_cursors_behind_the_journals_end_are_not_ready(
    broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the claim's new beginning the readers stand at 10,000 of a journal that is empty: told, and never ready."""
    lose_the_folder(broker, tmp_path)
    monkeypatch.setattr(claiming, "claim", lambda _t, _journal, _place: None)
    second = service_at(broker, tmp_path, "new")
    second.start()
    try:
        wait_until(lambda: second.rooms.ingest.ingester.session.stats.is_connected)
        with httpx.Client(base_url=second.url, trust_env=False) as client:
            wait_until(lambda: "behind the journal's end" in client.get("/readyz").text)
            assert client.get("/readyz").status_code == 503
    finally:
        second.stop()


def test_a_second_installation_on_one_database_does_not_start(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """While one runs, another folder on its database is refused with where the first runs; the first goes on."""
    first, second = service_at(broker, tmp_path, "one"), service_at(broker, tmp_path, "two")
    first.start()
    try:
        with pytest.raises(ServiceError, match=r"belongs to another installation, which runs at .+/one"):
            second.start()
        first.rooms.claim.hold()
    finally:
        first.stop()
    second.start()
    second.stop()
