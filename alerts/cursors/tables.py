"""The tables of readers: how far each has come, and the detectors' state of then."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text

from alerts.columns import metadata, ms

checkpoint_rows = Table(
    "checkpoint_rows",
    metadata,
    Column("appliance_id", String(64), primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

checkpoint_shared = Table(
    "checkpoint_shared",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", LargeBinary, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(200), primary_key=True),
    ms("position", nullable=False),
)

left_positions = Table(
    "left_positions",
    metadata,
    Column("journal", String(200), primary_key=True),
    Column("name", String(200), primary_key=True),
    ms("position", nullable=False),
    ms("left_ms", nullable=False),
)
"""How far the readers had come in journals that another one took the place of, and when it did."""

claims = Table(
    "claims",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("journal", String(200), nullable=False),
    Column("place", Text, nullable=True),
    ms("seen_ms"),
)
"""One row: the journal that the cursors belong to, where its installation runs, and when that last said so."""
