"""The demo's town: a stranger sees customers, homes, people and parts."""

from __future__ import annotations

from dataclasses import replace

from alerts.accounts.account import Role
from alerts.customers.customer import Purpose
from alerts.knowledge.shipped import shipped_articles
from api.demo.town import DISTRICTS, Town
from ingest.profiles import load_profiles
from tests.api.house import House


def test_everybody_who_is_heard_has_an_owner_at_home_in_their_region(house: House) -> None:
    """Once each, also when more are heard later; in the language of the place; most of them allow advice, some do not."""
    desk = replace(house.context.desk, profiles=load_profiles())
    house.context.accounts.add("colleague", Role.TECHNICIAN)
    town = Town(desk, house.clock.now())
    for at in range(12):
        house.register(f"fridge-{at}")

    town.settle("colleague")
    moved = [town.move_in()]
    house.register("fridge-late")
    moved += [town.move_in(), town.move_in()]

    assert moved == [12, 1, 0]
    owners = [desk.customers.owner_of(f"fridge-{at}") for at in (*range(12), "late")]
    assert all(owner is not None and owner.site_id and owner.purchased_on for owner in owners)
    people = {owner.customer_id for owner in owners if owner}
    assert len(people) == 7
    assert {desk.customers.allows(one, Purpose.ADVICE) for one in people} == {True, False}
    technicians = list(desk.technicians.all())
    assert {one.account for one in technicians} == {"colleague", None}
    assert {one.areas for one in technicians} == {(region,) for region in DISTRICTS}
    assert len(desk.stock.levels()) > 40
    assert len(desk.knowledge.page().items) == len(shipped_articles())
    assert [one.code for one in desk.billing.prices()] == ["labour", "visit"]
