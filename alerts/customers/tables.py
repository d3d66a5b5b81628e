"""The tables of the customer file; what tells who somebody is lies there sealed."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text, text

from alerts.columns import Big, identity, json_value, metadata, ms, number, serial, word

customers = Table(
    "customers",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("external_id", String(200), nullable=True, unique=True),
    word("language"),
    Column("contact", LargeBinary, nullable=False),
    identity("merged_into", nullable=True, index=True),
    ms("created_ms", nullable=False),
    ms("changed_ms", nullable=False),
    ms("erased_ms"),
    number("version", default=1),
    sqlite_autoincrement=True,
)

customer_words = Table(
    "customer_words",
    metadata,
    Column("word", LargeBinary(16), primary_key=True),
    Column("customer_n", Big, primary_key=True, autoincrement=False),
    Index("ix_customer_words_customer_n", "customer_n"),
)
"""What a customer is found by: keyed digests of words, so that the table alone tells nobody's name."""

sites = Table(
    "sites",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("customer_id", index=True),
    Column("external_id", String(200), nullable=True),
    Column("address", LargeBinary, nullable=False),
    Column("latitude", Float, nullable=True),
    Column("longitude", Float, nullable=True),
    Column("region", Text, nullable=True, index=True),
    Column("time_zone", String(64), nullable=False),
    json_value("access_hours"),
    ms("created_ms", nullable=False),
    number("version", default=1),
    Index("uq_sites_external_id", "customer_id", "external_id", unique=True),
    sqlite_autoincrement=True,
)

ownerships = Table(
    "ownerships",
    metadata,
    serial(),
    identity("id", unique=True),
    identity("appliance_id", index=True),
    identity("customer_id", index=True),
    identity("site_id", nullable=True),
    ms("from_ms", nullable=False),
    ms("until_ms"),
    Column("serial", String(200), nullable=True, index=True),
    Column("batch", String(200), nullable=True),
    Column("purchased_on", String(10), nullable=True),
    Column("installed_on", String(10), nullable=True),
    Column("proof", LargeBinary, nullable=True),
    Index(
        "uq_ownerships_present",
        "appliance_id",
        unique=True,
        sqlite_where=text("until_ms IS NULL"),
        postgresql_where=text("until_ms IS NULL"),
    ),
    sqlite_autoincrement=True,
)
"""Who owned an appliance from when until when; one owner at a time, held by the database."""

consents = Table(
    "consents",
    metadata,
    serial(),
    identity("customer_id"),
    word("purpose"),
    word("channel", nullable=True),
    Column("is_given", Boolean, nullable=False),
    ms("at_ms", nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("source", String(200), nullable=False),
    Index("ix_consents_newest", "customer_id", "purpose", "n"),
)
"""Each yes and each no, in order; the newest stands."""

contact_keys = Table(
    "contact_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String(64), nullable=False),
)
"""One row: by which key customers are found, so that a wrong key file is told and not taken for an empty file."""

customer_links = Table(
    "customer_links",
    metadata,
    serial(),
    identity("id", unique=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    identity("customer_id", index=True),
    identity("ticket_id", index=True),
    ms("created_ms", nullable=False),
    Column("created_by", Text, nullable=False),
    ms("expires_ms", nullable=False),
    ms("revoked_ms"),
    ms("opened_ms"),
    sqlite_autoincrement=True,
)
"""Links to a customer's page; only a digest of the secret in it is kept."""

customer_answers = Table(
    "customer_answers",
    metadata,
    serial(),
    identity("ticket_id", index=True),
    identity("customer_id"),
    identity("link_id"),
    ms("at_ms", nullable=False),
    word("kind"),
    Column("stars", Integer, nullable=True),
    json_value("reasons"),
    Column("text", LargeBinary, nullable=True),
    sqlite_autoincrement=True,
)
"""What customers answered on their page; their words lie sealed."""

letters = Table(
    "letters",
    metadata,
    serial(),
    Column("identity", String(64), nullable=False, unique=True),
    ms("at_ms", nullable=False),
    word("state"),
    word("reason", nullable=True),
    identity("ticket_id", nullable=True, index=True),
    identity("appliance_id", nullable=True),
    identity("customer_id", nullable=True, index=True),
    Column("content", LargeBinary, nullable=True),
    Index("ix_letters_state", "state", "n"),
    sqlite_autoincrement=True,
)
"""Mail that came in, each once; who wrote what lies sealed. ``content`` is empty where its customer was erased; ``identity`` is a digest of the Message-ID."""
