"""What stands beside a ticket is read at one moment."""

from __future__ import annotations

from sqlalchemy import event, update

from alerts.appliances.tables import appliances
from tests.api.house import House


def test_what_stands_beside_a_ticket_is_read_in_one_transaction(house: House) -> None:
    """As many transactions as the ticket alone takes: nothing of it can be older than the rest."""
    house.find("fridge-1")

    def transactions(path: str) -> int:
        begun: list[object] = []

        def note(connection: object) -> None:
            begun.append(connection)

        event.listen(house.context.desk.unit.engine, "begin", note)
        assert house.get(path).status_code == 200
        event.remove(house.context.desk.unit.engine, "begin", note)
        return len(begun)

    assert transactions("/tickets/1/beside") == transactions("/tickets/1")


def test_a_recommended_test_that_the_appliance_does_not_know_is_not_offered(house: House) -> None:
    """The ticket says why in place of offering it; an appliance that knows it is offered it."""
    house.find("fridge-1", fault_mode="condenser_fan_wear")

    def told_at_birth(*capabilities: str) -> object:
        row = update(appliances).where(appliances.c.id == "fridge-1").values(capabilities=list(capabilities))
        house.context.desk.unit.write(lambda t: t.connection.execute(row))
        return house.get("/tickets/1/beside").json()["test_why_not"]

    assert house.get("/tickets/1").json()["recommended"]["test"] == "condenser_fan_sweep"
    assert told_at_birth("test:door_seal") == "unsupported"
    assert told_at_birth("test:condenser_fan_sweep") is None
