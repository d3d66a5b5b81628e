"""Rows of alerts: what a finding says as columns, writing with history and change event, and the finding read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update

from alerts.alerting.decision import Action
from alerts.alerting.pipeline import UNDECIDED
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.lifecycle import AlertState
from alerts.notices.changes import Subject, record_change
from alerts.tickets.evidence import evidence_columns, finite
from detectors.finding import Evidence, Finding, FindingChannel

HISTORY_LENGTH_MAX = 100


def create_alert(t: Transaction, finding: Finding) -> Row[Any]:
    """A new alert, pending and undecided."""
    alert_id = t.new_id("al")
    values = _columns(finding) | {
        "id": alert_id,
        "appliance_id": finding.appliance_id,
        "kind": finding.kind,
        "fault_mode": finding.fault_mode,
        "metric": finding.metric or "",
        "state": AlertState.PENDING.value,
        "decision": Action.HOLD.value,
        "reason": UNDECIDED.word,
        "created_ms": t.now_ms,
        "history": [{"at_ms": t.now_ms, "event": "raised"}],
    }
    t.connection.execute(insert(alerts).values(values))
    return read_row(t, alert_id)


def update_alert(t: Transaction, alert: Row[Any], finding: Finding) -> Row[Any]:
    """The alert with what the finding says now."""
    columns = _columns(finding)
    if any(alert._mapping[name] != value for name, value in columns.items()):  # noqa: SLF001 - public name of a mapping
        write_alert(t, alert, "updated", columns)
    return read_row(t, alert.id)


def write_alert(t: Transaction, alert: Row[Any], event: str, columns: Mapping[str, Any]) -> None:
    """Write columns, a line of history, and the change event."""
    line = {"at_ms": t.now_ms, "event": event, "reason": columns.get("reason")}
    history = [*(alert.history or []), line][-HISTORY_LENGTH_MAX:]
    t.connection.execute(update(alerts).where(alerts.c.id == alert.id).values(**columns, history=history))
    change = {"appliance_id": alert.appliance_id, "state": columns.get("state", alert.state)}
    record_change(t, Subject.ALERT, alert.id, change | {"ticket_id": columns.get("ticket_id", alert.ticket_id)})


def read_row(t: Transaction, alert_id: str) -> Row[Any]:
    """The alert's row, which must be there."""
    return t.connection.execute(select(alerts).where(alerts.c.id == alert_id)).one()


def finding_of(alert: Row[Any]) -> Finding:
    """The finding as the alert remembers it."""
    window = alert.failure_window
    return Finding(
        appliance_id=alert.appliance_id,
        kind=alert.kind,
        fault_mode=alert.fault_mode,
        component=alert.component,
        channel=FindingChannel(alert.channel),
        raised_ms=alert.raised_ms,
        onset_ms=alert.onset_ms,
        score=alert.score,
        severity=alert.severity,
        probability=alert.probability,
        evidence=tuple(_evidence(item) for item in alert.evidence or ()),
        alternatives=tuple((mode, probability) for mode, probability in alert.alternatives or ()),
        failure_window_ms=None if window is None else (window["from"], window["to"], window["coverage"]),
        error_code=alert.error_code,
        metric=alert.metric or None,
    )


def _columns(finding: Finding) -> dict[str, Any]:
    return evidence_columns(finding) | {
        "component": finding.component,
        "channel": finding.channel.value,
        "score": finite(finding.score) or 0.0,
        "error_code": finding.error_code,
        "raised_ms": finding.raised_ms,
    }


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
