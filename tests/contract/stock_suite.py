"""What stock promises on every database; a subclass provides ``desk``, ``unit`` and ``clock``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from alerts.csv_file import read_csv
from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError
from alerts.importing import Outcome
from alerts.lifecycle import TicketStep
from alerts.place import Place
from alerts.stock.csv_rows import COUNTS, PARTS, write_levels, write_parts
from alerts.stock.ledger import NewMovement
from alerts.stock.stock import MovementKind, NewStockPlace, OrderStatus, PlaceKind, ReservationStatus, StockPart
from alerts.stock.tables import stock_levels
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import StepBody
from alerts.visits.lifecycle import VisitStep
from alerts.visits.visit import UsedPart
from tests.alerts.made import FINDING, step_of
from tests.contract.visits_suite import ADA, COLOGNE, DONE, at

PUMP = "00145"


class StockSuite:
    """The promises of :class:`alerts.stock.desk.Stock`."""

    def test_the_ledger_adds_up_to_the_level(self, desk: Desk) -> None:
        """Received, brought elsewhere, used, counted; the same line of another system is written once."""
        depot, other = (_depot(desk, name) for name in ("West", "East"))
        line = NewMovement(depot, PUMP, 10, MovementKind.RECEIVED, external_id="erp-1")

        for _ in range(2):
            desk.stock.move(line)
        desk.stock.transfer(depot, other, PUMP, 4)
        desk.stock.move(NewMovement(other, PUMP, 1, MovementKind.USED, serial="S-1"))
        text = f"place,sku,counted\n{depot},{PUMP},5\n{other},{PUMP},3\nnowhere,{PUMP},1\n"
        reports = list(desk.stock.take_counts(list(read_csv(text, COUNTS))))

        lines = desk.stock.movements(sku=PUMP).items
        assert [one.quantity for one in reversed(lines)] == [10, -4, 4, -1, -1]
        assert [one.outcome for one in reports] == [Outcome.CHANGED, Outcome.UNCHANGED, Outcome.REFUSED]
        for level in desk.stock.levels(sku=PUMP):
            assert level.on_hand == sum(one.quantity for one in lines if one.place_id == level.place_id)

    def test_nothing_goes_below_zero(self, desk: Desk) -> None:
        """Neither by taking nor by bringing away what is reserved; the table itself refuses it, too."""
        depot, other = (_depot(desk, name) for name in ("West", "East"))
        desk.stock.move(NewMovement(depot, PUMP, 2, MovementKind.RECEIVED))
        number = _ticket(desk)
        desk.stock.reserve(number, PUMP)

        with pytest.raises(ConflictError, match="2 of 00145, 1 of them reserved"):
            desk.stock.move(NewMovement(depot, PUMP, 2, MovementKind.SCRAPPED))
        with pytest.raises(ConflictError):
            desk.stock.transfer(depot, other, PUMP, 2)
        with pytest.raises(InvalidError, match="by hand"):
            desk.stock.move(NewMovement(depot, PUMP, 2, MovementKind.COUNTED))
        with pytest.raises(IntegrityError), desk.unit.engine.begin() as connection:
            connection.execute(update(stock_levels).values(on_hand=0))
        with pytest.raises(IntegrityError), desk.unit.engine.begin() as connection:
            connection.execute(insert(stock_levels).values(place_id="x", sku="x", on_hand=-1, reserved=-1))
        assert [(one.on_hand, one.reserved) for one in desk.stock.levels()] == [(2, 1)]

    def test_who_comes_first_has_it(self, desk: Desk) -> None:
        """Of twenty who want one of five at once five have it, none is lost and none is there twice."""
        depot = _depot(desk, "West")
        desk.stock.move(NewMovement(depot, PUMP, 5, MovementKind.RECEIVED))

        def take(_: int) -> bool:
            try:
                desk.stock.move(NewMovement(depot, PUMP, 1, MovementKind.USED))
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            taken = sum(pool.map(take, range(20)))

        assert (taken, desk.stock.levels()[0].on_hand) == (5, 0)

    def test_the_nearest_that_has_it_keeps_it(self, desk: Desk) -> None:
        """Where nobody has it free, what does in its place; where that is missing, too, it is said."""
        far, near = _depot(desk, "Far", Place(52.5, 13.4)), _depot(desk, "Near")
        desk.stock.put_part(StockPart(PUMP, substitutes=("00146",)))
        number = _ticket(desk)
        for place in (far, near):
            desk.stock.move(NewMovement(place, "00146", 1, MovementKind.RECEIVED))

        [first] = desk.stock.reserve(number, PUMP)

        assert (first.place_id, first.sku, first.is_by_hand) == (near, "00146", True)
        assert [one.place_id for one in desk.stock.holders("00146", number)] == [far]
        with pytest.raises(ConflictError, match="Nobody has 3"):
            desk.stock.reserve(number, PUMP, quantity=3)
        desk.stock.release(first.id)
        assert [one.place_id for one in desk.stock.holders("00146", number)] == [near, far]

    def test_reservations_follow_the_diagnosis(self, desk: Desk) -> None:
        """Likely: kept. Still possible: stays. Unlikely: freed. Over: freed at once."""
        depot = _depot(desk, "West")
        desk.stock.move(NewMovement(depot, PUMP, 1, MovementKind.RECEIVED))
        number = _ticket(desk)

        def standing(probability: float) -> list[ReservationStatus]:
            _diagnose(desk, number, probability)
            desk.stock.follow()
            return [one.status for one in desk.stock.reservations(number)]

        reserved, released = ReservationStatus.RESERVED, ReservationStatus.RELEASED
        assert standing(0.71) == [reserved]
        [kept] = desk.stock.kept(sku=PUMP).items
        assert (str(kept.number), kept.place, kept.probability, kept.is_by_hand) == (number, "West", 0.71, False)
        assert desk.stock.kept(place_id="sp_else").items == ()
        assert standing(0.2) == [reserved]
        assert standing(0.1) == [released]
        assert desk.stock.kept().items == ()
        assert desk.stock.follow() == 0
        desk.stock.reserve(number, PUMP)
        assert standing(0.01) == [reserved, released]
        desk.tickets.step(number, TicketStep.CANCEL, StepBody(note="sold"))
        assert [one.status for one in desk.stock.reservations(number)] == [released, released]
        assert desk.stock.levels()[0].free == 1

    def test_what_is_put_in_leaves_the_stock(self, desk: Desk) -> None:
        """From where it was kept, else from the van; what nobody has is said in the ticket's history, and the visit ends."""
        depot = _depot(desk, "West")
        ada = desk.technicians.add(replace(ADA, areas=()))
        van = desk.stock.add_place(NewStockPlace("Van", PlaceKind.VAN, ada.id)).id
        desk.stock.move(NewMovement(depot, PUMP, 1, MovementKind.RECEIVED))
        desk.stock.move(NewMovement(van, "screw", 5, MovementKind.RECEIVED))
        number = _ticket(desk)
        desk.stock.reserve(number, PUMP)
        visit = desk.visits.book([number], ada.id, at(9))
        desk.visits.step(visit.id, VisitStep.ARRIVE)

        parts = (UsedPart(PUMP, serial="S-9"), UsedPart("screw", 2), UsedPart("foreign"))
        desk.visits.step(visit.id, VisitStep.FINISH, record=replace(DONE, parts=parts))

        assert {(one.place_id, one.sku): one.on_hand for one in desk.stock.levels()} == {
            (depot, PUMP): 0,
            (van, "screw"): 3,
        }
        assert desk.stock.reservations(number)[0].status is ReservationStatus.USED
        assert [line.data for line in desk.tickets.read(number).history if line.event == "part_unaccounted"] == [
            {"sku": "foreign", "quantity": 1}
        ]

    def test_what_will_be_missing_is_named_before(self, desk: Desk) -> None:
        """By open tickets, hazard of the fleet and lead time; what is reserved or ordered is provided for."""
        depot = _depot(desk, "West")
        for n in range(40):
            desk.appliances.register((f"F-{n}", "washing_machine"))
        _ticket(desk)
        text = f"sku,name_zh,cost,currency,supplier,lead_days\n{PUMP},排水泵,39.90,EUR,Maker,30\n"
        list(desk.stock.take_parts(list(read_csv(text, PARTS))))
        again = list(desk.stock.take_parts(list(read_csv("".join(write_parts(desk.stock.parts())), PARTS))))

        [need] = desk.stock.needs()
        order = desk.stock.order(PUMP, depot, need.order)
        ordered = desk.stock.needs()[0].order
        desk.stock.end_order(order.id, OrderStatus.RECEIVED)

        expected = 0.71 + 41 * 0.05 * 0.71 * 60 / 365
        assert (need.expected, need.reorder_point, need.order) == (round(expected, 3), 3, 3)
        assert (ordered, desk.stock.needs()[0].order) == (0, 0)
        assert (order.supplier, (order.due_at - order.ordered_at).days) == ("Maker", 30)
        assert [one.outcome for one in again] == [Outcome.UNCHANGED]
        assert "".join(write_levels(desk.stock.levels())) == f"place,sku,counted,reserved\n{depot},{PUMP},3,0\n"
        with pytest.raises(ConflictError):
            desk.stock.end_order(order.id, OrderStatus.CANCELLED)


def _depot(desk: Desk, name: str, place: Place = COLOGNE) -> str:
    return desk.stock.add_place(NewStockPlace(name, PlaceKind.DEPOT, place=place)).id


def _ticket(desk: Desk) -> str:
    desk.appliances.register((FINDING.appliance_id, FINDING.kind))
    desk.findings.commit(step_of(desk.findings.load().position + 1, FINDING))
    number = str(desk.tickets.page().items[0].number)
    desk.tickets.step(number, TicketStep.TRIAGE)
    return number


def _diagnose(desk: Desk, number: str, probability: float) -> None:
    parts = {"parts": [{"sku": PUMP, "name": {"en": "Drain pump"}, "probability": probability}]}
    change = update(tickets).where(tickets.c.number == int(number))
    with desk.unit.engine.begin() as connection:
        connection.execute(change.values(recommended=parts, version=tickets.c.version + 1))
