"""Tasks of other departments over HTTP and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from api.cli import app
from tests.api.house import House


def test_a_department_is_asked_and_answers(house: House) -> None:
    """It stands on the ticket, in the department's list and beside the ticket; a second answer is 409."""
    house.find()
    made = house.post("/tickets/1/tasks", {"department": "quality", "text": "Look"}, Role.TECHNICIAN)
    listed = house.get("/tasks?department=quality&state=open").json()["items"]
    beside = house.get("/tickets/1/beside", Role.VIEWER).json()["tasks"]
    answers = [house.post(f"/tasks/{made.json()['id']}/answer", {"step": "do", "answer": "Bad"}) for _ in range(2)]

    assert made.status_code == 201
    assert listed == beside == [made.json()]
    assert [one.status_code for one in answers] == [200, 409]
    assert house.get("/tickets/1/tasks").json()["items"][0]["answer"] == "Bad"
    assert house.post("/tickets/1/tasks", {"department": "quality"}).status_code == 422


def test_tasks_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked, listed, answered; what is not there is said."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()

    listed = runner.invoke(app, ["tasks", "list", "--department", "quality"])
    asked = runner.invoke(app, ["tasks", "ask", "1", "quality", "Look"])
    answered = runner.invoke(app, ["tasks", "answer", "ta_1", "--decline"])

    assert listed.stdout.split()[:2] == ["id", "ticket"]
    assert "There is no ticket" in str(asked.exception)
    assert "There is no task" in str(answered.exception)
