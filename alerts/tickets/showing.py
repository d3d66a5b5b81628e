"""Rows of tickets as the value that everyone outside sees: with history, clocks, evidence and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from alerts.database import Transaction
from alerts.lifecycle import TICKET, TicketState
from alerts.page import moment
from alerts.tickets.account import Terms
from alerts.tickets.clock_reading import clocks_of
from alerts.tickets.evidence import read_alternatives, read_evidence, read_window
from alerts.tickets.tables import ticket_history
from alerts.tickets.terms import terms_of
from alerts.tickets.ticket import (
    Headline,
    HistoryEntry,
    Recommended,
    RecommendedPart,
    Resolution,
    Sla,
    Symptom,
    TestAgain,
    Ticket,
    TicketSource,
    Verdict,
    VerdictRecord,
    Visit,
)
from alerts.tickets.typed import work_of
from ingest.clock import from_ms


def tickets_of(t: Transaction, rows: Sequence[Row[Any]]) -> tuple[Ticket, ...]:
    """The tickets in rows that have model and region of their appliance beside their own columns."""
    ids = [row.id for row in rows]
    lines: dict[str, list[Row[Any]]] = {}
    query = select(ticket_history).where(ticket_history.c.ticket_id.in_(ids)).order_by(ticket_history.c.n)
    for line in t.connection.execute(query):
        lines.setdefault(line.ticket_id, []).append(line)
    logs = terms_of(t, ids)
    return tuple(_ticket(t, row, lines.get(row.id, ()), logs.get(row.id, ())) for row in rows)


def _ticket(t: Transaction, row: Row[Any], lines: Sequence[Any], log: Sequence[tuple[int, Terms]]) -> Ticket:
    clocks = clocks_of(row, lines, log, now_ms=t.now_ms)
    has_visit = row.visit_from_ms is not None or row.visit_to_ms is not None
    status = TicketState(row.status)
    return Ticket(
        id=row.id,
        number=row.number,
        appliance_id=row.appliance_id,
        kind=row.kind,
        model=row.model,
        region=row.region,
        component=row.component,
        fault_mode=row.fault_mode,
        title=row.title,
        summary=row.summary or {},
        description=row.description,
        status=status,
        priority=row.priority,
        severity=row.severity,
        type=row.type,
        work=work_of(t.rules, row),
        source=TicketSource(row.source),
        channel=row.channel,
        opened_at=from_ms(row.opened_ms),
        onset_at=moment(row.onset_ms),
        probability=row.probability,
        failure_window=read_window(row.failure_window),
        evidence=read_evidence(row.evidence),
        cause_of=_symptoms(row),
        alternatives=read_alternatives(row.alternatives),
        recommended=_recommended(row.recommended or {}),
        sla=Sla(clocks[0].due_at, clocks[1].due_at, row.paused_reason),
        clocks=clocks,
        contract=row.contract,
        assignee=row.assignee,
        visit=Visit(moment(row.visit_from_ms), moment(row.visit_to_ms)) if has_visit else None,
        verdict=_verdict(row),
        resolution=Resolution(row.resolution) if row.resolution else None,
        alert_id=row.alert_id,
        raised=None if row.raised is None else _headline(row.raised, at_ms=row.raised["at_ms"]),
        now=_headline_now(row),
        cleared_at=moment(row.cleared_ms),
        watched_until=moment(row.watched_until_ms),
        gate=row.gate,
        closed_at=moment(row.closed_ms),
        episode=row.episode,
        history=tuple(map(_entry, lines)),
        version=row.version,
        legal_steps=tuple(step.value for step in TICKET[status]),
    )


def _verdict(row: Row[Any]) -> VerdictRecord | None:
    if row.verdict is None:
        return None
    return VerdictRecord(Verdict(row.verdict), row.verdict_fault_mode, row.verdict_note)


def _headline(said: Mapping[str, Any], *, at_ms: int) -> Headline:
    return Headline(from_ms(at_ms), said["severity"], said["metric"], said["observed"], said["unit"])


def _entry(line: Any) -> HistoryEntry:
    return HistoryEntry(
        at=from_ms(line.at_ms),
        actor=line.actor,
        event=line.event,
        from_status=line.from_status,
        to_status=line.to_status,
        note=line.note,
        data=line.data or {},
    )


def _symptoms(row: Row[Any]) -> tuple[Symptom, ...]:
    return tuple(
        Symptom(one["fault_mode"], one["alert_id"], from_ms(one["onset_ms"]), read_evidence(one["evidence"]))
        for one in row.symptoms or ()
    )


def _headline_now(row: Row[Any]) -> Headline | None:
    if not row.evidence:
        return None
    return _headline(row.evidence[0] | {"severity": row.severity}, at_ms=row.followed_ms or row.opened_ms)


def _recommended(column: Mapping[str, Any]) -> Recommended:
    parts = tuple(RecommendedPart(**part) for part in column.get("parts", ()))
    again = _again(column.get("again"))
    return Recommended(column.get("first_check"), column.get("test"), parts, column.get("no_test"), again)


def _again(said: Mapping[str, Any] | None) -> TestAgain | None:
    if said is None:
        return None
    due_at = from_ms(said["due_ms"])
    return TestAgain(said["test"], said["because"], due_at, said["above"], said["is_due"], said.get("called_by"))
