"""The tables of accounts and of the secrets that let them in."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text, text

from alerts.columns import metadata, ms, word

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(200), primary_key=True),
    word("role"),
    Column("password_hash", Text),
    ms("created_ms", nullable=False),
    Column("disabled", Boolean, nullable=False, default=False, server_default=text("false")),
)

credentials = Table(
    "credentials",
    metadata,
    Column("digest", String(64), primary_key=True),
    word("purpose"),
    Column("account", String(200), ForeignKey("accounts.name"), nullable=False, index=True),
    word("prefix"),
    ms("created_ms", nullable=False),
    ms("expires_ms"),
    ms("revoked_ms"),
)
