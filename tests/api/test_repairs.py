"""Repairs over HTTP and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from api.cli import app
from tests.api.house import House


def test_a_repair_is_listed_called_about_and_counted(house: House) -> None:
    """Watched, then unknown as nobody hears the appliance; the customer says that it came back."""
    house.find()
    house.post("/tickets/1/start")
    house.post("/tickets/1/verdict", {"verdict": "confirmed"})
    house.post("/tickets/1/close")
    house.context.desk.repairs.settle()
    [watched] = house.get("/repairs?state=watching", Role.TECHNICIAN).json()["items"]
    assert house.get("/tickets/1").json()["watched_until"] == watched["watched_until"]
    assert house.post(f"/repairs/{watched['id']}/call", {"answer": "held"}).status_code == 409
    house.clock.advance(60 * 86_400_000)
    house.context.desk.repairs.settle()

    [owed] = house.get("/repairs?call_owed=true").json()["items"]
    called = house.post(f"/repairs/{owed['id']}/call", {"answer": "came_back", "note": "it hums"}).json()

    assert (owed["state"], owed["proof"]) == ("unknown", {"by": "not_heard"})
    assert (called["state"], called["is_call_owed"], called["call_note"]) == ("came_back", False, "it hums")
    assert house.get("/tickets/1").json()["status"] == "open"
    rates = house.get("/kpis/repairs?by=fault_mode&period=year", Role.MANAGER).json()["items"]
    assert [(one["key"], one["came_back"], one["share"]) for one in rates] == [("condenser_fouling", 1, 1.0)]
    assert "condenser_fouling,came_back" in house.get("/repairs.csv?fault_mode=condenser_fouling").text
    assert house.post("/repairs/rp_no/call", {"answer": "held"}).status_code == 404


def test_the_command_line_has_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists, rates, and a call for a repair that is not there."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()

    listed = runner.invoke(app, ["repairs", "list", "--calls"])
    rates = runner.invoke(app, ["repairs", "rates", "--by", "part"])
    called = runner.invoke(app, ["repairs", "call", "rp_1", "held"])

    assert listed.stdout.split()[:2] == ["id", "ticket"]
    assert rates.stdout.split()[:2] == ["name", "repairs"]
    assert "There is no repair" in str(called.exception)
