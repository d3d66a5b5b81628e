"""Alerts, read: one by id, and lists."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, func, select

from alerts.alerting.alert import Alert, AlertHistoryEntry
from alerts.alerting.decision import Action
from alerts.alerting.pipeline import label_of
from alerts.alerting.tables import alerts
from alerts.database import Transaction
from alerts.errors import UnknownError
from alerts.incidents.tables import incident_members
from alerts.lifecycle import AlertState
from alerts.page import Page, moment, select_page
from alerts.tickets.evidence import read_alternatives, read_evidence, read_window
from detectors.finding import FindingChannel
from ingest.clock import from_ms


def read_alert(t: Transaction, alert_id: str) -> Alert:
    """The alert with this id, or :class:`UnknownError`."""
    row = t.connection.execute(select(alerts).where(alerts.c.id == alert_id)).one_or_none()
    if row is None:
        raise UnknownError(f"There is no alert {alert_id!r}.")
    return _alert(row)


def list_alerts(
    t: Transaction,
    *,
    state: AlertState | None,
    appliance_id: str | None,
    incident_id: str | None = None,
    channels: Collection[FindingChannel] = (),
    cursor: str | None,
    limit: int,
) -> Page[Alert]:
    """One page of alerts, newest first; of those that joined an incident where it is named."""
    query = select(alerts)
    if incident_id is not None:
        joined = incident_members.c
        query = query.where(alerts.c.id.in_(select(joined.alert_id).where(joined.incident_id == incident_id)))
    if state is not None:
        query = query.where(alerts.c.state == state.value)
    if channels:
        query = query.where(alerts.c.channel.in_([one.value for one in channels]))
    if appliance_id is not None:
        query = query.where(alerts.c.appliance_id == appliance_id)
    rows, after = select_page(t.connection, query, alerts.c.n, cursor=cursor, limit=limit)
    return Page(tuple(_alert(row) for row in rows), after)


def count_alerts(t: Transaction) -> dict[AlertState, int]:
    """How many alerts stand in each state."""
    query = select(alerts.c.state, func.count()).group_by(alerts.c.state)
    counts = {AlertState(state): count for state, count in t.connection.execute(query)}
    return {state: counts.get(state, 0) for state in AlertState}


def deviating(after_ms: int) -> Select[Any]:
    """Appliances that the detectors' evidence speaks of, raised after a time and standing: one row each."""
    columns = alerts.c
    return (
        select(
            columns.appliance_id,
            func.min(columns.id).label("alert_id"),
            func.min(columns.raised_ms).label("since_ms"),
        )
        .where(
            columns.state != AlertState.RESOLVED.value,
            columns.channel == FindingChannel.EVIDENCE.value,
            columns.raised_ms > after_ms,
        )
        .group_by(columns.appliance_id)
    )


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        appliance_id=row.appliance_id,
        kind=row.kind,
        fault_mode=row.fault_mode,
        metric=row.metric or None,
        component=row.component,
        channel=row.channel,
        state=AlertState(row.state),
        decision=Action(row.decision),
        reason=row.reason,
        reason_label=label_of(row.reason),
        severity=row.severity,
        probability=row.probability,
        score=row.score,
        onset_at=from_ms(row.onset_ms),
        raised_at=from_ms(row.raised_ms),
        fired_at=moment(row.fired_ms),
        resolved_at=moment(row.resolved_ms),
        evidence=read_evidence(row.evidence),
        alternatives=read_alternatives(row.alternatives),
        failure_window=read_window(row.failure_window),
        error_code=row.error_code,
        ticket_id=row.ticket_id,
        history=tuple(
            AlertHistoryEntry(from_ms(line["at_ms"]), line["event"], line.get("reason")) for line in row.history or ()
        ),
    )
