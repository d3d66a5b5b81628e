"""Findings become alerts: identity, and nothing else. What an alert leads to is the pipeline's.

A finding is known by (appliance, fault mode, metric, raised_ms), where only a fault of the data has a metric: told again it updates what stands and opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update

from alerts.alerting.following import is_asked_again, settle
from alerts.alerting.pipeline import CLEARED_BEFORE_TICKET
from alerts.alerting.rows import create_alert, read_row, update_alert, write_alert
from alerts.alerting.tables import alerts, episodes
from alerts.appliances.directory import ensure_appliance
from alerts.database import Transaction
from alerts.gate.deciding import note_gate
from alerts.lifecycle import ALERT, AlertEvent, AlertState, next_state
from alerts.tickets.opening import note_cleared
from alerts.tickets.staying_true import follow
from detectors.finding import Cleared, Finding
from ingest.profiles.definition import Profile


def take_finding(t: Transaction, finding: Finding, profiles: Mapping[str, Profile]) -> None:
    """Take in one finding, and what follows from it."""
    ensure_appliance(t, finding.appliance_id, finding.kind)
    episode = t.connection.execute(select(episodes).where(_is_episode(finding))).one_or_none()
    alert = _find_alert(t, finding, episode)
    if finding.cleared_ms is not None:
        _clear(t, finding, episode, alert)
        return
    if episode is not None and alert is not None and alert.state == AlertState.RESOLVED:
        return
    alert = create_alert(t, finding) if alert is None else update_alert(t, alert, finding)
    if episode is None:
        _remember(t, finding, alert.id)
    if episode is None or is_asked_again(alert):
        settle(t, alert, finding, profiles)
    elif alert.ticket_id is not None:
        follow(t, alert.ticket_id, finding, profiles.get(finding.kind), alert_id=alert.id)
        note_gate(t, alert.ticket_id, profiles)


def _clear(t: Transaction, finding: Finding, episode: Row[Any] | None, alert: Row[Any] | None) -> None:
    if episode is not None and episode.cleared_ms is not None:
        return
    reason = CLEARED_BEFORE_TICKET.word if alert is None else alert.reason
    if alert is None:
        alert = create_alert(t, finding)
    if episode is None:
        _remember(t, finding, alert.id)
    t.connection.execute(update(episodes).where(_is_episode(finding)).values(cleared_ms=finding.cleared_ms))
    if alert.state == AlertState.RESOLVED:
        return
    state = next_state("alert", ALERT, AlertState(alert.state), AlertEvent.RESOLVE)
    write_alert(t, alert, "resolved", {"state": state.value, "resolved_ms": finding.cleared_ms, "reason": reason})
    if alert.ticket_id is not None and finding.cleared_because is not Cleared.NAMED:
        because = (finding.cleared_because or Cleared.CALM).value
        note_cleared(t, alert.ticket_id, alert.fault_mode, cleared_ms=finding.cleared_ms or t.now_ms, because=because)


def _is_episode(finding: Finding) -> ColumnElement[bool]:
    return (
        (episodes.c.appliance_id == finding.appliance_id)
        & (episodes.c.fault_mode == finding.fault_mode)
        & (episodes.c.metric == (finding.metric or ""))
        & (episodes.c.raised_ms == finding.raised_ms)
    )


def _find_alert(t: Transaction, finding: Finding, episode: Row[Any] | None) -> Row[Any] | None:
    if episode is not None:
        return read_row(t, episode.alert_id)
    standing = select(alerts).where(
        alerts.c.appliance_id == finding.appliance_id,
        alerts.c.fault_mode == finding.fault_mode,
        alerts.c.metric == (finding.metric or ""),
        alerts.c.state != AlertState.RESOLVED.value,
    )
    return t.connection.execute(standing).first()


def _remember(t: Transaction, finding: Finding, alert_id: str) -> None:
    t.connection.execute(
        insert(episodes).values(
            appliance_id=finding.appliance_id,
            fault_mode=finding.fault_mode,
            metric=finding.metric or "",
            raised_ms=finding.raised_ms,
            alert_id=alert_id,
        ),
    )
