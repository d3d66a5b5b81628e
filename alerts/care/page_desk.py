"""Care on a customer's page: advice about their appliance, as the holder of a link reads and answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from alerts.care.care import Care
from alerts.care.reading import advice_row, read_care
from alerts.care.telling import tell
from alerts.customers.links import open_link
from alerts.customers.sealed import Sealed
from alerts.customers.sealed_unit import SealedUnit
from alerts.database import CUSTOMER
from alerts.errors import UnknownError
from alerts.tickets.tables import tickets
from ingest.profiles.definition import Profile


@dataclass(frozen=True, slots=True)
class CarePages:
    """What is advised, for who holds a link; one method, one transaction."""

    sealed: SealedUnit
    profiles: Mapping[str, Profile]

    def on_page(self, secret: str) -> Care | None:
        """Advice and consumables of the link's appliance; None while nothing may be advised about it."""

        def work(s: Sealed) -> Care | None:
            care = read_care(s.t, _appliance_of(s, secret), self.profiles)
            return care if care.quiet is None else None

        return self.sealed.look(work)

    def tell_on_page(self, secret: str, advice_id: str, *, is_done: bool) -> None:
        """The holder has done it, or won't; of another's advice there is none."""

        def work(s: Sealed) -> None:
            if advice_row(s.t, advice_id).appliance_id != _appliance_of(s, secret):
                raise UnknownError(f"There is no advice {advice_id!r} on this page.")
            tell(s.t.by(CUSTOMER), advice_id, self.profiles, is_done=is_done)

        self.sealed.write(work)


def _appliance_of(s: Sealed, secret: str) -> str:
    query = select(tickets.c.appliance_id).where(tickets.c.id == open_link(s, secret).ticket_id)
    return str(s.t.connection.execute(query).scalar_one())
