"""What a town notices of many at once, and whom it tells: an incident with alerts behind it, a receiver that takes notices, one that does not."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sqlalchemy import insert

from alerts.database import Transaction
from alerts.desk import Desk
from alerts.incidents.incident import interval_of
from alerts.incidents.tables import incident_members, incidents
from alerts.letters.parsing import parse
from alerts.lifecycle import TicketStep
from alerts.notices.notice import Notice, NoticeRefusedError
from alerts.notices.outbox import Outbox
from alerts.rules.reading import parse_rules
from alerts.tickets.ticket import StepBody
from detectors.finding import Condition, ConditionState, Finding
from detectors.reasons import Reason, ReasonCode, reason
from tests.contract.letters_suite import mail as letter

HOUR_MS = 3_600_000

RULES = parse_rules(
    {
        "people": {"mira": {"address": "log:", "role": "manager", "quiet": "22:00-07:00"}},
        "notices": [{"name": "breaches", "types": ["ticket.*"], "roles": ["manager"]}],
        "calendars": {
            "north": {"timezone": "Europe/Berlin", "week": "mon-fri 08:00-12:00, 13:00-17:00", "holidays": "DE"}
        },
    }
)
"""What the town goes by."""


@dataclass
class Chat:
    """A receiver that takes everything."""

    name: str = "webhook:https://chat.example/hook"

    def deliver(self, notice: Notice) -> None:
        """Take it."""


@dataclass
class Erp:
    """A receiver that refuses everything."""

    name: str = "webhook:https://erp.example/hook"

    def deliver(self, notice: Notice) -> None:
        """Refuse it."""
        raise NoticeRefusedError(f"the receiver answered 422: it has no field for {notice.type}")


def make_news(desk: Desk, author: str) -> None:
    """Put an incident of the first three alerts, and tell two receivers of a comment."""
    desk.unit.write(_put_incident)
    desk.letters.take(parse(letter("Meine Waschmaschine", text="Sie läuft aus.\n\nJ. Schmidt")))
    outbox = Outbox(desk.unit, (Chat(), Erp()))
    outbox.begin()
    desk.by(author).tickets.step("5", TicketStep.COMMENT, StepBody(text="He calls back."))
    outbox.run_once()


def condition_of(name: str, kind: str, findings: list[Finding], chance: random.Random, now_ms: int) -> Condition:
    """What is said of an appliance: its finding, or any condition without one."""
    found = next((finding for finding in findings if finding.appliance_id == name), None)
    if found is not None:
        health = {found.component: 1 - found.severity, "door": 0.97}
        return Condition(
            name,
            kind,
            ConditionState.ALERT,
            Reason(ReasonCode.FAULTS, {"faults": [found.fault_mode]}, found.fault_mode),
            now_ms,
            health,
        )
    state = chance.choice([ConditionState.OK, ConditionState.OK, ConditionState.LEARNING, ConditionState.CANNOT_SAY])
    reasons = {
        ConditionState.OK: reason(ReasonCode.USUAL, span="day"),
        ConditionState.LEARNING: reason(ReasonCode.LEARNING, span="day", done=9, of=14),
        ConditionState.CANNOT_SAY: reason(ReasonCode.SILENT, span="day"),
    }
    component = "compressor" if kind == "refrigerator" else "bearing"
    health = {component: chance.uniform(0.8, 1)} if state is ConditionState.OK else {}
    return Condition(name, kind, state, reasons[state], now_ms, health)


def _put_incident(t: Transaction) -> None:
    low, high = interval_of(3, 11)
    row = {"kind": "firmware", "scope": "Aqua 7 · 2.4.0", "state": "open", "affected": 3, "peak": 4, "exposed": 11}
    row |= {"id": "in_town", "low": low, "high": high, "elsewhere": 0.02, "closed_ms": None}
    row |= {"since_ms": t.now_ms - 5 * HOUR_MS, "opened_ms": t.now_ms - 4 * HOUR_MS, "seen_ms": t.now_ms}
    t.connection.execute(insert(incidents).values(row))
    query = "SELECT id, appliance_id FROM alerts ORDER BY n LIMIT 3"
    members = [
        {"incident_id": "in_town", "appliance_id": appliance_id, "alert_id": alert_id, "joined_ms": t.now_ms}
        for alert_id, appliance_id in t.connection.exec_driver_sql(query).all()
    ]
    t.connection.execute(insert(incident_members), members)
