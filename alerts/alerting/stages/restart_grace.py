"""What is raised right after the service was away waits a little: the backlog comes at once, and half of it is past."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from alerts.alerting.decision import Action, Decision, DecisionReason, Stage
from alerts.alerting.hazard import speaks_for_itself
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
    rule, heard = t.rules.restart_grace, read_listening(t)
    was_away = heard.away_until_ms - heard.away_from_ms >= rule.away_at_least_minutes * MINUTE_MS
    is_new = heard.away_until_ms <= min(alert.created_ms, t.now_ms)
    is_over = t.now_ms >= heard.away_until_ms + rule.minutes * MINUTE_MS
    if not was_away or not is_new or is_over or speaks_for_itself(alert, profile):
        return None
    return Decision(Action.HOLD, AFTER_RESTART)


STAGE = Stage(decide, (AFTER_RESTART,))
