"""What is raised right after the service was away waits a little: the backlog comes at once, and half of it is past."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, false

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.hazard import speaks_for_itself
from alerts.alerting.tables import alerts
from alerts.appliances.listening import read_listening
from alerts.database import Transaction
from ingest.profiles.definition import Profile

MINUTE_MS = 60_000

AFTER_RESTART = DecisionReason(
    "after_restart",
    "The service was away until just now; if it still stands in some minutes, it goes on.",
    "服务刚恢复运行；若几分钟后仍存在，将继续处理。",
)


def decide(t: Transaction, alert: Row[Any], profile: Profile | None) -> Decision | None:
    """Hold what was raised since we are back, until the grace is over."""
    since_ms = _grace_since(t)
    if since_ms is None or alert.created_ms < since_ms or speaks_for_itself(alert, profile):
        return None
    return Decision(Action.HOLD, AFTER_RESTART)


def still_holds(t: Transaction) -> ColumnElement[bool]:
    """Whether the grace goes on."""
    since_ms = _grace_since(t)
    return false() if since_ms is None else alerts.c.created_ms >= since_ms


def _grace_since(t: Transaction) -> int | None:
    """Since when we are back, while what is raised since then waits."""
    rule, heard = t.rules.restart_grace, read_listening(t)
    was_away = heard.away_until_ms - heard.away_from_ms >= rule.away_at_least_minutes * MINUTE_MS
    is_on = heard.away_until_ms <= t.now_ms < heard.away_until_ms + rule.minutes * MINUTE_MS
    return heard.away_until_ms if was_away and is_on else None


STAGE = Stage(decide, (AFTER_RESTART,), still_holds)
