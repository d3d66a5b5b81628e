"""Somebody tells that the customer has done the steps, or won't; from then on the readings have the word."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert

from alerts.audit.chain import record_audit
from alerts.database import Transaction
from alerts.errors import ConflictError
from alerts.fix_first.attempt import WhyNot
from alerts.fix_first.reading import fix_first_of
from alerts.fix_first.tables import fix_first
from alerts.lifecycle import FixFirstState
from alerts.notices.changes import Subject, record_change
from alerts.tickets.opening import add_history
from alerts.tickets.reading import find_row
from alerts.words import check_words
from ingest.profiles.definition import Profile

NOTE_LENGTH_MAX = 2000
DAY_MS = 86_400_000
_SENTENCES = {
    WhyNot.NO_STEPS: "there is nothing that a customer can do against this fault",
    WhyNot.OVER: "the ticket is over",
    WhyNot.WATCHING: "it was done already, and the readings are watched",
    WhyNot.DECLINED: "the customer said no",
    WhyNot.DID_NOT_HELP: "it was tried and did not help",
    WhyNot.RELAPSED: "it helped this appliance before, and the fault came back",
}


def tell(
    t: Transaction, ticket_ref: str, profiles: Mapping[str, Profile], *, is_done: bool, note: str | None = None
) -> None:
    """Write down what was told; :class:`ConflictError` where nothing is offered. Who said no may do it after all."""
    check_words("note", note, longest=NOTE_LENGTH_MAX)
    ticket = find_row(t, ticket_ref)
    found = fix_first_of(t, ticket, profiles)
    is_after_all = is_done and found.why_not is WhyNot.DECLINED
    if found.why_not is not None and not is_after_all:
        raise ConflictError(f"Nothing to do here: {_SENTENCES[found.why_not]}.")
    state = FixFirstState.WATCHING if is_done else FixFirstState.DECLINED
    settles_days = found.steps.settles_days if found.steps is not None else 0.0
    t.connection.execute(
        insert(fix_first).values(
            id=t.new_id("ff"),
            ticket_id=ticket.id,
            appliance_id=ticket.appliance_id,
            kind=ticket.kind,
            fault_mode=ticket.fault_mode,
            state=state.value,
            told_by=t.who,
            told_ms=t.now_ms,
            settle_by_ms=t.now_ms + round(settles_days * DAY_MS) if is_done else None,
            decided_ms=None if is_done else t.now_ms,
            note=note,
        )
    )
    event = "fix_first_done" if is_done else "fix_first_declined"
    add_history(t, ticket.id, event=event, note=note)
    was = {"fix_first": found.attempts[-1].state.value} if found.attempts else None
    record_audit(
        t, f"ticket.{event}", ticket.id, before=was, after={"fix_first": state.value}, about={"number": ticket.number}
    )
    record_change(t, Subject.TICKET, ticket.id, {"number": ticket.number, "status": ticket.status})
