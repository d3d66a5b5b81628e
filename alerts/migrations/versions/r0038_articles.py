"""Articles: what is known of fault modes, their versions, and what they are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SQLITE = (
    (
        "CREATE VIRTUAL TABLE article_words USING fts5("
        "text, content='article_search', content_rowid='n', tokenize='trigram')"
    ),
    (
        "CREATE TRIGGER article_words_new AFTER INSERT ON article_search BEGIN "
        "INSERT INTO article_words(rowid, text) VALUES (new.n, new.text); END"
    ),
    (
        "CREATE TRIGGER article_words_gone AFTER DELETE ON article_search BEGIN "
        "INSERT INTO article_words(article_words, rowid, text) VALUES ('delete', old.n, old.text); END"
    ),
    (
        "CREATE TRIGGER article_words_changed AFTER UPDATE ON article_search BEGIN "
        "INSERT INTO article_words(article_words, rowid, text) VALUES ('delete', old.n, old.text); "
        "INSERT INTO article_words(rowid, text) VALUES (new.n, new.text); END"
    ),
)


def upgrade() -> None:
    """Make the tables and the index of words."""
    big = sa.BigInteger
    number = big().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "articles",
        sa.Column("n", number, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("fault_mode", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200), nullable=False, server_default=""),
        sa.Column("status", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("text", sa.JSON(none_as_null=True)),
        sa.Column("changed_ms", big, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_articles"),
        sa.UniqueConstraint("id", name="uq_articles_id"),
        sa.UniqueConstraint("kind", "fault_mode", "model", name="one_article"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "article_versions",
        sa.Column("n", number, autoincrement=True, nullable=False),
        sa.Column("article_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("content", sa.JSON(none_as_null=True)),
        sa.Column("at_ms", big, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_article_versions"),
        sa.UniqueConstraint("article_id", "version", name="once_per_article_and_version"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_article_versions_article_id", "article_versions", ["article_id"])
    op.create_table(
        "article_search",
        sa.Column(
            "n", number, sa.ForeignKey("articles.n", name="fk_article_search_n"), primary_key=True, autoincrement=False
        ),
        sa.Column("text", sa.Text, nullable=False),
    )
    _index(op.get_bind())


def _index(connection: sa.Connection) -> None:
    """By trigrams, where the database has them; without, the same is found."""
    if connection.dialect.name == "sqlite":
        for statement in SQLITE:
            connection.exec_driver_sql(statement)
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(
                "CREATE INDEX article_search_trigrams ON article_search USING gin (text gin_trgm_ops)"
            )
    except sa.exc.DBAPIError:
        return
