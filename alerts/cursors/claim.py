"""Whose journal the cursors in this database belong to: position 157 of one journal says nothing about another.

An installation claims the database for its journal. Where it was claimed for another journal, the cursors of old say nothing
of the new one: they are laid aside under the old one's name, and the new one is read from where it was left, or from its
beginning where it was never here; that is written down. Where that other installation still lives, the claim is refused: two
would take each other's cursors for their own.
"""

from __future__ import annotations

import structlog
from sqlalchemy import delete, func, insert, select, update

from alerts.audit.chain import record_audit
from alerts.cursors.tables import claims, cursors, left_positions
from alerts.database import Transaction, upsert
from alerts.errors import DatabaseError

LIVES_MS = 20_000
"""An installation that has not been heard for so long is gone."""
AHEAD_MS = 300_000
"""How far ahead another machine's clock may be."""
OF_THE_JOURNAL = ("detect", "desk", "lessons")
"""Cursors that say something of the journal: positions in it, and the number of the last lesson that stands there."""
LEFT_MAX = 100
"""So many journals are remembered; of those left longest ago it is forgotten how far they were read."""

log = structlog.get_logger()


def claim(t: Transaction, journal: str, place: str) -> None:
    """Claim the database for a journal; raises :class:`DatabaseError` while another installation lives on it."""
    found = t.connection.execute(select(claims)).one_or_none()
    if found is not None and found.journal != journal:
        if found.seen_ms is not None and -AHEAD_MS <= t.now_ms - found.seen_ms <= LIVES_MS:
            raise DatabaseError(
                f"The database belongs to another installation, which runs at {found.place}: give this one "
                f"a database of its own; if that one is gone for good, start again in {LIVES_MS // 1000} seconds."
            )
        _lay_aside(t, found.journal)
        positions = _take_up(t, journal)
        where = ", ".join(f"{name} from {position}" for name, position in sorted(positions.items()))
        record_audit(
            t,
            "journal.other",
            journal,
            before={"journal": found.journal, "place": found.place},
            after={"journal": journal, "place": place},
            about={"positions": positions},
        )
        log.warning("journal_is_another", before=found.journal, now=journal, sentence=f"It is read on: {where}.")
    values = {"journal": journal, "place": place, "seen_ms": t.now_ms}
    statement = upsert(t.connection, claims).values(id=1, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def _lay_aside(t: Transaction, journal: str) -> None:
    """Keep how far a journal has been read, for the day on which it comes back."""
    ours = select(cursors).where(cursors.c.name.in_(OF_THE_JOURNAL))
    rows = [
        {"journal": journal, "name": row.name, "position": row.position, "left_ms": t.now_ms}
        for row in t.connection.execute(ours)
    ]
    t.connection.execute(delete(left_positions).where(left_positions.c.journal == journal))
    if rows:
        t.connection.execute(insert(left_positions), rows)
    newest = (
        select(left_positions.c.journal)
        .group_by(left_positions.c.journal)
        .order_by(func.max(left_positions.c.left_ms).desc(), left_positions.c.journal)
        .limit(LEFT_MAX)
    )
    t.connection.execute(delete(left_positions).where(left_positions.c.journal.not_in(newest)))


def _take_up(t: Transaction, journal: str) -> dict[str, int]:
    """Put the cursors where a journal was left, or at its beginning; where each now stands."""
    rows = t.connection.execute(select(left_positions).where(left_positions.c.journal == journal))
    positions = {**dict.fromkeys(OF_THE_JOURNAL, 0), **{row.name: row.position for row in rows}}
    for name, position in positions.items():
        t.connection.execute(update(cursors).where(cursors.c.name == name).values(position=position))
    return positions


def hold(t: Transaction, journal: str) -> None:
    """Say that the installation lives; raises :class:`DatabaseError` where the claim has gone to another."""
    mine = update(claims).where(claims.c.journal == journal).values(seen_ms=t.now_ms)
    if not t.connection.execute(mine).rowcount:
        raise DatabaseError("The database was claimed by another installation: give each one a database of its own.")


def let_go(t: Transaction, journal: str) -> None:
    """Say that the installation has ended, so that another may claim the database at once."""
    t.connection.execute(update(claims).where(claims.c.journal == journal).values(seen_ms=None))
