"""``fettle status`` and ``fettle doctor``: what they see, what they say, and that they change nothing."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api.cli import app
from api.service import told
from api.service.doctor import Diagnosis, Grade, examine
from api.service.role import ServiceRole
from api.service.signs import Signs, VitalSigns, counters, gauge, gauges
from api.settings.settings import Settings
from ingest.clock import ManualClock, SystemClock
from tests.api.house import NOON_MS, House


def diagnoses(clock_ms: int = NOON_MS, **settings: Any) -> dict[str, Diagnosis]:
    """What the doctor finds, by subject."""
    return {one.subject: one for one in examine(Settings(**settings), ManualClock(clock_ms))}


@pytest.fixture
def unused_port() -> int:
    """A port where nothing listens, below those that the system hands to whoever asks for any, other tests among them."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as line, contextlib.suppress(OSError):
            line.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def test_a_fresh_folder_is_well_but_for_what_is_not_started(tmp_path: Path, unused_port: int) -> None:
    """Before the first start nothing is bad that the start makes itself; looking makes nothing."""
    with socket.create_server(("127.0.0.1", 0)) as broker:
        found = diagnoses(
            data_dir=tmp_path / "data",
            mqtt_url=f"mqtt://127.0.0.1:{broker.getsockname()[1]}",
            http_listen=f"127.0.0.1:{unused_port}",
        )

    assert [one.subject for one in found.values() if one.grade is Grade.BAD] == []
    assert found["service"].cure == "Start fettle serve."
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("subject", "wrong", "cure"),
    [
        ("broker", {"mqtt_url": "mqtt://127.0.0.1:1"}, "Start the broker"),
        (
            "telemetry store",
            {"store_url": "influxdb://127.0.0.1:1?org=O&bucket=B", "store_token": "t"},
            "FETTLE_STORE_URL",
        ),
        ("desk database", {"database_url": "postgresql+psycopg://a:hush@127.0.0.1:1/f"}, "FETTLE_DATABASE_URL"),
        ("profiles", {"profiles_dir": Path("/nowhere/at/all")}, "Mend the file"),
        ("devices file", {"devices_file": Path("/nowhere/at/all.toml")}, "Mend the line"),
        ("clock", {"clock_ms": 0}, "Set the clock"),
    ],
)
def test_each_trouble_has_its_cause_and_cure(
    tmp_path: Path, unused_port: int, subject: str, wrong: dict[str, Any], cure: str
) -> None:
    """What is wrong is bad, with a sentence and what to do, and without a secret; the others are as they were."""
    found = diagnoses(**{"data_dir": tmp_path, "http_listen": f"127.0.0.1:{unused_port}", **wrong})

    assert found[subject].grade is Grade.BAD
    assert cure in found[subject].cure
    assert "hush" not in found[subject].found
    assert {one.subject for one in found.values() if one.grade is Grade.BAD} <= {subject, "broker"}


def test_what_others_may_read_and_a_taken_port_are_seen(tmp_path: Path) -> None:
    """A data folder that is open to others, and an address where something else listens."""
    tmp_path.chmod(0o755)
    (tmp_path / "desk.db-wal").touch()
    (tmp_path / "desk.db-wal").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = diagnoses(data_dir=tmp_path, http_listen=f"127.0.0.1:{other.getsockname()[1]}")

    assert found["data rights"].grade is Grade.DOUBT
    assert f"chmod -R go= {tmp_path}" in found["data rights"].cure
    assert found["http"].grade is Grade.BAD


def test_the_desks_database_is_looked_at_with_its_version_rights_and_time(house: House, unused_port: int) -> None:
    """Of this version it is well; its time is compared with ours."""
    settings = {"data_dir": house.context.settings.data_dir, "http_listen": f"127.0.0.1:{unused_port}"}
    asked = text(
        "SELECT CAST(strftime('%s', 'now') AS INTEGER)"
    )  # the machine's time, also while our clocks run ahead of it
    now_ms = 1000 * house.context.desk.unit.look(lambda t: t.connection.execute(asked).scalar_one())

    well, slow = diagnoses(now_ms, **settings), diagnoses(now_ms - 60_000, **settings)

    assert well["desk database"].found.endswith("tables of this version")
    assert well["database rights"].grade is Grade.OK
    assert well["database clock"].grade is Grade.OK
    assert slow["database clock"].grade is Grade.BAD


def _status(folder: Path, *words: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["status", *words], env={"FETTLE_DATA_DIR": str(folder)})
    return ended.exit_code, ended.stdout


def test_status_of_what_does_not_run_says_so(tmp_path: Path) -> None:
    """Without a process of a role it is not well, and the way out is named; nothing is made by looking."""
    code, shown = _status(tmp_path / "data")

    assert code == 1
    assert "detect does not run; start fettle serve, or fettle detect" in shown
    assert not (tmp_path / "data").exists()


def test_status_of_a_running_service_says_what_waits(house: House) -> None:
    """What the processes told of themselves, and what the desk holds, on one screen or as one line of JSON."""
    house.find()
    folder, signs, now_ms = house.context.settings.data_dir, VitalSigns(), SystemClock().now_ms()
    reasons: list[str] = []
    figures = (
        gauges("fettle_cursor_lag_messages", "", "cursor", {"detect": 12.0}),
        counters("fettle_dead_letters", "", "reason", {"schema": 3.0, "not_json": 0.0}),
        gauge("fettle_ledger_gap", "", 4),
    )
    signs.add(Signs(lambda: figures, lambda: reasons))
    told.write(folder, list(ServiceRole), signs, now_ms=now_ms)

    well = _status(folder), _status(folder, "--json")
    reasons.append("broker: it is away")
    told.write(folder, list(ServiceRole), signs, now_ms=now_ms)
    ill = _status(folder)

    line = json.loads(well[1][1])
    assert (well[0][0], well[1][0], ill[0]) == (0, 0, 1)
    assert line["waits"] == {
        "messages": {"detect": 12},
        "missing": 4,
        "dead_letters": {"schema": 3},
        "tickets": {"open": 1},
        "notices": line["waits"]["notices"],
        "drift": "not known yet, or no fit is released",
    }
    assert "detect 12" in well[0][1]
    assert "open 1" in well[0][1]
    assert "broker: it is away" in ill[1]
