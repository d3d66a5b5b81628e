"""Saved views over HTTP."""

from __future__ import annotations

from alerts.accounts.account import Role
from tests.api.house import House


def test_a_view_is_kept_renamed_and_deleted(house: House) -> None:
    """Its owner does so, whatever their role; a second of the name is 409, words that are no address 422, another's 404."""
    body = {"name": "Late ovens", "address": "kind=oven&risk=late", "shared_with": "technician"}
    made = house.post("/views", body, Role.VIEWER)
    view = f"/api/v1/views/{made.json()['id']}"

    assert made.status_code == 201
    assert house.get("/views", Role.TECHNICIAN).json()["items"] == [made.json()]
    assert house.get("/queue", Role.TECHNICIAN).json()["views"] == [
        made.json()
    ]  # with the first page, without a request more
    assert house.post("/views", body, Role.VIEWER).status_code == 409
    assert house.post("/views", {**body, "name": "x", "address": "nonsense"}, Role.VIEWER).status_code == 422
    assert house.call("PATCH", view, Role.TECHNICIAN, json={"name": "Ovens"}).status_code == 404
    changed = house.call("PATCH", view, Role.VIEWER, json={"name": "Ovens", "shared_with": None})
    assert changed.json() == {**made.json(), "name": "Ovens", "shared_with": None}
    assert house.get("/views", Role.TECHNICIAN).json()["items"] == []
    assert house.call("DELETE", view, Role.VIEWER).status_code == 204
    assert house.get("/views", Role.VIEWER).json()["items"] == []
