"""Business calendars over HTTP: hours, regions and the days ahead, as the rules of now have them."""

from __future__ import annotations

import dataclasses

from alerts.accounts.account import Role
from alerts.rules.reading import parse_rules
from api.http.app import place
from tests.api.house import House


def test_calendars_say_their_hours_regions_and_days_ahead(house: House) -> None:
    """Everybody reads them; a policy that fits every region makes a calendar one for all."""
    rules = parse_rules(
        {
            "calendars": {"north": {"timezone": "Europe/Berlin", "week": "mon-fri 08:00-17:00", "holidays": "DE"}},
            "policies": [{"name": "north", "regions": ["north", "coast"], "calendar": "north"}],
        }
    )
    desk = dataclasses.replace(house.context.desk, unit=dataclasses.replace(house.context.desk.unit, rules=rules))
    place(house.app, dataclasses.replace(house.context, desk=desk))

    [found] = house.get("/calendars?days=5", Role.VIEWER).json()["items"]

    assert (found["name"], found["policies"], found["regions"]) == ("north", ["north"], ["coast", "north"])
    assert [day["hours"] for day in found["days"]] == [[["08:00", "17:00"]]] * 5
    assert found["is_open"]
    assert house.get("/calendars?days=0").status_code == 422
