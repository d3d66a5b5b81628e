"""The outbox: every notice reaches every receiver at least once, or stands parked where everyone can see it.

A notice is written in the transaction of what it tells (:mod:`alerts.notices.changes`); each receiver reads it in a lane of its own
(:mod:`alerts.notices.lane`). A crash between a receiver's answer and our note of it repeats the notice under the same id: a
doubled notice is better than a missed one, and receivers know a repeat by its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from alerts.cursors.checkpoint import read_cursor
from alerts.database import Transaction, UnitOfWork
from alerts.notices.lane import Lane
from alerts.notices.notice import DeliveryState, Target, takes_records
from alerts.notices.receiver_rows import NOT_CONFIGURED, cursor_of, newest_notice, park
from alerts.notices.records import end_records
from alerts.notices.tables import deliveries, outbox, receivers

NOTICES_KEPT = 50_000
PARKED_KEPT_MS = 30 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Outbox:
    """The lanes to all receivers of the settings, and what is dropped behind them."""

    unit: UnitOfWork
    targets: Sequence[Target]
    others: Sequence[Lane] = ()
    """Lanes that choose what they carry: those of people."""

    @property
    def lanes(self) -> Sequence[Lane]:
        """One for each receiver; they may run at the same time."""
        return [
            *[Lane(self.unit, target, takes_records=takes_records(target)) for target in self.targets],
            *self.others,
        ]

    def begin(self) -> None:
        """Tell new receivers everything from now on; park what waits for one that the settings name no longer."""
        for lane in self.lanes:
            lane.begin()
        if not any(lane.takes_records for lane in self.lanes):
            self.unit.write(end_records)
        names = [lane.target.name for lane in self.lanes]
        self.unit.write(lambda t: park(t, deliveries.c.target.not_in(names), NOT_CONFIGURED))

    def run_once(self) -> int:
        """One step of each lane, one after the other; returns how many notices were delivered."""
        return sum(lane.run_once() for lane in self.lanes)

    def forget(self) -> int:
        """Drop old notices: those that everybody has beyond what is kept, and parked ones after a month."""

        def work(t: Transaction) -> int:
            names = [lane.target.name for lane in self.lanes]
            on = select(receivers.c.name).where(receivers.c.name.in_(names), receivers.c.off_ms.is_(None))
            spread = [read_cursor(t, cursor_of(name)) for name in t.connection.execute(on).scalars()]
            is_old = outbox.c.n <= min([newest_notice(t) - NOTICES_KEPT, *spread])
            kept = select(deliveries.c.notice_n).where(
                deliveries.c.state != DeliveryState.DELIVERED.value,
                deliveries.c.give_up_ms > t.now_ms - PARKED_KEPT_MS,
            )
            return t.connection.execute(delete(outbox).where(is_old, outbox.c.n.not_in(kept))).rowcount

        return self.unit.write(work)
