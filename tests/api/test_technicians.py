"""Technicians and providers over HTTP."""

from __future__ import annotations

from alerts.accounts.account import Role
from tests.api.house import House

WANG = {
    "name": "王芳",
    "external_id": "hr-1",
    "home": {"latitude": 50.94, "longitude": 6.96},
    "skills": {"refrigerator": 2},
    "licences": [{"name": "refrigerant", "expires_on": "2027-06-30"}],
    "shifts": "mon-fri 08:00-17:00",
    "time_zone": "Europe/Berlin",
}


def test_a_technician_over_http(house: House) -> None:
    """Entered, written anew with the ETag, absent for a while, taken over and handed out as CSV."""
    made = house.post("/technicians", WANG, Role.MANAGER)
    path = made.headers["location"].removeprefix("/api/v1")
    tag = house.get(path).headers["etag"]
    body = {**WANG, "visits_per_day": 4}

    first = house.call("PUT", f"/api/v1{path}", json=body, headers={"if-match": tag})
    second = house.call("PUT", f"/api/v1{path}", json=body, headers={"if-match": tag})
    away = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-03T00:00:00Z", "reason": "sick"}
    absent = house.post(f"{path}/absences", away, Role.DISPATCHER)
    text = house.get("/technicians.csv").text
    again = house.call("POST", "/api/v1/technicians/import", content=text.encode())

    assert (made.status_code, first.status_code, second.status_code, absent.status_code) == (201, 200, 412, 201)
    assert first.json()["shifts"] == "mon-fri 08:00-17:00"
    assert [one["reason"] for one in house.get(f"{path}/absences").json()["items"]] == ["sick"]
    assert '"unchanged"' in again.text
    gone = house.call("DELETE", f"/api/v1{path}/absences/{absent.json()['id']}")
    assert gone.status_code == 204
    assert [one["name"] for one in house.get("/technicians?skill=refrigerator&area=north").json()["items"]] == ["王芳"]
    refused = house.post("/technicians", {**WANG, "external_id": "hr-2", "skills": {"refrigerator": 7}})
    assert (refused.status_code, "level of 1 to 3" in refused.json()["detail"]) == (422, True)


def test_a_provider_comes_in_by_its_own_entrance(house: House) -> None:
    """It sees what it was offered, answers, and is refused everywhere else."""
    house.find()
    body = {"name": "Cool GmbH", "account": "provider", "fees": {"visit": "45.00"}}
    provider = house.post("/providers", body, Role.MANAGER).json()["id"]
    offer = house.post("/tickets/1/offers", {"provider_id": provider}, Role.DISPATCHER)

    [own] = house.get("/own/offers", Role.PROVIDER).json()["items"]
    taken = house.post(f"/own/offers/{own['id']}/accept", None, Role.PROVIDER)
    declined = house.post(f"/own/offers/{own['id']}/decline", {"note": "our van broke down"}, Role.PROVIDER)

    assert (offer.status_code, own["ticket_number"], own["status"]) == (201, 1, "offered")
    assert (taken.json()["status"], declined.json()["status"]) == ("accepted", "declined")
    for path in ("/tickets", "/tickets/1", "/customers", "/technicians", "/providers", "/appliances"):
        assert house.get(path, Role.PROVIDER).status_code == 403
    assert house.get("/own/offers", Role.VIEWER).status_code == 404
    assert [one["status"] for one in house.get("/tickets/1/offers").json()["items"]] == ["declined"]
    wrong = house.post("/providers", {"name": "X", "fees": {"visit": "45.001"}})
    assert (wrong.status_code, "decimals" in wrong.json()["detail"]) == (422, True)
