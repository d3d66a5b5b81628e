"""Provider and offer as values, and what may stand in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.errors import InvalidError
from alerts.money import check_currency, parse_amount
from alerts.people.technician import NAME_MAX, check_areas, check_name, check_skills
from alerts.words import check_words

ANSWER_WITHIN_H_MAX = 24 * 14


class OfferStatus(StrEnum):
    """Where an offer stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class NewProvider:
    """A provider to enter, or written anew: a company whose people go to homes for us.

    ``fees`` are amounts by what is done: ``visit`` for each visit, an appliance kind or a fault mode on top of it.
    """

    name: str
    external_id: str | None = None
    account: str | None = None
    areas: Sequence[str] = ()
    skills: Mapping[str, int] = field(default_factory=dict)
    currency: str = "EUR"
    fees: Mapping[str, str] = field(default_factory=dict)
    answer_within_h: int = 24
    is_active: bool = True

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        check_words("name", self.name, longest=NAME_MAX, is_needed=True)
        check_words("external_id", self.external_id, longest=NAME_MAX)
        check_areas(self.areas)
        check_skills(self.skills)
        check_currency(self.currency)
        for name, fee in self.fees.items():
            check_name("fees", name)
            parse_amount(fee, self.currency, noun=f"fees: {name}")
        if not 1 <= self.answer_within_h <= ANSWER_WITHIN_H_MAX:
            raise InvalidError(f"answer_within_h is 1 to {ANSWER_WITHIN_H_MAX}, not {self.answer_within_h}.")


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the desk has them."""

    id: str
    name: str
    external_id: str | None
    account: str | None
    areas: Sequence[str]
    skills: Mapping[str, int]
    currency: str
    fees: Mapping[str, str]
    answer_within_h: int
    is_active: bool
    version: int

    def as_new(self) -> NewProvider:
        """What would enter the same."""
        return NewProvider(**{name: getattr(self, name) for name in NewProvider.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Offer:
    """A ticket that a provider was asked to take."""

    id: str
    ticket_id: str
    ticket_number: int
    provider_id: str
    status: OfferStatus
    offered_at: datetime
    offered_by: str
    answer_by: datetime
    answered_at: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True)
class OfferedWork:
    """What a provider reads of a ticket: what is to be done and where about; who it is only once they have taken it.

    ``contact`` and ``address`` are there while the offer is accepted, the ticket is not over, and the customer allows
    that contractors are told.
    """

    offer: Offer
    kind: str
    model: str | None
    title: str
    region: str | None
    fault_mode: str | None
    first_check: Mapping[str, str] | None
    parts: Sequence[str]
    visit_from: datetime | None
    visit_to: datetime | None
    contact: str | None
    phones: Sequence[str]
    address: str | None
