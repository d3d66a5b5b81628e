"""Letters, as they come and as they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.customers.references import About, reference
from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.letters.letter import Incoming, Letter, LetterState, Taken
from alerts.letters.taking import dismiss, join, list_letters, read_letter, take
from alerts.page import LIMIT_DEFAULT, Page


@dataclass(frozen=True, slots=True)
class Letters:
    """Mail that comes in; one method, one transaction."""

    sealed: SealedUnit

    def take(self, incoming: Incoming) -> Taken:
        """Take a letter; the same one again changes nothing."""
        return self.sealed.write(lambda s: take(s, incoming))

    def page(
        self,
        *,
        state: LetterState | None = None,
        ticket_ref: str | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Letter]:
        """One page of letters, newest first."""
        return self.sealed.look(
            lambda s: list_letters(s, state=state, ticket_ref=ticket_ref, cursor=cursor, limit=limit)
        )

    def join(self, number: int, ticket_ref: str) -> Letter:
        """Put a letter to a ticket."""

        def work(s: Sealed) -> Letter:
            join(s, number, ticket_ref)
            return read_letter(s, number)

        return self.sealed.write(work)

    def dismiss(self, number: int) -> Letter:
        """Say that a letter belongs to no ticket."""

        def work(s: Sealed) -> Letter:
            dismiss(s, number)
            return read_letter(s, number)

        return self.sealed.write(work)

    def reference(self, ticket_number: int) -> str:
        """What a mail about a ticket carries in its subject, so that a reply joins it."""
        return f"[{reference(self.sealed.seal(), About.TICKET, ticket_number)}]"
