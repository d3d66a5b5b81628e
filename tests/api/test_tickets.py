"""Tickets over HTTP: opened, seen, stepped through, judged; and what is answered when that is not possible."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from alerts.accounts.account import Role
from tests.api.house import NOON_MS, House


def open_ticket(house: House, **values: object) -> dict[str, Any]:
    """A ticket opened by hand."""
    house.register("fridge-1")
    answer = house.post("/tickets", {"appliance_id": "fridge-1", "title": "It hums", **values})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_finding_is_one_ticket_with_all_that_a_technician_needs(house: House) -> None:
    """A ticket from a prediction carries evidence, times, window and what to do, under the contract's names."""
    house.find()

    ticket = house.get("/tickets").json()["items"][0]

    assert ticket["source"] == "prediction"
    assert ticket["status"] == "open"
    assert ticket["evidence"][0]["metric"] == "condenser_c"
    assert set(ticket["evidence"][0]) == {
        "metric",
        "observed",
        "expected_low",
        "expected_high",
        "unit",
        "since",
        "share",
    }
    assert ticket["recommended"].keys() == {"first_check", "test", "no_test", "again", "parts"}
    assert isinstance(ticket["recommended"]["first_check"], str)
    assert ticket["sla"].keys() == {"respond_by", "resolve_by", "paused_reason"}
    assert ticket["opened_at"].endswith("Z")
    assert house.get(f"/tickets/{ticket['number']}").json() == house.get(f"/tickets/{ticket['id']}").json()


def test_texts_come_in_the_callers_language(house: House) -> None:
    """Accept-Language chooses between English and Chinese; English where neither is asked for."""
    house.find()
    key = house.get("/tickets").json()["items"][0]["id"]

    checks = {
        language: house.get(f"/tickets/{key}", headers={"Accept-Language": language}).json()["recommended"]
        for language in ("en-GB,en;q=0.9", "zh-CN", "fr")
    }

    assert checks["zh-CN"] != checks["fr"] == checks["en-GB,en;q=0.9"]


def test_the_same_appliance_and_fault_mode_is_refused_with_the_open_ticket(house: House) -> None:
    """A second ticket for an open (appliance, fault mode) is 409 with ticket_id; without fault mode it is not refused."""
    first = open_ticket(house, fault_mode="condenser_fouling")

    second = house.post("/tickets", {"appliance_id": "fridge-1", "title": "x", "fault_mode": "condenser_fouling"})

    assert second.status_code == 409
    assert second.json()["ticket_id"] == first["id"]
    assert open_ticket(house)["number"] != open_ticket(house)["number"]


def test_a_ticket_goes_through_its_life_by_steps(house: House) -> None:
    """Each step answers the ticket in its next state, and the verdict is kept."""
    key = open_ticket(house)["id"]
    window = {"assignee": "technician", "from": "2026-09-22T08:00:00Z", "to": "2026-09-22T10:00:00Z"}

    states = [
        house.post(f"/tickets/{key}/{step}", body, role).json()["status"]
        for step, body, role in (
            ("triage", None, Role.TECHNICIAN),
            ("schedule", window, Role.DISPATCHER),
            ("start", {"note": "on my way"}, Role.TECHNICIAN),
            ("finish", None, Role.TECHNICIAN),
        )
    ]
    judged = house.post(f"/tickets/{key}/verdict", {"verdict": "confirmed", "note": "dusty"})
    closed = house.post(f"/tickets/{key}/accept")

    assert states == ["triaged", "scheduled", "in_progress", "repaired"]
    assert judged.json()["verdict"] == "confirmed"
    assert judged.json()["visit"] == {"from": "2026-09-22T08:00:00Z", "to": "2026-09-22T10:00:00Z"}
    assert closed.json()["status"] == "closed"


def test_an_illegal_step_is_409_and_changes_nothing(house: House) -> None:
    """A step that the state does not allow answers which are possible, and leaves the ticket as it was."""
    ticket = open_ticket(house)

    answer = house.post(f"/tickets/{ticket['id']}/finish")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert "triage" in answer.json()["legal"]
    assert house.get(f"/tickets/{ticket['id']}").json()["version"] == ticket["version"]


def test_if_match_guards_against_a_stale_view(house: House) -> None:
    """A step with an old ETag is 412; with the present one, or *, it is taken."""
    key = open_ticket(house)["id"]
    seen = house.get(f"/tickets/{key}").headers["etag"]
    house.post(f"/tickets/{key}/comment", {"text": "hello"})

    stale = house.post(f"/tickets/{key}/triage", headers={"If-Match": seen})
    garbage = house.post(f"/tickets/{key}/triage", headers={"If-Match": '"nonsense"'})
    fresh = house.post(f"/tickets/{key}/triage", headers={"If-Match": house.get(f"/tickets/{key}").headers["etag"]})
    anything = house.post(f"/tickets/{key}/start", headers={"If-Match": "*"})

    assert (stale.status_code, garbage.status_code) == (412, 412)
    assert (fresh.status_code, anything.status_code) == (200, 200)
    assert anything.headers["etag"].startswith(f'"{anything.json()["version"]}-')


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "appliance_id"),
        ({"appliance_id": "a", "title": ""}, "title"),
        ({"appliance_id": "a", "title": "t", "priority": 5}, "priority"),
        ({"appliance_id": "a", "title": "t", "source": "gossip"}, "source"),
        ([], "body"),
    ],
)
def test_a_wrong_body_is_422_and_names_the_field(house: House, body: object, field: str) -> None:
    """A body that does not fit is a problem document that names what is wrong."""
    answer = house.post("/tickets", body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in answer.json()["detail"]


def test_pages_are_newest_first_and_join_without_gap(house: House) -> None:
    """Following next gives every ticket once, newest first; a limit above 500 or a made-up cursor is 422."""
    numbers = [open_ticket(house)["number"] for _ in range(5)]

    seen, path = [], "/tickets?limit=2"
    while True:
        page = house.get(path).json()
        seen += [item["number"] for item in page["items"]]
        if page["next"] is None:
            break
        path = f"/tickets?limit=2&cursor={page['next']}"

    assert seen == numbers[::-1]
    assert house.get("/tickets?limit=501").status_code == 422
    assert house.get("/tickets?limit=0").status_code == 422
    assert house.get("/tickets?cursor=nonsense!").status_code == 422


def test_lists_are_narrowed(house: House) -> None:
    """Status, appliance and words narrow a list; an unknown status is 422."""
    key = open_ticket(house)["id"]
    open_ticket(house, title="A drip")
    house.post(f"/tickets/{key}/triage")

    assert [t["id"] for t in house.get("/tickets?status=triaged").json()["items"]] == [key]
    assert len(house.get("/tickets?status=triaged&status=open").json()["items"]) == 2
    assert [t["title"] for t in house.get("/tickets?q=drip").json()["items"]] == ["A drip"]
    assert house.get("/tickets?appliance_id=other").json() == {"items": [], "next": None}
    assert house.get("/tickets?status=lost").status_code == 422


def test_an_alert_tells_what_was_decided(house: House) -> None:
    """An alert names its ticket and its state, and is found by state and appliance."""
    house.find()

    alert = house.get("/alerts?state=firing&appliance_id=fridge-1").json()["items"][0]

    assert alert["ticket_id"] == house.get("/tickets").json()["items"][0]["id"]
    assert house.get(f"/alerts/{alert['id']}").json() == alert
    assert house.get("/alerts?state=resolved").json()["items"] == []


def test_a_session_needs_the_code_that_the_appliance_shows(house: House) -> None:
    """A wrong code is 403 with the tries that are left; the fifth ends the session; commands need consent."""
    key = open_ticket(house)["id"]

    session = house.post(f"/tickets/{key}/sessions", {"scope": "read"}, Role.TECHNICIAN)
    other = house.post(f"/sessions/{session.json()['id']}/consent", {"code": "000000x"}, Role.ADMIN)
    path = f"/sessions/{session.json()['id']}"
    early = house.post(f"{path}/commands", {"name": "snapshot.read"})
    tries = [
        house.post(f"{path}/consent", {"code": "000000x"}, Role.TECHNICIAN).json().get("tries_left") for _ in range(5)
    ]

    assert session.status_code == 201
    assert session.json()["state"] == "requested"
    assert early.status_code == 409
    assert (other.status_code, other.json()["reason"]) == (403, "not_yours")
    assert tries == [4, 3, 2, 1, 0]
    assert house.get(path).json()["state"] in {"refused", "ended"}


def test_consent_makes_a_session_in_which_commands_run(house: House) -> None:
    """With the right code the session is active, a command is taken on, and the transcript tells both."""
    key = open_ticket(house)["id"]
    path = f"/sessions/{house.post(f'/tickets/{key}/sessions', {'scope': 'read'}).json()['id']}"
    (shown,) = house.context.desk.sessions.due(NOON_MS)
    code = json.loads(shown.payload)["args"]["code"]

    active = house.post(f"{path}/consent", {"code": code})
    first = house.post(f"{path}/commands", {"name": "snapshot.read"}, headers={"Idempotency-Key": "k"})
    again = house.post(f"{path}/commands", {"name": "snapshot.read"}, headers={"Idempotency-Key": "k"})
    forbidden = house.post(f"{path}/commands", {"name": "identify", "args": {"seconds": 5}})
    other = house.post(f"{path}/commands", {"name": "errors.read"}, headers={"Idempotency-Key": "k"})
    ended = house.post(f"{path}/end")
    after = house.post(f"{path}/commands", {"name": "snapshot.read"}, headers={"Idempotency-Key": "k"})

    assert active.json()["state"] == "active"
    assert (first.status_code, first.json()["state"]) == (202, "queued")
    assert first.json()["id"] == again.json()["id"] == after.json()["id"]
    assert (other.status_code, after.json()["state"]) == (422, "expired")
    assert forbidden.status_code == 403
    assert ended.json()["state"] == "ended"
    assert len(ended.json()["transcript"]) >= 3
    assert code not in house.get(path).text


def test_the_queue_is_narrowed_over_http(house: House) -> None:
    """Filters reach the desk by their names; a time that is none is named."""
    house.find()

    for path, number in (
        ("/tickets?priority=3&kind=refrigerator&fault_mode=condenser_fouling&source=prediction", 1),
        ("/tickets?kind=dryer", 0),
        (f"/tickets?opened_from={NOON_MS}&opened_to={NOON_MS + 1}", 1),
        (f"/tickets?opened_to={NOON_MS}", 0),
        ("/tickets?due_before=2000-01-01T00:00:00Z", 0),
    ):
        assert len(house.get(path).json()["items"]) == number, path
    odd = house.get("/tickets?due_before=tomorrow")
    assert (odd.status_code, "due_before" in odd.json()["detail"]) == (422, True)


def test_what_stands_beside_a_ticket_is_told_at_once_and_as_each_call_tells_it(house: House) -> None:
    """One answer with what customers can do, the remote stage, protection, sessions, and what else there is of the appliance."""
    house.find()
    house.find(fault_mode="evaporator_fan_wear")
    house.find("fridge-2")
    house.post("/tickets/1/sessions", {"scope": "see"})

    beside = house.get("/tickets/1/beside", headers={"accept-language": "zh"}).json()

    for name, path in {"fix_first": "fix-first", "remote_first": "remote-first", "protection": "protection"}.items():
        assert beside[name] == house.get(f"/tickets/1/{path}", headers={"accept-language": "zh"}).json()
    assert beside["sessions"] == house.get("/tickets/1/sessions").json()["items"]
    assert beside["alerts"] == house.get("/alerts?appliance_id=fridge-1").json()["items"]
    assert [one["number"] for one in beside["tickets"]] == [2]


def test_the_queue_is_every_open_ticket_as_columns_in_one_answer(house: House) -> None:
    """The most urgent first, each with what its list shows; what is closed is not there, and more than fits is counted."""
    house.find()
    house.find("fridge-2", fault_mode="evaporator_fan_wear")
    house.find("fridge-3", fault_mode="door_seal_leak")
    house.post("/tickets/3/close", {})
    house.post("/tickets", {"appliance_id": "fridge-2", "title": "It hums", "priority": 1})

    queue = house.get("/queue").json()
    shortened = house.context.desk.tickets.queue(limit=2)

    shown = {one["number"]: one for one in house.get("/tickets?status=open").json()["items"]}
    columns = queue["columns"]
    assert queue["total"] == len(columns["number"]) == 3
    assert columns["number"][0] == 4
    for at, number in enumerate(columns["number"]):
        for name in ("appliance_id", "title", "status", "priority", "fault_mode", "assignee", "version", "source"):
            assert columns[name][at] == shown[number][name]
        assert queue["legal_steps"][columns["status"][at]] == shown[number]["legal_steps"]
        assert columns["resolve_by_ms"][at] == round(
            datetime.fromisoformat(shown[number]["sla"]["resolve_by"]).timestamp() * 1000
        )
    assert (shortened.total, len(shortened.columns["number"])) == (3, 2)
