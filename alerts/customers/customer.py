"""The values of the customer file: customer, site, ownership, consent; and what may stand in them."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache

import msgspec

from alerts.customers.access_hours import Hours
from alerts.errors import InvalidError
from alerts.place import Place
from alerts.words import check_words

NAME_MAX = 200
LINE_MAX = 300
LINES_MAX = 10
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?\d[\d\s()/.-]{4,30}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_COUNTRY = re.compile(r"[A-Z]{2}")


class Purpose(StrEnum):
    """What a customer may allow, each by itself."""

    SERVICE = "service"
    REMOTE_DIAGNOSIS = "remote_diagnosis"
    PREDICTION = "prediction"
    CONTRACTOR = "contractor"
    ADVICE = "advice"
    MARKETING = "marketing"


class ContactChannel(StrEnum):
    """By what a customer is reached."""

    PHONE = "phone"
    SMS = "sms"
    MAIL = "mail"
    CHAT = "chat"
    POST = "post"
    APP = "app"


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who a customer is and how they are reached: what lies sealed."""

    name: str
    phones: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    chat: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be a name, a number, an address."""
        check_words("name", self.name, longest=NAME_MAX, is_needed=True)
        check_words("chat", self.chat, longest=NAME_MAX)
        check_words("note", self.note, longest=2000)
        for noun, entries, shape in (("phones", self.phones, _PHONE), ("mails", self.mails, _EMAIL)):
            if len(entries) > LINES_MAX:
                raise InvalidError(f"{noun} has at most {LINES_MAX} entries.")
            for entry in entries:
                if len(entry) > LINE_MAX or not shape.fullmatch(entry):
                    example = "+49 221 123456" if noun == "phones" else "name@example.org"
                    raise InvalidError(f"{noun}: {entry!r} is none; write it like {example}.")


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a site is: what lies sealed. ``country`` is ISO 3166, two letters."""

    street: str
    city: str
    postcode: str | None = None
    country: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be found."""
        check_words("street", self.street, longest=LINE_MAX, is_needed=True)
        check_words("city", self.city, longest=NAME_MAX, is_needed=True)
        check_words("postcode", self.postcode, longest=20)
        check_words("note", self.note, longest=1000)
        if self.country is not None and not _COUNTRY.fullmatch(self.country):
            raise InvalidError(f"country: {self.country!r} is no country of two capital letters, such as DE or CN.")


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to enter."""

    contact: Contact
    language: str = "en"
    external_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse a language that is none."""
        check_language(self.language)
        check_words("external_id", self.external_id, longest=NAME_MAX)


@dataclass(frozen=True, slots=True)
class NewSite:
    """A home to enter for a customer; ``time_zone`` is its IANA name. Of ``place`` a kilometre is kept, unsealed, for planning."""

    address: Address
    region: str | None = None
    time_zone: str = "UTC"
    access_hours: Hours = field(default_factory=dict)
    external_id: str | None = None
    place: Place | None = None

    def __post_init__(self) -> None:
        """Refuse a time zone that nobody knows."""
        check_words("region", self.region, longest=NAME_MAX)
        check_words("external_id", self.external_id, longest=NAME_MAX)
        check_time_zone(self.time_zone)


@dataclass(frozen=True, slots=True)
class NewOwnership:
    """An appliance that comes to a customer; the one who had it owns it no longer from then on."""

    appliance_id: str
    site_id: str | None = None
    since: datetime | None = None
    serial: str | None = None
    batch: str | None = None
    purchased_on: date | None = None
    installed_on: date | None = None
    proof: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is too long, or turned round."""
        for noun, text in (("serial", self.serial), ("batch", self.batch)):
            check_words(noun, text, longest=NAME_MAX)
        check_words("proof", self.proof, longest=2000)


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the file has them; ``contact`` is None where the data were erased."""

    id: str
    external_id: str | None
    contact: Contact | None
    language: str
    merged_into: str | None
    created_at: datetime
    changed_at: datetime
    erased_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Site:
    """A home of a customer."""

    id: str
    customer_id: str
    external_id: str | None
    address: Address
    region: str | None
    time_zone: str
    access_hours: Hours
    place: Place | None
    version: int


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owned an appliance from when until when; ``until`` is None for the present owner."""

    id: str
    appliance_id: str
    customer_id: str
    site_id: str | None
    since: datetime
    until: datetime | None
    serial: str | None
    batch: str | None
    purchased_on: date | None
    installed_on: date | None
    proof: str | None


@dataclass(frozen=True, slots=True)
class Consent:
    """A yes or a no to a purpose, by one channel or (None) by all."""

    purpose: Purpose
    channel: ContactChannel | None
    is_given: bool
    at: datetime
    recorded_by: str
    source: str


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """All that is written down of a customer."""

    customer: Customer
    sites: Sequence[Site]
    ownerships: Sequence[Ownership]
    consents: Sequence[Consent]


def check_language(language: str) -> None:
    """Raise :class:`InvalidError` where it is no language tag such as ``de`` or ``zh-CN``."""
    if not _LANGUAGE.fullmatch(language):
        raise InvalidError(f"language: {language!r} is none; write it like de or zh-CN.")


def check_time_zone(name: str) -> None:
    """Raise :class:`InvalidError` where nobody knows a time zone of this name."""
    if name not in _time_zones():
        raise InvalidError(f"time_zone: {name!r} is none; write it like Europe/Berlin.")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
