"""Stock, as it is asked for: places, levels, the ledger, reservations, orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.csv_file import Line
from alerts.database import Transaction, UnitOfWork
from alerts.importing import RowReport, take_file
from alerts.page import LIMIT_DEFAULT, Page
from alerts.stock.csv_rows import take_count, take_part
from alerts.stock.kept import KeptPart, list_kept
from alerts.stock.ledger import NewMovement, add_place, transfer, write_down
from alerts.stock.levels import holders, list_levels, list_movements, list_parts, list_places, put_part, read_place
from alerts.stock.reordering import end_order, list_orders, needs, place_order
from alerts.stock.reserving import follow, has_to_follow, list_reservations, release, reserve
from alerts.stock.stock import (
    Movement,
    Need,
    NewStockPlace,
    Order,
    OrderStatus,
    Reservation,
    StockLevel,
    StockPart,
    StockPlace,
)
from alerts.tickets.reading import find_row
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class Stock:
    """Which parts lie where, and for which ticket; one method, one transaction."""

    unit: UnitOfWork
    profiles: Mapping[str, Profile]

    def places(self) -> Sequence[StockPlace]:
        """Every depot and van."""
        return self.unit.look(list_places)

    def add_place(self, new: NewStockPlace) -> StockPlace:
        """Enter a depot or a van."""
        return self.unit.write(lambda t: read_place(t, add_place(t, new)))

    def parts(self) -> Sequence[StockPart]:
        """Every part as it is bought."""
        return self.unit.look(list_parts)

    def put_part(self, part: StockPart) -> StockPart:
        """Write down how a part is bought."""

        def work(t: Transaction) -> StockPart:
            put_part(t, part)
            return part

        return self.unit.write(work)

    def levels(self, *, sku: str | None = None, place_id: str | None = None) -> Sequence[StockLevel]:
        """What lies where."""
        return self.unit.look(lambda t: list_levels(t, sku=sku, place_id=place_id))

    def holders(self, sku: str, ref: str | None = None) -> Sequence[StockLevel]:
        """Who has a part free, the nearest to a ticket's home first."""

        def work(t: Transaction) -> Sequence[StockLevel]:
            return holders(t, sku, appliance_id=None if ref is None else find_row(t, ref).appliance_id)

        return self.unit.look(work)

    def movements(
        self,
        *,
        sku: str | None = None,
        place_id: str | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Movement]:
        """One page of the ledger, newest first."""
        return self.unit.look(lambda t: list_movements(t, sku=sku, place_id=place_id, cursor=cursor, limit=limit))

    def move(self, new: NewMovement) -> Sequence[StockLevel]:
        """Write a movement down; the level behind it."""

        def work(t: Transaction) -> Sequence[StockLevel]:
            write_down(t, new)
            return list_levels(t, sku=new.sku, place_id=new.place_id)

        return self.unit.write(work)

    def transfer(
        self, place_id: str, to_place_id: str, sku: str, quantity: int, note: str | None = None
    ) -> Sequence[StockLevel]:
        """Bring parts to another place; the levels behind it."""

        def work(t: Transaction) -> Sequence[StockLevel]:
            transfer(t, place_id, to_place_id, sku, quantity, note)
            return [one for one in list_levels(t, sku=sku) if one.place_id in {place_id, to_place_id}]

        return self.unit.write(work)

    def take_parts(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take a file of parts over."""
        return take_file(self.unit.write, lines, take_part, is_dry_run=is_dry_run)

    def take_counts(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take a file of what was counted over."""
        return take_file(self.unit.write, lines, take_count, is_dry_run=is_dry_run)

    def reservations(self, ref: str) -> Sequence[Reservation]:
        """What is and was kept for a ticket."""
        return self.unit.look(lambda t: list_reservations(t, ref))

    def kept(
        self,
        *,
        sku: str | None = None,
        place_id: str | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[KeptPart]:
        """One page of what is kept for tickets now, over all of them, the last kept first."""
        return self.unit.look(lambda t: list_kept(t, sku=sku, place_id=place_id, cursor=cursor, limit=limit))

    def reserve(self, ref: str, sku: str, *, quantity: int = 1, place_id: str | None = None) -> Sequence[Reservation]:
        """Keep a part for a ticket by hand."""

        def work(t: Transaction) -> Sequence[Reservation]:
            reserve(t, ref, sku, quantity=quantity, place_id=place_id)
            return list_reservations(t, ref)

        return self.unit.write(work)

    def release(self, reservation_id: str) -> None:
        """Free what was kept."""
        self.unit.write(lambda t: release(t, reservation_id))

    def follow(self) -> int:
        """Let reservations follow the diagnosis of tickets that changed; how many were looked at."""
        return self.unit.write(follow) if self.unit.look(has_to_follow) else 0

    def needs(self) -> Sequence[Need]:
        """What must be ordered, what is missing most first."""
        return self.unit.look(lambda t: needs(t, self.profiles))

    def orders(self) -> Sequence[Order]:
        """Orders, newest first."""
        return self.unit.look(list_orders)

    def order(self, sku: str, place_id: str, quantity: int) -> Order:
        """Order a part to a place."""
        return self.unit.write(lambda t: list_orders(t, order_id=place_order(t, sku, place_id, quantity))[0])

    def end_order(self, order_id: str, status: OrderStatus) -> Order:
        """An order has come, or was called off."""

        def work(t: Transaction) -> Order:
            end_order(t, order_id, status)
            return list_orders(t, order_id=order_id)[0]

        return self.unit.write(work)
