"""The table of customer notices: of each appliance and its owner one row, one thread of mail."""

from __future__ import annotations

from sqlalchemy import Table, UniqueConstraint

from alerts.columns import identity, metadata, ms, number, serial, word

customer_notices = Table(
    "customer_notices",
    metadata,
    serial(),
    identity("appliance_id"),
    identity("customer_id"),
    word("matter"),
    ms("since_ms", nullable=False),
    number("times"),
    ms("told_ms", nullable=False),
    UniqueConstraint("appliance_id", "customer_id", name="one_thread"),
    sqlite_autoincrement=True,
)
"""``since_ms`` is the beginning of what was told last, ``times`` how often it was."""
