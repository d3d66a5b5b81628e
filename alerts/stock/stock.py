"""Places, parts, levels, movements, reservations and orders as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.errors import InvalidError
from alerts.money import parse_amount
from alerts.place import Place
from alerts.words import check_words

QUANTITY_MAX = 1_000_000
LEAD_DAYS_MAX = 365


class PlaceKind(StrEnum):
    """What a place of stock is."""

    DEPOT = "depot"
    VAN = "van"


class MovementKind(StrEnum):
    """Why a level changed."""

    RECEIVED = "received"
    RETURNED = "returned"
    USED = "used"
    SCRAPPED = "scrapped"
    SENT = "sent"
    ARRIVED = "arrived"
    COUNTED = "counted"


class ReservationStatus(StrEnum):
    """Where a reservation stands."""

    RESERVED = "reserved"
    USED = "used"
    RELEASED = "released"


class OrderStatus(StrEnum):
    """Where an order stands."""

    ORDERED = "ordered"
    RECEIVED = "received"
    CANCELLED = "cancelled"


BY_HAND = {
    MovementKind.RECEIVED: 1,
    MovementKind.RETURNED: 1,
    MovementKind.USED: -1,
    MovementKind.SCRAPPED: -1,
}
"""Movements that people write down, and whether they add or take."""


@dataclass(frozen=True, slots=True)
class NewStockPlace:
    """A depot, or the van of a technician."""

    name: str
    kind: PlaceKind
    technician_id: str | None = None
    place: Place | None = None
    external_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse a van of nobody."""
        check_words("name", self.name, longest=200, is_needed=True)
        check_words("external_id", self.external_id, longest=200)
        if (self.kind is PlaceKind.VAN) is (self.technician_id is None):
            raise InvalidError("technician_id: a van is somebody's, and a depot is nobody's.")


@dataclass(frozen=True, slots=True)
class StockPlace(NewStockPlace):
    """A place of stock as the desk has it."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class StockPart:
    """A part as it is bought: cost, supplier, days until it comes, and what does in its place."""

    sku: str
    name: Mapping[str, str] = field(default_factory=dict)
    cost: str | None = None
    currency: str | None = None
    supplier: str | None = None
    lead_days: int = 7
    substitutes: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("sku", self.sku, longest=64, is_needed=True)
        check_words("supplier", self.supplier, longest=200)
        if (self.cost is None) is not (self.currency is None):
            raise InvalidError("cost and currency stand together.")
        if self.cost is not None and self.currency is not None:
            parse_amount(self.cost, self.currency, noun="cost")
        if not 0 <= self.lead_days <= LEAD_DAYS_MAX:
            raise InvalidError(f"lead_days is 0 to {LEAD_DAYS_MAX}.")


@dataclass(frozen=True, slots=True)
class StockLevel:
    """How many of a part lie at a place; ``free`` are not reserved."""

    place_id: str
    place: str
    sku: str
    on_hand: int
    reserved: int
    travel_min: int | None = None
    """From where it was asked for."""

    @property
    def free(self) -> int:
        """What may still be reserved or taken."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the ledger."""

    id: str
    at: datetime
    place_id: str
    sku: str
    quantity: int
    kind: MovementKind
    ticket_id: str | None
    serial: str | None
    note: str | None
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """A part that is kept for a ticket."""

    id: str
    ticket_id: str
    sku: str
    place_id: str
    quantity: int
    probability: float | None
    is_by_hand: bool
    status: ReservationStatus
    at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Order:
    """What was ordered from a supplier."""

    id: str
    sku: str
    place_id: str
    quantity: int
    supplier: str | None
    status: OrderStatus
    ordered_at: datetime
    ordered_by: str
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Need:
    """What a part will be needed for until an order would come, and what there is; ``order`` is what is missing."""

    sku: str
    abc: str
    lead_days: int
    expected: float
    """By open tickets (probability) and by hazard of the fleet, over the lead time."""
    reorder_point: int
    free: int
    on_order: int
    order: int


def check_quantity(quantity: int) -> None:
    """Raise :class:`InvalidError` where nothing, or too much, is moved."""
    if not 1 <= quantity <= QUANTITY_MAX:
        raise InvalidError(f"quantity is 1 to {QUANTITY_MAX}, not {quantity}.")
