"""One transaction of the customer file: the desk's, with the keys at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from alerts.customers.keeping import keep_words
from alerts.customers.sealed import Sealed
from alerts.customers.sealing import Seal
from alerts.database import Transaction, UnitOfWork

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SealedUnit:
    """A :class:`~alerts.database.UnitOfWork` whose work can open and close what is sealed."""

    unit: UnitOfWork
    seal: Callable[[], Seal]

    def look(self, work: Callable[[Sealed], T]) -> T:
        """Run ``work`` in one reading transaction."""
        seal = self.seal()
        return self.unit.look(lambda t: work(Sealed(t, seal)))

    def write(self, work: Callable[[Sealed], T]) -> T:
        """Run ``work`` in one writing transaction; the words of changed customers are kept before it ends."""
        seal = self.seal()

        def sealed(t: Transaction) -> T:
            s = Sealed(t, seal)
            done = work(s)
            keep_words(s)
            return done

        return self.unit.write(sealed)
