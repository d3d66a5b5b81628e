"""What a held ticket may wait for, over HTTP: what the rules of now name."""

from __future__ import annotations

import dataclasses

from alerts.accounts.account import Role
from alerts.rules.reading import parse_rules
from api.http.app import place
from tests.api.house import House


def test_an_installations_own_pauses_are_listed_and_taken(house: House) -> None:
    """With the clocks that they stop; the step takes each of them and no other word."""
    rules = parse_rules({"pauses": {"hold": ["respond", "resolve"], "insurer": ["resolve"]}})
    desk = dataclasses.replace(house.context.desk, unit=dataclasses.replace(house.context.desk.unit, rules=rules))
    place(house.app, dataclasses.replace(house.context, desk=desk))
    house.register("fridge-1")
    house.post("/tickets", {"appliance_id": "fridge-1", "title": "Loud"})

    found = house.get("/pauses", Role.VIEWER).json()["items"]

    assert found == [
        {"name": "hold", "stops": ["respond", "resolve"]},
        {"name": "insurer", "stops": ["resolve"]},
    ]
    assert house.post("/tickets/1/hold", {"reason": "they look at it", "pause": "customer"}).status_code == 422
    held = house.post("/tickets/1/hold", {"reason": "they look at it", "pause": "insurer"}).json()
    assert {one["name"] for one in held["clocks"] if one["paused_since"]} == {"resolve"}
