"""What tickets and appliances are found by, folded; with an index of trigrams where the database has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.words import fold

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")

SQLITE = (
    (
        "CREATE VIRTUAL TABLE ticket_words USING fts5("
        "text, content='ticket_search', content_rowid='number', tokenize='trigram')"
    ),
    (
        "CREATE TRIGGER ticket_words_new AFTER INSERT ON ticket_search BEGIN "
        "INSERT INTO ticket_words(rowid, text) VALUES (new.number, new.text); END"
    ),
    (
        "CREATE TRIGGER ticket_words_gone AFTER DELETE ON ticket_search BEGIN "
        "INSERT INTO ticket_words(ticket_words, rowid, text) VALUES ('delete', old.number, old.text); END"
    ),
    (
        "CREATE TRIGGER ticket_words_changed AFTER UPDATE ON ticket_search BEGIN "
        "INSERT INTO ticket_words(ticket_words, rowid, text) VALUES ('delete', old.number, old.text); "
        "INSERT INTO ticket_words(rowid, text) VALUES (new.number, new.text); END"
    ),
)
POSTGRES = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ticket_search_trigrams ON ticket_search USING gin (text gin_trgm_ops)",
    "CREATE INDEX appliances_search_trigrams ON appliances USING gin (search gin_trgm_ops)",
)


def upgrade() -> None:
    """Add column, table and index, and fill them from what is there."""
    op.add_column("appliances", sa.Column("search", sa.Text, nullable=True))
    op.create_table(
        "ticket_search",
        sa.Column(
            "number",
            Big,
            sa.ForeignKey("tickets.number", name="fk_ticket_search_number"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("text", sa.Text, nullable=False),
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in SQLITE:
            connection.exec_driver_sql(statement)
    else:
        _index_trigrams(connection)
    _fill(connection)


def _index_trigrams(connection: sa.Connection) -> None:
    """By pg_trgm, where the role may have it; without it the same is found, more slowly."""
    try:
        with connection.begin_nested():
            for statement in POSTGRES:
                connection.exec_driver_sql(statement)
    except sa.exc.DBAPIError:
        return


def _fill(connection: sa.Connection) -> None:
    appliances = sa.text("SELECT id, model, serial, region FROM appliances")
    found = [{"which": row[0], "text": fold(*row)} for row in connection.execute(appliances)]
    if found:
        connection.execute(sa.text("UPDATE appliances SET search = :text WHERE id = :which"), found)
    notes: dict[str, list[str]] = {}
    lines = sa.text("SELECT ticket_id, note FROM ticket_history WHERE note IS NOT NULL ORDER BY n DESC")
    for ticket_id, note in connection.execute(lines):
        notes.setdefault(ticket_id, []).append(note)
    tickets = sa.text("SELECT number, id, title, fault_mode, appliance_id, assignee, description FROM tickets")
    texts = [
        {"number": row[0], "text": fold(*row[2:], *notes.get(row[1], ())[:100])[:40_000]}
        for row in connection.execute(tickets)
    ]
    if texts:
        connection.execute(sa.text("INSERT INTO ticket_search (number, text) VALUES (:number, :text)"), texts)
