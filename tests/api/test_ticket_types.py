"""Types of tickets over HTTP and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from api.cli import app
from tests.api.house import House


def test_a_type_is_asked_for_filled_in_and_listed(house: House) -> None:
    """In the caller's language; an unknown type is 422 wherever it is said."""
    house.register("fridge-1")
    types = house.get("/ticket-types", Role.VIEWER, headers={"accept-language": "zh"}).json()["items"]
    new = {"appliance_id": "fridge-1", "title": "Loud", "type": "complaint", "source": "hotline"}
    made = house.post("/tickets", new).json()

    assert {one["name"]: one["label"] for one in types}["complaint"] == "投诉"
    complaint = next(one for one in types if one["name"] == "complaint")
    assert complaint["form"][0]["words"]["speed"] == "时效"
    assert (made["type"], made["work"]["label"], made["source"]) == ("complaint", "Complaint", "hotline")
    change = {"json": {"type": "inspection"}}
    assert house.call("PATCH", "/api/v1/tickets/1", Role.TECHNICIAN, **change).status_code == 403
    assert house.call("PATCH", "/api/v1/tickets/1", Role.DISPATCHER, **change).json()["work"]["label"] == "Inspection"
    assert house.call("PATCH", "/api/v1/tickets/1", json={"type": "complaint"}).json()["type"] == "complaint"
    assert house.call("PATCH", "/api/v1/tickets/1", json={"type": "party"}).status_code == 422
    assert house.post("/tickets", {**new, "type": "party"}).status_code == 422
    assert house.post("/tickets", {**new, "source": "technician"}).status_code == 422
    assert house.get("/tickets?type=party").status_code == 422
    assert house.post("/tickets/1/close").status_code == 409
    body = {"steps": {"heard": True, "result_told": True}, "form": {"about": "speed", "result": "sorry"}}
    filled = house.call("PATCH", "/api/v1/tickets/1/form", Role.TECHNICIAN, json=body)
    assert [one["is_needed"] and one["done_by"] is not None for one in filled.json()["work"]["checklist"]] == [True] * 2
    assert house.call("PATCH", "/api/v1/tickets/1/form", json={"form": {"x": 1}}).status_code == 422
    assert house.post("/tickets/1/close").json()["status"] == "closed"
    assert [one["number"] for one in house.get("/tickets?type=complaint").json()["items"]] == [1]
    assert house.get("/tickets?type=repair").json()["items"] == []


def test_the_command_line_has_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types, lists, and a ticket that is refused."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()

    types = runner.invoke(app, ["tickets", "types"])
    listed = runner.invoke(app, ["tickets", "list", "--type", "complaint"])
    opened = runner.invoke(app, ["tickets", "open", "WM-9", "Loud", "--type", "party"])
    retyped = runner.invoke(app, ["tickets", "retype", "1", "complaint"])
    by_post = runner.invoke(app, ["tickets", "open", "WM-9", "Loud", "--source", "post"])

    assert "return_exchange" in types.stdout
    assert listed.stdout.split()[:2] == ["number", "type"]
    assert "is none of complaint" in str(opened.exception)
    assert "There is no ticket" in str(retyped.exception)
    assert "'post' is none of" in str(by_post.exception)
