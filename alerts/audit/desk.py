"""The audit, as it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.audit.chain import AuditEntry, list_audit, verify_audit
from alerts.database import UnitOfWork
from alerts.page import LIMIT_DEFAULT, Page


@dataclass(frozen=True, slots=True)
class Audit:
    """Who did what, when, to what; one method, one transaction."""

    unit: UnitOfWork

    def page(self, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT) -> Page[AuditEntry]:
        """One page of entries, newest first."""
        return self.unit.look(lambda t: list_audit(t, cursor=cursor, limit=limit))

    def verify(self) -> int | None:
        """The number of the first entry that does not fit its chain, ``None`` where all do."""
        return self.unit.look(verify_audit)
