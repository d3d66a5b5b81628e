"""The tables of credit notes, claims to makers, and outcomes of tickets. Amounts are text, as all money here is."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from alerts.columns import identity, metadata, ms, number, sentence, serial, word


def _head(name: str) -> tuple[Column[int] | Column[str], ...]:
    return (
        serial(),
        Column("external_id", String(200), nullable=False, unique=True),
        identity("ticket_id", index=True),
        Column("currency", String(3), nullable=False),
        ms("at_ms", nullable=False, index=name == "credit_notes"),
        Column("recorded_by", Text, nullable=False),
        sentence("note"),
    )


credit_notes = Table(
    "credit_notes",
    metadata,
    *_head("credit_notes"),
    identity("receipt_id", index=True),
    word("payer"),
    word("reason"),
    Column("net", String(32), nullable=False),
    Column("tax", String(32), nullable=False),
    Column("total", String(32), nullable=False),
    Column("paid_on", String(10), nullable=True),
    sqlite_autoincrement=True,
)
"""What is given back of a receipt; written once."""

claims = Table(
    "maker_claims",
    metadata,
    *_head("maker_claims"),
    number("episode", default=1),
    Column("maker", String(200), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("serial", String(200), nullable=True),
    word("status", index=True),
    Column("claimed", String(32), nullable=False),
    Column("accepted", String(32), nullable=True),
    Column("paid_on", String(10), nullable=True),
    sqlite_autoincrement=True,
)
"""What a maker is asked to pay for a part that failed under its warranty."""

outcomes = Table(
    "outcomes",
    metadata,
    *_head("outcomes"),
    number("episode", default=1),
    word("kind"),
    Column("value", String(32), nullable=False),
    Column("fee", String(32), nullable=False),
    Column("record", String(200), nullable=True),
    Column("carrier", String(200), nullable=True),
    Column("done_on", String(10), nullable=False),
    Index("one_outcome", "ticket_id", "episode", unique=True),
    sqlite_autoincrement=True,
)
"""What became of an appliance that was not repaired; one per episode, held by the database."""
