"""Tickets changed over HTTP beside their steps, sorted, and exported."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from alerts.accounts.account import Role
from tests.api.house import House


def patch(house: House, body: object, role: Role = Role.DISPATCHER, **options: Any) -> Any:
    """PATCH of ticket 1."""
    return house.call("PATCH", "/api/v1/tickets/1", role, json=body, **options)


def test_a_dispatcher_changes_what_is_not_a_step(house: House) -> None:
    """Title, priority, assignee and visit are changed; null takes away; the ETag moves and If-Match guards."""
    house.find()
    tag = house.get("/tickets/1").headers["etag"]
    visit = {"from": "2026-09-23T08:00:00Z", "to": "2026-09-23T10:00:00Z"}

    changed = patch(house, {"title": "Fan", "assignee": "technician", "visit": visit}, headers={"If-Match": tag})
    stale = patch(house, {"priority": 1}, headers={"If-Match": tag})
    cleared = patch(house, {"assignee": None, "visit": None})

    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] != tag
    assert {name: changed.json()[name] for name in ("title", "assignee", "visit")} == {
        "title": "Fan",
        "assignee": "technician",
        "visit": visit,
    }
    assert stale.status_code == 412
    assert (cleared.json()["assignee"], cleared.json()["visit"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"assigne": "technician"}, "assigne"),
        ({"title": None}, "title"),
        ({"title": "\u200b"}, "title"),
        ({"priority": 0}, "priority"),
        ({"assignee": "nobody-such"}, "nobody-such"),
        ({"assignee": ""}, "assignee"),
        ({"visit": {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T02:00:00Z"}}, "visit"),
        ({"visit": {"from": "2026-09-23T08:00:00Z"}}, "to"),
    ],
)
def test_a_change_that_can_not_be_is_refused_by_its_name(house: House, body: dict[str, object], word: str) -> None:
    """422 says which value, and nothing has changed."""
    house.find()
    before = house.get("/tickets/1").json()

    answer = patch(house, body)

    assert answer.status_code == 422
    assert word in answer.json()["detail"]
    assert house.get("/tickets/1").json() == before


def test_a_technician_takes_a_ticket_and_gives_it_back(house: House) -> None:
    """The own name only: others' work and the plan are the dispatcher's."""
    house.find()

    assert patch(house, {"assignee": "technician"}, Role.TECHNICIAN).json()["assignee"] == "technician"
    assert patch(house, {"assignee": "admin"}, Role.TECHNICIAN).status_code == 403
    assert patch(house, {"priority": 1}, Role.TECHNICIAN).status_code == 403
    assert patch(house, {"assignee": None}, Role.TECHNICIAN).json()["assignee"] is None
    assert patch(house, {"assignee": "technician"}, Role.VIEWER).status_code == 403


def test_a_list_is_exported_as_it_is_filtered_and_sorted(house: House) -> None:
    """One row per ticket under named columns, and no cell that a spreadsheet would compute."""
    for number in range(3):
        house.find(f"fridge-{number}")
    house.register("washer-1", "washing_machine")
    house.post("/tickets", {"appliance_id": "washer-1", "title": "=1+1", "priority": 1})

    answer = house.get("/tickets.csv?sort=urgency")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert answer.headers["content-type"].startswith("text/csv")
    assert [row["number"] for row in rows] == ["4", "1", "2", "3"]
    assert rows[0]["title"] == "'=1+1"
    assert rows[1]["fault_mode"] == "condenser_fouling"
    assert rows[1]["resolve_by"].endswith("Z")
    assert house.get("/tickets.csv?kind=dryer").text.count("\n") == 1
    assert house.get("/tickets.csv?limit=3").status_code == 422


def test_a_list_is_sorted_by_what_is_asked(house: House) -> None:
    """Urgency puts the highest priority first, of equals the oldest; the next page goes on from there."""
    for number in range(3):
        house.find(f"fridge-{number}")
    patch(house, {"priority": 1})

    first = house.get("/tickets?sort=urgency&limit=1").json()
    second = house.get(f"/tickets?sort=urgency&limit=1&cursor={first['next']}").json()

    assert [first["items"][0]["number"], second["items"][0]["number"]] == [1, 2]
    assert house.get("/tickets?sort=oldest").status_code == 422


def test_a_technician_stands_for_their_account(house: House) -> None:
    """Assigned, planned and listed by the id of a technician; one without an account, and a name that nobody has, are 422."""
    house.find()
    house.find("fridge-2")
    ids = [
        house.post("/technicians", {"name": name, "account": account}, role=Role.MANAGER).json()["id"]
        for name, account in (("Tess", "technician"), ("Nobody's", None))
    ]
    assert patch(house, {"assignee": ids[0]}).json()["assignee"] == "technician"
    house.post("/tickets/2/triage")
    assert house.post("/tickets/2/schedule", {"assignee": ids[0]}).json()["assignee"] == "technician"

    for ending in ("", ".csv"):
        for odd in (ids[1], "nobody-such"):
            refused = house.get(f"/tickets{ending}?assignee={odd}")
            assert (refused.status_code, odd in refused.json()["detail"]) == (422, True), refused.text
    assert [one["number"] for one in house.get(f"/tickets?assignee={ids[0]}").json()["items"]] == [2, 1]
    assert house.get("/tickets?assignee=viewer").json()["items"] == []
