"""The detectors' checkpoint, kept in the desk's database so that it moves with what it led to."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from alerts.cursors.tables import checkpoint_rows, checkpoint_shared, cursors
from alerts.database import Transaction, upsert
from detectors.finding import Checkpoint

DETECT = "detect"


def load_checkpoint(t: Transaction) -> Checkpoint:
    """The state of the last commit; position 0 and no rows for a new installation."""
    rows = {row.appliance_id: row.state for row in t.connection.execute(select(checkpoint_rows))}
    shared = t.connection.execute(select(checkpoint_shared.c.state)).scalar_one_or_none()
    return Checkpoint(read_cursor(t, DETECT), rows, shared)


def load_row(t: Transaction, appliance_id: str) -> Checkpoint:
    """The state of one appliance, with what belongs to none; no row where nothing is kept of it."""
    query = select(checkpoint_rows).where(checkpoint_rows.c.appliance_id == appliance_id)
    rows = {row.appliance_id: row.state for row in t.connection.execute(query)}
    shared = t.connection.execute(select(checkpoint_shared.c.state)).scalar_one_or_none() if rows else None
    return Checkpoint(read_cursor(t, DETECT), rows, shared)


def save_checkpoint(t: Transaction, rows: Mapping[str, bytes], shared: bytes | None) -> None:
    """Write the changed rows, and the shared state where it is given."""
    if rows:
        statement = upsert(t.connection, checkpoint_rows)
        statement = statement.on_conflict_do_update(
            index_elements=["appliance_id"],
            set_={"state": statement.excluded.state},
        )
        t.connection.execute(
            statement,
            [{"appliance_id": appliance_id, "state": bytes(state)} for appliance_id, state in rows.items()],
        )
    if shared is not None:
        statement = upsert(t.connection, checkpoint_shared)
        statement = statement.on_conflict_do_update(index_elements=["id"], set_={"state": statement.excluded.state})
        t.connection.execute(statement, [{"id": 1, "state": bytes(shared)}])


def forget_row(t: Transaction, appliance_id: str) -> None:
    """Drop what the detectors have learned of one appliance."""
    t.connection.execute(delete(checkpoint_rows).where(checkpoint_rows.c.appliance_id == appliance_id))


def read_cursor(t: Transaction, name: str) -> int:
    """How far a reader has come, 0 at first."""
    return t.connection.execute(select(cursors.c.position).where(cursors.c.name == name)).scalar_one_or_none() or 0


def has_cursor(t: Transaction, name: str) -> bool:
    """Whether a reader has ever read."""
    return t.connection.execute(select(cursors.c.name).where(cursors.c.name == name)).first() is not None


def move_cursor(t: Transaction, name: str, position: int) -> bool:
    """Move a cursor forward; ``False``, and nothing moved, where it is there or beyond already."""
    statement = upsert(t.connection, cursors).values(name=name, position=position)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"position": statement.excluded.position},
        where=cursors.c.position < statement.excluded.position,
    ).returning(cursors.c.position)
    return t.connection.execute(statement).scalar_one_or_none() is not None
