"""Stock over HTTP."""

from __future__ import annotations

from alerts.accounts.account import Role
from tests.api.house import House


def test_parts_are_received_reserved_counted_and_ordered(house: House) -> None:
    """From the depot to the ticket; what is not free is refused; what is exported is taken back."""
    house.find()
    depot = house.post("/stock/places", {"name": "West", "external_id": "w"}, Role.MANAGER).json()["id"]
    line = {"place_id": depot, "sku": "fan", "quantity": 2, "kind": "received"}
    received = house.post("/stock/movements", line, Role.TECHNICIAN)
    kept = house.post("/tickets/1/reservations", {"sku": "fan", "quantity": 2}, Role.TECHNICIAN)
    second = house.post("/tickets/1/reservations", {"sku": "fan"}, Role.TECHNICIAN)
    scrapped = house.post("/stock/movements", {**line, "kind": "scrapped"}, Role.TECHNICIAN)

    assert (received.status_code, kept.status_code) == (201, 201)
    assert (second.status_code, scrapped.status_code) == (409, 409)
    assert "2 of them reserved" in scrapped.json()["detail"]
    gone = house.call("DELETE", f"/api/v1/reservations/{kept.json()['items'][0]['id']}", Role.TECHNICIAN)
    assert gone.status_code == 204
    [holder] = house.get("/tickets/1/holders/fan").json()["items"]
    assert (holder["place"], holder["free"], holder["travel_min"]) == ("West", 2, 25)
    counted = house.call("POST", "/api/v1/stock/import", content=b"place,sku,counted\nw,fan,1\n")
    assert '"changed"' in counted.text
    assert house.get("/stock.csv").text == f"place,sku,counted,reserved\n{depot},fan,1,0\n"
    part = {"cost": "12.50", "currency": "EUR", "lead_days": 3}
    assert house.call("PUT", "/api/v1/stock/parts/fan", json={**part, "cost": "12.505"}).status_code == 422
    assert house.call("PUT", "/api/v1/stock/parts/fan", json=part).json()["cost"] == "12.50"
    assert '"unchanged"' in house.call("POST", "/api/v1/parts/import", content=house.get("/parts.csv").content).text
    order = house.post("/stock/orders", {"sku": "fan", "place_id": depot, "quantity": 3}, Role.MANAGER).json()["id"]
    assert house.post(f"/stock/orders/{order}/receive", None, Role.TECHNICIAN).json()["status"] == "received"
    assert house.post(f"/stock/orders/{order}/cancel").status_code == 409
    assert [one["quantity"] for one in house.get("/stock/movements?sku=fan").json()["items"]] == [3, -1, 2]
    assert "fan" in [one["sku"] for one in house.get("/stock/needs").json()["items"]]
