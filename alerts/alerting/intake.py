"""Findings become alerts, and alerts tickets: identity first, then the gate, then the one ticket.

A finding is known by (appliance, fault mode, raised_ms): told again it updates what stands and opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, insert, select, update

from alerts.alerting.alert import Reason
from alerts.alerting.gate import hold_back
from alerts.alerting.tables import alerts, episodes
from alerts.appliances.directory import ensure_appliance
from alerts.changes import Subject, record_change
from alerts.database import Transaction
from alerts.lifecycle import ALERT, OVER, AlertEvent, AlertState, next_state
from alerts.tickets.evidence import evidence_columns, finite
from alerts.tickets.opening import DETECTOR, add_history, open_from_finding, refresh_from_finding
from alerts.tickets.tables import tickets
from detectors.finding import Channel, Evidence, Finding
from ingest.profiles.definition import Profile

HISTORY_LENGTH_MAX = 100
PENDING_AT_ONCE = 200

log = structlog.get_logger()


def take_finding(t: Transaction, finding: Finding, profiles: Mapping[str, Profile]) -> Reason:
    """Take in one finding; returns what was decided, which is also stored with the alert."""
    ensure_appliance(t, finding.appliance_id, finding.kind)
    episode = t.connection.execute(_episode_query(finding)).one_or_none()
    alert = _find_alert(t, finding, episode)
    if finding.cleared_ms is not None:
        return _clear(t, finding, episode, alert)
    if episode is not None and alert is not None and alert.state == AlertState.RESOLVED:
        return Reason(alert.reason)
    alert = _create(t, finding) if alert is None else _update(t, alert, finding)
    if episode is None:
        _remember(t, finding, alert.id)
        return _decide(t, alert, finding, profiles)
    if alert.state == AlertState.PENDING:
        return _decide(t, alert, finding, profiles)
    if alert.ticket_id is not None:
        refresh_from_finding(t, alert.ticket_id, finding, profiles.get(finding.kind))
    return Reason(alert.reason)


def ask_again(t: Transaction, profiles: Mapping[str, Profile], *, after: int) -> int | None:
    """Ask the gate again for a page of the alerts that it held back; returns where the next page begins, if there is one."""
    query = select(alerts).where(_is_held(), alerts.c.n > after).order_by(alerts.c.n)
    held = t.connection.execute(query.limit(PENDING_AT_ONCE)).all()
    for alert in held:
        _decide(t, alert, finding_of(alert), profiles)
    return int(held[-1].n) if len(held) == PENDING_AT_ONCE else None


def has_pending(t: Transaction) -> bool:
    """Whether any alert is held back."""
    return t.connection.execute(select(alerts.c.n).where(_is_held()).limit(1)).first() is not None


def finding_of(alert: Row[Any]) -> Finding:
    """The finding as the alert remembers it."""
    window = alert.failure_window
    return Finding(
        appliance_id=alert.appliance_id,
        kind=alert.kind,
        fault_mode=alert.fault_mode,
        component=alert.component,
        channel=Channel(alert.channel),
        raised_ms=alert.raised_ms,
        onset_ms=alert.onset_ms,
        score=alert.score,
        severity=alert.severity,
        probability=alert.probability,
        evidence=tuple(_evidence(item) for item in alert.evidence or ()),
        alternatives=tuple((mode, probability) for mode, probability in alert.alternatives or ()),
        failure_window_ms=None if window is None else (window["from"], window["to"], window["coverage"]),
        error_code=alert.error_code,
    )


def _is_held() -> ColumnElement[bool]:
    reasons = (Reason.INHIBITED_RECENT_REPAIR, Reason.SILENCED, Reason.APPLIANCE_RETIRED)
    standing = (AlertState.PENDING.value, AlertState.FIRING.value)
    return alerts.c.state.in_(standing) & alerts.c.reason.in_([reason.value for reason in reasons])


def _decide(t: Transaction, alert: Row[Any], finding: Finding, profiles: Mapping[str, Profile]) -> Reason:
    reason = hold_back(t, alert)
    ticket_id = alert.ticket_id
    if reason is None:
        ticket_id, is_new = open_from_finding(t, finding, profiles.get(finding.kind), alert_id=alert.id)
        reason = Reason.TICKET_OPENED if is_new else Reason.ALREADY_OPEN
        if not is_new:
            refresh_from_finding(t, ticket_id, finding, profiles.get(finding.kind))
    fires = reason in {Reason.TICKET_OPENED, Reason.ALREADY_OPEN, Reason.DATA_FAULT_NO_TICKET}
    if reason == alert.reason and not fires:
        return reason
    columns: dict[str, Any] = {"reason": reason.value, "ticket_id": ticket_id}
    if fires and alert.state == AlertState.PENDING:
        state = next_state("alert", ALERT, AlertState(alert.state), AlertEvent.FIRE)
        columns |= {"state": state.value, "fired_ms": t.now_ms}
    _write(t, alert, "fired" if "state" in columns else "decided", columns)
    log.info("alert_decided", appliance_id=alert.appliance_id, fault_mode=alert.fault_mode, reason=reason.value)
    return reason


def _clear(t: Transaction, finding: Finding, episode: Row[Any] | None, alert: Row[Any] | None) -> Reason:
    if episode is not None and episode.cleared_ms is not None:
        return Reason.CLEARED_BEFORE_TICKET if alert is None else Reason(alert.reason)
    reason = Reason.CLEARED_BEFORE_TICKET if alert is None else Reason(alert.reason)
    if alert is None:
        alert = _create(t, finding, reason=reason)
    if episode is None:
        _remember(t, finding, alert.id)
    t.connection.execute(
        update(episodes)
        .where(
            episodes.c.appliance_id == finding.appliance_id,
            episodes.c.fault_mode == finding.fault_mode,
            episodes.c.raised_ms == finding.raised_ms,
        )
        .values(cleared_ms=finding.cleared_ms),
    )
    if alert.state == AlertState.RESOLVED:
        return reason
    state = next_state("alert", ALERT, AlertState(alert.state), AlertEvent.RESOLVE)
    _write(t, alert, "resolved", {"state": state.value, "resolved_ms": finding.cleared_ms, "reason": reason.value})
    _tell_ticket(t, alert)
    return reason


def _tell_ticket(t: Transaction, alert: Row[Any]) -> None:
    # The ticket stays: a person says whether the fault has cleared itself or hides. The history says what we saw.
    if alert.ticket_id is None:
        return
    row = t.connection.execute(select(tickets).where(tickets.c.id == alert.ticket_id)).one_or_none()
    if row is None or row.status in OVER:
        return
    t.connection.execute(update(tickets).where(tickets.c.id == row.id).values(version=row.version + 1))
    add_history(t, row.id, actor=DETECTOR, event="finding_cleared")
    record_change(t, Subject.TICKET, row.id, {"number": row.number, "status": row.status})


def _episode_query(finding: Finding) -> Any:
    return select(episodes).where(
        episodes.c.appliance_id == finding.appliance_id,
        episodes.c.fault_mode == finding.fault_mode,
        episodes.c.raised_ms == finding.raised_ms,
    )


def _find_alert(t: Transaction, finding: Finding, episode: Row[Any] | None) -> Row[Any] | None:
    if episode is not None:
        return t.connection.execute(select(alerts).where(alerts.c.id == episode.alert_id)).one()
    standing = select(alerts).where(
        alerts.c.appliance_id == finding.appliance_id,
        alerts.c.fault_mode == finding.fault_mode,
        alerts.c.state != AlertState.RESOLVED.value,
    )
    return t.connection.execute(standing).first()


def _columns(finding: Finding) -> dict[str, Any]:
    return evidence_columns(finding) | {
        "component": finding.component,
        "channel": finding.channel.value,
        "score": finite(finding.score) or 0.0,
        "error_code": finding.error_code,
        "raised_ms": finding.raised_ms,
    }


def _create(t: Transaction, finding: Finding, *, reason: Reason = Reason.ALREADY_OPEN) -> Row[Any]:
    alert_id = t.new_id("al")
    values = _columns(finding) | {
        "id": alert_id,
        "appliance_id": finding.appliance_id,
        "kind": finding.kind,
        "fault_mode": finding.fault_mode,
        "state": AlertState.PENDING.value,
        "reason": reason.value,
        "created_ms": t.now_ms,
        "history": [{"at_ms": t.now_ms, "event": "raised"}],
    }
    t.connection.execute(insert(alerts).values(values))
    return t.connection.execute(select(alerts).where(alerts.c.id == alert_id)).one()


def _update(t: Transaction, alert: Row[Any], finding: Finding) -> Row[Any]:
    columns = _columns(finding)
    if any(alert._mapping[name] != value for name, value in columns.items()):  # noqa: SLF001 - public name of a mapping
        _write(t, alert, "updated", columns)
    return t.connection.execute(select(alerts).where(alerts.c.id == alert.id)).one()


def _remember(t: Transaction, finding: Finding, alert_id: str) -> None:
    t.connection.execute(
        insert(episodes).values(
            appliance_id=finding.appliance_id,
            fault_mode=finding.fault_mode,
            raised_ms=finding.raised_ms,
            alert_id=alert_id,
        ),
    )


def _write(t: Transaction, alert: Row[Any], event: str, columns: dict[str, Any]) -> None:
    line = {"at_ms": t.now_ms, "event": event, "reason": columns.get("reason")}
    history = [*(alert.history or []), line][-HISTORY_LENGTH_MAX:]
    t.connection.execute(update(alerts).where(alerts.c.id == alert.id).values(**columns, history=history))
    change = {"appliance_id": alert.appliance_id, "state": columns.get("state", alert.state)}
    record_change(t, Subject.ALERT, alert.id, change | {"ticket_id": columns.get("ticket_id", alert.ticket_id)})


def _evidence(item: Mapping[str, Any]) -> Evidence:
    def number(name: str, default: float) -> float:
        return default if item[name] is None else float(item[name])

    return Evidence(
        metric=item["metric"],
        observed=number("observed", float("nan")),
        expected_low=number("expected_low", float("-inf")),
        expected_high=number("expected_high", float("inf")),
        unit=item["unit"],
        since_ms=item["since_ms"],
        share=item["share"],
    )
