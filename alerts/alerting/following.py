"""What follows from the pipeline's decision about an alert: its state, its ticket, its history, and when it is asked again.

All of it comes from the decision alone (:data:`~alerts.alerting.decision.FOLLOWS`); no stage is known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, select

from alerts.alerting.decision import FOLLOWS, Action, Decision
from alerts.alerting.pipeline import ALREADY_OPEN, TICKET_REOPENED, TICKET_TAKEN_OVER, decide, still_held
from alerts.alerting.rows import finding_of, write_alert
from alerts.alerting.tables import alerts
from alerts.appliances.tables import appliances
from alerts.database import Transaction
from alerts.gate.deciding import note_gate
from alerts.lifecycle import ALERT, AlertEvent, AlertState, next_state
from alerts.notices.changes import put_notice
from alerts.tickets.opening import open_from_finding
from alerts.tickets.reopening import reopen_from_finding
from alerts.tickets.sla import DAY_MS
from alerts.tickets.staying_true import follow
from alerts.tickets.symptoms import join, take_over
from detectors.finding import Finding
from ingest.profiles.definition import Profile

ASKED_AT_ONCE = 200

log = structlog.get_logger()


def settle(t: Transaction, alert: Row[Any], finding: Finding, profiles: Mapping[str, Profile]) -> None:
    """Ask the pipeline about an alert, and do what follows."""
    profile = profiles.get(finding.kind)
    decision = decide(t, alert, profile)
    ticket_id = decision.ticket_id or alert.ticket_id
    if decision.action is Action.OPEN:
        decision, ticket_id = _open(t, alert, decision, finding, profiles)
    elif decision.ticket_id is not None:
        join(t, decision.ticket_id, finding, alert_id=alert.id)
    fires = FOLLOWS[decision.action].fires
    said = (decision.action.value, decision.reason.word)
    is_as_it_was = said == (alert.decision, alert.reason) and ticket_id == alert.ticket_id
    if is_as_it_was and not (fires and alert.state == AlertState.PENDING):
        return
    columns: dict[str, Any] = {"decision": said[0], "reason": said[1], "ticket_id": ticket_id}
    if fires and alert.state == AlertState.PENDING:
        state = next_state("alert", ALERT, AlertState(alert.state), AlertEvent.FIRE)
        columns |= {"state": state.value, "fired_ms": t.now_ms}
    write_alert(t, alert, "fired" if "state" in columns else "decided", columns)
    if "state" in columns and decision.reason.notice is not None:
        _tell(t, alert, decision.reason.notice)
    log.info("alert_decided", appliance_id=alert.appliance_id, fault_mode=alert.fault_mode, reason=said[1])


def _tell(t: Transaction, alert: Row[Any], notice: str) -> None:
    """Tell of an alert that is work without a ticket; one that comes and goes once a week."""
    region = t.connection.execute(
        select(appliances.c.region).where(appliances.c.id == alert.appliance_id)
    ).scalar_one_or_none()
    told = {name: getattr(alert, name) for name in ("appliance_id", "kind", "component", "fault_mode", "severity")}
    week = t.now_ms // (7 * DAY_MS)
    sensor = f":{alert.metric}" if alert.metric else ""
    key = f"{alert.appliance_id}:{alert.fault_mode}{sensor}:{week}:{notice}"
    more = {"region": region, "metric": alert.metric or None}
    put_notice(t, notice, alert.id, told | more, dedupe_key=key[:200])


def is_asked_again(alert: Row[Any]) -> bool:
    """Whether news of the finding is a reason to ask the pipeline again."""
    return FOLLOWS[Action(alert.decision)].is_asked_again


def ask_again(t: Transaction, profiles: Mapping[str, Profile], *, after: int) -> int | None:
    """Ask again about a page of the alerts that are not settled; returns where the next page begins, if there is one."""
    query = select(alerts).where(_is_unsettled(), ~still_held(t), alerts.c.n > after).order_by(alerts.c.n)
    unsettled = t.connection.execute(query.limit(ASKED_AT_ONCE)).all()
    for alert in unsettled:
        settle(t, alert, finding_of(alert), profiles)
    return int(unsettled[-1].n) if len(unsettled) == ASKED_AT_ONCE else None


def ask_about(t: Transaction, ticket_id: str, profiles: Mapping[str, Profile]) -> None:
    """Ask again about the alert whose ticket is over while the fault still stands, so that it is not forgotten."""
    standing = select(alerts).where(alerts.c.ticket_id == ticket_id, alerts.c.state != AlertState.RESOLVED.value)
    for alert in t.connection.execute(standing).all():
        settle(t, alert, finding_of(alert), profiles)


def has_unsettled(t: Transaction) -> bool:
    """Whether any standing alert is to be asked about again: one that is not surely held as it was."""
    return t.connection.execute(select(alerts.c.n).where(_is_unsettled(), ~still_held(t)).limit(1)).first() is not None


def _is_unsettled() -> ColumnElement[bool]:
    asked = [action.value for action, follows in FOLLOWS.items() if follows.is_asked_again]
    return (alerts.c.state != AlertState.RESOLVED.value) & alerts.c.decision.in_(asked)


def _open(
    t: Transaction, alert: Row[Any], decision: Decision, finding: Finding, profiles: Mapping[str, Profile]
) -> tuple[Decision, str]:
    profile = profiles.get(finding.kind)
    taken = take_over(t, finding, profile, alert_id=alert.id)
    if taken is not None:
        note_gate(t, taken, profiles)
        linked = (alerts.c.ticket_id == taken) & (alerts.c.id != alert.id)
        standing = select(alerts).where(linked, alerts.c.state != AlertState.RESOLVED.value)
        for consequence in t.connection.execute(standing).all():
            settle(t, consequence, finding_of(consequence), profiles)
        return Decision(decision.action, TICKET_TAKEN_OVER), taken
    reopened = reopen_from_finding(t, finding, profile, alert_id=alert.id)
    if reopened is not None:
        note_gate(t, reopened, profiles)
        return Decision(decision.action, TICKET_REOPENED), reopened
    ticket_id, is_new = open_from_finding(t, finding, profile, alert_id=alert.id)
    if not is_new:
        follow(t, ticket_id, finding, profile, alert_id=alert.id)
    note_gate(t, ticket_id, profiles)
    if is_new:
        return decision, ticket_id
    return Decision(decision.action, ALREADY_OPEN), ticket_id
