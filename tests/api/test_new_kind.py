"""A new appliance kind is one TOML file in the folder of FETTLE_PROFILES_DIR, and is known everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import httpx
import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from api.cli import app
from api.service.service import Service, ServiceError
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from ingest.clock import SystemClock, from_ms
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker
from tests.api.test_service import wait_until
from tests.ingest.profiles.test_profiles import GOOD

USERS = {"fettle": "f", "kettle-1": "k"}
TOPIC = "fettle/v1/kettle/kettle-1/telemetry"


@pytest.fixture
def profiles_dir(tmp_path: Path) -> Path:
    """A folder with the profile of a kettle: above 105 °C it is scaled up."""
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "kettle.toml").write_text(GOOD, encoding="utf-8")
    return folder


@pytest.fixture
def client(tmp_path: Path, profiles_dir: Path) -> Iterator[httpx.Client]:
    """An administrator's client at a service that knows the folder, after a kettle has boiled dry for ten minutes."""
    with EmbeddedBroker(users=USERS) as broker:
        settings = Settings(
            data_dir=tmp_path / "data",
            mqtt_url=broker.url("fettle"),
            http_listen="127.0.0.1:0",
            profiles_dir=profiles_dir,
        )
        service = Service(settings, Surroundings(connection=broker.options("fettle"), window=WINDOW))
        service.start()
        try:
            service.rooms.accounts.add("root", Role.ADMIN)
            headers = {"Authorization": f"Bearer {service.rooms.accounts.issue_key('root')}"}
            wait_until(service.rooms.ingest.is_connected)
            asyncio.run(boil_dry(broker))
            with httpx.Client(base_url=f"{service.url}/api/v1", headers=headers, trust_env=False) as made:
                yield made
        finally:
            service.stop()


async def boil_dry(broker: EmbeddedBroker) -> None:
    """Sixty samples of water that is hotter than water can be."""
    now_ms = SystemClock().now_ms()
    async with aiomqtt.Client(
        "127.0.0.1", broker.old_port, username="kettle-1", password=USERS["kettle-1"], identifier="kettle-1",
        protocol=aiomqtt.ProtocolVersion.V311,
    ) as kettle:  # fmt: skip
        for seq in range(60):
            said = {"boot": "k", "seq": seq, "ts": now_ms - (60 - seq) * 10_000, "mode": "boil"}
            metrics = {"water_c": 107.5, "power_w": 2000}
            await kettle.publish(TOPIC, json.dumps({**said, "metrics": metrics}), qos=1)


def test_a_new_kind_goes_all_the_way(client: httpx.Client) -> None:
    """Its telemetry is stored, its fault is found by name, becomes a ticket with its part, and the lists name the kind."""
    wait_until(lambda: bool(client.get("/tickets?appliance_id=kettle-1").json().get("items")))

    (ticket,) = client.get("/tickets?appliance_id=kettle-1").json()["items"]
    appliance = client.get("/appliances/kettle-1").json()
    wait_until(lambda: len(client.get("/appliances/kettle-1/telemetry?metric=water_c").json()["ts"]) >= 60)
    kinds = {profile["kind"]: profile for profile in client.get("/profiles").json()["items"]}
    skus = {part["sku"] for part in client.get("/parts?limit=500").json()["items"]}

    assert (ticket["kind"], ticket["fault_mode"], ticket["component"]) == ("kettle", "scale_buildup", "heater")
    assert ticket["recommended"]["parts"][0]["sku"] == "K-1"
    assert (appliance["kind"], appliance["condition"]) == ("kettle", "alert")
    assert appliance["condition_reason"] == "Scale on the heater"
    assert [mode["title"] for mode in kinds["kettle"]["fault_modes"]] == ["Scale on the heater"]
    assert [metric["label"] for metric in kinds["kettle"]["metrics"]] == ["Power w", "Water c"]
    assert "K-1" in skus
    assert "refrigerator" in kinds


def test_a_backtest_knows_the_new_kind(tmp_path: Path, profiles_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file is all that a backtest needs to name the fault."""
    monkeypatch.setenv("FETTLE_PROFILES_DIR", str(profiles_dir))
    rows = [f"{1_790_000_000_000 + n * 10_000},{107.5 if n > 60 else 60},2000" for n in range(200)]
    (tmp_path / "kettle.csv").write_text("ts,water_c,power_w\n" + "\n".join(rows) + "\n")

    ran = CliRunner().invoke(
        app, ["backtest", str(tmp_path / "kettle.csv"), "--kind", "kettle", "--out", str(tmp_path)]
    )

    assert ran.exit_code == 0, ran.output
    assert "scale_buildup" in {one["fault_mode"] for one in json.loads((tmp_path / "episodes.json").read_text())}


def test_an_inspection_proposes_the_new_kind(
    tmp_path: Path, profiles_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording of its metrics is told to be one, and a folder that is wrong is one sentence."""
    monkeypatch.setenv("FETTLE_PROFILES_DIR", str(profiles_dir))
    (tmp_path / "kettle.csv").write_text(
        "ts,water_c,power_w,mode\n1790000000000,60,2000,boil\n1790000010000,61,2000,boil\n"
    )

    ran = CliRunner().invoke(app, ["inspect", str(tmp_path / "kettle.csv"), "--json"])
    (profiles_dir / "kettle.toml").write_text('kind = "kettle"\nlabel = 3\n', encoding="utf-8")
    refused = CliRunner().invoke(app, ["inspect", str(tmp_path / "kettle.csv")])

    assert json.loads(ran.stdout)["kind"] == "kettle"
    assert "kettle.toml, line 2, label: must be a table" in str(refused.exception)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is no folder; name a folder of profile TOML files"),
        ('kind = "kettle"\nlabel = 3\n', "kettle.toml, line 2"),
    ],
)
def test_a_folder_that_can_not_be_used_stops_the_start(tmp_path: Path, text: str | None, said: str) -> None:
    """A folder that is not there, or a file in it that is wrong, is one sentence with file, line and remedy."""
    folder = tmp_path / "profiles"
    if text is not None:
        folder.mkdir()
        (folder / "kettle.toml").write_text(text, encoding="utf-8")
    settings = Settings(data_dir=tmp_path / "data", http_listen="127.0.0.1:0", profiles_dir=folder)

    with pytest.raises(ServiceError, match=said):
        Service(settings).start()


def test_a_fault_mode_of_the_new_kind_can_be_muted(
    tmp_path: Path, profiles_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``fettle silences`` knows what the folder's kinds can have; a folder that isn't there is one sentence."""
    monkeypatch.setenv("FETTLE_PROFILES_DIR", str(profiles_dir))
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    until = from_ms(SystemClock().now_ms() + 86_400_000).isoformat()
    wanted = ["silences", "add", "--fault-mode", "scale_buildup", "--until", until, "--reason", "tour"]

    made = CliRunner().invoke(app, wanted)
    monkeypatch.setenv("FETTLE_PROFILES_DIR", str(tmp_path / "nowhere"))
    refused = CliRunner().invoke(app, wanted)

    assert made.exit_code == 0, made.output
    assert "nowhere" in str(refused.exception)


@pytest.mark.parametrize("command", [["appliances", "list"], ["notices"], ["audit", "verify"]])
def test_looking_makes_no_folder(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped data folder is told, and neither made nor filled."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "mistyped"))

    ran = CliRunner().invoke(app, command)

    assert "mistyped" in str(ran.exception)
    assert not (tmp_path / "mistyped").exists()
