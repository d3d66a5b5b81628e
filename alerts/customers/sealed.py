"""A transaction in which sealed things are read and written."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from sqlalchemy import select

from alerts.customers.customer import Address, Contact
from alerts.customers.sealing import Seal
from alerts.customers.tables import contact_keys
from alerts.database import Transaction


@dataclass(frozen=True, slots=True)
class Sealed:
    """A transaction in which sealed things are read and written."""

    t: Transaction
    seal: Seal
    changed: set[str] = field(default_factory=set)
    """Customers whose words are to be written anew before the transaction ends: :func:`keep_words`."""

    @property
    def fingerprint(self) -> str:
        """By which key customers are found in this database; the ring's first where nobody was entered yet."""
        query = select(contact_keys.c.fingerprint)
        return self.t.connection.execute(query).scalar_one_or_none() or self.seal.fingerprints[0]

    def close(self, value: Contact | Address | str) -> bytes:
        """A value, sealed."""
        return self.seal.close(msgspec.json.encode(value))

    def contact(self, sealed: bytes) -> Contact:
        """Who it is."""
        return msgspec.json.decode(self.seal.open(sealed), type=Contact)

    def address(self, sealed: bytes) -> Address:
        """Where it is."""
        return msgspec.json.decode(self.seal.open(sealed), type=Address)

    def text(self, sealed: bytes | None) -> str | None:
        """Words."""
        return None if sealed is None else msgspec.json.decode(self.seal.open(sealed), type=str)
