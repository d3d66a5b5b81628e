"""The customer file over HTTP and on the command line."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.accounts.account import Role
from alerts.customers.sealing import new_key
from alerts.errors import UnavailableError
from api.cli import app
from api.http import body_limit
from api.service.contact_keys import FILE_NAME, contact_keys
from api.settings.settings import Settings
from tests.api.house import House

ADA = {"name": "Ada Lovelace", "phones": ["+44 20 7946 0991"], "language": "en", "external_id": "crm-1"}
HOME = {
    "address": {"street": "1 Analytical Row", "city": "London", "country": "GB"},
    "time_zone": "Europe/London",
    "access_hours": "mon-fri 08:00-12:00, 13:00-18:00",
}


def test_a_customer_is_entered_found_and_changed(house: House) -> None:
    """From the first call to the owner of an appliance; a stale view is refused."""
    house.register("fridge-1")
    made = house.post("/customers", ADA, Role.DISPATCHER)
    path = made.headers["location"].removeprefix("/api/v1")
    home = house.post(f"{path}/sites", HOME, Role.DISPATCHER).json()
    owned = house.post(f"{path}/appliances", {"appliance_id": "fridge-1", "site_id": home["id"]}, Role.DISPATCHER)

    assert (made.status_code, owned.status_code) == (201, 201)
    assert home["access_hours"] == "mon-fri 08:00-12:00, 13:00-18:00"
    assert [one["id"] for one in house.get("/customers?q=lovelace fridge-1", Role.TECHNICIAN).json()["items"]] == [
        made.json()["id"]
    ]
    assert house.get("/appliances/fridge-1/owner", Role.TECHNICIAN).json()["customer_id"] == made.json()["id"]
    change = {"language": "fr"}
    tag = house.get(path).headers["etag"]
    first = house.call("PATCH", f"/api/v1{path}", json=change, headers={"if-match": tag})
    second = house.call("PATCH", f"/api/v1{path}", json=change, headers={"if-match": tag})
    assert (first.status_code, first.json()["language"], second.status_code) == (200, "fr", 412)
    assert house.call("DELETE", "/api/v1/appliances/fridge-1/owner").status_code == 204
    assert house.get("/appliances/fridge-1/owner").status_code == 404
    assert house.post("/customers", ADA).status_code == 409


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"phones": ["call me"]}, "phones"),
        ({"mails": ["nobody"]}, "mails"),
        ({"language": "deutsch"}, "language"),
        ({"name": "\u200b"}, "name"),
        ({"nmae": "x"}, "nmae"),
    ],
)
def test_what_makes_no_sense_is_named(house: House, change: dict[str, object], word: str) -> None:
    """422 with the name of what can't be."""
    answer = house.post("/customers", {**ADA, **change})

    assert answer.status_code == 422
    assert word in answer.json()["detail"]


def test_who_may_read_and_who_may_erase(house: House) -> None:
    """A viewer reads no contact; a dispatcher enters and erases nobody; a manager erases."""
    made = house.post("/customers", ADA, Role.DISPATCHER).json()["id"]

    assert house.get("/customers", Role.VIEWER).status_code == 403
    assert house.post(f"/customers/{made}/erase", role=Role.DISPATCHER).status_code == 403
    assert house.get(f"/customers/{made}/export", Role.DISPATCHER).status_code == 403
    assert house.get(f"/customers/{made}/export", Role.MANAGER).json()["customer"]["contact"]["name"] == "Ada Lovelace"
    assert house.post(f"/customers/{made}/erase", role=Role.MANAGER).json()["contact"] is None


def test_another_system_asks_before_it_writes(house: House) -> None:
    """Nobody has agreed before they were asked; a yes by mail is one by mail."""
    made = house.post("/customers", ADA).json()["id"]
    path = f"/customers/{made}/consents/marketing?channel=mail"
    before = house.get(path).json()

    words = {"purpose": "marketing", "channel": "mail", "is_given": True, "source": "form"}
    [kept] = house.post(f"/customers/{made}/consents", words, Role.DISPATCHER).json()["items"]

    assert (before, house.get(path).json()) == ({"is_allowed": False}, {"is_allowed": True})
    assert house.get(path.replace("mail", "phone")).json() == {"is_allowed": False}
    assert (kept["recorded_by"], kept["source"]) == ("dispatcher", "form")


def test_a_file_is_taken_over_and_given_back(house: House) -> None:
    """A report line per row as it goes; a dry run keeps nothing; what comes out goes in again; a formula is harmless."""
    file = b"external_id,name,phone\n1,=SUM(A1),+44 20 7946 0991\n2,Grace,nobody\n"

    def sent(path: str) -> list[dict[str, object]]:
        answer = house.call("POST", f"/api/v1{path}", content=file, headers={"content-type": "text/csv"})
        return [json.loads(line) for line in answer.text.splitlines()]

    dry, kept, again = sent("/customers/import?dry_run=true"), sent("/customers/import"), sent("/customers/import")
    csv = house.get("/customers.csv").text

    assert [[row["outcome"] for row in rows] for rows in (dry, kept, again)] == [
        ["created", "refused"],
        ["created", "refused"],
        ["unchanged", "refused"],
    ]
    assert csv.splitlines()[1].startswith("1,'=SUM(A1),+44 20 7946 0991,")
    bad = house.call("POST", "/api/v1/customers/import", content=b"external_id,name\n1,\xff")
    assert (bad.status_code, "UTF-8" in bad.json()["detail"]) == (422, True)


def test_a_whole_file_may_be_larger_than_a_request(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file is handed in the limit is a file's; it has one, too."""
    file = b"external_id,name\n" + b"1,Ada\n" * (body_limit.MAX_BODY_BYTES // 6 + 1)
    monkeypatch.setattr(
        "alerts.customers.desk.take_customer", lambda _s, _line: pytest.fail("read before it was refused")
    )
    monkeypatch.setattr("api.http.routes.customers.read_lines", lambda _text: iter(()))

    taken = house.call("POST", "/api/v1/customers/import", content=file)
    monkeypatch.setattr(body_limit, "MAX_FILE_BYTES", 1000)
    refused = house.call("POST", "/api/v1/customers/import", content=file)

    assert (taken.status_code, refused.status_code) == (200, 413)


def test_customers_on_the_command_line(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken over, found, given back, erased, sealed anew; a refused row makes the exit code 1."""
    monkeypatch.setenv("FETTLE_DATA_DIR", str(house.context.settings.data_dir))
    file = tmp_path / "file.csv"
    file.write_text("external_id,name\n1,Ada Lovelace\n,Nobody\n", encoding="utf-8")
    runner = CliRunner()

    dry = runner.invoke(app, ["customers", "import", "--dry-run", str(file)])
    taken = runner.invoke(app, ["customers", "import", "--json", str(file)])
    [found] = [
        json.loads(line) for line in runner.invoke(app, ["customers", "find", "--json", "ada"]).stdout.splitlines()
    ]
    exported = runner.invoke(app, ["customers", "export"])
    sealed = runner.invoke(app, ["customers", "reseal"])
    erased = runner.invoke(app, ["customers", "erase", "--yes", found["id"]])

    assert (dry.exit_code, taken.exit_code) == (1, 1)
    assert "1 created, 1 refused (nothing kept)." in dry.stderr
    assert "line 3: ?: refused: external_id is empty" in dry.stdout
    assert [json.loads(line)["outcome"] for line in taken.stdout.splitlines()] == ["created", "refused"]
    assert found["name"] == "Ada Lovelace"
    assert "1,Ada Lovelace" in exported.stdout
    assert "1 customers are sealed" in sealed.stderr
    assert erased.exit_code == 0
    assert "0 found" in runner.invoke(app, ["customers", "find", "ada"]).stderr


def test_the_key_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """Made once, mode 600, and read again later."""
    first = contact_keys(Settings(data_dir=tmp_path / "data"))().keys
    second = contact_keys(Settings(data_dir=tmp_path / "data"))().keys

    assert first == second
    assert stat.S_IMODE((tmp_path / "data" / FILE_NAME).stat().st_mode) == 0o600


def test_keys_may_come_from_a_command(tmp_path: Path) -> None:
    """What it prints is the ring; where it fails, that is said."""
    key = new_key()
    script = tmp_path / "keys"
    script.write_text(f"#!/bin/sh\necho {key}\n")
    script.chmod(0o700)

    assert contact_keys(Settings(contact_key_command=str(script)))().keys == (key,)
    for command, sentence in (
        ("false", "ended with 1"),
        (str(tmp_path / "none"), "can't be run"),
        ("echo x", "no key"),
    ):
        with pytest.raises(UnavailableError, match=sentence):
            contact_keys(Settings(contact_key_command=command))()
    with pytest.raises(UnavailableError, match="can't be read"):
        contact_keys(Settings(contact_key_file=tmp_path / "none"))()
