"""How a procedure ends, by itself or with its session."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import Transaction
from alerts.lifecycle import PROCEDURE, ProcedureEvent, ProcedureState, next_state
from alerts.remote.ending import EndReason
from alerts.remote.tables import procedures
from alerts.remote.transcript import add_line


def close_procedure(t: Transaction, row: Row[Any], event: ProcedureEvent, columns: dict[str, Any]) -> None:
    """End a procedure, with what it came to."""
    state = next_state("procedure", PROCEDURE, ProcedureState(row.state), event)
    t.connection.execute(
        update(procedures).where(procedures.c.id == row.id).values(state=state.value, ended_ms=t.now_ms, **columns)
    )
    told = {key: value for key, value in columns.items() if key not in {"before", "after"}}
    line = {"test": row.test, "procedure_id": row.id, **told}
    add_line(t, row.session_id, event=f"procedure_{state.value}", data=line)


def fail_procedures(t: Transaction, session_id: str, reason: EndReason) -> None:
    """The session is over, and with it what runs in it."""
    running = (procedures.c.session_id == session_id) & (procedures.c.state == ProcedureState.RUNNING.value)
    for row in t.connection.execute(select(procedures).where(running)).all():
        close_procedure(t, row, ProcedureEvent.FAIL, {"reason": reason})
