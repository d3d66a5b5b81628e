"""Visits and plans over HTTP, and a time that the customer chooses on their page."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from alerts.accounts.account import Role
from api.papers.visit_paper import visit_paper
from tests.api.house import House

ADA = {
    "name": "Ada",
    "home": {"latitude": 50.94, "longitude": 6.96},
    "skills": {"refrigerator": 1},
    "shifts": "mon-sun 07:00-18:00",
    "time_zone": "UTC",
}
DAY = "2026-09-23"


def scene(house: House) -> str:
    """A fridge in a home, a ticket about it that somebody has looked at, and a technician, whose id is returned."""
    house.register("fridge-1")
    customer = house.post("/customers", {"name": "Li Na"}).json()["id"]
    site = {
        "address": {"street": "Row 1", "city": "Köln"},
        "place": {"latitude": 50.9512, "longitude": 6.9712},
        "region": "west",
    }
    made = house.post(f"/customers/{customer}/sites", site).json()
    assert made["place"] == {"latitude": 50.95, "longitude": 6.97}  # a kilometre is kept
    house.post(f"/customers/{customer}/appliances", {"appliance_id": "fridge-1", "site_id": made["id"]})
    house.find()
    house.post("/tickets/1/triage")
    return str(house.post("/technicians", ADA).json()["id"])


def test_a_visit_over_http(house: House) -> None:
    """Proposed with reasons, booked, moved with the ETag, worked; the reason why not is in the 409."""
    ada = scene(house)
    best = house.get("/tickets/1/proposals", Role.DISPATCHER).json()
    [first, *_] = best["items"]
    made = house.post("/tickets/1/visits", {"technician_id": ada, "start": first["start"]}, Role.DISPATCHER)
    path = made.headers["location"].removeprefix("/api/v1")
    night = house.post(f"{path}/move", {"technician_id": ada, "start": f"{DAY}T03:00:00Z"})
    day = {"technician_id": ada, "start": f"{DAY}T10:00:00Z"}
    stale = house.post(f"{path}/move", day, headers={"if-match": '"7"'})
    moved = house.post(f"{path}/move", day, headers={"if-match": made.headers["etag"]})

    assert (made.status_code, moved.json()["start"]) == (201, f"{DAY}T10:00:00Z")
    assert (night.status_code, "Say why" in night.json()["detail"], stale.status_code) == (409, True, 412)
    for step in ("confirm", "depart", "arrive"):
        assert house.post(f"{path}/{step}", None, Role.TECHNICIAN).status_code == 200
    assert house.post(f"{path}/finish", {"is_repaired": True}, Role.TECHNICIAN).status_code == 422
    done = house.post(f"{path}/finish", {"is_repaired": True, "work": "Cleaned it"}, Role.TECHNICIAN).json()
    assert (done["status"], done["legal_steps"]) == ("done", [])
    assert house.get("/tickets/1").json()["status"] == "repaired"
    assert [one["id"] for one in house.get(f"/visits?day={DAY}&region=west").json()["items"]] == [done["id"]]
    assert [one["id"] for one in house.get("/tickets/1/visits").json()["items"]] == [done["id"]]


def test_whoever_goes_reads_their_day_and_tells_it_later(house: House) -> None:
    """Address, first check and parts until the visit is over; steps told hours later keep their time, in any order."""
    scene(house)
    house.post("/technicians", {**ADA, "name": "Own", "account": "technician"})
    own = next(one for one in house.get("/technicians").json()["items"] if one["account"])
    made = house.post("/tickets/1/visits", {"technician_id": own["id"], "start": f"{DAY}T10:00:00Z"}).json()
    path = f"/visits/{made['id']}"

    [seen] = house.get(f"/own/visits?day={DAY}", Role.TECHNICIAN).json()["visits"]
    record = {"is_repaired": True, "work": "Cleaned it", "minutes": 30}

    assert (seen["contact"], seen["address"], seen["works"][0]["number"]) == ("Li Na", "Row 1, Köln", 1)
    early = [
        house.post(f"{path}/depart", {"at": at}).status_code for at in ("2026-01-01T00:00:00Z", f"{DAY}T23:00:00Z")
    ]
    assert early == [422, 422]
    assert house.post(f"{path}/arrive", None, Role.TECHNICIAN).status_code == 200
    assert house.post(f"{path}/depart", None, Role.TECHNICIAN).json()["status"] == "on_site"
    for _ in range(2):
        assert house.post(f"{path}/finish", record, Role.TECHNICIAN).json()["status"] == "done"
    other = house.post(f"{path}/finish", {**record, "work": "Something else"}, Role.TECHNICIAN)
    assert (other.status_code, other.json()["status"]) == (409, 409)
    [over] = house.get(f"/own/visits?day={DAY}", Role.TECHNICIAN).json()["visits"]
    assert (over["contact"], over["visit"]["record"]["minutes"]) == (None, 30)


def test_the_record_of_a_visit_on_paper(house: House) -> None:
    """With checks, values, parts by serial, minutes and who signed, in either language; as PDF."""
    ada = scene(house)
    made = house.post("/tickets/1/visits", {"technician_id": ada, "start": f"{DAY}T10:00:00Z"}).json()
    path = f"/visits/{made['id']}"
    house.post(f"{path}/arrive")
    part = {"sku": "00145", "serial": "SN-77"}
    said = {"checks": {"filter": True}, "measured": {"drain_s": 58.5}, "parts": [part], "signed_by": "李娜"}
    house.post(f"{path}/finish", {"is_repaired": True, "work": "Cleaned it", "minutes": 35, **said})
    visit = house.context.desk.visits.read(made["id"])

    papers = {language: str(visit_paper(visit, language)) for language in ("en", "zh")}
    pdf = house.get(f"{path}/record.pdf?lang=zh", Role.TECHNICIAN)

    for said_there in ("Ada", "Cleaned it", "filter", "58.5", "00145", "SN-77", "35", "李娜", "#1"):
        assert all(said_there in paper for paper in papers.values())
    assert ("Parts that were put in" in papers["en"], "更换的备件" in papers["zh"]) == (True, True)
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert f"{made['id']}-zh.pdf" in pdf.headers["content-disposition"]


def test_a_day_is_planned_over_http(house: House) -> None:
    """Shown, kept, and planned anew without who drops out."""
    ada = scene(house)

    shown = house.post("/plans", {"day": DAY, "region": "west"}, Role.DISPATCHER).json()
    kept = house.post("/plans", {"day": DAY, "region": "west", "keep": True}, Role.DISPATCHER).json()
    bea = house.post("/technicians", {**ADA, "name": "Bea"}).json()["id"]
    without = house.post("/plans/without", {"technician_id": ada, "day": DAY, "keep": True}, Role.DISPATCHER).json()

    assert (len(shown["stops"]), shown["booked"], kept["booked"]) == (1, None, 1)
    assert (without["moved"], without["stops"][0]["technician_id"], without["refused"]) == (1, bea, [])


def test_the_customer_chooses_a_time(house: House) -> None:
    """Only real times stand on the page; a choice books somebody, a second one moves; nonsense is said."""
    scene(house)
    page = house.post("/tickets/1/links", {"days": 3}).json()["path"]
    kind = {"content-type": "application/x-www-form-urlencoded"}

    def choose(slot: str) -> int:
        body = urlencode({"do": "choose", "slot": slot})
        return house.call("POST", page, None, content=body, headers=kind).status_code

    slots = re.findall(r'name="slot" required value="([0-9-]+)"', house.call("GET", page, None).text)
    answers = [choose(slots[2]), choose(slots[4]), choose("1-2"), choose("soon"), choose("9" * 39)]
    [visit] = house.get("/tickets/1/visits").json()["items"]

    assert (len(slots), answers) == (9, [303, 303, 409, 422, 422])
    assert (visit["status"], visit["technician"], visit["created_by"]) == ("confirmed", "Ada", "customer")
    assert "comes on" in house.call("GET", page, None).text
