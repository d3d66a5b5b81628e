"""What keepers of an installation do over HTTP: accounts and silences."""

from __future__ import annotations

from alerts.accounts.account import Role
from ingest.clock import from_ms
from tests.api.house import NOON_MS, House


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
