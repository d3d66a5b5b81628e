"""Appliances, as they are asked about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from alerts.appliances.directory import (
    STALE_AFTER_S,
    Appliance,
    ApplianceEvent,
    ApplianceFilter,
    OpenTickets,
    WhenRetired,
    check_filter,
    count_appliances,
    ensure_appliance,
    erase_appliance,
    list_appliances,
    list_events,
    read_appliance,
    set_kind,
    set_retired,
)
from alerts.appliances.listening import note_listening
from alerts.audit.chain import record_audit
from alerts.cursors.checkpoint import forget_row
from alerts.database import Transaction, UnitOfWork
from alerts.errors import ConflictError
from alerts.page import LIMIT_DEFAULT, Page


@dataclass(frozen=True, slots=True)
class Appliances:
    """The directory, and whether we listen; one method, one transaction."""

    unit: UnitOfWork
    open_tickets: OpenTickets
    when_retired: WhenRetired
    when_erased: WhenRetired
    kinds: Collection[str] = ()
    """Those that may come: the profiles'."""
    stale_after_s: float = STALE_AFTER_S

    def page(
        self,
        wanted: ApplianceFilter | None = None,
        *,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Appliance]:
        """One page of appliances, in the wanted order."""
        asked = wanted or ApplianceFilter()

        def work(t: Transaction) -> Page[Appliance]:
            check_filter(t, asked, self.kinds)
            return list_appliances(
                t,
                asked,
                stale_after_s=self.stale_after_s,
                open_tickets=self.open_tickets,
                cursor=cursor,
                limit=limit,
            )

        return self.unit.look(work)

    def count(self, wanted: ApplianceFilter) -> int:
        """How many appliances a list holds over all its pages."""
        return self.unit.look(lambda t: count_appliances(t, wanted, stale_after_s=self.stale_after_s))

    def read(self, appliance_id: str) -> Appliance:
        """One appliance."""
        return self.unit.look(lambda t: self._read(t, appliance_id))

    def events(
        self,
        appliance_id: str,
        *,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[ApplianceEvent]:
        """One page of what happened at an appliance, newest first."""
        return self.unit.look(lambda t: list_events(t, appliance_id, cursor=cursor, limit=limit))

    def register(self, *known: tuple[str, str]) -> None:
        """Put appliances (id and kind) into the directory before they have spoken; one that is retired is back."""

        def work(t: Transaction) -> None:
            for appliance_id, kind in known:
                if ensure_appliance(t, appliance_id, kind):
                    record_audit(t, "appliance.register", appliance_id, before=None, after={"kind": kind})
                elif set_retired(t, appliance_id, is_retired=False):
                    record_audit(
                        t, "appliance.revive", appliance_id, before={"retired": True}, after={"retired": False}
                    )

        self.unit.write(work)

    def retire(self, appliance_id: str) -> Appliance:
        """Take an appliance out of service: no tickets, no sessions; what is known of it stays."""

        def work(t: Transaction) -> Appliance:
            if set_retired(t, appliance_id, is_retired=True):
                record_audit(t, "appliance.retire", appliance_id, before={"retired": False}, after={"retired": True})
                self.when_retired(t, appliance_id)
            return self._read(t, appliance_id)

        return self.unit.write(work)

    def assign(self, appliance_id: str, kind: str) -> Appliance:
        """Say that an id is another kind's; what is known of it stays."""

        def work(t: Transaction) -> Appliance:
            before = self._read(t, appliance_id)
            if set_kind(t, appliance_id, kind):
                record_audit(t, "appliance.assign", appliance_id, before={"kind": before.kind}, after={"kind": kind})
            return self._read(t, appliance_id)

        return self.unit.write(work)

    def erase(self, appliance_id: str) -> int:
        """Drop what is known of a retired appliance beside its tickets and the audit; returns how many events went.

        :class:`~alerts.errors.ConflictError` while it is in service: what it says next would be kept again.
        """

        def work(t: Transaction) -> int:
            if not self._read(t, appliance_id).retired:
                raise ConflictError(
                    f"{appliance_id} is in service; retire it first, else what it says next is kept again."
                )
            events = erase_appliance(t, appliance_id)
            forget_row(t, appliance_id)
            self.when_erased(t, appliance_id)
            record_audit(t, "appliance.erase", appliance_id, before={"events": events}, after=None)
            return events

        return self.unit.write(work)

    def note_listening(self, *, is_connected: bool) -> None:
        """Write down that the service hears the broker now, or that it does not."""
        stale_after_s = self.stale_after_s
        self.unit.write(lambda t: note_listening(t, is_connected=is_connected, stale_after_s=stale_after_s))

    def _read(self, t: Transaction, appliance_id: str) -> Appliance:
        return read_appliance(t, appliance_id, stale_after_s=self.stale_after_s, open_tickets=self.open_tickets)
