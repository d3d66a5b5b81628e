"""What stands beside a ticket is read at one moment."""

from __future__ import annotations

from sqlalchemy import event

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
