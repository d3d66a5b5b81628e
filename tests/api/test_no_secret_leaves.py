"""A day of a service with secrets everywhere: none of them stands in its log, nor in what commands print."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from alerts.remote.policy import Scope
from api.cli import app
from api.service import log_setup
from api.service.service import Service
from api.service.surroundings import Surroundings
from api.settings.settings import Settings
from ingest.mqtt.embedded_broker import WINDOW, EmbeddedBroker
from ingest.wire.command import decode_command
from tests.api.house import House
from tests.api.test_service import wait_until

USERS = {"fettle": "broker-hush"}
SECRETS = ("broker-hush", "store-hush", "whsec_aHVzaC1odXNoLWh1c2gtaHVzaC1odXNo", "database-hush")
ENVIRONMENT = {
    "FETTLE_MQTT_URL": "mqtt://fettle:broker-hush@127.0.0.1:1",
    "FETTLE_STORE_URL": "influxdb://127.0.0.1:1?org=O&bucket=B",
    "FETTLE_STORE_TOKEN": "store-hush",
    "FETTLE_DATABASE_URL": "postgresql+psycopg://fettle:database-hush@127.0.0.1:1/fettle",
    "FETTLE_WEBHOOK_URL": "https://127.0.0.1:1/hook",
    "FETTLE_WEBHOOK_SECRET": "whsec_aHVzaC1odXNoLWh1c2gtaHVzaC1odXNo",
}


def test_settings_and_errors_of_commands_show_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``fettle settings`` lists everything masked; commands that can't reach a server say so without its password."""
    for name, value in {**ENVIRONMENT, "FETTLE_DATA_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    runner = CliRunner()

    listed = runner.invoke(app, ["settings"])
    failed = [runner.invoke(app, words) for words in (["migrate"], ["users", "add", "anna", "--role", "viewer"])]

    assert listed.exit_code == 0
    assert "fettle:***@127.0.0.1:1" in listed.output
    assert [one.exit_code for one in failed] == [1, 1]
    for output in (listed.output, *(one.output for one in failed)):
        assert not [secret for secret in SECRETS if secret in output]


def test_a_service_with_secrets_logs_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Broker, store and webhook that are away or refuse, an account, its key: the log names all of it and no secret."""
    log_setup.configure("json")
    with EmbeddedBroker(users=USERS) as broker:
        settings = Settings(
            data_dir=tmp_path,
            mqtt_url=broker.url("fettle").replace("broker-hush", "wrong-hush"),
            http_listen="127.0.0.1:0",
            store_url="influxdb://127.0.0.1:1?org=O&bucket=B",
            store_token="store-hush",
            webhook_url="http://127.0.0.1:1/hook",
            webhook_secret="whsec_aHVzaC1odXNoLWh1c2gtaHVzaC1odXNo",
        )
        service = Service(settings, Surroundings(connection=broker.options("fettle"), window=WINDOW))
        service.start()
        try:
            wait_until(lambda: service.rooms.ingest.ingester.session.stats.reason is not None)
            accounts = service.rooms.accounts
            accounts.add("anna", Role.ADMIN, password="anna-password-hush")
            key, link = accounts.issue_key("anna"), accounts.login_link("anna")
        finally:
            service.stop()

    written = capsys.readouterr().err
    assert "mqtt_waits_for_broker" in written
    for secret in (*SECRETS, "wrong-hush", "anna-password-hush", key, link):
        assert secret not in written


def test_a_consent_code_is_logged_nowhere(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Requested, tried wrongly, given: the code of a session stands in no log line and in no answer."""
    log_setup.configure("json")
    house.find()
    desk = house.context.desk
    session = desk.by("admin").sessions.request("1", Scope.READ)
    [outgoing] = desk.sessions.due(house.clock.now_ms())
    code = str(decode_command(outgoing.payload).args["code"])
    desk.sessions.sent(outgoing.command_id, house.clock.now_ms())
    wrong = "000000" if code != "000000" else "000001"

    answers = [
        house.post(f"/sessions/{session.id}/consent", {"code": wrong}),
        house.post(f"/sessions/{session.id}/consent", {"code": code}),
        house.get(f"/sessions/{session.id}"),
    ]

    assert [answer.status_code for answer in answers] == [403, 200, 200]
    for text in (capsys.readouterr().err, *(answer.text for answer in answers)):
        assert code not in text.replace(session.id, "").replace(outgoing.command_id, "")


def test_receivers_of_notices_are_listed_without_their_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of several addresses is masked on its own."""
    monkeypatch.setenv("FETTLE_NOTICE_TO", "log:, https://me:hush@a.example/x,https://b.example/y")

    listed = CliRunner().invoke(app, ["settings"])

    assert "log:,https://me:***@a.example/x,https://b.example/y" in listed.output
