"""People of a town who go to homes: technicians with shifts, skills and licences, a provider, vans with parts, and visits of theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.customers.access_hours import parse_hours
from alerts.desk import Desk
from alerts.people.provider import NewProvider
from alerts.people.technician import AbsenceReason, Licence, NewTechnician, Technician
from alerts.place import Place
from alerts.stock.ledger import NewMovement
from alerts.stock.stock import MovementKind, NewStockPlace, PlaceKind, StockPart
from alerts.visits.visit import Visit
from ingest.clock import from_ms

COLOGNE = Place(50.94, 6.96)
ZONE = "Europe/Berlin"
SHIFT = parse_hours("mon-sun 08:00-12:00, 12:30-18:00")
NAMES = ("Anna Weber", "Ben Okafor", "Chiara Rossi", "Dmitri Volkov")


def make_people(desk: Desk) -> list[Technician]:
    """Four technicians, one of a provider and one on holiday; a depot and a van with pumps in them."""
    day = from_ms(desk.unit.clock.now_ms()).astimezone(UTC).date()
    provider = desk.providers.add(NewProvider("Nordservice", skills={"refrigerator": 2}, fees={"visit": "45.00"}))
    made = [
        desk.technicians.add(
            NewTechnician(
                name,
                account="mira" if at == 0 else None,
                provider_id=provider.id if at == 3 else None,
                home=Place(COLOGNE.latitude + at / 50, COLOGNE.longitude),
                skills={"washing_machine": 2, "refrigerator": 1} if at else {"washing_machine": 3, "refrigerator": 3},
                licences=(Licence("mains"), Licence("refrigerant", day + timedelta(days=20 * at - 10))),
                shifts=SHIFT,
                time_zone=ZONE,
            )
        )
        for at, name in enumerate(NAMES)
    ]
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    desk.technicians.be_absent(made[2].id, start, start + timedelta(days=2), AbsenceReason.HOLIDAY)
    depot = desk.stock.add_place(NewStockPlace("Depot Köln", PlaceKind.DEPOT, place=COLOGNE))
    van = desk.stock.add_place(NewStockPlace("Van 7", PlaceKind.VAN, technician_id=made[0].id))
    part = StockPart("WM-PUMP-30", {"en": "Drain pump", "zh": "排水泵"}, "24.50", "EUR", "Askoll", 5)
    desk.stock.put_part(part)
    for place, quantity in ((depot, 12), (van, 2)):
        desk.stock.move(NewMovement(place.id, part.sku, quantity, MovementKind.RECEIVED))
    return made


def send(desk: Desk, number: int, technician: Technician, start: datetime) -> Visit:
    """A visit for a ticket, whatever speaks against it."""
    return desk.visits.book([str(number)], technician.id, start, override="made up")
