"""How a test's answers turned out, counted from the verdicts that technicians gave on its tickets."""

from __future__ import annotations

from sqlalchemy import select

from alerts.database import Transaction
from alerts.lifecycle import ProcedureState
from alerts.remote.inference import Indication, Tally
from alerts.remote.tables import procedures
from alerts.tickets.tables import tickets
from alerts.tickets.ticket import Verdict

COUNTED = 2_000
"""The newest so many answers count."""


def tally_of(t: Transaction, kind: str, test: str, modes: tuple[str, ...]) -> Tally:
    """What verdicts have said of a test's answers so far; unclear answers, those that saw nothing yet and tickets without a verdict say nothing."""
    joined = procedures.join(tickets, tickets.c.id == procedures.c.ticket_id)
    query = (
        select(
            procedures.c.verdict, tickets.c.verdict.label("found"), tickets.c.fault_mode, tickets.c.verdict_fault_mode
        )
        .select_from(joined)
        .where(
            procedures.c.kind == kind,
            procedures.c.test == test,
            procedures.c.state == ProcedureState.DONE.value,
            procedures.c.verdict.in_([Indication.CONFIRMED.value, Indication.CLEARED.value]),
            tickets.c.verdict.is_not(None),
        )
        .order_by(procedures.c.n.desc())
        .limit(COUNTED)
    )
    counts = {(is_faulty, is_confirmed): 0 for is_faulty in (True, False) for is_confirmed in (True, False)}
    for row in t.connection.execute(query):
        real = {Verdict.CONFIRMED: row.fault_mode, Verdict.OTHER_FAULT: row.verdict_fault_mode}.get(Verdict(row.found))
        counts[real in modes, row.verdict == Indication.CONFIRMED] += 1
    return Tally(
        found=counts[True, True], missed=counts[True, False], cleared=counts[False, False], accused=counts[False, True]
    )
