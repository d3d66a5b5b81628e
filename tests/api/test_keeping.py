"""What keepers of an installation do over HTTP: accounts, silences, and appliances out of service."""

from __future__ import annotations

from alerts.accounts.account import Role
from api.service.retirement import open_registry
from ingest.clock import from_ms
from tests.api.house import NOON_MS, House
from tests.contract.store_suite import make_block


def test_an_account_is_made_changed_and_shut_out(house: House) -> None:
    """A new account gets its key once; shut out, the key opens nothing; let in again, it does; revoked, never again."""
    made = house.post("/users", {"name": "tess", "role": "viewer", "password": "correct horse battery", "key": True})
    headers = {"Authorization": f"Bearer {made.json()['key']}"}

    def status(path: str) -> int:
        return house.get(path, None, headers=headers).status_code

    assert made.status_code == 201
    assert status("/tickets") == 200

    house.call("PATCH", "/api/v1/users/tess", json={"disabled": True})
    assert status("/tickets") == 401
    back = house.call("PATCH", "/api/v1/users/tess", json={"disabled": False, "role": "manager"}).json()
    assert status("/kpis") == 200
    [key] = back["keys"]
    gone = house.call("DELETE", f"/api/v1/users/tess/keys/{key['prefix']}")

    assert gone.status_code == 204
    assert status("/tickets") == 401
    assert house.call("DELETE", f"/api/v1/users/tess/keys/{key['prefix']}").status_code == 404
    [tess] = [user for user in house.get("/users").json()["items"] if user["name"] == "tess"]
    assert (tess["role"], tess["disabled"], tess["keys"]) == ("manager", False, [])
    assert "password" not in str(tess)


def test_the_last_admin_stays(house: House) -> None:
    """Nobody can take away the last account that may change accounts, nor a body with an unknown key change any."""
    assert house.call("PATCH", "/api/v1/users/admin", json={"disabled": True}).status_code == 409
    assert house.call("PATCH", "/api/v1/users/admin", json={"role": "viewer"}).status_code == 409
    odd = house.call("PATCH", "/api/v1/users/viewer", json={"rolle": "admin"})

    assert odd.status_code == 422
    assert "rolle" in odd.text
    assert house.get("/users").status_code == 200


def test_a_silence_is_made_seen_and_lifted(house: House) -> None:
    """A dispatcher's silence is seen by everyone, holds the alert back, and is gone when it is lifted."""
    house.register("fridge-1")
    until = from_ms(NOON_MS + 3_600_000).isoformat()
    body = {"appliance_id": "fridge-1", "until": until, "reason": "demonstration"}
    made = house.post("/silences", body, Role.DISPATCHER)
    house.find()

    assert made.status_code == 201
    [seen] = house.get("/silences", Role.VIEWER).json()["items"]
    assert (seen["id"], seen["created_by"], seen["region"]) == (made.json()["id"], "dispatcher", None)
    assert house.get("/alerts").json()["items"][0]["reason"] == "silenced"
    assert house.call("DELETE", f"/api/v1/silences/{seen['id']}", Role.DISPATCHER).status_code == 204
    assert house.get("/silences").json()["items"] == []
    assert house.call("DELETE", f"/api/v1/silences/{seen['id']}").status_code == 404


def test_a_silence_of_nothing_or_of_what_is_not_there_is_refused(house: House) -> None:
    """A slip of the pen mutes nothing."""
    until = from_ms(NOON_MS + 3_600_000).isoformat()
    for odd in ({}, {"appliance_id": "nobody"}, {"fault_mode": "drain_clogg"}, {"aplliance_id": "fridge-1"}):
        assert house.post("/silences", {"until": until, "reason": "r", **odd}).status_code == 422
    assert house.get("/silences").json()["items"] == []


def test_a_retired_appliance_is_refused_everywhere_and_comes_back(house: House) -> None:
    """Registry and desk agree: no message, no session, no ticket; revived, all of them again."""
    with open_registry(house.context.settings.data_dir) as registry:
        registry.add("fridge-1", "refrigerator", now_ms=NOON_MS)
    house.find()
    session = house.post("/tickets/1/sessions", {"scope": "read"}).json()
    gone = house.post("/appliances/fridge-1/retire")

    assert (gone.status_code, gone.json()["retired"]) == (200, True)
    assert house.post("/appliances/fridge-1/retire").status_code == 200, "repeated, it stays so"
    assert house.get(f"/sessions/{session['id']}").json()["end_reason"] == "appliance_retired"
    assert house.post("/tickets/1/sessions", {"scope": "read"}).status_code == 409
    assert house.post("/tickets", {"appliance_id": "fridge-1", "title": "noise"}).status_code == 409
    assert _retired_ms(house) == NOON_MS
    back = house.post("/appliances/fridge-1/revive")

    assert (back.status_code, back.json()["retired"]) == (200, False)
    assert _retired_ms(house) is None
    assert house.post("/tickets", {"appliance_id": "fridge-1", "title": "noise"}).status_code == 201
    assert house.post("/appliances/nobody/retire").status_code == 404
    assert house.post("/appliances/nobody/revive").status_code == 404


def test_an_id_that_somebody_took_is_given_to_whom_it_is_for(house: House) -> None:
    """The operator re-assigns it: registry and desk agree, the audit says who did it, and it may be repeated."""
    with open_registry(house.context.settings.data_dir) as registry:
        registry.add("fridge-1", "generic", now_ms=NOON_MS)
    given = house.post("/appliances/fridge-1/assign", {"kind": "refrigerator"})

    assert (given.status_code, given.json()["kind"]) == (200, "refrigerator")
    assert house.post("/appliances/fridge-1/assign", {"kind": "refrigerator"}).status_code == 200
    with open_registry(house.context.settings.data_dir) as registry:
        found = registry.find("fridge-1")
    assert found is not None
    assert found.kind == "refrigerator"
    audit = [one["action"] for one in house.get("/audit").json()["items"] if one["action"] == "appliance.assign"]
    assert len(audit) <= 1
    assert house.post("/appliances/fridge-1/assign", {"kind": "Not a kind"}).status_code == 422
    assert house.post("/appliances/nobody/assign", {"kind": "refrigerator"}).status_code == 404


def test_what_an_appliance_said_is_erased_and_its_tickets_stay(house: House) -> None:
    """Only of a retired one: readings, events and what it said of itself go; tickets and the audit stay as history."""
    store = house.context.store
    store.write([make_block([("fridge-1", NOON_MS, {"power_w": 90.0}), ("fridge-2", NOON_MS, {"power_w": 80.0})])])
    with open_registry(house.context.settings.data_dir) as registry:
        registry.add("fridge-1", "refrigerator", now_ms=NOON_MS)
    house.find()
    refused = house.post("/appliances/fridge-1/erase")
    kept = store.latest("refrigerator", "fridge-1")
    house.post("/appliances/fridge-1/retire")

    erased = house.post("/appliances/fridge-1/erase")

    assert refused.status_code == 409
    assert kept
    assert (erased.status_code, erased.json()["appliance_id"]) == (200, "fridge-1")
    assert store.latest("refrigerator", "fridge-1") == {}
    assert store.latest("refrigerator", "fridge-2")
    shown = house.get("/appliances/fridge-1").json()
    assert (shown["model"], shown["last_seen"], shown["kind"]) == (None, None, "refrigerator")
    assert len(house.get("/tickets?appliance_id=fridge-1").json()["items"]) == 1
    assert "appliance.erase" in {one["action"] for one in house.get("/audit").json()["items"]}
    assert house.post("/appliances/fridge-1/erase").status_code == 200, "repeated, it stays so"
    assert house.post("/appliances/nobody/erase").status_code == 404


def test_an_appliance_that_only_one_of_the_two_knows_is_retired_in_both(house: House) -> None:
    """What was registered and never spoke, and what the desk alone has heard of, can be retired and revived."""
    with open_registry(house.context.settings.data_dir) as registry:
        registry.add("fridge-1", "refrigerator", now_ms=NOON_MS)
    house.register("fridge-2")

    for appliance_id in ("fridge-1", "fridge-2"):
        assert house.post(f"/appliances/{appliance_id}/retire").json()["retired"] is True
        assert house.get(f"/appliances/{appliance_id}").json()["retired"] is True
        assert house.post(f"/appliances/{appliance_id}/revive").json()["retired"] is False


def _retired_ms(house: House) -> int | None:
    """Since when the registry has the appliance out of service."""
    with open_registry(house.context.settings.data_dir) as registry:
        found = registry.find("fridge-1")
    assert found is not None
    return found.retired_ms
