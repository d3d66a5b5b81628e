"""Whose journal the cursors in this database belong to: position 157 of one journal says nothing about another.

An installation claims the database for its journal. Where it was claimed for another journal, the cursors of old are worth
nothing: the new one is read from its beginning, and that is written down. Where that other installation still lives,
the claim is refused: two would take each other's cursors for their own.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select, update

from alerts.audit.chain import record_audit
from alerts.cursors.tables import claims, cursors
from alerts.database import Transaction, upsert
from alerts.errors import DatabaseError

LIVES_MS = 20_000
"""An installation that has not been heard for so long is gone."""
AHEAD_MS = 300_000
"""How far ahead another machine's clock may be."""
OF_THE_JOURNAL = ("detect", "desk")
"""Cursors whose positions are the journal's."""

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
        t.connection.execute(update(cursors).where(cursors.c.name.in_(OF_THE_JOURNAL)).values(position=0))
        record_audit(t, "journal.other", journal, {"before": found.journal, "place": place})
        log.warning("journal_is_another", before=found.journal, now=journal, sentence="It is read from its beginning.")
    values = {"journal": journal, "place": place, "seen_ms": t.now_ms}
    statement = upsert(t.connection, claims).values(id=1, **values)
    t.connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def hold(t: Transaction, journal: str) -> None:
    """Say that the installation lives; raises :class:`DatabaseError` where the claim has gone to another."""
    mine = update(claims).where(claims.c.journal == journal).values(seen_ms=t.now_ms)
    if not t.connection.execute(mine).rowcount:
        raise DatabaseError("The database was claimed by another installation: give each one a database of its own.")


def let_go(t: Transaction, journal: str) -> None:
    """Say that the installation has ended, so that another may claim the database at once."""
    t.connection.execute(update(claims).where(claims.c.journal == journal).values(seen_ms=None))
