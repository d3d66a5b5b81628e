"""Knowledge over HTTP, on the customer's page and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from api.cli import app
from tests.api.house import House

ARTICLE = {
    "kind": "refrigerator",
    "fault_mode": "condenser_fouling",
    "status": "published",
    "text": {
        "title": {"en": "Dusty condenser", "zh": "积尘妙招"},
        "body": {"en": "Brush it"},
        "customer": {"en": "Keep a hand's width <free>", "zh": "请留出一掌宽"},
    },
}


def test_an_article_is_written_found_and_shown_to_who_works_and_to_the_customer(house: House) -> None:
    """Beside the ticket and on the customer's page in their language; nobody is shown a draft."""
    house.register("fridge-1")
    customer = house.post("/customers", {"name": "Li", "language": "zh-CN"}).json()["id"]
    house.post(f"/customers/{customer}/appliances", {"appliance_id": "fridge-1"})
    house.find()
    path = house.post("/tickets/1/links", {"days": 3}).json()["path"]
    made = house.post("/articles", {**ARTICLE, "status": "draft"}, Role.TECHNICIAN)
    before = (house.call("GET", path, None).text, house.get("/tickets/1/articles").json()["items"])
    where, tag = f"/api/v1/articles/{made.json()['id']}", {"if-match": made.headers["etag"]}

    shown = house.call("PUT", where, Role.TECHNICIAN, json=ARTICLE, headers=tag)
    stale = house.call("PUT", where, Role.TECHNICIAN, json=ARTICLE, headers=tag)

    assert (made.status_code, shown.json()["version"], stale.status_code) == (201, 2, 412)
    assert "积尘妙招" not in before[0]
    assert before[1] == []
    assert "<h2>积尘妙招</h2><p>请留出一掌宽</p>" in house.call("GET", path, None).text
    assert "width &lt;free&gt;" in house.call("GET", f"{path}?lang=en", None).text
    [beside] = house.get("/tickets/1/articles", Role.VIEWER).json()["items"]
    assert (beside["owner"], beside["cases"]["closed"]) == (made.json()["owner"], 0)
    assert len(house.get("/articles?q=妙招").json()["items"]) == 1
    assert [one["version"] for one in house.get(f"/articles/{beside['id']}/versions").json()["items"]] == [2, 1]
    assert house.get(f"/articles/{beside['id']}").headers["etag"] == '"2"'
    assert house.post("/articles", ARTICLE).status_code == 409
    assert house.post("/articles", {**ARTICLE, "kind": "kettle"}).status_code == 422
    csv = house.get("/articles.csv?kind=refrigerator").content
    assert '"unchanged"' in house.call("POST", "/api/v1/articles/import", Role.MANAGER, content=csv).text


def test_the_command_line_has_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In as CSV, listed by words, out as CSV."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(tmp_path / "data"))
    file = tmp_path / "a.csv"
    file.write_text("kind,fault_mode,title_en,body_en\nrefrigerator,condenser_fouling,Dust,Brush\n")
    runner = CliRunner()

    taken = runner.invoke(app, ["articles", "import", str(file)])
    listed = runner.invoke(app, ["articles", "list", "--q", "dust"])
    out = runner.invoke(app, ["articles", "export"])

    assert "created" in taken.output
    assert "condenser_fouling" in listed.stdout
    assert "Brush" in out.stdout
