"""The tables of articles: one per fault mode and model, held by the database; each of their versions; what they are found by."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text, UniqueConstraint

from alerts.columns import Big, identity, json_value, metadata, ms, number, serial, word

articles = Table(
    "articles",
    metadata,
    serial(),
    identity("id", unique=True),
    word("kind"),
    word("fault_mode"),
    Column("model", String(200), nullable=False, default="", server_default=""),
    word("status"),
    Column("owner", Text, nullable=False),
    number("version", default=1),
    json_value("text"),
    ms("changed_ms", nullable=False),
    Column("changed_by", Text, nullable=False),
    UniqueConstraint("kind", "fault_mode", "model", name="one_article"),
    sqlite_autoincrement=True,
)

article_versions = Table(
    "article_versions",
    metadata,
    serial(),
    identity("article_id", index=True),
    number("version"),
    json_value("content"),
    ms("at_ms", nullable=False),
    Column("by", Text, nullable=False),
    UniqueConstraint("article_id", "version", name="once_per_article_and_version"),
    sqlite_autoincrement=True,
)

article_search = Table(
    "article_search",
    metadata,
    Column("n", Big, ForeignKey("articles.n"), primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)
"""What each article is found by; indexed by trigrams where the database has them (:mod:`alerts.word_index`)."""
