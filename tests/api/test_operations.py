"""What the console asks to say how the service is, and whom work may be given to."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from alerts.accounts.account import Role
from api.http.app import place
from api.service.signs import counter
from tests.api.house import House


class OneFigure(Collector):
    """One counter with a value."""

    def collect(self) -> list[object]:  # type: ignore[override]  # a list of metrics is an iterable of them
        """The counter."""
        return [counter("fettle_messages_received", "messages", 12.0)]


def exposition() -> bytes:
    """What Prometheus would read."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(OneFigure())
    return generate_latest(registry)


def test_operations_say_what_is_amiss_and_every_figure(house: House) -> None:
    """Reasons as sentences, figures as Prometheus reads them, and what the parts are."""
    context = dataclasses.replace(house.context, not_ready=lambda: ["The broker is away."], metrics=exposition)
    place(house.app, context)

    said = house.get("/operations", Role.VIEWER).json()

    assert (said["ready"], said["reasons"]) == (False, ["The broker is away."])
    assert {"name": "fettle_messages_received_total", "labels": {}, "value": 12.0} in said["figures"]
    assert said["gaps"] == []
    assert said["about"]["licence"] == "Apache-2.0"
    assert said["about"]["data_bytes"] > 0


def test_operations_name_no_password(house: House, tmp_path: Path) -> None:
    """Addresses are told without name, password and parameters."""
    settings = house.context.settings.model_copy(
        update={
            "mqtt_url": "mqtts://anna:secret@broker.example:8883",
            "database_url": "postgresql+psycopg://desk:secret@db.example/fettle?sslmode=require",
            "data_dir": tmp_path,
        }
    )
    place(house.app, dataclasses.replace(house.context, settings=settings))

    about = house.get("/operations").json()["about"]

    assert about["broker"] == "mqtts://broker.example:8883"
    assert about["database"] == "postgresql+psycopg://db.example/fettle"


def test_people_are_those_who_may_come_in(house: House) -> None:
    """Whoever is shut out is not offered work; a viewer need not know."""
    accounts = house.context.accounts
    accounts.change("dispatcher", disabled=True)

    names = [one["name"] for one in house.get("/people", Role.TECHNICIAN).json()["items"]]

    assert "technician" in names
    assert "dispatcher" not in names
    assert house.get("/people", Role.VIEWER).status_code == 403


def test_the_audit_is_verified_over_http(house: House) -> None:
    """A manager reads whether the record is whole; others may not."""
    assert house.get("/audit/verdict", Role.MANAGER).json() == {"is_whole": True, "first_bad": None}
    assert house.get("/audit/verdict", Role.DISPATCHER).status_code == 403
