"""Notices, as they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.database import UnitOfWork
from alerts.notices.notice import Delivery, DeliveryState
from alerts.notices.reading import (
    ReceiverState,
    count_deliveries,
    list_deliveries,
    list_receivers,
    retry_delivery,
    retry_parked,
)
from alerts.page import LIMIT_DEFAULT, Page


@dataclass(frozen=True, slots=True)
class Notices:
    """What others were told, and what they were not; one method, one transaction."""

    unit: UnitOfWork

    def page(
        self,
        *,
        state: DeliveryState | None = None,
        receiver: str | None = None,
        subject_id: str | None = None,
        cursor: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Delivery]:
        """One page of the log of deliveries, newest first."""
        return self.unit.look(
            lambda t: list_deliveries(
                t, state=state, receiver=receiver, subject_id=subject_id, cursor=cursor, limit=limit
            )
        )

    def retry_parked(self, *, receiver: str | None = None) -> int:
        """Give all parked deliveries another day, of one receiver or of all; returns how many."""
        return self.unit.write(lambda t: retry_parked(t, receiver))

    def counts(self) -> Mapping[DeliveryState, int]:
        """How many deliveries stand in each state."""
        return self.unit.look(count_deliveries)

    def receivers(self) -> Sequence[ReceiverState]:
        """How each receiver stands."""
        return self.unit.look(list_receivers)

    def retry(self, number: int) -> Delivery:
        """Give a parked delivery another day."""
        return self.unit.write(lambda t: retry_delivery(t, number))
