"""Care for a town: somebody who wants advice, and eight weeks of how their refrigerator was used."""

from __future__ import annotations

from alerts.care.counting import BACK_DAYS, Due
from alerts.care.windows import DAY_MS
from alerts.customers.customer import Contact, NewCustomer, NewOwnership, Purpose
from alerts.desk import Desk
from ingest.clock import from_ms


def make_care(desk: Desk, appliance_id: str) -> None:
    """Needlessly cold, and the coil is due: one piece of advice stands."""
    now_ms = desk.unit.clock.now_ms()
    owner = desk.customers.add(NewCustomer(Contact(name="Li Na")))
    desk.customers.give(owner.id, NewOwnership(appliance_id, since=from_ms(now_ms - 400 * DAY_MS)))
    desk.customers.consent(owner.id, Purpose.ADVICE, None, is_given=True, source="form")
    until = now_ms // DAY_MS - 1
    days = range(until - BACK_DAYS + 1, until + 1)
    uses = {"freezer_set": -24.0, "energy": 1.2, "cooling_hours": 12.0, "door_open": 600.0}
    counted = {name: {day: value + 0.01 * (day % 5) for day in days} for name, value in uses.items()}
    desk.care.count(until, {Due(appliance_id, "refrigerator", days[0]): counted})
