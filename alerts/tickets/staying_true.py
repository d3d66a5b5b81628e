"""Tickets that stay true: what a standing finding says now, on the ticket that it opened.

Evidence, probability, alternatives and the sentence follow silently: they bump no version that guards what a person saw.
Severity and failure window move by steps, so that they do not tremble. A change that crosses a class (severity low,
medium, high; priority) is a line of history and a notice; all others share one line a week, which is kept up to date.
A priority that a person has set is raised where it must be, and never lowered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, update

from alerts.database import Transaction
from alerts.lifecycle import OVER
from alerts.notices.changes import Subject, put_notice, record_change
from alerts.tickets.causes import said_after_tests
from alerts.tickets.clock_keeping import settle_clocks
from alerts.tickets.evidence import evidence_columns
from alerts.tickets.opening import DETECTOR, add_history
from alerts.tickets.proposing_again import AGAIN_GROWN, grown_again, tell_again
from alerts.tickets.sentence import summary_of
from alerts.tickets.sla import DAY_MS, more_urgent, priority_of
from alerts.tickets.tables import ticket_history, tickets
from detectors.finding import Finding
from ingest.clock import from_ms
from ingest.profiles.definition import Profile

SEVERITY_STEP = 0.1
"""Less is no news."""
SEVERITY_CLASSES = (0.3, 0.7)
"""Where low ends and where high begins."""
HYSTERESIS = 0.05
"""How far below its edge a class is left again."""
WINDOW_STEP = 0.2
"""Of the standing window's distance from now: an edge that moved by less is no news; nor is one by less than six hours."""
WINDOW_STEP_MS = DAY_MS // 4
ONE_LINE_MS = 7 * DAY_MS


def follow(t: Transaction, ticket_id: str, finding: Finding, profile: Profile | None, *, alert_id: str) -> None:
    """Bring an open ticket up to what its finding says now, and to the alert that stands."""
    row = t.connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one()
    if row.fault_mode != finding.fault_mode or row.status in OVER:
        return
    said = said_after_tests(evidence_columns(finding), finding.fault_mode, row.tested)
    before = row._mapping  # noqa: SLF001 - the public name of a row as a mapping
    columns = said | {
        "severity": _stepped(row.severity, said["severity"]),
        "failure_window": _moved(row.failure_window, said["failure_window"], now_ms=t.now_ms),
        "alert_id": alert_id,
        "cleared_ms": None,
    }
    columns["priority"] = _priority(t, row, columns, profile)
    if all(before[name] == value for name, value in columns.items()):
        return
    columns |= grown_again(row, columns["severity"])
    columns["followed_ms"] = t.now_ms
    columns["summary"] = summary_of(finding, profile, now=from_ms(t.now_ms))
    crossed = _crossed(row, columns)
    version = row.version + bool(crossed)
    t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(**columns, version=version))
    if "test_again_ms" in columns:
        tell_again(t, row, AGAIN_GROWN, version=version)
    if crossed:
        is_worse = columns["priority"] < row.priority or (columns["severity"] or 0) > (row.severity or 0)
        add_history(t.by(DETECTOR), row.id, event="worsened" if is_worse else "eased", data=crossed)
        notice = {"id": row.id, "number": row.number, "version": version, "status": row.status}
        notice |= {"appliance_id": row.appliance_id, "fault_mode": row.fault_mode, "changed": crossed}
        put_notice(t, "ticket.changed", row.id, notice, dedupe_key=f"{row.id}:{version}:changed")
    else:
        _note(t, row, said)
    if columns["priority"] != row.priority:
        settle_clocks(t, row.id)
    record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})


def severity_class(severity: float | None) -> int:
    """0 low, 1 medium, 2 high."""
    return sum((severity or 0.0) >= edge for edge in SEVERITY_CLASSES)


def _stepped(standing: float | None, said: float) -> float:
    """The severity to show: what stands, until what is said has moved by a step or into another class for good."""
    if standing is None:
        return said
    fell = severity_class(said) < severity_class(standing) and severity_class(said + HYSTERESIS) < severity_class(
        standing
    )
    rose = severity_class(said) > severity_class(standing)
    if rose or fell:
        return said
    is_step = abs(said - standing) >= SEVERITY_STEP
    return said if is_step and severity_class(said) == severity_class(standing) else standing


def _moved(
    standing: Mapping[str, Any] | None, said: Mapping[str, Any] | None, *, now_ms: int
) -> Mapping[str, Any] | None:
    """The failure window to show: what stands, until an edge has moved by a step."""
    if standing is None or said is None:
        return said
    for edge in ("from", "to"):
        step_ms = max(WINDOW_STEP * abs(standing[edge] - now_ms), WINDOW_STEP_MS)
        if abs(said[edge] - standing[edge]) >= step_ms:
            return said
    return standing


def _priority(t: Transaction, row: Row[Any], columns: Mapping[str, Any], profile: Profile | None) -> int:
    """The priority that follows; it is lowered only where it would be lower with a margin, and never a person's."""
    now_ms, steps = t.now_ms, t.rules.priority.steps_of(row.contract)
    mode = profile.fault_modes.get(row.fault_mode) if profile else None
    window = columns["failure_window"]
    danger = mode.danger if mode else 1
    fails_by_ms = window["to"] if window else None
    severity = columns["severity"] or 0.0
    wanted = more_urgent(priority_of(severity=severity, danger=danger, fails_by_ms=fails_by_ms, now_ms=now_ms), steps)
    if wanted <= row.priority:
        return wanted
    if row.priority_by is not None:
        return int(row.priority)
    sooner_ms = None if fails_by_ms is None else now_ms + round((fails_by_ms - now_ms) * (1 - WINDOW_STEP))
    careful = priority_of(severity=severity + HYSTERESIS, danger=danger, fails_by_ms=sooner_ms, now_ms=now_ms)
    return max(int(row.priority), more_urgent(careful, steps))


def _crossed(row: Row[Any], columns: Mapping[str, Any]) -> dict[str, Any]:
    """What has changed its class, from and to."""
    crossed: dict[str, Any] = {}
    if columns["priority"] != row.priority:
        crossed["priority"] = {"from": row.priority, "to": columns["priority"]}
    if row.severity is not None and severity_class(columns["severity"]) != severity_class(row.severity):
        crossed["severity"] = {"from": row.severity, "to": columns["severity"]}
    return crossed


def _note(t: Transaction, row: Row[Any], said: Mapping[str, Any]) -> None:
    """Keep the week's one line up to date, or begin one."""
    line = ticket_history.c
    data = {name: said[name] for name in ("severity", "probability")}
    newest = t.connection.execute(
        select(line.n, line.event, line.at_ms, line.data)
        .where(line.ticket_id == row.id)
        .order_by(line.n.desc())
        .limit(1)
    ).one_or_none()
    if newest is not None and newest.event == "evidence_updated":
        since_ms = (newest.data or {}).get("since_ms", newest.at_ms)
        if t.now_ms - since_ms < ONE_LINE_MS:
            values = {"at_ms": t.now_ms, "data": data | {"since_ms": since_ms}}
            t.connection.execute(update(ticket_history).where(line.n == newest.n).values(values))
            return
    add_history(t.by(DETECTOR), row.id, event="evidence_updated", data=data | {"since_ms": t.now_ms})
