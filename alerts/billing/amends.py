"""Amends, as they are asked for: what is given back, what makers are asked for, and what became of appliances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.billing.amends_rows import take_claim, take_credit, take_outcome
from alerts.billing.claiming import Claim, ClaimState, NewClaim, page_claims, put_claim, read_claim
from alerts.billing.crediting import Credit, NewCredit, page_credits, put_credit, read_credit
from alerts.billing.outcomes import NewOutcome, Outcome, page_outcomes, put_outcome, read_outcome
from alerts.csv_file import Line
from alerts.database import Transaction, UnitOfWork
from alerts.importing import RowReport, take_file
from alerts.page import LIMIT_DEFAULT, Page


@dataclass(frozen=True, slots=True)
class Amends:
    """Credit notes, claims, outcomes, each known by its external id; one method, one transaction."""

    unit: UnitOfWork

    def credit_notes(
        self, *, ref: str | None = None, cursor: str | None = None, limit: int = LIMIT_DEFAULT
    ) -> Page[Credit]:
        """One page of credit notes, the newest first."""
        return self.unit.look(lambda t: page_credits(t, ref=ref, cursor=cursor, limit=limit))

    def put_credit(self, new: NewCredit) -> Credit:
        """Write a credit note down, or when it was paid out."""

        def work(t: Transaction) -> Credit:
            put_credit(t, new)
            return read_credit(t, new.external_id)

        return self.unit.write(work)

    def take_credits(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take credit notes over."""
        return take_file(self.unit.write, lines, take_credit, is_dry_run=is_dry_run)

    def claims(
        self,
        *,
        ref: str | None = None,
        status: ClaimState | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Claim]:
        """One page of claims, the newest first."""
        return self.unit.look(lambda t: page_claims(t, ref=ref, status=status, cursor=cursor, limit=limit))

    def put_claim(self, new: NewClaim) -> Claim:
        """Open a claim, or write down what came of it."""

        def work(t: Transaction) -> Claim:
            put_claim(t, new)
            return read_claim(t, new.external_id)

        return self.unit.write(work)

    def take_claims(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take claims over."""
        return take_file(self.unit.write, lines, take_claim, is_dry_run=is_dry_run)

    def outcomes(
        self, *, ref: str | None = None, cursor: str | None = None, limit: int = LIMIT_DEFAULT
    ) -> Page[Outcome]:
        """One page of outcomes, the newest first."""
        return self.unit.look(lambda t: page_outcomes(t, ref=ref, cursor=cursor, limit=limit))

    def put_outcome(self, new: NewOutcome) -> Outcome:
        """Write down what became of an appliance."""

        def work(t: Transaction) -> Outcome:
            put_outcome(t, new)
            return read_outcome(t, new.external_id)

        return self.unit.write(work)

    def take_outcomes(self, lines: Iterable[Line], *, is_dry_run: bool = False) -> Iterator[RowReport]:
        """Take outcomes over."""
        return take_file(self.unit.write, lines, take_outcome, is_dry_run=is_dry_run)
